"""The served form of a ranker: arrays in, the best pathways of every kind out.

`score = linear part (one matrix product) + bends + what the student's school adds`; then refusals, calibration and
the demand nudge, and the best k of each kind. Blocks of BLOCK_ROWS students always have the same shape, padded when
short, so that a student gets the same bits alone as in a region's batch. The selection is one compiled loop; without
numba the same loop runs interpreted and gives the same lists.
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

BLOCK_ROWS = 64


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
    """

    pathways: Ints
    scores: Floats
    fit: Floats
    final: Floats


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
        self.shaped = [np.ascontiguousarray(space.pathway_blocks[term].T) for term in SHAPED_TERMS]
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
        count, kinds = len(vectors), len(KINDS)
        listed = np.full((count, kinds, k), -1, dtype=np.int64)
        scores = np.full((count, kinds, k), np.nan)
        final = np.full((count, kinds, k), np.nan)
        excluded = np.zeros((BLOCK_ROWS, len(self.kind_of)), dtype=np.bool_)
        for start in range(0, count, BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, count)
            linear = _block(vectors.matrix, start, stop) @ self.linear
            bent = self._bent(vectors, start, stop)
            inside = None
            if taken is not None:
                inside = (taken[0] >= start) & (taken[0] < stop)
                excluded[taken[0][inside] - start, taken[1][inside]] = True
            _select(
                linear, bent, self.ranker.knots, self.ranker.bend_weights, self.by_school,
                vectors.school_of[start:stop], words, word_of[start:stop], excluded, self.bounds,
                self.ranker.calibration, demand_weight, demand_strength, listed[start:stop], scores[start:stop],
                final[start:stop],
            )  # fmt: skip
            if taken is not None and inside is not None:
                excluded[taken[0][inside] - start, taken[1][inside]] = False
        slope, intercept = self.ranker.calibration[:, :1], self.ranker.calibration[:, 1:]
        return Listed(listed, scores, _fit(scores, slope, intercept), final)

    def _bent(self, vectors: StudentVectors, start: int, stop: int) -> Floats:
        blocks = [_block(vectors.blocks[term], start, stop) for term in SHAPED_TERMS]
        return np.stack([block @ matrix for block, matrix in zip(blocks, self.shaped, strict=True)])

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


def _block(matrix: Floats, start: int, stop: int) -> Floats:
    """Rows of one block, padded with zeros to BLOCK_ROWS: a product of one shape has one order of summation."""
    if stop - start == BLOCK_ROWS:
        return matrix[start:stop]
    padded = np.zeros((BLOCK_ROWS, matrix.shape[1]))
    padded[: stop - start] = matrix[start:stop]
    return padded


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
def _fill_row(
    row: Any, linear: Any, added: Any, bent: Any, student: int, first: int, knots: Any, bends: Any, word: Any,
    excluded: Any,
) -> None:  # fmt: skip
    """Scores of one student for the pathways of one kind, minus infinity where refused.

    Plain passes from 0 over slices, without branches: so the compiler makes vector instructions of them.
    """
    for pathway in range(len(row)):
        row[pathway] = linear[pathway] + added[pathway]
    for shape in range(bent.shape[0]):
        raw = bent[shape, student, first : first + len(row)]
        for knot in range(knots.shape[1]):
            at, bend = knots[shape, knot], bends[shape, knot]
            if bend != 0.0:
                for pathway in range(len(row)):
                    excess = raw[pathway] - at
                    row[pathway] += bend * (excess if excess > 0.0 else 0.0)
    for pathway in range(len(row)):
        refused = (word[pathway] != 0) | excluded[pathway]
        row[pathway] = -np.inf if refused else row[pathway]


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
    linear: Any, bent: Any, knots: Any, bends: Any, by_school: Any, school_of: Any, words: Any, word_of: Any,
    excluded: Any, bounds: Any, calibration: Any, demand_weight: Any, strength: float, listed: Any, scores: Any,
    final: Any,
) -> None:  # fmt: skip
    """Finish the scores of one block and list the best of each kind; writes into `listed`, `scores`, `final`."""
    buffer = np.empty(linear.shape[1])
    places = np.empty(listed.shape[2], dtype=np.int64)
    values = np.empty(listed.shape[2])
    for student in range(len(school_of)):
        word, added = words[word_of[student]], by_school[school_of[student]]
        for kind in range(len(bounds) - 1):
            first, last = bounds[kind], bounds[kind + 1]
            row, nudge = buffer[first:last], demand_weight[first:last]
            _fill_row(
                row, linear[student, first:last], added[first:last], bent, student, first, knots[kind], bends[kind],
                word[first:last], excluded[student, first:last],
            )  # fmt: skip
            length = _list_by_score(row, places, values)
            if strength > 0.0 and length > 0:
                length = _list_by_final(row, places, values, length, calibration[kind], nudge, strength)
            for place in range(length):
                pathway = places[place]
                fit = _logistic(calibration[kind, 0] * row[pathway] + calibration[kind, 1])
                listed[student, kind, place] = first + pathway
                scores[student, kind, place] = row[pathway]
                final[student, kind, place] = fit + strength * nudge[pathway]
