"""What becomes of a programme that nobody could choose before: a fifth of the programmes is hidden while learning.

Offers and choices of the hidden programmes are taken out of the earlier years of the sample region (synthetic); choices
of the held-back year that fell on one of them are judged. Beside the ranker stand the same one without biases of
fields, so that a new programme has its terms and its host alone, and expert weights.
"""

from dataclasses import replace

import numpy as np

from benchmarks.records import Record
from benchmarks.sample import of_every_kind
from recommender.expert import ExpertWeights
from recommender.learning import Vocabulary, choose_pull, fit_ranker, folds_of, informed, served_scores
from recommender.metrics import bootstrap_interval, ndcg
from recommender.splitting import ROW_COLUMNS, ChoiceSets, joined

DRAWS, HIDDEN_SHARE, CAREFUL = 5, 0.2, 300.0


def records() -> list[Record]:
    """NDCG@5 of choices that fell on hidden programmes, by kind."""
    return of_every_kind(_judged)


def _judged(kind: str, parts: list[ChoiceSets], last: ChoiceSets, expert: ExpertWeights) -> list[Record]:
    programmes = np.unique(joined(parts).programmes)
    pull = min(choose_pull(folds_of(joined(parts), expert), expert), CAREFUL)
    schools = np.unique(last.schools, return_inverse=True)[1]
    values: dict[str, list[np.ndarray]] = {"ranker": [], "no_fields": [], "expert_weights": []}
    groups = []
    for draw in range(DRAWS):
        hidden = np.random.default_rng([draw, 5]).choice(programmes, int(HIDDEN_SHARE * len(programmes)), replace=False)
        fold = informed(_without(joined(parts), hidden), last, last, expert)
        vocabulary = Vocabulary.of(fold.known)
        fell = np.bincount(last.queries, np.isin(last.programmes, hidden) * (last.relevance > 0)) > 0
        for name, words in (("ranker", vocabulary), ("no_fields", replace(vocabulary, fields=()))):
            ranker = fit_ranker(fold.known, expert, words, pull, has_posterior=False)
            values[name].append(_ndcg(last, served_scores(ranker, words, fold.asked))[fell])
        knowledge = last.terms[:, : len(expert.weights)] @ expert.weights
        values["expert_weights"].append(_ndcg(last, knowledge)[fell])
        groups.append(schools[fell])
    joint, group = {name: np.concatenate(each) for name, each in values.items()}, np.concatenate(groups)
    leads = [(f"over_{name}", joint["ranker"] - joint[name]) for name in ("no_fields", "expert_weights")]
    return [
        Record(f"cold_pathways.{kind}.{name}", float(each.mean()), bootstrap_interval(each, group), None, "higher",
               "synthetic", "", len(each))
        for name, each in (*joint.items(), *leads)
    ]  # fmt: skip


def _without(sets: ChoiceSets, hidden: np.ndarray) -> ChoiceSets:
    """Choice sets as if the hidden programmes had never been on offer."""
    kept = ~np.isin(sets.programmes, hidden)
    shown = replace(sets, **{name: getattr(sets, name)[kept] for name in ROW_COLUMNS})
    chosen = np.bincount(shown.queries, shown.relevance, len(sets)) > 0
    return shown.of_queries(np.flatnonzero(chosen))


def _ndcg(sets: ChoiceSets, scores: np.ndarray) -> np.ndarray:
    return np.nan_to_num(ndcg(scores, sets.relevance, sets.queries))
