"""Contributions by fact: a pencil's example, then bends, peers and anything at random still sum to the contribution."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.answer_norms import AnswerNorms
from recommender.catalogue import KINDS
from recommender.fact_shares import fact_shares
from recommender.features import SHAPED_TERMS, TERM_CODES
from recommender.peers import Peers
from recommender.scoring import CONTRIBUTIONS, CompiledRanker
from tests.recommender.test_scoring import ranker
from tests.recommender.worked_region import CATALOGUE, ENGINEER, SPACE, STUDENTS, facts, recommender

ENGINEERING = np.array([0])


def shares_of(compiled, pathways, student=ENGINEER):
    known = facts((student,))
    return fact_shares(compiled, known, compiled.space.student_vectors(known), 0, pathways)


def test_the_marks_of_an_engineer_by_hand():
    """Mathematics and physics are half each of what the class asks; both are 5 against an own mean of 13 / 3."""
    plain = recommender().compiled
    weight = plain.ranker.weights[0, TERM_CODES.index("subject_strength")]
    own = {s.code: s.contribution for s in shares_of(plain, ENGINEERING)[0] if s.term == "subject_strength"}
    half = weight * (5 - 13 / 3) / 0.6 / 2
    assert own == {"math": pytest.approx(half), "phys": pytest.approx(half)}


def test_a_bend_is_shared_by_its_mean_slope_and_what_is_there_without_facts_belongs_to_none():
    """A knot at -1, bend 2, over a straight 1: f(x) = x + 2 max(0, x + 1), so f(0) = 2; f(x) = 3x + 2 above -1."""
    straight = ranker(subject_level=1.0)
    knots, bends = np.full((len(KINDS), len(SHAPED_TERMS), 3), -1.0), np.zeros((len(KINDS), len(SHAPED_TERMS), 3))
    bends[:, SHAPED_TERMS.index("subject_level"), 0] = 2.0
    compiled = CompiledRanker(replace(straight, knots=knots, bend_weights=bends), SPACE)
    own = {(s.fact, s.code): s.contribution for s in shares_of(compiled, ENGINEERING)[0]}
    each = 3.0 * (5 - 3.9) / 0.6 / 2
    math, physics = ("subject_level", "math"), ("subject_level", "phys")
    assert own == {
        math: pytest.approx(each, abs=1e-5),
        physics: pytest.approx(each, abs=1e-5),
        ("", ""): pytest.approx(2.0),
    }


def with_peers(random: np.random.Generator):
    fields = tuple(tuple(sorted({p.field_code for p in CATALOGUE.pathways if p.kind == kind})) for kind in KINDS)
    count = sum(map(len, fields))
    questions = tuple(f"DDO20:{number}" for number in range(1, 4))
    norms = AnswerNorms(questions, np.full(3, 0.5), np.full(3, 0.5))
    model = replace(SPACE.interest_model, answer_norms=norms)
    peers = Peers(fields, random.normal(size=(len(SPACE.fact_codes), count)), random.normal(size=(3, count)), {})
    return replace(SPACE, peers=peers, interest_model=model)


@pytest.mark.parametrize("seed", range(5))
def test_shares_sum_to_every_contribution(seed):
    random = np.random.default_rng(seed)
    compiled = CompiledRanker(ranker(random), with_peers(random))
    every = np.arange(len(CATALOGUE.pathways))
    for student in STUDENTS:
        known = facts((student,))
        vectors = compiled.space.student_vectors(known)
        added = compiled.contributions(vectors, np.zeros(len(every), dtype=np.int64), every)
        for row, shares in enumerate(fact_shares(compiled, known, vectors, 0, every)):
            sums = [sum(s.contribution for s in shares if s.term == term) for term in CONTRIBUTIONS]
            assert sums == pytest.approx(added[row].tolist(), abs=1e-9)
            assert all(s.contribution != 0 for s in shares)


def test_in_company_the_shares_are_those_of_the_student_alone():
    compiled = recommender().compiled
    together = facts(STUDENTS)
    found = fact_shares(compiled, together, compiled.space.student_vectors(together), 0, ENGINEERING)
    assert found == shares_of(compiled, ENGINEERING)


def test_a_card_carries_them_and_a_class_list_does_not():
    whole = recommender()
    made = whole.recommend(facts((ENGINEER,)))
    assert whole.explain(made, 0).lists[0].items[0].fact_shares
    assert whole.explain(made, 0, evidence=False).lists[0].items[0].fact_shares == ()
