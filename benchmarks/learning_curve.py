"""What a municipality with few outcomes gets: learning from 20, 100, 500, 2,000 choice sets, judged beside knowledge.

Choice sets of the earlier years of the sample region (synthetic) are drawn at random, everything is learned from them
alone, the strength of the pull included, and the held-back year is ranked.
"""

import numpy as np

from benchmarks.records import Record
from benchmarks.sample import of_every_kind
from recommender.expert import ExpertWeights
from recommender.kind_fit import MIN_QUERIES
from recommender.learning import choose_pull, folds_of, informed, learned_scores
from recommender.metrics import bootstrap_interval, ndcg
from recommender.splitting import ChoiceSets, joined
from recommender.warm_restart import KNOWLEDGE_ONLY

DRAWS = {20: 20, 100: 12, 500: 6, 2000: 2}


def records() -> list[Record]:
    """Mean NDCG@5 and lead over expert weights by number of choice sets, for every kind."""
    return of_every_kind(_curve)


def _curve(kind: str, parts: list[ChoiceSets], asked: ChoiceSets, expert: ExpertWeights) -> list[Record]:
    knowledge = _ndcg(asked, asked.terms[:, : len(expert.weights)] @ expert.weights)
    available, found = sum(len(part) for part in parts), []
    for count, draws in DRAWS.items():
        if count > available:
            continue
        leads, learned, random = [], 0, np.random.default_rng(count)
        for _ in range(draws):
            gained, has_learned = _drawn(parts, asked, expert, count, random)
            leads.append(gained - knowledge)
            learned += has_learned
        mean = np.mean(leads, axis=0)
        schools = np.unique(asked.schools, return_inverse=True)[1]
        interval = bootstrap_interval(mean, schools)
        figure = f"learning_curve.{kind}.{count}.over_knowledge"
        against = f"expert weights; outcomes believed in {learned} of {draws} draws"
        found.append(Record(figure, float(mean.mean()), interval, None, "higher", "synthetic", against, draws))
        reach = Record(f"{figure}_reach", interval[1], interval, 0.0, "higher", "synthetic", against, draws)
        worst = float(np.min(np.mean(leads, axis=1)))
        found.append(reach)
        found.append(Record(f"learning_curve.{kind}.{count}.worst", worst, None, None, "higher", "synthetic", against))
    return found


def _drawn(
    parts: list[ChoiceSets], asked: ChoiceSets, expert: ExpertWeights, count: int, random: np.random.Generator
) -> tuple[np.ndarray, bool]:
    every = joined(parts)
    wanted = np.sort(random.choice(len(every), count, replace=False))
    ends = np.cumsum([0, *(len(part) for part in parts)])
    drawn = [
        part.of_queries(wanted[(wanted >= first) & (wanted < first + len(part))] - first)
        for part, first in zip(parts, ends, strict=False)
    ]
    drawn = [part for part in drawn if len(part)]
    known = joined(drawn)
    pull = choose_pull(folds_of(known, expert), expert) if count >= MIN_QUERIES else KNOWLEDGE_ONLY
    scores = learned_scores(informed(known, asked, None, expert), expert, pull)
    return _ndcg(asked, scores), pull != KNOWLEDGE_ONLY


def _ndcg(sets: ChoiceSets, scores: np.ndarray) -> np.ndarray:
    return np.nan_to_num(ndcg(scores, sets.relevance, sets.queries))
