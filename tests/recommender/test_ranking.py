"""PathwayRanker: what it learns from a handful of choices, what it keeps of prior knowledge."""

import numpy as np
import pytest

from recommender.ranking import PathwayRanker

# Two students choose between the same three pathways; columns: interest, distance. Both take the nearest.
TERMS = np.array([[1.0, -3.0], [0.0, -1.0], [0.5, -2.0]] * 2)
CHOSEN = np.array([0.0, 1.0, 0.0] * 2)
QUERIES = np.array([0, 0, 0, 1, 1, 1])


def test_follows_outcomes_when_the_pull_is_weak():
    ranker = PathwayRanker(pull=1e-3).fit(TERMS, CHOSEN, query_ids=QUERIES)
    scores = ranker.predict(TERMS[:3])
    assert scores.argmax() == 1
    assert ranker.query_count_ == 2


def test_keeps_to_knowledge_when_the_pull_is_strong():
    ranker = PathwayRanker([2.0, 0.1], pull=1e6).fit(TERMS, CHOSEN, query_ids=QUERIES)
    assert ranker.weights_ == pytest.approx([2.0, 0.1], abs=1e-3)


def test_without_preferences_it_is_the_prior():
    ranker = PathwayRanker([2.0, 0.1]).fit(TERMS, np.zeros(6), query_ids=QUERIES)
    assert ranker.weights_ == pytest.approx([2.0, 0.1])
    assert ranker.query_count_ == 0


def test_only_differences_within_a_student_count():
    """What belongs to the student alone (a constant added to all of his rows) changes nothing."""
    shifted = TERMS.copy()
    shifted[QUERIES == 1] += [5.0, -7.0]
    plain = PathwayRanker(pull=1.0).fit(TERMS, CHOSEN, query_ids=QUERIES)
    moved = PathwayRanker(pull=1.0).fit(shifted, CHOSEN, query_ids=QUERIES)
    ratio = moved.weights_ / plain.weights_
    assert np.sign(moved.weights_) == pytest.approx(np.sign(plain.weights_))
    assert np.isfinite(ratio).all()


def test_a_bias_is_learned_per_code_and_unknown_codes_have_none():
    terms, programmes = np.zeros((6, 1)), np.array([[0], [1], [2]] * 2)
    ranker = PathwayRanker(bias_pull=0.1).fit(terms, CHOSEN, query_ids=QUERIES, bias_ids=programmes)
    scores = ranker.predict(np.zeros((4, 1)), bias_ids=[[0], [1], [2], [-1]])
    assert scores[1] > scores[3] > scores[0] == pytest.approx(scores[2])


def test_a_bend_is_found_where_the_effect_saturates():
    random = np.random.default_rng(1)
    terms = random.uniform(-2, 2, (3000, 1))
    utility = np.minimum(terms[:, 0], 0.0) * 3
    queries = np.repeat(np.arange(600), 5)
    chosen = np.zeros(3000)
    noisy = (utility + random.gumbel(size=3000)).reshape(600, 5)
    chosen[np.arange(600) * 5 + noisy.argmax(axis=1)] = 1
    ranker = PathwayRanker(pull=0.1, shaped_columns=(0,)).fit(terms, chosen, query_ids=queries)
    low, middle, high = ranker.predict([[-2.0], [0.0], [2.0]])
    assert middle - low > 3 * abs(high - middle)


def test_larger_relevance_is_preferred_more():
    relevance = np.array([1.0, 3.0, 0.0] * 2)
    scores = PathwayRanker(pull=1e-3).fit(TERMS, relevance, query_ids=QUERIES).predict(TERMS[:3])
    assert scores[1] > scores[0]


def test_two_fits_give_the_same_bytes():
    first, second = (PathwayRanker().fit(TERMS, CHOSEN, query_ids=QUERIES) for _ in range(2))
    assert first.weights_.tobytes() == second.weights_.tobytes()


def test_what_speaks_for_a_pathway_never_counts_against_it():
    """Both students took the one of lower interest; the weight stops at zero and distance explains the choice alone."""
    free = PathwayRanker(pull=1e-3).fit(TERMS, CHOSEN, query_ids=QUERIES)
    bound = PathwayRanker(pull=1e-3, nonnegative_columns=(0, 1)).fit(TERMS, CHOSEN, query_ids=QUERIES)
    assert free.weights_[0] < 0
    assert bound.weights_[0] == 0
    assert bound.weights_[1] > 0
