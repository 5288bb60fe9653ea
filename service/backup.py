"""A copy of an installation in one file, made under load and put back on either kind of database.

Rows are written table by table as lines of JSON from one snapshot, beside the folders of the models and the notes of
the audit's end, each with its digest; the list of digests is signed with the installation's key. The key itself is not
in the copy: whoever finds a copy must not be able to open sessions with it. Moving to another database is a copy put
back there.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import sqlalchemy as sa

from service.clock import now
from service.db import WRITES, Database
from service.errors import ConflictError, InvalidInputError, NotFoundError, NotReadyError
from service.revision import find_revision
from service.settings import Settings, read_secret_key
from service.upgrade import upgrade_database

FORMAT = 1
MANIFEST, SIGNATURE, ANCHORS = "manifest.json", "manifest.sig", "audit.anchors"
ROWS_AT_ONCE, BLOCK = 5000, 1 << 20
VERSIONS = "alembic_version"
REFUSED = "Копия повреждена или сделана не этой установкой: «{name}». База не тронута."


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: rows and digest by table, digest by file."""

    revision: str
    made_at: datetime
    tables: Mapping[str, tuple[int, str]]
    files: Mapping[str, str]

    @property
    def row_count(self) -> int:
        """Rows of all tables."""
        return sum(count for count, _ in self.tables.values())


