"""From scores to fit: a probability that is absolute, and how far off it is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from recommender.expert import ExpertWeights
from recommender.outcomes import LIKED, OFFERED

Floats = NDArray[np.float64]

MIN_CALIBRATION = 60  # fewer outcomes than this: fit stays expert judgement
MIN_SLOPE = 1e-3
LEVEL_SIZE = 10.0  # so large that the ridge of the fit does not touch the intercepts


def calibrate(
    scores: Sequence[Floats], relevance: Sequence[Floats], expert: ExpertWeights
) -> tuple[float, float, bool]:
    """Fit: of a choice that turned out well and an offer passed over, drawn with equal chance, how likely the first.

    The chance that a choice turns out well hardly depends on the score once the choice is made (people choose what
    suits them), and the chance of being chosen at all depends on how much is on offer. Weighing both sides equally
    gives a probability that is absolute: low everywhere for a student whom nothing on offer suits.

    Years differ in how much is known of everybody, which moves all scores alike: so they share the slope, each has an
    intercept of its own, and the newest year's is served.

    Parameters
    ----------
    scores, relevance : sequence of ndarray of shape (n_rows,), one a year, newest last
        Choice sets that the ranker did not learn from.
    expert : ExpertWeights
        Kept when there are too few good outcomes or no rise with the score.

    Returns
    -------
    (slope, intercept, is_calibrated)
        Logistic function (Platt 1999); slope > 0.
    """
    rows, good, weight = [], [], []
    years = [year for year, grades in enumerate(relevance) if (grades >= LIKED).any() and (grades == OFFERED).any()]
    for place, year in enumerate(years):
        liked, passed = relevance[year] >= LIKED, relevance[year] == OFFERED
        used = liked | passed
        level = np.zeros((int(used.sum()), len(years)))
        level[:, place] = LEVEL_SIZE
        rows.append(np.column_stack([scores[year][used], level]))
        good.append(liked[used])
        weight.append(np.where(liked, 1.0, liked.sum() / passed.sum())[used])
    if not years or sum(int(liked.sum()) for liked in good) < MIN_CALIBRATION:
        return expert.slope, expert.intercept, False
    fitted = LogisticRegression(C=100.0, fit_intercept=False, max_iter=1000)
    fitted.fit(np.vstack(rows), np.concatenate(good), sample_weight=np.concatenate(weight))
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.coef_[0, -1]) * LEVEL_SIZE
    if slope <= MIN_SLOPE:
        return expert.slope, expert.intercept, False
    return slope, intercept, True


def balanced_calibration_error(fit: Floats, relevance: Floats, bins: int = 10) -> float:
    """How far fit is from what it says, in the sense of `calibrate`, on the average over bins.

    Parameters
    ----------
    fit : ndarray of shape (n_rows,), in [0, 1]
    relevance : ndarray of shape (n_rows,), 0-3
        Choices that did not turn out well are neither good nor passed over and are left out.
    bins : int
        Bins that hold the same balanced weight each.

    Returns
    -------
    float in [0, 1]
        Expected calibration error (Naeini et al. 2015) with both sides weighing the same; NaN with one side empty.

    Examples
    --------
    Two good ones at .8 and one at .4, one passed over at .8 and two at .4: of .8, two thirds were good.

    >>> fit, grade = np.array([0.8, 0.8, 0.4, 0.8, 0.4, 0.4]), np.array([2, 2, 2, 0, 0, 0])
    >>> round(balanced_calibration_error(fit, grade, bins=2), 3)  # (|.8 - .667| + |.4 - .333|) / 2
    0.1
    """
    good, passed = relevance >= LIKED, relevance == OFFERED
    if not good.any() or not passed.any():
        return float("nan")
    used = good | passed
    order = np.argsort(fit[used], kind="stable")
    weight = np.where(good[used], 0.5 / good.sum(), 0.5 / passed.sum())[order]
    share = np.cumsum(weight) - weight / 2
    place = np.minimum((share * bins).astype(np.int64), bins - 1)
    held = np.bincount(place, weight, bins)
    said = np.bincount(place, weight * fit[used][order], bins)
    came = np.bincount(place, weight * good[used][order], bins)
    return float(np.abs(said - came)[held > 0].sum())
