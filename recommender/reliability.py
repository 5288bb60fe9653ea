"""How lists fare in use: shares that may rise, and whether a higher fit still means more good outcomes.

Students of a school, and what a counsellor decides about them, are alike: all errors here are from school to school.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtrit

from recommender.drift import FAMILY_RATE, INPUTS_RATE
from recommender.metrics import gini

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FIGURES_RATE = FAMILY_RATE - INPUTS_RATE  # quiet windows in which any of the figures below may raise an alarm
RISE = 0.1  # of a share; a smaller one is no alarm, however sure
OVERRULED = 0.5  # of the decided first places: more than every second declined
FLATTENED = 0.5  # calibration slope: differences in fit mean half of what they say
MIN_DECIDED, MIN_GOOD = 30, 60  # decisions, good outcomes; of fewer nothing is told
MIN_SCHOOLS = 3
STEPS, STEP_END = 50, 1e-9


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its error.

    Attributes
    ----------
    value : float
    deviation : float
        Standard deviation of `value`, were other schools drawn.
    count : int
        Students, decisions or shown pathways behind it.
    school_count : int
    """

    value: float
    deviation: float
    count: int
    school_count: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by Student's distribution with as many degrees of freedom as there are schools, less one."""
        reach = self._reach(0.025)
        return self.value - reach, self.value + reach

    def _reach(self, rate: float) -> float:
        return float(stdtrit(max(self.school_count - 1, 1), 1.0 - rate)) * self.deviation


