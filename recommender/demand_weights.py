"""Weighs the pathways of a catalogue by an edition of the demand list.

A pathway's `demand_weight` is made of the list entries its SPO codes lead to:
`entry weight = level x persistence x lead time`, each factor in (0, 1] and each explained in `EntryWeight`.
A career trial takes its strongest entry; a profile class or an elective the mean of its three strongest, because it
opens several roads. Raising a level or staying in the list longer never lowers a weight.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Catalogue, Pathway, PathwayKind, current_spo_code
from recommender.demand import TOP_LEVEL, DemandEdition, DemandEntry
from recommender.reference import GROUP_LETTERS, Reference

PRESENCE_LEVEL = 3  # a list without levels and order says only "in demand"
FIRST_EDITION_FACTOR, EDITION_STEP, FULL_RUN = 0.7, 0.1, 4
LEAD_DISCOUNT_PER_YEAR = 0.08  # "needed now" says less about the year in which a student graduates
HIGHER_ROAD_MONTHS = 72  # after grade 9: two years of a profile class and four of a bachelor's course
ROADS_OF_A_CLASS = 3
WORD, STEM = re.compile(r"[а-я]{4,}"), 5  # titles in other cases still share the beginnings of their words


@dataclass(frozen=True, slots=True)
class EntryWeight:
    """Where a pathway's weight comes from: the entry and its three factors in (0, 1]."""

    entry: DemandEntry
    level_factor: float
    persistence_factor: float
    lead_factor: float

    @property
    def weight(self) -> float:
        """Product of the factors."""
        return self.level_factor * self.persistence_factor * self.lead_factor


@dataclass(frozen=True)
class DemandWeights:
    """Demand of every pathway of a catalogue by one edition.

    Attributes
    ----------
    weights : ndarray of shape (n_pathways,), in [0, 1]; NaN where the edition names no profession of the pathway
    sources : tuple of tuple of EntryWeight
        The entries that make the weight, nearest to the pathway's profile first; empty where NaN.
    """

    edition: DemandEdition | None
    weights: NDArray[np.float64]
    sources: tuple[tuple[EntryWeight, ...], ...]


def _is_reused(reference: Reference, code: str) -> bool:
    """Whether the list of 2013 gave this code to something else: it then says nothing across editions."""
    former = reference.former_spo.get(code)
    if former is None or code not in reference.spo:
        return False
    names = (former.title_ru, reference.spo[code].title_ru)
    old, new = ({word[:STEM] for word in WORD.findall(name.lower().replace("ё", "е"))} for name in names)
    return not old & new


def _lasting_codes(entry: DemandEntry, reference: Reference) -> frozenset[str]:
    """Codes in force by which an entry is known again under another title."""
    known = (current_spo_code(reference, code) for code in entry.spo_codes if not _is_reused(reference, code))
    return frozenset(known)


class _Runs:
    """How many editions in a row, back from the newest, each named a profession."""

    def __init__(self, earlier: Sequence[DemandEdition], reference: Reference) -> None:
        self._reference = reference
        self._titles = [{entry.title_key for entry in edition.entries} for edition in earlier]
        self._codes = [
            frozenset().union(*(_lasting_codes(entry, reference) for entry in edition.entries)) for edition in earlier
        ]

    def persistence(self, entry: DemandEntry) -> float:
        """0.7 in its first edition, 0.1 more for each edition in a row, 1.0 from the fourth on."""
        run, codes = 1, _lasting_codes(entry, self._reference)
        for titles, named in zip(self._titles, self._codes, strict=True):
            if entry.title_key not in titles and not codes & named:
                break
            run += 1
        return min(1.0, FIRST_EDITION_FACTOR + EDITION_STEP * (run - 1))


def _levels(edition: DemandEdition) -> list[float]:
    """Level of 5 of each entry; without any levels its place by position (first 1.0, last above 0.5).

    Without order (an alphabetical list), and where other entries have levels, presence says "in demand" and no more.
    """
    entries = edition.entries
    titles = [entry.title_key for entry in entries]
    if any(entry.level is not None for entry in entries) or titles == sorted(titles):
        return [(entry.level or PRESENCE_LEVEL) / TOP_LEVEL for entry in entries]
    places = np.empty(len(entries))
    places[np.argsort([entry.position for entry in entries], kind="stable")] = np.arange(len(entries))
    return [float(level) for level in 1.0 - 0.5 * places / len(entries)]


def _lead(entry: DemandEntry, reference: Reference) -> float:
    """Discount of a current need by the shortest road to it; needs called "perspective" are not discounted."""
    months = [reference.spo[c].study_months for c in entry.spo_codes if c in reference.spo]
    known = [span[0] for span in months if span is not None] + [HIGHER_ROAD_MONTHS] * bool(entry.profiles)
    if entry.horizon != "current" or not known:
        return 1.0
    return 1.0 - LEAD_DISCOUNT_PER_YEAR * min(known) / 12


