"""Editions and lists over HTTP: impact before publishing, whose list changes, lists of the past."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service import audit
from service.access import Actor, Permission
from service.demand.queries import read_lists
from service.parameters import ClassId, EditionCode, StudentId
from service.recommendations.edition_impact import class_change
from service.recommendations.impact_schemas import ClassEditionChange, EditionImpact
from service.recommendations.past import list_showings, make_again
from service.recommendations.past_schemas import PastShowing, ShowingList
from service.recommendations.routes import Districts, Rankers
from service.students.queries import get_class
from service.web import AppSettings, Number, Permitted, Units

router = APIRouter(tags=["recommendations"])

Publisher = Annotated[Actor, Depends(Permitted(Permission.PUBLISH_DEMAND))]
ImpactReader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]
ListReader = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]
From = Annotated[str, Query(alias="from", max_length=64, pattern=r"^[A-Za-z0-9._-]+$", examples=["krasnodar-2023H2"])]
To = Annotated[str, Query(alias="to", max_length=64, pattern=r"^[A-Za-z0-9._-]+$", examples=["krasnodar-2024H1"])]


@router.get("/demand-drafts/{draft_id}/impact")
def get_draft_impact(draft_id: Number, _actor: Publisher, districts: Districts) -> EditionImpact:
    """Что изменит перечень, если его опубликовать: у скольких учеников, какие пути, места, пробелы района."""
    return districts.draft_impact(draft_id)


@router.get("/demand-editions/{code}/impact")
def get_edition_impact(code: EditionCode, from_code: From, _actor: ImpactReader, districts: Districts) -> EditionImpact:
    """Что изменила редакция по сравнению с другой; без учеников."""
    return districts.edition_impact(code, from_code)


@router.get("/classes/{class_id}/edition-change")
def get_class_change(
    class_id: ClassId, from_code: From, to_code: To, actor: ListReader, database: Units, shelf: Rankers
) -> ClassEditionChange:
    """У кого в классе новая редакция меняет первые три места; чтение записывается."""
    with database.reading() as session:
        get_class(session, actor, class_id)
        old, new = read_lists(session, from_code), read_lists(session, to_code)
        answer = class_change(session, shelf.take(session), actor=actor, class_id=class_id, old=old, new=new)
    with database.writing() as session:
        audit.record(
            session, actor=actor, deed="edition_change.read", subject=class_id, from_code=from_code, to_code=to_code
        )
    return answer


@router.get("/students/{student_id}/showings")
def get_showings(student_id: StudentId, actor: ListReader, database: Units) -> ShowingList:
    """Когда и с какими версиями показывали списки ученика; чтение записывается."""
    with database.reading() as session:
        found = list_showings(session, actor=actor, student_id=student_id)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="showings.read", subject=student_id)
    return ShowingList(student_id=student_id, showings=found)


@router.get("/students/{student_id}/showings/{showing_id}")
def get_showing(
    student_id: StudentId, showing_id: Number, actor: ListReader, database: Units, shelf: Rankers, settings: AppSettings
) -> PastShowing:
    """Что показали тогда, и тот же список, составленный заново по модели, редакции и дню показа."""
    with database.reading() as session:
        found = make_again(session, shelf, actor=actor, student_id=student_id, showing_id=showing_id, settings=settings)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="showing.read", subject=student_id, showing_id=showing_id)
    return found
