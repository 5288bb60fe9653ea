"""How good a ranking of choice sets is. One query = what one student could choose from at one time.

Gain is the relevance grade itself (0 offered, 1 chosen, 2 liked or stayed, 3 succeeded). Definitions: Järvelin &
Kekäläinen 2002 (NDCG); recall, reciprocal rank and coverage as in the LensKit and RecTools documentation.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def ranks_within(scores: Floats, queries: Ints, seed: int = 0) -> Ints:
    """Place of each row in its query, best = 1; ties fall by lot.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
        Larger is better; no NaN.
    queries : int array (n_rows,)
    seed : int
        Of the lots: nobody gains by the order of a file.

    Returns
    -------
    int array (n_rows,)

    Examples
    --------
    >>> ranks_within(np.array([0.1, 0.9, 0.5]), np.array([7, 7, 8])).tolist()
    [2, 1, 1]
    """
    lots = np.random.default_rng(seed).random(len(scores))
    order = np.lexsort((lots, -scores, queries))
    sorted_queries = queries[order]
    starts = np.flatnonzero(np.diff(sorted_queries, prepend=sorted_queries[0] - 1 if len(order) else 0))
    lengths = np.diff(np.append(starts, len(order)))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - np.repeat(starts, lengths) + 1
    return ranks


def _per_query(values: Floats, queries: Ints) -> Floats:
    _, row = np.unique(queries, return_inverse=True)
    sums: Floats = np.bincount(row, values).astype(float)
    return sums


def ndcg(scores: Floats, relevance: Floats, queries: Ints, k: int = 5) -> Floats:
    """Normalised discounted cumulative gain of each query, in the order of sorted query ids.

    Parameters
    ----------
    scores, relevance : ndarray of shape (n_rows,)
        Relevance >= 0.
    queries : int array (n_rows,)
    k : int

    Returns
    -------
    ndarray of shape (n_queries,), in [0, 1]; NaN where nothing is relevant

    Examples
    --------
    Three pathways, the liked one (2) ranked second: (2 / log2 3) / 2.

    >>> ndcg(np.array([3.0, 2.0, 1.0]), np.array([0.0, 2.0, 0.0]), np.zeros(3, dtype=int)).round(3).tolist()
    [0.631]
    """
    found, best = _discounted(scores, relevance, queries, k), _discounted(relevance, relevance, queries, k)
    gained: Floats = np.divide(found, best, out=np.full(len(best), np.nan), where=best > 0)
    return gained


def _discounted(scores: Floats, relevance: Floats, queries: Ints, k: int) -> Floats:
    ranks = ranks_within(scores, queries)
    return _per_query(np.where(ranks <= k, relevance / np.log2(ranks + 1.0), 0.0), queries)


def recall(scores: Floats, relevance: Floats, queries: Ints, k: int = 5) -> Floats:
    """Share of each query's chosen pathways that stand in its first k places; NaN where none was chosen.

    Examples
    --------
    >>> recall(np.array([3.0, 2.0, 1.0]), np.array([1.0, 0.0, 2.0]), np.zeros(3, dtype=int), k=2).tolist()
    [0.5]
    """
    chosen = relevance > 0
    found = _per_query((chosen & (ranks_within(scores, queries) <= k)).astype(float), queries)
    total = _per_query(chosen.astype(float), queries)
    share: Floats = np.divide(found, total, out=np.full(len(total), np.nan), where=total > 0)
    return share


def reciprocal_rank(scores: Floats, relevance: Floats, queries: Ints) -> Floats:
    """One over the place of each query's first chosen pathway; NaN where none was chosen.

    Examples
    --------
    >>> reciprocal_rank(np.array([3.0, 2.0]), np.array([0.0, 1.0]), np.zeros(2, dtype=int)).tolist()
    [0.5]
    """
    _, row = np.unique(queries, return_inverse=True)
    first = np.full(int(row.max(initial=-1)) + 1, np.inf)
    chosen = relevance > 0
    np.minimum.at(first, row[chosen], ranks_within(scores, queries)[chosen])
    return np.where(np.isfinite(first), 1.0 / first, np.nan)


def coverage(scores: Floats, queries: Ints, pathways: Ints, k: int = 5) -> float:
    """Share of the pathways on offer that stand in anybody's first k places, in [0, 1].

    Examples
    --------
    >>> coverage(np.array([2.0, 1.0, 1.0, 2.0]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), k=1)
    1.0
    """
    shown = ranks_within(scores, queries) <= k
    return len(np.unique(pathways[shown])) / len(np.unique(pathways))


def top_k_accuracy(scores: Floats, relevance: Floats, queries: Ints, k: int = 1) -> Floats:
    """Whether anything chosen stands in each query's first k places, 0 or 1; NaN where none was chosen.

    Examples
    --------
    >>> top_k_accuracy(np.array([3.0, 2.0, 1.0]), np.array([0.0, 1.0, 0.0]), np.zeros(3, dtype=int), k=2).tolist()
    [1.0]
    """
    first = reciprocal_rank(scores, relevance, queries)
    return np.where(np.isfinite(first), (first >= 1.0 / k).astype(float), np.nan)


def gini_of_exposure(scores: Floats, queries: Ints, pathways: Ints, k: int = 5) -> float:
    """How unequally places in lists are shared out among the pathways on offer.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
    queries, pathways : int array (n_rows,)
    k : int

    Returns
    -------
    float in [0, 1)
        Gini 1912, of places in the first k: 0 = each pathway has as many, towards 1 = few pathways have them all.

    Examples
    --------
    Two lists of one place, both given to the same of two pathways: 1 / 2.

    >>> gini_of_exposure(np.array([2.0, 1.0, 2.0, 1.0]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), k=1)
    0.5
    """
    shown = ranks_within(scores, queries) <= k
    places: Floats = np.bincount(np.unique(pathways, return_inverse=True)[1], shown).astype(float)
    return gini(places)


def gini(amounts: Floats) -> float:
    """Inequality of some amounts (Gini 1912), in [0, 1): 0 = all alike; not all of them may be 0.

    Examples
    --------
    >>> gini(np.array([3.0, 1.0]))
    0.25
    """
    ordered, count = np.sort(amounts), len(amounts)
    return float((2 * np.arange(1, count + 1) - count - 1) @ ordered / (count * ordered.sum()))


def novelty(scores: Floats, queries: Ints, choosing_share: Floats, k: int = 5) -> float:
    """How little known what stands in the first k places is, bits.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
    queries : int array (n_rows,)
    choosing_share : ndarray of shape (n_rows,), in (0, 1]
        Share of earlier choice sets in which the row's pathway was chosen.
    k : int

    Returns
    -------
    float, >= 0
        Mean self-information (Zhou et al. 2010): 1 = chosen by every second student, 2 = by every fourth.

    Examples
    --------
    >>> novelty(np.array([2.0, 1.0]), np.zeros(2, dtype=int), np.array([0.25, 0.5]), k=1)
    2.0
    """
    return float(-np.log2(choosing_share[ranks_within(scores, queries) <= k]).mean())


def sign_flip_p(differences: Floats, *, draws: int = 10_000, seed: int = 0) -> float:
    """How often chance alone makes a mean paired difference as large, in (0, 1].

    Parameters
    ----------
    differences : ndarray of shape (n,)
        One ranker's measure minus another's on the same query; NaN are left out.
    draws, seed
        Of the paired permutation test: each difference keeps or changes its sign (Fisher 1935). Two-sided; the
        observed arrangement counts as one, so the smallest p is 1 / (draws + 1).

    Returns
    -------
    float

    Examples
    --------
    Two differences of the same sign: half of the four arrangements are as extreme.

    >>> 0.45 < sign_flip_p(np.array([0.2, 0.2])) < 0.55
    True
    """
    known = differences[np.isfinite(differences)]
    values, counts = np.unique(np.abs(known), return_counts=True)
    flips = np.random.default_rng(seed).binomial(counts, 0.5, size=(draws, len(values)))
    found = np.abs((2 * flips - counts) @ values)
    return float((1 + (found >= abs(known.sum()) - 1e-9).sum()) / (draws + 1))


def bootstrap_interval(
    values: Floats,
    groups: Ints,
    *,
    statistic: Callable[[Floats], float] | None = None,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval of a mean by drawing whole groups (schools) with replacement.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN are left out.
    groups : int array (n,)
    statistic : callable, optional
        Instead of the mean.
    draws, level, seed
        Percentile bootstrap, Efron & Tibshirani 1993, chapter 13.

    Returns
    -------
    (low, high)

    Examples
    --------
    >>> bootstrap_interval(np.array([1.0, 1.0, 1.0]), np.array([0, 1, 2]))
    (1.0, 1.0)
    """
    known = np.isfinite(values)
    values, groups = values[known], groups[known]
    random = np.random.default_rng(seed)
    members = [values[groups == group] for group in np.unique(groups)]
    drawn = random.integers(len(members), size=(draws, len(members)))
    if statistic is None:
        sums, counts = np.array([m.sum() for m in members]), np.array([len(m) for m in members])
        found = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    else:
        found = np.array([statistic(np.concatenate([members[i] for i in row])) for row in drawn])
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
