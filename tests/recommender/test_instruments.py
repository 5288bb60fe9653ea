"""From raw answers to scale scores: by hand first, then every key, then refusals and properties."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.instruments import (
    AnswerError,
    Instrument,
    Level,
    Scale,
    level_of,
    score_answers,
    score_table,
)
from recommender.reference import read_reference

INSTRUMENTS = read_reference(Path("data/reference")).instruments
CODES = list(INSTRUMENTS)


def small() -> Instrument:
    """Two scales; items 1-5 ask both by a or b."""
    return Instrument(
        code="SMALL",
        title_ru="",
        ipsative=True,
        scales=(Scale("x", "", 0, 5, ()), Scale("y", "", 0, 5, ())),
        items=("1", "2", "3", "4", "5"),
        key={(item, answer): ((scale, 1.0),) for item in "12345" for answer, scale in (("a", "x"), ("b", "y"))},
        cancelling_answer=None,
        answer_format="",
        grades=frozenset({8}),
        minutes=1,
        key_confidence="",
        note="",
    )


def test_by_hand_forced_choice() -> None:
    sheet = {"1": "a", "2": "a", "3": "b", "4": "a", "5": "b"}
    assert score_answers(small(), sheet).scores == {"x": 3, "y": 2}


def test_by_hand_one_of_five_unanswered_is_scaled_up_two_are_too_many() -> None:
    four = score_answers(small(), {"1": "a", "2": "a", "3": "b", "4": "b", "5": ""})
    assert four.scores == {"x": 2 * 5 / 4, "y": 2 * 5 / 4}
    assert four.answered_share == 0.8
    three = score_answers(small(), {"1": "a", "2": "a", "3": "b"})
    assert math.isnan(three.scores["x"])
    assert math.isnan(three.scores["y"])
    assert three.answered_share == pytest.approx(0.6)


def test_by_hand_nothing_answered() -> None:
    nothing = score_answers(small(), {})
    assert nothing.answered_share == 0
    assert all(math.isnan(value) for value in nothing.as_tuple)


def test_by_hand_ddo20() -> None:
    """Pairs 1 nature/technics, 2 human/sign, 3 art/nature, 4 technics/human, 5 sign/art, then the cycle again."""
    ddo = INSTRUMENTS["DDO20"]
    first_five = [dict(ddo.key[str(n), letter]) for n in range(1, 6) for letter in "ab"]
    assert [next(iter(points)) for points in first_five] == [
        "nature", "technics", "human", "sign", "art", "nature", "technics", "human", "sign", "art",
    ]  # fmt: skip
    assert sum(score_answers(ddo, dict.fromkeys(ddo.items, "a")).as_tuple) == 20


def test_by_hand_interest_markers() -> None:
    """Eight items a type, 1-5 each: all 4 makes 32; R1 and R2 of 5 instead makes R 34."""
    markers = INSTRUMENTS["RIASEC48"]
    sheet = dict.fromkeys(markers.items, "4") | {"R1": "5", "R2": "5"}
    assert score_answers(markers, sheet).scores == {"R": 34, "I": 32, "A": 32, "S": 32, "E": 32, "C": 32}
    sheet["R1"] = ""  # seven of eight: 5 + 6 * 4 = 29, scaled to eight items
    assert score_answers(markers, sheet).scores["R"] == pytest.approx(29 * 8 / 7)


def test_by_hand_graded_points_may_be_negative() -> None:
    interests = INSTRUMENTS["GOL96"]
    sheet = dict.fromkeys(interests.items, "--")
    assert score_answers(interests, sheet).scores["physics"] == -12
    assert score_answers(interests, dict.fromkeys(interests.items, "0")).scores["physics"] == 0


def test_by_hand_three_points_are_split() -> None:
    yovaysha = INSTRUMENTS["YOV30"]
    scores = score_answers(yovaysha, dict.fromkeys(yovaysha.items, "a3b0"))
    assert sum(scores.as_tuple) == 90


def test_by_hand_no_skill_cancels_attitude_and_wish() -> None:
    """ОПГ: item 1 belongs to signs; with skill=0 its attitude and wish of 2 count as 0, not as unanswered."""
    opg = INSTRUMENTS["OPG50"]
    sheet = dict.fromkeys(opg.items, "skill=1;attitude=1;wish=2")
    full = score_answers(opg, sheet).scores
    assert (full["sign:skill"], full["sign:attitude"], full["sign:wish"]) == (10, 10, 20)
    cancelled = score_answers(opg, sheet | {"1": "skill=0;attitude=2;wish=2"})
    assert cancelled.scores["sign:skill"] == 9
    assert cancelled.scores["sign:attitude"] == 9
    assert cancelled.scores["sign:wish"] == 18
    assert cancelled.answered_share == 1
    alone = score_answers(opg, sheet | {"1": "skill=0"})
    assert alone.scores == cancelled.scores
    without_skill = score_answers(opg, sheet | {"1": "attitude=2;wish=2"})  # nobody knows whether they count
    assert without_skill.scores["sign:attitude"] == 10  # nine items, scaled to ten
    assert without_skill.scores["technics:skill"] == 10


def test_what_people_type_is_understood() -> None:
    ddo, kos, profil = INSTRUMENTS["DDO20"], INSTRUMENTS["KOS1"], INSTRUMENTS["PROFIL50"]
    assert score_answers(ddo, dict.fromkeys(ddo.items, "А")) == score_answers(ddo, dict.fromkeys(ddo.items, "a"))
    assert score_answers(kos, dict.fromkeys(kos.items, "Да")) == score_answers(kos, dict.fromkeys(kos.items, "yes"))
    minus = dict.fromkeys(profil.items, "–")
    assert score_answers(profil, minus) == score_answers(profil, dict.fromkeys(profil.items, "-"))


def test_one_sheet_and_a_table_are_the_same_arithmetic() -> None:
    rng = np.random.default_rng(7)
    for method in INSTRUMENTS.values():
        sheets = [random_sheet(method, rng, 0.1) for _ in range(12)]
        table = score_table(method, sheets)
        assert table.scores.shape == (12, len(method.scales))
        for row, sheet in enumerate(sheets):
            alone = score_answers(method, sheet)
            np.testing.assert_array_equal(table.scores[row], alone.as_tuple)
            assert table.answered_share[row] == alone.answered_share


def test_no_sheets() -> None:
    table = score_table(INSTRUMENTS["DDO20"], [])
    assert table.scores.shape == (0, 5)
    assert table.answered_share.shape == (0,)


@pytest.mark.parametrize("code", CODES)
def test_every_key_scores_within_its_range(code: str) -> None:
    method = INSTRUMENTS[code]
    rng = np.random.default_rng(11)
    scored = score_table(method, [random_sheet(method, rng, 0.0) for _ in range(200)])
    minimum = np.array([scale.minimum for scale in method.scales])
    maximum = np.array([scale.maximum for scale in method.scales])
    assert np.isfinite(scored.scores).all()
    assert (scored.scores >= minimum).all()
    assert (scored.scores <= maximum).all()
    assert (scored.answered_share == 1).all()
    if code.startswith(("DDO", "HOL")):  # one point an item: the sum is the number of items
        assert (scored.scores.sum(axis=1) == len(method.items)).all()


def random_sheet(method: Instrument, rng: np.random.Generator, blank: float) -> dict[str, str]:
    sheet = {}
    for item in method.items:
        parts: dict[str, list[str]] = {}
        for answer in method.answers[item]:
            parts.setdefault(answer.rpartition("=")[0], []).append(answer)
        given_answers = [str(rng.choice(answers)) for answers in parts.values()]
        sheet[item] = "" if rng.random() < blank else ";".join(given_answers)
    return sheet


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_a_more_positive_answer_never_lowers_its_scale(data: st.DataObject) -> None:
    markers = INSTRUMENTS["RIASEC48"]
    sheet = {item: data.draw(st.sampled_from("12345")) for item in markers.items}
    item = data.draw(st.sampled_from([i for i in markers.items if sheet[i] != "5"] or ["R1"]))
    raised = sheet | {item: str(min(5, int(sheet[item]) + 1))}
    before, after = score_answers(markers, sheet).as_tuple, score_answers(markers, raised).as_tuple
    assert all(b <= a for b, a in zip(before, after, strict=True))


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(20)), st.lists(st.sampled_from(["a", "b", ""]), min_size=20, max_size=20))
def test_the_order_of_columns_does_not_matter(order: list[int], answers: list[str]) -> None:
    ddo = INSTRUMENTS["DDO20"]
    sheet = dict(zip(ddo.items, answers, strict=True))
    shuffled = {ddo.items[i]: sheet[ddo.items[i]] for i in order}
    assert str(score_answers(ddo, sheet)) == str(score_answers(ddo, shuffled))  # text: NaN equals NaN


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_an_unknown_answer_names_item_and_allowed_answers() -> None:
    with pytest.raises(
        AnswerError, match=r"SMALL, sheet 2, item 3: answer 'z' is not in the key; allowed: a, b"
    ) as info:
        score_table(small(), [{"1": "a"}, {"3": "z"}])
    assert info.value.facts == {"row": 2, "item": "3", "found": "z", "allowed": ("a", "b")}


def test_an_unknown_item_is_refused() -> None:
    with pytest.raises(AnswerError, match=r"SMALL, sheet 1: there is no item 6"):
        score_answers(small(), {"6": "a"})


@pytest.mark.parametrize("cell", ["skill=3", "2", "skill=1;mood=2", "skill=1;skill=2"])
def test_parts_of_a_compound_answer_are_checked(cell: str) -> None:
    opg = INSTRUMENTS["OPG50"]
    with pytest.raises(AnswerError, match=r"OPG50, sheet 1, item 1: .*allowed: skill=0, skill=1"):
        score_answers(opg, {"1": cell})


# ---- levels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "title"),
    [(0, "низкая"), (3, "низкая"), (3.4, "низкая"), (3.5, "средняя"), (8, "высокая"), (9.6, "высокая")],
)
def test_levels_by_hand(score: float, title: str) -> None:
    level = level_of(INSTRUMENTS["DDO20"].scales[0], score)
    assert level is not None
    assert level.title_ru == title


def test_levels_printed_as_shares() -> None:
    """КОС-1: K = 9 / 20 = 0.45 is low, 10 / 20 = 0.50 below average; below 0.10 nothing is printed: the lowest."""
    scale = INSTRUMENTS["KOS1"].scales[0]
    assert [level_of(scale, score) for score in (0.0, 9.0)] == [scale.levels[0]] * 2
    assert level_of(scale, 10.0) == scale.levels[1] == Level(9.2, 11.0, "ниже среднего")


def test_no_level_without_score_or_thresholds() -> None:
    assert level_of(INSTRUMENTS["DDO20"].scales[0], math.nan) is None
    assert level_of(INSTRUMENTS["RIASEC48"].scales[0], 20.0) is None
