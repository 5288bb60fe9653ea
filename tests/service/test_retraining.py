"""When a model is trained again, and that there is never a second training beside the first."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.access import GRANTS, OPERATOR, Actor, Role
from service.clock import now
from service.db import Database
from service.errors import ConflictError
from service.imports.bringing import import_upload
from service.imports.vocabularies import ImportTools
from service.jobs.actions import TRAINING, cancel_job
from service.jobs.leases import JobCancelledError, claim_job
from service.model_versions.queries import find_active_version
from service.model_versions.training import ANNOUNCED, clear_abandoned, train_version
from service.retraining import (
    ask_for_training,
    count_outcomes,
    enqueue_training,
    is_training_due,
    retrain_after_outcomes,
)
from service.settings import Settings
from service.tables import Job, ModelVersion, Observation, TrialAttendance
from service.worker import Stopping, do_next, next_lease
from tests.service.conftest import AS_OF, sqlite_only
from tests.service.worked_example import ELSEWHERE, KNOWN

ACTIVE, SECOND = "krasnodar-2024H1.1", "krasnodar-2024H1.2"


@pytest.fixture
def own(settings: Settings, ready: Database, tmp_path: Path) -> Settings:
    """Settings with models of the test's own, nothing queued, the version that serves already observed."""
    shutil.copytree(settings.models_dir, tmp_path / "models")
    with ready.writing() as session:
        session.execute(sa.delete(Job))
        seen = Observation(observed_at=now(), as_of=AS_OF, version=ACTIVE, student_count=0, figures={})
        session.add(seen)
    return settings.model_copy(update={"models_dir": tmp_path / "models"})


def jobs(database: Database) -> list[tuple[str, str, str | None]]:
    with database.reading() as session:
        query = sa.select(Job.cause, Job.state, Job.result).order_by(Job.job_id)
        return [(cause, state, result) for cause, state, result in session.execute(query)]


def test_a_worker_does_what_waits_and_the_version_stays_a_candidate(ready: Database, own: Settings) -> None:
    assert next_lease(ready, own) is None
    with ready.writing() as session:
        ask_for_training(session, actor=OPERATOR)
    lease = next_lease(ready, own)
    assert lease is not None
    do_next(ready, own, lease, Stopping())
    assert jobs(ready) == [("by hand", "done", SECOND)]
    with ready.reading() as session:
        assert find_active_version(session) == ACTIVE


@sqlite_only
def test_training_in_the_foreground_takes_along_what_waits(ready: Database, own: Settings) -> None:
    assert train_version(ready, settings=own) == SECOND
    with ready.writing() as session:
        enqueue_training(session, actor=OPERATOR, cause="edition x")
        session.execute(sa.update(Job).where(Job.state == "queued").values(due_at=now() + timedelta(hours=1)))
    third = train_version(ready, settings=own)
    assert jobs(ready) == [("by hand", "done", SECOND), ("edition x", "done", third)]


def test_never_two_trainings_at_once(ready: Database, own: Settings) -> None:
    with ready.writing() as session:
        enqueue_training(session, actor=OPERATOR, cause="edition x")
        assert claim_job(session, kinds=(TRAINING,), seconds=60) is not None
    with pytest.raises(ConflictError, match="Обучение уже идёт"):
        train_version(ready, settings=own)
    assert jobs(ready) == [("edition x", "running", None)]  # and nothing was asked for


def stopping(_stage: str, _share: float) -> None:
    raise KeyboardInterrupt


@sqlite_only
def test_an_interrupted_command_leaves_nothing_that_it_asked_for_itself(ready: Database, own: Settings) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_version(ready, settings=own, on_progress=stopping)
    assert jobs(ready) == [("by hand", "cancelled", None)]
    with ready.writing() as session:
        enqueue_training(session, actor=OPERATOR, cause="edition x")
    with pytest.raises(KeyboardInterrupt):
        train_version(ready, settings=own, on_progress=stopping)
    assert jobs(ready)[1:] == [("edition x", "queued", None)]


