"""The protocols of the benchmarks on examples worked by hand; their figures are not looked at here."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import drift_alarms, intake_rows, onet, umass
from benchmarks.document_rivals import reached, rivals_page, umass_page
from benchmarks.records import Record, stamped
from recommender.drift import InputReference, Spread, bin_edges, psi, spread_of

UNKNOWN = np.nan


def test_half_of_what_was_rated_is_visible_rounded_down_and_nothing_is_lost():
    ratings = np.array([[8.0, 1.0, UNKNOWN, 4.0, 5.0, 7.0], [UNKNOWN, 2.0, 3.0, UNKNOWN, UNKNOWN, UNKNOWN]])
    visible, hidden = umass.halved(ratings, np.random.default_rng(0))
    assert np.isfinite(visible).sum(axis=1).tolist() == [2, 1]
    assert np.isfinite(hidden).sum(axis=1).tolist() == [3, 1]
    np.testing.assert_array_equal(np.fmax(visible, hidden), ratings)
    assert not (np.isfinite(visible) & np.isfinite(hidden)).any()


def test_gain_and_what_of_a_rating_is_read():
    ratings = np.array([1.0, 3.0, 4.0, 8.0, UNKNOWN])
    assert umass.gain(ratings)[:4].tolist() == [0, 0, 1, 5]
    assert umass.reading("is_needed", ratings)[:4].tolist() == [0, 0, 0, 1]
    assert np.isnan(umass.reading("is_liked", ratings)[4])


def test_the_whole_survey_is_read():
    survey = umass.read_survey()
    assert survey.ratings.shape == (611, 74)
    assert np.nanmin(survey.ratings) == 1
    assert np.nanmax(survey.ratings) == 8


def test_terms_of_a_student_come_from_the_visible_half_alone():
    survey = umass.read_survey()
    some, others = survey.of(np.arange(611) < 60), survey.of(np.arange(611) >= 60)
    peers = umass.Peers(some)
    visible, hidden = umass.halved(others.ratings, np.random.default_rng(0))
    before = peers.terms(visible[:5], others.status[:5])
    hidden[:] = 8.0  # whatever the hidden half said
    again = peers.terms(visible[:5], others.status[:5])
    assert all(np.isfinite(before[name]).all() for name in before)
    assert all(before[name].tobytes() == again[name].tobytes() for name in before)


def test_overlap_of_the_first_ten():
    first = -np.arange(20.0)[None, :]
    assert onet.overlap(first, first).tolist() == [1.0]
    assert onet.overlap(first, -first).tolist() == [0.0]
    assert onet.overlap(first, np.roll(first, 3, axis=1)).tolist() == [0.7]


def test_the_own_occupation_is_not_on_offer_and_kin_counts_twice():
    world = onet.World(
        family=np.array([0, 0, 1, 2]),
        major=np.array([0, 0, 0, 1]),
        interests=np.arange(24.0).reshape(4, 6) % 5,
        ratings=np.arange(24.0).reshape(4, 6) % 7,
        liked=np.full(6, 3.0),
    )
    _, model = onet.read_world()
    answers = onet.filled_in(world, np.random.default_rng(0))
    interests = onet.posterior(model, answers, np.ones(4, dtype=bool))
    made = onet.offers(world, np.arange(4), answers, interests, model)
    assert made.pathways[made.queries == 0].tolist() == [1, 2, 3]
    assert made.relevance[made.queries == 0].tolist() == [2.0, 1.0, 0.0]
    assert set(np.unique(answers)) <= {1.0, 2.0, 3.0, 4.0, 5.0}


def test_a_page_says_who_is_ahead_by_how_much_and_why():
    measured = [
        Record("umass.students", 611.0, None, None, "higher", "real"),
        *(Record(f"umass.ndcg5.{name}", value, (0.3, 0.7), None, "higher", "real", runs=10)
          for name, value in (("random", 0.35), ("gradient_boosting", 0.66), ("pathway_ranker", 0.65))),
        Record("umass.gradient_boosting.lead", -0.01, (-0.02, 0.001), None, "higher", "real", "gradient_boosting"),
        Record("umass.best_rival.reach", 0.001, (-0.02, 0.001), 0.0, "higher", "real", "gradient_boosting"),
    ]  # fmt: skip
    results = stamped(measured)
    told = "\n".join(umass_page(results))
    assert "Gradient boosting, pointwise is ahead by 0.010 [-0.001, 0.020], within the interval: its trees find" in told
    assert reached(results)[0][1:4] == ["0.001 [-0.020, 0.001]", "≥ 0", "met"]
    assert rivals_page(results) == []


def four_classes_a_grade() -> drift_alarms.Students:
    random, count = np.random.default_rng(0), 2 * 2 * 4 * 30
    school, rest = np.divmod(np.arange(count), count // 2)
    grade, within = np.divmod(rest, 120)
    marks = random.integers(3, 6, count).astype(float)
    return drift_alarms.Students(
        {"mark.math": marks, "interest.R": random.normal(size=count)}, school, grade, within // 30
    )


def test_halves_are_of_the_same_schools_and_grades_and_of_no_student_twice():
    everybody = four_classes_a_grade()
    reference, present = drift_alarms.halves(everybody, np.array([0, 1]), np.random.default_rng(1))
    for half in (reference, present):
        assert np.bincount(half.schools * 2 + half.grades).tolist() == [60, 60, 60, 60]
        assert all(len(np.unique(half.classes[half.schools * 2 + half.grades == cell])) == 2 for cell in range(4))
    numbers = np.concatenate([reference.values["interest.R"], present.values["interest.R"]])
    assert sorted(numbers) == sorted(everybody.values["interest.R"])


def test_a_planted_shift_is_of_the_size_it_says():
    everybody = four_classes_a_grade()
    for name, before in everybody.values.items():
        edges = bin_edges(before)
        reference = InputReference(edges, spread_of(before, everybody.schools, everybody.grades, edges))
        moved = drift_alarms.planted(everybody, name, reference)
        shares = np.bincount(np.searchsorted(edges, moved, side="right"), minlength=len(edges) + 1) / len(moved)
        assert 0.25 <= psi(reference.spread.shares, shares) < 0.3


def test_what_everybody_has_is_taken_from_some():
    everybody = replace(four_classes_a_grade(), values={"has.marks": np.ones(480)})
    reference = InputReference(np.ones(1), Spread(np.array([0.01, 0.99]), np.eye(2), np.eye(2), 480, 2, 1))
    assert 0.08 < 1.0 - drift_alarms.planted(everybody, "has.marks", reference).mean() < 0.15  # by hand: every tenth


@pytest.mark.parametrize("name", ["check", "good", "all"])
def test_exactly_what_was_spoilt_in_a_workbook_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setattr(intake_rows, "STUDENTS", 250)
    monkeypatch.setattr(intake_rows, "BAD_ROWS", 50)
    intake_rows.make_workbook(tmp_path)
    assert intake_rows.measure(name, tmp_path)["wrong"] == 0
