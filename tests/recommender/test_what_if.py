"""What changed facts do to a list: places, the term that moves a pathway, what it passes."""

from dataclasses import replace

from recommender.pipeline import Recommendations
from recommender.students import FactRow, FactRows
from recommender.what_if import Move, moves
from tests.recommender.test_counterfactual import MARKS, PUPIL, RECOMMENDER, ROWS
from tests.recommender.wide_region import WIDE_SPACE, wide_facts
from tests.recommender.worked_region import MAY

CLASSES = [pathway.pathway_code for pathway in WIDE_SPACE.catalogue.pathways if pathway.kind == "profile_class"]


def made(rows: FactRows) -> Recommendations:
    return RECOMMENDER.recommend(wide_facts((PUPIL,), rows), k=9)


def with_marks(**changed: float) -> FactRows:
    return replace(ROWS, marks=[FactRow("s-pupil", code, MAY, mark) for code, mark in {**MARKS, **changed}.items()])


def moved(rows: FactRows) -> dict[str, Move]:
    return dict(zip(CLASSES, moves(RECOMMENDER, made(ROWS), made(rows), CLASSES), strict=True))


def test_the_same_facts_move_nothing():
    for move in moved(with_marks()).values():
        assert (move.rank_before, move.fit_before) == (move.rank_after, move.fit_after)
        assert (move.cause, move.passed) == (None, None)


def test_better_marks_lift_the_classes_that_ask_for_them_past_others():
    found = moved(with_marks(soc=5.0, geo=5.0))
    risen = found["sch01-soc-econ"]
    assert risen.fit_after > risen.fit_before
    assert risen.rank_after < risen.rank_before
    assert risen.cause.is_for
    assert risen.cause.term in {"subject_strength", "subject_level"}
    assert {each["subject_code"] for each in risen.cause.facts["subjects"]} == {"soc", "geo"}
    overtaken = [move for move in found.values() if move.rank_after > move.rank_before]
    assert overtaken
    assert {move.passed.pathway_code for move in overtaken} == {"sch01-soc-econ"}
    assert risen.passed in [move.pathway for move in overtaken]


def test_what_may_not_be_offered_has_no_place():
    before, after = (RECOMMENDER.recommend(wide_facts((PUPIL._replace(grade=8),), ROWS), k=9) for _ in range(2))
    assert {
        (move.rank_before, move.rank_after, move.passed) for move in moves(RECOMMENDER, before, after, CLASSES)
    } == {(None, None, None)}
