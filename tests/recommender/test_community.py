"""Tastes of a community against examples worked by hand."""

import numpy as np
import pytest

from recommender.community import Community

UNKNOWN = np.nan
KIN = Community(np.array([[0.0, 0.0], [1.0, 3.0]]), np.array([[1.0, 0.9], [0.9, 1.0]]), 1.0)


def test_a_rating_speaks_for_what_the_same_people_like():
    # 1 / (1 + 1) of a surprise of 2 is believed of the rated pathway, 0.9 / (1 + 1) of the other
    assert KIN.tastes(np.array([[2.0, UNKNOWN]]), np.array([0]))[0] == pytest.approx([1.0, 0.9])


def test_who_rated_nothing_gets_the_mean_of_the_group():
    assert KIN.tastes(np.full((1, 2), UNKNOWN), np.array([1]))[0].tolist() == [1.0, 3.0]


def test_only_what_differs_from_the_group_is_a_surprise():
    assert KIN.tastes(np.array([[UNKNOWN, 3.0]]), np.array([1]))[0] == pytest.approx([1.0, 3.0])


def test_learns_which_pathways_go_together_and_which_do_not():
    random = np.random.default_rng(0)
    liking = random.normal(size=(400, 2))
    ratings = np.column_stack([liking[:, 0], liking[:, 0], liking[:, 1]]) + 0.3 * random.normal(size=(400, 3))
    ratings[random.random(ratings.shape) < 0.3] = UNKNOWN
    learned = Community.of(ratings, np.zeros(400, dtype=int), noise_share=0.1)
    kin, stranger = learned.tastes(np.array([[2.0, UNKNOWN, UNKNOWN]]), np.array([0]))[0, 1:]
    assert 1.4 < kin < 2.0  # a small community is drawn towards a plain one
    assert abs(stranger) < 0.3


def test_learns_the_means_of_groups():
    random = np.random.default_rng(0)
    groups = np.repeat([0, 1], 200)
    ratings = np.where(groups[:, None] == 1, [5.0, 2.0], [2.0, 5.0]) + random.normal(size=(400, 2))
    learned = Community.of(ratings, groups, noise_share=0.3)
    assert learned.means == pytest.approx(np.array([[2.0, 5.0], [5.0, 2.0]]), abs=0.3)


def test_alone_equals_the_same_row_among_others_bit_for_bit():
    random = np.random.default_rng(0)
    ratings = random.normal(size=(50, 6))
    ratings[random.random(ratings.shape) < 0.5] = UNKNOWN
    groups = random.integers(0, 2, 50)
    learned = Community.of(ratings, groups, noise_share=0.3)
    together = learned.tastes(ratings, groups)
    alone = np.vstack([learned.tastes(ratings[[row]], groups[[row]]) for row in range(50)])
    assert alone.tobytes() == together.tobytes()


def test_equal_ratings_everywhere_are_no_error():
    learned = Community.of(np.full((5, 2), 4.0), np.zeros(5, dtype=int), noise_share=0.3)
    assert learned.tastes(np.full((1, 2), UNKNOWN), np.array([0]))[0] == pytest.approx([4.0, 4.0])
