"""Inputs as drift sees them: by hand, and not moved by the passing of days alone."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from recommender.interests import DIMENSIONS
from recommender.student_inputs import input_values
from recommender.students import FactRow
from tests.recommender.worked_region import MODEL, ROWS, SPACE, TODAY, facts


def values(as_of: date = TODAY, rows=ROWS):
    known = facts(rows=rows, as_of=as_of)
    return input_values(known, SPACE.student_vectors(known), MODEL)


def test_three_students_by_hand():
    found = values()  # engineer, medic, newcomer
    assert found["grade"].tolist() == [9.0, 9.0, 8.0]
    assert np.array_equal(found["mark.phys"], [5.0, 3.0, np.nan], equal_nan=True)
    assert found["has.DDO20"].tolist() == [1.0, 0.0, 0.0]
    assert found["has.HOL43"].tolist() == [0.0, 1.0, 0.0]
    assert found["has.marks"].tolist() == [1.0, 1.0, 0.0]
    assert found["has.trials"].tolist() == [0.0, 1.0, 0.0]
    assert np.isfinite([found[f"interest.{each}"] for each in DIMENSIONS]).all(axis=0).tolist() == [True, True, False]
    assert np.isnan(found["knowledge"]).all()


def test_the_newest_mark_counts_and_the_mean_of_the_newest_tests():
    days = [date(2023, 12, 30), date(2024, 5, 31)]
    rows = replace(
        ROWS,
        marks=[FactRow("s-engineer", "math", day, mark) for day, mark in zip(days, (3.0, 5.0), strict=True)],
        knowledge=[
            FactRow("s-engineer", "math", days[0], 0.1),
            FactRow("s-engineer", "math", days[1], 0.8),
            FactRow("s-engineer", "phys", days[0], 0.4),
        ],
    )
    found = values(rows=rows)
    assert found["mark.math"][0] == 5.0
    assert found["knowledge"][0] == np.mean([0.8, 0.4])


def test_a_season_without_news_moves_nothing_but_how_much_old_sheets_are_believed():
    before, after = values(), values(TODAY + timedelta(days=200))
    for name in before:
        if name.startswith("interest."):
            np.testing.assert_allclose(before[name], after[name], atol=0.15)
        else:
            np.testing.assert_array_equal(before[name], after[name])
