"""Interests at a glance: which types lead, in a few words; a class's column."""

from collections.abc import Sequence

from recommender.interests import DIMENSIONS, InterestProfile
from recommender.leading import FAMILIES, is_flat, leaders
from service.recommendations.words import INTERESTS

MOST_TOLD = 2  # of more that cannot be told apart, none leads
NOT_MEASURED, EVEN, NONE_LEADS = "не измерено", "ровный", "ведущего нет"


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
