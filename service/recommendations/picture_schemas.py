"""Wire shapes of a class's picture: what it leans to and wishes, without names."""

from datetime import date
from typing import Literal

from service.wire import Wire


class LeaningCount(Wire):
    """In how many students an interest stands above the peers' by more than its error; a student counts in several."""

    code: str  # R I A S E C nature technics human sign art
    title_ru: str
    family: str  # riasec | klimov
    student_count: int  # in steps of five; 0: fewer than 5, or none


class WishCount(Wire):
    """How many students want something, and what of it stands in the list in force."""

    kind: Literal["profile", "profession"]  # a profile class; an SPO group of the professions that were named
    code: str
    title_ru: str
    student_count: int  # in steps of five, never 0: what fewer than 5 want is not told
    listed: list[str]  # titles of the list in force that it leads to, the most demanded first


class ClassPicture(Wire):
    """GET /v1/classes/{class_id}/picture: nothing of fewer than 5 students; counts in steps of five."""

    class_id: str
    title: str
    as_of: date
    edition_code: str | None
    edition_is_illustrative: bool
    student_count: int  # whose representatives agreed to recommendations; 0: nothing is told
    measured_count: int  # whose interests were measured
    leanings: list[LeaningCount]  # in the fixed order; empty when nothing is told
    profession_count: int  # named a profession in the newest survey of the last year
    listed_count: int  # named one, or more, that the list in force names
    wishes: list[WishCount]  # of each kind the most wanted first
