"""Counterfactuals: what may be changed, the smallest change first, and each one seen to hold."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.counterfactual import PLACES, Change, copies, counterfactuals, possible_changes
from recommender.students import FactRow, FactRows, StudentRow
from tests.recommender.wide_region import WIDE_SPACE, wide_facts, wide_recommender
from tests.recommender.worked_region import AUTUMN, MAY, TODAY

PUPIL = StudentRow("s-pupil", 9, "sch01")
MARKS = {"math": 5.0, "phys": 5.0, "inf": 4.0, "chem": 4.0, "bio": 4.5, "lit": 3.5, "hist": 3.5, "soc": 3.5, "geo": 4.0}
ROWS = FactRows(
    marks=[FactRow("s-pupil", code, MAY, mark) for code, mark in MARKS.items()],
    profile_wishes=[FactRow("s-pupil", "tech-eng", AUTUMN, 1)],
)
RECOMMENDER = wide_recommender()


def row_of(code: str) -> int:
    return WIDE_SPACE.catalogue.position[code]


def changes_of(rows: FactRows, pathway: str, student: StudentRow = PUPIL) -> list[Change]:
    return list(possible_changes(WIDE_SPACE, wide_facts((student,), rows), 0, row_of(pathway)))


def found_for(rows: FactRows, pathway: str, count: int = 9):
    return counterfactuals(
        RECOMMENDER, wide_facts((PUPIL,), rows), 0, row_of(pathway), demand_strength=0.05, count=count
    )


def test_what_may_change_by_hand():
    """Marks go up in halves and never down; physics is an exam to choose, its result is not to be had before that."""
    found = changes_of(ROWS, "sch01-hum-ling")
    assert [c[:4] for c in found if c.table == "marks"] == [
        ("marks", code, pytest.approx(3.5), level) for code in ("lit", "hist") for level in (4.0, 4.5, 5.0)
    ]
    assert [c.steps for c in found if c.table == "marks"] == pytest.approx([0.5, 1.0, 1.5] * 2)
    assert [c.code for c in found if c.table == "exam_wishes"] == ["lit", "eng"]
    assert not [c for c in found if c.table == "exam_points"]  # neither exam is chosen yet
    assert [c.after for c in found if c.table == "profile_wishes"] == [3.0, 2.0, 1.0]
    assert all(c.steps > 0 for c in found)


def test_a_result_of_a_chosen_exam_counts_from_the_recommended_minimum():
    named = replace(ROWS, exam_wishes=[FactRow("s-pupil", "phys", AUTUMN, 1)])
    points = [c for c in changes_of(named, "sch01-tech-eng") if c.table == "exam_points"]
    assert [c.after for c in points] == [float(p) for p in range(32, 46)]
    assert points[0].steps == pytest.approx(1 / (0.2 * 45))
    passed = replace(named, exam_points=[FactRow("s-pupil", "phys", MAY, 20.0)])
    assert not [c for c in changes_of(passed, "sch01-tech-eng") if c.table == "exam_points"]  # it is over


def test_a_wish_named_first_cannot_be_named_earlier_and_other_grades_are_not_asked():
    assert not [c for c in changes_of(ROWS, "sch01-tech-eng") if c.table == "profile_wishes"]
    eighth = StudentRow("s-pupil", 8, "sch01")
    tables = {c.table for c in changes_of(ROWS, "sch01-hum-ling", eighth)}
    assert tables == {"marks"}


def test_the_pathway_left_out_comes_in_by_the_smallest_change_and_it_holds():
    facts = wide_facts((PUPIL,), ROWS)
    order = RECOMMENDER.recommend(facts, k=5).listed.pathways[0, 0]
    for row in order[PLACES:]:
        found = counterfactuals(RECOMMENDER, facts, 0, int(row), demand_strength=0.05, count=9)
        assert found
        assert [each.change.steps for each in found] == sorted(each.change.steps for each in found)
        for change, rank in found:
            again = RECOMMENDER.recommend(copies(facts, 0, [change]), k=PLACES).listed.pathways[0, 0]
            assert again[rank - 1] == row
            smaller = [c for c in possible_changes(WIDE_SPACE, facts, 0, int(row))
                       if (c.table, c.code) == (change.table, change.code) and c.steps < change.steps]  # fmt: skip
            if smaller:
                others = RECOMMENDER.recommend(copies(facts, 0, smaller), k=PLACES).listed.pathways[:, 0]
                assert not (others == row).any()


def test_the_change_is_what_a_file_with_that_fact_would_bring():
    """A profile named first in a survey of today, through the rows that files are read into."""
    change = next(each.change for each in found_for(ROWS, "sch01-hum-ling") if each.change.table == "profile_wishes")
    rows = replace(ROWS, profile_wishes=[*ROWS.profile_wishes, FactRow("s-pupil", change.code, TODAY, change.after)])
    read = RECOMMENDER.recommend(wide_facts((PUPIL,), rows), k=5).listed
    made = RECOMMENDER.recommend(copies(wide_facts((PUPIL,), ROWS), 0, [change]), k=5).listed
    assert read.scores.tobytes() == made.scores.tobytes()


def test_a_copy_without_change_is_the_student():
    facts = wide_facts((StudentRow("s-other", 9, "sch02"), PUPIL), ROWS)
    alone = RECOMMENDER.recommend(copies(facts, 1, [None, None]), k=4).listed
    together = RECOMMENDER.recommend(facts, k=4).listed
    assert np.array_equal(alone.scores[0], together.scores[1], equal_nan=True)
    assert np.array_equal(alone.scores[1], together.scores[1], equal_nan=True)


def test_nothing_to_change_is_no_change():
    nothing = StudentRow("s-pupil", 8, "sch01")
    assert counterfactuals(RECOMMENDER, wide_facts((nothing,), FactRows()), 0, 0, demand_strength=0.0) == ()
