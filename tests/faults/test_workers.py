"""Workers killed with SIGKILL at random moments: every training takes effect exactly once, what serves stays whole."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from service.access import OPERATOR
from service.clock import now
from service.db import Database
from service.jobs.actions import TRAINING
from service.jobs.leases import MAX_ATTEMPTS
from service.model_versions.actions import check_folder
from service.model_versions.queries import find_active_version
from service.retraining import ask_for_training
from service.settings import Settings
from service.tables import AuditRecord, Job, ModelVersion, Observation
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests
from tests.service.conftest import AS_OF

KILLS = int(os.environ.get("ORIENTIR_KILLS", "5"))
SEED = 20261125
CREW = 2
LEASE_SECONDS = 3.0  # a nice process on a busy machine may not be heard of for a second or two
LONGEST_WORK_SECONDS = 1.8  # about what a training of the worked example takes, with loading scikit-learn
PATIENCE_SECONDS = 60
ACTIVE = "krasnodar-2024H1.1"


@dataclass
class Worker:
    """`orientir worker` as a process, and the log it writes."""

    child: "subprocess.Popen[bytes]"
    log: Path

    def is_at_work(self) -> bool:
        """Whether the last line of its log says that a job was begun."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return bool(lines) and self.child.poll() is None and json.loads(lines[-1])["event"] == "job begun"


@dataclass
class Crew:
    """Two workers, always: who is killed is replaced at once."""

    folder: Path
    environment: dict[str, str]
    workers: list[Worker] = field(default_factory=list)
    hired: int = 0

    def hire(self) -> None:
        """Start workers until the crew is complete."""
        while len(self.workers) < CREW:
            self.hired += 1
            log = self.folder / f"worker-{self.hired}.log"
            with log.open("wb") as lines:
                command = [sys.executable, "-m", "service.cli", "worker"]
                self.workers.append(Worker(subprocess.Popen(command, env=self.environment, stderr=lines), log))

    def kill(self, worker: Worker) -> None:
        """No farewell."""
        worker.child.send_signal(signal.SIGKILL)
        worker.child.wait()
        self.workers.remove(worker)

    def gather(self) -> None:
        """Until everybody has come to work; who is still loading cannot be told anything yet."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not all(worker.log.stat().st_size for worker in self.workers):
            assert time.monotonic() < end
            time.sleep(0.1)

    def dismiss(self) -> None:
        """An orderly end; nobody needs to be told twice."""
        self.gather()
        for worker in self.workers:
            worker.child.terminate()
        codes = [worker.child.wait(PATIENCE_SECONDS) for worker in self.workers]
        self.workers.clear()
        assert codes == [0] * CREW


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with models of the test's own, all of which are kept, and a short lease."""
    shutil.copytree(settings.models_dir, tmp_path / "models")
    own = {"models_dir": tmp_path / "models", "job_lease_seconds": LEASE_SECONDS, "keep_candidates": KILLS + 100}
    return settings.model_copy(update=own)


@pytest.fixture
def crew(own: Settings, tmp_path: Path) -> Iterator[Crew]:
    """Workers of the installation under test; none outlives the test."""
    names = ("database_url", "models_dir", "secret_key_file", "as_of", "job_lease_seconds", "keep_candidates")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ORIENTIR_")},
        **{f"ORIENTIR_{name.upper()}": str(getattr(own, name)) for name in names},
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    crew = Crew(tmp_path, environment)
    yield crew
    for worker in list(crew.workers):
        crew.kill(worker)


def unfinished(database: Database) -> list[Job]:
    """Jobs that wait or run."""
    with database.reading() as session:
        return list(session.scalars(sa.select(Job).where(Job.state.in_(("queued", "running")))))


def ask(database: Database) -> None:
    """A person asks for a training."""
    with database.writing() as session:
        ask_for_training(session, actor=OPERATOR)


def check_what_serves(database: Database, settings: Settings) -> None:
    """The active version is the one of before, and whole."""
    with database.reading() as session:
        assert find_active_version(session) == ACTIVE
        check_folder(session, ACTIVE, settings)


