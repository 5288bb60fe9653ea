"""Webhooks as a school looks after them: secrets shown once, rotation, pause, replay; and what the documents say."""

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.access import GRANTS, Actor, Role
from service.backup import move_rows
from service.clock import now
from service.db import Database
from service.events.actions import make_webhook
from service.events.schemas import NewWebhook
from service.events.signing import sign
from service.settings import Settings, read_secret_key
from service.tables import Delivery, Table, Webhook
from tests.service.conftest import BACKENDS, Authorization, sqlite_only
from tests.service.receiver import Received, Receiver
from tests.service.telling import *  # noqa: F403 -- the fixtures
from tests.service.telling import deliveries, ping, signed_by, stored_of_events, subscribe, tried, wait_long, work
from tests.service.test_kept_answers import take_in
from tests.service.worked_example import DATA, example_text
from tests.service.yard import Yard

ADMIN = Actor("user:2", Role.SCHOOL_ADMIN, "Директор", GRANTS[Role.SCHOOL_ADMIN], school_code="sch01")


def test_the_signature_is_the_one_of_the_specification() -> None:
    # the example that the authors of Standard Webhooks print
    key = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    signature = sign([key], code="msg_loFOjxBNrRLzqYUf", timestamp=1731705121, body=body)
    assert signature == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


# --- secrets


