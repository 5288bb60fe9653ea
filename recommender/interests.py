"""One interest profile from whatever was measured, with its error.

A student's interests are 11 numbers in units of one standard deviation between students: Holland's six types
(R I A S E C) and Klimov's five objects of labour. Every scale of every instrument is a noisy linear reading of them,
so prior and readings combine in closed form (Bayesian linear regression with a Gaussian prior).

Sources: correlations of the six types, `data/reference/riasec_norms.csv`; what a scale reads and the bridge between
the two typologies, `crosswalk_scales.csv` (expert judgement). The noise of a scale follows from its length: with
`n` answers of range `w` the error variance is that of `n` independent answers, the spread between students
`n * w * SPREAD`. Nothing here is tuned on outcomes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recommender.answer_norms import NO_ANSWER_NORMS, AnswerNorms
from recommender.reference import Instrument, Reference, ScaleWeights

RIASEC = ("R", "I", "A", "S", "E", "C")
KLIMOV = ("nature", "technics", "human", "sign", "art")
DIMENSIONS = RIASEC + KLIMOV

SPREAD = 0.2  # how much of an answer's range separates one student from another (one standard deviation)
BRIDGE_SHARE = 0.5  # share of a Klimov object's variance that the Holland types explain: a convention
DRIFT_PER_YEAR = 0.35  # error variance grows by this share with each year of a reading's age
TRIAL_NOISE = 3.0  # error variance of one rated trial, in interest units: one afternoon says little
TRIAL_MIDPOINT, TRIAL_SPREAD = 6.5, 2.0  # a rating of 6.5 of 10 is what a trial usually gets
MIN_ADMINISTRATIONS = 200  # from so many answer sheets on, the installation's own mean replaces the designed one
ABILITY_METHODS = ("KOS1", "KOS2")
ABILITY_SUFFIX = ":skill"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MethodReading:
    """How one instrument reads the profile: `y = loadings @ theta + noise`, after standardising each scale.

    Attributes
    ----------
    loadings : ndarray of shape (n_scales, 11)
        Zero rows for scales that are not interests (self-reported abilities).
    mean, spread : ndarray of shape (n_scales,), raw points
        Expected score of the average student and one standard deviation of true differences.
    noise : ndarray of shape (n_scales,), > 0
        Error variance in units of `spread` squared.
    ipsative : bool
        Only differences between the scales of one person carry information.
    """

    loadings: Floats
    mean: Floats
    spread: Floats
    noise: Floats
    ipsative: bool

    @property
    def is_interest(self) -> NDArray[np.bool_]:
        """Which scales enter the profile, shape (n_scales,)."""
        return np.abs(self.loadings).sum(axis=1) > 0


@dataclass(frozen=True)
class InterestModel:
    """Prior and instruments. `methods` stands in the order of `reference.instruments`.

    Attributes
    ----------
    prior_mean : ndarray of shape (12, 11)
        Row = grade; zeros unless re-estimated from the installation's own answers.
    prior_covariance : ndarray of shape (11, 11)
    methods : tuple of (str, MethodReading)
    answer_norms : AnswerNorms
        Of the questions that enough sheets have answered; none before.
    """

    prior_mean: Floats
    prior_covariance: Floats
    methods: tuple[tuple[str, MethodReading], ...]
    answer_norms: AnswerNorms = NO_ANSWER_NORMS

    @property
    def method_index(self) -> dict[str, int]:
        """Instrument code -> position."""
        return {code: position for position, (code, _) in enumerate(self.methods)}


@dataclass(frozen=True)
class Administrations:
    """Filled-in answer sheets, one row each, sorted by a stable key.

    Attributes
    ----------
    student : int array (n_sheets,), position of the student
    method : int array (n_sheets,), position of the instrument in the model
    age_years : float array (n_sheets,), >= 0
    scores : float array (n_sheets, max_scales), raw points; NaN = scale not scored or not existing
    answers : float array (n_sheets, max_questions), as `instruments.answer_values` has them
        NaN = not answered, or only the scale scores are known.
    """

    student: Ints
    method: Ints
    age_years: Floats
    scores: Floats
    answers: Floats


@dataclass(frozen=True)
class RatedTrials:
    """Trials that students rated: `vectors` (n_ratings, 11) of the trials, `ratings` 1-10."""

    student: Ints
    vectors: Floats
    ratings: Floats
    age_years: Floats


@dataclass(frozen=True)
class InterestProfile:
    """Posterior of a group of students.

    Attributes
    ----------
    mean : ndarray of shape (n_students, 11), standard deviations between students
    covariance : ndarray of shape (n_students, 11, 11)
    reading_count : int array (n_students,)
        Answer sheets and rated trials that entered; 0 = the prior, nothing was measured.
    """

    mean: Floats
    covariance: Floats
    reading_count: Ints

    @property
    def standard_deviation(self) -> Floats:
        """Shape (n_students, 11); 1 = nothing known, 0 = certain."""
        return np.sqrt(np.einsum("nii->ni", self.covariance))


def _bridge(reference: Reference) -> Floats:
    """Klimov objects from Holland types, (5, 6), rows scaled to explain BRIDGE_SHARE of unit variance."""
    rows = np.array([reference.crosswalk["RIASEC48", scale].klimov for scale in RIASEC], dtype=float).T
    variance = np.einsum("ki,ij,kj->k", rows, reference.norms.correlation, rows)
    scaled: Floats = rows * np.sqrt(BRIDGE_SHARE / variance)[:, None]
    return scaled


def prior_covariance(reference: Reference) -> Floats:
    """Covariance of the 11 interests before anything is measured, shape (11, 11), unit diagonal."""
    holland = np.asarray(reference.norms.correlation, dtype=float)
    bridge = _bridge(reference)
    klimov = bridge @ holland @ bridge.T + (1.0 - BRIDGE_SHARE) * np.eye(len(KLIMOV))
    return np.block([[holland, holland @ bridge.T], [bridge @ holland, klimov]])


def _loading(weights: ScaleWeights, covariance: Floats) -> Floats:
    """What a scale reads: in its own typology where it names one type, in both halves otherwise; unit variance."""
    riasec, klimov = np.array(weights.riasec, dtype=float), np.array(weights.klimov, dtype=float)
    if riasec.max() == 1.0 and klimov.max() < 1.0:
        klimov = np.zeros_like(klimov)
    elif klimov.max() == 1.0 and riasec.max() < 1.0:
        riasec = np.zeros_like(riasec)
    row = np.concatenate([riasec, klimov])
    scaled: Floats = row / np.sqrt(row @ covariance @ row)
    return scaled


def _method_reading(instrument: Instrument, reference: Reference, covariance: Floats) -> MethodReading:
    points: dict[str, dict[str, list[float]]] = {scale.code: {} for scale in instrument.scales}
    for (item, _), awards in instrument.key.items():
        for code, value in awards:
            points[code].setdefault(item, []).append(value)
    loadings, mean, spread, noise = [], [], [], []
    for scale in instrument.scales:
        answers = [[*values, 0.0] if instrument.ipsative else values for values in points[scale.code].values()]
        widths = np.array([max(values) - min(values) for values in answers])
        middles = np.array([(max(values) + min(values)) / 2 for values in answers])
        # two answers: variance of a coin; more grades crowd in the middle, variance of a uniform answer
        error = float(sum(w**2 * (0.25 if len(set(v)) == 2 else 1 / 12) for w, v in zip(widths, answers, strict=True)))
        true_spread = float(widths.sum() * SPREAD)
        ability = instrument.code in ABILITY_METHODS or scale.code.endswith(ABILITY_SUFFIX)
        loading = np.zeros(len(DIMENSIONS))
        if not ability:
            loading = _loading(reference.crosswalk[instrument.code, scale.code], covariance)
        loadings.append(loading)
        mean.append(float(middles.sum()))
        spread.append(true_spread)
        noise.append(error / true_spread**2)
    return MethodReading(np.array(loadings), np.array(mean), np.array(spread), np.array(noise), instrument.ipsative)


def build_interest_model(reference: Reference) -> InterestModel:
    """The model that prior knowledge alone gives.

    Parameters
    ----------
    reference : Reference
        Instruments with keys, crosswalk and norms.

    Returns
    -------
    InterestModel
    """
    covariance = prior_covariance(reference)
    methods = []
    for code, instrument in reference.instruments.items():
        reading = _method_reading(instrument, reference, covariance)
        if code == "RIASEC48":  # the only instrument with published norms: mean, SD and reliability instead of design
            mean, sd, alpha = (np.asarray(column, dtype=float) for column in reference.norms.moments)
            true_sd = sd * np.sqrt(alpha)
            reading = replace(reading, mean=mean, spread=true_sd, noise=(1 - alpha) / alpha)
        methods.append((code, reading))
    return InterestModel(np.zeros((12, len(DIMENSIONS))), covariance, tuple(methods))


def with_local_norms(model: InterestModel, sheets: Administrations) -> InterestModel:
    """Replace designed means by the installation's own where at least MIN_ADMINISTRATIONS sheets exist.

    Means only: the spread between students stays as designed, because an observed spread mixes truth and error.

    Parameters
    ----------
    model : InterestModel
    sheets : Administrations

    Returns
    -------
    InterestModel
    """
    methods = list(model.methods)
    for position, (code, reading) in enumerate(model.methods):
        scores = sheets.scores[sheets.method == position][:, : len(reading.mean)]
        if len(scores) >= MIN_ADMINISTRATIONS:
            counts = np.isfinite(scores).sum(axis=0)
            sums = np.where(np.isfinite(scores), scores, 0.0).sum(axis=0)
            methods[position] = (
                code,
                replace(reading, mean=np.where(counts > 0, sums / np.maximum(counts, 1), reading.mean)),
            )
    return replace(model, methods=tuple(methods))


def _information(reading: MethodReading, used: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Precision (11, 11) and gain (11, n_used) that one fresh sheet with these scales adds."""
    loadings = reading.loadings[used]
    weight = np.diag(1.0 / reading.noise[used])
    if reading.ipsative:  # an unknown common level is integrated out: only differences within the person remain
        inverse = 1.0 / reading.noise[used]
        weight = weight - np.outer(inverse, inverse) / inverse.sum()
    return loadings.T @ weight @ loadings, loadings.T @ weight


