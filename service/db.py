"""The database: one engine, two kinds of session, and the only place that commits."""

import hashlib
import hmac
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from service.settings import Settings, read_secret_key

BUSY_TIMEOUT_MS = 10_000
POOL_TIMEOUT_S = 5.0
KEPT_CONNECTIONS = 10
MORE_CONNECTIONS = 30  # with those kept, one for each of the 40 worker threads: a request holds one at a time
WRITES = "orientir_writes"
AT_ONCE = "orientir_at_once"
SEAL_KEY = "seal_key"  # in a session's info: what the audit is sealed with
IMPORT_LOCK = 0x0A0D18  # one file is stored, or one student's consents or data are changed, at a time
SEAL_PURPOSE = b"orientir audit chain"


class UnitsOfWork(Protocol):
    """Whoever gives sessions: a database, or a deed that is to be done once (`service.once`)."""

    def reading(self) -> AbstractContextManager[Session]:
        """Session that changes nothing."""

    def writing(self) -> AbstractContextManager[Session]:
        """Unit of work."""


class Database:
    """A database by URL: SQLite beside the service, or PostgreSQL for a region."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = KEPT_CONNECTIONS,
        max_overflow: int = MORE_CONNECTIONS,
        seal_key: bytes = b"",
    ) -> None:
        self.url = sa.make_url(url)
        if self.url.get_backend_name() == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        elif self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        # hide_parameters: a failed statement must not print a child's name into a log
        self.engine = sa.create_engine(
            self.url,
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=POOL_TIMEOUT_S,
        )
        if self.is_sqlite:
            _prepare_sqlite(self.engine)
        self._watch_lock = threading.Lock()
        self._watch = self._watching()
        self._reading = sessionmaker(self.engine, autoflush=False, info={SEAL_KEY: seal_key})
        self._writing = sessionmaker(self.engine.execution_options(**{WRITES: True}), info={SEAL_KEY: seal_key})
        self._noting = sessionmaker(self.engine.execution_options(**{WRITES: True, AT_ONCE: True}))

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Session that changes nothing: what was changed is rolled back."""
        with self._reading() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Unit of work: everything inside is committed together, or nothing is."""
        with self._writing() as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def noting(self) -> Iterator[Session]:
        """Unit of work of so little weight that nobody waits for it: OperationalError where SQLite has a writer."""
        with self._noting.begin() as session:
            yield session

    def commit_count(self) -> int | None:
        """A number that is another one whenever anybody has committed since; None where nothing tells so cheaply."""
        if self._watch is None:
            return None
        with self._watch_lock:
            (number,) = self._watch.execute("PRAGMA data_version").fetchone()
        return int(number)

    def _watching(self) -> sqlite3.Connection | None:
        """SQLite tells a connection of everybody else's commits: this one never writes, so it hears of all."""
        if not self.is_sqlite or not self.url.database:
            return None
        return sqlite3.connect(self.url.database, check_same_thread=False, isolation_level=None)

    def scrub(self, tables: Sequence[str]) -> bool:
        """Take out of the file what deleted rows of these tables left in it; False while somebody reads or writes.

        PostgreSQL keeps such remains to itself until it writes over them; VACUUM lets it.
        """
        if not self.is_sqlite:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")
            return True
        connection_of_driver = self.engine.raw_connection()
        try:
            cursor = connection_of_driver.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
        except sqlite3.OperationalError:
            return False
        finally:
            connection_of_driver.close()
        return row is not None and row[0] == 0  # the first of three numbers: somebody was in the way

    def close(self) -> None:
        """Give back all connections."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Database of this installation."""
    seal_key = hmac.new(read_secret_key(settings), SEAL_PURPOSE, hashlib.sha256).digest()
    return Database(settings.database_url, seal_key=seal_key)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a database could not write for want of room; what it had begun is undone, savepoints with it."""
    while error is not None:
        origin = getattr(error, "orig", error)
        name = getattr(origin, "sqlite_errorname", "")
        if name in ("SQLITE_FULL", "SQLITE_IOERR_WRITE") or getattr(origin, "sqlstate", "") == "53100":
            return True
        error = error.__context__
    return False


def lock_table(session: Session, key: int) -> None:
    """Wait until nobody else holds `key`, until the end of the transaction; SQLite writers are alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def try_lock(connection: sa.Connection, key: int) -> bool:
    """Hold `key` until the end of the transaction, unless somebody else does; SQLite writers are alone anyway."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}))


def _prepare_sqlite(engine: sa.Engine) -> None:
    """WAL lets readers go on beside one writer; writers take the lock at once, so that none has to start over."""

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
            "synchronous=NORMAL",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if options.get(AT_ONCE, False):
            _begin_at_once(connection)
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES, False) else "BEGIN")


def _begin_at_once(connection: sa.Connection) -> None:
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
