"""Which interests lead in a profile, as far as its error can tell them apart.

No new estimate: differences of the posterior of `recommender.interests`, against the standard error of the difference.
"""

import math

import numpy as np
from numpy.typing import NDArray

from recommender.interests import KLIMOV, RIASEC, InterestProfile

FLAT_SPREAD = 0.35  # standard deviations between the highest and the lowest type of a flat family
FAMILIES = (slice(0, len(RIASEC)), slice(len(RIASEC), len(RIASEC) + len(KLIMOV)))  # of DIMENSIONS: Holland, Klimov


def is_flat(profile: InterestProfile, student: int, family: slice) -> bool:
    """Whether all types of a family lie close together.

    Parameters
    ----------
    profile : InterestProfile
    student : int
        Position in the profile.
    family : slice
        One of FAMILIES.

    Returns
    -------
    bool
        The highest lies less than FLAT_SPREAD standard deviations above the lowest.

    Examples
    --------
    >>> profile = InterestProfile(np.zeros((1, 11)), np.eye(11)[None], np.array([1]))
    >>> is_flat(profile, 0, FAMILIES[0])
    True
    """
    means = profile.mean[student][family]
    return bool(means.max() - means.min() < FLAT_SPREAD)


def leaders(profile: InterestProfile, student: int, family: slice) -> list[int]:
    """The highest type of a family and those that the error does not tell from it.

    Parameters
    ----------
    profile : InterestProfile
    student : int
        Position in the profile.
    family : slice
        One of FAMILIES.

    Returns
    -------
    list of int
        Positions in DIMENSIONS, the highest first; never empty.

    Examples
    --------
    >>> mean = np.zeros((1, 11)); mean[0, :3] = 1.0, 0.9, 0.2
    >>> leaders(InterestProfile(mean, 0.1 * np.eye(11)[None], np.array([1])), 0, FAMILIES[0])
    [0, 1]
    """
    means = profile.mean[student][family]
    order = [int(place) + family.start for place in np.argsort(-means, kind="stable")]
    return [order[0], *(place for place in order[1:] if not _is_ahead(profile, student, order[0], place))]


def _is_ahead(profile: InterestProfile, student: int, first: int, second: int) -> bool:
    """Whether the first lies above the second by the error of their difference, or more."""
    mean, covariance = profile.mean[student], profile.covariance[student]
    variance = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    return bool(mean[first] - mean[second] >= math.sqrt(max(float(variance), 0.0)))


def above_peers(profile: InterestProfile) -> NDArray[np.bool_]:
    """Which interests stand above those of the peers by more than their error.

    Parameters
    ----------
    profile : InterestProfile

    Returns
    -------
    bool array of shape (n_students, 11)
        False throughout for whom nothing was measured.

    Examples
    --------
    >>> mean = np.zeros((1, 11)); mean[0, :2] = 1.0, 0.3
    >>> above_peers(InterestProfile(mean, 0.25 * np.eye(11)[None], np.array([1]))).sum()
    np.int64(1)
    """
    return (profile.mean > profile.standard_deviation) & (profile.reading_count > 0)[:, None]