def share_of(flags: Bools, schools: Ints) -> Figure:
    """Share of a group with its error.

    Parameters
    ----------
    flags : bool array (n,)
    schools : int array (n,)

    Returns
    -------
    Figure
        Ratio estimator (Cochran 1977, section 9.7); never surer than of as many drawn one by one.

    Examples
    --------
    Two schools of 50, shares .4 and .6.

    >>> found = share_of(np.repeat([True, False, True, False], [20, 30, 30, 20]), np.repeat([0, 1], 50))
    >>> found.value, round(found.deviation, 3)
    (0.5, 0.1)
    """
    count = len(flags)
    if not count:
        return Figure(float("nan"), float("nan"), 0, 0)
    _, school = np.unique(schools, return_inverse=True)
    school_count = int(school.max()) + 1
    share = float(flags.mean())
    apart = np.bincount(school, flags - share, school_count) / count
    between = float((apart**2).sum()) * school_count / max(school_count - 1, 1)
    smoothed = (flags.sum() + 0.5) / (count + 1)
    return Figure(share, float(np.sqrt(max(between, smoothed * (1 - smoothed) / count))), count, school_count)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a figure is compared with, and whether it is an alarm; None = too little to tell."""

    limit: float
    is_alarm: bool | None


def has_risen(before: Figure, now: Figure, rate: float, *, rise: float = RISE) -> Verdict:
    """Whether a share is above what it was, beyond chance and beyond what matters.

    Parameters
    ----------
    before, now : Figure
    rate : float
        Share of quiet windows that may raise an alarm; one-sided.
    rise : float

    Returns
    -------
    Verdict
        `limit` is for `now.value`. None where twice the rise that matters could go unseen more often than one time in
        twenty, or fewer than MIN_SCHOOLS schools stand behind either.

    Examples
    --------
    >>> before, now = Figure(0.1, 0.01, 400, 20), Figure(0.3, 0.01, 400, 20)
    >>> has_risen(before, now, 0.001), has_risen(before, before, 0.001)
    (Verdict(limit=0.2, is_alarm=True), Verdict(limit=0.2, is_alarm=False))
    """
    schools = min(before.school_count, now.school_count)
    if schools < MIN_SCHOOLS or not np.isfinite(before.value + now.value):
        return Verdict(float("nan"), None)
    deviation = float(np.hypot(before.deviation, now.deviation))
    freedom = before.school_count + now.school_count - 2
    least = max(float(stdtrit(freedom, 1.0 - rate)) * deviation, rise)
    limit = before.value + least
    is_told = 2 * rise - float(stdtrit(freedom, 0.95)) * deviation >= least
    return Verdict(limit, now.value > limit if is_told else None)


def is_above(found: Figure, border: float, rate: float, min_count: int) -> Verdict:
    """Whether a figure is surely above a border: one that is not beyond it raises an alarm with a chance of `rate`.

    Examples
    --------
    >>> is_above(Figure(0.9, 0.02, 200, 20), 0.5, 0.001, 30)
    Verdict(limit=0.5, is_alarm=True)
    >>> is_above(Figure(0.9, 0.02, 20, 20), 0.5, 0.001, 30)
    Verdict(limit=0.5, is_alarm=None)
    """
    if found.count < min_count or found.school_count < MIN_SCHOOLS or not np.isfinite(found.value):
        return Verdict(border, None)
    return Verdict(border, found.value - found._reach(rate) > border)


def is_below(found: Figure, border: float, rate: float, min_count: int) -> Verdict:
    """Whether a figure is surely below a border.

    Examples
    --------
    >>> is_below(Figure(0.1, 0.02, 200, 20), 0.5, 0.001, 30)
    Verdict(limit=0.5, is_alarm=True)
    """
    turned = Figure(-found.value, found.deviation, found.count, found.school_count)
    return Verdict(border, is_above(turned, -border, rate, min_count).is_alarm)


@dataclass(frozen=True, slots=True)
class FirstPlaces:
    """How much the first places of lists are alike.

    Attributes
    ----------
    leader : Figure
        Share of the students whose first place is the programme that stands first most often.
    programme : str
        That programme; "" where no list has a place.
    inequality : float in [0, 1)
        Gini 1912, of first places over the programmes that stand first anywhere or could; NaN without lists.
    """

    leader: Figure
    programme: str
    inequality: float


def first_places(firsts: NDArray[np.str_], schools: Ints, programmes: NDArray[np.str_]) -> FirstPlaces:
    """Concentration of first places.

    Parameters
    ----------
    firsts : array of str (n_students,)
        Programme of each student's first place; "" = the list is empty, and the student is left out.
    schools : int array (n_students,)
    programmes : array of str
        On offer; repetitions do not matter.

    Returns
    -------
    FirstPlaces

    Examples
    --------
    Three of four lists begin alike, and two programmes are on offer: Gini (3 - 1) / (2 * 4).

    >>> found = first_places(np.array(["a", "a", "b", "a", ""]), np.array([0, 0, 1, 1, 1]), np.array(["a", "b"]))
    >>> found.programme, found.leader.value, found.inequality
    ('a', 0.75, 0.25)
    """
    listed = firsts != ""
    firsts, schools = firsts[listed], schools[listed]
    if not len(firsts):
        return FirstPlaces(share_of(listed[:0], schools), "", float("nan"))
    known, row = np.unique(np.concatenate([np.unique(programmes), firsts]), return_inverse=True)
    counts = np.bincount(row[-len(firsts) :], minlength=len(known))
    leader = str(known[counts.argmax()])
    return FirstPlaces(share_of(firsts == leader, schools), leader, gini(counts.astype(float)))


def calibration_slope(fit: Floats, is_good: Bools, lists: Ints, schools: Ints) -> Figure:
    """Whether a difference in fit means what it says: 1 = just that, 0 = nothing, above 1 = more.

    Parameters
    ----------
    fit : ndarray of shape (n,), in (0, 1)
        As shown.
    is_good : bool array (n,)
        Whether the shown pathway was chosen afterwards and turned out well; else it was passed over.
    lists : int array (n,)
        Kind of the list; each has a level of its own.
    schools : int array (n,)

    Returns
    -------
    Figure
        Slope of a logistic regression of the outcome on the log-odds of fit (Cox 1958, Miller, Hui & Tierney 1991) with
        an error by schools (Liang & Zeger 1986). Fit is of a choice and an offer drawn with equal chance, and lists
        show the best alone: both move the levels only, so the slope is what shown lists can be judged by (Prentice &
        Pyke 1979). NaN with one of the two sides empty.

    Examples
    --------
    Of three shown with a fit of 3/4 two turned out well, of three with 1/4 one did: log 2 / log 3 on either side.

    >>> found = calibration_slope(
    ...     np.repeat([0.75, 0.25], 3), np.array([1, 1, 0, 1, 0, 0], dtype=bool), np.zeros(6, int), np.arange(6)
    ... )
    >>> round(found.value, 3)
    0.631
    """
    unknown = Figure(float("nan"), float("nan"), int(is_good.sum()), len(np.unique(schools)))
    kinds, level = np.unique(lists, return_inverse=True)
    if not is_good.any() or is_good.all():
        return unknown
    rows = np.column_stack([logit(np.clip(fit, 1e-6, 1 - 1e-6)), np.eye(len(kinds))[level]])
    weights = np.zeros(rows.shape[1])
    ridge = 1e-6 * np.eye(rows.shape[1])  # a kind with one side empty has no level
    for _ in range(STEPS):
        chance = expit(rows @ weights)
        information = (rows * (chance * (1 - chance))[:, None]).T @ rows + ridge
        step = np.linalg.solve(information, rows.T @ (is_good - chance) - ridge @ weights)
        weights = weights + step
        if np.abs(step).max() < STEP_END:
            break
    else:
        return unknown
    _, school = np.unique(schools, return_inverse=True)
    school_count = int(school.max()) + 1
    moves = np.zeros((school_count, rows.shape[1]))
    np.add.at(moves, school, rows * (is_good - chance)[:, None])
    inverse = np.linalg.inv(information)
    covariance = inverse @ (moves.T @ moves) @ inverse * school_count / max(school_count - 1, 1)
    return Figure(float(weights[0]), float(np.sqrt(covariance[0, 0])), unknown.count, school_count)


def figure_data(found: Figure) -> dict[str, Any]:
    """What an observation keeps, so that the next may be compared with it."""
    return {
        "value": found.value,
        "deviation": found.deviation,
        "count": found.count,
        "school_count": found.school_count,
    }
