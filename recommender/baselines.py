"""What every candidate must beat, as estimators of the same contract as PathwayRanker."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = NDArray[np.float64]


class _Baseline(BaseEstimator):
    """Shares only the reading of X and y."""

    def __sklearn_tags__(self) -> Any:
        """Relevance grades are required, as of every ranker."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _checked(self, X: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        checked: tuple[Floats, Floats] = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        return checked


class RandomRanker(_Baseline):
    """A lot for every row: what no advice at all gives.

    Parameters
    ----------
    random_state : int
        The lot depends on it and on the row's content, so that the order of rows does not matter.
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Self:
        """Remember the number of columns; X (n_rows, n_features), y (n_rows,)."""
        self._checked(X, y)
        self.is_fitted_ = True
        return self

    def predict(self, X: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Floats:
        """Lots in [-1, 1], shape (n_rows,)."""
        check_is_fitted(self)
        terms: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        direction: Floats = np.random.default_rng(self.random_state).normal(size=(terms.shape[1],))
        lots = np.zeros(len(terms))
        for column in range(terms.shape[1]):
            lots += terms[:, column] * direction[column]
        drawn: Floats = np.sin(lots * 1e4)
        return drawn


class PopularityRanker(_Baseline):
    """Share of choice sets in which a pathway was chosen, drawn towards its programme's share when seen seldom.

    Parameters
    ----------
    shrinkage : float
        Choice sets' worth of belief in the programme's share.
    """

    def __init__(self, shrinkage: float = 20.0) -> None:
        self.shrinkage = shrinkage

    def fit(self, X: ArrayLike, y: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Self:
        """Count choices; `bias_ids` (n_rows, n_families): first column programme, last column pathway."""
        _, relevance = self._checked(X, y)
        ids = np.zeros((len(relevance), 1), dtype=np.int64) if bias_ids is None else np.asarray(bias_ids)
        chosen = (relevance > 0).astype(float)
        self.overall_ = float(chosen.mean())
        everywhere = np.full(len(ids), self.overall_)
        self.programme_share_ = _share(ids[:, 0], chosen, everywhere, self.shrinkage)
        prior: Floats = self.programme_share_[ids[:, 0]]
        self.pathway_share_ = _share(ids[:, -1], chosen, prior, self.shrinkage)
        return self

    def predict(self, X: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Floats:
        """Shares in [0, 1], shape (n_rows,)."""
        check_is_fitted(self)
        terms: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        if bias_ids is None:
            return np.full(len(terms), self.overall_)
        ids = np.asarray(bias_ids)
        programme = _known(ids[:, 0], self.programme_share_, np.full(len(terms), self.overall_))
        return _known(ids[:, -1], self.pathway_share_, programme)


def _share(ids: NDArray[np.int64], chosen: Floats, prior: Floats, shrinkage: float) -> Floats:
    size = int(ids.max(initial=-1)) + 1
    shown = np.bincount(ids, minlength=size)
    mean_prior = np.bincount(ids, prior, size) / np.maximum(shown, 1)
    share: Floats = (np.bincount(ids, chosen, size) + shrinkage * mean_prior) / (shown + shrinkage)
    return share


def _known(ids: NDArray[np.int64], shares: Floats, otherwise: Floats) -> Floats:
    known = (ids >= 0) & (ids < len(shares))
    return np.where(known, shares[np.where(known, ids, 0)], otherwise)


class WeightedTermsRanker(_Baseline):
    """A fixed weighted sum of columns: expert weights, wishes only, or one column such as the interest correlation.

    Parameters
    ----------
    weights : array-like of shape (n_features,) or None
        None = the plain sum.
    """

    def __init__(self, weights: ArrayLike | None = None) -> None:
        self.weights = weights

    def fit(self, X: ArrayLike, y: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Self:
        """Take over the weights; nothing is learned. X (n_rows, n_features), y (n_rows,)."""
        columns = self._checked(X, y)[0].shape[1]
        self.weights_ = np.ones(columns) if self.weights is None else np.asarray(self.weights, dtype=float)
        return self

    def predict(self, X: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Floats:
        """Weighted sums, shape (n_rows,)."""
        check_is_fitted(self)
        scores: Floats = validate_data(self, X, reset=False, dtype=np.float64) @ self.weights_
        return scores


class BoostedRanker(_Baseline):
    """Gradient boosting of relevance on the same terms, pointwise, with programme and host as categories: a challenger.

    Parameters
    ----------
    max_iter : int
    random_state : int
    """

    def __init__(self, max_iter: int = 150, random_state: int = 0) -> None:
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Self:
        """Fit on X (n_rows, n_features), y (n_rows,); `bias_ids` (n_rows, n_families) become categories below 255."""
        terms, relevance = self._checked(X, y)
        wide = self._wide(terms, bias_ids)
        categories = list(range(terms.shape[1], wide.shape[1])) or None
        self.boosting_ = HistGradientBoostingRegressor(
            max_iter=self.max_iter,
            learning_rate=0.06,
            max_leaf_nodes=15,
            min_samples_leaf=20,
            l2_regularization=1.0,
            categorical_features=categories,
            early_stopping=False,
            random_state=self.random_state,
        ).fit(wide, relevance)
        return self

    def predict(self, X: ArrayLike, *, bias_ids: ArrayLike | None = None) -> Floats:
        """Expected relevance, shape (n_rows,)."""
        check_is_fitted(self)
        terms: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        predicted: Floats = self.boosting_.predict(self._wide(terms, bias_ids))
        return predicted

    def _wide(self, terms: Floats, bias_ids: ArrayLike | None) -> Floats:
        if bias_ids is None:
            return terms
        ids = np.asarray(bias_ids, dtype=float)[:, :2]
        return np.hstack([terms, np.where((ids >= 0) & (ids < 255), ids, np.nan)])
