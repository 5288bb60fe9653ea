"""Metrics against tables worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.metrics import (
    bootstrap_interval,
    coverage,
    gini_of_exposure,
    ndcg,
    novelty,
    ranks_within,
    recall,
    reciprocal_rank,
    sign_flip_p,
    top_k_accuracy,
)

# One student, four pathways, liked: b (2) and d (1). The ranker says b, a, d, c.
SCORES = np.array([0.8, 0.9, 0.1, 0.5])
RELEVANCE = np.array([0.0, 2.0, 0.0, 1.0])
ONE = np.zeros(4, dtype=int)


def test_ndcg_by_hand():
    gained = 2 / np.log2(2) + 1 / np.log2(4)
    best = 2 / np.log2(2) + 1 / np.log2(3)
    assert ndcg(SCORES, RELEVANCE, ONE, k=3)[0] == pytest.approx(gained / best)


def test_ndcg_counts_only_the_first_places():
    assert ndcg(SCORES, RELEVANCE, ONE, k=1)[0] == pytest.approx(1.0)
    assert ndcg(-SCORES, RELEVANCE, ONE, k=1)[0] == 0.0


def test_nothing_relevant_is_not_a_zero():
    assert np.isnan(ndcg(SCORES, np.zeros(4), ONE)[0])


def test_recall_and_reciprocal_rank_by_hand():
    assert recall(SCORES, RELEVANCE, ONE, k=1)[0] == 0.5
    assert reciprocal_rank(-SCORES, RELEVANCE, ONE)[0] == pytest.approx(1 / 2)


def test_two_queries_do_not_mix():
    scores, relevance = np.array([0.1, 0.2, 0.9, 0.8]), np.array([1.0, 0.0, 1.0, 0.0])
    queries = np.array([4, 4, 2, 2])
    assert reciprocal_rank(scores, relevance, queries).tolist() == [1.0, 0.5]
    assert ranks_within(scores, queries).tolist() == [2, 1, 1, 2]


def test_coverage_by_hand():
    scores = np.array([2.0, 1.0, 2.0, 1.0])
    assert coverage(scores, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), k=1) == 0.5


def test_ties_fall_by_lot_not_by_position():
    first_wins = [ranks_within(np.zeros(2), np.zeros(2, dtype=int), seed=seed)[0] == 1 for seed in range(200)]
    assert 60 < sum(first_wins) < 140


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 3)), min_size=2, max_size=12))
def test_ndcg_is_a_share_and_perfect_order_gives_one(rows):
    scores, relevance = np.array([s for s, _ in rows]), np.array([float(r) for _, r in rows])
    one = np.zeros(len(rows), dtype=int)
    if relevance.any():
        assert 0.0 <= ndcg(scores, relevance, one)[0] <= 1.0 + 1e-12
        assert ndcg(relevance, relevance, one)[0] == pytest.approx(1.0)


def test_bootstrap_draws_whole_schools():
    """Two schools that differ completely: the mean of two draws is 0, 1/2 or 1, so the interval is the whole range."""
    values = np.array([0.0] * 50 + [1.0] * 50)
    schools = np.repeat([0, 1], 50)
    assert bootstrap_interval(values, schools) == (0.0, 1.0)


def test_top_k_accuracy_by_hand():
    # the ranker says b, a, d, c; b and d were chosen
    assert top_k_accuracy(SCORES, RELEVANCE, ONE, k=1)[0] == 1.0
    assert top_k_accuracy(-SCORES, RELEVANCE, ONE, k=1)[0] == 0.0
    assert top_k_accuracy(-SCORES, RELEVANCE, ONE, k=2)[0] == 1.0
    assert np.isnan(top_k_accuracy(SCORES, np.zeros(4), ONE)[0])


def test_gini_of_exposure_by_hand():
    queries, pathways = np.repeat([0, 1, 2], 3), np.tile([0, 1, 2], 3)
    one_for_each = np.eye(3).ravel()
    always_the_first = np.tile([1.0, 0.0, 0.0], 3)
    assert gini_of_exposure(one_for_each, queries, pathways, k=1) == pytest.approx(0.0)
    assert gini_of_exposure(always_the_first, queries, pathways, k=1) == pytest.approx(2 / 3)


def test_novelty_by_hand():
    # first two places: b, chosen by one in four (2 bits), and a, chosen by every second (1 bit)
    assert novelty(SCORES, ONE, np.array([0.5, 0.25, 0.01, 0.01]), k=2) == pytest.approx(1.5)


def test_sign_flips_tell_a_steady_lead_from_chance():
    assert sign_flip_p(np.full(20, 0.1)) < 0.001
    assert sign_flip_p(np.array([0.1, -0.1, np.nan])) == 1.0
