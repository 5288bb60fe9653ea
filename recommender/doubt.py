"""How far the learned weights may be off: their posterior, widened to what halves of the outcomes really disagree by.

The posterior of a choice model believes its prior, and the pull that ranks best may be too strong a prior to be
believed. So its width is measured: a ranker that learned from half of the students is compared with the one that
learned from all. What it leaves to be learned should scatter as the difference of the two posteriors says; where it
scatters more, the covariance is widened until nine changes of ten lie within the bounds meant for nine of ten.

Nested samples, for which the covariance of the change is the difference of the covariances: Hausman 1978. A factor on
a covariance for what a model leaves out: overdispersion, McCullagh & Nelder 1989.
"""

import numpy as np
from numpy.typing import NDArray

from recommender.expert import ExpertWeights
from recommender.features import TERM_CODES
from recommender.learning import BIAS_SHARE, Vocabulary, fit_ranker
from recommender.ranking import PathwayRanker
from recommender.splitting import ChoiceSets
from recommender.uncertainty import NINE_OF_TEN, Doubt

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ASKED = 300  # choice sets of the other half that a comparison looks at
MIN_CHANGE = 1e-4  # log-odds squared; less than this was not left to be learned


def served_rows(ranker: PathwayRanker, vocabulary: Vocabulary, sets: ChoiceSets) -> Floats:
    """What parameters are multiplied with when served, (n_rows, n_parameters), as differences within a choice set."""
    terms = sets.terms.copy()
    terms[:, len(TERM_CODES) :] = 0.0
    rows = ranker.parameter_rows(terms, bias_ids=vocabulary.bias_ids(sets))
    starts = np.flatnonzero(np.diff(sets.queries, prepend=-1))
    means = np.add.reduceat(rows, starts) / np.diff(starts, append=len(rows))[:, None]
    centred: Floats = rows - means[sets.queries]
    return centred


def surprise_of_change(half: PathwayRanker, whole: PathwayRanker, vocabulary: Vocabulary, asked: ChoiceSets) -> Floats:
    """Changes of scores between two rankers in units of the change that was to be expected.

    Parameters
    ----------
    half, whole : PathwayRanker
        The second learned from all that the first did and more.
    vocabulary : Vocabulary of both
    asked : ChoiceSets

    Returns
    -------
    ndarray of shape (n_changes,)
        Standard normal if the posteriors are right; scores that no change was expected of are left out.
    """
    before, after = served_rows(half, vocabulary, asked), served_rows(whole, vocabulary, asked)
    expected = ((before @ half.covariance_) * before).sum(axis=1) - ((after @ whole.covariance_) * after).sum(axis=1)
    change = after @ whole.parameters_ - before @ half.parameters_
    counted = expected > MIN_CHANGE
    found: Floats = change[counted] / np.sqrt(expected[counted])
    return found


def measure_width(
    whole: PathwayRanker,
    known: ChoiceSets,
    expert: ExpertWeights,
    vocabulary: Vocabulary,
    pull: float,
    *,
    seed: int = 0,
) -> float:
    """By which factor standard deviations of the posterior fall short.

    Parameters
    ----------
    whole : PathwayRanker
        Learned from `known` with this vocabulary and pull.
    known : ChoiceSets
    seed : int
        Of the halves.

    Returns
    -------
    float, >= 1
        From two halves of the students, each asked of the other one's choice sets; 1 where there are too few to tell.
    """
    students, student_of = np.unique(known.student_ids, return_inverse=True)
    in_first = np.random.default_rng(seed).permutation(len(students)) < len(students) // 2
    surprises = []
    for learned in (in_first[student_of], ~in_first[student_of]):
        if learned.all() or not learned.any():
            return 1.0
        half = fit_ranker(known.of_queries(np.flatnonzero(learned)), expert, vocabulary, pull)
        asked = known.of_queries(np.flatnonzero(~learned)[:ASKED])
        surprises.append(surprise_of_change(half, whole, vocabulary, asked))
    every = np.abs(np.concatenate(surprises))
    return max(1.0, float(np.quantile(every, 0.9)) / NINE_OF_TEN) if len(every) else 1.0


def doubt_of(ranker: PathwayRanker, vocabulary: Vocabulary, pull: float, width: float) -> Doubt:
    """What is not known of a ranker's weights, for serving; covariates of training are left out.

    Parameters
    ----------
    ranker : PathwayRanker
    vocabulary : Vocabulary
    pull : float
    width : float, >= 1

    Returns
    -------
    Doubt
    """
    served = np.r_[: len(TERM_CODES), len(ranker.weights_) : len(ranker.covariance_)]
    values, vectors = np.linalg.eigh(ranker.covariance_[np.ix_(served, served)])
    factor = width * vectors * np.sqrt(np.maximum(values, 0.0))
    return Doubt(
        factor, vocabulary.programmes, vocabulary.hosts, vocabulary.fields, width**2 / (pull * BIAS_SHARE), width
    )
