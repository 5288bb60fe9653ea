"""Interest, demand and seats side by side, worked by hand on three students and seven pathways."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from recommender.balance import elective_balance, group_balance
from recommender.catalogue import Catalogue
from recommender.congestion import Congestion, expected_congestion
from recommender.demand_weights import weigh_entries
from recommender.students import FactRow
from tests.recommender.worked_region import (
    AUTUMN,
    CATALOGUE,
    EDITION,
    PATHWAYS,
    REFERENCE,
    ROWS,
    TODAY,
    facts,
    recommender,
)

USUAL = {"profile_class": 1.0, "elective": 1.0, "career_trial": 1.0}
LAST_YEAR = date(2023, 9, 20)
WISHES = replace(
    ROWS,
    profession_wishes=[
        FactRow("s-engineer", "08.01.27", AUTUMN),
        FactRow("s-engineer", "08.02.01", AUTUMN),  # the same group: one student all the same
        FactRow("s-engineer", "34.02.01", LAST_YEAR),  # an earlier survey: no longer a wish
        FactRow("s-newcomer", "08.01.27", LAST_YEAR),  # the newest, and too old
        FactRow("s-medic", "34.02.01", AUTUMN),
    ],
    elective_wishes=[
        FactRow("s-engineer", "el004", AUTUMN, 1),
        FactRow("s-medic", "el004", AUTUMN, 2),
        FactRow("s-newcomer", "el777", AUTUMN, 1),
        FactRow("s-newcomer", "never-heard-of", AUTUMN, 2),
    ],
)


def made(strength=0.05, rows=WISHES):
    known = facts(rows=rows)
    ranked = recommender(strength)
    congestion = expected_congestion(ranked, known, USUAL)
    return group_balance(ranked, known, congestion, weigh_entries(EDITION, (), REFERENCE))


def test_by_hand_builders_and_nurses():
    """There are three trials, so whatever may be offered is listed: builders to two, for the medic may not lift, and
    nurses to two, for the medic has been there.

    To 08 lead the trial tr005 and what is of the profile tech-eng: a class of 25 seats and an elective of 25.
    """
    students, groups = made()
    found = {group.group_code: group for group in groups}
    assert students == 3
    builders, nurses = found["08"], found["34"]
    assert (builders.interest_count, nurses.interest_count) == (2, 2)
    assert (builders.wish_count, nurses.wish_count) == (1, 1)
    assert (builders.seats, nurses.seats) == (25, 25)
    assert [kind.seats for kind in nurses.kinds] == [25, 25, 25]
    assert [kind.pathway_count for kind in nurses.kinds] == [1, 1, 1]
    weighed = weigh_entries(EDITION, (), REFERENCE).by_spo_code
    assert nurses.weights == (weighed["34.02.01"][0].weight,)
    assert builders.weights == (weighed["08.01.27"][0].weight,)


def test_what_only_a_class_leads_to_is_no_interest_in_the_group():
    """Physicians (31) have no trial here: the medical class and the elective lead there among others."""
    physicians = next(group for group in made()[1] if group.group_code == "31")
    assert (physicians.interest_count, physicians.seats) == (0, 0)
    assert physicians.leading_count > 0
    assert physicians.weights == ()


def test_interest_does_not_know_how_strongly_demand_counts():
    assert made(0.0) == made(0.3)


def test_a_list_that_is_not_there_demands_nothing():
    known, ranked = facts(), recommender()
    congestion = expected_congestion(ranked, known, USUAL)
    _, groups = group_balance(ranked, known, congestion, None)
    assert {group.weights for group in groups} == {()}
    assert len({group.group_code for group in groups}) == len(groups)


def test_of_nobody_nothing_is_counted():
    known, ranked = facts(students=()), recommender()
    students, groups = group_balance(ranked, known, expected_congestion(ranked, known, USUAL), None)
    assert (students, {(group.interest_count, group.leading_count) for group in groups}) == (0, {(0, 0)})


def test_applicants_per_seat_are_of_pathways_that_many_may_be_offered():
    """Twelve for the 25 seats of the class, and nothing is known of the others."""
    ranked, known = recommender(), facts()
    count = len(CATALOGUE.pathways)
    applicants, per_seat = np.full(count, 12.0), np.full(count, np.nan)
    row = CATALOGUE.position["sch01-tech-eng"]
    per_seat[row] = 12 / 25
    congestion = Congestion(applicants, per_seat, np.zeros(count, dtype=np.int64))
    _, groups = group_balance(ranked, known, congestion, None)
    builders = next(group for group in groups if group.group_code == "08")
    assert builders.kinds[0].expected_per_seat == pytest.approx(0.48)
    assert np.isnan([builders.kinds[1].expected_per_seat, builders.kinds[2].expected_per_seat]).all()


def test_by_hand_wishes_and_places_of_electives():
    """el004 has 25 places and two wishes; el777 was on offer last year; nobody knows the last one."""
    former = replace(PATHWAYS[2], pathway_code="sch01-el777", programme_code="el777", school_year="2023-24")
    catalogue = Catalogue(PATHWAYS, CATALOGUE.places, {former.pathway_code: former})
    known = facts(rows=WISHES, as_of=TODAY)
    count = len(catalogue.pathways)
    congestion = Congestion(np.full(count, 7.0), np.full(count, 0.28), np.full(count, 9))
    found = {each.programme_code: each for each in elective_balance(catalogue, known, congestion)}
    assert sorted(found) == ["el004", "el018", "el777"]
    told = {code: (each.host_count, each.seats, each.wish_count) for code, each in found.items()}
    assert told == {"el004": (1, 25, 2), "el018": (1, 25, 0), "el777": (0, None, 1)}
    assert found["el004"].applicants == 7.0
    assert np.isnan(found["el777"].applicants)
