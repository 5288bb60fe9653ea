"""How sure a list is: intervals, ties and the chance of the first three, from a covariance that a reader can follow."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalogue import KINDS
from recommender.features import TERM_CODES
from recommender.peers import root
from recommender.uncertainty import (
    DRAWS,
    NINE_OF_TEN,
    Doubt,
    ScoreDoubt,
    certainty_of,
    drawn_scores,
    normal_draws,
    tie_bands,
)
from tests.recommender.worked_region import ENGINEER, NEWCOMER, STUDENTS, TRIAL, facts, recommender

NOTHING = (None,) * len(KINDS)
TRIALS = KINDS.index(TRIAL)


def doubt(variance: float, **codes: tuple[str, ...]) -> Doubt:
    """Nothing is known of one bias of each code; terms and bends are certain."""
    named = {"programmes": (), "hosts": (), "fields": (), **codes}
    count = sum(len(each) for each in named.values())
    certain = len(TERM_CODES) + recommender().ranker.knots[0].size
    factor = np.vstack([np.zeros((certain, count)), np.sqrt(variance) * np.eye(count)])
    return Doubt(factor, **named, unseen_variances=(0.5, 0.5, 0.05), width=1.0)


def test_without_learned_weights_only_the_interests_are_in_doubt():
    made = recommender()
    known = made.recommend(facts())
    pathways = np.array([4, 5, 6])
    directions = ScoreDoubt(made.compiled, NOTHING).deviations(known.facts, known.vectors, 0, TRIALS, pathways)
    asked = made.space.pathway_blocks["interest_match"][pathways]
    covariance = 1.2**2 * asked @ known.vectors.profile.covariance[0] @ asked.T  # expert weight of the match: 1.2
    assert directions @ directions.T == pytest.approx(covariance, abs=1e-12)


def test_a_bias_in_doubt_moves_the_pathways_that_share_it_together():
    made = recommender()
    known = made.recommend(facts())
    doubts = (
        None,
        None,
        doubt(0.09, hosts=("col01",), programmes=("tr005", "tr900", "tr003"), fields=("08", "34", "10")),
    )
    laid = ScoreDoubt(made.compiled, doubts)
    pathways = np.array([4, 5, 6])  # two trials of the college, one online
    directions = laid.deviations(known.facts, known.vectors, 0, TRIALS, pathways)
    without = ScoreDoubt(made.compiled, NOTHING).deviations(known.facts, known.vectors, 0, TRIALS, pathways)
    added = directions @ directions.T - without @ without.T
    assert added == pytest.approx(0.09 * np.array([[3.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 2.0]]), abs=1e-9)
    assert laid.unseen_variance[pathways].tolist() == [0.0, 0.0, 0.5]  # nothing is known of the online host


def test_what_moves_all_scores_alike_moves_no_place():
    drawn = drawn_scores(np.array([2.0, 1.0]), np.array([[5.0], [5.0]]), np.zeros(2))
    found = certainty_of(drawn, np.array([0, 1]), np.array([5.0, 5.0]))
    assert drawn[:, 0].std() == pytest.approx(5.0, rel=0.1)
    assert found.bands == ((1, 1), (2, 2))
    assert found.top_chance.tolist() == [1.0, 1.0]


def test_a_hair_between_two_uncertain_scores_is_a_tie():
    drawn = drawn_scores(np.array([1.01, 1.0, -9.0]), np.eye(3), np.zeros(3))
    assert certainty_of(drawn, np.arange(3), np.ones(3)).bands == ((1, 2), (1, 2), (3, 3))


def test_of_many_that_nothing_tells_apart_three_are_hardly_the_first_three():
    drawn = drawn_scores(np.zeros(30), np.zeros((30, 1)), np.ones(30))
    found = certainty_of(drawn, np.arange(5), np.ones(5))
    assert found.sureness == pytest.approx(3 / 30, abs=0.05)
    assert found.bands == ((1, 5),) * 5


def test_equal_scores_are_a_tie_and_share_the_places():
    found = certainty_of(np.ones((4, 4)), np.arange(4), np.ones(4))
    assert found.bands == ((1, 4),) * 4
    assert found.top_chance.tolist() == [0.75] * 4


def test_more_places_than_candidates_are_listed_all_the_same():
    made = recommender()
    answer = made.explain(made.recommend(facts(), k=50), 0)
    assert [len(ranked.items) for ranked in answer.lists] == [ranked.offered_count for ranked in answer.lists]


def test_a_class_list_tells_intervals_and_draws_nothing():
    made = recommender()
    known = made.recommend(facts())
    for brief, whole in zip(made.explain(known, 0, evidence=False).lists, made.explain(known, 0).lists, strict=True):
        assert [(i.fit_low, i.fit_high) for i in brief.items] == [(i.fit_low, i.fit_high) for i in whole.items]
        assert all(np.isnan(item.top_chance) for item in brief.items)


def test_an_empty_list_is_not_sure_of_anything():
    found = certainty_of(np.empty((DRAWS, 0)), np.empty(0, dtype=int), np.empty(0))
    assert (found.bands, found.sureness) == ((), 0.0)


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(st.floats(-3, 3), min_size=n, max_size=n), min_size=2)))
def test_ties_follow_each_other_and_cover_all_places(drawn):
    bands = tie_bands(np.array(drawn))
    for place, (first, last) in enumerate(bands, start=1):
        assert first <= place <= last
        assert all(bands[other - 1] == (first, last) for other in range(first, last + 1))


@given(st.integers(1, 5), st.integers(0, 1000))
def test_a_root_gives_its_covariance_back(n, seed):
    half = np.random.default_rng(seed).normal(size=(n, max(n - 1, 1)))
    covariance = half @ half.T
    assert root(covariance) @ root(covariance).T == pytest.approx(covariance, abs=1e-9)


def test_draws_are_standard_and_the_same_for_everybody():
    draws = normal_draws(DRAWS, 3)
    assert draws.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert draws.std(axis=0) == pytest.approx(np.ones(3), abs=0.1)
    assert np.array_equal(draws, normal_draws(DRAWS, 3))


def test_a_card_tells_intervals_ties_and_chances_that_agree():
    made = recommender()
    answer = made.explain(made.recommend(facts()), STUDENTS.index(ENGINEER))
    for ranked in answer.lists:
        chances = [item.top_chance for item in ranked.items]
        assert ranked.sureness == pytest.approx(np.mean(chances[:3]))
        for item in ranked.items:
            assert item.fit_low <= item.fit <= item.fit_high
            assert item.band[0] <= item.rank <= item.band[1]


def test_the_interval_is_the_bounds_of_nine_of_ten_carried_through_the_fit():
    made = recommender()
    known = made.recommend(facts())
    answer = made.explain(known, 0)
    item = answer.lists[TRIALS].items[0]
    row = made.space.catalogue.position[item.pathway.pathway_code]
    directions = made.doubt.deviations(known.facts, known.vectors, 0, TRIALS, np.array([row]))
    slope, intercept = made.ranker.calibration[TRIALS]
    low = item.score - NINE_OF_TEN * np.sqrt((directions**2).sum())
    assert item.fit_low == pytest.approx(1 / (1 + np.exp(-(slope * low + intercept))), abs=1e-12)


def test_certainty_is_the_same_alone_and_in_a_group():
    made = recommender()
    together = made.explain(made.recommend(facts()), STUDENTS.index(NEWCOMER))
    alone = made.explain(made.recommend(facts((NEWCOMER,))), 0)
    assert together == alone


def test_more_doubt_of_weights_widens_every_interval():
    made = recommender()
    wide = replace(made, doubts=(None, None, doubt(1.0, programmes=("tr005", "tr900", "tr003"))))
    for narrow_item, wide_item in zip(
        made.explain(made.recommend(facts()), 0).lists[TRIALS].items,
        wide.explain(wide.recommend(facts()), 0).lists[TRIALS].items,
        strict=True,
    ):
        assert wide_item.fit_low < narrow_item.fit_low
        assert wide_item.fit_high > narrow_item.fit_high
