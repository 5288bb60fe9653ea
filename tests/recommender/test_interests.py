"""The interest profile: by hand for one reading, then what forced choice may not say, ages, order, company."""

from datetime import date

import numpy as np
import pytest

from recommender.interests import (
    DIMENSIONS,
    KLIMOV,
    MIN_ADMINISTRATIONS,
    TRIAL_NOISE,
    Administrations,
    InterestModel,
    MethodReading,
    RatedTrials,
    interest_profile,
    prior_covariance,
    type_vector,
    with_local_norms,
)
from recommender.students import FactRows, ReadingRow
from tests.recommender.worked_region import ENGINEER, MODEL, REFERENCE, facts

GRADES = np.array([9])


def one_sheet(model: InterestModel, method: str, scores: list[float], age: float = 0.0) -> Administrations:
    width = max(len(reading.mean) for _, reading in model.methods)
    row = np.full((1, width), np.nan)
    row[0, : len(scores)] = scores
    return Administrations(
        np.array([0]), np.array([model.method_index[method]]), np.array([age]), row, np.empty((1, 0))
    )


def empty_sheets(width: int = 24) -> Administrations:
    nothing = np.empty(0, dtype=np.int64)
    return Administrations(nothing, nothing, np.empty(0), np.empty((0, width)), np.empty((0, 0)))


def test_one_reading_by_hand():
    """One scale reads R alone with error variance 1: the posterior is half the reading, variance one half."""
    loadings = np.zeros((1, 11))
    loadings[0, 0] = 1.0
    reading = MethodReading(loadings, np.array([10.0]), np.array([2.0]), np.array([1.0]), ipsative=False)
    model = InterestModel(np.zeros((12, 11)), np.eye(11), (("ONE", reading),))
    profile = interest_profile(model, GRADES, one_sheet(model, "ONE", [14.0]))
    assert profile.mean[0, 0] == pytest.approx(1.0)  # (14 - 10) / 2 = 2 spreads, halved
    assert profile.covariance[0, 0, 0] == pytest.approx(0.5)
    assert profile.mean[0, 1:] == pytest.approx(np.zeros(10))


def test_nothing_measured_is_the_prior_and_says_so():
    profile = interest_profile(MODEL, GRADES, empty_sheets())
    assert profile.reading_count[0] == 0
    assert profile.mean[0] == pytest.approx(np.zeros(11))
    assert profile.standard_deviation[0] == pytest.approx(np.ones(11))


def test_prior_is_a_covariance_with_unit_variances():
    covariance = prior_covariance(REFERENCE)
    assert np.diag(covariance) == pytest.approx(np.ones(11))
    assert np.linalg.eigvalsh(covariance).min() > 0
    technics, realistic = DIMENSIONS.index("technics"), DIMENSIONS.index("R")
    assert covariance[technics, realistic] > 0.5


def test_forced_choice_says_nothing_about_the_level():
    """A higher score on every scale of a forced-choice instrument cannot happen; if it does, it changes nothing."""
    scores = [2.0, 6.0, 3.0, 5.0, 4.0]
    low = interest_profile(MODEL, GRADES, one_sheet(MODEL, "DDO20", scores))
    high = interest_profile(MODEL, GRADES, one_sheet(MODEL, "DDO20", [score + 1.5 for score in scores]))
    spread = MODEL.methods[MODEL.method_index["DDO20"]][1].spread
    assert np.ptp(spread) == pytest.approx(0.0)
    assert high.mean == pytest.approx(low.mean)


def test_free_answers_do_speak_of_the_level():
    low = interest_profile(MODEL, GRADES, one_sheet(MODEL, "RIASEC48", [20.0] * 6))
    high = interest_profile(MODEL, GRADES, one_sheet(MODEL, "RIASEC48", [30.0] * 6))
    assert (high.mean > low.mean).all()


