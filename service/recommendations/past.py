"""Lists that were shown in the past: what was recorded, and the same lists made again with what they were made with."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor, rankable_students
from service.clock import school_year_of
from service.errors import NotFoundError, NotReadyError
from service.installation import Today, get_today
from service.recommendations.actions import rank_stored
from service.recommendations.past_schemas import PastItem, PastShowing, ShowingRow
from service.recommendations.shelf import EXPERT_WEIGHTS, Shelf
from service.settings import Settings
from service.students.queries import get_student
from service.tables import ModelVersion, Showing, Student

MAX_SHOWN = 100
NO_CONSENT = "Согласия на рекомендации сейчас нет: прежний список не показывается и не составляется."
SINCE_CHANGED = "С того дня изменились данные ученика, каталог предложений или правила: список получается другим."


def list_showings(session: Session, *, actor: Actor, student_id: str) -> list[ShowingRow]:
    """When lists of a student were shown and with which versions, newest first."""
    get_student(session, actor, student_id)
    of = sa.select(Showing).where(Showing.student_id == student_id).order_by(Showing.showing_id.desc()).limit(MAX_SHOWN)
    return [_row(showing) for showing in session.scalars(of)]


def make_again(
    session: Session, shelf: Shelf, *, actor: Actor, student_id: str, showing_id: int, settings: Settings
) -> PastShowing:
    """What was shown, and the same by the model, the edition and the day of then."""
    get_student(session, actor, student_id)
    showing = session.get(Showing, showing_id)
    if showing is None or showing.student_id != student_id:
        raise NotFoundError("Такого показа нет.", showing_id=showing_id)
    of = rankable_students(actor, get_today(session, settings).school_year).with_only_columns(Student.student_id)
    if session.scalar(of.where(Student.student_id == student_id)) is None:
        return PastShowing(**_row(showing).model_dump(), items=[], items_again=[], is_same=False, note=NO_CONSENT)
    recorded = [PastItem(**item) for item in showing.items]
    again, hindrance = _items_again(session, shelf, actor, showing)
    is_same = again == recorded
    note = hindrance or (None if is_same else SINCE_CHANGED)
    return PastShowing(**_row(showing).model_dump(), items=recorded, items_again=again, is_same=is_same, note=note)


def _items_again(session: Session, shelf: Shelf, actor: Actor, showing: Showing) -> tuple[list[PastItem], str | None]:
    if showing.model_version != EXPERT_WEIGHTS and session.get(ModelVersion, showing.model_version) is None:
        return [], "Модели того дня больше нет."
    today = Today(showing.as_of, school_year_of(showing.as_of))
    try:
        serving = shelf.lay_out(session, showing.model_version, today, showing.edition_code)
    except NotReadyError as error:
        return [], str(error)
    ranked, _ = rank_stored(
        session,
        serving,
        actor=actor,
        of=sa.select(Student.student_id).where(Student.student_id == showing.student_id),
        k=showing.k,
        demand_strength=showing.demand_strength,
        evidence=False,
        discovery=showing.discovery,
    )
    found = ranked.shown.get(showing.student_id)
    if found is None:
        return [], NO_CONSENT
    items: Sequence[dict[str, Any]] = [
        {"pathway_code": line.pathway.pathway_code, "rank": line.rank, "fit": line.fit, "final": line.final}
        for each in found.lists
        for line in each.items
    ]
    return [PastItem(**item) for item in items], None


def _row(showing: Showing) -> ShowingRow:
    return ShowingRow(
        showing_id=showing.showing_id,
        shown_at=showing.shown_at,
        as_of=showing.as_of,
        model_version=showing.model_version,
        edition_code=showing.edition_code,
        demand_strength=showing.demand_strength,
        k=showing.k,
    )
