"""Copies: made under load, put back on either kind of database, refused when they are not what was signed."""

import errno
import itertools
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service import audit
from service.access import OPERATOR
from service.accounts.people import add_user
from service.anchors import note_anchor, read_anchors
from service.backup import make_backup, reflect, restore_backup
from service.db import WRITES, Database, open_database
from service.doctor import check_installation
from service.errors import ConflictError, InvalidInputError, NotFoundError
from service.installed import Installed
from service.privacy.erasure import erase_student
from service.privacy.notes import note_erasures
from service.revision import find_revision, head_revision
from service.settings import Settings, read_secret_key
from service.tables import AuditRecord, Erasure, Student, User
from service.upgrade import upgrade_database
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import KNOWN
from tests.service.yard import Yard

SignIn = Callable[[str], Authorization]


@pytest.fixture
def elsewhere(yard: Yard, backend: str) -> Iterator[Database]:
    """An empty database of the same kind."""
    url = yard.fresh(backend)
    database = Database(url)
    yield database
    database.close()
    yard.drop(url)


@pytest.fixture
def other_kind(yard: Yard, backend: str) -> Iterator[Database]:
    """An empty database of the other kind."""
    url = yard.fresh("postgresql" if backend == "sqlite" else "sqlite")
    database = Database(url)
    yield database
    database.close()
    yard.drop(url)


def elsewhere_settings(settings: Settings, database: Database, folder: Path) -> Settings:
    """The same key, another database, no models yet."""
    key = folder / "key" / "secret.key"
    key.parent.mkdir(parents=True)
    key.write_bytes(read_secret_key(settings))
    return settings.model_copy(
        update={
            "database_url": database.url.render_as_string(hide_password=False),
            "models_dir": folder / "models",
            "secret_key_file": key,
        }
    )


def test_what_is_put_back_is_what_was_copied(
    ready: Database, settings: Settings, elsewhere: Database, tmp_path: Path
) -> None:
    copied = make_backup(ready, settings, tmp_path / "copies" / "one.zip")
    assert copied.revision == head_revision()
    assert copied.tables["students"][0] == 4
    assert any(name.endswith("ranker.npz") for name in copied.files)
    there = elsewhere_settings(settings, elsewhere, tmp_path)
    assert restore_backup(tmp_path / "copies" / "one.zip", elsewhere, there).tables == copied.tables
    with closing(Database(there.database_url)) as database:
        again = make_backup(database, there, tmp_path / "two.zip")
        checks = check_installation(database, there)
    assert (again.tables, again.files) == (copied.tables, copied.files)  # the same checksums
    assert [check.title for check in checks if not check.fine] == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_moving_to_the_other_kind_and_going_on_there(
    ready: Database, settings: Settings, other_kind: Database, tmp_path: Path
) -> None:
    there = elsewhere_settings(settings, other_kind, tmp_path)
    copied = make_backup(ready, settings, tmp_path / "moving.zip")
    restore_backup(tmp_path / "moving.zip", other_kind, there)
    with other_kind.reading() as session:
        assert audit.verify(session).first_broken is None
        last = session.scalars(sa.select(sa.func.max(User.user_id))).one()
    with other_kind.writing() as session:  # numbers go on where they ended
        person = {"login": "new", "password": "dlinnyi-parol", "display_name": "Новая", "role": "methodologist"}
        assert add_user(session, actor=OPERATOR, **person).user.user_id > last
    assert copied.row_count == sum(count for count, _ in copied.tables.values())


def test_a_copy_is_of_one_moment_whatever_is_written_meanwhile(
    ready: Database, settings: Settings, elsewhere: Database, tmp_path: Path
) -> None:
    over = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        number = 0
        try:
            while not over.is_set():
                with ready.writing() as session:  # two things that always go together
                    number = audit.record(session, actor=OPERATOR, deed="load", subject="thing")
                    session.execute(sa.update(Student).values(revision=number))
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    copies = [tmp_path / f"{number}.zip" for number in range(3)]
    try:
        for copy in copies:
            make_backup(ready, settings, copy)
    finally:
        over.set()
        for writer in writers:
            writer.join()
    assert failures == []
    there = elsewhere_settings(settings, elsewhere, tmp_path)
    restore_backup(copies[-1], elsewhere, there)
    with closing(Database(there.database_url)) as database, database.reading() as session:
        assert audit.verify(session).first_broken is None
        last = session.scalar(sa.select(sa.func.max(AuditRecord.audit_id)).where(AuditRecord.deed == "load"))
        assert set(session.scalars(sa.select(Student.revision))) == {last}


