"""The served form of a ranker: arrays in, the best pathways of every kind out.

`score = linear part + bends + what the student's school adds`; then refusals, calibration and the demand nudge, and
the best k of each kind. One compiled loop over students: a student's vector is mostly zeros (seven of eight in the
sample region), so adding up the rows of the non-zero entries beats a dense product, and the order of summation depends
on that student alone: the same bits alone as in a region's batch, on any machine. Without numba the same loop runs
interpreted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS
from recommender.features import ACCESS_TERMS, SHAPED_TERMS, TERM_CODES, VECTOR_TERMS, FeatureSpace, StudentVectors

try:
    from numba import njit as _njit

    compiled: Any = _njit(cache=True, nogil=True)
except ImportError:  # pragma: no cover - the same loop, interpreted

    def compiled(function: Any) -> Any:
        """Leave the loop to the interpreter."""
        return function


Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ServedRanker:
    """Everything learned, as plain arrays and numbers; nothing here can execute.

    Attributes
    ----------
    weights : ndarray of shape (n_kinds, n_terms), in the order of TERM_CODES
    knots, bend_weights : ndarray of shape (n_kinds, n_shaped, n_knots), in the order of SHAPED_TERMS
    programme_bias, host_bias : one mapping of code to float per kind; an unknown code has none
    calibration : ndarray of shape (n_kinds, 2)
        `fit = 1 / (1 + exp(-(slope * score + intercept)))`, slope > 0.
    is_calibrated : bool array (n_kinds,)
        False = slope and intercept are expert judgement, no outcomes were there.
    """

    weights: Floats
    knots: Floats
    bend_weights: Floats
    programme_bias: tuple[Mapping[str, float], ...]
    host_bias: tuple[Mapping[str, float], ...]
    calibration: Floats
    is_calibrated: NDArray[np.bool_]


@dataclass(frozen=True)
class Listed:
    """The best pathways of each kind.

    Attributes
    ----------
    pathways : int array (n_students, n_kinds, k)
        Positions in the catalogue, best first; -1 = fewer pathways than places.
    scores, fit, final : float arrays of the same shape
        Log-odds, fit in [0, 1], fit with the demand nudge; NaN at empty places.
    unmoved, unmoved_fit : int and float arrays of the same shape
        The list without demand and its fit.
    """

    pathways: Ints
    scores: Floats
    fit: Floats
    final: Floats
    unmoved: Ints
    unmoved_fit: Floats


class CompiledRanker:
    """A ranker laid out for one catalogue.

    Parameters
    ----------
    ranker : ServedRanker
    space : FeatureSpace
    """

    def __init__(self, ranker: ServedRanker, space: FeatureSpace) -> None:
        self.ranker = ranker
        self.space = space
        pathways = space.catalogue.pathways
        self.kind_of = np.array([KINDS.index(pathway.kind) for pathway in pathways], dtype=np.int64)
        self.bounds = np.array(space.catalogue.kind_bounds, dtype=np.int64)
        self.programme_bias = np.array(
            [ranker.programme_bias[k].get(p.programme_code, 0.0) for k, p in zip(self.kind_of, pathways, strict=True)],
            dtype=float,
        )
        self.host_bias = np.array(
            [ranker.host_bias[k].get(p.host_code, 0.0) for k, p in zip(self.kind_of, pathways, strict=True)],
            dtype=float,
        )
        weight_of = {term: ranker.weights[self.kind_of, column] for column, term in enumerate(TERM_CODES)}
        blocks = [space.pathway_blocks[term] * weight_of[term][:, None] for term in VECTOR_TERMS]
        self.linear = np.ascontiguousarray(np.hstack(blocks).T)
        ends = np.cumsum([0, *(block.shape[1] for block in blocks)])
        places = [VECTOR_TERMS.index(term) for term in SHAPED_TERMS]
        self.shaped_columns = np.array([(ends[place], ends[place + 1]) for place in places], dtype=np.int64)
        width = int(np.diff(self.shaped_columns, axis=1).max())
        self.shaped = np.zeros((len(SHAPED_TERMS), width, len(pathways)))
        for position, term in enumerate(SHAPED_TERMS):
            block = space.pathway_blocks[term]
            self.shaped[position, : block.shape[1]] = block.T
        self.by_school = self.programme_bias + self.host_bias
        for term in ACCESS_TERMS:
            self.by_school = self.by_school + space.access_tables[term] * weight_of[term]

    def best(
        self,
        vectors: StudentVectors,
        words: NDArray[np.uint16],
        word_of: Ints,
        *,
        k: int,
        demand_weight: Floats,
        demand_strength: float = 0.0,
        taken: tuple[Ints, Ints] | None = None,
    ) -> Listed:
        """The best k pathways of each kind for every student.

        Parameters
        ----------
        vectors : StudentVectors
        words : uint16 array (n_patterns, n_pathways)
            Refusals; 0 = may be offered. `word_of` (n_students,) points into its rows.
        k : int, >= 1
        demand_weight : ndarray of shape (n_pathways,), in [0, 1], no NaN
        demand_strength : float, >= 0
        taken : pair of int arrays, optional
            Students and pathways that are refused to that student alone.

        Returns
        -------
        Listed
        """
        shape = (len(vectors), len(KINDS), k)
        listed, unmoved = np.full(shape, -1, dtype=np.int64), np.full(shape, -1, dtype=np.int64)
        scores, final, best = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
        taken_by, taken_pathways = _by_student(taken, len(vectors))
        _select(
            vectors.matrix, self.linear, self.shaped, self.shaped_columns, self.ranker.knots,
            self.ranker.bend_weights, self.by_school, vectors.school_of, words, word_of, taken_by, taken_pathways,
            self.bounds, self.ranker.calibration, demand_weight, demand_strength, listed, scores, final,
            unmoved, best,
        )  # fmt: skip
        slope, intercept = self.ranker.calibration[:, :1], self.ranker.calibration[:, 1:]
        fit, best_fit = _fit(scores, slope, intercept), _fit(best, slope, intercept)
        return Listed(listed, scores, fit, final, unmoved, best_fit)

    def contributions(self, vectors: StudentVectors, students: Ints, pathways: Ints) -> Floats:
        """What each term and bias adds to the score of given pairs; rows sum to the score.

        Parameters
        ----------
        vectors : StudentVectors
        students, pathways : int arrays (n_pairs,)

        Returns
        -------
        ndarray of shape (n_pairs, n_terms + 2), log-odds
            In the order of CONTRIBUTIONS.
        """
        raw = self.space.raw_terms(vectors, students, pathways)
        kind = self.kind_of[pathways]
        added = raw * self.ranker.weights[kind]
        for position, term in enumerate(SHAPED_TERMS):
            column = TERM_CODES.index(term)
            bends = np.maximum(raw[:, column, None] - self.ranker.knots[kind, position], 0.0)
            added[:, column] += (bends * self.ranker.bend_weights[kind, position]).sum(axis=1)
        return np.column_stack([added, self.programme_bias[pathways], self.host_bias[pathways]])

    def interest_slopes(self, vectors: StudentVectors, students: Ints, pathways: Ints) -> Floats:
        """Change of the score per unit of `interest_match` at given pairs, (n_pairs,)."""
        kind = self.kind_of[pathways]
        left = vectors.blocks["interest_match"][students]
        raw = (left * self.space.pathway_blocks["interest_match"][pathways]).sum(axis=1)
        position = SHAPED_TERMS.index("interest_match")
        bent = (raw[:, None] > self.ranker.knots[kind, position]) * self.ranker.bend_weights[kind, position]
        slope: Floats = self.ranker.weights[kind, TERM_CODES.index("interest_match")] + bent.sum(axis=1)
        return slope


CONTRIBUTIONS = (*TERM_CODES, "programme_bias", "host_bias")


def _by_student(taken: tuple[Ints, Ints] | None, count: int) -> tuple[Ints, Ints]:
    """Refused pathways of student i are `pathways[starts[i]:starts[i + 1]]`."""
    students, pathways = taken if taken is not None else (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    order = np.argsort(students, kind="stable")
    return np.searchsorted(students[order], np.arange(count + 1)), pathways[order]


def _fit(scores: Floats, slope: Floats, intercept: Floats) -> Floats:
    fit: Floats = 1.0 / (1.0 + np.exp(-(slope * scores + intercept)))
    return fit


@compiled
def _insert(places: Any, values: Any, pathway: int, value: float, length: int) -> int:
    """Keep a descending list; equal values stay in order of arrival. Returns the new length."""
    k = len(places)
    position = length
    while position > 0 and values[position - 1] < value:
        position -= 1
    if position >= k:
        return length
    last = length if length < k else k - 1
    for place in range(last, position, -1):
        places[place] = places[place - 1]
        values[place] = values[place - 1]
    places[position] = pathway
    values[position] = value
    return length + 1 if length < k else k


@compiled
def _add_products(row: Any, vector: Any, matrix: Any) -> None:
    """`row += vector @ matrix`, entry by entry and only those that are not zero.

    Plain passes from 0 without branches inside: so the compiler makes vector instructions of them.
    """
    for entry in range(len(vector)):
        value = vector[entry]
        if value != 0.0:
            line = matrix[entry]
            for pathway in range(len(row)):
                row[pathway] += value * line[pathway]


@compiled
def _bend(row: Any, raw: Any, knots: Any, bends: Any) -> None:
    """Add the changes of slope of one shaped term for the pathways of one kind."""
    for knot in range(len(knots)):
        at, bend = knots[knot], bends[knot]
        if bend != 0.0:
            for pathway in range(len(row)):
                excess = raw[pathway] - at
                row[pathway] += bend * (excess if excess > 0.0 else 0.0)


@compiled
def _score_student(
    row: Any, raw: Any, vector: Any, linear: Any, shaped: Any, shaped_columns: Any, knots: Any, bends: Any,
    added: Any, word: Any, bounds: Any,
) -> None:  # fmt: skip
    """Scores of one student for every pathway, minus infinity where a rule refuses; `raw` is working space."""
    for pathway in range(len(row)):
        row[pathway] = added[pathway]
    _add_products(row, vector, linear)
    for shape in range(shaped.shape[0]):
        for pathway in range(len(raw)):
            raw[pathway] = 0.0
        _add_products(raw, vector[shaped_columns[shape, 0] : shaped_columns[shape, 1]], shaped[shape])
        for kind in range(len(bounds) - 1):
            first, last = bounds[kind], bounds[kind + 1]
            _bend(row[first:last], raw[first:last], knots[kind, shape], bends[kind, shape])
    for pathway in range(len(row)):
        row[pathway] = -np.inf if word[pathway] != 0 else row[pathway]


@compiled
def _list_by_score(row: Any, places: Any, values: Any) -> int:
    length, k, bar = 0, len(places), -np.inf
    for pathway in range(len(row)):
        if row[pathway] > bar:
            length = _insert(places, values, pathway, row[pathway], length)
            if length == k:
                bar = values[k - 1]
    return length


@compiled
def _list_by_final(
    row: Any, places: Any, values: Any, length: int, calibration: Any, demand_weight: Any, strength: float
) -> int:
    """The nudge is bounded: only pathways that fit within `strength` of the k-th best by score can enter."""
    k = len(places)
    slope, intercept = calibration[0], calibration[1]
    least = -np.inf
    if length == k:
        lowest = _logistic(slope * values[length - 1] + intercept) - strength
        if lowest > 0.0:
            least = (np.log(lowest / (1.0 - lowest)) - intercept) / slope - 1e-9
    length, bar = 0, -np.inf
    for pathway in range(len(row)):
        if row[pathway] >= least and row[pathway] > -np.inf:
            value = _logistic(slope * row[pathway] + intercept) + strength * demand_weight[pathway]
            if value > bar:
                length = _insert(places, values, pathway, value, length)
                if length == k:
                    bar = values[k - 1]
    return length


@compiled
def _logistic(x: float) -> float:
    return 1.0 / (1.0 + np.exp(-x))


@compiled
def _select(
    matrix: Any, linear: Any, shaped: Any, shaped_columns: Any, knots: Any, bends: Any, by_school: Any,
    school_of: Any, words: Any, word_of: Any, taken_by: Any, taken_pathways: Any, bounds: Any, calibration: Any,
    demand_weight: Any, strength: float, listed: Any, scores: Any, final: Any, unmoved: Any, best: Any,
) -> None:  # fmt: skip
    """Score every student and list the best of each kind; writes into the last five arrays."""
    every, raw = np.empty(linear.shape[1]), np.empty(linear.shape[1])
    places, values = np.empty(listed.shape[2], dtype=np.int64), np.empty(listed.shape[2])
    for student in range(len(matrix)):
        _score_student(
            every, raw, matrix[student], linear, shaped, shaped_columns, knots, bends, by_school[school_of[student]],
            words[word_of[student]], bounds,
        )  # fmt: skip
        for position in range(taken_by[student], taken_by[student + 1]):
            every[taken_pathways[position]] = -np.inf
        for kind in range(len(bounds) - 1):
            first, last = bounds[kind], bounds[kind + 1]
            row, nudge = every[first:last], demand_weight[first:last]
            length = _list_by_score(row, places, values)
            for place in range(length):
                unmoved[student, kind, place] = first + places[place]
                best[student, kind, place] = values[place]
            if strength > 0.0 and length > 0:
                length = _list_by_final(row, places, values, length, calibration[kind], nudge, strength)
            for place in range(length):
                pathway = places[place]
                fit = _logistic(calibration[kind, 0] * row[pathway] + calibration[kind, 1])
                listed[student, kind, place] = first + pathway
                scores[student, kind, place] = row[pathway]
                final[student, kind, place] = fit + strength * nudge[pathway]
