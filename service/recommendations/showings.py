"""What was shown, to whom, with which versions: kept so that a list of the past can be made again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor
from service.clock import now
from service.recommendations.schemas import ClassRecommendations, StudentRecommendations
from service.tables import Showing


@dataclass(frozen=True, slots=True)
class Shown:
    """Lists of one student as they are recorded."""

    student_id: str
    as_of: date
    model_version: str
    edition_code: str | None
    demand_strength: float
    k: int
    discovery: bool
    items: list[dict[str, Any]]


def shown_in(answer: StudentRecommendations | ClassRecommendations, *, discovery: bool = False) -> list[Shown]:
    """What an answer shows, student by student; nothing of those to whom nothing is offered."""
    students = [answer] if isinstance(answer, StudentRecommendations) else answer.students
    edition_code = answer.demand_edition.code if answer.demand_edition is not None else None
    head = (answer.as_of, answer.model_version, edition_code, answer.demand_strength, answer.k, discovery)
    found = [Shown(student.student_id, *head, _items(student.lists)) for student in students]
    return [shown for shown in found if shown.items]


def _items(lists: Any) -> list[dict[str, Any]]:
    return [
        {"pathway_code": line.pathway_code, "rank": line.rank, "fit": line.fit, "final": line.final}
        for each in lists
        for line in each.items
    ]


def record_answer(session: Session, *, actor: Actor, answer: StudentRecommendations | ClassRecommendations) -> None:
    """Keep what an answer shows, student by student."""
    if isinstance(answer, ClassRecommendations):
        audit.record(session, actor=actor, deed="class.recommended", subject=answer.class_id, k=answer.k)
    record_showings(session, actor=actor, shown=shown_in(answer))


def record_showings(session: Session, *, actor: Actor, shown: Sequence[Shown]) -> None:
    """Keep what was shown; the same lists shown again the same day are one showing."""
    moment, last = now(), _last_shown(session, actor, [each.student_id for each in shown])
    for each in shown:
        before, facts = last.get(each.student_id), asdict(each)
        if (
            before is not None
            and before.shown_at.date() == moment.date()
            and all(getattr(before, name) == value for name, value in facts.items())
        ):
            continue
        session.add(Showing(shown_at=moment, actor_id=actor.actor_id, **facts))


def _last_shown(session: Session, actor: Actor, student_ids: Sequence[str]) -> dict[str, Showing]:
    """What this actor saw last of each of these students."""
    newest = (
        sa.select(sa.func.max(Showing.showing_id))
        .where(Showing.student_id.in_(student_ids), Showing.actor_id == actor.actor_id)
        .group_by(Showing.student_id)
    )
    rows = session.scalars(sa.select(Showing).where(Showing.showing_id.in_(newest)))
    return {row.student_id: row for row in rows}
