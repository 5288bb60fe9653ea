"""What was shown, to whom, with which versions: kept so that a list of the past can be made again."""

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
    for shown in shown_in(answer):
        record_showing(session, actor=actor, shown=shown)


def record_showing(session: Session, *, actor: Actor, shown: Shown) -> None:
    """Keep what was shown; the same lists shown again the same day are one showing."""
    moment = now()
    last = session.scalars(
        sa.select(Showing)
        .where(Showing.student_id == shown.student_id, Showing.actor_id == actor.actor_id)
        .order_by(Showing.showing_id.desc())
        .limit(1)
    ).one_or_none()
    facts = asdict(shown)
    if (
        last is not None
        and last.shown_at.date() == moment.date()
        and all(getattr(last, name) == value for name, value in facts.items())
    ):
        return
    session.add(Showing(shown_at=moment, actor_id=actor.actor_id, **facts))
