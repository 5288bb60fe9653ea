"""Wire shapes of lists that were shown in the past."""

from datetime import date, datetime

from service.wire import Wire


class ShowingRow(Wire):
    """When lists were shown, and with which versions."""

    showing_id: int
    shown_at: datetime
    as_of: date
    model_version: str
    edition_code: str | None
    demand_strength: float
    k: int


class ShowingList(Wire):
    """GET /v1/students/{student_id}/showings, newest first."""

    student_id: str
    showings: list[ShowingRow]


class PastItem(Wire):
    """One place of a list."""

    pathway_code: str
    rank: int
    fit: float
    final: float


class PastShowing(ShowingRow):
    """GET /v1/students/{student_id}/showings/{showing_id}."""

    items: list[PastItem]  # as recorded
    items_again: list[PastItem]  # by the model, edition and day of then, from the facts as they are known now
    is_same: bool  # bit for bit
    note: str | None  # Russian: why it is not the same, or could not be made again
