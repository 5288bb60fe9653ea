"""What happened is told to those whom it concerns, and never of what was undone."""

import json
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import GRANTS, OPERATOR, Actor, Role
from service.batches.actions import ask_for_batch
from service.batches.schemas import NewBatch
from service.clock import now
from service.db import Database
from service.events.actions import make_webhook, ping_webhook
from service.events.announcing import PING, announce
from service.events.due import find_due_webhooks
from service.events.schemas import NewWebhook
from service.events.sweeping import sweep_events
from service.imports.vocabularies import ImportTools
from service.jobs.actions import DELIVERING
from service.privacy.erasure import erase_student
from service.settings import Settings, read_secret_key
from service.tables import Delivery, DeliveryAttempt, Event, Job, Webhook
from service.worker import Stopping, do_next, next_lease
from tests.service import canary
from tests.service.conftest import Authorization, sqlite_only
from tests.service.receiver import Receiver
from tests.service.telling import *  # noqa: F403 -- the fixtures
from tests.service.telling import (
    ALL,
    GiveKey,
    SignIn,
    deliveries,
    event_types,
    ping,
    publish,
    signed_by,
    stored_of_events,
    subscribe,
    tried,
    work,
)
from tests.service.test_batches import ask
from tests.service.test_batches import work as make_batches
from tests.service.test_kept_answers import take_in
from tests.service.worked_example import CLASS_A, example_text

ELSEWHERE = Actor("user:9", Role.SCHOOL_ADMIN, "Директор", GRANTS[Role.SCHOOL_ADMIN], school_code="sch02")