def test_a_secret_is_shown_once_and_kept_nowhere(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    made = subscribe(client, director, receiver)
    number, secret = made["webhook_id"], made["secret"]
    ping(client, director, number)
    work(ready, settings)
    at = f"/v1/webhooks/{number}"
    for address in (at, "/v1/webhooks", f"{at}/deliveries", "/v1/events"):
        assert secret not in client.get(address, headers=director).text
    assert "secret" not in client.get(at, headers=director).json()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    kept = "\n".join([stored_of_events(ready), *audit_rows(ready)])
    for written in (secret, secret.removeprefix("whsec_"), key.hex(), repr(key)):
        assert written not in kept
    assert receiver.url not in "".join(audit_rows(ready))  # an address may hold a secret of the school's


def audit_rows(database: Database) -> list[str]:
    """Records of the audit as text."""
    with database.reading() as session:
        return [str(tuple(row)) for row in session.execute(sa.select(Table.metadata.tables["audit_records"]))]


@sqlite_only
def test_secrets_of_two_webhooks_differ(client: TestClient, director: Authorization, receiver: Receiver) -> None:
    assert len({subscribe(client, director, receiver)["secret"] for _ in range(3)}) == 3


def test_a_rotation_overlaps(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    made = subscribe(client, director, receiver)
    number, old = made["webhook_id"], made["secret"]
    answer = client.post(f"/v1/webhooks/{number}/rotation", headers=director, json={"overlap_hours": 2})
    assert answer.status_code == 201, answer.text
    new = answer.json()["secret"]
    assert new != old
    ping(client, director, number)
    work(ready, settings)
    assert signatures(receiver.received[-1]) == [
        signed_by(new, receiver.received[-1]),
        signed_by(old, receiver.received[-1]),
    ]
    with ready.writing() as session:
        session.execute(sa.update(Webhook).values(former_until=now() - timedelta(seconds=1)))
    ping(client, director, number)
    work(ready, settings)
    assert signatures(receiver.received[-1]) == [signed_by(new, receiver.received[-1])]
    assert client.get(f"/v1/webhooks/{number}", headers=director).json()["former_secret_until"] is None


def signatures(message: Received) -> list[str]:
    """Signatures that a message bears."""
    return message.headers["webhook-signature"].split(" ")


# --- looking after them


@sqlite_only
def test_paused_it_waits_and_resumed_it_is_told(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver, "import.finished")["webhook_id"]
    at = f"/v1/webhooks/{number}"
    assert client.patch(at, headers=director, json={"state": "paused"}).json()["state"] == "paused"
    take_in(client, director, "marks", example_text("marks", "sch01"))
    work(ready, settings)
    assert receiver.received == []
    changed = client.patch(at, headers=director, json={"state": "active"}).json()
    assert (changed["state"], changed["event_types"]) == ("active", ["orientir.import.finished"])
    work(ready, settings)
    assert len(receiver.received) == 1


@sqlite_only
def test_another_address_and_other_types(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver, "import.finished")["webhook_id"]
    wanted = {"url": f"http://{receiver.host}/other", "event_types": ["orientir.batch.finished"]}
    row = client.patch(f"/v1/webhooks/{number}", headers=director, json=wanted).json()
    assert (row["url"], row["event_types"]) == (wanted["url"], wanted["event_types"])
    take_in(client, director, "marks", example_text("marks", "sch01"))
    ping(client, director, number)
    work(ready, settings)
    assert [message.path for message in receiver.received] == ["/other"]
    refused = client.patch(f"/v1/webhooks/{number}", headers=director, json={"url": "https://stranger.example/"})
    assert (refused.status_code, refused.json()["reason"]) == (422, "host_not_allowed")


def test_a_removed_webhook_takes_its_deliveries_along(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    assert client.delete(f"/v1/webhooks/{number}", headers=director).status_code == 204
    assert client.get(f"/v1/webhooks/{number}", headers=director).status_code == 404
    work(ready, settings)
    assert receiver.received == []
    with ready.reading() as session:
        assert session.scalars(sa.select(Delivery.delivery_id)).all() == []


def test_a_delivery_is_sent_again_when_asked(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    delivery = ping(client, director, number)["delivery_id"]
    work(ready, settings)
    again = client.post(f"/v1/webhooks/{number}/deliveries/{delivery}/replay", headers=director)
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    work(ready, settings)
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert tried(deliveries(client, director, number)[0]) == [(1, 204, None), (2, 204, None)]


@sqlite_only
def test_nobody_is_told_until_the_operator_names_a_host(
    application: FastAPI, client: TestClient, director: Authorization, settings: Settings
) -> None:
    for nobody in (None, ""):
        off = {"webhook_hosts": nobody, "webhook_internal_hosts": nobody}
        application.state.settings = settings.model_copy(update=off)
        wanted = {"url": "https://journal.example/", "event_types": ["orientir.batch.finished"]}
        answer = client.post("/v1/webhooks", headers=director, json=wanted)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert "ORIENTIR_WEBHOOK_HOSTS" in answer.json()["detail"]


@sqlite_only
def test_a_school_has_so_many_at_most(client: TestClient, director: Authorization, receiver: Receiver) -> None:
    for _ in range(10):
        subscribe(client, director, receiver)
    wanted = {"url": receiver.url, "event_types": ["orientir.batch.finished"]}
    answer = client.post("/v1/webhooks", headers=director, json=wanted)
    assert (answer.status_code, answer.json()["detail"]) == (409, "У школы уже 10 подписок: удалите ненужную.")


@sqlite_only
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://stranger.example/", "host_not_allowed"),
        ("http://journal.example/", "https_only"),
        ("https://10.0.0.7/", "address_refused"),  # named by the operator, but as one of the outer world
        ("https://2130706433/", "address_refused"),
        ("https://user@journal.example/", "not_an_address"),
    ],
)
def test_addresses_that_nobody_is_told_at(client: TestClient, director: Authorization, url: str, reason: str) -> None:
    answer = client.post(
        "/v1/webhooks", headers=director, json={"url": url, "event_types": ["orientir.batch.finished"]}
    )
    assert (answer.status_code, answer.json()["reason"]) == (422, reason)
    assert url not in answer.text  # a value that was sent is never repeated


@sqlite_only
def test_an_address_the_operator_no_longer_names_is_not_called(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    number = subscribe(client, director, receiver)["webhook_id"]
    ping(client, director, number)
    work(ready, settings.model_copy(update={"webhook_internal_hosts": None}))
    assert receiver.received == []
    assert tried(deliveries(client, director, number)[0]) == [(1, None, "host_not_allowed")]


def test_after_a_move_what_waited_is_delivered_under_the_same_secret(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings,
    yard: Yard, backend: str,
) -> None:  # fmt: skip
    made = subscribe(client, director, receiver)
    ping(client, director, made["webhook_id"])
    receiver.answers = [(500, {})]
    work(ready, settings)
    url = yard.fresh("postgresql" if backend == "sqlite" and "postgresql" in BACKENDS else "sqlite")
    target = Database(url)
    move_rows(ready, settings, target)
    wait_long(target)
    work(target, settings)
    before, message = receiver.received
    assert message.headers["webhook-id"] == before.headers["webhook-id"]
    assert message.headers["webhook-signature"] == signed_by(made["secret"], message)
    with target.writing() as session:
        again = NewWebhook(url=receiver.url, event_types=["orientir.batch.finished"])
        key = read_secret_key(settings)
        second = make_webhook(session, actor=ADMIN, wanted=again, settings=settings, secret_key=key).webhook
        assert second.webhook_id == made["webhook_id"] + 1  # numbers go on where they ended
    target.close()
    yard.drop(url)


# --- what the documents say


@sqlite_only
def test_the_receiver_of_the_documents_takes_what_we_send_and_nothing_else(
    client: TestClient, director: Authorization, receiver: Receiver, ready: Database, settings: Settings
) -> None:
    page = (DATA.parent / "docs" / "api.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    told: dict[str, Any] = {}
    exec(example, told)  # noqa: S102 -- our own document
    made = subscribe(client, director, receiver)
    ping(client, director, made["webhook_id"])
    work(ready, settings)
    (message,) = receiver.received
    check = told["check"]
    assert check(made["secret"], message.headers, message.body)["id"] == message.headers["webhook-id"]
    rotated = client.post(f"/v1/webhooks/{made['webhook_id']}/rotation", headers=director, json={}).json()
    ping(client, director, made["webhook_id"])
    work(ready, settings)
    for secret in (made["secret"], rotated["secret"]):
        assert check(secret, receiver.received[1].headers, receiver.received[1].body)
    old = {**message.headers, "webhook-timestamp": str(int(message.headers["webhook-timestamp"]) - 3600)}
    for secret, headers, body in (
        (made["secret"], message.headers, message.body + b" "),
        (made["secret"], {**message.headers, "webhook-id": "evt_other"}, message.body),
        (made["secret"], old, message.body),
        (rotated["secret"], message.headers, message.body),
    ):
        with pytest.raises(ValueError, match=r"signature|old"):
            check(secret, headers, body)
