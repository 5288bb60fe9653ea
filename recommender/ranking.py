"""PathwayRanker: an additive choice model, learned on top of knowledge.

The chance that a student prefers one pathway of a choice set to those passed over grows with its score like a softmax
over the set; a score is a weighted sum of terms, a piecewise linear shape of some of them, and biases of what is
offered. What belongs to the student alone cancels. A ridge draws the weights towards expert weights, not towards zero,
so with few outcomes the ranker stays with knowledge and with many it follows the outcomes; read as a Gaussian prior,
it gives the weights a posterior, and with it every score its error.

Conditional logit: McFadden 1974; several preferred pathways of one set as a ranking with ties: Plackett 1975; a sample
of the alternatives instead of all of them: McFadden 1978; Laplace's approximation of the posterior: MacKay 1992.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_NEWTON_STEPS = 50
CHUNK = 4096  # preferences at a time: bounds the memory of a fit


class _Preferences(NamedTuple):
    """One preferred row against those of lower relevance of the same choice set, again and again.

    `rows` (n,) are positions in the table, preferred first; preference i holds `rows[starts[i]:starts[i + 1]]`;
    `weight` (n_preferences,) sums to 1 over a choice set.
    """

    rows: Ints
    starts: Ints
    weight: Floats

    @property
    def lengths(self) -> Ints:
        return np.diff(self.starts, append=len(self.rows))


class PathwayRanker(BaseEstimator):
    """Additive choice model with an informative prior.

    Parameters
    ----------
    prior_weights : array-like of shape (n_features,) or None
        Expert weights; None = zeros.
    pull : float, > 0
        Strength of the ridge towards `prior_weights` on terms of unit spread, in choice sets: with fewer outcomes than
        this knowledge prevails.
    bias_pull : float or sequence of float, > 0
        The same for biases, towards zero; of each family where there are several.
    nonnegative_columns : sequence of int
        Columns whose weight may not turn negative: a good mark must never count against anybody.
    shaped_columns : sequence of int
        Columns whose effect may bend (a degree-1 spline); the bends are drawn towards none.
    knot_count : int
        Bends per shaped column, at evenly spaced quantiles.
    bias_counts : sequence of int or None
        How many ids each family of biases has; what was never seen keeps its prior. None = as many as were seen.
    has_posterior : bool
        Whether to work out `covariance_`; fits that only compare pulls do without.
    max_alternatives : int
        A seeded sample of what was passed over is taken beyond it.
    random_state : int

    Attributes
    ----------
    weights_ : ndarray of shape (n_features,)
    knots_ : ndarray of shape (n_shaped, knot_count)
    bend_weights_ : ndarray of shape (n_shaped, knot_count)
        Change of slope at each knot.
    biases_ : tuple of ndarray
        One array per family of biases, indexed by the ids given to `fit`.
    covariance_ : ndarray of shape (n_parameters, n_parameters)
        Posterior covariance of weights, bend weights and biases in this order; a weight held at zero has none. Only
        with `has_posterior`.
    query_count_ : int
        Choice sets that had a preference in them.

    Examples
    --------
    >>> ranker = PathwayRanker(pull=1e-3).fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    >>> bool(ranker.weights_[0] > 0)
    True
    >>> PathwayRanker(prior_weights=[2.0]).fit([[0.0], [1.0]], [0, 0]).predict([[3.0]]).tolist()
    [6.0]

    One choice between two that differ by two spreads of the term: with a pull of 1, w solves `2 / (1 + exp(2 w)) = w`.

    >>> PathwayRanker(pull=1.0).fit([[0.0], [2.0]], [0, 1]).weights_.round(3).tolist()
    [0.521]
    """

    def __init__(
        self,
        prior_weights: ArrayLike | None = None,
        *,
        pull: float = 10.0,
        bias_pull: float | tuple[float, ...] = 10.0,
        nonnegative_columns: tuple[int, ...] = (),
        shaped_columns: tuple[int, ...] = (),
        knot_count: int = 3,
        bias_counts: tuple[int, ...] | None = None,
        has_posterior: bool = True,
        max_alternatives: int = 100,
        random_state: int = 0,
    ) -> None:
        self.prior_weights = prior_weights
        self.pull = pull
        self.bias_pull = bias_pull
        self.nonnegative_columns = nonnegative_columns
        self.shaped_columns = shaped_columns
        self.knot_count = knot_count
        self.bias_counts = bias_counts
        self.has_posterior = has_posterior
        self.max_alternatives = max_alternatives
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Relevance grades are required to learn from."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(
        self, X: ArrayLike, y: ArrayLike, *, query_ids: ArrayLike | None = None, bias_ids: ArrayLike | None = None
    ) -> Self:
        """Learn from choice sets.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Terms of one student and one pathway a row; no NaN.
        y : array-like of shape (n_rows,)
            Relevance: larger was preferred. Only differences within a query count.
        query_ids : array-like of shape (n_rows,), optional
            Choice set of each row; None = all rows are one choice set.
        bias_ids : int array-like of shape (n_rows, n_families), optional
            What is offered: one id per family of biases (programme, host); -1 = none.

        Returns
        -------
        self
        """
        checked: tuple[Floats, Floats] = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        terms, relevance = checked
        queries, families = _ids(query_ids, bias_ids, len(relevance))
        shaped = list(self.shaped_columns)
        levels = np.linspace(0, 1, self.knot_count + 2)[1:-1]
        self.knots_ = np.quantile(terms[:, shaped], levels, axis=0).T.reshape(len(shaped), self.knot_count)
        preferences = self._preferences(relevance, queries)
        self.query_count_ = len(np.unique(queries[preferences.rows[preferences.starts]]))
        expanded = self._expanded(terms)
        scale = expanded.std(axis=0)
        scale[scale < 1e-12] = 1.0
        prior = np.zeros(expanded.shape[1])
        if self.prior_weights is not None:
            prior[: terms.shape[1]] = np.asarray(self.prior_weights, dtype=float)
        counts = [int(column.max(initial=-1)) + 1 for column in families.T]
        counts = counts if self.bias_counts is None else list(self.bias_counts)
        dense = expanded[preferences.rows] / scale
        offered = _one_hot(families[preferences.rows], counts)
        bias_pull = np.repeat(np.broadcast_to(self.bias_pull, len(counts)), counts)
        pull = np.concatenate([np.full(len(prior), self.pull), bias_pull])
        solution, precision = self._solve(dense, offered, preferences, prior * scale, pull)
        held: list[int] = []
        while turned := [column for column in self.nonnegative_columns if solution[column] < 0]:
            held += turned
            dense[:, turned] = 0.0  # out of the fit, the rest is fitted again without them
            prior[turned] = 0.0
            solution[turned] = 0.0
            solution, precision = self._solve(dense, offered, preferences, prior * scale, pull, start=solution)
        if self.has_posterior:
            units = np.concatenate([scale, np.ones(len(solution) - len(scale))])
            self.covariance_ = np.linalg.inv(precision) / np.outer(units, units)
            self.covariance_[held, :] = 0.0
            self.covariance_[:, held] = 0.0
        learned = solution[: len(prior)] / scale
        self.weights_ = learned[: terms.shape[1]]
        self.bend_weights_ = learned[terms.shape[1] :].reshape(len(shaped), self.knot_count)
        ends = len(prior) + np.cumsum([0, *counts])
        self.biases_ = tuple(solution[start:end] for start, end in pairwise(ends))
        return self

    def predict(self, X: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Floats:
        """Scores in log-odds, comparable within one student's choice set.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        bias_ids : int array-like of shape (n_rows, n_families), optional
            Unknown ids (never seen in `fit`) and -1 get no bias.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        check_is_fitted(self)
        terms: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        scores: Floats = terms @ self.weights_ + self._bends(terms).reshape(len(terms), -1) @ self.bend_weights_.ravel()
        if bias_ids is not None:
            for ids, biases in zip(np.asarray(bias_ids, dtype=np.int64).T, self.biases_, strict=True):
                known = (ids >= 0) & (ids < len(biases))
                scores[known] += biases[ids[known]]
        return scores

    @property
    def parameters_(self) -> Floats:
        """Weights, bend weights and biases, (n_parameters,), in the order of `covariance_`."""
        return np.concatenate([self.weights_, self.bend_weights_.ravel(), *self.biases_])

    def parameter_rows(self, X: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Floats:
        """What each parameter is multiplied with: `predict(X) == parameter_rows(X) @ parameters_`.

        Parameters
        ----------
        X, bias_ids : as in `predict`

        Returns
        -------
        ndarray of shape (n_rows, n_parameters)
        """
        check_is_fitted(self)
        terms: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        rows = np.zeros((len(terms), len(self.parameters_)))
        learned = self._expanded(terms)
        rows[:, : learned.shape[1]] = learned
        first = learned.shape[1]
        families = np.empty((0, len(terms))) if bias_ids is None else np.asarray(bias_ids, dtype=np.int64).T
        for ids, biases in zip(families, self.biases_, strict=False):
            known = np.flatnonzero((ids >= 0) & (ids < len(biases)))
            rows[known, first + ids[known]] = 1.0
            first += len(biases)
        return rows

    def _bends(self, terms: Floats) -> Floats:
        bends: Floats = np.maximum(terms[:, list(self.shaped_columns), None] - self.knots_, 0.0)
        return bends

    def _expanded(self, terms: Floats) -> Floats:
        return np.hstack([terms, self._bends(terms).reshape(len(terms), -1)])

    def _preferences(self, y: Floats, queries: Ints) -> _Preferences:
        """Each row of some relevance against those of lower relevance in its choice set."""
        random = check_random_state(self.random_state)
        order = np.argsort(queries, kind="stable")
        first = np.flatnonzero(np.diff(queries[order], prepend=-1))
        rows, lengths, weight = [], [], []
        for members in np.split(order, first[1:]):
            relevance = y[members]
            above = relevance - relevance.min()
            for preferred in np.flatnonzero(above > 0):
                passed = members[relevance < relevance[preferred]]
                if len(passed) > self.max_alternatives:
                    passed = np.sort(random.choice(passed, self.max_alternatives, replace=False))
                rows.append(np.append(members[preferred], passed))
                lengths.append(len(passed) + 1)
                weight.append(above[preferred] / above.sum())
        if not rows:
            nothing = np.empty(0, dtype=np.int64)
            return _Preferences(nothing, nothing, np.empty(0))
        return _Preferences(np.concatenate(rows), np.cumsum([0, *lengths[:-1]]), np.array(weight))

    def _solve(
        self,
        dense: Floats,
        biases: Any,
        preferences: _Preferences,
        prior: Floats,
        pull: Floats,
        start: Floats | None = None,
    ) -> tuple[Floats, Floats]:
        """Minimum of weighted loss plus the two ridges, by Newton steps halved while they overshoot; its curvature.

        Without a posterior nobody asks for the curvature: the ridges' own stands for it.
        """
        target = np.concatenate([prior, np.zeros(biases.shape[1])])
        if not len(preferences.weight):
            return target, np.diag(pull)
        split, transposed = len(prior), biases.T.tocsr()
        starts, weight = preferences.starts, preferences.weight
        preference = np.repeat(np.arange(len(weight)), preferences.lengths)
        weight_of = weight[preference]
        chosen = np.zeros(len(preference))
        chosen[starts] = 1.0

        def loss_of(beta: Floats) -> tuple[float, Floats]:
            scores = dense @ beta[:split] + biases @ beta[split:]
            scores -= np.maximum.reduceat(scores, starts)[preference]
            chance = np.exp(scores)
            total = np.add.reduceat(chance, starts)
            missed = float(weight @ (np.log(total) - scores[starts]))
            return missed + 0.5 * float(pull @ (beta - target) ** 2), chance / total[preference]

        def curvature(chance: Floats) -> Floats:
            mass = weight_of * chance
            within = dense.T @ (dense * mass[:, None])
            cross = transposed @ (dense * mass[:, None])
            among = (transposed @ biases.multiply(mass[:, None])).toarray()
            found = np.block([[within, cross.T], [cross, among]]) + np.diag(pull)
            for mean, its_weight in _means_in_chunks(dense, biases, chance, preferences):
                found -= mean.T @ (mean * its_weight[:, None])
            return found

        beta = target if start is None else start
        loss, chance = loss_of(beta)
        bent, share = curvature(chance), 1.0
        for number in range(MAX_NEWTON_STEPS):
            if (number == 1 and start is None) or share < 1.0:  # later steps are short: the curvature hardly changes
                bent = curvature(chance)
            surprise = weight_of * (chance - chosen)
            gradient = pull * (beta - target) + np.concatenate([dense.T @ surprise, transposed @ surprise])
            step = np.linalg.solve(bent, gradient)
            share, (tried, tried_chance) = 1.0, loss_of(beta - step)
            while tried > loss and share > 1e-6:
                share /= 2
                tried, tried_chance = loss_of(beta - share * step)
            beta, gained = beta - share * step, loss - tried
            loss, chance = tried, tried_chance
            if gained < 1e-9 * (1.0 + abs(loss)):
                break
        return beta, curvature(chance) if self.has_posterior else np.diag(pull)


def _ids(query_ids: ArrayLike | None, bias_ids: ArrayLike | None, count: int) -> tuple[Ints, Ints]:
    """Choice set of each row and ids of what it offers; where not given, one set for all and no ids."""
    queries = np.zeros(count, dtype=np.int64) if query_ids is None else np.unique(query_ids, return_inverse=True)[1]
    families = np.empty((count, 0), dtype=np.int64) if bias_ids is None else np.asarray(bias_ids, dtype=np.int64)
    return queries, families


def _means_in_chunks(
    dense: Floats, biases: Any, chance: Floats, preferences: _Preferences
) -> Iterator[tuple[Floats, Floats]]:
    """Expected columns of the preferences, (n_in_chunk, n_parameters), and their weights."""
    starts, lengths, weight = preferences.starts, preferences.lengths, preferences.weight
    for first in range(0, len(weight), CHUNK):
        part = slice(first, first + CHUNK)
        rows = slice(starts[first], starts[first] + int(lengths[part].sum()))
        preference = np.repeat(np.arange(len(weight[part])), lengths[part])
        yield _means(dense[rows], biases[rows], chance[rows], preference, len(weight[part])), weight[part]


def _means(dense: Floats, biases: Any, chance: Floats, preference: Ints, count: int) -> Floats:
    """Expected columns of each preference, (count, n_parameters)."""
    mean = np.zeros((count, dense.shape[1] + biases.shape[1]))
    starts = np.flatnonzero(np.diff(preference, prepend=-1))
    mean[:, : dense.shape[1]] = np.add.reduceat(dense * chance[:, None], starts)
    row = np.repeat(np.arange(len(chance)), np.diff(biases.indptr))
    cell = preference[row] * biases.shape[1] + biases.indices
    mean[:, dense.shape[1] :] = np.bincount(cell, chance[row], count * biases.shape[1]).reshape(count, -1)
    return mean


def _one_hot(families: Ints, counts: list[int]) -> Any:
    """Sparse (n_rows, sum of counts): one 1 per family whose id is known."""
    offsets = np.cumsum([0, *counts])
    rows, columns = np.nonzero(families >= 0)
    ids = families[rows, columns] + offsets[columns]
    return sparse.csr_matrix((np.ones(len(rows)), (rows, ids)), shape=(len(families), int(offsets[-1])))
