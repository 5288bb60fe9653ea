"""What is missing, and which of it would sharpen a list: values by hand, then what a card advises."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalogue import KINDS
from recommender.evidence import FACT_KINDS, MISSING_CODES, UsualFacts, usual_facts, value_of
from tests.recommender.worked_region import ENGINEER, NEWCOMER, PROFILE, STUDENTS, TRIAL, facts, recommender

EVERYBODY = facts()


def usual(**rates: float) -> UsualFacts:
    """Marks that scatter by one unit each, codes named at the rates given."""
    space = recommender().space
    widths = {term: space.pathway_blocks[term].shape[1] for term in space.pathway_blocks}
    marks = np.eye(widths["subject_strength"] + widths["subject_level"])
    asked = {
        kind: np.full(1 if kind == "elective_survey" else sum(widths[t] for t in FACT_KINDS[kind].terms), rate)
        for kind, rate in rates.items()
    }
    return UsualFacts({"marks": marks}, asked, rating_deviation=0.7)


def test_the_value_of_being_told_which_of_two_by_hand():
    """Told, the better one has 1/(1+e^-2) = .881 and stands first; untold both have one half: (.881 - .5)(1 - .631)."""
    told = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert value_of(np.zeros(2), told) == pytest.approx((0.8808 - 0.5) * (1 - 1 / np.log2(3)), abs=1e-3)


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=8), st.integers(0, 100), st.floats(0, 3))
def test_evidence_is_never_worth_less_than_nothing(scores, seed, size):
    moves = size * np.random.default_rng(seed).normal(size=(16, len(scores)))
    assert value_of(np.array(scores), moves) >= 0.0


def test_what_cannot_change_the_order_is_worth_little():
    moves = 0.1 * np.random.default_rng(0).normal(size=(64, 2))
    assert value_of(np.array([9.0, -9.0]), moves) < 1e-6 < value_of(np.zeros(2), moves)


def test_a_newcomer_lacks_what_the_grade_has_and_a_ninth_grader_the_surveys_too():
    made = recommender()
    known = made.recommend(EVERYBODY)
    assert made.explain(known, STUDENTS.index(NEWCOMER)).missing == (
        "diagnostics",
        "marks",
        "elective_survey",
        "trials",
    )
    assert made.explain(known, STUDENTS.index(ENGINEER)).missing == ("exam_survey", "elective_survey", "trials")


def test_knowledge_alone_advises_instruments():
    advised = recommender().next_evidence(recommender().recommend(EVERYBODY), STUDENTS.index(NEWCOMER))
    assert advised
    assert {evidence.kind for evidence in advised} == {"instrument"}


def test_evidence_is_told_by_its_worth_and_only_what_is_not_there():
    made = replace(recommender(), usual=usual(exam_survey=0.3, profile_survey=0.1))
    known = made.recommend(EVERYBODY)
    for student in range(len(STUDENTS)):
        advised = made.next_evidence(known, student, count=50)
        gains = [evidence.expected_gain for evidence in advised]
        assert gains == sorted(gains, reverse=True)
        kinds = [evidence.kind for evidence in advised]
        assert kinds.count("trial") <= 1
        if STUDENTS[student] is ENGINEER:
            assert "marks" not in kinds  # are there
            assert "profile_survey" not in kinds
            assert "exam_survey" in kinds
        if STUDENTS[student] is NEWCOMER:
            assert "exam_survey" not in kinds  # not asked in grade 8


def test_one_list_alone_may_ask_for_other_evidence():
    made = replace(recommender(), usual=usual(exam_survey=0.3))
    known = made.recommend(EVERYBODY)
    student = STUDENTS.index(ENGINEER)
    classes = made.next_evidence(known, student, kinds=[KINDS.index(PROFILE)], count=50)
    trials = made.next_evidence(known, student, kinds=[KINDS.index(TRIAL)], count=50)
    worth = [{e.kind: e.expected_gain for e in advised}.get("exam_survey", 0.0) for advised in (classes, trials)]
    assert worth[0] > worth[1]


def test_of_few_students_nobody_knows_how_facts_usually_scatter():
    made = recommender().recommend(EVERYBODY)
    assert usual_facts(made.facts, made.vectors) == UsualFacts({}, {}, 0.0)


def test_every_code_that_may_be_missing_is_a_kind_of_evidence():
    assert set(MISSING_CODES) - {"diagnostics", "trials"} <= set(FACT_KINDS)


def test_a_code_that_few_named_is_not_kept():
    space = recommender().space
    made = recommender().recommend(EVERYBODY)
    width = space.pathway_blocks["exam_wish"].shape[1]
    wishes = np.zeros((30, width))
    wishes[:, 0], wishes[:4, 1] = 1.0, 1.0
    blocks = {term: np.zeros((30, block.shape[1])) for term, block in made.vectors.blocks.items()} | {
        "exam_wish": wishes
    }
    found = usual_facts(made.facts, replace(made.vectors, blocks=blocks))
    assert found.rates["exam_survey"].tolist() == [1.0, *[0.0] * (width - 1)]
