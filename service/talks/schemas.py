"""Wire shapes of the queue of talks and of the roadmap's month."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from service.wire import Day, Flag, Wire, Writable, example


class TalkReason(Wire):
    """Why a talk is due."""

    code: str  # place_gone | more_than_seats | apply_soon | parents_asked | step_due | to_discuss | ...
    text: str  # Russian, with the student's own data


class Talk(Wire):
    """A student to talk to."""

    student_id: str
    full_name: str | None  # None where the reader may not see names
    class_id: str
    class_title: str
    reasons: list[TalkReason]  # most pressing first


class DueItem(Wire):
    """What the roadmap has a school do in this month."""

    item: str  # number in the roadmap
    title_ru: str


class Banner(Wire):
    """Something that whoever prepares talks may act on or must know."""

    code: str  # import_problem | model_changed | list_overdue
    text: str  # Russian


class TalkQueue(Wire):
    """GET /v1/talks, most pressing first."""

    as_of: date
    talks: list[Talk]
    waiting_count: int  # of all, those beyond `limit` too
    due: list[DueItem]
    banners: list[Banner]  # most pressing first; of the whole school, whatever `class_id` is


class NewNote(Wire):
    """POST /v1/students/{student_id}/notes; a step and its day come together."""

    model_config = example(
        text="Склоняется к инженерному классу", next_step="принести результат пробного ОГЭ", due_on="2024-12-12"
    )

    text: Annotated[Writable, Field(min_length=1, max_length=1000)]
    next_step: Annotated[Writable, Field(min_length=1, max_length=200)] | None = None
    due_on: Day | None = None
    asked_by_parents: Flag = False  # for a talk


class NoteDone(Wire):
    """PUT /v1/students/{student_id}/notes/{note_id}/done."""

    model_config = example(is_done=True)

    is_done: Flag


class Note(Wire):
    """What was said in a talk, and what is to be done next."""

    note_id: int
    text: str
    next_step: str | None
    due_on: date | None
    asked_by_parents: bool
    written_by: str  # display name
    written_at: datetime
    is_open: bool  # it asks for something, a step or a talk, that is not done yet
    done_by: str | None
    done_at: datetime | None


class NoteList(Wire):
    """GET /v1/students/{student_id}/notes; none that were withdrawn, newest first."""

    student_id: str
    as_of: date  # the day that days of next steps are held against
    notes: list[Note]
