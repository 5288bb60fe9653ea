"""What like students, and single answers, add to the ranking: the same ranker with and without these terms.

Everything is learned on the earlier years of the sample region (synthetic), the strength of the pull included, and
judged on the held-back year. A part that did not foresee unseen students while learning is left out and adds nothing.
"""

from dataclasses import replace

import numpy as np

from benchmarks.records import Record
from benchmarks.sample import of_every_kind
from recommender.expert import ExpertWeights
from recommender.features import TERM_CODES
from recommender.learning import Fold, choose_pull, folds_of, informed, learn_peers, learned_scores
from recommender.metrics import bootstrap_interval, ndcg
from recommender.splitting import ChoiceSets, joined

WITHOUT = {"peers": ("peer_facts", "peer_answers"), "answers": ("peer_answers",)}


def records() -> list[Record]:
    """Paired differences of NDCG@5 to the ranker without these terms, by kind."""
    return of_every_kind(_gains)


def _gains(kind: str, parts: list[ChoiceSets], last: ChoiceSets, expert: ExpertWeights) -> list[Record]:
    known = joined(parts)
    folds = folds_of(known, expert)
    fold = informed(known, last, known, expert)
    whole = _ndcg(folds, fold, expert)
    schools = np.unique(last.schools, return_inverse=True)[1]
    kept = ", ".join(
        f"{name} {'kept' if ridge else 'left out'}"
        for name, ridge in zip(("facts", "answers"), learn_peers(known, expert)[0].ridges, strict=True)
    )
    found = []
    for name, terms in WITHOUT.items():
        gained = whole - _ndcg([_blind(each, terms) for each in folds], _blind(fold, terms), expert)
        interval = bootstrap_interval(gained, schools)
        figure = f"single_answers.{kind}.{name}"
        found.append(Record(figure, float(gained.mean()), interval, None, "higher", "synthetic", kept, len(gained)))
    return found


def _blind(fold: Fold, terms: tuple[str, ...]) -> Fold:
    """The fold without some terms."""
    columns = [TERM_CODES.index(term) for term in terms]
    blind = []
    for sets in (fold.known, fold.asked):
        told = sets.terms.copy()
        told[:, columns] = 0.0
        blind.append(replace(sets, terms=told))
    return Fold(*blind)


def _ndcg(folds: list[Fold], fold: Fold, expert: ExpertWeights) -> np.ndarray:
    scores = learned_scores(fold, expert, choose_pull(folds, expert))
    return np.nan_to_num(ndcg(scores, fold.asked.relevance, fold.asked.queries))
