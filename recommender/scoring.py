"""The served form of a ranker: arrays in, the best pathways of every kind out, with the terms that put them there.

`score = products + bends + what is looked up`; then refusals, calibration and the demand nudge, and the best k of each
kind. `scoring_layout` arranges the arrays, `scoring_loops` goes through them compiled, `scoring_arrays` without numba;
a student's lists are the same bits in both, alone or in a region, on one thread or several.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from recommender import scoring_arrays
from recommender.catalogue import KINDS
from recommender.errors import TableValueError
from recommender.features import SHAPED_TERMS, TERM_CODES, TERMS, FeatureSpace, StudentVectors
from recommender.scoring_arrays import content_terms
from recommender.scoring_layout import N_REASONS, Asked, Layout, Listed, Reasons, lay_out

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ListStudents = Callable[[Layout, Asked, Listed, int, int], None]

CONTRIBUTIONS = (*TERM_CODES, "programme_bias", "host_bias")
BLOCK_OF = {**{term.code: term.block for term in TERMS}, "programme_bias": "past_choices", "host_bias": "past_choices"}
CHUNK = 400  # students: what is worked on at a time stays within a core's cache


@cache
def compiled_list_students() -> ListStudents:
    """The loops over many students, compiled where numba is installed; loading it costs more than a class of lists."""
    try:
        loops = import_module("recommender.scoring_loops")
    except ImportError:
        return scoring_arrays.list_students
    found: ListStudents = loops.list_students
    return found


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


class CompiledRanker:
    """A ranker laid out for one catalogue.

    Parameters
    ----------
    ranker : ServedRanker
    space : FeatureSpace
    list_students : function, optional
        What goes through the students; without it the compiled loops for more than a CHUNK, the arrays for fewer.
    """

    def __init__(self, ranker: ServedRanker, space: FeatureSpace, list_students: ListStudents | None = None) -> None:
        self.ranker = ranker
        self.space = space
        self.list_students = list_students
        pathways = space.catalogue.pathways
        self.kind_of = np.array([KINDS.index(pathway.kind) for pathway in pathways], dtype=np.int64)
        kinds = self.kind_of.tolist()
        biases = [
            [ranker.programme_bias[kind].get(p.programme_code, 0.0) for kind, p in zip(kinds, pathways, strict=True)],
            [ranker.host_bias[kind].get(p.host_code, 0.0) for kind, p in zip(kinds, pathways, strict=True)],
        ]
        self.layout = lay_out(
            space, ranker.weights, ranker.knots, ranker.bend_weights, ranker.calibration, np.array(biases, dtype=float)
        )

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
        reasons: bool = False,
        threads: int = 1,
        into: Listed | None = None,
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
        reasons : bool
            Whether to name the terms that tell every listed pathway from the typical one of its kind.
        threads : int, >= 1
            Students are shared out among them; the bits do not depend on it.
        into : Listed, optional
            Lists of an earlier call to be written over, by as many students and with the same k, reasons and use of
            demand: memory that is new to a process costs more than the lists that are written into it.

        Returns
        -------
        Listed
            A student's lists depend on that student alone, bit for bit.

        Raises
        ------
        TableValueError
            `into` has another shape.
        """
        asked = Asked(
            vectors.matrix, vectors.school_of, words, word_of, *_by_student(taken, len(vectors)), demand_weight,
            float(demand_strength),
        )  # fmt: skip
        shape, n_reasons = (len(vectors), len(KINDS), k), N_REASONS * reasons
        listed = _lists_to_fill(into, shape, n_reasons, has_nudge=demand_strength > 0)

        few = len(vectors) <= CHUNK
        list_students = self.list_students or (scoring_arrays.list_students if few else compiled_list_students())

        def fill(first: int) -> None:
            list_students(self.layout, asked, listed, first, min(first + CHUNK, len(vectors)))

        starts = range(0, len(vectors), CHUNK)
        if threads == 1 or len(starts) < 2:
            for first in starts:
                fill(first)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(fill, starts))
        return listed

    def contributions(self, vectors: StudentVectors, students: Ints, pathways: Ints) -> Floats:
        """What each term and bias adds to the score of given pairs; rows sum to the score, exactly.

        Parameters
        ----------
        vectors : StudentVectors
        students, pathways : int arrays (n_pairs,)

        Returns
        -------
        ndarray of shape (n_pairs, n_terms + 2), log-odds
            In the order of CONTRIBUTIONS.
        """
        return self._added(vectors, students, self.layout.content_of[pathways].astype(np.int64), pathways)

    def typical(self, vectors: StudentVectors, students: Ints, kinds: Ints) -> Floats:
        """Means of the contributions over all pathways of a kind: what a listed pathway is compared with.

        Parameters
        ----------
        vectors : StudentVectors
        students, kinds : int arrays (n_pairs,)

        Returns
        -------
        ndarray of shape (n_pairs, n_terms + 2), log-odds
            Of products, up to ROW_STEP for each entry.
        """
        layout = self.layout
        return self._added(vectors, students, len(layout.shared_by) + kinds, len(layout.content_of) + kinds)

    def _added(self, vectors: StudentVectors, students: Ints, contents: Ints, pathways: Ints) -> Floats:
        added = np.empty((len(students), len(CONTRIBUTIONS)))
        layout = self.layout
        for first in range(0, len(students), CHUNK):
            pairs = slice(first, first + CHUNK)
            asked, row_of = np.unique(students[pairs], return_inverse=True)
            for code, term in zip(layout.codes, content_terms(layout, vectors.matrix[asked]), strict=False):
                added[pairs, code] = term[row_of, contents[pairs]]
        tables = layout.table_of[:, vectors.school_of[students]]
        added[:, layout.codes[-len(tables) :]] = layout.looked_up[tables, pathways].T
        return added

    def interest_slopes(self, vectors: StudentVectors, students: Ints, pathways: Ints) -> Floats:
        """Change of the score per unit of `interest_match` at given pairs, (n_pairs,)."""
        kind = self.kind_of[pathways]
        left = vectors.blocks["interest_match"][students]
        raw = (left * self.space.pathway_blocks["interest_match"][pathways]).sum(axis=1)
        position = SHAPED_TERMS.index("interest_match")
        bent = (raw[:, None] > self.ranker.knots[kind, position]) * self.ranker.bend_weights[kind, position]
        slope: Floats = self.ranker.weights[kind, TERM_CODES.index("interest_match")] + bent.sum(axis=1)
        return slope