def wait_for_somebody_at_work(crew: Crew, database: Database) -> Worker:
    """Who has begun a job that may still fail an attempt; asks for a training whenever nothing is left to do."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = unfinished(database)
        if not found:
            ask(database)
        if all(job.attempts < MAX_ATTEMPTS for job in found):  # the last attempt is left in peace
            busy = [worker for worker in crew.workers if worker.is_at_work()]
            if busy:
                return busy[0]
        time.sleep(0.02)
    raise AssertionError([worker.log.read_text(encoding="utf-8") for worker in crew.workers])


def drain(database: Database) -> None:
    """Until nothing waits or runs."""
    end = time.monotonic() + PATIENCE_SECONDS
    while unfinished(database):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_who_is_told_to_stop_gives_the_job_back_at_once(ready: Database, own: Settings, crew: Crew) -> None:
    crew.environment["ORIENTIR_JOB_LEASE_SECONDS"] = "600"
    with ready.writing() as session:
        session.execute(sa.delete(Job))
        seen = Observation(observed_at=now(), as_of=AS_OF, version=ACTIVE, student_count=0, figures={})
        session.add(seen)  # or the workers would begin with that
    crew.hire()
    crew.gather()  # before there is anything to do: a training is over in two seconds
    wait_for_somebody_at_work(crew, ready)  # has begun to load scikit-learn
    crew.dismiss()
    (job,) = unfinished(ready)
    assert (job.state, job.attempts, job.lease) == ("queued", 0, None)
    with ready.reading() as session:
        assert session.scalars(sa.select(ModelVersion.version)).all() == [ACTIVE]


def test_every_training_takes_effect_exactly_once(
    ready: Database, own: Settings, crew: Crew, record_property: Callable[[str, object], None]
) -> None:
    random, killed, at_work = Random(SEED), 0, 0
    with ready.writing() as session:
        session.execute(sa.update(Job).values(state="cancelled"))  # what publishing the example's lists asked for
        before = session.scalars(sa.select(ModelVersion.version)).all()
        last_job = session.scalar(sa.select(sa.func.max(Job.job_id)))
    crew.hire()
    while killed < KILLS:
        victim = wait_for_somebody_at_work(crew, ready)
        time.sleep(random.uniform(0, LONGEST_WORK_SECONDS))
        if any(job.attempts >= MAX_ATTEMPTS for job in unfinished(ready)):
            continue  # a busy machine took a lease away meanwhile
        killed, at_work = killed + 1, at_work + victim.is_at_work()
        crew.kill(victim)
        crew.hire()
        check_what_serves(ready, own)
    drain(ready)
    ask(ready)  # the last training tidies up after all before it
    drain(ready)
    crew.dismiss()
    check_what_serves(ready, own)
    with ready.reading() as session:
        jobs = session.scalars(sa.select(Job).where(Job.job_id > last_job)).all()
        assert {job.state for job in jobs} == {"done"}, [(job.state, job.error) for job in jobs]
        made = [job.result for job in jobs if job.kind == TRAINING]
        observed = session.scalar(sa.select(sa.func.count()).select_from(Observation))
        assert observed == len(jobs) - len(made) >= 1  # the version that serves was looked at, once a job
        versions = session.scalars(sa.select(ModelVersion.version)).all()
        assert sorted(versions) == sorted([*before, *made])  # as many as jobs, each made by one of them
        trained = sa.select(AuditRecord.subject).where(AuditRecord.deed == "model.trained")
        assert sorted(session.scalars(trained)) == sorted(versions)
        for version in versions:
            check_folder(session, version, own)
    assert sorted(path.name for path in own.models_dir.iterdir()) == sorted(versions)
    broken_off = sum(job.attempts for job in jobs) - len(jobs)
    assert broken_off > 0  # or nothing was tried
    record_property("told", f"kills {KILLS}, at work {at_work}, attempts broken off {broken_off}, jobs {len(jobs)}")
