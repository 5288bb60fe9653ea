"""The recommender on the worked region: lists, refusals, reasons, demand, and the same bits alone as in company."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue import KINDS, PathwayKind
from recommender.features import TERM_CODES
from recommender.pipeline import Recommender
from recommender.students import FactRow, FactRows, StudentRow
from tests.recommender.worked_region import (
    AUTUMN,
    ENGINEER,
    EXPERT,
    MEDIC,
    NEWCOMER,
    ROWS,
    SPACE,
    STUDENTS,
    TODAY,
    facts,
    recommender,
)


def codes(listed, kind: PathwayKind) -> list[str]:
    return [item.pathway.pathway_code for item in listed.lists[KINDS.index(kind)].items]


def explained(student: StudentRow, **changes):
    ranker = recommender(**changes)
    return ranker.explain(ranker.recommend(facts((student,)), k=5), 0)


def test_the_engineer_gets_engineering_and_the_medic_medicine():
    assert codes(explained(ENGINEER), PathwayKind.PROFILE_CLASS) == ["sch01-tech-eng", "sch02-sci-med"]
    assert codes(explained(MEDIC), PathwayKind.PROFILE_CLASS) == ["sch02-sci-med", "sch01-tech-eng"]
    assert codes(explained(ENGINEER), PathwayKind.CAREER_TRIAL)[-1] == "col01-tr900"


def test_score_by_hand():
    """Expert weights of a profile class; interests are the only term that needs more than a pencil."""
    first = explained(ENGINEER).lists[0].items[0]
    weight = dict(zip(TERM_CODES, EXPERT[PathwayKind.PROFILE_CLASS].weights, strict=True))
    assert first.contributions["subject_strength"] == pytest.approx(weight["subject_strength"] * (5 - 13 / 3) / 0.6)
    assert first.contributions["subject_level"] == pytest.approx(weight["subject_level"] * (5 - 3.9) / 0.6)
    wish = 0.5 ** ((TODAY - AUTUMN).days / 365.25)
    assert first.contributions["profile_wish"] == pytest.approx(weight["profile_wish"] * wish)
    assert first.contributions["own_school"] == pytest.approx(weight["own_school"])
    assert first.contributions["proximity"] == pytest.approx(0.0)
    assert sum(first.contributions.values()) == pytest.approx(first.score, abs=1e-9)


def test_refusals_hold():
    """No profile class for grade 8, no trial with a factor to avoid, none attended before, electives of one's own."""
    assert codes(explained(NEWCOMER), PathwayKind.PROFILE_CLASS) == []
    assert codes(explained(MEDIC), PathwayKind.CAREER_TRIAL) == ["web-tr003"]
    assert codes(explained(MEDIC), PathwayKind.ELECTIVE) == ["sch02-el018"]


@pytest.mark.parametrize(
    ("student", "pathway", "rules"),
    [
        (MEDIC, "col01-tr005", ["restrictions"]),
        (MEDIC, "col01-tr900", ["already_taken"]),
        (NEWCOMER, "sch01-tech-eng", ["grade"]),
        (ENGINEER, "sch01-tech-eng", []),
    ],
)
def test_refusals_name_the_rule(student, pathway, rules):
    refusals = recommender().refusals(facts((student,)), 0, pathway)
    assert [rule.rule_id for rule in refusals] == rules


def test_a_trial_attended_after_the_day_of_the_question_does_not_exist_yet():
    ranker = recommender()
    before = ranker.recommend(facts((MEDIC,), as_of=date(2024, 9, 24)), k=5)
    assert "col01-tr900" in codes(ranker.explain(before, 0), PathwayKind.CAREER_TRIAL)


def test_reasons_quote_the_students_own_facts():
    first = explained(ENGINEER).lists[0].items[0]
    reasons = {reason.term: reason for reason in first.reasons}
    assert reasons["profile_wish"].facts["wishes"] == [{"code": "tech-eng", "rank": 1}]
    assert reasons["profile_wish"].facts["surveyed_on"] == AUTUMN.isoformat()
    assert reasons["subject_strength"].facts["subjects"][0] == {"subject_code": "math", "mark": 5.0}
    assert reasons["interest_match"].facts["shared"][0] == "technics"
    assert [abs(reason.advantage) for reason in first.reasons] == sorted(
        (abs(reason.advantage) for reason in first.reasons), reverse=True
    )


