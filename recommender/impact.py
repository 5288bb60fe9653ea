"""What a new edition would do to everybody's lists before it is published, and what it asks for that nobody offers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS, Catalogue, PathwayKind, current_spo_code
from recommender.congestion import choice_chances
from recommender.demand import DemandEdition, DemandEntry
from recommender.demand_weights import DemandWeights
from recommender.features import StudentVectors
from recommender.pipeline import Recommendations, Recommender
from recommender.reference import Reference
from recommender.students import StudentFacts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST, LISTED = 3, 5  # places that people read; places on the card


@dataclass(frozen=True)
class Impact:
    """Lists with the edition in force beside lists with the new one.

    Attributes
    ----------
    student_counts : int array (n_kinds,)
        Students who have a list of the kind.
    is_changed : bool array (n_students, n_kinds)
        Another pathway came among the first three.
    changed_first, changed_listed : int array (n_kinds,)
        Students with another pathway among the first three, among the first five.
    before, after : int array (n_pathways,)
        Students who have the pathway among the first three.
    applicants_before, applicants_after : ndarray of shape (n_pathways,), >= 0
        Expected applicants if students chose among the five listed by the ranker's own chances.
    price_before, price_after : ndarray of shape (n_kinds,), fit units, >= 0
        Mean fit given up per place because of demand; NaN = nobody has a list.
    """

    student_counts: Ints
    is_changed: NDArray[np.bool_]
    changed_first: Ints
    changed_listed: Ints
    before: Ints
    after: Ints
    applicants_before: Floats
    applicants_after: Floats
    price_before: Floats
    price_after: Floats


def impact(
    recommender: Recommender,
    facts: StudentFacts,
    demand: DemandWeights,
    usual_choices: Mapping[str, float],
    demand_strength: float | None = None,
    vectors: StudentVectors | None = None,
) -> Impact:
    """Rank a district by the demand in force and by another.

    Parameters
    ----------
    recommender : Recommender
        With the demand in force.
    facts : StudentFacts
        A district's students; time is linear in them.
    demand : DemandWeights
        Of the edition to be published, over the same catalogue.
    usual_choices : mapping of kind to float
        How many pathways of a kind a student usually takes in a year; a kind not there counts 0.
    demand_strength : float, optional
        None = the recommender's.
    vectors : StudentVectors, optional
        Made of the same facts before, to be used again.

    Returns
    -------
    Impact
        The same edition twice changes nobody.
    """
    was = recommender.recommend(facts, k=LISTED, demand_strength=demand_strength, vectors=vectors)
    now = recommender.with_demand(demand).recommend(
        facts, k=LISTED, demand_strength=demand_strength, vectors=was.vectors
    )
    old, new = was.listed.pathways, now.listed.pathways
    is_changed = _differ(old[..., :FIRST], new[..., :FIRST])
    takes = np.array([usual_choices.get(kind, 0.0) for kind in KINDS])
    count = len(recommender.space.catalogue.pathways)
    return Impact(
        student_counts=(old[..., 0] >= 0).sum(axis=0),
        is_changed=is_changed,
        changed_first=is_changed.sum(axis=0),
        changed_listed=_differ(old, new).sum(axis=0),
        before=_having(old, count),
        after=_having(new, count),
        applicants_before=_applicants(was, takes, count),
        applicants_after=_applicants(now, takes, count),
        price_before=_mean_price(was),
        price_after=_mean_price(now),
    )


def _differ(old: Ints, new: Ints) -> NDArray[np.bool_]:
    """Whether two lists hold other pathways, whatever their order, (n_students, n_kinds)."""
    differs: NDArray[np.bool_] = (old != new).any(axis=-1)
    students, kinds = np.nonzero(differs)  # sorting is the dear part: only lists that are not equal as they stand
    pairs = (np.sort(old[students, kinds], axis=-1), np.sort(new[students, kinds], axis=-1))
    differs[students, kinds] = (pairs[0] != pairs[1]).any(axis=-1)
    return differs


def _having(listed: Ints, count: int) -> Ints:
    first = listed[..., :FIRST]
    return np.bincount(first[first >= 0], minlength=count)


def _applicants(made: Recommendations, takes: Floats, count: int) -> Floats:
    is_listed = made.listed.pathways >= 0
    chances = choice_chances(made.listed.scores) * takes[:, None]
    return np.bincount(made.listed.pathways[is_listed], chances[is_listed], minlength=count).astype(float)


def _mean_price(made: Recommendations) -> Floats:
    has_list = made.listed.pathways[..., 0] >= 0
    counts = has_list.sum(axis=0)
    total: Floats = np.where(has_list, made.price_of_demand, 0.0).sum(axis=0)
    return np.divide(total, counts, out=np.full(len(KINDS), np.nan), where=counts > 0)


@dataclass(frozen=True)
class Gap:
    """A profession in demand that some kind of pathway does not lead to.

    Attributes
    ----------
    entry : DemandEntry
    lacking : tuple of PathwayKind
        Kinds without any pathway to it in the catalogue.
    """

    entry: DemandEntry
    lacking: tuple[PathwayKind, ...]


def find_gaps(edition: DemandEdition, catalogue: Catalogue, reference: Reference) -> tuple[Gap, ...]:
    """Professions of an edition with no class, elective or trial in the district.

    Parameters
    ----------
    edition : DemandEdition
    catalogue : Catalogue
    reference : Reference

    Returns
    -------
    tuple of Gap
        In the order of the edition; entries that lead nowhere at all are left out, they are not matched.
    """
    codes: dict[PathwayKind, set[str]] = {kind: set() for kind in KINDS}
    groups: dict[PathwayKind, set[str]] = {kind: set() for kind in KINDS}
    profiles: dict[PathwayKind, set[str]] = {kind: set() for kind in KINDS}
    for pathway in catalogue.pathways:
        codes[pathway.kind].update(current_spo_code(reference, code) for code in pathway.spo_codes)
        profiles[pathway.kind].update(pathway.profiles)
        if not pathway.spo_codes:  # a class or a course leads to all specialties of its profiles' groups
            groups[pathway.kind].update(
                g for profile in pathway.profiles for g in reference.profiles[profile].spo_groups
            )
    found = []
    for entry in edition.entries:
        wanted = {current_spo_code(reference, code) for code in entry.spo_codes}
        lacking = tuple(
            kind
            for kind in KINDS
            if not wanted & codes[kind]
            and not {code[:2] for code in wanted} & groups[kind]
            and not set(entry.profiles) & profiles[kind]
        )
        if lacking and (wanted or entry.profiles):
            found.append(Gap(entry, lacking))
    return tuple(found)