def _pattern_groups(sheets: Administrations) -> Sequence[Ints]:
    """Rows with the same instrument and the same scored scales."""
    if not len(sheets.method):
        return []
    scored = np.isfinite(sheets.scores)
    bits = 2 ** np.arange(scored.shape[1], dtype=np.int64)[::-1]
    codes, group = np.unique(sheets.method * (2 * bits[:1].sum()) + scored @ bits, return_inverse=True)
    return [np.flatnonzero(group == g) for g in range(len(codes))]


def interest_profile(
    model: InterestModel, grades: Ints, sheets: Administrations, trials: RatedTrials | None = None
) -> InterestProfile:
    """Posterior mean and covariance of every student.

    Parameters
    ----------
    model : InterestModel
    grades : int array (n_students,), 6-11
    sheets : Administrations
        Row order does not matter to a student's result as long as it is stable for that student.
    trials : RatedTrials, optional

    Returns
    -------
    InterestProfile
        A student's row depends on that student's rows only, bit for bit, whoever else is in the group: sums run
        element by element, never through a matrix product whose order depends on its size.
    """
    n_students, n_dims = len(grades), len(DIMENSIONS)
    prior_precision = np.linalg.inv(model.prior_covariance)
    precision = np.tile(prior_precision, (n_students, 1, 1))
    shift = np.zeros((n_students, n_dims))
    count = np.zeros(n_students, dtype=np.int64)
    prior_mean = model.prior_mean[grades]
    for rows in _pattern_groups(sheets):
        reading = model.methods[int(sheets.method[rows[0]])][1]
        n_scales = len(reading.mean)
        used = np.isfinite(sheets.scores[rows[0], :n_scales]) & reading.is_interest
        if used.sum() <= (1 if reading.ipsative else 0):
            continue
        information, gain = _information(reading, used)
        trust = 1.0 / (1.0 + DRIFT_PER_YEAR * sheets.age_years[rows])
        student = sheets.student[rows]
        standard = (sheets.scores[rows, :n_scales] - reading.mean)[:, used] / reading.spread[used]
        standard = standard - _read_mean(prior_mean[student], reading.loadings[used])
        for scale in range(standard.shape[1]):
            np.add.at(shift, student, (trust * standard[:, scale])[:, None] * gain[:, scale])
        np.add.at(precision, student, trust[:, None, None] * information)
        np.add.at(count, student, 1)
    if trials is not None and len(trials.student):
        trust = 1.0 / (TRIAL_NOISE * (1.0 + DRIFT_PER_YEAR * trials.age_years))
        level = (trials.ratings - TRIAL_MIDPOINT) / TRIAL_SPREAD
        np.add.at(shift, trials.student, (trust * level)[:, None] * trials.vectors)
        np.add.at(
            precision, trials.student, trust[:, None, None] * trials.vectors[:, :, None] * trials.vectors[:, None, :]
        )
        np.add.at(count, trials.student, 1)
    covariance = np.linalg.inv(precision)
    mean = prior_mean.copy()
    for column in range(n_dims):
        mean += covariance[:, :, column] * shift[:, column, None]
    return InterestProfile(mean, covariance, count)