def test_whoever_was_erased_after_the_copy_is_erased_again_with_it(
    ready: Database, settings: Settings, elsewhere: Database, tmp_path: Path
) -> None:
    there = elsewhere_settings(settings, elsewhere, tmp_path)
    here = settings.model_copy(update={"secret_key_file": there.secret_key_file})  # and so the same notes
    with closing(open_database(here)) as database:
        make_backup(database, here, tmp_path / "before.zip")
        with database.writing() as session:
            erase_student(session, actor=OPERATOR, student_id=KNOWN, ground="request")
        assert note_erasures(database, here) == 1
        assert note_erasures(database, here) == 0  # once is enough
    assert KNOWN not in here.erasure_notes_file.read_text()
    copied, erased_count = Installed(there, elsewhere).restore(tmp_path / "before.zip")
    assert erased_count == 1
    with closing(open_database(there)) as database, database.reading() as session:
        assert session.get(Student, KNOWN) is None
        assert session.scalar(sa.select(sa.func.count()).select_from(Student)) == copied.tables["students"][0] - 1
        act = session.scalars(sa.select(Erasure)).one()
        assert (act.ground, act.document) == ("request", "повторно, после восстановления из копии")


def test_with_spoilt_notes_of_erasures_nothing_is_put_back_and_an_erasure_still_stands(
    ready: Database, settings: Settings, elsewhere: Database, tmp_path: Path
) -> None:
    here = elsewhere_settings(settings, elsewhere, tmp_path)
    make_backup(ready, here, tmp_path / "before.zip")
    here.erasure_notes_file.write_text("2026-11-27 request 00ff 00ff\n", encoding="ascii")
    with pytest.raises(ConflictError, match=r"erasures\.notes: строка 1 написана не этой установкой"):
        Installed(here, elsewhere).restore(tmp_path / "before.zip")
    assert find_revision(elsewhere) is None
    with closing(open_database(settings)) as database:
        with database.writing() as session:
            erase_student(session, actor=OPERATOR, student_id=KNOWN, ground="request")
        assert note_erasures(database, here) == 0  # logged, and tried again every day


def _rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy with a member changed or left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


@sqlite_only
def test_copies_that_are_not_what_was_signed_change_nothing(
    ready: Database, settings: Settings, elsewhere: Database, tmp_path: Path
) -> None:
    there = elsewhere_settings(settings, elsewhere, tmp_path)
    whole = tmp_path / "whole.zip"
    make_backup(ready, settings, whole)

    def marks(name: str, content: bytes) -> bytes | None:
        return content.replace(b",5.0]", b",2.0]") if name == "tables/term_marks.jsonl" else content

    def lost(name: str, content: bytes) -> bytes | None:
        return None if name == "tables/decisions.jsonl" else content

    def forged(name: str, content: bytes) -> bytes | None:
        return content.replace(b'"students": [\n   4', b'"students": [\n   5') if name == "manifest.json" else content

    def model(name: str, content: bytes) -> bytes | None:
        return content + b"x" if name.endswith("ranker.npz") else content

    refused = {
        "marks": _rewritten(whole, tmp_path / "marks.zip", marks),
        "lost": _rewritten(whole, tmp_path / "lost.zip", lost),
        "forged": _rewritten(whole, tmp_path / "forged.zip", forged),
        "model": _rewritten(whole, tmp_path / "model.zip", model),
        "short": tmp_path / "short.zip",
        "text": tmp_path / "text.zip",
    }
    refused["short"].write_bytes(whole.read_bytes()[:-100])
    refused["text"].write_text("не копия", encoding="utf-8")
    for name, path in refused.items():
        with pytest.raises(InvalidInputError, match=r"Копия повреждена|Копию подписала"):
            restore_backup(path, elsewhere, there)
        assert find_revision(elsewhere) is None, name
    with pytest.raises(NotFoundError):
        restore_backup(tmp_path / "none.zip", elsewhere, there)
    stranger = there.model_copy(update={"secret_key_file": tmp_path / "other.key"})
    with pytest.raises(InvalidInputError, match="верните ключ"):
        restore_backup(whole, elsewhere, stranger)


def test_a_database_with_data_is_not_written_over(
    ready: Database, settings: Settings, tmp_path: Path, backend: str
) -> None:
    make_backup(ready, settings, tmp_path / "one.zip")
    if backend == "postgresql":
        with pytest.raises(ConflictError, match="уже есть данные"):
            restore_backup(tmp_path / "one.zip", ready, settings)
        return
    with ready.engine.execution_options(**{WRITES: True}).connect() as connection:  # a service that is at work
        connection.execute(sa.text("UPDATE users SET failure_count = 1"))
        with pytest.raises((ConflictError, sa.exc.OperationalError)):
            restore_backup(tmp_path / "one.zip", ready, settings)


