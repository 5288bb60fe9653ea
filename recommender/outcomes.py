"""What became of a choice, as a relevance grade: 0 offered, 1 chosen, 2 liked or stayed, 3 succeeded; what was seen."""

import math
from datetime import date
from typing import NamedTuple

from recommender.catalogue import PathwayKind

OFFERED, CHOSEN, LIKED, SUCCEEDED = 0, 1, 2, 3
LIKED_RATING, SUCCEEDED_RATING = 7.0, 9.0
SUCCEEDED_MARK = 4.5


class OutcomeRow(NamedTuple):
    """One choice of one student with its relevance, dated by the day of the choice."""

    student_id: str
    school_year: str
    kind: PathwayKind
    pathway_code: str
    chosen_on: date
    relevance: int


class ShownRow(NamedTuple):
    """A place in a list that somebody looked at; `rank` 1 first."""

    student_id: str
    pathway_code: str
    shown_on: date
    rank: int


def trial_relevance(attended: bool, rating_after: float) -> int:
    """Grade of a trial that a student signed up for.

    Parameters
    ----------
    attended : bool
    rating_after : float
        1-10; NaN = not rated.

    Returns
    -------
    int

    Examples
    --------
    >>> trial_relevance(True, 9.0), trial_relevance(True, math.nan), trial_relevance(False, math.nan)
    (3, 1, 1)
    """
    if not attended or math.isnan(rating_after) or rating_after < LIKED_RATING:
        return CHOSEN
    return SUCCEEDED if rating_after >= SUCCEEDED_RATING else LIKED


def enrolment_relevance(left: bool, final_mark: float) -> int:
    """Grade of a profile class or an elective that a student enrolled in.

    Parameters
    ----------
    left : bool
        Whether the student left before the end.
    final_mark : float
        2-5; NaN = none yet.

    Returns
    -------
    int

    Examples
    --------
    >>> enrolment_relevance(False, 5.0), enrolment_relevance(False, 4.0), enrolment_relevance(True, 5.0)
    (3, 2, 1)
    """
    if left:
        return CHOSEN
    return SUCCEEDED if not math.isnan(final_mark) and final_mark >= SUCCEEDED_MARK else LIKED
