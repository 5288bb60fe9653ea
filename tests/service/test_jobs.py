"""Jobs: asked for with their cause, done once under a lease, tried again, cancelled, never lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service import upgrade
from service.access import GRANTS, OPERATOR, Actor, Role
from service.clock import now
from service.db import Database
from service.errors import ConflictError, DeniedError, NotFoundError, NotReadyError
from service.jobs.actions import TRAINING, cancel_job, enqueue_job
from service.jobs.doing import Held, do_job
from service.jobs.leases import MAX_ATTEMPTS, JobCancelledError, Lease, LeaseLostError, claim_job, put_back
from service.jobs.queries import count_jobs, find_current
from service.jobs.sentences import said_of_training
from service.tables import Job, School
from tests.service.conftest import Authorization, sqlite_only
from tests.service.test_db import _downgrade

KIND, SECONDS = "sweeping", 60.0
SignIn = Callable[[str], Authorization]


def ask(database: Database, cause: str = "dust", key: str = "yard") -> int:
    with database.writing() as session:
        return enqueue_job(session, actor=OPERATOR, kind=KIND, unique_key=key, cause=cause).job_id


def claim(database: Database, seconds: float = SECONDS) -> Lease | None:
    with database.writing() as session:
        return claim_job(session, kinds=(KIND,), seconds=seconds)


def claimed(database: Database) -> Lease:
    lease = claim(database)
    assert lease is not None
    return lease


def change(database: Database, job_id: int, **values: object) -> None:
    with database.writing() as session:
        session.execute(sa.update(Job).where(Job.job_id == job_id).values(**values))


def stored(database: Database, job_id: int) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job_id)


def states(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [
            (cause, state) for cause, state in session.execute(sa.select(Job.cause, Job.state).order_by(Job.job_id))
        ]


def open_school(database: Database, held: Held, code: str = "sch01") -> None:
    """An effect that commits together with the end of its job."""
    with database.writing() as session:
        session.add(School(school_code=code, title_ru="Школа"))
        held.finish(session, result=code)


def schools(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(School.school_code).order_by(School.school_code)))


def fail(message: str) -> None:
    raise ValueError(message)


def ask_and_fail(database: Database) -> None:
    with database.writing() as session:
        enqueue_job(session, actor=OPERATOR, kind=KIND, unique_key="roof", cause="snow")
        fail("the cause was undone")


def test_a_job_from_its_cause_to_its_end(database: Database) -> None:
    number = ask(database)
    lease = claimed(database)
    assert (lease.job_id, lease.cause, lease.attempt) == (number, "dust", 1)
    assert claim(database) is None

    def work(held: Held) -> None:
        held.report(0.25)
        assert (stored(database, number).state, stored(database, number).progress) == ("running", 0.25)
        open_school(database, held)

    do_job(database, lease, work, seconds=SECONDS)
    job = stored(database, number)
    assert (job.state, job.result, job.progress, job.lease, job.attempts) == ("done", "sch01", 1.0, None, 1)
    assert claim(database) is None


def test_a_job_waits_with_its_newest_cause_and_leaves_with_the_transaction_of_its_cause(database: Database) -> None:
    assert ask(database, "dust") == ask(database, "leaves")
    with pytest.raises(ValueError, match="cause"):
        ask_and_fail(database)
    assert states(database) == [("leaves", "queued")]


def test_a_cause_that_comes_while_a_job_runs_is_not_lost(database: Database) -> None:
    ask(database, "dust")
    lease = claimed(database)
    ask(database, "leaves")
    assert states(database) == [("dust", "running"), ("leaves", "queued")]
    assert claim(database) is None  # never two of a key at once
    do_job(database, lease, lambda held: open_school(database, held), seconds=SECONDS)
    assert claimed(database).cause == "leaves"


def test_whose_lease_ran_out_can_change_nothing_any_more(database: Database) -> None:
    number = ask(database)
    slow = claimed(database)
    change(database, number, lease_until=now() - timedelta(seconds=1))
    quick = claimed(database)
    assert (quick.job_id, quick.attempt) == (number, 2)
    with pytest.raises(LeaseLostError, match="взял другой исполнитель"):
        do_job(database, slow, lambda held: open_school(database, held, "late"), seconds=SECONDS)
    with pytest.raises(LeaseLostError):
        do_job(database, slow, lambda held: held.report(0.5), seconds=SECONDS)
    with database.writing() as session:
        put_back(session, slow)
    assert schools(database) == []
    do_job(database, quick, lambda held: open_school(database, held, "good"), seconds=SECONDS)
    assert (schools(database), stored(database, number).state) == (["good"], "done")


def test_a_heartbeat_keeps_the_lease_of_long_work(database: Database) -> None:
    ask(database)
    lease = claim(database, seconds=1.5)
    assert lease is not None

    def work(held: Held) -> None:
        threading.Event().wait(2.5)  # longer than the lease
        assert claim(database) is None
        open_school(database, held)

    do_job(database, lease, work, seconds=1.5)
    assert schools(database) == ["sch01"]


def test_a_failure_is_tried_again_later_and_later_and_then_given_up(database: Database) -> None:
    number, pauses = ask(database), []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        lease = claimed(database)
        assert lease.attempt == attempt
        with pytest.raises(ValueError, match="Вера"):
            do_job(database, lease, lambda _held: fail("Ольхина Вера"), seconds=SECONDS)
        job = stored(database, number)
        assert "Ольхина" not in (job.error or "")
        assert (job.error or "").startswith("ValueError: ")
        assert claim(database) is None
        pauses.append(round((job.due_at - now()).total_seconds() / 60))
        change(database, number, due_at=now())
    assert pauses[:-1] == [1, 4, 16, 64]
    assert stored(database, number).state == "failed"
    ask(database, "leaves")  # a new cause is a new job
    assert states(database) == [("dust", "failed"), ("leaves", "queued")]


def test_an_error_of_ours_keeps_its_sentence(database: Database) -> None:
    number = ask(database)

    def work(_held: Held) -> None:
        raise NotReadyError("Справочники не загружены: выполните orientir reference load.")

    with pytest.raises(NotReadyError):
        do_job(database, claimed(database), work, seconds=SECONDS)
    assert stored(database, number).error == (
        "NotReadyError: Справочники не загружены: выполните orientir reference load."
    )


def test_who_is_told_to_stop_gives_the_job_back_uncounted(database: Database) -> None:
    number = ask(database)

    def work(_held: Held) -> None:
        raise SystemExit(0)

    with pytest.raises(SystemExit):
        do_job(database, claimed(database), work, seconds=SECONDS)
    assert (stored(database, number).state, stored(database, number).attempts) == ("queued", 0)
    assert claimed(database).job_id == number


def test_what_cannot_go_back_because_another_waits_leaves_it_the_work(database: Database) -> None:
    ask(database, "dust")
    lease = claimed(database)
    heir = ask(database, "leaves")
    with database.writing() as session:
        put_back(session, lease)
    assert states(database) == [("dust", "cancelled"), ("leaves", "queued")]
    assert stored(database, lease.job_id).error == f"Вместо него — задание № {heir}."
    second = claimed(database)
    assert second.job_id == heir
    ask(database, "ice")
    with pytest.raises(ValueError, match="broom"):
        do_job(database, second, lambda _held: fail("broom"), seconds=SECONDS)
    assert ("leaves", "failed") in states(database)
    assert ("ice", "queued") in states(database)


def test_cancelled_while_it_waits_while_it_runs_and_too_late(database: Database) -> None:
    waiting = ask(database)
    with database.writing() as session:
        assert cancel_job(session, actor=OPERATOR, job_id=waiting).state == "cancelled"
    running = ask(database)
    lease = claimed(database)
    with database.writing() as session:
        job = cancel_job(session, actor=OPERATOR, job_id=running)
        assert (job.state, job.cancel_asked_at is not None) == ("running", True)
    with pytest.raises(JobCancelledError):
        do_job(database, lease, lambda held: open_school(database, held), seconds=SECONDS)
    assert (schools(database), stored(database, running).state) == ([], "cancelled")
    with pytest.raises(ConflictError, match="уже закончено"), database.writing() as session:
        cancel_job(session, actor=OPERATOR, job_id=running)
    with pytest.raises(NotFoundError), database.writing() as session:
        cancel_job(session, actor=OPERATOR, job_id=999)
    methodologist = Actor("user:1", Role.METHODOLOGIST, "", GRANTS[Role.METHODOLOGIST])
    with pytest.raises(DeniedError), database.writing() as session:
        cancel_job(session, actor=methodologist, job_id=running)


def test_who_wanted_it_stopped_does_not_find_it_queued_again(database: Database) -> None:
    number = ask(database)
    lease = claimed(database)
    with database.writing() as session:
        cancel_job(session, actor=OPERATOR, job_id=number)
    with database.writing() as session:
        put_back(session, lease)
    assert stored(database, number).state == "cancelled"


def test_a_job_whose_workers_vanish_is_stuck_taken_over_and_at_last_given_up(database: Database) -> None:
    number = ask(database)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claimed(database).attempt == attempt
        with database.reading() as session:
            assert count_jobs(session).stuck == 0
        change(database, number, lease_until=now() - timedelta(seconds=1))
        with database.reading() as session:
            counts = count_jobs(session)
            assert (counts.running, counts.stuck) == (1, 1)
    assert claim(database) is None
    job = stored(database, number)
    assert (job.state, (job.error or "")[:13]) == ("failed", "LeaseExpired:")
    with database.reading() as session:
        assert count_jobs(session).failed == 1
    ask(database, "leaves")
    do_job(database, claimed(database), lambda held: open_school(database, held), seconds=SECONDS)
    with database.reading() as session:
        assert count_jobs(session).failed == 0  # made good


def test_a_cancelled_job_whose_worker_vanished_is_over(database: Database) -> None:
    number = ask(database)
    claimed(database)
    with database.writing() as session:
        cancel_job(session, actor=OPERATOR, job_id=number)
    change(database, number, lease_until=now() - timedelta(seconds=1))
    assert claim(database) is None
    assert stored(database, number).state == "cancelled"


def test_many_workers_take_each_job_once(database: Database) -> None:
    numbers = [ask(database, key=str(place)) for place in range(24)]

    def work_until_none(_worker: int) -> list[int]:
        done = []
        while (lease := claim(database)) is not None:
            code = f"sch{lease.job_id:02d}"
            do_job(database, lease, lambda held, code=code: open_school(database, held, code), seconds=SECONDS)
            done.append(lease.job_id)
        return done

    with ThreadPoolExecutor(6) as crew:
        done = [number for each in crew.map(work_until_none, range(6)) for number in each]
    assert sorted(done) == numbers
    assert schools(database) == [f"sch{number:02d}" for number in numbers]


def test_causes_of_many_are_one_job_each_time(database: Database) -> None:
    with ThreadPoolExecutor(6) as crew:
        numbers = set(crew.map(lambda _place: ask(database), range(30)))
    assert len(numbers) == 1


def test_going_back_to_the_tables_of_before_keeps_what_waits(database: Database) -> None:
    ask(database, "dust")
    claimed(database)
    ask(database, "leaves")
    _downgrade(database, "0005")
    with database.reading() as session:
        left = session.execute(sa.text("SELECT cause, state FROM jobs ORDER BY job_id")).all()
    assert [tuple(row) for row in left] == [("dust", "cancelled"), ("leaves", "queued")]
    upgrade.upgrade_database(database)
    assert claimed(database).cause == "leaves"


def test_what_the_operator_reads(database: Database) -> None:
    def said(moment: timedelta = timedelta()) -> tuple[bool, str]:
        with database.reading() as session:
            job = find_current(session, KIND)
            assert job is not None
            return said_of_training(job, now() + moment)

    number = ask(database)
    assert said() == (True, f"№ {number} ждёт из-за: dust. Делает orientir worker или orientir train")
    assert said(timedelta(hours=1))[0] is False  # nobody comes
    lease = claimed(database)
    assert said() == (True, f"№ {number} идёт, 0%, из-за: dust")
    assert said(timedelta(hours=1)) == (
        False,
        f"№ {number} прервалось на 0%: продолжит orientir worker или orientir train",
    )
    with pytest.raises(ValueError, match="broom"):
        do_job(database, lease, lambda _held: fail("broom"), seconds=SECONDS)
    fine, sentence = said()
    assert not fine
    assert "не удалось (ValueError: " in sentence
    change(database, number, state="failed")
    assert said()[1].endswith("устраните причину и выполните orientir train")


@sqlite_only
def test_over_http(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    with ready.writing() as session:
        session.execute(sa.delete(Job))
    region, reader = sign_in("region"), sign_in("navigator")
    asked = client.post("/v1/model-versions", headers=region)
    assert asked.status_code == 202
    job = asked.json()
    assert (job["kind"], job["state"], job["cause"]) == (TRAINING, "queued", "by hand")
    assert client.post("/v1/model-versions", headers=region).json()["job_id"] == job["job_id"]
    address = f"/v1/jobs/{job['job_id']}"
    assert client.get(address, headers=reader).json()["state"] == "queued"
    assert [row["job_id"] for row in client.get("/v1/jobs", headers=reader).json()["jobs"]] == [job["job_id"]]
    assert client.post(f"{address}/cancellation", headers=reader).status_code == 403
    metrics = client.get("/metrics").text
    assert "orientir_jobs_queued 1.0" in metrics
    assert "orientir_jobs_oldest_waiting_seconds" in metrics
    assert client.post(f"{address}/cancellation", headers=region).json()["state"] == "cancelled"
    assert client.post(f"{address}/cancellation", headers=region).status_code == 409
    assert client.get("/v1/jobs/999", headers=reader).status_code == 404
    other = ask(ready)
    assert client.get(f"/v1/jobs/{other}", headers=reader).status_code == 404  # not a training
