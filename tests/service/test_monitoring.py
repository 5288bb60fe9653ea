"""Observing the version that serves: when, what is kept, what people decided, and what a counsellor is told."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from recommender.catalogue import PathwayKind
from recommender.drift import FAMILY_RATE, InputReference, reference_inputs
from recommender.reliability import MIN_DECIDED
from service.clock import now
from service.db import Database
from service.errors import ConflictError
from service.installation import get_today
from service.jobs.actions import WATCHING
from service.jobs.leases import claim_job
from service.monitoring.actions import observe, watch_at_once
from service.monitoring.figures import decision_lines, outcome_lines
from service.monitoring.queries import FALSE_ALARM_RATE, find_newest, list_observations, said_of_newest
from service.monitoring.records import Decided, ShownOutcomes, read_decided, read_shown_outcomes
from service.monitoring.sentences import reliance_of
from service.recommendations.shelf import Serving, Shelf
from service.settings import Settings
from service.tables import (
    ActiveModel,
    DecisionRecord,
    ImportRun,
    Job,
    Observation,
    Showing,
    TrialAttendance,
)
from service.watching import IMPORTS, PAUSE, SCHEDULE, enqueue_watching, find_watching_cause
from service.worker import Stopping, do_next, next_lease
from tests.service.conftest import AS_OF, Authorization, sqlite_only
from tests.service.worked_example import BLANK, ELSEWHERE, KNOWN

ACTIVE = "krasnodar-2024H1.1"
SignIn = Callable[[str], Authorization]


def cause(database: Database, days: int | None = 1) -> str | None:
    with database.reading() as session:
        return find_watching_cause(session, days=days)


def seen(session: Session, *, at: datetime, lines: dict[str, Any] | None = None) -> None:
    figures = {"lines": lines or {}, "inputs": {}}
    session.add(Observation(observed_at=at, as_of=AS_OF, version=ACTIVE, student_count=3, figures=figures))


def line(value: float | None, *, is_alarm: bool | None = False, limit: float | None = 0.5) -> dict[str, Any]:
    return {"value": value, "interval": None, "deviation": 0.01, "count": 50, "school_count": 9,
            "limit": limit, "is_alarm": is_alarm}  # fmt: skip


def test_a_promotion_an_import_and_a_new_day_are_reasons_to_look(ready: Database) -> None:
    assert cause(ready) == f"promotion {ACTIVE}"
    with ready.writing() as session:
        seen(session, at=now())
    assert cause(ready) is None
    run = {"table_name": "marks", "checksum": "0", "row_count": 1, "added_count": 1, "changed_count": 0,
           "actor_id": "operator", "school_code": None}  # fmt: skip
    with ready.writing() as session:
        session.execute(sa.update(Observation).values(observed_at=now() - 2 * PAUSE))
        session.execute(sa.update(ActiveModel).values(promoted_at=now() - 3 * PAUSE))
        session.add(ImportRun(applied_at=now() - PAUSE / 2, **run))
    assert cause(ready) is None  # more files may be on their way
    with ready.writing() as session:
        session.execute(sa.update(ImportRun).values(applied_at=now() - PAUSE))
    assert cause(ready) == IMPORTS
    with ready.writing() as session:
        enqueue_watching(session, cause=IMPORTS)
    assert cause(ready) is None  # asked for already: one that fails is tried again by its own job
    with ready.writing() as session:
        long_ago = now() - timedelta(days=1)
        session.execute(sa.delete(Job).where(Job.kind == WATCHING))
        session.execute(sa.update(Observation).values(observed_at=long_ago))
        session.execute(sa.update(ImportRun).values(applied_at=long_ago))
        session.execute(sa.update(ActiveModel).values(promoted_at=long_ago))
    assert (cause(ready), cause(ready, days=2), cause(ready, days=None)) == (SCHEDULE, None, None)


def test_nothing_serves_nothing_is_watched(filled: Database) -> None:
    assert cause(filled) is None


def test_a_worker_observes_what_was_promoted_once(ready: Database, settings: Settings) -> None:
    with ready.writing() as session:
        session.execute(sa.delete(Job))
    lease = next_lease(ready, settings)
    assert lease is not None
    assert (lease.kind, lease.cause) == (WATCHING, f"promotion {ACTIVE}")
    do_next(ready, settings, lease, Stopping())
    with ready.reading() as session:
        newest = find_newest(session, ACTIVE)
        assert newest is not None
        assert (newest.as_of, newest.edition_code, newest.student_count) == (AS_OF, "krasnodar-2024H1", 3)
        lines = newest.figures["lines"]
        assert lines["not_enough_data.elective"]["value"] is None  # three students are fewer than five
        assert lines["not_enough_data.elective"]["count"] == 0
        assert KNOWN not in json.dumps(newest.figures)
        assert session.scalars(sa.select(Job.state)).all() == ["done"]
    assert next_lease(ready, settings) is None


@sqlite_only
def test_two_observations_are_never_made_at_once(ready: Database, settings: Settings) -> None:
    with ready.writing() as session:
        session.execute(sa.delete(Job))
        enqueue_watching(session, cause="by hand")
        assert claim_job(session, kinds=(WATCHING,), seconds=60) is not None
    with pytest.raises(ConflictError, match="уже идёт"):
        watch_at_once(ready, settings=settings)


@sqlite_only
def test_by_hand_and_again_against_the_first_observation(ready: Database, settings: Settings) -> None:
    assert watch_at_once(ready, settings=settings) == ACTIVE
    assert watch_at_once(ready, settings=settings) == ACTIVE
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Observation)) == 2
        assert said_of_newest(session)[0] is True


SHOWN = datetime(2024, 9, 5, 9, tzinfo=UTC)


def show(session: Session, student: str, *codes: str, at: datetime, version: str = ACTIVE) -> None:
    items = [
        {"pathway_code": code, "rank": place + 1, "fit": 0.8 - place / 5, "final": 0.8}
        for place, code in enumerate(codes)
    ]
    session.add(
        Showing(student_id=student, shown_at=at, actor_id="user:1", as_of=AS_OF, model_version=version,
                demand_strength=0.05, k=5, items=items)
    )  # fmt: skip


def decide(session: Session, student: str, code: str, word: str, *, withdrawn: bool = False) -> None:
    session.add(
        DecisionRecord(student_id=student, pathway_code=code, decision=word, actor_id="user:1", decided_by="Педагог",
                       decided_at=now(), withdrawn_at=now() if withdrawn else None)
    )  # fmt: skip


def test_overruled_are_decided_first_places_of_this_version(ready: Database) -> None:
    earlier = now() - timedelta(hours=1)
    with ready.writing() as session:
        show(session, KNOWN, "p1", "p2", at=earlier)
        show(session, BLANK, "p1", at=earlier)
        show(session, ELSEWHERE, "p1", at=earlier, version="krasnodar-2023H2.1")
        decide(session, KNOWN, "p1", "declined")
        decide(session, KNOWN, "p2", "declined")  # stood second
        decide(session, BLANK, "p1", "declined", withdrawn=True)
        decide(session, BLANK, "p1", "accepted")
        decide(session, ELSEWHERE, "p1", "declined")  # another version's list
    with ready.reading() as session:
        found = read_decided(session, ACTIVE)
    assert found.is_declined.tolist() == [True, False]
    assert found.schools.tolist() == ["sch01", "sch01"]


def test_declining_most_of_what_is_first_is_an_alarm() -> None:
    schools = np.array([f"sch{number % 10:02d}" for number in range(100)])
    often = decision_lines(Decided(np.arange(100) % 10 != np.arange(100) // 10, schools))["overruled"]
    seldom = decision_lines(Decided(np.arange(100) % 10 == np.arange(100) // 10, schools))["overruled"]
    assert (often["value"], often["is_alarm"], seldom["value"], seldom["is_alarm"]) == (0.9, True, 0.1, False)
    few = decision_lines(Decided(np.ones(MIN_DECIDED - 1, dtype=bool), schools[: MIN_DECIDED - 1]))["overruled"]
    assert few["is_alarm"] is None


def test_what_came_of_what_was_shown(ready: Database, settings: Settings) -> None:
    trial = PathwayKind.CAREER_TRIAL
    kinds = dict.fromkeys(("t1", "t2", "t3"), trial) | {"e1": PathwayKind.ELECTIVE}
    after = date(2024, 9, 10)
    with ready.writing() as session:
        session.execute(sa.delete(TrialAttendance))
        show(session, KNOWN, "t3", at=SHOWN - timedelta(days=9))
        show(session, KNOWN, "t1", "t2", "t3", "e1", at=SHOWN)  # what was seen last before the choice
        show(session, KNOWN, "t2", at=SHOWN + timedelta(days=9))  # after it
        show(session, BLANK, "t1", at=SHOWN + timedelta(days=9))
        for student, code, rating in ((KNOWN, "t1", 9), (KNOWN, "t3", 2), (BLANK, "t1", 9)):
            attended = {"signed_up_on": after, "attended_on": after, "rating_after": rating}
            session.add(TrialAttendance(student_id=student, pathway_code=code, **attended))
    with ready.reading() as session:
        today = get_today(session, settings)
        found = read_shown_outcomes(session, ACTIVE, today, kinds)
        early = read_shown_outcomes(session, ACTIVE, replace(today, as_of=date(2024, 9, 9)), kinds)
    # t1 was liked, t2 passed over, t3 neither; electives were not chosen from; BLANK saw the list too late
    assert (found.fit.tolist(), found.is_good.tolist()) == ([0.8, pytest.approx(0.6)], [True, False])
    assert set(found.kinds) == {trial.value}
    assert len(early.fit) == 0  # not known yet on that day


def test_outcomes_of_those_who_did_not_agree_to_learning_are_not_read(ready: Database, settings: Settings) -> None:
    with ready.writing() as session:
        show(session, KNOWN, "t1", at=SHOWN)
        session.execute(sa.delete(TrialAttendance))
        day = date(2024, 9, 10)
        session.add(
            TrialAttendance(student_id=KNOWN, pathway_code="t1", signed_up_on=day, attended_on=day, rating_after=9)
        )
        session.execute(sa.text("UPDATE class_members SET consent_learning = (1 = 0)"))
    with ready.reading() as session:
        kinds = {"t1": PathwayKind.CAREER_TRIAL}
        assert len(read_shown_outcomes(session, ACTIVE, get_today(session, settings), kinds).fit) == 0


def test_a_fit_that_means_nothing_is_an_alarm_and_a_true_one_is_not() -> None:
    random = np.random.default_rng(4)
    fit, schools = random.uniform(0.2, 0.95, 3000), random.integers(0, 15, 3000).astype(str)
    kinds = np.full(3000, "elective")
    for outcome, is_alarm in ((random.random(3000) < fit, False), (random.random(3000) < 0.4, True)):
        assert outcome_lines(ShownOutcomes(fit, outcome, kinds, schools))["calibration"]["is_alarm"] is is_alarm


def with_inputs(serving: Serving, reference: dict[str, InputReference]) -> Serving:
    inputs = {"schools": ["sch01", "sch02"], "of": {name: found.as_data() for name, found in reference.items()}}
    return replace(serving, model=replace(serving.model, manifest={**serving.model.manifest, "inputs": inputs}))


@sqlite_only
def test_inputs_are_told_by_family_and_apart(ready: Database, settings: Settings) -> None:
    grades = np.tile([8.0, 9.0], 200)
    known = reference_inputs(
        {"grade": grades, "has.marks": grades - 8}, np.repeat(np.arange(4), 100), grades.astype(int)
    )
    with ready.reading() as session:
        row = observe(session, with_inputs(Shelf(settings).take(session), known))
    assert row is not None
    assert {"inputs.grades", "inputs.coverage"} <= set(row.figures["lines"])
    assert row.figures["inputs"]["grade"]["is_alarm"] is None  # three students tell nothing
    assert row.figures["inputs"]["grade"]["value"] is None


def test_the_answer_on_the_wire(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    assert client.get("/v1/observations").status_code == 401
    body = client.get("/v1/observations", headers=sign_in("navigator")).json()
    assert (body["observations"], body["false_alarm_rate"]) == ([], FAMILY_RATE)
    assert body["reliance"]["level"] == "with_care"
    assert "ещё не наблюдали" in body["reliance"]["text"]
    with ready.writing() as session:
        lines = {"not_enough_data.elective": line(0.6, is_alarm=True), "calibration": line(None, is_alarm=None)}
        for days in (2, 1, 0):
            seen(session, at=now() - timedelta(days=days), lines=lines)
    body = client.get("/v1/observations?limit=2", headers=sign_in("metodist")).json()
    assert len(body["observations"]) == 2
    first, second = body["observations"][0]["figures"]
    assert (first["code"], first["unit"], first["value"], first["bound"]) == (
        "not_enough_data.elective",
        "share",
        0.6,
        "at_most",
    )
    assert first["text"].startswith("сигнал: чаще прежнего не хватает данных")
    assert (second["bound"], second["value"]) == ("at_least", None)
    told = client.get("/metrics").text
    assert 'orientir_model_alarm{figure="not_enough_data.elective"} 1.0' in told
    assert 'orientir_model_figure{figure="not_enough_data.elective"} 0.6' in told
    with ready.reading() as session:
        assert said_of_newest(session)[0] is False


@sqlite_only
def test_inputs_that_raise_an_alarm_come_first(ready: Database, settings: Settings) -> None:
    apart = {
        "grade": line(0.0, is_alarm=None),
        "mark.rus": line(0.0),
        "mark.math": line(0.0),
        "has.marks": line(0.4, is_alarm=True),
    }
    with ready.writing() as session:
        figures = {"lines": {}, "inputs": apart}
        session.add(Observation(observed_at=now(), as_of=AS_OF, version=ACTIVE, student_count=90, figures=figures))
    with ready.reading() as session:
        found = list_observations(session, Shelf(settings).take(session), limit=1, watch_days=1).inputs
    assert [each.code for each in found] == ["has.marks", "mark.math", "mark.rus", "grade"]
    assert found[0].title_ru == "есть: отметки"


def test_the_rate_on_the_wire_is_the_one_that_alarms_keep() -> None:
    assert FALSE_ALARM_RATE == FAMILY_RATE


@pytest.mark.parametrize(
    ("facts", "level", "said"),
    [
        (
            {},
            "yes",
            "Спискам можно доверять: модель проверена, данные учеников похожи на те, на которых она обучалась.",
        ),
        ({"passed_gate": None}, "with_care", "с оговоркой: проверить модель было не на чем"),
        ({"passed_gate": False}, "not_yet", "Пока не полагайтесь на списки: модель не прошла проверку."),
        ({"degradation": "Модель «x» использовать нельзя: составляет «y»."}, "with_care", "с оговоркой: Модель «x»"),
        ({"is_trained": False, "degradation": "Модель ещё не обучена."}, "not_yet", "списки: модель ещё не обучена."),
        ({"age_days": 9.0}, "with_care", "последнее наблюдение было 01.10.2024"),
        ({"age_days": 9.0, "watch_days": 7}, "yes", "Спискам можно доверять"),
        ({"age_days": 99.0, "watch_days": None}, "yes", "Спискам можно доверять"),
        ({"newest": None}, "with_care", "ещё не наблюдали"),
        ({"alarm": "inputs.marks"}, "with_care", "отметки уже не такие, как при обучении"),
        ({"alarm": "first_place.elective"}, "with_care", "элективные курсы: одно и то же первым"),
        ({"alarm": "overruled"}, "not_yet", "педагоги отклоняют больше половины первых мест"),
        ({"alarm": "calibration"}, "not_yet", "исходы не подтверждают разницу"),
    ],
)
@sqlite_only
def test_one_sentence_for_the_counsellor(
    facts: dict[str, Any], level: str, said: str, ready: Database, settings: Settings
) -> None:
    lines = {"inputs.marks": line(0.01, limit=0.1)}
    if "alarm" in facts:
        lines |= {facts.pop("alarm"): line(0.9, is_alarm=True)}
    with ready.writing() as session:
        seen(session, at=datetime(2024, 10, 1, tzinfo=UTC), lines=lines)
        newest = find_newest(session, ACTIVE)
        figures = (
            list_observations(session, Shelf(settings).take(session), limit=1, watch_days=1).observations[0].figures
        )
        usual = {"is_trained": True, "passed_gate": True, "degradation": None, "newest": newest, "age_days": 0.0,
                 "watch_days": 1}  # fmt: skip
        found = reliance_of(**{**usual, "figures": figures, **facts})
    assert found.level == level
    assert said in found.text
    assert found.text.endswith(".")


def test_training_keeps_the_inputs_it_saw_and_no_bin_of_few(trained: Settings, tmp_path: Path) -> None:
    manifest = json.loads((trained.models_dir / ACTIVE / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"]["school_year"] == "2024-25"
    assert manifest["inputs"]["of"] == {}  # four students are too few for a reference


@sqlite_only
def test_a_version_of_before_has_no_reference_and_is_observed_all_the_same(ready: Database, settings: Settings) -> None:
    with ready.reading() as session:
        serving = Shelf(settings).take(session)
        manifest = {name: value for name, value in serving.model.manifest.items() if name != "inputs"}
        row = observe(session, replace(serving, model=replace(serving.model, manifest=manifest)))
    assert row is not None
    assert row.figures["inputs"] == {}
    assert "overruled" in row.figures["lines"]
