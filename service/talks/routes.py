"""The queue of talks and notes of talks over HTTP; reading either is recorded."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, status
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor, Permission
from service.declared import DeclaringRoute
from service.demand.queries import Lists, get_edition, read_lists
from service.installation import get_today
from service.once import DoneOnce
from service.parameters import StudentId
from service.recommendations.shelf import Serving
from service.students.queries import get_class
from service.talks import notes
from service.talks.banners import banners_of
from service.talks.queue import NEWS, queue_of
from service.talks.roadmap import due_in
from service.talks.schemas import NewNote, Note, NoteDone, NoteList, TalkQueue
from service.web import AppSettings, Number, OnceUnits, Permitted, Units, Writes

router = APIRouter(tags=["students"], route_class=DeclaringRoute)

Counsellor = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]
Talker = Annotated[Actor, Depends(Permitted(Permission.DECIDE))]
ClassCode = Annotated[str | None, Query(max_length=64, description="Только этот класс", examples=["sch01-2024-25-9a"])]
Limit = Annotated[int, Query(ge=1, le=500, description="Сколько учеников показать")]


@router.get("/talks")
def get_talks(
    actor: Counsellor,
    database: Units,
    settings: AppSettings,
    request: Request,
    class_id: ClassCode = None,
    limit: Limit = 50,
) -> TalkQueue:
    """С кем поговорить и почему, самое срочное первым; что по дорожной карте в этом месяце; о чём надо знать."""
    with database.reading() as session:
        if class_id is not None:
            get_class(session, actor, class_id)
        serving = request.app.state.shelf.take(session)
        crowding, before = request.app.state.districts.crowding(serving), _before(session, serving)
        talks = queue_of(session, serving, actor=actor, class_id=class_id, crowding=crowding, before=before)
        banners = banners_of(session, serving, actor=actor)
    with database.writing() as session:
        subject = class_id or actor.school_code or "region"
        audit.record(session, actor=actor, deed="talks.read", subject=subject, student_count=len(talks[:limit]))
    as_of = serving.today.as_of
    due = due_in(settings, as_of)
    return TalkQueue(as_of=as_of, talks=talks[:limit], waiting_count=len(talks), due=due, banners=banners)


def _before(session: Session, serving: Serving) -> Lists | None:
    """The lists that the edition in force followed, while that is news."""
    edition = serving.edition
    if edition is None or serving.today.as_of - edition.published_on > NEWS:
        return None
    follows = get_edition(session, edition.code).follows  # the earliest first
    return read_lists(session, follows[-1]) if follows else None


@router.get("/students/{student_id}/notes")
def list_notes(student_id: StudentId, actor: Talker, database: Units, settings: AppSettings) -> NoteList:
    """Заметки о разговорах, новые первыми; чтение записывается."""
    with database.reading() as session:
        as_of = get_today(session, settings).as_of
        found = notes.list_notes(session, actor=actor, student_id=student_id, as_of=as_of)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="notes.read", subject=student_id)
    return found


@router.post(
    "/students/{student_id}/notes",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(DoneOnce(number="note_id", again=notes.get_note))],
)
def write_note(student_id: StudentId, wanted: NewNote, actor: Talker, units: OnceUnits, settings: AppSettings) -> Note:
    """Записать, о чём говорили, и следующий шаг с днём."""
    with units.writing() as session:
        as_of = get_today(session, settings).as_of
        return notes.write_note(session, actor=actor, student_id=student_id, wanted=wanted, as_of=as_of)


@router.put("/students/{student_id}/notes/{note_id}/done")
def mark_done(student_id: StudentId, note_id: Number, wanted: NoteDone, actor: Talker, session: Writes) -> Note:
    """Отметить, что сделано то, чего требует заметка, или вернуть её в работу."""
    return notes.mark_done(session, actor=actor, student_id=student_id, note_id=note_id, is_done=wanted.is_done)


@router.delete("/students/{student_id}/notes/{note_id}", status_code=status.HTTP_204_NO_CONTENT)
def withdraw_note(student_id: StudentId, note_id: Number, actor: Talker, session: Writes) -> None:
    """Убрать заметку; в записях она останется."""
    notes.withdraw_note(session, actor=actor, student_id=student_id, note_id=note_id)
