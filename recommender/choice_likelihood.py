"""How likely choices are under some scores: the loss of a choice model, its gradient and its curvature.

Curvature is gathered a bounded number of rows at a time: beside the table itself memory does not grow with the region.
A set with several grades of relevance is several contests: each preferred row against all rows of lower grade.
Rows passed over in several contests are counted in each, but their terms are multiplied only once.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHUNK_ROWS = 8192
SMALLEST = np.finfo(np.float64).tiny


class Contests(NamedTuple):
    """Preferred rows against those of lower relevance in the same choice set, of a table in the order of `in_order`.

    Attributes
    ----------
    preferred : int array (n_preferred,)
        Rows, ascending.
    contest_of : int array (n_preferred,)
        Contest of each; those of one grade in one set share it.
    weight : ndarray of shape (n_preferred,)
        Sums to 1 over a choice set.
    first, end : int arrays (n_contests,)
        Rows passed over in each contest: from the first one of the set up to the first one of the grade.
    """

    preferred: Ints
    contest_of: Ints
    weight: Floats
    first: Ints
    end: Ints


def in_order(relevance: Floats, queries: Ints) -> Ints:
    """Order of rows in which choice sets stand together, each from the lowest grade to the highest, (n_rows,)."""
    return np.lexsort((relevance, queries))


def contests_of(relevance: Floats, queries: Ints) -> Contests:
    """Who was preferred to whom.

    Parameters
    ----------
    relevance : ndarray of shape (n_rows,)
    queries : int array (n_rows,)
        Both in the order of `in_order`.

    Returns
    -------
    Contests

    Examples
    --------
    One set of four, two of which were taken, the last with more success: it is preferred to three, the other to two.

    >>> found = contests_of(np.array([0.0, 0.0, 1.0, 2.0]), np.zeros(4, dtype=np.int64))
    >>> found.preferred.tolist(), found.weight.round(3).tolist()
    ([2, 3], [0.333, 0.667])
    >>> list(zip(found.first.tolist(), found.end.tolist()))
    [(0, 2), (0, 3)]
    """
    is_first = np.diff(queries, prepend=-1) != 0
    set_start = np.flatnonzero(is_first)[np.cumsum(is_first) - 1]
    is_new_grade = is_first | (np.diff(relevance, prepend=np.nan) != 0)
    grade_start = np.flatnonzero(is_new_grade)[np.cumsum(is_new_grade) - 1]
    above = relevance - relevance[set_start]
    preferred = np.flatnonzero(above > 0)
    end, contest_of = np.unique(grade_start[preferred], return_inverse=True)
    total = np.bincount(queries, above) if len(queries) else np.empty(0)
    return Contests(preferred, contest_of, above[preferred] / total[queries[preferred]], set_start[end], end)


def rows_between(first: Ints, end: Ints) -> Ints:
    """Rows from each first one up to its end, one range after another.

    Examples
    --------
    >>> rows_between(np.array([0, 0]), np.array([2, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    lengths = end - first
    return np.arange(int(lengths.sum())) + np.repeat(first - (np.cumsum(lengths) - lengths), lengths)


def sums_between(rows: Floats, first: Ints, end: Ints) -> Floats:
    """Sum of the rows from each first one up to its end, (n, ...); first < end < n_rows.

    Examples
    --------
    >>> sums_between(np.array([1.0, 2.0, 4.0, 8.0]), np.array([0, 0]), np.array([2, 3])).tolist()
    [3.0, 7.0]
    """
    if not len(first):
        return np.zeros((0, *rows.shape[1:]))
    sums: Floats = np.add.reduceat(rows, np.column_stack([first, end]).ravel())[::2]
    return sums


class ChoiceLikelihood:
    """Loss of choices as a function of weights, bends and biases, in this order.

    Parameters
    ----------
    columns : ndarray of shape (n_rows, n_columns)
        Terms and bends.
    queries : int array (n_rows,)
    contests : Contests
        All in the order of `in_order`.
    families : int array (n_rows, n_families)
        Ids of biases; -1 = none.
    counts : sequence of int
        Biases of each family.
    """

    def __init__(
        self,
        columns: Floats,
        queries: Ints,
        contests: Contests,
        *,
        families: Ints,
        counts: Sequence[int],
    ) -> None:
        self.columns = columns
        self.contests, self.families, self.counts = contests, families, tuple(counts)
        self.width = self.columns.shape[1]
        self.firsts = self.width + np.cumsum([0, *counts])[:-1]
        self.n_parameters = self.width + sum(counts)
        self.ids = np.where(families >= 0, families + self.firsts, -1)
        self.set_starts = np.flatnonzero(np.diff(queries, prepend=-1))
        self.set_of = np.repeat(np.arange(len(self.set_starts)), np.diff(self.set_starts, append=len(columns)))
        chunk = self.set_starts // CHUNK_ROWS
        bounds = np.append(self.set_starts[np.diff(chunk, prepend=-1) != 0], len(columns)).tolist()
        self.chunks = [slice(first, last) for first, last in pairwise(bounds)]
        self.offered = [self._offered(rows) for rows in self.chunks]
        self.passed = rows_between(contests.first, contests.end)

    def spreads(self) -> Floats:
        """Standard deviation of each column of terms and bends, (width,)."""
        return np.array([column.std() for column in self.columns.T])

    def scores(self, parameters: Floats) -> Floats:
        """Scores of all rows, (n_rows,)."""
        found: Floats = self.columns @ parameters[: self.width]
        with_none = np.append(parameters, 0.0)  # id -1 finds the last
        for ids in self.ids.T:
            found += with_none[ids]
        return found

    def loss(self, parameters: Floats) -> tuple[float, "Chances"]:
        """Weighted surprise at all choices, and what its derivatives are made of."""
        scores = self.scores(parameters)
        highest = np.maximum.reduceat(scores, self.set_starts)[self.set_of]
        odds = np.exp(scores - highest)
        of = self.contests
        passed = sums_between(odds, of.first, of.end)
        total = np.maximum(odds[of.preferred] + passed[of.contest_of], SMALLEST)
        surprise = np.log(total) - (scores - highest)[of.preferred]
        return float(of.weight @ surprise), Chances(odds, total)

    def gradient(self, chances: "Chances") -> Floats:
        """Of the loss, (n_parameters,)."""
        surprise = self._mass(chances)
        surprise[self.contests.preferred] -= self.contests.weight
        found = np.zeros(self.n_parameters)
        found[: self.width] = surprise @ self.columns
        for ids in self.ids.T:
            known = ids >= 0
            found += np.bincount(ids[known], surprise[known], self.n_parameters)
        return found

    def curvature(self, chances: "Chances") -> Floats:
        """Second derivative of the loss, (n_parameters, n_parameters)."""
        mass, width = self._mass(chances), self.width
        root = np.sqrt(mass)
        found = np.zeros((self.n_parameters, self.n_parameters))
        for rows, offered in zip(self.chunks, self.offered, strict=True):
            weighted = self.columns[rows] * root[rows, None]
            found[:width, :width] += weighted.T @ weighted  # a product with itself takes half the work
            weighted *= root[rows, None]
            found[width:, :width] += offered.T @ weighted
            mean = self._means(rows, chances)
            found -= mean.T @ mean
        found[:width, width:] = found[width:, :width].T
        for left, right in combinations_with_replacement(range(len(self.counts)), 2):
            cells, known = self._cells(left, right)
            together = np.bincount(cells, mass[known], self.counts[left] * self.counts[right])
            own, other = (
                slice(self.firsts[family], self.firsts[family] + self.counts[family]) for family in (left, right)
            )
            found[own, other] += together.reshape(self.counts[left], self.counts[right])
            if left != right:
                found[other, own] += together.reshape(self.counts[left], self.counts[right]).T
        return found

    def _cells(self, left: int, right: int) -> tuple[Ints, Ints]:
        """Which two biases each row has, for the rows that have both, and those rows."""
        rows = np.flatnonzero((self.families[:, left] >= 0) & (self.families[:, right] >= 0))
        return self.families[rows, left] * self.counts[right] + self.families[rows, right], rows

    def _mass(self, chances: "Chances") -> Floats:
        """How much of all choices was expected to fall to each row, (n_rows,)."""
        of = self.contests
        share = np.bincount(of.contest_of, of.weight / chances.total, len(of.end))
        mass = np.bincount(self.passed, np.repeat(share, of.end - of.first), len(self.columns)) * chances.odds
        mass[of.preferred] += of.weight * chances.odds[of.preferred] / chances.total
        return mass

    def _offered(self, rows: slice) -> sparse.csr_matrix:
        """What rows offer, (n, n_biases): one 1 per family whose id is known."""
        ids = self.ids[rows]
        row, family = np.nonzero(ids >= 0)
        columns = ids[row, family] - self.width
        return sparse.csr_matrix((np.ones(len(row)), (row, columns)), shape=(len(ids), sum(self.counts)))

    def _means(self, rows: slice, chances: "Chances") -> Floats:
        """Expected columns of the preferences of some rows times the root of their weight, (n, n_parameters)."""
        of = self.contests
        own = slice(*np.searchsorted(of.preferred, (rows.start, rows.stop)))
        preferred, contest_of = of.preferred[own] - rows.start, of.contest_of[own]
        if not len(preferred):
            return np.zeros((0, self.n_parameters))
        contests = slice(int(contest_of.min()), int(contest_of.max()) + 1)
        first, end, contest_of = (
            of.first[contests] - rows.start,
            of.end[contests] - rows.start,
            contest_of - contests.start,
        )
        odds, ids = chances.odds[rows], self.ids[rows]
        weighted = self.columns[rows] * odds[:, None]
        sums = np.zeros((len(first), self.n_parameters))
        sums[:, : self.width] = sums_between(weighted, first, end)
        contest, passed = np.repeat(np.arange(len(first)), end - first), rows_between(first, end)
        odds_of = odds[passed]
        for column in ids.T:
            offered = column[passed]
            known = offered >= 0
            cells = contest[known] * self.n_parameters + offered[known]
            sums += np.bincount(cells, odds_of[known], sums.size).reshape(sums.shape)
        mean = sums[contest_of]
        mean[:, : self.width] += weighted[preferred]
        for column in ids.T:
            known = np.flatnonzero(column[preferred] >= 0)
            mean[known, column[preferred][known]] += odds[preferred][known]
        mean *= (np.sqrt(of.weight[own]) / chances.total[own])[:, None]
        return mean


class Chances(NamedTuple):
    """Odds of each row against the best of its set, (n_rows,), and of all rows of each preference, (n_preferred,)."""

    odds: Floats
    total: Floats
