"""Figures of lists in use: shares by hand, rises, borders, first places, the slope of calibration."""

import math

import numpy as np
import pytest

from recommender.reliability import (
    FIGURES_RATE,
    MIN_GOOD,
    Figure,
    calibration_slope,
    first_places,
    has_risen,
    is_above,
    is_below,
    share_of,
)


def test_a_share_is_as_sure_as_its_schools_are_alike():
    flags = np.array([True] * 10 + [False] * 90)
    alike = share_of(flags, np.tile(np.arange(10), 10))  # a tenth of every school
    apart = share_of(flags, np.repeat(np.arange(10), 10))  # all of one school, nobody of the others
    assert alike.value == apart.value == 0.1
    assert alike.deviation == pytest.approx(math.sqrt(10.5 / 101 * 90.5 / 101 / 100))  # as if drawn one by one
    assert apart.deviation == pytest.approx(0.1)  # nine schools at -.01, one at +.09 of the whole, times 10 / 9


def test_nobody_has_no_share():
    found = share_of(np.zeros(0, dtype=bool), np.zeros(0, dtype=int))
    assert found.count == 0
    assert math.isnan(found.value)


def test_a_rise_must_be_sure_and_matter():
    before = Figure(0.10, 0.01, 500, 20)
    assert has_risen(before, Figure(0.15, 0.001, 9000, 20), 0.001).is_alarm is False  # sure, but does not matter
    assert has_risen(before, Figure(0.30, 0.01, 500, 20), 0.001).is_alarm is True
    assert has_risen(before, Figure(0.30, 0.08, 20, 20), 0.001).is_alarm is None  # twice the rise could go unseen
    assert has_risen(before, Figure(0.02, 0.01, 500, 20), 0.001).is_alarm is False  # falls are no alarm
    assert has_risen(before, Figure(0.90, 0.01, 500, 2), 0.001).is_alarm is None  # two schools


def test_rises_of_quiet_shares_stay_within_the_rate():
    random, rate, alarms, count = np.random.default_rng(1), 0.02, 0, 1000
    schools = np.repeat(np.arange(15), 20)

    def drawn() -> Figure:
        return share_of(random.random(300) < np.repeat(random.beta(4, 16, 15), 20), schools)

    for _ in range(count):
        before, now = drawn(), drawn()
        verdict = has_risen(before, now, rate, rise=0.0)
        alarms += now.value > verdict.limit
    assert alarms / count <= rate + 2 * math.sqrt(rate * (1 - rate) / count)


def test_borders_are_crossed_for_sure_or_not_at_all():
    assert is_above(Figure(0.52, 0.01, 100, 12), 0.5, 0.001, 30).is_alarm is False
    assert is_above(Figure(0.60, 0.01, 100, 12), 0.5, 0.001, 30).is_alarm is True
    assert is_above(Figure(0.60, 0.01, 29, 12), 0.5, 0.001, 30).is_alarm is None
    assert is_below(Figure(0.40, 0.01, 100, 12), 0.5, 0.001, 30).is_alarm is True
    assert is_below(Figure(math.nan, math.nan, 100, 12), 0.5, 0.001, 30).is_alarm is None


def test_first_places_that_are_all_alike():
    programmes = np.array(["a", "b", "c", "d", "d"])
    alike = first_places(np.array(["a"] * 8), np.arange(8), programmes)
    assert (alike.programme, alike.leader.value, alike.inequality) == ("a", 1.0, 0.75)  # 1 - 1 / 4
    spread = first_places(np.array(["a", "b", "c", "d"]), np.arange(4), programmes)
    assert (spread.leader.value, spread.inequality) == (0.25, 0.0)
    none = first_places(np.array(["", ""]), np.arange(2), programmes)
    assert (none.programme, none.leader.count) == ("", 0)


def shown(random: np.random.Generator, slope: float, count: int = 6000):
    """Fits as shown, and outcomes whose log-odds rise `slope` times as fast, rarer than fit says."""
    fit, lists, schools = random.uniform(0.3, 0.95, count), random.integers(0, 3, count), random.integers(0, 20, count)
    odds = slope * np.log(fit / (1 - fit)) - 1.5 + 0.4 * lists + random.normal(0, 0.3, 20)[schools]
    return fit, random.random(count) < 1 / (1 + np.exp(-odds)), lists, schools


@pytest.mark.parametrize("slope", [1.0, 0.2])
def test_the_slope_is_found_whatever_the_level(slope):
    found = calibration_slope(*shown(np.random.default_rng(2), slope))
    low, high = found.interval
    assert low < slope < high
    assert high - low < 0.4
    assert is_below(found, 0.5, FIGURES_RATE, MIN_GOOD).is_alarm is (slope < 0.5)


def test_nothing_good_or_nothing_passed_over_has_no_slope():
    fit, _, lists, schools = shown(np.random.default_rng(3), 1.0, 50)
    for outcome in (np.zeros(50, dtype=bool), np.ones(50, dtype=bool)):
        found = calibration_slope(fit, outcome, lists, schools)
        assert math.isnan(found.value)
        assert is_below(found, 0.5, FIGURES_RATE, MIN_GOOD).is_alarm is None
    assert calibration_slope(fit[:0], np.zeros(0, dtype=bool), lists[:0], schools[:0]).count == 0
