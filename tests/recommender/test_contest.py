"""One protocol for all rankers, on choice sets that a pencil can follow."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.contest import Offers, choosing_share, judge_apart, judge_rival, lead_over, rule
from recommender.dataset_contest import additive_ranker
from recommender.errors import RecommenderError
from recommender.rivals import has_past, missing_package, rivals

CHESS, DANCE, CHOIR = range(3)


def clubs(chosen: list[int], liking: list[float], rules: dict[str, np.ndarray] | None = None) -> Offers:
    """One choice set a student: all three clubs, one chosen; who likes music likes the choir (term 1)."""
    count = len(chosen)
    music = np.array([0.0, 0.4, 1.0])
    return Offers(
        terms=np.outer(liking, music).reshape(-1, 1),
        relevance=np.eye(3)[chosen].ravel(),
        queries=np.repeat(np.arange(count), 3),
        pathways=np.tile([CHESS, DANCE, CHOIR], count),
        programmes=np.tile([CHESS, DANCE, CHOIR], count),
        students=np.array(liking)[:, None],
        who=np.arange(count),
        groups=np.arange(count),
        rules=rules or {},
    )


KNOWN = clubs([CHOIR, CHOIR, CHESS, CHESS] * 10, [1.0, 0.8, -1.0, -0.7] * 10)
ASKED = clubs([CHOIR, CHESS], [0.9, -0.9], {"upside_down": np.array([3.0, 2.0, 1.0, 1.0, 2.0, 3.0])})


def test_a_rule_is_judged_by_its_places():
    # each of the two has the chosen club in third place
    known = replace(KNOWN, rules={"upside_down": -KNOWN.terms[:, 0]})
    judged = judge_rival("upside_down", rule("upside_down"), known, ASKED)
    assert judged.per_query["mrr"].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert judged.per_query["top2"].tolist() == [0.0, 0.0]
    assert judged.mean("ndcg5") == pytest.approx(1 / np.log2(4))
    assert judged.coverage5 == 1.0


def test_choosing_share_counts_one_more_choice_of_each():
    share = choosing_share(KNOWN, ASKED)[:3]
    assert share.tolist() == pytest.approx([21 / 41, 1 / 41, 21 / 41])


def test_choice_sets_are_numbered_anew_and_rows_stay_together():
    second = ASKED.of_queries(np.array([1]))
    assert second.queries.tolist() == [0, 0, 0]
    assert second.relevance.tolist() == [1.0, 0.0, 0.0]
    assert second.rules["upside_down"].tolist() == [1.0, 2.0, 3.0]
    assert second.choices.tolist() == [[1, CHESS]]


@pytest.mark.parametrize("name", [*rivals(), "additive_ranker"])
def test_every_rival_scores_every_row_and_the_learning_ones_learn(name):
    if package := missing_package(name):
        pytest.skip(f"{package} is not installed")
    rival = additive_ranker if name == "additive_ranker" else rivals()[name]
    scores = rival(KNOWN)(ASKED)
    assert scores.shape == (6,)
    assert np.isfinite(scores).all()
    if name in ("user_knn", "multinomial_logistic", "gradient_boosting", "additive_ranker"):
        assert scores[CHOIR] > scores[CHESS]  # the first student likes music
        assert scores[3 + CHESS] > scores[3 + CHOIR]


def test_neighbours_by_pathway_need_a_past():
    taken_before = replace(ASKED, past=np.array([[0, DANCE], [40, DANCE], [40, CHOIR]]))
    assert has_past(KNOWN, taken_before)
    scores = rivals()["item_knn"](replace(KNOWN, who=np.arange(50, 90)))(taken_before)
    assert scores[CHOIR] > scores[CHESS]  # another dancer sang too


def test_a_lead_is_paired():
    asked = replace(KNOWN, rules={"upside_down": -KNOWN.terms[:, 0] * KNOWN.relevance.sum()})
    own = judge_rival("own", additive_ranker, asked, asked)
    other = judge_rival("upside_down", rule("upside_down"), asked, asked)
    lead = lead_over(own, other, asked.groups)
    assert lead.mean == pytest.approx(own.mean("ndcg5") - other.mean("ndcg5"))
    assert lead.interval[0] > 0
    assert lead.p < 0.01
    assert lead_over(own, own, asked.groups).p == 1.0


def test_fit_of_any_ranker_is_calibrated_on_a_part_it_did_not_learn_from():
    random = np.random.default_rng(0)
    liking = random.normal(size=800)
    chosen = np.where(random.random(800) < 1 / (1 + np.exp(-2 * liking)), CHOIR, CHESS)
    known, asked = (
        clubs(chosen[:600].tolist(), liking[:600].tolist()),
        clubs(chosen[600:].tolist(), liking[600:].tolist()),
    )
    judged = judge_rival("own", additive_ranker, known, asked)
    assert 0 < judged.calibration_error < 0.2
    assert np.isnan(judge_rival("own", additive_ranker, KNOWN, ASKED).calibration_error)  # too few to calibrate on


def test_a_rival_in_its_own_process_says_the_same():
    here, apart = (judge("own", additive_ranker, KNOWN, ASKED) for judge in (judge_rival, judge_apart))
    assert here.per_query["ndcg5"].tobytes() == apart.per_query["ndcg5"].tobytes()
    assert apart.megabytes >= 0


def test_a_rival_that_fails_is_named_with_its_cause():
    def broken(_known):
        raise ValueError("no trees here")

    with pytest.raises(RecommenderError, match="broken could not be judged: ValueError: no trees here") as caught:
        judge_apart("broken", broken, KNOWN, ASKED)
    assert caught.value.facts["rival"] == "broken"
