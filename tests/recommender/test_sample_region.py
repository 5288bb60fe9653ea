"""Promises that hold for every student of the sample region (synthetic), not only for worked examples."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.catalogue import KINDS, catalogue_of_year
from recommender.demand import read_edition
from recommender.demand_weights import demand_weights
from recommender.expert import expert_ranker
from recommender.features import FeatureSpace
from recommender.pipeline import SURE, Recommendations, Recommender
from recommender.region import Region, read_region
from recommender.student_inputs import reference_of
from recommender.students import FactRows, StudentFacts, StudentRow, student_facts
from recommender.training import local_interest_model
from tests.recommender.worked_region import EXPERT

DATA = Path(__file__).parents[2] / "data"
EVERY_TENTH = 10


@pytest.fixture(scope="module")
def region() -> Region:
    return read_region(DATA / "samples", DATA / "reference", sorted((DATA / "demand").glob("krasnodar-*.csv")))


@pytest.fixture(scope="module")
def recommender(region: Region) -> Recommender:
    """Expert weights with bends and biases put in, so that every part of a score is at work."""
    history, random = region.history, np.random.default_rng(2)
    catalogue = catalogue_of_year(history.pathways, history.places, region.current_school_year)
    space = FeatureSpace(history.reference, catalogue, local_interest_model(history))
    plain = expert_ranker(EXPERT)
    knots = np.sort(random.normal(size=plain.knots.shape), axis=2)
    programmes = sorted({pathway.programme_code for pathway in catalogue.pathways})
    biased = tuple(dict(zip(programmes, random.normal(size=len(programmes)), strict=True)) for _ in KINDS)
    ranker = replace(plain, knots=knots, bend_weights=random.normal(size=knots.shape), programme_bias=biased)
    editions = sorted((read_edition(path) for path in (DATA / "demand").glob("krasnodar-*.csv")), key=lambda e: e.code)
    demand = demand_weights(catalogue, history.reference, editions[-1], editions[:-1])
    return Recommender(space, ranker, history.rules, demand)


def facts_of(recommender: Recommender, region: Region, students: list[StudentRow], rows: FactRows) -> StudentFacts:
    space = recommender.space
    return student_facts(students, rows, as_of=region.as_of, catalogue=space.catalogue, model=space.interest_model)


@pytest.fixture(scope="module")
def students(region: Region) -> list[StudentRow]:
    return sorted(region.history.students[region.current_school_year])


@pytest.fixture(scope="module")
def everything(recommender: Recommender, region: Region, students: list[StudentRow]) -> Recommendations:
    """Every pathway that may be offered to every student of the current year, ranked."""
    longest = max(np.diff(recommender.space.catalogue.kind_bounds))
    facts = facts_of(recommender, region, students, region.history.rows)
    return recommender.recommend(facts, k=int(longest), demand_strength=0.1)


def test_contributions_add_up_to_the_score_of_every_student_and_pathway(
    everything: Recommendations, recommender: Recommender
) -> None:
    student, kind, place = np.nonzero(everything.listed.pathways >= 0)
    pathways = everything.listed.pathways[student, kind, place]
    added = recommender.compiled.contributions(everything.vectors, student, pathways).sum(axis=1)
    assert len(added) > 50_000
    assert np.abs(added - everything.listed.scores[student, kind, place]).max() < 1e-9


def test_a_student_alone_gets_the_bits_of_the_batch(
    everything: Recommendations, recommender: Recommender, region: Region, students: list[StudentRow]
) -> None:
    by_student: dict[str, dict[str, list[object]]] = {}
    for table, rows in vars(region.history.rows).items():
        for row in rows:
            by_student.setdefault(row.student_id, {}).setdefault(table, []).append(row)
    k = everything.listed.pathways.shape[2]
    for position in range(0, len(students), EVERY_TENTH):
        student = students[position]
        own = FactRows(**by_student.get(student.student_id, {}))
        alone = recommender.recommend(facts_of(recommender, region, [student], own), k=k, demand_strength=0.1)
        for name in ("pathways", "scores", "fit", "final"):
            batch = getattr(everything.listed, name)[position]
            assert getattr(alone.listed, name)[0].tobytes() == batch.tobytes(), student.student_id


def test_demand_never_lifts_over_what_fits_better_by_more_than_its_strength(everything: Recommendations) -> None:
    """In the whole list in its order: nothing below may fit better by more than the strength."""
    fit = everything.listed.fit
    best_below = np.flip(np.fmax.accumulate(np.flip(fit, axis=2), axis=2), axis=2)
    assert np.nanmax(best_below - fit) <= 0.1 + 1e-12


def test_lists_respect_every_rule(
    everything: Recommendations, recommender: Recommender, students: list[StudentRow]
) -> None:
    pathways = recommender.space.catalogue.pathways
    for position in range(0, len(students), EVERY_TENTH):
        student = students[position]
        for row in everything.listed.pathways[position][everything.listed.pathways[position] >= 0]:
            pathway = pathways[row]
            assert student.grade in pathway.grades
            assert set(student.conditions_needed) <= pathway.conditions_met
            assert pathway.apply_until is None or pathway.apply_until >= everything.facts.as_of


def test_a_reference_is_made_of_five_students_or_more_and_of_no_pseudonym(region, recommender):
    history, model = region.history, recommender.space.interest_model
    kept = reference_of(history, model)
    assert kept["schools"] == [f"sch{number:02d}" for number in range(1, 7)]
    assert {"grade", "interest.R", "mark.math", "has.RIASEC48"} <= set(kept["of"])
    for found in kept["of"].values():
        assert min(found["shares"]) * found["student_count"] >= 5 - 1e-9
        assert sum(found["shares"]) == pytest.approx(1.0)
    turned = replace(history, students={year: rows[::-1] for year, rows in history.students.items()})
    assert reference_of(turned, model) == kept  # the same data, the same bytes
    students = [row.student_id for row in history.students[kept["school_year"]]]
    assert not any(student in str(kept) for student in students)


def test_sureness_alone_is_the_sureness_of_the_card(recommender, everything):
    for student in range(0, len(everything.facts), 150):
        card = recommender.explain(everything, student)
        alone = recommender.sureness(everything, student)
        for ranked, sureness in zip(card.lists, alone, strict=True):
            if ranked.items:
                assert (sureness >= SURE) == ranked.is_sure
                assert sureness in (0.0, ranked.sureness)
            else:
                assert np.isnan(sureness)
