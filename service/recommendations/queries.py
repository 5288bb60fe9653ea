"""Decisions in force."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor, visible_students
from service.catalogue.queries import pathway_titles
from service.errors import NotFoundError
from service.recommendations.schemas import Decision
from service.tables import DecisionRecord, Student


def decisions_of(session: Session, rows: Iterable[DecisionRecord]) -> list[Decision]:
    """Stored decisions as they are shown."""
    titles = pathway_titles(session)
    return [
        Decision.model_validate(
            {
                "decision_id": row.decision_id,
                "pathway_code": row.pathway_code,
                "title_ru": titles[row.pathway_code][1] if row.pathway_code in titles else row.pathway_code,
                "decision": row.decision,
                "reason": row.reason,
                "decided_by": row.decided_by,
                "decided_at": row.decided_at,
            }
        )
        for row in rows
    ]


def get_decision(session: Session, actor: Actor, decision_id: int) -> Decision:
    """A decision as it was made, withdrawn since or not, about a student whom the actor may see."""
    of = visible_students(actor).with_only_columns(Student.student_id)
    query = sa.select(DecisionRecord).where(DecisionRecord.student_id.in_(of))
    row = session.scalars(query.where(DecisionRecord.decision_id == decision_id)).one_or_none()
    if row is None:
        raise NotFoundError("Такого решения нет.")
    return decisions_of(session, [row])[0]


def decisions_in_force(session: Session, of: sa.Select[str]) -> dict[str, dict[str, Decision]]:
    """Decisions by student and pathway, newest first."""
    query = (
        sa.select(DecisionRecord)
        .where(DecisionRecord.withdrawn_at.is_(None), DecisionRecord.student_id.in_(of))
        .order_by(DecisionRecord.decision_id.desc())
    )
    rows = list(session.scalars(query))
    found: dict[str, dict[str, Decision]] = {}
    for row, decision in zip(rows, decisions_of(session, rows) if rows else [], strict=True):
        found.setdefault(row.student_id, {}).setdefault(row.pathway_code, decision)
    return found
