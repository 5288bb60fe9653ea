"""What others would use: neighbours, factorisation, boosting, regression; each learns from offers and scores others.

Two of them come from packages that the product does without (dependency group `rivals`): `factorisation` through
implicit, `lambda_mart` through LightGBM. `missing_package` says which one to install.
"""

from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from recommender.baselines import BoostedRanker, PopularityRanker, RandomRanker
from recommender.contest import Offers, Rival, Scorer, choosing_share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEIGHBOURS = 50
SHRINKAGE = 5.0  # neighbours' worth of belief in a pathway's overall share
CHUNK = 1024  # students whose neighbours are sought at a time
FACTORS, FACTOR_PULL, ROUNDS = 16, 0.05, 20
PACKAGES = {"factorisation": "implicit", "lambda_mart": "lightgbm"}
NEED_A_PAST = ("item_knn", "factorisation")
"""For whom nobody chose anything before, these are popularity by another name."""


def missing_package(name: str) -> str | None:
    """The package that a rival needs and that is not installed here."""
    package = PACKAGES.get(name)
    return package if package and find_spec(package) is None else None


def has_past(known: Offers, asked: Offers) -> bool:
    """Whether any of those asked is known to have chosen something before."""
    taken, who = _taken(known, asked)
    return bool(taken[who].nnz)


def rivals() -> Mapping[str, Rival]:
    """Every learning rival by name, those of packages that are missing too."""
    return {
        "random": partial(_estimator, RandomRanker()),
        "popularity": partial(_estimator, PopularityRanker()),
        "user_knn": user_neighbours,
        "item_knn": item_neighbours,
        "factorisation": factorisation,
        "multinomial_logistic": multinomial_logistic,
        "gradient_boosting": partial(_estimator, BoostedRanker()),
        "lambda_mart": lambda_mart,
    }


def _ids(offers: Offers) -> Ints:
    return np.column_stack([offers.programmes, offers.pathways])


def _estimator(ranker: Any, known: Offers) -> Scorer:
    """A baseline of recommender.baselines."""
    fitted = ranker.fit(known.terms, known.relevance, bias_ids=_ids(known))
    return lambda asked: fitted.predict(asked.terms, bias_ids=_ids(asked))


def _standardised(known: Offers) -> tuple[Floats, Floats]:
    """Mean and spread of what is known of students; 1 where all are alike."""
    spread = known.students.std(axis=0)
    return known.students.mean(axis=0), np.where(spread > 1e-9, spread, 1.0)


def _directions(students: Floats) -> Floats:
    length = np.sqrt((students**2).sum(axis=1, keepdims=True))
    return students / np.maximum(length, 1e-9)


def user_neighbours(known: Offers) -> Scorer:
    """Grades that the most similar students gave what they were offered, weighted by cosine, drawn to the overall mean.

    Similar = in what is known of them (standardised), not in what they chose: most choose once.
    """
    mean, spread = _standardised(known)
    theirs = _directions((known.students - mean) / spread)

    def scores(asked: Offers) -> Floats:
        size = int(max(known.pathways.max(), asked.pathways.max())) + 1
        shape = (len(known), size)
        graded = sparse.csr_matrix((known.relevance, (known.queries, known.pathways)), shape)
        offered = sparse.csr_matrix((np.ones(len(known.queries)), (known.queries, known.pathways)), shape)
        shown, given = np.asarray(offered.sum(axis=0)).ravel(), np.asarray(graded.sum(axis=0)).ravel()
        overall = (given + SHRINKAGE * known.relevance.mean()) / (shown + SHRINKAGE)
        found = np.empty(len(asked.queries))
        own = _directions((asked.students - mean) / spread)
        count = min(NEIGHBOURS, len(known))
        for first in range(0, len(asked), CHUNK):
            cosine = own[first : first + CHUNK] @ theirs.T
            least = np.partition(cosine, -count, axis=1)[:, [-count]]
            weight = sparse.csr_matrix(np.where(cosine >= least, np.maximum(cosine, 0.0), 0.0))
            rows = np.flatnonzero((asked.queries >= first) & (asked.queries < first + CHUNK))
            at = (asked.queries[rows] - first, asked.pathways[rows])
            up, down = (weight @ graded).toarray()[at], (weight @ offered).toarray()[at]
            found[rows] = (up + SHRINKAGE * overall[asked.pathways[rows]]) / (down + SHRINKAGE)
        return found

    return scores