@sqlite_only
def test_the_file_of_before_stays_beside(ready: Database, settings: Settings, tmp_path: Path) -> None:
    path = Path(str(ready.url.database))
    copied = make_backup(ready, settings, tmp_path / "one.zip")
    with ready.writing() as session:
        session.execute(sa.delete(Student).where(Student.student_id == KNOWN))
    ready.close()
    restore_backup(tmp_path / "one.zip", ready, settings)
    with closing(Database(f"sqlite:///{path}")) as database, database.reading() as session:
        assert session.get(Student, KNOWN) is not None
    before = path.with_name(f"{path.name}.before-restore")
    with closing(Database(f"sqlite:///{before}")) as database, database.reading() as session:
        assert session.get(Student, KNOWN) is None
    assert not list(path.parent.glob(f"{path.name}.restoring*"))
    assert copied.tables["students"][0] == 4


@sqlite_only
def test_notes_of_the_audits_end_are_those_of_the_copy(
    ready: Database, settings: Settings, elsewhere: Database, tmp_path: Path
) -> None:
    there = elsewhere_settings(settings, elsewhere, tmp_path)
    make_backup(ready, there, tmp_path / "one.zip")  # before anything was noted
    assert note_anchor(ready, there.audit_anchor_file, read_secret_key(there))
    restore_backup(tmp_path / "one.zip", elsewhere, there)
    assert read_anchors(there.audit_anchor_file, read_secret_key(there)) == {}


# -- from the first release on --------------------------------------------------------------------------------------

FIRST_LIGHT = "0003"  # what the first release left


def test_an_installation_of_the_first_release_goes_on(ready: Database, settings: Settings, elsewhere: Database) -> None:
    """Its tables, filled with everything that they can hold, brought up to date: nothing is lost."""
    upgrade_database(elsewhere, FIRST_LIGHT)
    with ready.reading() as source, elsewhere.engine.execution_options(**{WRITES: True}).begin() as connection:
        old, new = reflect(connection), reflect(source.connection())
        kept = {}
        for table in old.sorted_tables:
            common = [column.name for column in table.columns if column.name in new.tables[table.name].columns]
            query = sa.select(*(new.tables[table.name].c[name] for name in common))
            rows = [dict(row) for row in source.connection().execute(query).mappings()]
            kept[table.name] = len(rows)
            if rows:
                connection.execute(sa.insert(table), rows)
    assert kept["students"] == 4
    assert kept["term_marks"] > 0
    upgrade_database(elsewhere)
    with elsewhere.reading() as session:
        now = reflect(session.connection())
        for name, count in kept.items():
            assert session.scalar(sa.select(sa.func.count()).select_from(now.tables[name])) == count, name
        assert set(now.tables) == set(new.tables)
        assert audit.verify(session).first_broken is None  # its end was sealed with the upgrade


# -- no room ---------------------------------------------------------------------------------------------------------


@sqlite_only
def test_a_full_disk_is_said_in_words_and_nothing_is_half_written(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("director")
    text = "student_id,school_year,class_title,last_name,first_name,sex,consent_testing,consent_recommending," + (
        "consent_learning,conditions_needed,restriction_tags\n"
    )
    letters = "abcdefghijklmnop"
    names = ("szzzz" + "".join(each) for each in itertools.product(letters, repeat=3))
    rows = [f"{name},2024-25,9А,Имярек,Имя,f,yes,yes,yes,," for name in names]
    content = (text + "\n".join(rows) + "\n").encode()

    def limit(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with ready.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    sa.event.listen(ready.engine, "engine_connect", limit)
    try:
        for _ in range(2):
            answer = client.post("/v1/imports/roster?mode=apply", headers=header, content=content)
            assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
            assert "кончилось место" in answer.json()["detail"]
        assert client.get(f"/v1/students/{KNOWN}/recommendations", headers=header).status_code in (200, 507)
    finally:
        sa.event.remove(ready.engine, "engine_connect", limit)
    with ready.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 4294967294")
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("SELECT count(*) FROM students").scalar() == 4
    ready.engine.dispose()
    answer = client.post("/v1/imports/roster?mode=apply", headers=header, content=content)
    assert answer.status_code == 200, answer.text  # there is room again


@sqlite_only
def test_a_copy_without_room_leaves_nothing(
    ready: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, place = zipfile.ZipFile.writestr, tmp_path / "copies" / "one.zip"
    left: list[None] = []  # writes that there is room for

    def until_full(archive: zipfile.ZipFile, *arguments: Any) -> None:
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        left.pop()
        write(archive, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "writestr", until_full)
        for room in range(3):
            left = [None] * room
            with pytest.raises(InvalidInputError, match="проверьте место на диске"):
                make_backup(ready, settings, place)
            assert list(place.parent.iterdir()) == []
    make_backup(ready, settings, place)


def test_what_a_copy_holds_is_readable_without_us(ready: Database, settings: Settings, tmp_path: Path) -> None:
    make_backup(ready, settings, tmp_path / "one.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        lines = archive.read("tables/students.jsonl").decode().splitlines()
    assert manifest["tables"]["students"][0] == len(lines) == 4
    assert json.loads(lines[0])[0] == "s2222222"
    assert (tmp_path / "one.zip").stat().st_mode & 0o077 == 0
