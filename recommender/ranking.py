"""PathwayRanker: an additive choice model, learned on top of knowledge.

The chance that a student prefers one pathway of a choice set to those passed over grows with its score like a softmax
over the set; a score is a weighted sum of terms, a piecewise linear shape of some of them, and biases of what is
offered. What belongs to the student alone cancels. A ridge draws the weights towards expert weights, not towards zero,
so with few outcomes the ranker stays with knowledge and with many it follows the outcomes; read as a Gaussian prior,
it gives the weights a posterior, and with it every score its error.

Conditional logit: McFadden 1974; several preferred pathways of one set as a ranking with ties: Plackett 1975;
Laplace's approximation of the posterior: MacKay 1992.
"""

from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from recommender.choice_likelihood import CHUNK_ROWS, Chances, ChoiceLikelihood, contests_of, in_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_NEWTON_STEPS, LITTLE = 50, 1e-9  # steps that gain less than this share of the loss are the last


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
    ) -> None:
        self.prior_weights = prior_weights
        self.pull = pull
        self.bias_pull = bias_pull
        self.nonnegative_columns = nonnegative_columns
        self.shaped_columns = shaped_columns
        self.knot_count = knot_count
        self.bias_counts = bias_counts
        self.has_posterior = has_posterior

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
        order = in_order(relevance, queries)
        columns = self._expanded(terms, order)
        queries, families = queries[order], families[order]
        contests = contests_of(relevance[order], queries)
        self.query_count_ = len(np.unique(queries[contests.preferred]))
        counts = [int(column.max(initial=-1)) + 1 for column in families.T]
        counts = counts if self.bias_counts is None else list(self.bias_counts)
        likelihood = ChoiceLikelihood(columns, queries, contests, families=families, counts=counts)
        scale = np.ones(likelihood.n_parameters)
        scale[: likelihood.width] = likelihood.spreads()
        scale[scale < 1e-12] = 1.0
        prior = np.zeros(likelihood.n_parameters)
        if self.prior_weights is not None:
            prior[: terms.shape[1]] = np.asarray(self.prior_weights, dtype=float)
        bias_pull = np.repeat(np.broadcast_to(self.bias_pull, len(counts)), counts)
        pull = np.concatenate([np.full(likelihood.width, self.pull), bias_pull])
        held = np.zeros(likelihood.n_parameters, dtype=bool)
        solution, precision = self._solve(likelihood, prior, pull, scale, held)
        while turned := [column for column in self.nonnegative_columns if solution[column] < 0]:
            held[turned] = True  # out of the fit, the rest is fitted again without them
            prior[turned] = solution[turned] = 0.0
            solution, precision = self._solve(likelihood, prior, pull, scale, held, start=solution)
        if self.has_posterior:
            self.covariance_ = np.linalg.inv(precision) / np.outer(scale, scale)
            self.covariance_[held, :] = 0.0
            self.covariance_[:, held] = 0.0
        self.weights_ = solution[: terms.shape[1]]
        self.bend_weights_ = solution[terms.shape[1] : likelihood.width].reshape(len(shaped), self.knot_count)
        ends = likelihood.width + np.cumsum([0, *counts])
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

    def _expanded(self, terms: Floats, order: Ints | None = None) -> Floats:
        """Terms and bends, in another order of rows where it is given; written in place, as a city has many rows."""
        count = terms.shape[1]
        columns = np.empty((len(terms), count + self.knots_.size))
        for start in range(0, len(terms), CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            columns[part, :count] = terms[part] if order is None else terms[order[part]]
            columns[part, count:] = self._bends(columns[part, :count]).reshape(len(columns[part]), -1)
        return columns

    def _solve(
        self,
        likelihood: ChoiceLikelihood,
        prior: Floats,
        pull: Floats,
        scale: Floats,
        held: NDArray[np.bool_],
        start: Floats | None = None,
    ) -> tuple[Floats, Floats]:
        """Minimum of loss plus the ridges, by Newton steps halved while they overshoot; curvature for unit spreads.

        Pulls are meant for terms of unit spread; those held take no part. Without a posterior nobody asks for the
        curvature: the ridges' own stands for it.
        """
        if not len(likelihood.contests.preferred):
            return prior, np.diag(pull)
        unit = np.where(held, 0.0, 1.0 / scale)
        target = prior * scale

        def loss_of(beta: Floats) -> tuple[float, Chances]:
            missed, chances = likelihood.loss(beta * unit)
            return missed + 0.5 * float(pull @ (beta - target) ** 2), chances

        def curvature(chances: Chances) -> Floats:
            return likelihood.curvature(chances) * np.outer(unit, unit) + np.diag(pull)

        beta = target if start is None else start * scale
        loss, chances = loss_of(beta)
        bent, share = curvature(chances), 1.0
        for number in range(MAX_NEWTON_STEPS):
            if (number == 1 and start is None) or share < 1.0:  # later steps are short: the curvature hardly changes
                bent = curvature(chances)
            gradient = pull * (beta - target) + likelihood.gradient(chances) * unit
            step = np.linalg.solve(bent, gradient)
            share, (tried, tried_chances) = 1.0, loss_of(beta - step)
            while tried > loss and share > 1e-6:
                share /= 2
                tried, tried_chances = loss_of(beta - share * step)
            beta, gained = beta - share * step, loss - tried
            loss, chances = tried, tried_chances
            if gained < LITTLE * (1.0 + abs(loss)):
                break
        return beta / scale, curvature(chances) if self.has_posterior else np.diag(pull)


def _ids(query_ids: ArrayLike | None, bias_ids: ArrayLike | None, count: int) -> tuple[Ints, Ints]:
    """Choice set of each row and ids of what it offers; where not given, one set for all and no ids."""
    queries = np.zeros(count, dtype=np.int64) if query_ids is None else np.unique(query_ids, return_inverse=True)[1]
    families = np.empty((count, 0), dtype=np.int64) if bias_ids is None else np.asarray(bias_ids, dtype=np.int64)
    return queries, families
