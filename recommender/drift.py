"""Whether present students look like those a version was trained on: the shift of each input, with a stated error.

Measure: population stability index (PSI) between bin shares of a reference window and of a present one. Under no drift
PSI / (1 / n + 1 / m) is about chi-squared with one degree of freedom less than there are bins (Yurdakul 2018), if
students came one by one. They come by schools and grades, and those who learn together are alike: the statistic is then
a mixture of chi-squares with the design effects as weights, which is judged as Rao & Scott 1984 propose (second order),
in the F form that also bears that the design effects are themselves estimated from few clusters (Thomas & Rao 1987).

Where both windows come from the same schools, what a school has of its own is in both and tells nothing: then grades of
a school scatter about what school and grade account for. Elsewhere whole schools scatter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from recommender.congestion import FEW_STUDENTS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FAMILY_RATE = 0.01  # quiet windows in which anything at all may raise an alarm
INPUTS_RATE = FAMILY_RATE / 2  # of them: any input; the other half is for what `watching` measures
BINS = 5
MATTERS = 0.1  # PSI below it is no alarm, however sure: the usual border of "no shift" (Siddiqi 2006)
LARGE = 0.25  # PSI that must be found, or nothing is said (Siddiqi 2006: "a major shift")
DETECTION = 0.95  # how surely
MIN_REFERENCE = 50  # students with an input; of fewer its shares say nothing
SELDOM = 0.01  # what nobody has is taken for this share, so that one student in fifteen must have it to be an alarm
MIN_SCHOOLS = 3  # of either window; of fewer nobody knows how much schools differ
MIN_FREEDOM = 4  # degrees of freedom that say how much cohorts of the same schools differ


@dataclass(frozen=True)
class Spread:
    """How one input is spread over its bins among some students; aggregates only.

    Attributes
    ----------
    shares : ndarray of shape (n_bins,)
        Sum to 1.
    of_schools : ndarray of shape (n_bins, n_bins)
        Covariance of the shares, were other schools of the same region drawn.
    of_cohorts : ndarray of shape (n_bins, n_bins)
        The same, were other students drawn in the same schools and grades.
    student_count, school_count : int
        Students who have this input, and schools they come from.
    cohort_freedom : int
        Degrees of freedom of `of_cohorts`; 0 = unknown.
    """

    shares: Floats
    of_schools: Floats
    of_cohorts: Floats
    student_count: int
    school_count: int
    cohort_freedom: int


@dataclass(frozen=True)
class InputReference:
    """One input among the students of the training; no bin holds fewer than FEW_STUDENTS of them.

    Attributes
    ----------
    edges : ndarray of shape (n_bins - 1,)
        A bin reaches from one edge, itself included, to the next, itself not.
    spread : Spread
    """

    edges: Floats
    spread: Spread

    def as_data(self) -> dict[str, Any]:
        """What a manifest keeps; six digits of a covariance are more than anybody can know of it."""
        spread = dict(vars(self.spread)) | {"shares": self.spread.shares.tolist()}
        for name in ("of_schools", "of_cohorts"):
            spread[name] = [[float(f"{value:.6g}") for value in row] for row in spread[name]]
        return {"edges": self.edges.tolist(), **spread}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `as_data` made."""
        known: dict[str, Any] = {
            name: np.array(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(known.pop("edges"), Spread(**known))


@dataclass(frozen=True, slots=True)
class InputChange:
    """How far one input of a present window is from its reference.

    Attributes
    ----------
    psi : float, >= 0; NaN where fewer than FEW_STUDENTS students have the input
    interval : (low, high)
        95 %, of the regions' PSI, what chance alone adds taken off; NaN as above.
    limit : float
        PSI above which it is an alarm; NaN where nothing can be told.
    student_count : int
        Of the window, who have the input.
    is_alarm : bool or None
        None = too few students or schools to find a PSI of LARGE with a chance of DETECTION.
    """

    psi: float
    interval: tuple[float, float]
    limit: float
    student_count: int
    is_alarm: bool | None


def reference_inputs(values: Mapping[str, Floats], schools: Ints, grades: Ints) -> dict[str, InputReference]:
    """Reference spread of all inputs that enough students of enough schools have and that differ at all.

    What is there or is not (0 or 1) may be the same for all: a survey that everybody filled in can be forgotten.

    Parameters
    ----------
    values : mapping of str to ndarray (n_students,)
        `student_inputs.input_values`.
    schools, grades : int arrays (n_students,)

    Returns
    -------
    dict of str to InputReference

    Examples
    --------
    Sixty students of three schools: half have marks of 4, the others of 5.

    >>> marks = np.tile([4.0, 5.0], 30)
    >>> found = reference_inputs({"mark.math": marks}, np.repeat([0, 1, 2], 20), np.full(60, 9))["mark.math"]
    >>> found.edges.tolist(), found.spread.shares.tolist()
    ([5.0], [0.5, 0.5])
    """
    found = {}
    for name, column in values.items():
        known = np.isfinite(column)
        if known.sum() < MIN_REFERENCE or len(np.unique(schools[known])) < MIN_SCHOOLS:
            continue
        edges, is_there = bin_edges(column[known]), np.isin(column[known], (0.0, 1.0)).all()
        if len(edges):
            found[name] = InputReference(edges, spread_of(column[known], schools[known], grades[known], edges))
        elif is_there:
            found[name] = InputReference(np.ones(1), _of_all_or_none(column[known], schools[known], grades[known]))
    return found


def _of_all_or_none(values: Floats, schools: Ints, grades: Ints) -> Spread:
    """Spread of what everybody has or nobody has, fewer than FEW_STUDENTS apart: of those it says nothing."""
    mostly = np.round(values.mean())
    whole = spread_of(np.full(len(values), mostly), schools, grades, np.ones(1))
    return replace(whole, shares=np.array([SELDOM, 1.0 - SELDOM] if mostly else [1.0 - SELDOM, SELDOM]))


def bin_edges(values: Floats, bins: int = BINS) -> Floats:
    """Edges between bins of about equal size, none of them below FEW_STUDENTS.

    Parameters
    ----------
    values : ndarray of shape (n,), no NaN
    bins : int

    Returns
    -------
    ndarray of shape (n_bins - 1,)
        Each a value that occurs; empty where all are in one bin.

    Examples
    --------
    >>> bin_edges(np.arange(20.0), bins=4).tolist()
    [5.0, 10.0, 15.0]
    >>> bin_edges(np.array([2.0] * 3 + [4.0] * 20)).tolist()  # three students are no bin of their own
    []
    """
    ordered = np.sort(values)
    places = np.arange(1, bins) * len(ordered) // bins
    wanted = np.unique(ordered[places])
    if len(distinct := np.unique(values)) <= bins:
        wanted = distinct
    kept: list[float] = []
    below = 0
    for edge in wanted.tolist():
        upto = int(np.searchsorted(ordered, edge))
        if upto - below >= FEW_STUDENTS and len(ordered) - upto >= FEW_STUDENTS:
            kept.append(edge)
            below = upto
    return np.array(kept)


def psi(shares: Floats, others: Floats) -> float:
    """Population stability index of two spreads over the same bins; no share may be 0.

    Examples
    --------
    .3 ln 2.5 + .3 ln 1.6

    >>> round(psi(np.array([0.5, 0.5]), np.array([0.2, 0.8])), 4)
    0.4159
    """
    return float(((shares - others) * np.log(shares / others)).sum())


def spread_of(values: Floats, schools: Ints, grades: Ints, edges: Floats) -> Spread:
    """Bin shares and how they scatter from school to school and from cohort to cohort.

    Parameters
    ----------
    values : ndarray of shape (n_students,), no NaN
    schools, grades : int arrays (n_students,)
    edges : ndarray of shape (n_bins - 1,)

    Returns
    -------
    Spread
        Variances of a ratio estimator (Cochran 1977, section 9.7). A cohort is one grade of one school; what the
        school and the grade have of their own is taken out first.

    Examples
    --------
    Two schools of 50 students, whose shares are .4 and .6: the mean of two such schools scatters by .1.

    >>> values = np.repeat([0.0, 1.0, 0.0, 1.0], [30, 20, 20, 30])
    >>> found = spread_of(values, np.repeat([0, 1], 50), np.full(100, 9), np.array([1.0]))
    >>> found.shares.tolist(), np.sqrt(np.diag(found.of_schools)).round(3).tolist()
    ([0.5, 0.5], [0.1, 0.1])
    """
    bins = np.searchsorted(edges, values, side="right")
    known_schools, school = np.unique(schools, return_inverse=True)
    known_grades, grade = np.unique(grades, return_inverse=True)
    shape = (len(known_schools), len(known_grades), len(edges) + 1)
    cell = (school * shape[1] + grade) * shape[2] + bins
    counts = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype(float)
    shares: Floats = counts.sum(axis=(0, 1)) / len(values)
    apart = (counts - counts.sum(axis=2, keepdims=True) * shares) / len(values)
    whole = apart.sum(axis=1)
    cohorts = apart - apart.mean(axis=0) - apart.mean(axis=1, keepdims=True) + apart.mean(axis=(0, 1))
    freedom = (shape[0] - 1) * (shape[1] - 1)
    cohorts = cohorts.reshape(-1, shape[2])
    return Spread(
        shares,
        whole.T @ whole * (shape[0] / max(shape[0] - 1, 1)),
        cohorts.T @ cohorts * (shape[0] * shape[1] / max(freedom, 1)),
        len(values),
        shape[0],
        freedom,
    )


def compare_input(
    reference: InputReference, values: Floats, schools: Ints, grades: Ints, *, rate: float, same_schools: bool
) -> InputChange:
    """How far an input has moved, and whether that is an alarm.

    Parameters
    ----------
    reference : InputReference
    values : ndarray of shape (n_students,), NaN = the student does not have the input
    schools, grades : int arrays (n_students,)
    rate : float in (0, 1)
        Share of quiet windows in which this input may raise an alarm.
    same_schools : bool
        Whether these are the schools of the reference.

    Returns
    -------
    InputChange

    Examples
    --------
    >>> marks, schools, grades = np.tile([3.0, 4.0, 5.0], 400), np.repeat(np.arange(12), 100), np.tile([8, 9], 600)
    >>> reference = reference_inputs({"mark.math": marks}, schools, grades)["mark.math"]
    >>> compare_input(reference, marks, schools, grades, rate=0.001, same_schools=True).is_alarm
    False
    >>> better = np.where(marks == 3.0, 4.0, marks)
    >>> compare_input(reference, better, schools, grades, rate=0.001, same_schools=True).is_alarm
    True
    """
    known = np.isfinite(values)
    before, count = reference.spread, int(known.sum())
    if count < FEW_STUDENTS:
        return InputChange(np.nan, (np.nan, np.nan), np.nan, count, None)
    now = spread_of(values[known], schools[known], grades[known], reference.edges)
    found = psi(before.shares, np.maximum(now.shares, 0.5 / count))
    size = 1.0 / (1.0 / before.student_count + 1.0 / count)
    pooled = (before.shares * before.student_count + now.shares * count) / (before.student_count + count)
    by_cohort = same_schools and min(before.cohort_freedom, now.cohort_freedom) >= MIN_FREEDOM
    freedom = before.school_count + now.school_count - 2
    covariance = before.of_schools + now.of_schools
    if by_cohort:
        freedom, covariance = before.cohort_freedom + now.cohort_freedom, before.of_cohorts + now.of_cohorts
    effects = _design_effects(covariance, pooled, size)
    middle = found - float(effects.sum()) / size  # what chance alone adds is taken off
    reach = NormalDist().inv_cdf(0.975) * _deviation(effects, size, max(middle, 0.0))
    interval = (max(middle - reach, 0.0), max(middle + reach, 0.0))
    if not by_cohort and min(before.school_count, now.school_count) < MIN_SCHOOLS:
        return InputChange(found, interval, np.nan, count, None)
    limit = max(quiet_limit(effects, freedom, rate) / size, MATTERS)
    expected = LARGE + float(effects.sum()) / size
    is_told = expected - NormalDist().inv_cdf(DETECTION) * _deviation(effects, size, LARGE) >= limit
    return InputChange(found, interval, limit, count, found > limit if is_told else None)


def compare_inputs(
    references: Mapping[str, InputReference],
    values: Mapping[str, Floats],
    schools: Ints,
    grades: Ints,
    *,
    same_schools: bool,
    rate: float = INPUTS_RATE,
) -> dict[str, InputChange]:
    """How far all inputs have moved; in a quiet window any of them raises an alarm with a chance of `rate` at most.

    Parameters
    ----------
    references : mapping of str to InputReference
    values : mapping of str to ndarray (n_students,)
        An input that nobody has any more may be left out.
    schools, grades : int arrays (n_students,)
    same_schools : bool
    rate : float
        Shared out evenly (Bonferroni): inputs go together, so it is rather kept than reached.

    Returns
    -------
    dict of str to InputChange
        In the order of `references`.
    """
    nobody = np.full(len(schools), np.nan)
    each = rate / max(len(references), 1)
    return {
        name: compare_input(reference, values.get(name, nobody), schools, grades, rate=each, same_schools=same_schools)
        for name, reference in references.items()
    }


def quiet_limit(effects: Floats, freedom: int, rate: float) -> float:
    """What a mixture of chi-squares with estimated weights exceeds with a chance of `rate`.

    Parameters
    ----------
    effects : ndarray of shape (n,), > 0
        Weights: design effects, the largest last.
    freedom : int, >= 1
        Degrees of freedom they were estimated with.
    rate : float in (0, 1)

    Returns
    -------
    float
        The larger of two. Rao & Scott 1984, second order: the mixture over its mean is F distributed with as many
        degrees of freedom as weights would count if they were equal. And, since far out that is too little where one
        weight is by far the largest: that one alone at this rate, the others at their mean.

    Examples
    --------
    Four students' worth of chi-square, known exactly: the usual table says 13.28 at 1 %.

    >>> round(quiet_limit(np.ones(4), 10**9, 0.01), 2)
    13.28
    """
    total, largest = float(effects.sum()), float(effects[-1])
    count = total**2 / float((effects**2).sum())
    together = total * float(fdtri(count, freedom, 1.0 - rate))
    alone = largest * float(fdtri(1, freedom, 1.0 - rate)) + total - largest
    return max(together, alone)


def _deviation(effects: Floats, size: float, shift: float) -> float:
    """Standard deviation of a PSI whose region's value is `shift`, at worst along the direction that scatters most."""
    return float(np.sqrt(2 * (effects**2).sum() + 4 * size * shift * effects.max())) / size


def _design_effects(covariance: Floats, shares: Floats, size: float) -> Floats:
    """By how much the shares scatter more than those of students drawn one by one, (n_bins - 1,), largest last."""
    scale = np.sqrt(np.maximum(shares, 0.5 / size))
    found = np.maximum(np.linalg.eigvalsh(size * covariance / np.outer(scale, scale))[1:], 0.0)
    total = found.sum()
    if total < len(found):  # schools that happen to agree do not make students of a school unlike each other
        return found + (len(found) - total) / len(found)
    return found
