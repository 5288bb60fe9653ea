"""The district, editions and lists of the past over HTTP: what demand brings and costs, what an edition changes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service import audit
from service.access import Actor, Permission
from service.demand.queries import read_lists
from service.parameters import ClassId, EditionCode, StudentId
from service.recommendations.balance_schemas import DistrictBalance
from service.recommendations.class_picture import picture_of
from service.recommendations.district_schemas import DistrictPolicy
from service.recommendations.edition_impact import class_change
from service.recommendations.impact_schemas import ClassEditionChange, EditionImpact
from service.recommendations.past import list_showings, make_again
from service.recommendations.past_schemas import PastShowing, ShowingList
from service.recommendations.picture_schemas import ClassPicture
from service.recommendations.routes import Districts, ListReader, Rankers
from service.students.queries import get_class
from service.web import AppSettings, Number, Permitted, Reads, Units

router = APIRouter(tags=["recommendations"])

Publisher = Annotated[Actor, Depends(Permitted(Permission.PUBLISH_DEMAND))]
DistrictReader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]
From = Annotated[str, Query(alias="from", max_length=64, pattern=r"^[A-Za-z0-9._-]+$", examples=["krasnodar-2023H2"])]
To = Annotated[str, Query(alias="to", max_length=64, pattern=r"^[A-Za-z0-9._-]+$", examples=["krasnodar-2024H1"])]


@router.get("/policy")
def get_policy(_actor: DistrictReader, session: Reads, shelf: Rankers, districts: Districts) -> DistrictPolicy:
    """Что даёт учёт спроса району, чего он стоит и где ждут больше желающих, чем мест; без учеников."""
    return districts.picture(session, shelf.take(session)).policy


@router.get("/balance")
def get_balance(_actor: DistrictReader, session: Reads, shelf: Rankers, districts: Districts) -> DistrictBalance:
    """Где интерес учеников, спрос и места встречаются, а где нет: по группам СПО и по элективам; без учеников."""
    return districts.picture(session, shelf.take(session)).balance


@router.get("/demand-drafts/{draft_id}/impact")
def get_draft_impact(draft_id: Number, _actor: Publisher, districts: Districts) -> EditionImpact:
    """Что изменит перечень, если его опубликовать: у скольких учеников, какие пути, места, пробелы района."""
    return districts.draft_impact(draft_id)


@router.get("/demand-editions/{code}/impact")
def get_edition_impact(
    code: EditionCode, from_code: From, _actor: DistrictReader, districts: Districts
) -> EditionImpact:
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


@router.get("/classes/{class_id}/picture")
def get_class_picture(class_id: ClassId, actor: ListReader, session: Reads, shelf: Rankers) -> ClassPicture:
    """К чему склоняется класс и чего хочет, и что из этого названо в перечне; без учеников."""
    return picture_of(session, shelf.take(session), actor=actor, class_id=class_id)


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
