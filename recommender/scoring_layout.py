"""A ranker as plain arrays for one catalogue: what the compiled loop and its twin in numpy both read and write.

**Sums are exact.** Student vectors, pathway vectors and the values of bends are multiples of small powers of two, so
that every product and every sum of a score fits into a float's 53 bits while it stays below 2^10 log-odds (a fit of 1
begins at 40). Nothing is ever rounded on the way, so every order of summation gives the same bits: one student alone
or a region, a loop or a matrix product of any library, one thread or several. The steps are a millionth of a spread.

Pathways with the same content (a programme at several hosts) share one column that is scored once; what differs by
host and by the student's school is added afterwards. A pathway asks for little of what could be asked (one entry of
ten in the sample region), so rows with few entries are kept as lists of them.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.features import (
    ACCESS_TERMS,
    SHAPED_TERMS,
    TERM_CODES,
    VECTOR_TERMS,
    WEIGHT_STEP,
    FeatureSpace,
    on_grid,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Positions = NDArray[np.uint32]  # unsigned: a compiled loop need not look for negative ones

FEW = 0.25  # a row with a smaller share of entries is added entry by entry
ROW_STEP = WEIGHT_STEP  # with features.STUDENT_STEP: products are multiples of 2^-43
N_REASONS = 3  # terms named for a listed pathway
FIT_SLACK = 1e-9  # far above any rounding of a fit
LOWEST = np.finfo(np.float64).min  # below it only minus infinity: refused
VALUE_STEP = 2.0**-30  # of what is bent or looked up, log-odds


class Layout(NamedTuple):
    """Arrays of one ranker and one catalogue. Terms are those of VECTOR_TERMS, in their order.

    Attributes
    ----------
    ends : int array (n_terms + 1,)
        Columns of a student's vector that belong to term t are `ends[t]:ends[t + 1]`.
    rows : ndarray of shape (width, n_contents + n_kinds)
        What one unit of a column adds to the score; of shaped terms, to what the shape is applied to. The last
        columns are means over the pathways of each kind: the typical ones.
    is_dense : bool array (width,)
    starts, places, values : arrays
        Entries of row j are `starts[j]:starts[j + 1]`; a dense row has none listed.
    shape_of : int array (n_terms,), -1 = a straight line through 0, slope within `rows`
    slopes : ndarray of shape (n_shapes, n_contents + n_kinds)
    knots, bends : ndarray of shape (n_shapes, n_knots, n_contents + n_kinds)
        `term = slope * x + sum of bend * max(0, x - knot)`.
    content_of : uint32 array (n_pathways,)
    content_bounds, bounds : int array (n_kinds + 1,)
        Contents, and pathways, of kind i are `bounds[i]:bounds[i + 1]`.
    by_school : ndarray of shape (n_schools + 1, n_pathways)
        Sum of all that is looked up instead of multiplied; the last row serves unknown schools.
    calibration : ndarray of shape (n_kinds, 2)
    shared_by : ndarray of shape (n_contents,)
        How many pathways have this content.
    looked_up : ndarray of shape (n_tables, n_pathways + n_kinds)
        The summands of `by_school`; `table_of` (n_looked_up, n_schools + 1) names the row that serves a school.
    codes : int8 array (n_terms + n_looked_up,)
        Positions of the terms, then of what is looked up, among all contributions.
    """

    ends: Ints
    rows: Floats
    is_dense: NDArray[np.bool_]
    starts: Positions
    places: Positions
    values: Floats
    shape_of: Ints
    slopes: Floats
    knots: Floats
    bends: Floats
    content_of: Positions
    content_bounds: Ints
    bounds: Ints
    by_school: Floats
    calibration: Floats
    shared_by: Floats
    looked_up: Floats
    table_of: Ints
    codes: NDArray[np.int8]


class Asked(NamedTuple):
    """A group of students as the scoring reads it; `demand_strength` 0 = no nudge.

    Refused to student i alone: `taken[taken_by[i]:taken_by[i + 1]]`.
    """

    matrix: Floats
    school_of: Ints
    words: NDArray[np.uint16]
    word_of: Ints
    taken_by: Ints
    taken: Ints
    demand_weight: Floats
    demand_strength: float


class Reasons(NamedTuple):
    """The terms that tell a listed pathway from the typical one of its kind, (n_students, n_kinds, k, n_reasons).

    Attributes
    ----------
    terms : int8 array
        Positions in CONTRIBUTIONS, largest difference first (differences nearer than VALUE_STEP count as equal, and
        the first term stands first); -1 = no more terms that differ.
    contributions : float32 array
        What the term adds to the score, log-odds; NaN where there is no term. To be shown, so half the memory will do.
    advantages : float32 array
        The same less its mean over the catalogue's pathways of this kind for this student.
    """

    terms: NDArray[np.int8]
    contributions: NDArray[np.float32]
    advantages: NDArray[np.float32]


class Listed(NamedTuple):
    """The best pathways of each kind, (n_students, n_kinds, k).

    Attributes
    ----------
    pathways : int array
        Positions in the catalogue, best first, of equal ones the first; -1 = fewer pathways than places.
    scores, fit, final : float arrays
        Log-odds, fit in [0, 1], fit with the demand nudge; NaN at empty places.
    unmoved, unmoved_fit : int and float arrays
        The list without demand and its fit.
    reasons : Reasons
    """

    pathways: Ints
    scores: Floats
    fit: Floats
    final: Floats
    unmoved: Ints
    unmoved_fit: Floats
    reasons: Reasons


def lay_out(
    space: FeatureSpace, weights: Floats, knots: Floats, bends: Floats, calibration: Floats, biases: Floats
) -> Layout:
    """Arrange a ranker for a catalogue.

    Parameters
    ----------
    space : FeatureSpace
    weights : ndarray of shape (n_kinds, n_terms), in the order of TERM_CODES
    knots, bends : ndarray of shape (n_kinds, n_shapes, n_knots), in the order of SHAPED_TERMS
    calibration : ndarray of shape (n_kinds, 2)
    biases : ndarray of shape (n_biases, n_pathways)
        Among the contributions they stand after TERM_CODES.
    """
    bounds = np.array(space.catalogue.kind_bounds, dtype=np.int64)
    kind_of = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    columns = [TERM_CODES.index(term) for term in VECTOR_TERMS]
    shape_of = np.array([SHAPED_TERMS.index(t) if t in SHAPED_TERMS else -1 for t in VECTOR_TERMS], dtype=np.int64)
    bent = (bends != 0).any(axis=2)[:, shape_of] & (shape_of >= 0)
    scale = np.where(shape_of < 0, weights[:, columns], ((weights[:, columns] != 0) | bent).astype(float))
    blocks = [
        on_grid(space.pathway_blocks[term] * scale[kind_of, i, None], ROW_STEP) for i, term in enumerate(VECTOR_TERMS)
    ]
    contents, content_of = np.unique(np.column_stack([kind_of, *blocks]), axis=0, return_inverse=True)
    content_of = content_of.ravel()
    content_kind = contents[:, 0].astype(np.int64)
    every_kind = np.concatenate([content_kind, np.arange(len(bounds) - 1)])
    content_bounds = np.searchsorted(content_kind, np.arange(len(bounds)))
    shared_by = np.bincount(content_of, minlength=len(contents)).astype(float)
    counts = np.maximum(np.diff(bounds), 1)
    every = contents[:, 1:].T
    typical = _by_kind(every * shared_by, content_bounds) / counts
    rows = np.column_stack([every, on_grid(typical, ROW_STEP)])
    is_dense = (rows != 0).sum(axis=1) >= FEW * rows.shape[1]
    is_listed = (rows != 0) & ~is_dense[:, None]
    tables, table_of = _looked_up(space, weights[kind_of], biases)
    vector_and_table_codes = [*columns, *range(len(TERM_CODES), len(TERM_CODES) + len(biases))]
    vector_and_table_codes += [TERM_CODES.index(term) for term in ACCESS_TERMS]
    return Layout(
        ends=np.cumsum([0, *(block.shape[1] for block in blocks)]),
        rows=rows,
        is_dense=is_dense,
        starts=np.concatenate([[0], np.cumsum(is_listed.sum(axis=1))]).astype(np.uint32),
        places=np.nonzero(is_listed)[1].astype(np.uint32),
        values=rows[is_listed],
        shape_of=shape_of,
        slopes=np.ascontiguousarray(weights[:, [TERM_CODES.index(term) for term in SHAPED_TERMS]][every_kind].T),
        knots=np.ascontiguousarray(knots[every_kind].transpose(1, 2, 0)),
        bends=np.ascontiguousarray(bends[every_kind].transpose(1, 2, 0)),
        content_of=content_of.astype(np.uint32),
        content_bounds=content_bounds,
        bounds=bounds,
        by_school=np.array(sum(tables[rows_of] for rows_of in table_of)),
        calibration=np.ascontiguousarray(calibration),
        shared_by=shared_by,
        looked_up=np.column_stack([tables, on_grid(_by_kind(tables, bounds) / counts, VALUE_STEP)]),
        table_of=table_of,
        codes=np.array(vector_and_table_codes, dtype=np.int8),
    )


def _looked_up(space: FeatureSpace, weights: Floats, biases: Floats) -> tuple[Floats, Ints]:
    """Summands that are looked up, and the row of each that serves each school."""
    schools = len(space.catalogue.school_codes) + 1
    by_access = [space.access_tables[term] * weights[:, TERM_CODES.index(term)] for term in ACCESS_TERMS]
    of_biases = np.repeat(np.arange(len(biases))[:, None], schools, axis=1)
    of_access = len(biases) + np.arange(schools * len(by_access)).reshape(-1, schools)
    return on_grid(np.vstack([biases, *by_access]), VALUE_STEP), np.vstack([of_biases, of_access])


def _by_kind(values: Floats, bounds: Ints) -> Floats:
    """Sums over the columns of each kind."""
    return np.column_stack([values[:, first:last].sum(axis=1) for first, last in pairwise(bounds)])


# --- fit ---

LOG2_E, LN2_HIGH, LN2_LOW = 1.4426950408889634, 0.693147180369123816490, 1.90821492927058770002e-10
POWERS = 2.0 ** np.arange(-1022, 1024)


def logistic(x: Any) -> Any:
    """`1 / (1 + exp(-x))` in sums and products only, for a number or an array; no NaN.

    Each library rounds its own exponential in its own way; here a number alone, a number in an array and a number in
    compiled code give the same bits, so that lists ordered by fit are the same lists.
    exp(y) = 2^n * exp(r) with |r| <= ln 2 / 2, ln 2 in two parts, exp(r) by its series up to r^13 / 13!.

    Examples
    --------
    >>> logistic(0.0), bool(abs(logistic(2.0) - 1 / (1 + np.exp(-2.0))) < 1e-15)
    (np.float64(0.5), True)
    """
    y = np.minimum(np.maximum(-x, -700.0), 700.0)
    n = np.rint(y * LOG2_E)
    r = (y - n * LN2_HIGH) - n * LN2_LOW
    series = r * (1.0 / 6227020800.0)
    series += 1.0 / 479001600.0
    series *= r
    series += 1.0 / 39916800.0
    series *= r
    series += 1.0 / 3628800.0
    series *= r
    series += 1.0 / 362880.0
    series *= r
    series += 1.0 / 40320.0
    series *= r
    series += 1.0 / 5040.0
    series *= r
    series += 1.0 / 720.0
    series *= r
    series += 1.0 / 120.0
    series *= r
    series += 1.0 / 24.0
    series *= r
    series += 1.0 / 6.0
    series *= r
    series += 0.5
    series *= r
    series += 1.0
    series *= r
    series += 1.0
    return 1.0 / (1.0 + series * POWERS[np.int32(n) + 1022])