def make_backup(database: Database, settings: Settings, target: Path) -> Copied:
    """Write a copy; the file appears whole or not at all."""
    revision = find_revision(database)
    if revision is None:
        raise NotReadyError("В базе ещё нет таблиц: копировать нечего.")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            unfinished.chmod(0o600)  # children's data
            copied = _write(archive, database, settings, revision)
        unfinished.replace(target)
    except OSError as error:
        raise InvalidInputError(
            f"Копия не записана ({os.strerror(error.errno or 0)}): проверьте место на диске."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return copied


def _write(archive: zipfile.ZipFile, database: Database, settings: Settings, revision: str) -> Copied:
    tables: dict[str, tuple[int, str]] = {}
    with _snapshot(database) as connection:
        reflected = reflect(connection)
        for table in reflected.sorted_tables:
            with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as file:
                tables[table.name] = _write_rows(connection, table, file.write)
        versions = _versions(connection, reflected)
    files = {}
    for version in versions:
        for path in sorted((settings.models_dir / version).rglob("*")):
            if path.is_file():
                files[f"models/{version}/{path.relative_to(settings.models_dir / version)}"] = path
    if settings.audit_anchor_file.is_file():
        files[ANCHORS] = settings.audit_anchor_file
    digests = {}
    for name, path in files.items():
        content = path.read_bytes()
        archive.writestr(name, content)
        digests[name] = hashlib.sha256(content).hexdigest()
    copied = Copied(revision, now(), tables, digests)
    text = json.dumps(
        {
            "format": FORMAT,
            "revision": revision,
            "made_at": copied.made_at.isoformat(),
            "tables": tables,
            "files": digests,
        },
        ensure_ascii=False,
        indent=1,
    ).encode()
    archive.writestr(MANIFEST, text)
    archive.writestr(SIGNATURE, _signature(read_secret_key(settings), text))
    return copied


def _signature(key: bytes, text: bytes) -> str:
    return hmac.new(key, b"backup " + text, hashlib.sha256).hexdigest()


@contextmanager
def _snapshot(database: Database) -> Iterator[sa.Connection]:
    """A connection that sees one moment, whatever others write meanwhile."""
    level = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with database.engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


def reflect(connection: sa.Connection) -> sa.MetaData:
    """Tables as the database has them, those that others refer to first; an old copy is put back as it was."""
    found = sa.MetaData()
    found.reflect(connection)
    if VERSIONS in found.tables:
        found.remove(found.tables[VERSIONS])
    return found


def _write_rows(connection: sa.Connection, table: sa.Table, write: Any) -> tuple[int, str]:
    """All rows in the order of their key; their count and digest."""
    digest, count = hashlib.sha256(), 0
    for line in lines_of(connection, table):
        digest.update(line)
        write(line)
        count += 1
    return count, digest.hexdigest()


def lines_of(connection: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    """One line of JSON a row."""
    query = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=ROWS_AT_ONCE)
    structured = {place for place, column in enumerate(table.columns) if isinstance(column.type, sa.JSON)}
    for row in connection.execute(query):
        values = [{"$j": value} if place in structured else _told(value) for place, value in enumerate(row)]
        yield json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _told(value: Any) -> Any:
    """A value as JSON can hold it; the same for both kinds of database."""
    if isinstance(value, datetime):  # SQLite forgets the zone, which is always UTC
        return {"$t": (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()}
    if isinstance(value, date):
        return {"$d": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"$b": base64.b64encode(bytes(value)).decode()}
    return value


MEANT: Mapping[str, Callable[[Any], Any]] = {
    "$t": datetime.fromisoformat,
    "$d": date.fromisoformat,
    "$b": base64.b64decode,
    "$j": lambda value: value,
}


def _meant(told: Any) -> Any:
    """The value that `_told` told."""
    if not isinstance(told, dict):
        return told
    ((kind, value),) = told.items()
    return MEANT[kind](value)


def _versions(connection: sa.Connection, tables: sa.MetaData) -> list[str]:
    """Model versions whose folders are kept."""
    table = tables.tables.get("model_versions")
    if table is None:
        return []
    query = sa.select(table.c.version).order_by(table.c.version)
    if "folder_removed_at" in table.c:
        query = query.where(table.c.folder_removed_at.is_(None))
    return list(connection.execute(query).scalars())


def restore_backup(source: Path, database: Database, settings: Settings) -> Copied:
    """Put a copy back into a database without tables, or over the file of SQLite; refused copies change nothing."""
    with _opened(source, read_secret_key(settings)) as (archive, copied):
        _restore_rows(archive, copied, database)
        _restore_files(archive, copied, settings)
    return copied


def move_rows(database: Database, settings: Settings, target: Database) -> Copied:
    """Put everything into another database; models and notes of the audit's end stay where they are."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "moving.zip"
        make_backup(database, settings, copy)
        with _opened(copy, read_secret_key(settings)) as (archive, copied):
            _restore_rows(archive, copied, target)
    return copied


@contextmanager
def _opened(source: Path, key: bytes) -> Iterator[tuple[zipfile.ZipFile, Copied]]:
    """A copy whose every member is the one that was signed."""
    if not source.is_file():
        raise NotFoundError(f"Файла «{source}» нет.")
    try:
        with zipfile.ZipFile(source) as archive:
            copied = read_manifest(archive, key)
            _check_members(archive, copied)
            yield archive, copied
    except zipfile.BadZipFile as error:
        raise InvalidInputError(REFUSED.format(name=source.name)) from error


def read_manifest(archive: zipfile.ZipFile, key: bytes) -> Copied:
    """What a copy says it holds; refused unless this installation signed it."""
    try:
        text, signature = archive.read(MANIFEST), archive.read(SIGNATURE)
    except KeyError as error:
        raise InvalidInputError(REFUSED.format(name=MANIFEST)) from error
    if not hmac.compare_digest(signature, _signature(key, text).encode()):
        raise InvalidInputError(
            "Копию подписала другая установка, или ключ другой: верните ключ (ORIENTIR_SECRET_KEY_FILE) из его копии."
        )
    told = json.loads(text)
    if told["format"] != FORMAT:
        raise InvalidInputError(f"Копия другого вида ({told['format']}): нужна другая версия программы.")
    tables = {name: (int(count), str(digest)) for name, (count, digest) in told["tables"].items()}
    return Copied(told["revision"], datetime.fromisoformat(told["made_at"]), tables, told["files"])


def _check_members(archive: zipfile.ZipFile, copied: Copied) -> None:
    """Every member is the one that was signed, before anything is written."""
    expected = {f"tables/{name}.jsonl": digest for name, (_, digest) in copied.tables.items()} | dict(copied.files)
    for name, digest in expected.items():
        if name.startswith("models/") and ".." in name.split("/"):
            raise InvalidInputError(REFUSED.format(name=name))
        try:
            with archive.open(name) as file:
                found = _digest(file)
        except (KeyError, zipfile.BadZipFile) as error:
            raise InvalidInputError(REFUSED.format(name=name)) from error
        if found != digest:
            raise InvalidInputError(REFUSED.format(name=name))


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _restore_rows(archive: zipfile.ZipFile, copied: Copied, database: Database) -> None:
    if database.is_sqlite:
        _restore_file(archive, copied, database)
    else:
        _fill(archive, copied, database)


def _restore_file(archive: zipfile.ZipFile, copied: Copied, database: Database) -> None:
    """Fill a new file beside the old one, then put it in its place; the old one stays beside it."""
    path = Path(str(database.url.database))
    beside = path.with_name(f"{path.name}.restoring")
    for leftover in _parts(beside):
        leftover.unlink(missing_ok=True)
    _check_nobody_writes(database, path)
    fresh = Database(f"sqlite:///{beside}")
    try:
        _fill(archive, copied, fresh)
        with fresh.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        fresh.close()
        for part in _parts(beside):
            part.unlink(missing_ok=True)
        raise
    fresh.close()
    database.close()
    if path.exists():
        path.replace(path.with_name(f"{path.name}.before-restore"))
    for part in _parts(path)[1:]:
        part.unlink(missing_ok=True)
    beside.replace(path)


def _parts(path: Path) -> list[Path]:
    return [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


def _check_nobody_writes(database: Database, path: Path) -> None:
    """A service that runs would go on with the old file."""
    if not path.exists():
        return
    with database.engine.connect() as connection:
        (is_busy, *_), *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    wal = path.with_name(f"{path.name}-wal")
    if is_busy or (wal.exists() and wal.stat().st_size):
        raise ConflictError("С базой кто-то работает: остановите orientir serve и worker и повторите.")


def _fill(archive: zipfile.ZipFile, copied: Copied, database: Database) -> None:
    """Make the tables of the copy's time, fill them in one transaction, compare, then bring them up to date."""
    if find_revision(database) is not None and _has_rows(database):
        raise ConflictError("В базе назначения уже есть данные: создайте пустую базу и повторите.")
    upgrade_database(database, copied.revision)
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        reflected = reflect(connection)
        if set(copied.tables) != set(reflected.tables):
            raise InvalidInputError(REFUSED.format(name="tables"))
        for table in reflected.sorted_tables:
            with archive.open(f"tables/{table.name}.jsonl") as file:
                _insert(connection, table, file)
        if not database.is_sqlite:
            _set_sequences(connection, reflected.sorted_tables)
        for table in reflected.sorted_tables:
            if _write_rows(connection, table, lambda _line: None) != tuple(copied.tables[table.name]):
                raise InvalidInputError(REFUSED.format(name=table.name))
    upgrade_database(database)


def _has_rows(database: Database) -> bool:
    with database.engine.connect() as connection:
        tables = reflect(connection).sorted_tables
        return any(connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in tables)


def _insert(connection: sa.Connection, table: sa.Table, lines: Iterable[bytes]) -> None:
    names = [column.name for column in table.columns]
    rows: list[dict[str, Any]] = []
    for line in lines:
        rows.append(dict(zip(names, map(_meant, json.loads(line)), strict=True)))
        if len(rows) == ROWS_AT_ONCE:
            connection.execute(sa.insert(table), rows)
            rows = []
    if rows:
        connection.execute(sa.insert(table), rows)


def _set_sequences(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Numbers that PostgreSQL gives out go on where the copy's ended."""
    for table in tables:
        (key, *more) = table.primary_key.columns
        if more or not isinstance(key.type, sa.Integer):
            continue
        name = sa.select(sa.func.pg_get_serial_sequence(table.name, key.name)).scalar_subquery()
        last = sa.select(sa.func.max(key)).scalar_subquery()
        if connection.execute(sa.select(name)).scalar() and connection.execute(sa.select(last)).scalar():
            connection.execute(sa.select(sa.func.setval(name, last)))


def _restore_files(archive: zipfile.ZipFile, copied: Copied, settings: Settings) -> None:
    """Folders of the models, each whole or not at all, and the notes of the audit's end."""
    folders = {name.split("/")[1] for name in copied.files if name.startswith("models/")}
    for version in sorted(folders):
        place = settings.models_dir / version
        beside = settings.models_dir / f".restoring-{version}"
        shutil.rmtree(beside, ignore_errors=True)
        for name in copied.files:
            if name.startswith(f"models/{version}/"):
                path = beside / name.removeprefix(f"models/{version}/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))
        shutil.rmtree(place, ignore_errors=True)
        beside.replace(place)
    settings.audit_anchor_file.unlink(missing_ok=True)  # what was noted later is of records that are gone now
    if ANCHORS in copied.files:
        settings.audit_anchor_file.parent.mkdir(parents=True, exist_ok=True)
        settings.audit_anchor_file.write_bytes(archive.read(ANCHORS))