def _by_student(taken: tuple[Ints, Ints] | None, count: int) -> tuple[Ints, Ints]:
    """Refused pathways of student i are `pathways[starts[i]:starts[i + 1]]`."""
    students, pathways = taken if taken is not None else (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    order = np.argsort(students, kind="stable")
    return np.searchsorted(students[order], np.arange(count + 1)), pathways[order]


def _lists_to_fill(into: Listed | None, shape: tuple[int, int, int], n_reasons: int, *, has_nudge: bool) -> Listed:
    if into is None:
        return _empty_lists(shape, n_reasons, has_nudge=has_nudge)
    given = into.pathways.shape, into.reasons.terms.shape[-1], into.unmoved is not into.pathways
    if given != (shape, n_reasons, has_nudge):
        raise TableValueError("lists to be written over must come from a call of the same shape", shape=shape)
    return into


def _empty_lists(shape: tuple[int, int, int], n_reasons: int, *, has_nudge: bool) -> Listed:
    """Memory for lists; without a nudge the unmoved list is the list itself."""
    pathways, scores, fit, final = np.empty(shape, dtype=np.int64), np.empty(shape), np.empty(shape), np.empty(shape)
    unmoved, unmoved_fit = (np.empty_like(pathways), np.empty(shape)) if has_nudge else (pathways, fit)
    of_reasons = (*shape, n_reasons)
    figures = np.empty((2, *of_reasons), dtype=np.float32)
    why = Reasons(np.empty(of_reasons, dtype=np.int8), figures[0], figures[1])
    return Listed(pathways, scores, fit, final, unmoved, unmoved_fit, why)