@dataclass(frozen=True)
class WeighedEntries:
    """An edition's entries with their weights, by where they lead.

    Attributes
    ----------
    by_spo_code : mapping of SPO code in force to tuple of EntryWeight
        Every entry that names the code: were only the strongest kept, one that overtakes it would take its other roads.
    by_profile : mapping of profile class code to tuple of EntryWeight
        Professions of higher education that the class leads to.
    """

    by_spo_code: Mapping[str, tuple[EntryWeight, ...]]
    by_profile: Mapping[str, tuple[EntryWeight, ...]]

    def by_group(self) -> dict[str, tuple[EntryWeight, ...]]:
        """Entries by the two letters of an SPO group that they lead to, each once in a group."""
        found: dict[str, dict[int, EntryWeight]] = {}
        for code, own in self.by_spo_code.items():
            found.setdefault(code[:GROUP_LETTERS], {}).update((id(each.entry), each) for each in own)
        return {group: tuple(entries.values()) for group, entries in found.items()}


def weigh_entries(edition: DemandEdition, earlier: Sequence[DemandEdition], reference: Reference) -> WeighedEntries:
    """Weigh what an edition names.

    Parameters
    ----------
    edition : DemandEdition
    earlier : sequence of DemandEdition
        The lists before it, oldest first, each in one revision; the last three count.
    reference : Reference

    Returns
    -------
    WeighedEntries
        Closed codes are followed to their successors.
    """
    runs = _Runs(earlier[::-1][: FULL_RUN - 1], reference)
    by_code: dict[str, list[EntryWeight]] = {}
    higher: dict[str, list[EntryWeight]] = {}
    for entry, level in zip(edition.entries, _levels(edition), strict=True):
        weighed = EntryWeight(entry, level, runs.persistence(entry), _lead(entry, reference))
        for current in dict.fromkeys(current_spo_code(reference, code) for code in entry.spo_codes):
            by_code.setdefault(current, []).append(weighed)
        for profile in entry.profiles:
            higher.setdefault(profile, []).append(weighed)
    by_spo_code, by_profile = ({key: tuple(found) for key, found in each.items()} for each in (by_code, higher))
    return WeighedEntries(by_spo_code, by_profile)


def _roads(pathway: Pathway, weighed: WeighedEntries, reference: Reference) -> list[EntryWeight]:
    by_code = weighed.by_spo_code
    higher: tuple[EntryWeight, ...] = ()
    if pathway.spo_codes:
        codes = [current_spo_code(reference, code) for code in pathway.spo_codes]
    else:
        groups = {group for profile in pathway.profiles for group in reference.profiles[profile].spo_groups}
        codes = [code for code in by_code if code[:2] in groups]
        higher = tuple(road for profile in pathway.profiles for road in weighed.by_profile.get(profile, ()))
    found = {id(road.entry): road for code in codes for road in by_code.get(code, ())}
    found |= {id(road.entry): road for road in higher}
    return sorted(found.values(), key=lambda road: (-road.weight, road.entry.position))


def _closeness(road: EntryWeight, pathway: Pathway, reference: Reference) -> int:
    """Place of an entry's SPO group among those of the pathway's profiles: a class names its nearest group first."""
    groups = [group for profile in pathway.profiles for group in reference.profiles[profile].spo_groups]
    found = [groups.index(code[:2]) for code in road.entry.spo_codes if code[:2] in groups]
    return min(found, default=0)


def demand_weights(
    catalogue: Catalogue, reference: Reference, edition: DemandEdition | None, earlier: Sequence[DemandEdition] = ()
) -> DemandWeights:
    """Weigh every pathway of a catalogue by an edition.

    Parameters
    ----------
    catalogue : Catalogue
    reference : Reference
    edition : DemandEdition or None
        None: no list in force; all weights NaN.
    earlier : sequence of DemandEdition
        The lists before it, oldest first, for persistence.

    Returns
    -------
    DemandWeights
    """
    weights = np.full(len(catalogue.pathways), math.nan)
    sources: list[tuple[EntryWeight, ...]] = [()] * len(catalogue.pathways)
    if edition is not None:
        weighed = weigh_entries(edition, earlier, reference)
        for row, pathway in enumerate(catalogue.pathways):
            count = 1 if pathway.kind == PathwayKind.CAREER_TRIAL else ROADS_OF_A_CLASS
            roads = _roads(pathway, weighed, reference)[:count]
            if roads:
                weights[row] = sum(road.weight for road in roads) / count
                sources[row] = tuple(sorted(roads, key=lambda road: _closeness(road, pathway, reference)))
    return DemandWeights(edition, weights, tuple(sources))