def _taken(known: Offers, asked: Offers) -> tuple[Any, Ints]:
    """Who chose what before, (n_students, n_pathways) of 0 and 1; students of the asked queries as its rows."""
    pairs = np.vstack([known.past, known.choices, asked.past])
    width = int(max(pairs[:, 1].max(initial=0), asked.pathways.max())) + 1
    height = int(max(pairs[:, 0].max(initial=0), asked.who.max())) + 1
    taken = sparse.csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (height, width))
    taken.data[:] = 1.0  # twice is not more
    return taken, asked.who


def item_neighbours(known: Offers) -> Scorer:
    """How often the same students chose this and what the student chose before (cosine); popularity for newcomers."""

    def scores(asked: Offers) -> Floats:
        taken, who = _taken(known, asked)
        together = (taken.T @ taken).toarray()
        length = np.sqrt(together.diagonal())
        cosine = together / np.maximum(np.outer(length, length), 1.0)
        np.fill_diagonal(cosine, 0.0)
        near = taken[who] @ cosine
        return np.asarray(near)[asked.queries, asked.pathways] + 1e-3 * choosing_share(known, asked)

    return scores


def factorisation(known: Offers) -> Scorer:
    """Alternating least squares over who chose what (Hu, Koren & Volinsky 2008); popularity for newcomers."""
    from implicit.als import AlternatingLeastSquares

    def scores(asked: Offers) -> Floats:
        taken, who = _taken(known, asked)
        with threadpool_limits(limits=1):  # implicit warns of BLAS threads beside its own
            model = AlternatingLeastSquares(
                factors=FACTORS, regularization=FACTOR_PULL, iterations=ROUNDS, num_threads=1, random_state=0
            )
            model.fit(taken.astype(np.float32), show_progress=False)
        has_past = np.asarray(taken.sum(axis=1)).ravel()[who] > 0
        near = np.einsum("nf,nf->n", model.user_factors[who[asked.queries]], model.item_factors[asked.pathways])
        return near * has_past[asked.queries] + 1e-3 * choosing_share(known, asked)

    return scores


def multinomial_logistic(known: Offers) -> Scorer:
    """Chance of each programme given what is known of the student, as if all were always on offer; then popularity."""
    mean, spread = _standardised(known)
    chosen = np.flatnonzero(known.relevance > 0)
    students = (known.students[known.queries[chosen]] - mean) / spread
    classes = np.unique(known.programmes[chosen])
    if len(classes) < 2:
        return lambda asked: choosing_share(known, asked)
    fitted = LogisticRegression(C=0.1, max_iter=300).fit(students, known.programmes[chosen])

    def scores(asked: Offers) -> Floats:
        chances = fitted.predict_log_proba((asked.students - mean) / spread)
        place = np.searchsorted(classes, asked.programmes).clip(max=len(classes) - 1)
        is_known = classes[place] == asked.programmes
        never = chances.min()
        found: Floats = np.where(is_known, chances[asked.queries, place], never)
        return found + 1e-3 * choosing_share(known, asked)

    return scores


def lambda_mart(known: Offers) -> Scorer:
    """Boosted trees on the same terms that aim at NDCG itself (Burges 2010), programme as a category."""
    from lightgbm import LGBMRanker

    order = np.argsort(known.queries, kind="stable")
    ranker = LGBMRanker(
        n_estimators=150, learning_rate=0.06, num_leaves=15, min_child_samples=20, reg_lambda=1.0,
        random_state=0, n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1,
    )  # fmt: skip
    wide = _wide(known)
    grades = np.round(known.relevance).astype(int)
    sizes = np.unique(known.queries, return_counts=True)[1]
    ranker.fit(wide[order], grades[order], group=sizes, categorical_feature=[wide.shape[1] - 1])
    return lambda asked: np.asarray(ranker.predict(_wide(asked)), dtype=float)


def _wide(offers: Offers) -> Floats:
    return np.column_stack([offers.terms, offers.programmes])