def _read_mean(mean: Floats, loadings: Floats) -> Floats:
    """`mean @ loadings.T`, summed element by element so that a row does not depend on its neighbours."""
    result = np.zeros((len(mean), len(loadings)))
    for column in range(mean.shape[1]):
        result += mean[:, column, None] * loadings[:, column]
    return result


def type_vector(riasec: str, klimov: Sequence[str]) -> Floats:
    """Interest vector of a pathway from its types, most typical first.

    Parameters
    ----------
    riasec : str
        Letters such as "RI".
    klimov : sequence of str
        Codes of KLIMOV.

    Returns
    -------
    ndarray of shape (11,)
        Each half has mean zero (a pathway that fits everybody says nothing); the whole has length 1, or is zero.

    Examples
    --------
    >>> vector = type_vector("RI", ["technics"])
    >>> float(round(vector[0], 2)), float(round(vector[:6].sum(), 9) + 0.0)
    (0.56, 0.0)
    """
    vector = np.zeros(len(DIMENSIONS))
    for rank, letter in enumerate(riasec):
        vector[RIASEC.index(letter)] = (1.0, 0.6, 0.3)[min(rank, 2)]
    for rank, code in enumerate(klimov):
        vector[len(RIASEC) + KLIMOV.index(code)] = (1.0, 0.6, 0.3)[min(rank, 2)]
    return centred(vector[None, :])[0]


@lru_cache(maxsize=4096)
def mean_type_vector(types: tuple[tuple[str, tuple[str, ...]], ...]) -> Floats:
    """Interest vector of what has several types, each (letters, codes of KLIMOV); of none it is zero.

    A region asks for a few hundred again and again: all get the same array, which cannot be written to.
    """
    found = np.zeros(len(DIMENSIONS))
    if types:
        found = centred(np.mean([type_vector(*each) for each in types], axis=0)[None, :])[0]
    found.flags.writeable = False
    return found


def centred(vectors: Floats) -> Floats:
    """Centre both halves of interest vectors (n, 11) and scale to length 1; a flat vector becomes zero."""
    halves = [vectors[:, : len(RIASEC)], vectors[:, len(RIASEC) :]]
    result = np.concatenate([half - half.mean(axis=1, keepdims=True) for half in halves], axis=1)
    length = np.sqrt((result**2).sum(axis=1, keepdims=True))
    return np.where(length > 1e-9, result / np.maximum(length, 1e-9), 0.0)


def interest_information(reading: MethodReading) -> Floats:
    """Precision that one fresh, complete answer sheet adds to the profile, shape (11, 11)."""
    return _information(reading, reading.is_interest)[0]
