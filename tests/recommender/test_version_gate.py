"""The gate: what a lead is, which faults are refused, what a warm restart keeps, and that the future is not told."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from recommender.artifact import kept_of, load_earlier, load_served, manifest_of, save_artifact
from recommender.candidate_audit import audit_candidate, laid_out
from recommender.catalogue import KINDS
from recommender.choice_scores import ServedForm, scores_of_choices
from recommender.kind_fit import fit_kind
from recommender.learning import served_scores
from recommender.outcomes import OutcomeRow
from recommender.splitting import choice_sets, joined
from recommender.students import FactRow, FactRows
from recommender.training import NOT_HELD_BACK, Training, judge_earlier, train
from recommender.version_gate import (
    GateCheck,
    GateLimits,
    Service,
    Standing,
    form_without,
    gate_checks,
    lead_check,
    refusals_of,
    service_of,
)
from recommender.warm_restart import KNOWLEDGE_ONLY, NOTHING_KEPT, Kept, Measured
from tests.recommender.test_training import KEY, YEARS, made_history
from tests.recommender.worked_region import EXPERT, REFERENCE, TRIAL

LIMITS = GateLimits()
ROW = KINDS.index(TRIAL)
SAME_SERVICE = (Service(1.0, 0.2), Service(1.0, 0.2))


@pytest.fixture(scope="module")
def history():
    return made_history()


@pytest.fixture(scope="module")
def training(history) -> Training:
    return train(history, EXPERT, with_challenger=False)


@pytest.fixture(scope="module")
def audit(history, training):
    return audit_candidate(history, training, {})


def checks_of(history, training, audit, standing=None, service=SAME_SERVICE) -> dict[str, GateCheck]:
    found = gate_checks(history, training, audit, standing, service, LIMITS)
    return {check.code: check for check in found if check.kind in (None, TRIAL)}


# --- leads ---


def test_a_lead_by_hand():
    """Five schools of two; ours leads in four by .2 and loses .1 in the fifth: .14, and no draw of schools loses."""
    ours = np.repeat([0.7, 0.7, 0.7, 0.7, 0.4], 2)
    check = lead_check("beats.random", TRIAL, ours, np.full(10, 0.5), np.repeat(np.arange(5), 2), 0.0)
    assert check.figure == pytest.approx(0.14)
    low, high = check.interval
    assert 0.0 < low < 0.14 < high == pytest.approx(0.2)
    assert check.is_met


@pytest.mark.parametrize(
    ("lost", "is_met"), [(0.0, True), (LIMITS.margin - 0.001, True), (LIMITS.margin + 0.001, False)]
)
def test_losing_is_borne_up_to_the_margin(lost, *, is_met):
    ours = np.linspace(0.2, 0.8, 50)
    check = lead_check("holds.active", TRIAL, ours - lost, ours, np.arange(50) % 10, -LIMITS.margin)
    assert check.is_met is is_met


def test_no_lead_is_no_win():
    same = np.full(10, 0.5)
    assert lead_check("beats.random", TRIAL, same, same, np.arange(10), 0.0).is_met is False
    assert lead_check("holds.active", TRIAL, same, same, np.arange(10), -0.03).is_met is True


def test_a_single_school_is_drawn_by_students():
    """One school drawn again and again would claim certainty."""
    random = np.random.default_rng(1)
    ours = random.random(40)
    low, high = lead_check("beats.random", TRIAL, ours, np.full(40, 0.5), np.zeros(40, dtype=np.int64), 0.0).interval
    assert high - low > 0.05


def test_where_nothing_was_chosen_nothing_is_told():
    check = lead_check("beats.random", TRIAL, np.full(3, np.nan), np.full(3, np.nan), np.arange(3), 0.0)
    assert (check.figure, check.interval, check.is_met) == (None, None, None)


# --- all checks ---


def test_a_good_candidate_passes(history, training, audit):
    found = checks_of(history, training, audit)
    assert found["split"].figure == 1.0
    assert found["beats.random"].is_met
    assert found["beats.popularity"].is_met
    assert "holds.active" not in found  # nothing served before
    assert refusals_of(tuple(found.values())) == []


def test_a_version_equals_itself(history, training, audit):
    """Compared with its own twin nothing is lost: the twin knew as little as the candidate's."""
    standing = Standing("2023H2.1", training.earlier, training.model)
    check = checks_of(history, training, audit, standing)["holds.active"]
    assert (check.figure, check.interval, check.is_met) == (0.0, (0.0, 0.0), True)


