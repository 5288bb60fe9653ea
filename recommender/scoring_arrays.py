"""The served scoring in numpy alone: the lists of `scoring_loops`, bit for bit, a chunk of students at a time.

Terms are matrix products here. That a library adds up in an order of its own does not matter: sums of a score are
exact (`scoring_layout`).
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.features import on_grid
from recommender.scoring_layout import FIT_SLACK, LOWEST, VALUE_STEP, Asked, Layout, Listed, Reasons, logistic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def list_students(layout: Layout, asked: Asked, listed: Listed, first: int, last: int) -> None:
    """Fill the lists of the students `first` to `last`."""
    part = slice(first, last)
    with_reasons = listed.reasons.terms.shape[3] > 0
    terms = []
    totals = np.zeros((last - first, layout.rows.shape[1]))
    for added in content_terms(layout, asked.matrix[part], apart=with_reasons):
        totals += added
        if with_reasons:
            terms.append(added)
    scores = _score_pathways(layout, asked, totals, first, last)
    reasons = listed.reasons
    for array, values in zip(listed[:-1], _list_kinds(layout, asked, scores, listed.pathways.shape[2]), strict=True):
        array[part] = values
    if with_reasons:
        here = Reasons(reasons.terms[part], reasons.contributions[part], reasons.advantages[part])
        _list_reasons(layout, here, listed.pathways[part], terms, asked.school_of[part])


# --- scores ---


def content_terms(layout: Layout, matrix: Floats, *, apart: bool = True) -> Iterator[Floats]:
    """Terms of students for every content and the typical one of each kind, (n_students, n_contents + n_kinds) each.

    `apart=False`: straight terms that stand side by side come as their sum.
    """
    count, is_shaped = len(layout.shape_of), layout.shape_of >= 0
    edges = [term for term in range(count) if apart or term == 0 or is_shaped[term] or is_shaped[term - 1]]
    for term, following in pairwise([*edges, count]):
        columns = slice(layout.ends[term], layout.ends[following])
        added = matrix[:, columns] @ layout.rows[columns]
        added += 0.0  # a product may leave a negative zero
        yield _bent(layout, added, layout.shape_of[term]) if is_shaped[term] else added


def _bent(layout: Layout, raw: Floats, shape: int) -> Floats:
    """A shaped term: a straight line with a change of slope at every knot; means of it for the typical contents."""
    row, excess = layout.slopes[shape] * raw, np.empty_like(raw)
    for at, bend in zip(layout.knots[shape], layout.bends[shape], strict=True):
        np.subtract(raw, at, out=excess)
        np.maximum(excess, 0.0, out=excess)
        excess *= bend
        row += excess
    row = on_grid(row, VALUE_STEP)
    for kind, (first, last) in enumerate(pairwise(layout.content_bounds)):
        count = max(int(layout.bounds[kind + 1] - layout.bounds[kind]), 1)
        row[:, layout.content_bounds[-1] + kind] = (row[:, first:last] @ layout.shared_by[first:last]) / count
    return row


def _score_pathways(layout: Layout, asked: Asked, totals: Floats, first: int, last: int) -> Floats:
    """Minus infinity where a rule refuses."""
    scores = totals.take(layout.content_of, axis=1)
    scores += layout.by_school[asked.school_of[first:last]]
    np.copyto(scores, -np.inf, where=asked.words[asked.word_of[first:last]] != 0)
    taken = slice(asked.taken_by[first], asked.taken_by[last])
    students = np.repeat(np.arange(last - first), np.diff(asked.taken_by[first : last + 1]))
    scores[students, asked.taken[taken]] = -np.inf
    return scores


# --- lists: a row is a student and a kind ---


def _bars(scores: Floats, layout: Layout, k: int) -> Floats:
    """The k-th best score of every kind, (n_students, n_kinds)."""
    bars = np.full((len(scores), len(layout.bounds) - 1), LOWEST)
    for kind, (start, stop) in enumerate(pairwise(layout.bounds)):
        if k < stop - start:
            bars[:, kind] = np.partition(scores[:, start:stop], stop - start - k, axis=1)[:, stop - start - k]
    return bars


def _reaching(scores: Floats, bars: Floats, kind_of: Ints) -> tuple[Ints, Ints, Floats]:
    """Rows, pathways and scores of what reaches the bar of its kind and is not refused, row by row."""
    flat = np.flatnonzero(scores >= np.maximum(bars, LOWEST).take(kind_of, axis=1))
    students, pathways = np.divmod(flat, max(scores.shape[1], 1))
    return students * bars.shape[1] + kind_of[pathways], pathways, scores.reshape(-1)[flat]


def _k_best(rows: Ints, pathways: Ints, values: Floats, shape: tuple[int, int]) -> tuple[Ints, Floats]:
    """Pathways and values of the k best in each row, of equal ones the first; -1 and minus infinity where fewer are."""
    count, k = shape
    lengths = np.bincount(rows, minlength=count)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    width = max(int(lengths.max(initial=0)), k)
    every, found = np.full((count, width), -np.inf), np.full((count, width), -1, dtype=np.int64)
    every[rows, places], found[rows, places] = values, pathways
    every_row, order = np.arange(count)[:, None], np.argsort(-every, axis=1, kind="stable")[:, :k]
    return found[every_row, order], every[every_row, order]


def _list_kinds(layout: Layout, asked: Asked, scores: Floats, k: int) -> Iterator[NDArray[Any]]:
    """The arrays of Listed: lists with the nudge, where there is one, and without."""
    n_students, n_kinds = len(scores), len(layout.bounds) - 1
    shape, kind_of = (n_students * n_kinds, k), np.repeat(np.arange(n_kinds), np.diff(layout.bounds))
    slope, intercept = np.tile(layout.calibration, (n_students, 1)).T[:, :, None]
    demand, strength = asked.demand_weight, asked.demand_strength
    unmoved, best = _k_best(*_reaching(scores, _bars(scores, layout, k), kind_of), shape)
    is_empty = unmoved < 0
    unmoved_fit = logistic(slope * best + intercept)
    pathways, fit, final = unmoved, unmoved_fit, unmoved_fit
    if strength > 0.0:
        bar = np.where(is_empty, np.inf, unmoved_fit + strength * _taken(demand, unmoved)).min(axis=1, keepdims=True)
        least = _least_scores(bar, strength, slope, intercept).reshape(n_students, n_kinds)
        rows, columns, found = _reaching(scores, least, kind_of)
        moved = logistic(slope[rows, 0] * found + intercept[rows, 0]) + strength * demand[columns]
        pathways, final = _k_best(rows, columns, moved, shape)
        if scores.shape[1]:
            best = scores[np.arange(shape[0])[:, None] // n_kinds, np.maximum(pathways, 0)]
        fit = logistic(slope * best + intercept)
    for array in (pathways, best, fit, final, unmoved, unmoved_fit):
        empty = -1 if array.dtype == np.int64 else np.nan
        yield np.where(is_empty, empty, array).reshape(n_students, n_kinds, k)


def _least_scores(bar: Floats, strength: float, slope: Floats, intercept: Floats) -> Floats:
    """A pathway with a lower score cannot reach the final `bar`, whatever its demand; rather too low than too high."""
    lowest = np.minimum(bar, 1.0 + strength) - strength - FIT_SLACK
    odds = np.maximum(lowest, 0.0) / (1.0 - lowest)
    with np.errstate(divide="ignore"):
        least: Floats = (np.log(odds) - intercept) / slope
    return least


# --- reasons ---


def _list_reasons(layout: Layout, reasons: Reasons, listed: Ints, terms: list[Floats], school_of: Ints) -> None:
    """Terms with the largest advantages at every place, of equal ones the first; -1 and NaN where there are fewer."""
    n_kinds, n_contents = listed.shape[1], len(layout.shared_by)
    kinds, students = np.arange(n_kinds)[:, None], np.arange(len(listed))[:, None, None]
    typical_content, typical = n_contents + kinds, len(layout.content_of) + kinds
    content = np.where(listed >= 0, _taken(layout.content_of, listed), typical_content)
    pathway = np.where(listed >= 0, listed, typical)
    added, usual = [], []
    for term in terms:
        added.append(term[students, content])
        usual.append(term[:, n_contents:, None])
    for rows_of in layout.table_of:
        row = rows_of[school_of]
        added.append(layout.looked_up[row[:, None, None], pathway])
        usual.append(layout.looked_up[row[:, None, None], typical])
    contributions = np.stack(added, axis=-1)
    advantages = contributions - np.stack([np.broadcast_to(u, listed.shape) for u in usual], axis=-1)
    sizes = np.rint(np.abs(advantages) / VALUE_STEP)
    chosen = np.argsort(-sizes, axis=-1, kind="stable")[..., : reasons.terms.shape[3]]
    differs = np.take_along_axis(sizes, chosen, axis=-1) > 0
    reasons.terms[:] = np.where(differs, layout.codes[chosen], -1)
    reasons.contributions[:] = np.where(differs, np.take_along_axis(contributions, chosen, axis=-1), np.nan)
    reasons.advantages[:] = np.where(differs, np.take_along_axis(advantages, chosen, axis=-1), np.nan)


def _taken(values: NDArray[Any], positions: Ints) -> NDArray[Any]:
    """`values[positions]`; anything where a position is -1 or there is nothing to take."""
    return values[np.maximum(positions, 0)] if len(values) else np.zeros(positions.shape, values.dtype)
