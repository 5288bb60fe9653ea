"""Each event arrives at least once, under one id, whatever the receiver answers and whoever is killed meanwhile."""

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta

import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.clock import now
from service.db import Database
from service.doctor import check_installation
from service.events.actions import replay_failed
from service.events.announcing import MAX_ATTEMPTS
from service.events.delivering import FAILURES_BEFORE_DISABLED, begin_attempt, make_attempt, pause_after
from service.jobs.actions import DELIVERING
from service.settings import Settings, read_secret_key
from service.tables import Delivery, Event, Job
from tests.service.conftest import Authorization, sqlite_only
from tests.service.receiver import Receiver
from tests.service.telling import *  # noqa: F403 -- the fixtures
from tests.service.telling import deliveries, ping, subscribe, tried, wait_long, work
from tests.service.test_kept_answers import take_in
from tests.service.worked_example import example_text


def test_the_pauses_of_eight_attempts_take_most_of_a_day() -> None:
    pauses = [pause_after(attempt, 0.5) for attempt in range(1, MAX_ATTEMPTS)]
    assert [each / timedelta(minutes=1) for each in pauses] == [1, 3, 9, 27, 81, 243, 729]
    assert sum(pauses, timedelta()) == timedelta(hours=18, minutes=13)


def test_refused_once_it_is_sent_once_more(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    receiver.answers = [(500, {})]
    work(ready, settings)
    (delivery,) = deliveries(client, director, number)
    assert (delivery["state"], tried(delivery)) == ("waiting", [(1, 500, "status")])
    assert delivery["attempts"][0]["text"] == "Узел ответил отказом."
    work(ready, settings)  # not yet due
    assert len(receiver.received) == 1
    wait_long(ready)
    work(ready, settings)
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    (delivery,) = deliveries(client, director, number)
    assert (delivery["state"], delivery["due_at"]) == ("delivered", None)
    assert tried(delivery) == [(1, 500, "status"), (2, 204, None)]
    wait_long(ready)
    work(ready, settings)
    assert len(receiver.received) == 2


@sqlite_only
def test_a_redirect_is_a_refusal(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    receiver.answers = [(301, {"Location": receiver.url})]
    work(ready, settings)
    assert len(receiver.received) == 1
    assert tried(deliveries(client, director, number)[0]) == [(1, 301, "redirect")]


def test_after_eight_attempts_it_is_given_up_and_said(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    receiver.answers = [(503, {})] * MAX_ATTEMPTS
    for _ in range(MAX_ATTEMPTS + 2):
        work(ready, settings)
        wait_long(ready)
    (delivery,) = deliveries(client, director, number)
    assert (delivery["state"], len(receiver.received)) == ("failed", MAX_ATTEMPTS)
    assert tried(delivery) == [(attempt, 503, "status") for attempt in range(1, 9)]
    row = client.get(f"/v1/webhooks/{number}", headers=director).json()
    assert (row["state"], row["is_failing"], row["failure_count"]) == ("active", True, 1)
    assert "orientir_webhooks_failing 1.0" in client.get("/metrics").text
    (said,) = [check for check in check_installation(ready, settings) if check.title == "События"]
    assert (said.fine, said.text) == (
        False,
        "подписок 1, ждут доставки 0; не принимают или отключены: 1, см. orientir webhook list",
    )
    ping(client, director, number)
    work(ready, settings)
    row = client.get(f"/v1/webhooks/{number}", headers=director).json()
    assert (row["is_failing"], row["failing_since"], row["failure_count"]) == (False, None, 0)


def test_the_oldest_event_that_waits_is_measured(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database
) -> None:
    ping(client, director, subscribe(client, director, receiver)["webhook_id"])
    with ready.writing() as session:
        session.execute(sa.update(Event).values(occurred_at=now() - timedelta(hours=1)))
    told = client.get("/metrics").text
    assert "orientir_deliveries_waiting 1.0" in told
    (age,) = re.findall(r"^orientir_deliveries_oldest_waiting_seconds (\S+)$", told, re.MULTILINE)
    assert 3600 <= float(age) < 3700


def test_who_takes_nothing_for_long_is_left_alone_and_taken_up_again(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    for _ in range(FAILURES_BEFORE_DISABLED):
        ping(client, director, number)
    with ready.writing() as session:  # seven attempts each have been made
        session.execute(sa.update(Delivery).values(attempt_count=MAX_ATTEMPTS - 1))
    receiver.answers = [(500, {})] * FAILURES_BEFORE_DISABLED
    work(ready, settings)
    row = client.get(f"/v1/webhooks/{number}", headers=director).json()
    assert (row["state"], row["failure_count"]) == ("disabled", FAILURES_BEFORE_DISABLED)
    assert client.post(f"/v1/webhooks/{number}/ping", headers=director).status_code == 409
    take_in(client, director, "marks", example_text("marks", "sch01"))  # nothing is kept for it meanwhile
    assert len(deliveries(client, director, number)) == FAILURES_BEFORE_DISABLED
    with ready.writing() as session:
        assert replay_failed(session, actor=OPERATOR, webhook_id=number) == FAILURES_BEFORE_DISABLED
    work(ready, settings)
    assert {each["state"] for each in deliveries(client, director, number)} == {"delivered"}
    assert client.get(f"/v1/webhooks/{number}", headers=director).json()["state"] == "active"


@sqlite_only
def test_who_is_gone_is_told_nothing_more(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    receiver.answers = [(410, {})]
    work(ready, settings)
    assert client.get(f"/v1/webhooks/{number}", headers=director).json()["state"] == "disabled"
    assert deliveries(client, director, number)[0]["state"] == "failed"


def test_killed_before_the_end_was_written_it_is_sent_again_under_the_same_id(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    with ready.writing() as session:
        attempt = begin_attempt(session, number, read_secret_key(settings))
    assert attempt is not None
    assert make_attempt(attempt, settings).fault is None  # it has arrived, and then the lights went out
    (delivery,) = deliveries(client, director, number)
    assert (delivery["state"], delivery["attempts"][0]["ended_at"]) == ("waiting", None)
    work(ready, settings)
    assert len(receiver.received) == 1  # another may still be at it
    wait_long(ready)
    work(ready, settings)
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    (delivery,) = deliveries(client, director, number)
    assert (delivery["state"], tried(delivery)) == ("delivered", [(1, None, None), (2, 204, None)])
    assert delivery["attempts"][0]["text"] == "Чем кончилось, неизвестно: попытка прервалась."


@sqlite_only
def test_a_last_attempt_that_broke_off_is_given_up(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    with ready.writing() as session:
        session.execute(sa.update(Delivery).values(attempt_count=MAX_ATTEMPTS))
    work(ready, settings)
    assert receiver.received == []
    assert deliveries(client, director, number)[0]["state"] == "failed"


WORKER = """
from service.db import open_database
from service.events.due import enqueue_due
from service.jobs.actions import DELIVERING
from service.jobs.leases import claim_job
from service.settings import get_settings
from service.worker import Stopping, do_next
settings = get_settings()
database = open_database(settings)
with database.writing() as session:
    enqueue_due(session)
    lease = claim_job(session, kinds=(DELIVERING,), seconds=1)
do_next(database, settings, lease, Stopping())
"""


@sqlite_only
def test_a_worker_that_is_killed_while_sending(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    environment = {
        **os.environ,
        "ORIENTIR_DATABASE_URL": settings.database_url,
        "ORIENTIR_SECRET_KEY_FILE": str(settings.secret_key_file),
        "ORIENTIR_WEBHOOK_INTERNAL_HOSTS": receiver.host,
    }
    child = subprocess.Popen([sys.executable, "-c", WORKER], env=environment)
    receiver.before_answer = lambda: os.kill(child.pid, signal.SIGKILL)
    assert child.wait(60) == -signal.SIGKILL
    receiver.before_answer = None
    with ready.writing() as session:  # a lease of a second, and the pause after an attempt, are over
        session.execute(sa.update(Job).where(Job.kind == DELIVERING).values(lease_until=now() - timedelta(seconds=1)))
    wait_long(ready)
    work(ready, settings)
    assert len({message.headers["webhook-id"] for message in receiver.received}) == 1
    (delivery,) = deliveries(client, director, number)
    assert (delivery["state"], tried(delivery)) == ("delivered", [(1, None, None), (2, 204, None)])
