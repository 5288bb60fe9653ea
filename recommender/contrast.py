"""Two pathways side by side; and why one is not among the first: rules, place, what costs it, what would help."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Pathway
from recommender.counterfactual import PLACES, Counterfactual, copies, counterfactuals
from recommender.eligibility import EligibilityRule, refusing_rules
from recommender.errors import TableValueError
from recommender.explanation import quoted_facts
from recommender.pipeline import Recommendations, Recommender
from recommender.scoring import BLOCK_OF, CONTRIBUTIONS
from recommender.uncertainty import NINE_OF_TEN

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TermContrast:
    """What one term says of each of two pathways.

    Attributes
    ----------
    term, block : str
    first, second : float, log-odds
        Contributions.
    difference : float
        First less second.
    first_facts, second_facts : dict
        The student's own facts, as a reason quotes them.
    """

    term: str
    block: str
    first: float
    second: float
    difference: float
    first_facts: dict[str, object]
    second_facts: dict[str, object]


@dataclass(frozen=True)
class Contrast:
    """Two pathways of one kind for one student.

    Attributes
    ----------
    first_fit, second_fit : float in [0, 1]
    difference : float, log-odds
        Score of the first less that of the second; the differences of the terms, and those of the blocks, sum to it.
    blocks : mapping of str to float
    terms : tuple of TermContrast
        Those that differ, largest difference first.
    """

    first: Pathway
    second: Pathway
    first_fit: float
    second_fit: float
    difference: float
    blocks: Mapping[str, float]
    terms: tuple[TermContrast, ...]


@dataclass(frozen=True)
class WhyNot:
    """Why a pathway is not among the first of its list.

    Attributes
    ----------
    refusals : tuple of EligibilityRule
        All rules that refuse it; then there is neither place nor change.
    rank : int or None
        Place among the pathways of its kind that may be offered, with the demand nudge.
    offered_count : int
        How many of its kind may be offered.
    fit, fit_low, fit_high : float in [0, 1]
        With the 90 % interval.
    against : Contrast or None
        With the pathway in the last of the first PLACES; None = refused, or among the first itself.
    changes : tuple of Counterfactual
        Smallest single changes that would bring it among the first.
    """

    pathway: Pathway
    refusals: tuple[EligibilityRule, ...]
    rank: int | None
    offered_count: int
    fit: float
    fit_low: float
    fit_high: float
    against: Contrast | None
    changes: tuple[Counterfactual, ...]


def contrast(recommender: Recommender, made: Recommendations, student: int, first: str, second: str) -> Contrast:
    """Compare two pathways for one student, term by term.

    Parameters
    ----------
    recommender : Recommender
    made : Recommendations
    student : int
        Position in `made.facts`.
    first, second : str
        Pathway codes.

    Returns
    -------
    Contrast

    Raises
    ------
    UnknownCodeError
        The catalogue has no such pathway.
    TableValueError
        Pathways of different kinds: their scores cannot be compared.
    """
    space = recommender.space
    one, other = space.catalogue.get_pathway(first), space.catalogue.get_pathway(second)
    if one.kind != other.kind:
        raise TableValueError("compare two pathways of one kind", column="pathway_code", found=(first, second))
    rows = np.array([space.catalogue.position[code] for code in (first, second)])
    added = recommender.compiled.contributions(made.vectors, np.full(2, student), rows)
    differences = added[0] - added[1]
    terms = []
    for column in np.argsort(-np.abs(differences), kind="stable"):
        if differences[column] == 0.0:
            break
        term, is_first = CONTRIBUTIONS[column], bool(differences[column] > 0)
        facts = [
            quoted_facts(space, made.facts, made.vectors, student, int(row), term, is_for=is_for)
            for row, is_for in zip(rows, (is_first, not is_first), strict=True)
        ]
        mine, yours = added[:, column].tolist()
        terms.append(TermContrast(term, BLOCK_OF[term], mine, yours, float(differences[column]), *facts))
    blocks: dict[str, float] = {}
    for told in terms:
        blocks[told.block] = blocks.get(told.block, 0.0) + told.difference
    scores = added.sum(axis=1)
    kind = int(recommender.compiled.kind_of[rows[0]])
    fit, other_fit = (recommender.fit(float(score), kind) for score in scores)
    return Contrast(one, other, fit, other_fit, float(scores[0] - scores[1]), blocks, tuple(terms))


def why_not(recommender: Recommender, made: Recommendations, student: int, pathway_code: str) -> WhyNot:
    """Why a pathway is not among the first: the rules that refuse it, or its place, what costs it, what would help.

    Parameters
    ----------
    recommender : Recommender
    made : Recommendations
        Its demand strength is that of the list asked about.
    student : int
        Position in `made.facts`.
    pathway_code : str

    Returns
    -------
    WhyNot

    Raises
    ------
    UnknownCodeError
        The catalogue has no such pathway.
    """
    catalogue = recommender.space.catalogue
    pathway, row = catalogue.get_pathway(pathway_code), catalogue.position[pathway_code]
    kind = int(recommender.compiled.kind_of[row])
    fit = _fit_with_interval(recommender, made, student, row, kind)
    words = recommender.words(made.facts, student)
    offered = int(((words == 0) & (recommender.compiled.kind_of == kind)).sum())
    if words[row]:
        refusals = refusing_rules(recommender.rules, int(words[row]))
        return WhyNot(pathway, refusals, None, offered, *fit, against=None, changes=())
    alone, strength = copies(made.facts, student, [None]), made.demand_strength
    order = recommender.recommend(alone, k=offered, demand_strength=strength).listed.pathways[0, kind]
    rank = int(np.flatnonzero(order == row)[0]) + 1
    if rank <= PLACES:
        return WhyNot(pathway, (), rank, offered, *fit, against=None, changes=())
    last = catalogue.pathways[order[PLACES - 1]].pathway_code
    return WhyNot(
        pathway,
        (),
        rank,
        offered,
        *fit,
        against=contrast(recommender, made, student, pathway_code, last),
        changes=counterfactuals(recommender, made.facts, student, row, demand_strength=strength),
    )


def _fit_with_interval(
    recommender: Recommender, made: Recommendations, student: int, row: int, kind: int
) -> tuple[float, float, float]:
    pathways = np.array([row])
    score = float(recommender.compiled.contributions(made.vectors, np.array([student]), pathways).sum())
    deviations = recommender.doubt.deviations(made.facts, made.vectors, student, kind, pathways)
    spread = NINE_OF_TEN * float(np.sqrt((deviations**2).sum() + recommender.doubt.unseen_variance[row]))
    return recommender.fit(score, kind), recommender.fit(score - spread, kind), recommender.fit(score + spread, kind)
