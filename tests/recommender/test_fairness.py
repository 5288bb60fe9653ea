"""Twins get the same lists; a ranking that looks at who somebody is, is caught; gaps are told with their doubt."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.congestion import choice_chances, expected_congestion
from recommender.fairness import FLIPS, Audited, Person, flip_needs, flip_school, same_lists, served_lists, twin_audit
from recommender.groups import FEW, LIMITS, GroupFigure, group_figures
from recommender.judging import Judgement
from recommender.scoring_layout import Listed
from tests.recommender.worked_region import MEDIC, ROWS, STUDENTS, TODAY, facts, recommender

SEXES = ("m", "f", "f")
PEOPLE = tuple(Person(student, sex) for student, sex in zip(STUDENTS, SEXES, strict=True))
AUDITED = Audited(recommender(), PEOPLE, ROWS, TODAY)


def test_no_list_of_a_twin_changes():
    audit = twin_audit(AUDITED)
    assert audit.twin_counts == dict.fromkeys(FLIPS, len(STUDENTS))
    assert audit.changed_counts == dict.fromkeys(FLIPS, 0)
    assert (audit.twin_count, audit.changed_count) == (15, 0)


def kinder_to_boys(audited: Audited) -> Listed:
    """The served lists, but girls get the weights of another ranker: what no ranking may do."""
    ranker = audited.recommender.ranker
    harder = replace(ranker, weights=ranker.weights * 0.5)
    for_girls = served_lists(audited._replace(recommender=replace(audited.recommender, ranker=harder)))
    for_boys = served_lists(audited)
    is_girl = np.array([person.sex == "f" for person in audited.people])[:, None, None]
    mixed = [np.where(is_girl, girls, boys) for girls, boys in zip(for_girls[:4], for_boys[:4], strict=True)]
    return for_boys._replace(**dict(zip(("pathways", "scores", "fit", "final"), mixed, strict=True)))


def kinder_to_the_first_of_the_alphabet(audited: Audited) -> Listed:
    """Schools whose code sorts first get their lists with more demand."""
    first = min(person.student.school_code for person in audited.people)
    plain, lifted = (
        served_lists(audited),
        served_lists(audited._replace(recommender=replace(audited.recommender, demand_strength=0.3))),
    )
    is_first = np.array([person.student.school_code == first for person in audited.people])[:, None, None]
    return plain._replace(final=np.where(is_first, lifted.final, plain.final))


@pytest.mark.parametrize(
    ("leak", "caught"), [(kinder_to_boys, {"sex"}), (kinder_to_the_first_of_the_alphabet, {"school"})]
)
def test_a_planted_leak_is_caught_by_its_own_flip(leak, caught):
    audit = twin_audit(AUDITED, leak)
    assert {flip for flip, changed in audit.changed_counts.items() if changed} == caught


def test_every_girl_is_counted_under_the_leak():
    assert twin_audit(AUDITED, kinder_to_boys).changed_counts["sex"] == len(STUDENTS)


def test_the_school_flip_leaves_access_facts():
    before, after = flip_school(AUDITED)
    assert not {p.student.school_code for p in before.people} & {p.student.school_code for p in after.people}
    old, new = before.recommender.space, after.recommender.space
    for row, person in enumerate(before.people):
        was = old.catalogue.school_codes.index(person.student.school_code)
        now = new.catalogue.school_codes.index(after.people[row].student.school_code)
        for term, table in old.access_tables.items():
            assert table[was].tolist() == new.access_tables[term][now].tolist()


def test_conditions_that_a_place_lacks_are_access_and_not_audited():
    def closed(audited: Audited) -> Audited:
        space = audited.recommender.space
        pathways = tuple(replace(p, conditions_met=frozenset()) for p in space.catalogue.pathways)
        catalogue = replace(space.catalogue, pathways=pathways)
        return audited._replace(recommender=replace(audited.recommender, space=replace(space, catalogue=catalogue)))

    before, after = flip_needs(AUDITED)
    assert same_lists(served_lists(before), served_lists(after)).all()
    assert not same_lists(served_lists(closed(before)), served_lists(closed(after))).any()  # the rule does refuse


def test_same_lists_looks_at_every_bit():
    made = served_lists(AUDITED)
    nudged = made.scores.copy()
    nudged[1, 0, 0] = np.nextafter(nudged[1, 0, 0], np.inf)
    assert same_lists(made, made).tolist() == [True, True, True]
    assert same_lists(made, made._replace(scores=nudged)).tolist() == [True, False, True]


def judged(ndcg: list[float], students: list[str]) -> Judgement:
    values = np.array(ndcg)
    return Judgement(
        "trained_ranker",
        0.0,
        (0.0, 0.0),
        0.0,
        0.0,
        0.0,
        values,
        np.zeros(len(values)),
        np.array(students),
        np.array(["sch01"] * len(values)),
    )


def test_a_gap_by_hand():
    girls, boys = [f"g{i}" for i in range(20)], [f"b{i}" for i in range(20)]
    groups = {"sex": {**dict.fromkeys(girls, "f"), **dict.fromkeys(boys, "m")}}
    found = group_figures([judged([0.3] * 20 + [0.7] * 20, girls + boys)], groups)
    ndcg = {figure.group: figure for figure in found if figure.measure == "ndcg5"}
    assert ndcg["f"].value == pytest.approx(0.3)
    assert ndcg["f"].gap == pytest.approx(-0.4)
    assert ndcg["f"].gap_interval == pytest.approx((-0.4, -0.4))
    assert ndcg["f"].is_too_wide
    assert ndcg["m"].is_too_wide
    assert not any(figure.is_too_wide for figure in found if figure.measure == "exposure")
    lenient = group_figures([judged([0.3] * 20 + [0.7] * 20, girls + boys)], groups, {"ndcg5": 0.5})
    assert [(figure.limit, figure.is_too_wide) for figure in lenient] == [(0.5, False)] * 2


def test_few_students_neither_refuse_nor_are_told():
    students = [f"s{i}" for i in range(FEW * 2)]
    scattered = [0.0, 1.0] * FEW
    of = {student: "some" if row < FEW else "none" for row, student in enumerate(students)}
    wide = group_figures([judged(scattered, students)], {"needs": of})
    assert {figure.group for figure in wide} == {"some", "none"}
    assert not any(figure.is_too_wide for figure in wide)
    fewer = {student: group for student, group in of.items() if student != "s0"}
    assert group_figures([judged(scattered, students)], {"needs": fewer}) == ()
    assert group_figures([], {"needs": of}) == ()


@pytest.mark.parametrize(("interval", "too_wide"), [((0.06, 0.2), True), ((0.04, 0.2), False), ((-0.3, -0.06), True)])
def test_too_wide_means_the_whole_interval(interval, too_wide):
    figure = GroupFigure("sex", "f", "ndcg5", 0.5, (0.4, 0.6), sum(interval) / 2, interval, 30, LIMITS["ndcg5"])
    assert figure.is_too_wide is too_wide


def test_expected_applicants_per_seat_by_hand():
    rank = recommender()
    known = facts()
    usual = {"profile_class": 1.0, "elective": 2.0}
    found = expected_congestion(rank, known, usual)
    kinds = rank.compiled.kind_of
    with_list = (rank.recommend(known, k=1).listed.pathways[:, :, 0] >= 0).sum(axis=0)
    assert found.applicants[kinds == 0].sum() == pytest.approx(with_list[0] * 1.0)
    assert found.applicants[kinds == 1].sum() == pytest.approx(with_list[1] * 2.0)
    assert found.applicants[kinds == 2].sum() == 0.0
    assert (found.offered_counts < FEW).all()
    assert np.isnan(found.per_seat).all()  # three students: nothing is told of a pathway


def test_a_sixth_student_makes_it_told():
    many = tuple(MEDIC._replace(student_id=f"s{i}") for i in range(6))
    found = expected_congestion(recommender(), facts(many), {"profile_class": 1.0})
    class_of_own = AUDITED.recommender.space.catalogue.position["sch02-sci-med"]
    assert found.offered_counts[class_of_own] == 6
    assert found.per_seat[class_of_own] == pytest.approx(found.applicants[class_of_own] / 25)


def test_an_empty_list_has_no_chances():
    assert choice_chances(np.array([[np.nan, np.nan]])).tolist() == [[0.0, 0.0]]