def test_an_interest_is_never_called_shared_when_the_student_lacks_it():
    for student in (ENGINEER, MEDIC):
        made = recommender().recommend(facts((student,)))
        mean = dict(zip(("R", "I", "A", "S", "E", "C", "nature", "technics", "human", "sign", "art"),
                        made.vectors.profile.mean[0], strict=True))  # fmt: skip
        for ranked in explained(student).lists:
            for item in ranked.items:
                for reason in item.reasons:
                    if reason.term == "interest_match":
                        assert all(mean[code] > 0 for code in reason.facts["shared"])
                        assert all(mean[code] < 0 for code in reason.facts["lacking"])


def test_nothing_known_is_said_and_still_answered():
    answer = explained(NEWCOMER)
    assert not any(ranked.is_sure for ranked in answer.lists)  # popular and near is no advice to this student
    assert answer.missing == ("diagnostics", "marks", "elective_survey", "trials")
    assert codes(answer, PathwayKind.CAREER_TRIAL)
    widths = [item.fit_high - item.fit_low for item in answer.lists[2].items]
    known = [item.fit_high - item.fit_low for item in explained(ENGINEER).lists[2].items]
    assert max(widths) > max(known)


def test_next_evidence_removes_doubt_in_shares():
    gains = [evidence.expected_gain for evidence in explained(NEWCOMER).next_evidence]
    assert gains == sorted(gains, reverse=True)
    assert all(0 < gain < 1 for gain in gains)


def test_the_slider_raises_what_is_in_demand_and_names_its_price():
    still, moved = explained(ENGINEER, demand_strength=0.0), explained(ENGINEER, demand_strength=0.3)
    assert all(ranked.price_of_demand == 0 for ranked in still.lists)
    assert all(ranked.price_of_demand >= 0 for ranked in moved.lists)
    trial = next(item for item in moved.lists[2].items if item.pathway.pathway_code == "col01-tr900")
    assert trial.final == pytest.approx(trial.fit + 0.3 * trial.demand_weight)


def crowd(count: int) -> tuple[tuple[StudentRow, ...], FactRows]:
    random = np.random.default_rng(3)
    students = tuple(
        StudentRow(f"s{n:04}", int(random.integers(8, 12)), ("sch01", "sch02", "sch99")[n % 3]) for n in range(count)
    )
    marks = [
        FactRow(student.student_id, code, date(2024, 5, 31), float(random.integers(2, 6)))
        for student in students
        for code in ("math", "phys", "bio", "lit")
        if random.random() < 0.7
    ]
    wishes = [FactRow(student.student_id, "tech-eng", AUTUMN, 1) for student in students[::4]]
    return students, FactRows(marks=marks, profile_wishes=wishes)


def test_alone_and_in_a_batch_are_the_same_bits():
    students, rows = crowd(135)
    ranker = recommender()
    together = ranker.recommend(facts(students, rows), k=3)
    for position in (0, 1, 63, 64, 134):
        alone = ranker.recommend(facts((students[position],), rows), k=3)
        for name in ("pathways", "scores", "fit", "final"):
            assert getattr(alone.listed, name)[0].tobytes() == getattr(together.listed, name)[position].tobytes()


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([0.0, 0.01, 0.05, 0.17, 0.3]), st.integers(1, 4))
def test_lists_are_those_of_a_plain_sort(strength, k):
    """The compiled selection with its shortcut gives what sorting every final score gives."""
    students, rows = crowd(20)
    ranker = recommender()
    made = ranker.recommend(facts(students, rows), k=k, demand_strength=strength)
    demand = np.nan_to_num(ranker.demand.weights)
    for student in range(len(students)):
        words = ranker.words(made.facts, student)
        every = np.arange(len(words))
        scores = ranker.compiled.contributions(made.vectors, np.full(len(words), student), every).sum(axis=1)
        for kind in range(len(KINDS)):
            slope, intercept = ranker.ranker.calibration[kind]
            final = 1 / (1 + np.exp(-(slope * scores + intercept))) + strength * demand
            offered = [row for row in every if words[row] == 0 and ranker.compiled.kind_of[row] == kind]
            best = sorted(offered, key=lambda row: (-round(final[row], 9), row))[:k]
            assert made.listed.pathways[student, kind][: len(best)].tolist() == best


def test_without_any_pathway_there_are_empty_lists():
    empty = replace(SPACE.catalogue, pathways=())
    space = replace(SPACE, catalogue=empty)
    plain = recommender()
    bare = Recommender(space, plain.ranker, plain.rules, replace(plain.demand, weights=np.empty(0), sources=()))
    made = bare.recommend(facts(STUDENTS, ROWS), k=3)
    assert (made.listed.pathways == -1).all()
    assert bare.explain(made, 0).lists[0].items == ()


def test_nobody_asked_about_is_nobody_ranked():
    made = recommender().recommend(facts((), FactRows()), k=3)
    assert made.listed.pathways.shape == (0, len(KINDS), 3)
