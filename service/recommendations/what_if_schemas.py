"""Wire shapes of "what if": facts as they would be, and the lists with them."""

from typing import Annotated, Literal

from pydantic import Field

from service.recommendations.schemas import (
    MAX_DEMAND_STRENGTH,
    MAX_K,
    Code,
    Finite,
    PathwayKind,
    RankedList,
    Refusal,
    Stamps,
    Text,
)
from service.wire import WHOLE, Flag, Wire, example


class ImaginedMark(Wire):
    """A subject's mark as it would stand in every ended term of the last school year with marks."""

    subject_code: Code
    mark: Finite


class ImaginedTest(Wire):
    """Scores of a diagnostic instrument taken today."""

    method_code: Code
    scores: Annotated[dict[Text, Finite], Field(max_length=60)]


class ImaginedFacts(Wire):
    """POST /v1/students/{student_id}/what-if: only what would be otherwise; nothing of it is stored."""

    model_config = example(marks=[{"subject_code": "phys", "mark": 3}], exams=["math", "inf"], k=3)

    marks: Annotated[tuple[ImaginedMark, ...], Field(max_length=40)] = ()
    exams: Annotated[tuple[Code, ...], Field(max_length=20)] | None = None  # all that would be named; None: as now
    tests: Annotated[tuple[ImaginedTest, ...], Field(max_length=10)] = ()
    k: Annotated[int, Field(strict=True, ge=1, le=MAX_K), WHOLE] = 5
    demand_strength: Annotated[Finite, Field(ge=0, le=MAX_DEMAND_STRENGTH)] | None = None
    discovery: Flag | None = None  # None: as the installation is set


class PathwayMove(Wire):
    """A pathway of either list that stands elsewhere, or fits otherwise."""

    pathway_code: str
    title_ru: str
    host_title: str
    move: Literal["entered", "left", "rose", "fell", "stayed"]  # of the list of k places
    rank_before: int | None  # among all that may be offered; None: may not be
    rank_after: int | None
    fit_before: float
    fit_after: float
    text: str  # Russian: why


class ImaginedList(Wire):
    """One kind: the list as it would be, and what moves in it."""

    kind: PathwayKind
    ranked: RankedList
    moves: list[PathwayMove]  # by the place it would have; those that left come last
    text: str  # Russian: what happens to the list, in one sentence


class WhatIf(Stamps):
    """The lists as they would be; the same as if these facts had been imported."""

    student_id: str
    refusal: Refusal | None
    understood: list[str]  # Russian: each fact as it was taken, beside what is known now
    lists: list[ImaginedList]


class ChangeableMark(Wire):
    """A subject whose mark can be imagined."""

    subject_code: str
    title_ru: str
    mean_mark: float | None  # of the terms that would be otherwise; None: no marks


class ChangeableExam(Wire):
    """An exam that this grade chooses."""

    subject_code: str
    title_ru: str
    is_named: bool  # in the survey that would be otherwise


class TestScale(Wire):
    """One scale of a test."""

    scale: str
    title_ru: str
    minimum: float
    maximum: float
    score: float | None  # of the last time; None: not taken, or not scored


class ChangeableTest(Wire):
    """A diagnostic instrument."""

    method_code: str
    title_ru: str
    scales: list[TestScale]


class Changeable(Wire):
    """GET /v1/students/{student_id}/what-if: what can be imagined of this student, as it is now."""

    student_id: str
    refusal: Refusal | None
    marks: list[ChangeableMark]
    marks_text: str  # Russian: which terms a mark would stand in
    exams: list[ChangeableExam]  # empty: this grade chooses none
    tests: list[ChangeableTest]  # empty without consent to testing
