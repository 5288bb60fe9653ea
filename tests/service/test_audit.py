"""The chain of the audit trail."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from service import audit
from service.access import OPERATOR
from service.accounts.people import add_user
from service.anchors import PURPOSE, note_anchor, read_anchors
from service.db import Database
from service.errors import ConflictError
from service.sealed_lines import add_lines
from service.settings import Settings, read_secret_key
from service.tables import AuditHead, AuditRecord
from service.upgrade import upgrade_database
from tests.service.conftest import PASSWORD


def _deeds(database: Database, count: int) -> None:
    for number in range(count):
        with database.writing() as session:
            audit.record(session, actor=OPERATOR, deed="example", subject=f"thing:{number}", size=number / 3)


def test_a_whole_chain(database: Database) -> None:
    with database.reading() as session:
        assert audit.verify(session) == audit.ChainCheck(0, None)
    _deeds(database, 3)
    with database.reading() as session:
        assert audit.verify(session) == audit.ChainCheck(3, None)
        rows = session.scalars(sa.select(AuditRecord).order_by(AuditRecord.audit_id)).all()
        assert rows[0].previous_hash == audit.GENESIS
        assert [row.previous_hash for row in rows[1:]] == [row.record_hash for row in rows[:-1]]


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_records SET deed = 'other' WHERE audit_id = 2", "DELETE FROM audit_records WHERE audit_id = 2"],
)
def test_a_broken_chain_names_the_first_row(database: Database, change: str) -> None:
    _deeds(database, 3)
    with database.writing() as session:  # somebody with the disk takes the guard away first
        for deed in ("update", "delete"):
            on = "" if database.is_sqlite else " ON audit_records"
            session.execute(sa.text(f"DROP TRIGGER refuse_{deed}_audit_records{on}"))
        session.execute(sa.text(change))
    with database.reading() as session:
        assert audit.verify(session).first_broken in (2, 3)


def test_the_record_goes_with_its_deed(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail(database)
    with database.reading() as session:
        assert audit.verify(session).row_count == 0


def _fail(database: Database) -> None:
    with database.writing() as session:
        audit.record(session, actor=OPERATOR, deed="example", subject="thing")
        raise ZeroDivisionError


def _take_guards_away(database: Database) -> None:
    """Somebody with the disk does that first."""
    with database.writing() as session:
        for deed in ("update", "delete"):
            on = "" if database.is_sqlite else " ON audit_records"
            session.execute(sa.text(f"DROP TRIGGER refuse_{deed}_audit_records{on}"))
        if database.is_sqlite:
            session.execute(sa.text("DROP TRIGGER refuse_replace_audit_records"))


ROWS = 40
COLUMNS = ("recorded_at", "actor_id", "deed", "subject", "facts", "previous_hash", "record_hash")


def _edit(rows: list[dict[str, Any]], random: np.random.Generator) -> int:
    """One value of one row."""
    place = int(random.integers(ROWS))
    row, column = rows[place], str(random.choice(COLUMNS))
    if column == "recorded_at":
        row[column] = row[column] + timedelta(seconds=1)
    elif column == "facts":
        row[column] = {**row[column], "size": 99}
    else:
        text = list(row[column])
        at = int(random.integers(len(text)))
        text[at] = "x" if text[at] != "x" else "y"
        row[column] = "".join(text)
    return place + 1


def _delete(rows: list[dict[str, Any]], random: np.random.Generator) -> int:
    """One row in the middle; those after it move up or stay."""
    place = int(random.integers(ROWS - 1))
    del rows[place]
    if random.random() < 0.5:
        for row in rows[place:]:
            row["audit_id"] -= 1
    return place + 1


def _swap(rows: list[dict[str, Any]], random: np.random.Generator) -> int:
    """Two rows change their places."""
    first, second = sorted(int(place) for place in random.choice(ROWS, 2, replace=False))
    rows[first], rows[second] = (
        {**rows[second], "audit_id": first + 1},
        {**rows[first], "audit_id": second + 1},
    )
    return first + 1


def _truncate(rows: list[dict[str, Any]], random: np.random.Generator) -> int:
    """Rows off the end."""
    left = int(random.integers(ROWS))
    del rows[left:]
    return left + 1


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("goes_on", [False, True], ids=["at once", "after one more deed"])
def test_a_thousand_tampered_chains_are_found_with_their_first_row(database: Database, goes_on: bool) -> None:
    _deeds(database, ROWS)
    _take_guards_away(database)
    with database.reading() as session:
        columns = AuditRecord.__table__.columns
        whole = [dict(row) for row in session.execute(sa.select(*columns).order_by(AuditRecord.audit_id)).mappings()]
    random = np.random.default_rng(20261126)
    for number in range(1000):
        rows = [dict(row) for row in whole]
        deed = (_edit, _delete, _swap, _truncate)[number % 4]
        first = deed(rows, random)
        with database.reading() as session:  # rolled back: each begins with the whole chain
            session.execute(sa.delete(AuditRecord))
            if rows:
                session.execute(sa.insert(AuditRecord), rows)
            if goes_on:  # an innocent record must not seal what was tampered with
                audit.record(session, actor=OPERATOR, deed="example", subject="thing:innocent")
            found = audit.verify(session)
        assert found.first_broken == first, (number, deed.__name__, found)


def test_rows_taken_off_the_end_leave_a_gap_that_nothing_closes(database: Database) -> None:
    _deeds(database, 5)
    _take_guards_away(database)
    with database.writing() as session:
        session.execute(sa.delete(AuditRecord).where(AuditRecord.audit_id > 3))
    _deeds(database, 1)  # goes on after the sealed end, the fifth
    with database.reading() as session:
        assert session.scalars(sa.select(AuditRecord.audit_id).order_by(AuditRecord.audit_id)).all() == [1, 2, 3, 6]
        assert audit.verify(session) == audit.ChainCheck(3, 4)


@pytest.mark.parametrize("spoilt", [{"record_count": 3}, {"seal": "0" * 64}, {"record_hash": "0" * 64}])
def test_a_spoilt_seal_is_never_made_good_again(database: Database, spoilt: dict[str, Any]) -> None:
    _deeds(database, 5)
    with database.writing() as session:
        session.execute(sa.update(AuditHead).values(**spoilt))
    for count in (5, 6):
        with database.reading() as session:
            assert audit.verify(session) == audit.ChainCheck(count, count + 1)
        _deeds(database, 1)


def test_records_added_while_the_chain_is_walked_are_no_fault(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the sealed end comes after another deed of somebody else."""
    _deeds(database, 3)
    look = audit._find_sealed_end
    with ThreadPoolExecutor(1) as somebody:

        def look_after_a_deed(session: Session) -> audit.End | None:
            if session is reader:
                somebody.submit(_deeds, database, 1).result()
            return look(session)

        monkeypatch.setattr(audit, "_find_sealed_end", look_after_a_deed)
        with database.reading() as reader:
            assert audit.verify(reader).first_broken is None


