"""What a new edition does to everybody's lists, and what it asks for that nobody offers."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.catalogue import KINDS, PathwayKind
from recommender.demand import DemandEntry
from recommender.demand_weights import demand_weights
from recommender.impact import find_gaps, impact
from tests.recommender.test_demand import edition, entry
from tests.recommender.wide_region import WIDE, wide_facts, wide_recommender
from tests.recommender.worked_region import CATALOGUE, EDITION, REFERENCE, ROWS, STUDENTS

CLASSES = KINDS.index(PathwayKind.PROFILE_CLASS)
ECONOMISTS = edition(
    *(
        replace(entry(REFERENCE.spo[code].title_ru, code, level=5, position=place), horizon="perspective")
        for place, code in enumerate(("38.02.01", "38.02.03", "38.02.06"), start=1)
    )
)


def made(new, strength=0.3, usual=None):
    facts = wide_facts(STUDENTS, ROWS)
    demand = demand_weights(WIDE, REFERENCE, new)
    return impact(wide_recommender(), facts, demand, usual or {"profile_class": 1.0}, strength)


def test_the_same_edition_changes_nobody():
    found = made(EDITION)
    assert not found.is_changed.any()
    assert (found.before == found.after).all()
    np.testing.assert_array_equal(found.price_before, found.price_after)


def test_by_hand_a_list_of_economists_brings_in_the_economic_class():
    """Two students of grade 9 choose among five classes; for one, economics comes in for computing."""
    found = made(ECONOMISTS)
    gain = found.after - found.before
    changed = {WIDE.pathways[row].pathway_code: int(gain[row]) for row in np.flatnonzero(gain)}
    assert changed == {"sch01-soc-econ": 1, "sch01-tech-it": -1}
    assert found.student_counts.tolist() == [2, 3, 3]
    assert found.changed_first.tolist() == [1, 0, 0]
    assert found.changed_listed.tolist() == [0, 0, 0]  # five classes, five places: nothing can enter
    assert found.price_after[CLASSES] == 0  # the same five places give up no fit


def test_counts_agree_with_two_rankings():
    recommender, facts = wide_recommender(), wide_facts(STUDENTS, ROWS)
    found = made(ECONOMISTS)
    other = recommender.with_demand(demand_weights(WIDE, REFERENCE, ECONOMISTS))
    old, new = (each.recommend(facts, k=5, demand_strength=0.3).listed.pathways for each in (recommender, other))
    for student in range(len(facts)):
        for kind in range(len(KINDS)):
            same = set(old[student, kind, :3].tolist()) == set(new[student, kind, :3].tolist())
            assert found.is_changed[student, kind] == (not same)


def test_applicants_are_what_students_usually_take():
    found = made(ECONOMISTS, usual={"profile_class": 0.5})
    classes = np.array([pathway.kind == PathwayKind.PROFILE_CLASS for pathway in WIDE.pathways])
    assert found.applicants_after[classes].sum() == pytest.approx(0.5 * found.student_counts[CLASSES])
    assert found.applicants_after[~classes].sum() == 0


def test_without_demand_no_edition_matters():
    found = made(ECONOMISTS, strength=0.0)
    assert not found.is_changed.any()
    assert (found.price_after[np.isfinite(found.price_after)] == 0).all()


def test_gaps_by_hand():
    """The worked region has a trial for nurses and a medical class, nothing for cooks, a class for engineers."""
    listed = edition(
        entry("Медсестра", "34.02.01"),
        entry("Повар", "43.01.09"),
        entry("Сварщик", "15.01.05"),
        entry("Маг", position=4),
        replace(entry("Врач", position=5), profiles=("sci-med",)),
    )
    found = {gap.entry.title: [kind.value for kind in gap.lacking] for gap in find_gaps(listed, CATALOGUE, REFERENCE)}
    assert found == {
        "Повар": ["profile_class", "elective", "career_trial"],
        "Сварщик": ["career_trial"],
        "Врач": ["career_trial"],
    }


def test_an_entry_of_an_old_code_is_sought_under_its_successor():
    old: DemandEntry = entry("Мастер общестроительных работ", "08.01.07")
    lacking = find_gaps(edition(old), CATALOGUE, REFERENCE)
    assert all(PathwayKind.CAREER_TRIAL not in gap.lacking for gap in lacking)
