"""The discovery place by hand, and the frontier of demand: more of it only ever brings and only ever costs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue import Catalogue, PathwayKind
from recommender.demand_weights import demand_weights
from recommender.discovery import FLOOR, WORTH_A_TRY, able_not_interested, find_discovery
from recommender.features import FeatureSpace
from recommender.frontier import STRENGTHS, frontier
from recommender.students import FactRow, student_facts
from tests.recommender.worked_region import (
    AUTUMN,
    EDITION,
    ENGINEER,
    MAY,
    MODEL,
    NEWCOMER,
    PATHWAYS,
    PLACES,
    REFERENCE,
    ROWS,
    SPACE,
    STUDENTS,
    TODAY,
    TRIAL,
    facts,
    pathway,
    recommender,
)  # fmt: skip

FIELDS = np.array(["08", "08", "34", "10"])
LISTED = np.array([True, False, False, False])
NOBODY = np.zeros(4, dtype=bool)


def found(fit=(0.8, 0.7, 0.6, 0.5), chance=(0.9, 0.5, 0.1, 0.3), able=NOBODY):
    return find_discovery(FIELDS, LISTED, np.array(fit), np.array(chance), np.array(able))


def test_the_most_uncertain_of_a_new_field():
    assert (found().candidate, found().ground) == (3, "unsure")


def test_a_trial_of_a_field_the_student_is_able_for_goes_first():
    chosen = found(chance=(0.9, 0.5, 0.0, 0.3), able=(False, True, True, False))
    assert (chosen.candidate, chosen.ground) == (2, "able")  # the second is more of the same field


def test_nothing_below_the_floor_and_nothing_that_is_surely_worse():
    low, hopeless = FLOOR - 0.01, WORTH_A_TRY - 0.01
    assert found(fit=(0.8, 0.7, low, low), able=(False, False, True, False)) is None
    assert found(chance=(0.9, 0.5, hopeless, hopeless)) is None


def test_a_pathway_without_a_field_widens_nothing():
    assert find_discovery(np.array(["08", ""]), np.array([True, False]), np.ones(2), np.ones(2), NOBODY[:2]) is None


# --- in whole lists ---

MORE = tuple(
    pathway(TRIAL, "col01", f"tr8{i:02d}", spo_codes=(code,))
    for i, code in enumerate(("08.02.01", "08.01.27", "34.02.01", "35.02.05", "43.02.15", "10.02.05"))
)


def wide_recommender():
    catalogue = Catalogue((*PATHWAYS, *MORE), PLACES)
    space = FeatureSpace(REFERENCE, catalogue, MODEL)
    return replace(recommender(), space=space, demand=demand_weights(catalogue, REFERENCE, EDITION))


def lists(student, *, k, discovery, rows=ROWS):
    ranker = wide_recommender()
    known = student_facts([student], rows, as_of=TODAY, catalogue=ranker.space.catalogue, model=MODEL)
    answer = ranker.explain(ranker.recommend(known, k=k), 0, evidence=False, discovery=discovery)
    return {ranked.kind: ranked for ranked in answer.lists}


def test_only_the_last_place_of_a_list_changes():
    plain, wide = (lists(NEWCOMER, k=3, discovery=asked)[PathwayKind.CAREER_TRIAL].items for asked in (False, True))
    assert [item.pathway for item in wide[:-1]] == [item.pathway for item in plain[:-1]]
    assert [item.final for item in wide[:-1]] == [item.final for item in plain[:-1]]
    assert [item.discovery for item in wide] == [None, None, "unsure"]
    fields = {item.pathway.field_code for item in plain}
    assert wide[-1].pathway.field_code not in fields
    assert (wide[-1].rank, wide[-1].band) == (3, (3, 3))
    assert sum(wide[-1].contributions.values()) == pytest.approx(wide[-1].score, abs=1e-12)


def test_classes_and_short_lists_have_no_such_place():
    for k in (2, 5):
        ranked = lists(ENGINEER, k=k, discovery=True)
        assert all(item.discovery is None for item in ranked[PathwayKind.PROFILE_CLASS].items)
    assert all(item.discovery is None for item in lists(NEWCOMER, k=2, discovery=True)[PathwayKind.CAREER_TRIAL].items)


def test_off_unless_asked_for():
    made = recommender().explain(recommender().recommend(facts(), k=3), STUDENTS.index(NEWCOMER))
    assert all(item.discovery is None for ranked in made.lists for item in ranked.items)


def test_able_but_not_interested_by_hand():
    """Best in biology and chemistry, with interests of a technician: the medical profile, and no other."""
    marks = [FactRow("s-engineer", code, MAY, mark) for code, mark in (("bio", 5.0), ("chem", 5.0), ("phys", 2.0))]
    known = replace(ROWS, marks=marks)
    made = recommender().recommend(facts((ENGINEER,), known))
    ranker = recommender()
    contributions = ranker.compiled.contributions(
        made.vectors, np.zeros(len(PATHWAYS), dtype=int), np.arange(len(PATHWAYS))
    )
    columns = able_not_interested(SPACE, made.vectors, 0, contributions)
    assert [list(SPACE.profile_index)[column] for column in columns] == ["sci-med"]
    own = recommender().recommend(facts((ENGINEER,)))  # as in the worked region: strong where the interests are
    own_contributions = ranker.compiled.contributions(
        own.vectors, np.zeros(len(PATHWAYS), dtype=int), np.arange(len(PATHWAYS))
    )
    assert len(able_not_interested(SPACE, own.vectors, 0, own_contributions)) == 0


def test_able_but_not_interested_is_answered_with_a_trial():
    marks = [FactRow("s-engineer", code, MAY, mark) for code, mark in (("bio", 5.0), ("chem", 5.0), ("phys", 2.0))]
    wishes = [FactRow("s-engineer", "tech-eng", AUTUMN, 1)]
    ranked = lists(ENGINEER, k=3, discovery=True, rows=replace(ROWS, marks=marks, profile_wishes=wishes))
    grounds = {kind: [item.discovery for item in found.items] for kind, found in ranked.items()}
    assert "able" not in grounds[PathwayKind.PROFILE_CLASS] + grounds[PathwayKind.ELECTIVE]
    assert grounds[PathwayKind.CAREER_TRIAL] == [None, None, "able"]
    assert ranked[PathwayKind.CAREER_TRIAL].items[-1].pathway.field_code == "34"


# --- frontier ---


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=len(PATHWAYS), max_size=len(PATHWAYS)))
def test_more_demand_only_brings_and_only_costs(weights):
    ranker = recommender()
    ranker = replace(ranker, demand=replace(ranker.demand, weights=np.array(weights)))
    points = frontier(ranker, facts())
    share, price = (np.array([getattr(point, name) for point in points]) for name in ("demanded_share", "price"))
    assert (np.diff(share, axis=0) >= 0).all()
    assert (np.diff(price, axis=0) >= -1e-12).all()
    assert (price[0] == 0).all()


def test_frontier_by_hand():
    """Two of the trials lead to demanded work; the list of three shows both to whoever has no restriction."""
    points = frontier(recommender(), facts((NEWCOMER,)), (0.0, 0.3))
    assert [point.strength for point in points] == [0.0, 0.3]
    assert points[0].student_counts.tolist() == [0, 1, 1]
    assert np.isnan(points[0].demanded_share[0])
    assert points[0].demanded_share[2] == 1.0


def test_the_grid_reaches_both_ends():
    assert (STRENGTHS[0], STRENGTHS[-1], len(STRENGTHS)) == (0.0, 0.3, 13)
