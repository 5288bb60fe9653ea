"""What each fact of a student adds: a contribution split exactly over the facts that made it.

A straight term is a sum over columns (a subject, a wish, an interest), so each column's product is its share. A shaped
term bends that sum x: f(x) = f(0) + x * (f(x) - f(0)) / x, so each product is multiplied by the mean slope between
nothing known and the student, and f(0), what the term gives when nothing is known, belongs to no fact. It is
the Aumann-Shapley value of a function of a sum (Aumann & Shapley 1974; integrated gradients: Sundararajan, Taly & Yan
2017). What peers add is split by the facts, or the instruments, that lean to the field; what rounding leaves of it
(below 2^-21 of a unit) is shared in proportion to size.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.features import (
    FACT_TERMS,
    SHAPED_TERMS,
    STUDENT_STEP,
    TERM_CODES,
    VECTOR_TERMS,
    FeatureSpace,
    StudentVectors,
    on_grid,
)
from recommender.scoring import CONTRIBUTIONS, CompiledRanker
from recommender.scoring_layout import VALUE_STEP
from recommender.students import StudentFacts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Key = tuple[str, str]


class FactShare(NamedTuple):
    """Share of one fact in one contribution.

    Attributes
    ----------
    term : str
        One of scoring.CONTRIBUTIONS.
    fact : str
        What sort of fact: the term whose column it is, "instrument" for single answers; "" = no fact of the student:
        the place, past choices, or what a shaped term gives when nothing is known.
    code : str
        Of the interest, subject, profile, programme, SPO group or instrument.
    contribution : float, log-odds
    """

    term: str
    fact: str
    code: str
    contribution: float


def fact_shares(
    compiled: CompiledRanker, facts: StudentFacts, vectors: StudentVectors, student: int, pathways: Ints
) -> list[tuple[FactShare, ...]]:
    """Contributions of pathways to one student's scores, by fact.

    Parameters
    ----------
    compiled : CompiledRanker
    facts, vectors
        The student's group; `student` is a position.
    pathways : int array (n,)

    Returns
    -------
    list of tuple of FactShare
        For each pathway; only what is not zero. The shares of a term sum to its contribution, to rounding (1e-12).
    """
    contributions = compiled.contributions(vectors, np.full(len(pathways), student), pathways)
    found: list[list[FactShare]] = [[] for _ in pathways]
    for column, term in enumerate(CONTRIBUTIONS):
        total = contributions[:, column]
        if term not in VECTOR_TERMS:
            keys: Sequence[Key] = (("", ""),)
            shares = total[None, :]
        elif term == "peer_facts":
            keys, shares = compiled.space.fact_codes, _peer_facts(compiled, vectors, student, pathways, total)
        elif term == "peer_answers":
            keys, shares = _peer_answers(compiled, facts, student, pathways, total)
        else:
            keys, shares = _products(compiled, vectors, student, pathways, total, term)
        for row, pathway in np.argwhere(shares != 0):
            found[pathway].append(FactShare(term, keys[row][0], keys[row][1], float(shares[row, pathway])))
    return [tuple(sorted(each, key=lambda share: (-abs(share.contribution), share))) for each in found]


def _products(
    compiled: CompiledRanker, vectors: StudentVectors, student: int, pathways: Ints, total: Floats, term: str
) -> tuple[list[Key], Floats]:
    layout, place = compiled.layout, VECTOR_TERMS.index(term)
    columns = slice(layout.ends[place], layout.ends[place + 1])
    contents = layout.content_of[pathways].astype(np.int64)
    products = vectors.matrix[student, columns][:, None] * layout.rows[columns][:, contents]
    keys = [(term, code) for code in _codes(compiled.space, term)]
    if term not in SHAPED_TERMS:
        return keys, products
    shape = layout.shape_of[place]
    knots, bends = layout.knots[shape][:, contents], layout.bends[shape][:, contents]
    unknown = on_grid((bends * np.maximum(-knots, 0.0)).sum(axis=0), VALUE_STEP)
    raw = products.sum(axis=0)
    slope = layout.slopes[shape][contents] + (bends * (knots < 0)).sum(axis=0)  # at nothing known
    np.divide(total - unknown, raw, out=slope, where=raw != 0)
    return [*keys, ("", "")], np.vstack([products * slope, unknown])


def _codes(space: FeatureSpace, term: str) -> list[str]:
    if term == "elective_wish":
        return list(space.programme_index)
    return [code for own, code in space.fact_codes if own == term]


def _peer_facts(
    compiled: CompiledRanker, vectors: StudentVectors, student: int, pathways: Ints, total: Floats
) -> Floats:
    space = compiled.space
    if not space.peers.fact_weights.size:
        return np.zeros((len(space.fact_codes), len(pathways)))
    known = on_grid(np.concatenate([vectors.blocks[term][student] for term in FACT_TERMS]), STUDENT_STEP)
    leaning = space.peers.fact_weights @ space.pathway_blocks["peer_facts"][pathways].T
    return _rounded_to(known[:, None] * leaning * _weight(compiled, "peer_facts", pathways), total)


def _peer_answers(
    compiled: CompiledRanker, facts: StudentFacts, student: int, pathways: Ints, total: Floats
) -> tuple[list[Key], Floats]:
    space = compiled.space
    instruments = list(space.reference.instruments)
    shares = np.zeros((len(instruments), len(pathways)))
    if space.peers.answer_weights.size:
        leaning = space.peers.answer_weights @ space.pathway_blocks["peer_answers"][pathways].T
        answers = space.answers_of(facts)[student]
        asked_by = space.question_places[:, 0]
        known = asked_by >= 0
        np.add.at(shares, asked_by[known], (answers[:, None] * leaning)[known])
        shares = _rounded_to(shares * _weight(compiled, "peer_answers", pathways), total)
    return [("instrument", code) for code in instruments], shares


def _weight(compiled: CompiledRanker, term: str, pathways: Ints) -> Floats:
    weight: Floats = compiled.ranker.weights[compiled.kind_of[pathways], TERM_CODES.index(term)]
    return weight


def _rounded_to(shares: Floats, total: Floats) -> Floats:
    """Shares (n_facts, n) that sum to the totals (n,): what rounding left over goes to each by its size."""
    size = np.abs(shares)
    whole = size.sum(axis=0)
    left = total - shares.sum(axis=0)
    result: Floats = shares + np.divide(left, whole, out=np.zeros_like(left), where=whole > 0) * size
    return result
