"""Interests at a glance: which types lead, as far as they can be told apart; the card's remark and a class's column."""

import math
from collections.abc import Sequence

import numpy as np

from recommender.interests import DIMENSIONS, KLIMOV, RIASEC, InterestProfile
from service.recommendations.words import INTERESTS

FLAT_SPREAD = 0.35  # standard deviations between the highest and the lowest type of a flat profile
MOST_TOLD = 2  # of more that cannot be told apart, none leads
FAMILIES = (slice(0, len(RIASEC)), slice(len(RIASEC), len(RIASEC) + len(KLIMOV)))
NOT_MEASURED, EVEN, NONE_LEADS = "не измерено", "ровный", "ведущего нет"


def is_flat(profile: InterestProfile, student: int, family: slice) -> bool:
    """Whether all types of a family lie close together."""
    means = profile.mean[student][family]
    return bool(means.max() - means.min() < FLAT_SPREAD)


def leaders(profile: InterestProfile, student: int, family: slice) -> list[int]:
    """Positions of the highest type of a family and of those that its error does not tell from it, highest first."""
    means = profile.mean[student][family]
    order = [int(place) + family.start for place in np.argsort(-means, kind="stable")]
    return [order[0], *(place for place in order[1:] if not is_ahead(profile, student, order[0], place))]


def is_ahead(profile: InterestProfile, student: int, first: int, second: int) -> bool:
    """Whether the first lies above the second by the error of their difference, or more."""
    mean, covariance = profile.mean[student], profile.covariance[student]
    variance = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    return bool(mean[first] - mean[second] >= math.sqrt(max(float(variance), 0.0)))


def told_leaders(profile: InterestProfile, student: int) -> list[list[str]]:
    """Codes of what leads in each family, two where they are a tie; a family where nothing leads is left out."""
    if not int(profile.reading_count[student]):
        return []
    found = [leaders(profile, student, family) for family in FAMILIES if not is_flat(profile, student, family)]
    return [[DIMENSIONS[place] for place in places] for places in found if len(places) <= MOST_TOLD]


def at_a_glance(profile: InterestProfile, student: int) -> str:
    """A few words for a line of a class."""
    if not int(profile.reading_count[student]):
        return NOT_MEASURED
    if found := told_leaders(profile, student):
        return said(found)
    return EVEN if all(is_flat(profile, student, family) for family in FAMILIES) else NONE_LEADS


def said(found: Sequence[Sequence[str]]) -> str:
    """Leading types as a person names them.

    >>> said([["R"], ["technics", "sign"]])
    'работа руками; техника или знаковые системы'
    """
    return "; ".join(" или ".join(INTERESTS[code] for code in codes) for codes in found)
