"""The chain of the audit trail."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from service import audit
from service.access import OPERATOR
from service.anchors import note_anchor, read_anchors
from service.db import Database
from service.errors import ConflictError
from service.tables import AuditHead, AuditRecord


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
def test_a_thousand_tampered_chains_are_found_with_their_first_row(database: Database) -> None:
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
            found = audit.verify(session)
        assert found.first_broken == first, (number, deed.__name__, found)


def test_the_end_is_sealed_in_the_database_and_noted_beside_it(database: Database, tmp_path: Path) -> None:
    key, path = b"k" * 32, tmp_path / "audit.anchors"
    assert not note_anchor(database, path, key)  # nothing to note
    _deeds(database, 3)
    assert note_anchor(database, path, key)
    assert not note_anchor(database, path, key)  # once a day
    noted = read_anchors(path, key)
    assert set(noted) == {3}
    with database.reading() as session:
        assert audit.verify(session, noted) == audit.ChainCheck(3, None)
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
    with database.writing() as session:
        audit.seal_old_end(session)  # what an upgrade does for a chain from before
    with database.reading() as session:
        assert audit.verify(session) == audit.ChainCheck(2, None)