@sqlite_only
def test_a_cancelled_training_registers_nothing(ready: Database, own: Settings) -> None:
    def cancel(stage: str, _share: float) -> None:
        if stage == "save":  # the last moment
            with ready.writing() as session:
                cancel_job(session, actor=OPERATOR, job_id=session.scalars(sa.select(Job.job_id)).one())

    with pytest.raises(JobCancelledError):
        train_version(ready, settings=own, on_progress=cancel)
    assert jobs(ready) == [("by hand", "cancelled", None)]
    with ready.reading() as session:
        assert session.scalars(sa.select(ModelVersion.version)).all() == [ACTIVE]
    assert (own.models_dir / SECOND).is_dir()  # saved, but nothing knows it
    assert train_version(ready, settings=own) == SECOND  # the next training has tidied up
    assert sorted(path.name for path in own.models_dir.iterdir()) == [ACTIVE, SECOND]


@sqlite_only
def test_only_what_a_training_announced_is_tidied_up(ready: Database, own: Settings) -> None:
    for name in ("brought-by-hand.1", "half.1", f"{ANNOUNCED}half.1", f"{ANNOUNCED}{ACTIVE}", ".draft-x"):
        (own.models_dir / name).mkdir() if not name.startswith(ANNOUNCED) else (own.models_dir / name).touch()
    with ready.reading() as session:
        clear_abandoned(session, own.models_dir)
    assert sorted(path.name for path in own.models_dir.iterdir()) == ["brought-by-hand.1", ACTIVE]


@sqlite_only
def test_outcomes_are_counted_as_a_training_would_read_them(ready: Database, own: Settings) -> None:
    with ready.reading() as session:
        assert count_outcomes(session, "2024-25") == 1  # the trial of the student who agreed, last year
        assert count_outcomes(session, "2023-24") == 0
    train_version(ready, settings=own)
    with ready.writing() as session:
        newest = session.scalar(sa.select(ModelVersion.manifest).order_by(ModelVersion.trained_at.desc()).limit(1))
        assert newest is not None
        assert newest["outcome_count"] == 1
        assert retrain_after_outcomes(session, actor=OPERATOR, as_of=AS_OF, enough=1) is None  # known already
    with ready.writing() as session:
        row = session.get_one(ModelVersion, SECOND)
        row.manifest = {**row.manifest, "outcome_count": 0}
    with ready.writing() as session:
        assert retrain_after_outcomes(session, actor=OPERATOR, as_of=AS_OF, enough=2) is None
        job = retrain_after_outcomes(session, actor=OPERATOR, as_of=AS_OF, enough=1)
        assert job is not None
        assert job.cause == "outcomes 1"


@sqlite_only
def test_the_import_that_brings_enough_asks_for_a_training(ready: Database, own: Settings, tools: ImportTools) -> None:
    content = Path("tests/service/example/schools/sch01/trial_attendance.csv").read_bytes()
    content = content.replace(KNOWN.encode(), ELSEWHERE.encode())  # who agreed to it too, in the other school
    director = Actor("user:2", Role.SCHOOL_ADMIN, "", GRANTS[Role.SCHOOL_ADMIN], "sch02")
    for enough, caused in ((2, []), (1, [("outcomes 1", "queued", None)])):  # the version knows one
        watching = replace(tools, as_of=AS_OF, retrain_after=enough)
        with ready.writing() as session:
            session.execute(sa.delete(TrialAttendance).where(TrialAttendance.student_id == ELSEWHERE))
        report = import_upload(
            ready, actor=director, tools=watching, table="trial_attendance", content=content, mode="apply"
        )
        assert report.added_count == 1
        assert jobs(ready) == caused


@sqlite_only
def test_a_schedule_asks_once_each_period(ready: Database, own: Settings) -> None:
    with ready.writing() as session:
        assert not is_training_due(session, days=None)
        assert not is_training_due(session, days=30)
        session.execute(sa.update(ModelVersion).values(trained_at=now() - timedelta(days=31)))
        assert is_training_due(session, days=30)
    monthly = own.model_copy(update={"retrain_days": 30})
    lease = next_lease(ready, monthly)
    assert lease is not None
    assert lease.cause == "schedule"
    with ready.reading() as session:
        assert not is_training_due(session, days=30)
