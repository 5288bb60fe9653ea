"""The chain of the audit trail."""

import pytest
import sqlalchemy as sa

from service import audit
from service.access import OPERATOR
from service.db import Database
from service.tables import AuditRecord


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
