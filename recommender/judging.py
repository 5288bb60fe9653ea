"""Rankers judged on the choice sets of a year that they did not learn from: the baselines, the challenger, ours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.baselines import BoostedRanker, PopularityRanker, RandomRanker, WeightedTermsRanker
from recommender.expert import ExpertWeights
from recommender.metrics import bootstrap_interval, coverage, ndcg, ranks_within, recall, reciprocal_rank
from recommender.policy import DEMANDED
from recommender.splitting import COLUMNS, COVARIATES, ChoiceSets

Floats = NDArray[np.float64]

CHALLENGER, TRAINED = "gradient_boosting", "trained_ranker"
FIRST = 3
WISH_TERMS = ("profile_wish", "exam_wish", "elective_wish", "profession_wish")


@dataclass(frozen=True)
class Judgement:
    """One ranker on the held-back year.

    Attributes
    ----------
    ndcg5, recall5, mrr, coverage5 : float in [0, 1], means over queries
    interval : (low, high), 95 % of mean NDCG@5, drawing schools
    per_query : ndarray of shape (n_queries,), NDCG@5
    exposure : ndarray of shape (n_queries,), in [-1, 1]
        Share of pathways in demand among the first three, less their share among what the student chose.
    student_ids, schools : arrays of str (n_queries,)
    """

    name: str
    ndcg5: float
    interval: tuple[float, float]
    recall5: float
    mrr: float
    coverage5: float
    per_query: Floats
    exposure: Floats
    student_ids: NDArray[np.str_]
    schools: NDArray[np.str_]


def rivals(expert: ExpertWeights) -> dict[str, Callable[[], Any]]:
    """Baselines and the challenger by name; each is fitted on the earlier years and judged on the held-back one."""
    weights = np.array([*expert.weights, *(0.0 for _ in COVARIATES)])
    wishes = np.array([w if c in WISH_TERMS else 0.0 for c, w in zip(COLUMNS, weights, strict=True)])
    return {
        "random": RandomRanker,
        "popularity": PopularityRanker,
        "interest_correlation": lambda: WeightedTermsRanker([1.0]),
        "wishes_only": lambda: WeightedTermsRanker(wishes),
        "expert_weights": lambda: WeightedTermsRanker(weights),
        CHALLENGER: BoostedRanker,
    }


def judge(name: str, scores: Floats, sets: ChoiceSets) -> Judgement:
    """Figures of one ranker on the choice sets of a held-back year."""
    per_query = ndcg(scores, sets.relevance, sets.queries)
    schools = np.unique(sets.schools, return_inverse=True)[1]
    pathways = np.unique(sets.pathways.codes, return_inverse=True)[1][sets.offered]
    return Judgement(
        name,
        float(np.nanmean(per_query)),
        bootstrap_interval(per_query, schools),
        float(np.nanmean(recall(scores, sets.relevance, sets.queries))),
        float(np.nanmean(reciprocal_rank(scores, sets.relevance, sets.queries))),
        coverage(scores, sets.queries, pathways),
        per_query,
        exposure_to_demand(scores, sets),
        sets.student_ids,
        sets.schools,
    )


def exposure_to_demand(scores: Floats, sets: ChoiceSets) -> Floats:
    """How much more of what is in demand the first places show than the student chose.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
    sets : ChoiceSets

    Returns
    -------
    ndarray of shape (n_queries,), in [-1, 1]; NaN where nothing was chosen
        Taking off what was chosen leaves out that groups want different things.
    """
    demanded = (sets.terms[:, COLUMNS.index("demand")] > DEMANDED).astype(float)
    first = (ranks_within(scores, sets.queries) <= FIRST).astype(float)
    chosen = (sets.relevance > 0).astype(float)
    shown, taken = (
        np.divide(
            np.bincount(sets.queries, demanded * rows, minlength=len(sets)),
            count := np.bincount(sets.queries, rows, minlength=len(sets)),
            out=np.full(len(sets), np.nan),
            where=count > 0,
        )
        for rows in (first, chosen)
    )
    beyond: Floats = shown - taken
    return beyond
