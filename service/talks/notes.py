"""Notes of talks: what was said, the next step and its day. For those who talk with the student, and nobody else."""

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor, Permission, check_permission, visible_students
from service.clock import now
from service.errors import InvalidInputError, NotFoundError
from service.imports.cells import is_personal_number
from service.recommendations.words import day
from service.students.queries import get_student
from service.tables import Student, TalkNote
from service.talks.schemas import NewNote, Note, NoteList, TalkReason

NEAR = timedelta(days=3)  # so long before its day a step is due
STEP_AND_DAY = "Следующему шагу нужен день, а дню — шаг: заполните оба или ни одного."
IN_THE_PAST = "День следующего шага уже прошёл: назовите сегодняшний или более поздний."
EMPTY = "Напишите, о чём говорили."
NUMBER = "Похоже на СНИЛС или паспорт: таких номеров сервис не хранит, уберите их из заметки."
NO_NOTE = "Такой заметки нет."
NOTHING_TO_DO = "В этой заметке делать нечего: нет ни шага, ни просьбы родителей."


def write_note(session: Session, *, actor: Actor, student_id: str, wanted: NewNote, as_of: date) -> Note:
    """Note what was said in a talk with a student."""
    check_permission(actor, Permission.DECIDE)
    get_student(session, actor, student_id)
    text, step = wanted.text.strip(), (wanted.next_step or "").strip() or None
    if not text:
        raise InvalidInputError(EMPTY)
    if (step is None) != (wanted.due_on is None):
        raise InvalidInputError(STEP_AND_DAY)
    if wanted.due_on is not None and wanted.due_on < as_of:
        raise InvalidInputError(IN_THE_PAST)
    if any(map(is_personal_number, (text, step or ""))):
        raise InvalidInputError(NUMBER)
    row = TalkNote(
        student_id=student_id,
        text=text,
        next_step=step,
        due_on=wanted.due_on,
        asked_by_parents=wanted.asked_by_parents,
        actor_id=actor.actor_id,
        written_by=actor.display_name,
        written_at=now(),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor=actor, deed="note.written", subject=student_id, note_id=row.note_id)
    return _told(row)


def mark_done(session: Session, *, actor: Actor, student_id: str, note_id: int, is_done: bool) -> Note:
    """Say that what a note asks for is done, or that it is not."""
    row = _get_row(session, actor, student_id, note_id)
    if not _asks(row):
        raise InvalidInputError(NOTHING_TO_DO)
    if is_done != (row.done_at is not None):
        row.done_at, row.done_by = (now(), actor.display_name) if is_done else (None, None)
        deed = "note.done" if is_done else "note.reopened"
        audit.record(session, actor=actor, deed=deed, subject=student_id, note_id=note_id)
    return _told(row)


def withdraw_note(session: Session, *, actor: Actor, student_id: str, note_id: int) -> None:
    """Take a note back; it stays readable in the records."""
    _get_row(session, actor, student_id, note_id).withdrawn_at = now()
    audit.record(session, actor=actor, deed="note.withdrawn", subject=student_id, note_id=note_id)


def list_notes(session: Session, *, actor: Actor, student_id: str, as_of: date) -> NoteList:
    """Notes about a student whom the actor may see, newest first."""
    check_permission(actor, Permission.DECIDE)
    get_student(session, actor, student_id)
    rows = session.scalars(_standing().where(TalkNote.student_id == student_id).order_by(TalkNote.note_id.desc()))
    return NoteList(student_id=student_id, as_of=as_of, notes=[_told(row) for row in rows])


def get_note(session: Session, actor: Actor, note_id: int) -> Note:
    """A note as it stands, withdrawn since or not, about a student whom the actor may see."""
    of = visible_students(actor).with_only_columns(Student.student_id)
    query = sa.select(TalkNote).where(TalkNote.note_id == note_id, TalkNote.student_id.in_(of))
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFoundError(NO_NOTE)
    return _told(row)


def reasons_to_talk(
    session: Session, *, actor: Actor, of: sa.Select[str], as_of: date
) -> Mapping[str, list[TalkReason]]:
    """Parents who asked for a talk and steps whose day has come, by student; nothing for who may not read notes."""
    found: dict[str, list[TalkReason]] = {}
    if not actor.may(Permission.DECIDE):
        return found
    query = _standing().where(TalkNote.student_id.in_(of), TalkNote.done_at.is_(None)).order_by(TalkNote.note_id)
    for row in session.scalars(query):
        found.setdefault(row.student_id, []).extend(_reasons(row, as_of))
    return found


def _standing() -> sa.Select[TalkNote]:
    return sa.select(TalkNote).where(TalkNote.withdrawn_at.is_(None))


def _get_row(session: Session, actor: Actor, student_id: str, note_id: int) -> TalkNote:
    check_permission(actor, Permission.DECIDE)
    get_student(session, actor, student_id)
    query = _standing().where(TalkNote.note_id == note_id, TalkNote.student_id == student_id).with_for_update()
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFoundError(NO_NOTE)
    return row


def _reasons(row: TalkNote, as_of: date) -> list[TalkReason]:
    found = []
    if row.asked_by_parents:
        on = day(row.written_at.date())
        found.append(TalkReason(code="parents_asked", text=f"Поговорить просили родители (записано {on})"))
    if row.due_on is not None and row.due_on - as_of <= NEAR:
        when = f"срок прошёл {day(row.due_on)}" if row.due_on < as_of else f"до {day(row.due_on)}"
        found.append(TalkReason(code="step_due", text=f"Следующий шаг, {when}: {row.next_step}"))
    return found


def _asks(row: TalkNote) -> bool:
    return row.next_step is not None or row.asked_by_parents


def _told(row: TalkNote) -> Note:
    return Note(
        note_id=row.note_id,
        text=row.text,
        next_step=row.next_step,
        due_on=row.due_on,
        asked_by_parents=row.asked_by_parents,
        written_by=row.written_by,
        written_at=row.written_at,
        is_open=_asks(row) and row.done_at is None,
        done_by=row.done_by,
        done_at=row.done_at,
    )