def test_a_worse_candidate_is_refused_by_name(history, training, audit):
    """A candidate whose ranker forgot everything, beside one that has learned."""
    forgetful = train(history, EXPERT, kept=_knowledge_alone(training), with_challenger=False)
    standing = Standing("2023H2.1", training.earlier, training.model)
    found = checks_of(history, forgetful, audit, standing)
    assert found["holds.active"].is_met is False
    assert found["holds.active"].figure < -0.05
    assert found["holds.expert_weights"].is_met  # it is expert knowledge
    assert "holds.active career_trial" in refusals_of(tuple(found.values()))


def test_a_kind_that_can_no_longer_be_judged_is_not_compared(history, training, audit):
    """Learned before, or now, and without choices to judge by: it cannot be told, which no automatism passes over."""
    unjudged = replace(training, found={TRIAL: NOT_HELD_BACK})
    standing = Standing("2023H2.1", training.earlier, training.model)
    check = checks_of(history, unjudged, audit, standing)["holds.active"]
    assert (check.kind, check.is_met) == (TRIAL, None)
    by_knowledge = replace(unjudged, kinds=())
    assert "holds.active" not in checks_of(history, by_knowledge, audit, standing)
    learned = standing._replace(learned=frozenset({TRIAL}))
    assert checks_of(history, by_knowledge, audit, learned)["holds.active"].is_met is None


def test_a_clock_too_coarse_to_tell_says_nothing(history, training, audit):
    found = checks_of(history, training, audit, service=(Service(0.0, 0.2), Service(0.0, 0.2)))
    assert found["latency"].is_met is None


def _knowledge_alone(training: Training) -> Kept:
    alone = {kind.kind: Measured(KNOWLEDGE_ONLY, 1.0, 0.0, is_calibrated=False) for kind in training.kinds}
    return Kept(training.years, alone, alone)


@pytest.mark.parametrize(
    ("service", "refused"),
    [
        ((Service(1.6, 0.2), Service(1.0, 0.2)), ["latency"]),
        ((Service(1.0, 0.26), Service(1.0, 0.2)), ["abstentions"]),
        ((Service(1.4, 0.1), Service(1.0, float("nan"))), []),
    ],
)
def test_lists_may_not_become_slow_or_silent(history, training, audit, service, refused):
    assert refusals_of(tuple(checks_of(history, training, audit, service=service).values())) == refused


def test_a_badly_calibrated_candidate_is_refused(history, training, audit):
    worse = replace(training, found={TRIAL: training.found[TRIAL]._replace(calibration_error=0.11)})
    assert refusals_of(tuple(checks_of(history, worse, audit).values())) == ["calibration career_trial"]


def test_service_is_measured_on_everyone_alike(history, training):
    own = laid_out(
        history, training.served, training.model, training.peers, doubts=training.doubts, usual=training.usual
    )
    while_open = replace(history, as_of=date(2024, 1, 20))
    first, second = service_of(while_open, own, own)
    assert first.abstentions == second.abstentions == 0.0
    (of_strangers,) = service_of(replace(while_open, rows=FactRows()), own)
    assert of_strangers.abstentions == 1.0  # of whom nothing is known nothing is advised
    assert min(first.milliseconds, second.milliseconds) > 0.0


# --- the version that serves, seen with as little knowledge ---


def test_the_form_that_knew_no_more(training):
    served, earlier = ServedForm(training.served, training.peers), training.earlier
    trained_now = {"years": list(YEARS), "held_back": "2023-24"}
    assert form_without("2023-24", trained_now, served, earlier) is earlier
    assert form_without("2024-25", trained_now, served, earlier) is served  # a new year it has not seen
    assert form_without("2022-23", trained_now, served, earlier) is None  # it has learned from that year in both forms
    assert form_without(None, trained_now, served, earlier) is None


