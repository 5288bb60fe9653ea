"""Everything kept about one child, by purpose, with words that say what each column means."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor, Permission, check_permission
from service.clock import now
from service.installation import Today
from service.privacy.consents import read_consents
from service.privacy.holdings import COLUMNS, EXPORTED, HOLDINGS, PURPOSES, Holding
from service.privacy.readings import readings_of
from service.privacy.schemas import ColumnTitle, ExportedPurpose, ExportedTable, StudentExport
from service.students.queries import get_student


def export_student(session: Session, *, actor: Actor, student_id: str, today: Today) -> StudentExport:
    """All rows about a student whom the actor may see, the consents, and who looked at them."""
    check_permission(actor, Permission.EXPORT_STUDENTS)
    get_student(session, actor, student_id)
    tables = {holding.name: _table(session, holding, student_id) for holding in EXPORTED}
    purposes = [
        ExportedPurpose(
            purpose=purpose,
            title_ru=title,
            tables=[tables[holding.name] for holding in EXPORTED if holding.purpose == purpose],
        )
        for purpose, title in PURPOSES.items()
    ]
    return StudentExport(
        student_id=student_id,
        made_at=now(),
        purposes=purposes,
        consents=read_consents(session, actor=actor, student_id=student_id, today=today),
        readings=readings_of(session, student_id),
        not_exported={each.name: each.why_not_exported for each in HOLDINGS if each.why_not_exported is not None},
    )


def _table(session: Session, holding: Holding, student_id: str) -> ExportedTable:
    core = holding.core
    names = [column.name for column in core.columns]
    query = sa.select(core).where(core.c.student_id == student_id).order_by(*core.primary_key.columns)
    rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in session.execute(query)]
    titles = [ColumnTitle(name=name, title_ru=COLUMNS[name]) for name in names]
    return ExportedTable(table=holding.name, title_ru=holding.title_ru, columns=titles, rows=rows)