def test_older_readings_move_less_and_leave_more_doubt():
    scores = [0.0, 8.0, 3.0, 5.0, 4.0]
    fresh = interest_profile(MODEL, GRADES, one_sheet(MODEL, "DDO20", scores))
    old = interest_profile(MODEL, GRADES, one_sheet(MODEL, "DDO20", scores, age=3.0))
    technics = DIMENSIONS.index("technics")
    assert 0 < old.mean[0, technics] < fresh.mean[0, technics]
    assert old.standard_deviation[0, technics] > fresh.standard_deviation[0, technics]


def test_a_rated_trial_is_a_reading_along_its_own_vector():
    vector = type_vector("R", ["technics"])
    trials = RatedTrials(np.array([0]), vector[None, :], np.array([10.0]), np.array([0.0]))
    profile = interest_profile(MODEL, GRADES, empty_sheets(), trials)
    along = vector @ MODEL.prior_covariance @ vector
    expected = along / (along + TRIAL_NOISE) * (10.0 - 6.5) / 2.0
    assert profile.mean[0] @ vector == pytest.approx(expected)


def test_abilities_are_not_interests():
    profile = interest_profile(MODEL, GRADES, one_sheet(MODEL, "KOS1", [20.0, 20.0]))
    assert profile.reading_count[0] == 0
    assert profile.mean[0] == pytest.approx(np.zeros(11))


@pytest.mark.parametrize("method", list(REFERENCE.instruments))
def test_every_instrument_of_the_reference_is_read(method):
    reading = dict(MODEL.methods)[method]
    scales = len(REFERENCE.instruments[method].scales)
    assert reading.loadings.shape == (scales, 11)
    assert (reading.noise > 0).all()
    assert (reading.spread > 0).all()


def test_a_missing_scale_is_left_out_not_taken_for_zero():
    complete = interest_profile(MODEL, GRADES, one_sheet(MODEL, "RIASEC48", [30.0, 25.0, 24.0, 27.0, 20.0, 19.0]))
    partial = interest_profile(MODEL, GRADES, one_sheet(MODEL, "RIASEC48", [30.0, np.nan, 24.0, 27.0, 20.0, 19.0]))
    investigative = DIMENSIONS.index("I")
    assert partial.standard_deviation[0, investigative] > complete.standard_deviation[0, investigative]
    assert partial.mean[0, 0] == pytest.approx(complete.mean[0, 0], abs=0.2)


def test_two_instruments_together_know_more():
    rows = [
        ReadingRow("s-engineer", "DDO20", date(2024, 9, 1), (1.0, 8.0, 2.0, 7.0, 2.0)),
        ReadingRow("s-engineer", "HOL43", date(2024, 9, 1), (14.0, 10.0, 2.0, 3.0, 6.0, 8.0)),
    ]
    both = facts((ENGINEER,), FactRows(readings=rows))
    one = facts((ENGINEER,), FactRows(readings=rows[:1]))
    known = interest_profile(MODEL, both.grades, both.sheets).standard_deviation
    assert (known < interest_profile(MODEL, one.grades, one.sheets).standard_deviation).all()


def test_local_norms_wait_for_enough_sheets():
    count = MIN_ADMINISTRATIONS
    method = MODEL.method_index["DDO20"]
    scores = np.tile([6.0, 4.0, 4.0, 3.0, 3.0], (count, 1))
    sheets = Administrations(np.arange(count), np.full(count, method), np.zeros(count), scores, np.empty((count, 0)))
    fewer = Administrations(
        np.arange(count - 1), np.full(count - 1, method), np.zeros(count - 1), scores[1:], np.empty((count - 1, 0))
    )
    assert dict(with_local_norms(MODEL, sheets).methods)["DDO20"].mean == pytest.approx(scores[0])
    assert dict(with_local_norms(MODEL, fewer).methods)["DDO20"].mean == pytest.approx(np.full(5, 4.0))


def test_a_pathway_that_fits_everybody_says_nothing():
    assert type_vector("", KLIMOV[:0]) == pytest.approx(np.zeros(11))
    assert np.linalg.norm(type_vector("RI", ["technics"])) == pytest.approx(1.0)
