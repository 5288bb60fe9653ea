"""Consents, readings, one child's data and its erasure over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from service import audit
from service.access import Actor, Permission
from service.declared import DeclaringRoute, SomeFields
from service.installation import get_today
from service.once import DoneOnce
from service.parameters import StudentId
from service.privacy import consents, erasure, export, readings, retention
from service.privacy.notes import note_erasures
from service.privacy.schemas import (
    ErasureAsked,
    ErasureDone,
    ErasureList,
    ReadingList,
    RetentionPreview,
    SaidConsents,
    StudentConsents,
    StudentExport,
)
from service.web import AppSettings, OnceUnits, Permitted, Reads, SeenRevisions, Units, Writes, tell_revision

router = APIRouter(tags=["privacy"], route_class=DeclaringRoute)

CardReader = Annotated[Actor, Depends(Permitted(Permission.READ_STUDENTS))]
ConsentWriter = Annotated[Actor, Depends(Permitted(Permission.WRITE_CONSENTS))]
Exporter = Annotated[Actor, Depends(Permitted(Permission.EXPORT_STUDENTS))]
Eraser = Annotated[Actor, Depends(Permitted(Permission.ERASE_STUDENTS))]

ERASED = "Данные ученика уже стёрты; акт с выпиской показан один раз. Акт без выписки — в списке актов школы."


@router.get("/students/{student_id}/consents")
def get_consents(
    student_id: StudentId, actor: CardReader, database: Units, settings: AppSettings, response: Response
) -> StudentConsents:
    """Согласия по целям и их история; чтение записывается."""
    with database.reading() as session:
        today = get_today(session, settings)
        found = consents.read_consents(session, actor=actor, student_id=student_id, today=today)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="consents.read", subject=student_id)
    tell_revision(response, found.revision)
    return found


@router.put("/students/{student_id}/consents")
def set_consents(
    student_id: StudentId,
    wanted: SaidConsents,
    actor: ConsentWriter,
    session: Writes,
    settings: AppSettings,
    seen: SeenRevisions,
    response: Response,
) -> StudentConsents:
    """Записать, что согласие дано или отозвано; отзыв действует сразу."""
    today = get_today(session, settings)
    changed = consents.set_consents(
        session, actor=actor, student_id=student_id, said=wanted.consents, today=today, seen=seen
    )
    tell_revision(response, changed.revision)
    return changed


@router.get("/students/{student_id}/readings")
def get_readings(student_id: StudentId, actor: Exporter, database: Units) -> ReadingList:
    """Кто и когда читал карточку ученика; и это чтение записывается."""
    with database.reading() as session:
        found = readings.read_readings(session, actor=actor, student_id=student_id)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="readings.read", subject=student_id)
    return found


@router.get("/students/{student_id}/export")
def export_student(student_id: StudentId, actor: Exporter, database: Units, settings: AppSettings) -> StudentExport:
    """Все данные об одном ученике, по целям; выгрузка записывается."""
    with database.reading() as session:
        today = get_today(session, settings)
        found = export.export_student(session, actor=actor, student_id=student_id, today=today)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="student.exported", subject=student_id)
    return found


@router.post("/students/{student_id}/erasure", dependencies=[Depends(DoneOnce(remedy=ERASED))])
def erase_student(
    student_id: StudentId,
    wanted: ErasureAsked,
    actor: Eraser,
    units: OnceUnits,
    settings: AppSettings,
    request: Request,
) -> ErasureDone:
    """Стереть все данные ученика; ответ — акт с выпиской из журнала, второй раз её не получить."""
    with units.writing() as session:
        act = erasure.erase_student(
            session, actor=actor, student_id=student_id, ground=wanted.ground, document=wanted.document
        )
    request.app.state.districts.forget()
    request.app.state.kept_answers.forget()
    database = request.app.state.database
    note_erasures(database, settings)
    return erasure.after_scrub(act, is_scrubbed=erasure.scrub_erased(database))


@router.get("/erasures", dependencies=[Depends(SomeFields(ErasureList))])
def list_erasures(actor: Eraser, session: Reads) -> ErasureList:
    """Акты о стирании, новые первыми; чьи это были данные, по ним не узнать."""
    return erasure.list_erasures(session, actor=actor)


@router.get("/retention")
def preview_retention(actor: Eraser, session: Reads, settings: AppSettings) -> RetentionPreview:
    """Чей срок хранения вышел, по псевдонимам; ничего не стирается."""
    today = get_today(session, settings)
    return retention.preview_retention(session, actor=actor, today=today, years=settings.retention_years)
