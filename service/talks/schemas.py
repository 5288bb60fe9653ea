"""Wire shapes of the queue of talks and of the roadmap's month."""

from datetime import date

from service.wire import Wire


class TalkReason(Wire):
    """Why a talk is due."""

    code: str  # place_gone | more_than_seats | apply_soon | to_discuss | marks_against_wish | wish_not_first | ...
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


class TalkQueue(Wire):
    """GET /v1/talks, most pressing first."""

    as_of: date
    talks: list[Talk]
    waiting_count: int  # of all, those beyond `limit` too
    due: list[DueItem]
