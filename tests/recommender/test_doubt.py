"""How far learned weights may be off: the posterior by hand, and the width that halves of the outcomes show."""

import numpy as np
import pytest

from recommender.doubt import doubt_of, measure_width, served_rows, surprise_of_change
from recommender.features import TERM_CODES
from recommender.learning import BIAS_SHARE, FIELD_CARE, Vocabulary, fit_ranker
from recommender.ranking import PathwayRanker
from tests.recommender.test_learning import MARKS, WISH, knowing, made_sets


def test_the_posterior_of_one_weight_by_hand():
    """One choice between two that differ by two spreads: the curvature is pull + 4 p (1 - p)."""
    ranker = PathwayRanker(pull=1.0).fit([[0.0], [2.0]], [0, 1])
    chance = 1 / (1 + np.exp(-2 * ranker.weights_[0]))
    assert ranker.covariance_[0, 0] == pytest.approx(1 / (1.0 + 4 * chance * (1 - chance)), rel=1e-6)


def test_rows_times_parameters_are_the_scores_within_a_choice_set():
    sets = made_sets(40, 1, likes={MARKS: 1.0})
    vocabulary = Vocabulary.of(sets)
    ranker = fit_ranker(sets, knowing(), vocabulary, 3.0)
    terms = sets.terms.copy()
    terms[:, len(TERM_CODES) :] = 0.0
    scores = ranker.predict(terms, bias_ids=vocabulary.bias_ids(sets))
    level = (np.bincount(sets.queries, scores) / np.bincount(sets.queries))[sets.queries]
    assert served_rows(ranker, vocabulary, sets) @ ranker.parameters_ == pytest.approx(scores - level, abs=1e-9)


def test_what_was_never_offered_keeps_its_prior():
    sets = made_sets(40, 1, likes={})
    vocabulary = Vocabulary(("another", *Vocabulary.of(sets).programmes), ("col01",), ("08",), (), ())
    ranker = fit_ranker(sets, knowing(), vocabulary, 3.0)
    at = len(ranker.weights_) + ranker.bend_weights_.size
    assert ranker.parameters_[at] == 0.0
    assert ranker.covariance_[at, at] == pytest.approx(1 / (3.0 * BIAS_SHARE))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_the_prior_is_honest_the_width_is_about_one(seed):
    sets = made_sets(400, seed, likes={MARKS: 0.5, WISH: 0.5})
    expert, vocabulary = knowing(), Vocabulary.of(sets)
    whole = fit_ranker(sets, expert, vocabulary, 3.0)
    assert measure_width(whole, sets, sets, expert, vocabulary, 3.0) < 1.6


def test_a_prior_that_is_too_sure_of_itself_is_widened():
    sets = made_sets(400, 1, likes={MARKS: 3.0})
    expert, vocabulary = knowing(profile_wish=3.0), Vocabulary.of(sets)
    whole = fit_ranker(sets, expert, vocabulary, 300.0)
    assert measure_width(whole, sets, sets, expert, vocabulary, 300.0) > 2.0


def test_too_few_students_tell_nothing_of_the_width():
    sets = made_sets(1, 1, likes={})
    vocabulary = Vocabulary.of(sets)
    whole = fit_ranker(sets, knowing(), vocabulary, 3.0)
    assert measure_width(whole, sets, sets, knowing(), vocabulary, 3.0) == 1.0


def test_a_ranker_that_learned_nothing_more_changed_by_nothing():
    sets = made_sets(30, 1, likes={MARKS: 1.0})
    vocabulary = Vocabulary.of(sets)
    ranker = fit_ranker(sets, knowing(), vocabulary, 3.0)
    assert len(surprise_of_change(ranker, sets, ranker, sets, vocabulary)) == 0


def test_a_doubt_holds_the_widened_covariance_of_what_is_served():
    sets = made_sets(60, 1, likes={MARKS: 1.0})
    vocabulary = Vocabulary.of(sets)
    ranker = fit_ranker(sets, knowing(), vocabulary, 3.0)
    doubt = doubt_of(ranker, vocabulary, 3.0, 2.0)
    served = np.r_[: len(TERM_CODES), len(ranker.weights_) : len(ranker.covariance_)]
    assert doubt.factor @ doubt.factor.T == pytest.approx(4.0 * ranker.covariance_[np.ix_(served, served)], abs=1e-9)
    own = 4.0 / (3.0 * BIAS_SHARE)
    assert doubt.unseen_variances == pytest.approx((own, own, own / FIELD_CARE))
