"""Wire shapes of a student's years."""

from datetime import date

from service.recommendations.schemas import DecisionWord, PathwayKind
from service.students.schemas import InterestScale, KnowledgeResult, SubjectMark
from service.wire import Wire


class PastAdvice(Wire):
    """A pathway of one year: decided about, or first on the list that was shown last."""

    kind: PathwayKind
    title_ru: str
    decision: DecisionWord | None  # None: shown, and nobody decided
    on: date  # of the decision; of the list


class StudentYear(Wire):
    """One school year of a student."""

    school_year: str
    class_title: str | None  # None: on no roster of that year
    school_title: str | None
    advice: list[PastAdvice]  # by kind; what was accepted first
    outcomes: list[str]  # Russian: where the student was enrolled, what was tried, and what came of it
    marks: list[SubjectMark]  # of terms that have ended
    own_mean_mark: float | None
    measured: list[str]  # Russian: instruments filled in in that year, with their days
    interests: list[InterestScale]  # as known at the end of a year in which they were measured; else empty
    results: list[KnowledgeResult]


class StudentHistory(Wire):
    """GET /v1/students/{student_id}/history, newest year first."""

    student_id: str
    as_of: date
    years: list[StudentYear]
