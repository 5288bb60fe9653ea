"""Wire shapes of what another edition does to lists."""

from service.recommendations.schemas import PathwayKind
from service.wire import Wire


class KindImpact(Wire):
    """Students of one kind of list, in steps of five; None: it, or what is left over, is one to four."""

    kind: PathwayKind
    student_count: int
    changed_first_three: int | None  # another pathway came among the first three
    changed_first_five: int | None
    price_before: float  # mean fit given up per place because of demand
    price_after: float | None  # None where a count is not told


class PathwayName(Wire):
    """A pathway and its host."""

    pathway_code: str
    kind: PathwayKind
    title_ru: str
    host_title: str


class MovedPathway(PathwayName):
    """Students who have the pathway among their first three, in steps of five; both are at least five."""

    before: int
    after: int


class FilledPathway(PathwayName):
    """Expected applicants a seat, if students chose among their first five."""

    seats: int
    per_seat_before: float
    per_seat_after: float


class GapRow(Wire):
    """A profession in demand that some kind of pathway in the district does not lead to."""

    title: str
    position: int
    level: int | None
    spo_codes: list[str]
    lacking: list[PathwayKind]


class EditionImpact(Wire):
    """What an edition would do to the district's lists; aggregates, nothing of fewer than five students."""

    from_code: str | None
    to_code: str | None
    model_version: str
    demand_strength: float
    student_count: int  # in steps of five
    kinds: list[KindImpact]
    gaining: list[MovedPathway]  # most first, at most 15
    losing: list[MovedPathway]
    filling: list[FilledPathway]  # more applicants than seats, and more than before
    gaps: list[GapRow]


class ChangedStudent(Wire):
    """A student whose first three change in some list."""

    student_id: str
    coming: list[PathwayName]
    going: list[PathwayName]


class ClassEditionChange(Wire):
    """GET /v1/classes/{class_id}/edition-change?from=...&to=..."""

    class_id: str
    from_code: str | None
    to_code: str | None
    student_count: int
    changed: list[ChangedStudent]