def test_both_forms_come_back_from_the_folder(training, history, tmp_path):
    manifest = manifest_of(training, version="v.1", edition=None, is_synthetic=True, reference=REFERENCE)
    folder = save_artifact(tmp_path, training, manifest, KEY)
    model, earlier = load_served(folder, KEY), load_earlier(folder, KEY)
    sets = choice_sets(history, TRIAL, "2023-24", model.interest_model)
    for form, kinds in ((ServedForm(model.ranker, model.peers), training.kinds), (earlier, training.earlier_kinds)):
        kind = kinds[ROW]
        expected = served_scores(kind.estimator, kind.vocabulary, kind.peers.told_to(sets))
        assert scores_of_choices(form, sets) == pytest.approx(expected, abs=1e-9)
    assert kept_of(model.manifest) == Kept(
        training.years,
        {kind.kind: kind.measured for kind in training.kinds},
        {kind.kind: kind.measured for kind in training.earlier_kinds},
    )
    assert kept_of({**model.manifest, "format": 2}) == NOTHING_KEPT


# --- warm restart ---


def test_a_warm_restart_of_the_same_outcomes_gives_the_same_bytes(history, training):
    kept = Kept(
        training.years,
        {kind.kind: kind.measured for kind in training.kinds},
        {kind.kind: kind.measured for kind in training.earlier_kinds},
    )
    warm = train(history, EXPERT, kept=kept, with_challenger=False)
    assert warm.is_warm
    assert not training.is_warm
    for name in ("weights", "bend_weights", "calibration"):
        assert getattr(warm.served, name).tobytes() == getattr(training.served, name).tobytes()
    assert warm.doubts[ROW].factor.tobytes() == training.doubts[ROW].factor.tobytes()


def test_another_year_is_measured_anew(history, training):
    kept = Kept(training.years[:-1], {TRIAL: Measured(300.0, 1.0, 0.0, is_calibrated=False)}, {})
    again = train(history, EXPERT, kept=kept, with_challenger=False)
    assert not again.is_warm
    assert again.served.weights.tobytes() == training.served.weights.tobytes()


# --- the future ---


def test_a_candidate_that_has_seen_the_held_back_year_is_caught(history, training):
    parts = [choice_sets(history, TRIAL, year, training.model) for year in YEARS]
    honest, told = fit_kind(joined(parts[:-1]), TRIAL, EXPERT[TRIAL], with_doubt=False)
    leaking, knows = fit_kind(joined(parts), TRIAL, EXPERT[TRIAL], with_doubt=False)
    assert judge_earlier(honest, told, parts[-1], EXPERT[TRIAL]).came_after == 1.0
    found = judge_earlier(leaking, knows, parts[-1], EXPERT[TRIAL])
    assert found.came_after == 0.0
    found_by = checks_of(history, replace(training, found={TRIAL: found}), audit_candidate(history, training, {}))
    assert refusals_of(tuple(found_by.values())) == ["split"]


def test_outcomes_of_the_future_change_nothing(history, training):
    """Facts from after a choice, and choices of a year that has not ended, in the data: not a bit is different."""
    student, year = history.students["2023-24"][0], "2024-25"
    later = [FactRow(student.student_id, "bio", date(2024, 9, 20), 2.0)]
    unfinished = OutcomeRow(student.student_id, year, TRIAL, "col01-tr2", date(2024, 9, 25), 3)
    told = replace(
        history,
        rows=replace(history.rows, marks=[*history.rows.marks, *later]),
        outcomes=[*history.outcomes, unfinished],
        students={**history.students},
    )
    again = train(told, EXPERT, with_challenger=False)
    assert again.served.weights.tobytes() == training.served.weights.tobytes()
    assert (
        again.found[TRIAL].judgements[-1].per_query.tobytes()
        == training.found[TRIAL].judgements[-1].per_query.tobytes()
    )
