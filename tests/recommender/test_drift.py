"""Drift of inputs: worked by hand, then windows of schools that are alike, then what cannot be told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.drift import (
    FAMILY_RATE,
    LARGE,
    InputReference,
    bin_edges,
    compare_input,
    compare_inputs,
    psi,
    quiet_limit,
    reference_inputs,
    spread_of,
)

SCHOOLS, GRADES, CLASS = 12, 4, 25


def test_psi_by_hand():
    before, now = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])
    by_hand = 0.1 * np.log(0.5 / 0.4) + 0.1 * np.log(0.3 / 0.2)
    assert psi(before, now) == pytest.approx(by_hand)
    assert psi(now, before) == pytest.approx(by_hand)
    assert psi(before, before) == 0.0


def test_bins_of_few_students_are_merged():
    marks = np.repeat([2.0, 3.0, 4.0, 5.0], [3, 10, 20, 4])  # three with a 2, four with a 5: too few for a bin
    edges = bin_edges(marks)
    assert edges.tolist() == [4.0]
    assert np.bincount(np.searchsorted(edges, marks, side="right")).tolist() == [13, 24]
    assert len(bin_edges(np.full(100, 4.0))) == 0


@given(st.lists(st.integers(0, 30), min_size=20, max_size=200))
def test_no_bin_is_ever_smaller_than_five(values):
    column = np.array(values, dtype=float)
    edges = bin_edges(column)
    counts = np.bincount(np.searchsorted(edges, column, side="right"), minlength=len(edges) + 1)
    assert counts.min() >= 5
    assert counts.sum() == len(column)


def test_what_a_school_has_of_its_own_is_no_scatter_of_its_cohorts():
    """School 0 always has .2, school 1 always .6, in both grades: schools scatter, cohorts do not."""
    values = np.concatenate([np.repeat([1.0, 0.0], [10 * n, 50 - 10 * n]) for n in (1, 1, 3, 3)])
    schools, grades = np.repeat([0, 0, 1, 1], 50), np.repeat([8, 9, 8, 9], 50)
    found = spread_of(values, schools, grades, np.array([1.0]))
    assert found.shares.tolist() == [0.6, 0.4]
    assert np.sqrt(found.of_schools[0, 0]) == pytest.approx(0.2)  # (.2 and .6 are .2 from .4), over the root of 2 - 1
    assert found.of_cohorts[0, 0] == pytest.approx(0.0)
    assert (found.school_count, found.cohort_freedom) == (2, 1)


@pytest.mark.parametrize(("rate", "tabled"), [(0.05, 3.84), (0.01, 6.63), (0.001, 10.83)])
def test_the_limit_is_the_tabled_one_where_nobody_is_alike(rate, tabled):
    assert quiet_limit(np.ones(1), 10**9, rate) == pytest.approx(tabled, abs=0.005)
    assert quiet_limit(np.ones(1), 10, rate) > tabled  # estimated from few schools: further away
    assert quiet_limit(np.array([3.0]), 10**9, rate) == pytest.approx(3 * tabled, abs=0.015)


def window(random: np.random.Generator, *, of_school: float, of_cohort: float, shift: float = 0.0, schools=None):
    """Marks of a town: what a school has of its own, what a cohort has, and the student; and who they are."""
    school, grade = np.repeat(np.arange(SCHOOLS), GRADES * CLASS), np.tile(np.repeat(np.arange(GRADES), CLASS), SCHOOLS)
    levels = random.normal(0, of_school, SCHOOLS) if schools is None else schools
    cohorts = random.normal(0, of_cohort, (SCHOOLS, GRADES))
    values = levels[school] + cohorts[school, grade] + random.normal(shift, 1.0, len(school))
    return values, school, grade


def naive_alarm(reference: InputReference, values: np.ndarray, rate: float) -> bool:
    """What the formula says to whoever takes students for strangers to each other."""
    now = spread_of(values, np.arange(len(values)), np.zeros(len(values), int), reference.edges)
    size = 1 / (1 / reference.spread.student_count + 1 / len(values))
    return psi(reference.spread.shares, now.shares) * size > quiet_limit(np.ones(len(reference.edges)), 10**9, rate)


@pytest.mark.parametrize(("same_schools", "of_school", "of_cohort"), [(False, 0.15, 0.1), (True, 0.5, 0.25)])
def test_the_stated_rate_holds_where_students_of_a_school_are_alike(same_schools, of_school, of_cohort, monkeypatch):
    monkeypatch.setattr("recommender.drift.MATTERS", 0.0)  # the null alone has to hold the rate
    random, rate, count = np.random.default_rng(5), 0.05, 400
    told = ours = naive = 0
    for _ in range(count):
        levels = random.normal(0, of_school, SCHOOLS) if same_schools else None
        values, schools, grades = window(random, of_school=of_school, of_cohort=of_cohort, schools=levels)
        reference = reference_inputs({"x": values}, schools, grades)["x"]
        values, schools, grades = window(random, of_school=of_school, of_cohort=of_cohort, schools=levels)
        change = compare_input(reference, values, schools, grades, rate=rate, same_schools=same_schools)
        told += change.is_alarm is not None
        ours += change.is_alarm is True
        naive += naive_alarm(reference, values, rate)
    assert told / count > 0.9
    assert ours / count <= rate + 2 * np.sqrt(rate * (1 - rate) / count)
    assert naive / count > 2 * rate


def test_a_large_shift_is_found_and_said_with_its_limit():
    random, found = np.random.default_rng(6), 0
    for _ in range(100):
        levels = random.normal(0, 0.3, SCHOOLS)
        values, schools, grades = window(random, of_school=0, of_cohort=0.05, schools=levels)
        reference = reference_inputs({"x": values}, schools, grades)["x"]
        # half a standard deviation: PSI of two normals is the squared distance, .25
        values, schools, grades = window(random, of_school=0, of_cohort=0.05, schools=levels, shift=0.52)
        change = compare_input(reference, values, schools, grades, rate=FAMILY_RATE / 50, same_schools=True)
        assert change.is_alarm is not None
        found += change.is_alarm
    assert found >= 95


def test_too_few_students_or_schools_to_tell():
    random = np.random.default_rng(7)
    values, schools, grades = window(random, of_school=0.0, of_cohort=0.0)
    reference = reference_inputs({"x": values}, schools, grades)["x"]
    few = np.arange(60)
    small = compare_input(reference, values[few], schools[few], grades[few], rate=1e-4, same_schools=False)
    assert (small.student_count, small.is_alarm) == (60, None)
    assert np.isnan(small.limit)  # one school: nobody knows how much schools differ
    nobody = compare_input(
        reference, np.full(9, np.nan), np.zeros(9, int), np.zeros(9, int), rate=0.1, same_schools=True
    )
    assert (nobody.student_count, nobody.is_alarm) == (0, None)
    assert np.isnan(nobody.psi)
    four = compare_input(reference, values[:4], schools[:4], grades[:4], rate=0.1, same_schools=True)
    assert np.isnan(four.psi)  # fewer than five students are not told of


def test_schools_that_differ_much_make_a_small_town_silent():
    random = np.random.default_rng(8)
    alike, apart = (window(random, of_school=each, of_cohort=0.0) for each in (0.0, 1.0))
    told = [
        compare_input(reference_inputs({"x": x}, s, g)["x"], x, s, g, rate=1e-4, same_schools=False).is_alarm
        for x, s, g in (alike, apart)
    ]
    assert told == [False, None]


def test_what_is_kept_says_the_same_as_what_was_measured():
    random = np.random.default_rng(9)
    values, schools, grades = window(random, of_school=0.1, of_cohort=0.1)
    known = reference_inputs({"x": values, "rare": np.where(np.arange(len(values)) < 40, 1.0, np.nan)}, schools, grades)
    assert list(known) == ["x"]  # forty students are too few for a reference
    kept = {"x": InputReference.from_data(known["x"].as_data())}
    moved, schools, grades = window(random, of_school=0.1, of_cohort=0.1, shift=0.2)
    first, second = (
        compare_inputs(each, {"x": moved}, schools, grades, same_schools=True)["x"] for each in (known, kept)
    )
    assert (first.psi, first.is_alarm) == (second.psi, second.is_alarm)
    assert first.limit == pytest.approx(second.limit, rel=1e-4)
    assert 0 < first.psi < LARGE


@given(st.randoms(use_true_random=False))
def test_the_order_of_students_does_not_matter(lots):
    random = np.random.default_rng(10)
    values, schools, grades = window(random, of_school=0.2, of_cohort=0.1)
    order = list(range(len(values)))
    lots.shuffle(order)
    reference = reference_inputs({"x": values}, schools, grades)["x"]
    again = reference_inputs({"x": values[order]}, schools[order], grades[order])["x"]
    assert reference.as_data() == again.as_data()


# --- what everybody has, or nobody ---


@pytest.mark.parametrize(
    ("before", "now", "is_alarm"),
    [
        (1.0, 1.0, False),
        (1.0, 0.98, False),
        (1.0, 0.8, True),  # every fifth student
        (1.0, 0.0, True),  # a survey that everybody filled in is forgotten
        (0.0, 0.0, False),
        (0.0, 1.0, True),  # an instrument that is new to all
    ],
)
def test_what_everybody_had_may_be_forgotten(before, now, is_alarm):
    schools, grades = np.repeat(np.arange(12), 100), np.tile(np.repeat([8, 9, 10, 11], 25), 12)
    reference = reference_inputs({"has.marks": np.full(1200, before)}, schools, grades)["has.marks"]
    present = (np.arange(1200) % 50 < 50 * now).astype(float)
    assert compare_input(reference, present, schools, grades, rate=1e-4, same_schools=True).is_alarm is is_alarm


def test_the_few_who_lack_what_all_others_have_are_not_told():
    schools, grades = np.repeat(np.arange(4), 50), np.full(200, 9)
    all_have = np.ones(200)
    all_but_one = np.where(np.arange(200) == 7, 0.0, all_have)
    first, second = (
        reference_inputs({"has.marks": column}, schools, grades)["has.marks"].as_data()
        for column in (all_have, all_but_one)
    )
    assert first == second
    assert "mark.math" not in reference_inputs({"mark.math": np.full(200, 4.0)}, schools, grades)  # not "is there"
