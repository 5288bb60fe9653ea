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
from recommender.learning import BIAS_SHARE, FIELD_CARE, Vocabulary, fit_ranker, learn_peers
from recommender.peers import root
from recommender.ranking import PathwayRanker
from recommender.splitting import ChoiceSets
from recommender.uncertainty import NINE_OF_TEN, Doubt

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPLITS = 2
ASKED = 300  # choice sets of the other half that a comparison looks at
MIN_CHANGE = 1e-4  # log-odds squared; less than this was not left to be learned


def served_rows(ranker: PathwayRanker, vocabulary: Vocabulary, sets: ChoiceSets) -> Floats:
    """What parameters are multiplied with when served, (n_rows, n_parameters), as differences within a choice set."""
    terms = sets.terms.copy()
    terms[:, len(TERM_CODES) :] = 0.0
    rows = ranker.parameter_rows(terms, bias_ids=vocabulary.bias_ids(sets))
    return within_choice_sets(rows, sets.queries)


def within_choice_sets(rows: Floats, queries: Ints) -> Floats:
    """Rows (n_rows, n_columns) less the mean of their choice set: its level moves no place.

    Examples
    --------
    >>> within_choice_sets(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1])).tolist()
    [[-1.0], [1.0], [0.0]]
    """
    starts = np.flatnonzero(np.diff(queries, prepend=-1))
    means = np.add.reduceat(rows, starts) / np.diff(starts, append=len(rows))[:, None]
    centred: Floats = rows - means[queries]
    return centred


def surprise_of_change(
    half: PathwayRanker, before: ChoiceSets, whole: PathwayRanker, after: ChoiceSets, vocabulary: Vocabulary
) -> Floats:
    """Changes of scores between two rankers in units of the change that was to be expected.

    Parameters
    ----------
    half, whole : PathwayRanker
        The second learned from all that the first did and more.
    before, after : ChoiceSets
        The same ones, told what the peers of each ranker say.
    vocabulary : Vocabulary of both

    Returns
    -------
    ndarray of shape (n_changes,)
        Standard normal if the posteriors are right; scores that no change was expected of are left out.
    """
    rows, rows_after = served_rows(half, vocabulary, before), served_rows(whole, vocabulary, after)
    expected = ((rows @ half.covariance_) * rows).sum(axis=1)
    expected -= ((rows_after @ whole.covariance_) * rows_after).sum(axis=1)
    change = rows_after @ whole.parameters_ - rows @ half.parameters_
    counted = expected > MIN_CHANGE
    found: Floats = change[counted] / np.sqrt(expected[counted])
    return found


def measure_width(
    whole: PathwayRanker,
    known: ChoiceSets,
    told: ChoiceSets,
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
        Learned from `told` with this vocabulary and pull.
    known, told : ChoiceSets
        The same ones, without peers and told what the peers of all say; each half learns peers of its own, so that
        their error counts too.
    seed : int
        Of the halves.

    Returns
    -------
    float, >= 1
        From halves of the students, SPLITS times two, each asked of the other one's choice sets: their mean and one
        standard error more, as too narrow an interval is the worse mistake. 1 where there are too few to tell.
    """
    students, student_of = np.unique(known.student_ids, return_inverse=True)
    random = np.random.default_rng(seed)
    widths = []
    for _ in range(SPLITS):
        in_first = random.permutation(len(students)) < len(students) // 2
        for learned in (in_first[student_of], ~in_first[student_of]):
            if learned.all() or not learned.any():
                return 1.0
            asked = np.sort(random.permutation(np.flatnonzero(~learned))[:ASKED])
            peers, told_half = learn_peers(known.of_queries(np.flatnonzero(learned)), expert)
            half = fit_ranker(told_half, expert, vocabulary, pull)
            before, after = peers.told_to(known.of_queries(asked)), told.of_queries(asked)
            surprises = np.abs(surprise_of_change(half, before, whole, after, vocabulary))
            widths.append(float(np.quantile(surprises, 0.9)) / NINE_OF_TEN if len(surprises) else 1.0)
    return max(1.0, float(np.mean(widths) + np.std(widths, ddof=1) / np.sqrt(len(widths))))


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
    factor = width * root(ranker.covariance_[np.ix_(served, served)])
    own = width**2 / (pull * BIAS_SHARE)
    unseen = (own, own, own / FIELD_CARE)
    return Doubt(factor, vocabulary.programmes, vocabulary.hosts, vocabulary.fields, unseen, width)