def test_an_import_is_told_of(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    made = subscribe(client, director, receiver)
    take_in(client, director, "marks", example_text("marks", "sch01"))
    assert receiver.received == []  # whoever imports waits for nobody
    work(ready, settings)
    (message,) = receiver.received
    assert message.path == "/orientir?of=sch01"
    assert message.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    told = json.loads(message.body)
    assert told == {
        "specversion": "1.0",
        "id": message.headers["webhook-id"],
        "source": "urn:orientir:example",
        "type": "orientir.import.finished",
        "subject": "sch01/marks",
        "time": told["time"],
        "datacontenttype": "application/json",
        "data": {"table": "marks", "row_count": 3, "added_count": 0, "changed_count": 0, "unchanged_count": 3},
    }
    assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 60
    assert message.headers["webhook-signature"] == signed_by(made["secret"], message)
    (delivery,) = deliveries(client, director, made["webhook_id"])
    assert (delivery["state"], delivery["event_code"], tried(delivery)) == ("delivered", told["id"], [(1, 204, None)])


def test_editions_versions_and_batches_are_told_of(
    client: TestClient,
    director: Authorization,
    sign_in: SignIn,
    receiver: Receiver,
    ready: Database,
    settings: Settings,
    tools: ImportTools,
) -> None:
    subscribe(client, director, receiver, "edition.published", "batch.finished")
    publish(ready, settings, tools)
    number = ask(client, sign_in("navigator"), class_id=CLASS_A)["batch_id"]
    make_batches(ready, settings)
    row = client.get(f"/v1/batches/{number}", headers=director).json()
    work(ready, settings)
    first, second = (json.loads(message.body) for message in receiver.received)
    assert (first["type"], first["subject"]) == ("orientir.edition.published", "krasnodar-2024H2")
    assert first["data"] == {"demand_edition": "krasnodar-2024H2", "published_on": "2024-09-01", "entry_count": 1}
    assert (second["type"], second["subject"]) == ("orientir.batch.finished", f"batch:{number}")
    same = ("student_count", "row_count", "model_version", "demand_edition", "revision", "checksum")
    assert second["data"] == {"batch_id": number, **{name: row[name] for name in same}}


# --- with its cause


def test_what_was_undone_is_not_told_of(
    client: TestClient,
    director: Authorization,
    receiver: Receiver,
    ready: Database,
    settings: Settings,
    tools: ImportTools,
) -> None:
    subscribe(client, director, receiver)
    known = event_types(ready)
    with pytest.raises(ZeroDivisionError):
        publish(ready, settings, tools, ZeroDivisionError())
    with ready.reading() as session:
        assert find_due_webhooks(session) == []
    assert event_types(ready) == known
    publish(ready, settings, tools)
    assert event_types(ready) == [*known, "orientir.edition.published"]
    work(ready, settings)
    assert len(receiver.received) == 1


@sqlite_only
def test_the_worker_finds_what_is_due_by_itself(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    with ready.writing() as session:
        session.execute(sa.update(Job).values(state="done", finished_at=now()))  # trainings of the example
        session.add(
            Job(
                kind="watching", unique_key="region", state="done", cause="by hand", enqueued_by="operator",
                enqueued_at=now() + timedelta(hours=1), due_at=now(),
            )
        )  # fmt: skip
    assert next_lease(ready, settings) is None
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    lease = next_lease(ready, settings)
    assert lease is not None
    assert (lease.kind, lease.unique_key) == (DELIVERING, f"webhook:{number}")
    do_next(ready, settings, lease, Stopping())
    assert [json.loads(message.body)["type"] for message in receiver.received] == [PING]
    assert next_lease(ready, settings) is None


# --- whom it concerns


def test_another_school_is_neither_told_nor_seen(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings,
    tools: ImportTools, give_key: GiveKey,
) -> None:  # fmt: skip
    mine = subscribe(client, director, receiver)["webhook_id"]
    types = [f"orientir.{each}" for each in ALL]
    with ready.writing() as session:
        theirs = make_webhook(
            session, actor=ELSEWHERE, wanted=NewWebhook(url=receiver.url, event_types=types),
            settings=settings, secret_key=read_secret_key(settings),
        ).webhook.webhook_id  # fmt: skip
        delivery = ping_webhook(session, actor=ELSEWHERE, webhook_id=theirs).delivery_id
    take_in(client, director, "marks", example_text("marks", "sch01"))
    publish(ready, settings, tools)
    with ready.reading() as session:
        told = sa.select(Delivery.webhook_id, Event.event_type).join(Event, Event.event_id == Delivery.event_id)
        assert sorted(session.execute(told)) == [
            (mine, "orientir.edition.published"),
            (mine, "orientir.import.finished"),
            (theirs, "orientir.edition.published"),
            (theirs, PING),
        ]
    at = f"/v1/webhooks/{theirs}"
    absent = client.get("/v1/webhooks/99", headers=director).json()
    for method, address, body in (
        ("GET", at, None),
        ("PATCH", at, {"state": "paused"}),
        ("DELETE", at, None),
        ("POST", f"{at}/rotation", {}),
        ("POST", f"{at}/ping", None),
        ("GET", f"{at}/deliveries", None),
        ("POST", f"{at}/deliveries/{delivery}/replay", None),
        ("POST", f"/v1/webhooks/{mine}/deliveries/{delivery}/replay", None),
    ):
        answer = client.request(method, address, headers=director, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, address)
    assert {**client.get(at, headers=director).json(), "webhook_id": 99} == absent
    assert [row["webhook_id"] for row in client.get("/v1/webhooks", headers=director).json()["webhooks"]] == [mine]
    told_types = {
        school: {
            (each["type"], each["subject"])
            for each in client.get("/v1/events?limit=500", headers=give_key("events:read", school=school)).json()[
                "events"
            ]
        }
        for school in ("sch01", "sch02")
    }
    assert ("orientir.edition.published", "krasnodar-2024H2") in told_types["sch01"] & told_types["sch02"]
    assert {subject.partition("/")[0] for _, subject in told_types["sch02"] if "/" in subject} == {"sch02"}


@sqlite_only
def test_a_batch_of_the_region_is_nobody_elses_business(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    subscribe(client, director, receiver)
    with ready.writing() as session:
        ask_for_batch(session, actor=OPERATOR, wanted=NewBatch(reason="сверка района"), settings=settings)
    make_batches(ready, settings)
    work(ready, settings)
    assert "orientir.batch.finished" not in event_types(ready)
    assert receiver.received == []


def test_events_hold_nothing_about_a_child(
    client: TestClient, director: Authorization, sign_in: SignIn, receiver: Receiver, ready: Database,
    settings: Settings, tools: ImportTools,
) -> None:  # fmt: skip
    subscribe(client, director, receiver)
    canary.let_in(ready, tools)
    canary.live(client, sign_in("navigator"), director)
    ask(client, director, class_id=CLASS_A)
    make_batches(ready, settings)
    work(ready, settings)
    assert len(receiver.received) == len(canary.FILES) + 1
    assert canary.found_in_bytes(b"\n".join(message.body for message in receiver.received)) == set()
    before = stored_of_events(ready)
    assert canary.found_in_bytes(before.encode()) == set()
    with ready.writing() as session:
        erase_student(session, actor=OPERATOR, student_id=canary.CANARY, ground="request")
    assert stored_of_events(ready) == before  # an erasure leaves them alone


# --- catching up, and what is thrown away


def test_who_missed_something_catches_up(
    client: TestClient, director: Authorization, give_key: GiveKey, ready: Database
) -> None:
    key = give_key("events:read")
    page = client.get("/v1/events?limit=500", headers=key).json()
    assert not page["has_more"]
    before = [event["id"] for event in page["events"]]
    assert len(before) == len(set(before)) > 3  # files of the example, two editions, a version
    place = page["next_cursor"]
    assert client.get("/v1/events", headers=key, params={"cursor": place}).json() == {
        "events": [], "next_cursor": place, "has_more": False,
    }  # fmt: skip
    for table in ("marks", "knowledge"):
        take_in(client, director, table, example_text(table, "sch01"))
    found = []
    for _ in range(3):
        page = client.get("/v1/events?limit=1", headers=key, params={"cursor": place}).json()
        found += [event["subject"] for event in page["events"]]
        place = page["next_cursor"]
    assert found == ["sch01/marks", "sch01/knowledge"]
    other = give_key("events:read", school="sch02")
    for forged in (place[:-2], "AAAA", ""):
        assert client.get("/v1/events", headers=key, params={"cursor": forged}).status_code == 422
    assert client.get("/v1/events", headers=other, params={"cursor": place}).status_code == 422
    assert client.get("/v1/events", headers=give_key("demand:read")).status_code == 403


@sqlite_only
def test_what_is_sent_and_what_is_listed_are_the_same(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    ping(client, director, subscribe(client, director, receiver)["webhook_id"])
    work(ready, settings)
    listed = client.get("/v1/events?limit=500", headers=director).json()["events"]
    assert json.loads(receiver.received[0].body) == listed[-1]


def test_events_of_long_ago_go_with_their_deliveries(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    work(ready, settings)
    assert sweep_events(ready, settings) == 0
    long_ago = now() - timedelta(days=settings.event_days, seconds=1)
    with ready.writing() as session:
        session.execute(sa.update(Event).values(occurred_at=long_ago))
        session.execute(sa.update(Job).where(Job.kind == DELIVERING).values(finished_at=long_ago))
    ping(client, director, number)
    assert sweep_events(ready, settings) > 1
    with ready.reading() as session:
        assert session.scalars(sa.select(Event.event_type)).all() == [PING]
        assert session.scalars(sa.select(Delivery.state)).all() == ["waiting"]
        assert session.scalars(sa.select(DeliveryAttempt.attempt)).all() == []
        assert session.scalars(sa.select(Job.job_id).where(Job.kind == DELIVERING)).all() == []


def test_an_event_is_written_once_for_many_webhooks_by_one_statement(ready: Database) -> None:
    with ready.writing() as session:
        session.add_all(
            Webhook(
                school_code=school, url="https://journal.example/", event_types=("orientir.version.promoted",),
                state=state, salt="0", created_at=now(), created_by="user:2",
            )
            for school in ("sch01", "sch02")
            for state in ("active", "paused", "disabled")
        )  # fmt: skip
    asked: list[str] = []
    sa.event.listen(ready.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    with ready.writing() as session:
        announce(session, number=10**6, event_type="orientir.version.promoted", subject="x.1", data={})
    assert len([statement for statement in asked if statement.startswith("INSERT")]) == 2
    with ready.reading() as session:
        told = sa.select(Webhook.school_code, Webhook.state).join(Delivery, Delivery.webhook_id == Webhook.webhook_id)
        assert sorted(session.execute(told)) == [
            ("sch01", "active"), ("sch01", "paused"), ("sch02", "active"), ("sch02", "paused"),
        ]  # fmt: skip
