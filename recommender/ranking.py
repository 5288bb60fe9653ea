"""PathwayRanker: additive, pairwise, learned on top of knowledge.

For two pathways of one choice set of one student, the log-odds of preferring the first are the difference of their
scores; a score is a weighted sum of terms, a piecewise linear shape of some of them, and biases of what is offered.
What belongs to the student alone cancels in the difference. A ridge draws the weights towards expert weights, not
towards zero, so with few outcomes the ranker stays with knowledge and with many it follows the outcomes.

Pairwise logistic regression of feature differences: Joachims 2002 (RankSVM), Bradley & Terry 1952.
"""

from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_NEWTON_STEPS = 50


class PathwayRanker(BaseEstimator):
    """Additive pairwise ranker with an informative prior.

    Parameters
    ----------
    prior_weights : array-like of shape (n_features,) or None
        Expert weights; None = zeros.
    pull : float, > 0
        Strength of the ridge towards `prior_weights`, in choice sets: with fewer outcomes than this knowledge prevails.
    bias_pull : float, > 0
        The same for biases, towards zero.
    nonnegative_columns : sequence of int
        Columns whose weight may not turn negative: a good mark must never count against anybody.
    shaped_columns : sequence of int
        Columns whose effect may bend (a degree-1 spline); the bends are drawn towards none.
    knot_count : int
        Bends per shaped column, at evenly spaced quantiles.
    max_pairs_per_query : int
        A seeded sample of pairs is taken beyond it.
    random_state : int

    Attributes
    ----------
    weights_ : ndarray of shape (n_features,)
    knots_ : ndarray of shape (n_shaped, knot_count)
    bend_weights_ : ndarray of shape (n_shaped, knot_count)
        Change of slope at each knot.
    biases_ : tuple of ndarray
        One array per family of biases, indexed by the ids given to `fit`.
    query_count_ : int
        Choice sets that had a preference in them.

    Examples
    --------
    >>> ranker = PathwayRanker(pull=1e-3).fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    >>> bool(ranker.weights_[0] > 0)
    True
    >>> PathwayRanker(prior_weights=[2.0]).fit([[0.0], [1.0]], [0, 0]).predict([[3.0]]).tolist()
    [6.0]
    """

    def __init__(
        self,
        prior_weights: ArrayLike | None = None,
        *,
        pull: float = 10.0,
        bias_pull: float = 10.0,
        nonnegative_columns: tuple[int, ...] = (),
        shaped_columns: tuple[int, ...] = (),
        knot_count: int = 3,
        max_pairs_per_query: int = 50,
        random_state: int = 0,
    ) -> None:
        self.prior_weights = prior_weights
        self.pull = pull
        self.bias_pull = bias_pull
        self.nonnegative_columns = nonnegative_columns
        self.shaped_columns = shaped_columns
        self.knot_count = knot_count
        self.max_pairs_per_query = max_pairs_per_query
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
        queries = (
            np.zeros(len(relevance), dtype=np.int64)
            if query_ids is None
            else np.unique(query_ids, return_inverse=True)[1]
        )
        families = (
            np.empty((len(relevance), 0), dtype=np.int64) if bias_ids is None else np.asarray(bias_ids, dtype=np.int64)
        )
        shaped = list(self.shaped_columns)
        levels = np.linspace(0, 1, self.knot_count + 2)[1:-1]
        self.knots_ = np.quantile(terms[:, shaped], levels, axis=0).T.reshape(len(shaped), self.knot_count)
        better, worse, weight = self._pairs(relevance, queries)
        self.query_count_ = len(np.unique(queries[better]))
        expanded = self._expanded(terms)
        scale = expanded.std(axis=0)
        scale[scale < 1e-12] = 1.0
        prior = np.zeros(expanded.shape[1])
        if self.prior_weights is not None:
            prior[: terms.shape[1]] = np.asarray(self.prior_weights, dtype=float)
        counts = [int(column.max(initial=-1)) + 1 for column in families.T]
        one_hot = _one_hot(families, counts)
        differences, offered = (expanded[better] - expanded[worse]) / scale, one_hot[better] - one_hot[worse]
        solution = self._solve(differences, offered, weight, prior * scale)
        while turned := [column for column in self.nonnegative_columns if solution[column] < 0]:
            differences[:, turned] = 0.0  # out of the fit, the rest is fitted again without them
            prior[turned] = 0.0
            solution[turned] = 0.0
            solution = self._solve(differences, offered, weight, prior * scale, start=solution)
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

    def _bends(self, terms: Floats) -> Floats:
        bends: Floats = np.maximum(terms[:, list(self.shaped_columns), None] - self.knots_, 0.0)
        return bends

    def _expanded(self, terms: Floats) -> Floats:
        return np.hstack([terms, self._bends(terms).reshape(len(terms), -1)])

    def _pairs(self, y: Floats, queries: Ints) -> tuple[Ints, Ints, Floats]:
        """Positions of better and worse rows, and weights that sum to 1 in each query."""
        random = check_random_state(self.random_state)
        order = np.argsort(queries, kind="stable")
        starts = np.flatnonzero(np.diff(queries[order], prepend=-1))
        better, worse, weight = [], [], []
        for rows in np.split(order, starts[1:]):
            gain = y[rows][:, None] - y[rows][None, :]
            first, second = np.nonzero(gain > 0)
            if not len(first):
                continue
            if len(first) > self.max_pairs_per_query:
                chosen = np.sort(random.choice(len(first), self.max_pairs_per_query, replace=False))
                first, second = first[chosen], second[chosen]
            better.append(rows[first])
            worse.append(rows[second])
            weight.append(gain[first, second] / gain[first, second].sum())
        if not better:
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing, np.empty(0)
        return np.concatenate(better), np.concatenate(worse), np.concatenate(weight)

    def _solve(self, dense: Floats, biases: Any, weight: Floats, prior: Floats, start: Floats | None = None) -> Floats:
        """Minimise the weighted logistic loss plus the two ridges by Newton steps, halved while they overshoot."""
        target = np.concatenate([prior, np.zeros(biases.shape[1])])
        pull = np.concatenate([np.full(len(prior), self.pull), np.full(biases.shape[1], self.bias_pull)])
        if not len(weight):
            return target
        split, transposed = len(prior), biases.T.tocsr()

        def loss_of(beta: Floats) -> tuple[float, Floats]:
            margin = dense @ beta[:split] + biases @ beta[split:]
            return float(weight @ np.logaddexp(0.0, -margin) + 0.5 * pull @ (beta - target) ** 2), margin

        beta = target if start is None else start
        loss, margin = loss_of(beta)
        for _ in range(MAX_NEWTON_STEPS):
            missed = 1.0 / (1.0 + np.exp(np.clip(margin, -500, 500)))
            gradient = pull * (beta - target)
            gradient -= np.concatenate([dense.T @ (weight * missed), transposed @ (weight * missed)])
            curvature = weight * missed * (1.0 - missed)
            cross = transposed @ (dense * curvature[:, None])
            within = (transposed @ biases.multiply(curvature[:, None])).toarray()
            hessian = np.block([[dense.T @ (dense * curvature[:, None]), cross.T], [cross, within]])
            step = np.linalg.solve(hessian + np.diag(pull), gradient)
            share = 1.0
            tried, tried_margin = loss_of(beta - step)
            while tried > loss and share > 1e-6:
                share /= 2
                tried, tried_margin = loss_of(beta - share * step)
            beta, gained = beta - share * step, loss - tried
            loss, margin = tried, tried_margin
            if gained < 1e-9 * (1.0 + abs(loss)):
                break
        return beta


def _one_hot(families: Ints, counts: list[int]) -> Any:
    """Sparse (n_rows, sum of counts): one 1 per family whose id is known."""
    offsets = np.cumsum([0, *counts])
    rows, columns = np.nonzero(families >= 0)
    ids = families[rows, columns] + offsets[columns]
    return sparse.csr_matrix((np.ones(len(rows)), (rows, ids)), shape=(len(families), int(offsets[-1])))
