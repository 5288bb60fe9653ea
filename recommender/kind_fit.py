"""The ranker of one kind: fitted on its choice sets; strength, calibration and width measured on unseen ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.calibration import calibrate
from recommender.catalogue import PathwayKind
from recommender.doubt import doubt_of, measure_width
from recommender.expert import ExpertWeights
from recommender.learning import (
    KindPeers,
    Vocabulary,
    by_year,
    choose_pull,
    fit_ranker,
    folds_of,
    learn_peers,
    prior_weights,
    served_scores,
    unseen_scores,
)
from recommender.ranking import PathwayRanker
from recommender.splitting import ChoiceSets
from recommender.uncertainty import Doubt
from recommender.warm_restart import KNOWLEDGE_ONLY, Measured

Floats = NDArray[np.float64]

MIN_QUERIES = 20  # fewer choice sets than this: knowledge only


@dataclass(frozen=True)
class TrainedKind:
    """The training form of one kind.

    Attributes
    ----------
    estimator : PathwayRanker or None
        None = knowledge only.
    vocabulary : Vocabulary
    peers : KindPeers or None
    query_count : int
    measured : Measured
    calibration : (slope, intercept) of the score
    doubt : Doubt or None
    learned_until : int
        Ordinal of the last day that anything was learned of; 0 = nothing was.
    """

    kind: PathwayKind
    estimator: PathwayRanker | None
    vocabulary: Vocabulary
    peers: KindPeers | None
    query_count: int
    measured: Measured
    calibration: tuple[float, float]
    doubt: Doubt | None = None
    learned_until: int = 0

    def scores(self, sets: ChoiceSets, expert: ExpertWeights) -> Floats:
        """Scores of choice sets it has not seen, as they are served, (n_rows,)."""
        told = sets if self.peers is None else self.peers.told_to(sets)
        if self.estimator is None:
            known: Floats = told.terms @ prior_weights(expert)
            return known
        return served_scores(self.estimator, self.vocabulary, told)

    def fit(self, scores: Floats) -> Floats:
        """Fit of scores, in [0, 1]."""
        slope, intercept = self.calibration
        found: Floats = 1.0 / (1.0 + np.exp(-np.clip(slope * scores + intercept, -500.0, 500.0)))
        return found


def by_knowledge(kind: PathwayKind, expert: ExpertWeights) -> TrainedKind:
    """A kind of which too little is known to learn from."""
    measured = Measured(KNOWLEDGE_ONLY, expert.slope, expert.intercept, is_calibrated=False)
    return TrainedKind(kind, None, Vocabulary(), None, 0, measured, (expert.slope, expert.intercept))


def fit_kind(
    sets: ChoiceSets | None,
    kind: PathwayKind,
    expert: ExpertWeights,
    *,
    pull: float | None = None,
    kept: Measured | None = None,
    with_doubt: bool = True,
) -> tuple[TrainedKind, ChoiceSets | None]:
    """Learn from choice sets.

    Parameters
    ----------
    sets : ChoiceSets of one or more years, or None
    kind : PathwayKind
    expert : ExpertWeights
    pull : float, optional
        Chosen before, on other choices; None = chosen on these.
    kept : Measured, optional
        A warm restart: nothing is measured again.
    with_doubt : bool
        Whether to keep a posterior; a ranker that is only judged does without.

    Returns
    -------
    TrainedKind, ChoiceSets or None
        And what it learned from, each student told what others' choices say; None where nothing was learned from.
        The same choice sets and `kept` as measured on them give the same bits as without it.
    """
    if sets is None or len(sets) < MIN_QUERIES:
        return by_knowledge(kind, expert), None
    if kept is not None:
        pull, slope, level, is_calibrated = kept.pull, kept.slope, kept.level, kept.is_calibrated
    else:
        pull = choose_pull(folds_of(sets, expert), expert) if pull is None else pull
        unseen = by_year(sets, unseen_scores(sets, expert, pull))
        slope, level, is_calibrated = calibrate(unseen, by_year(sets, sets.relevance), expert)
    vocabulary, (peers, told) = Vocabulary.of(sets), learn_peers(sets, expert)
    estimator, doubt, width = None, None, None
    own = told.terms @ prior_weights(expert)
    if pull != KNOWLEDGE_ONLY:
        estimator = fit_ranker(told, expert, vocabulary, pull, has_posterior=with_doubt)
        own = served_scores(estimator, vocabulary, told)
        if with_doubt:
            width = kept.width if kept is not None else None
            if width is None:
                width = measure_width(estimator, sets, told, expert, vocabulary, pull)
            doubt = doubt_of(estimator, vocabulary, pull, width)
    intercept = level - slope * float(own.mean()) if is_calibrated else level
    trained = TrainedKind(
        kind, estimator, vocabulary, peers, len(sets), Measured(pull, slope, level, is_calibrated, width),
        (slope, intercept), doubt, int(sets.days.max()),
    )  # fmt: skip
    return trained, told
