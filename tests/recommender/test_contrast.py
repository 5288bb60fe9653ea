"""Why not, and two pathways side by side: rules, places, differences that sum, facts that are quoted."""

from dataclasses import replace

import pytest

from recommender.contrast import contrast, why_not
from recommender.errors import TableValueError, UnknownCodeError
from recommender.scoring import BLOCK_OF, CONTRIBUTIONS
from tests.recommender.test_counterfactual import PUPIL, ROWS
from tests.recommender.wide_region import wide_facts, wide_recommender
from tests.recommender.worked_region import ENGINEER, MEDIC, NEWCOMER, facts, recommender


def asked(student, pathway, **changes):
    ranker = recommender(**changes)
    return why_not(ranker, ranker.recommend(facts((student,))), 0, pathway)


@pytest.mark.parametrize(
    ("student", "pathway", "rules"),
    [
        (MEDIC, "col01-tr005", ["restrictions"]),
        (MEDIC, "col01-tr900", ["already_taken"]),
        (NEWCOMER, "sch01-tech-eng", ["grade"]),
    ],
)
def test_a_refused_pathway_has_rules_and_neither_place_nor_change(student, pathway, rules):
    answer = asked(student, pathway)
    assert [rule.rule_id for rule in answer.refusals] == rules
    assert (answer.rank, answer.against, answer.changes) == (None, None, ())
    assert 0 <= answer.fit_low <= answer.fit <= answer.fit_high <= 1


def test_all_refusing_rules_are_told():
    """Restricted for the medic, and full as well."""
    ranker = recommender()
    full = tuple(replace(p, seats=0) if p.pathway_code == "col01-tr005" else p for p in ranker.space.catalogue.pathways)
    ranker = replace(ranker, space=replace(ranker.space, catalogue=replace(ranker.space.catalogue, pathways=full)))
    answer = why_not(ranker, ranker.recommend(facts((MEDIC,))), 0, "col01-tr005")
    assert [rule.rule_id for rule in answer.refusals] == ["restrictions", "seats"]


def test_the_second_of_two_is_among_the_first():
    answer = asked(ENGINEER, "sch02-sci-med")
    assert (answer.rank, answer.offered_count, answer.against) == (2, 2, None)


def test_what_costs_a_pathway_its_place_is_told_against_the_third():
    ranker = wide_recommender()
    made = ranker.recommend(wide_facts((PUPIL,), ROWS), k=5)
    listed = [ranker.space.catalogue.pathways[row].pathway_code for row in made.listed.pathways[0, 0]]
    for place, code in enumerate(listed, start=1):
        answer = why_not(ranker, made, 0, code)
        assert answer.rank == place
        assert answer.fit == pytest.approx(made.listed.fit[0, 0, place - 1])
        if place > 3:
            assert answer.against.second.pathway_code == listed[2]
            assert answer.against.difference < 0
            assert answer.changes


def test_differences_sum_by_term_and_by_block_and_quote_both_sides():
    ranker = recommender()
    made = ranker.recommend(facts((ENGINEER,)))
    found = contrast(ranker, made, 0, "sch01-tech-eng", "sch02-sci-med")
    scores = [item.score for item in ranker.explain(made, 0).lists[0].items]
    assert found.difference == pytest.approx(scores[0] - scores[1], abs=1e-9)
    assert sum(term.difference for term in found.terms) == pytest.approx(found.difference, abs=1e-9)
    assert sum(found.blocks.values()) == pytest.approx(found.difference, abs=1e-9)
    assert all(term.difference == term.first - term.second for term in found.terms)
    wish = next(term for term in found.terms if term.term == "profile_wish")
    assert wish.first_facts["wishes"] == [{"code": "tech-eng", "rank": 1}]
    assert wish.second_facts == {"wishes": [], "is_surveyed": True}
    sizes = [abs(term.difference) for term in found.terms]
    assert sizes == sorted(sizes, reverse=True)


def test_turned_round_every_sign_turns():
    ranker = recommender()
    made = ranker.recommend(facts((ENGINEER,)))
    one = contrast(ranker, made, 0, "sch01-tech-eng", "sch02-sci-med")
    other = contrast(ranker, made, 0, "sch02-sci-med", "sch01-tech-eng")
    assert {t.term: t.difference for t in one.terms} == {t.term: -t.difference for t in other.terms}


def test_kinds_are_not_compared_and_unknown_codes_are_named():
    ranker = recommender()
    made = ranker.recommend(facts((ENGINEER,)))
    with pytest.raises(TableValueError, match="one kind"):
        contrast(ranker, made, 0, "sch01-tech-eng", "sch01-el004")
    with pytest.raises(UnknownCodeError, match="nowhere"):
        why_not(ranker, made, 0, "nowhere")


def test_the_nudge_counts_in_the_place():
    """Of a newcomer nothing is known: the nurse's trial is last by fit alone, and first with the strongest nudge."""
    places = [asked(NEWCOMER, "col01-tr900", demand_strength=strength).rank for strength in (0.0, 0.3)]
    assert places == [3, 1]


def test_every_contribution_has_its_block():
    assert set(BLOCK_OF) == set(CONTRIBUTIONS)