def test_the_end_is_sealed_in_the_database_and_noted_beside_it(database: Database, tmp_path: Path) -> None:
    key, path = b"k" * 32, tmp_path / "audit.anchors"
    assert not note_anchor(database, path, key)  # nothing to note
    _deeds(database, 3)
    assert note_anchor(database, path, key)
    assert not note_anchor(database, path, key)  # once a day
    noted = read_anchors(path, key)
    assert set(noted) == {3}
    with database.reading() as session:
        assert audit.verify(session, noted) == audit.ChainCheck(3, None, noted_count=1)
        # an old copy of the whole database, its sealed end and all, put in place: only the note outside tells
        assert audit.verify(session, {**noted, 5: "0" * 64}).first_broken == 4
        assert audit.verify(session, {2: "0" * 64}).first_broken == 2
    path.write_text(path.read_text().replace(" 3 ", " 2 "))
    with pytest.raises(ConflictError, match=r"audit\.anchors: строка 1"):
        read_anchors(path, key)


def test_a_lost_seal_is_missed(database: Database) -> None:
    _deeds(database, 2)
    with database.writing() as session:
        session.execute(sa.delete(AuditHead))
    with database.reading() as session:
        assert audit.verify(session).first_broken == 3
    _deeds(database, 1)
    upgrade_database(database)  # neither a deed nor an upgrade from after the seal seals what is left
    with database.reading() as session:
        assert audit.verify(session).first_broken == 4


def test_what_was_noted_first_counts(database: Database, tmp_path: Path) -> None:
    """An old copy of the database that has grown to the same number again."""
    key, path = b"k" * 32, tmp_path / "audit.anchors"
    _deeds(database, 3)
    assert note_anchor(database, path, key)
    noted = read_anchors(path, key)
    text = f"2030-01-01 3 {'f' * 64}"
    add_lines(path, key, PURPOSE, [text])
    assert read_anchors(path, key) == noted


@pytest.fixture
def anchor_file(settings: Settings) -> Iterator[Path]:
    """Notes of this test's database only: the folder beside the key is everybody's."""
    settings.audit_anchor_file.unlink(missing_ok=True)
    yield settings.audit_anchor_file
    settings.audit_anchor_file.unlink()


def test_the_auditors_verdict_knows_the_notes_outside(
    client: TestClient, ready: Database, settings: Settings, anchor_file: Path
) -> None:
    """Without them an old copy of the whole database would look untouched."""
    with ready.writing() as session:
        add_user(session, actor=OPERATOR, login="auditor", password=PASSWORD, display_name="Аудитор", role="auditor")
    opened = client.post("/v1/sessions", json={"login": "auditor", "password": PASSWORD}).json()
    header = {"Authorization": f"Bearer {opened['token']}"}
    assert note_anchor(ready, anchor_file, read_secret_key(settings))
    verdict = client.get("/v1/audit/verdict", headers=header).json()
    assert (verdict["first_broken"], verdict["noted_count"]) == (None, 1)
    assert "сверен с отметками вне базы: 1" in verdict["text"]
    text = f"2030-01-01 {verdict['record_count'] + 7} {'0' * 64}"
    add_lines(anchor_file, read_secret_key(settings), PURPOSE, [text])
    verdict = client.get("/v1/audit/verdict", headers=header).json()
    assert verdict["first_broken"] == verdict["record_count"] + 1
