"""A school's system that is told of events: fixtures and words of the tests about it."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.clock import now
from service.db import Database
from service.demand.actions import publish_edition
from service.events.due import enqueue_due
from service.imports.vocabularies import ImportTools
from service.jobs.actions import DELIVERING
from service.jobs.leases import claim_job
from service.settings import Settings
from service.tables import Delivery, Event, Table
from service.worker import Stopping, do_next
from tests.service.conftest import Authorization
from tests.service.receiver import Received, Receiver, listening
from tests.service.test_demand import edition

SignIn = Callable[[str], Authorization]
GiveKey = Callable[..., Authorization]
ALL = ["edition.published", "version.promoted", "batch.finished", "import.finished"]
ANOTHER_LIST = edition("krasnodar-2024H2", "2024-09-01", "1,Сварщик,15.01.05,5,,current")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The system of school 1."""
    with listening() as receiver:
        yield receiver


@pytest.fixture
def settings(settings: Settings, receiver: Receiver, tmp_path: Path) -> Settings:
    """The operator has named the receiver; files of batches in a folder of the test's own."""
    key = tmp_path / "own" / "secret.key"
    key.parent.mkdir()
    key.write_bytes(settings.secret_key_file.read_bytes())
    return settings.model_copy(
        update={
            "webhook_hosts": "journal.example, 10.0.0.7, 2130706433",
            "webhook_internal_hosts": receiver.host,
            "secret_key_file": key,
        }
    )


@pytest.fixture
def director(sign_in: SignIn) -> Authorization:
    """The administrator of school 1."""
    return sign_in("director")


def subscribe(client: TestClient, director: Authorization, receiver: Receiver, *types: str) -> dict[str, Any]:
    """Have the receiver told of these types, or of all."""
    wanted = {"url": receiver.url, "event_types": [f"orientir.{each}" for each in types or ALL]}
    answer = client.post("/v1/webhooks", headers=director, json=wanted)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def work(database: Database, settings: Settings) -> None:
    """A worker delivers what is due."""
    while True:
        with database.writing() as session:
            enqueue_due(session)
            lease = claim_job(session, kinds=(DELIVERING,), seconds=settings.job_lease_seconds)
        if lease is None:
            return
        do_next(database, settings, lease, Stopping())


def wait_long(database: Database) -> None:
    """Time passes: whatever waits is due."""
    with database.writing() as session:
        session.execute(sa.update(Delivery).where(Delivery.state == "waiting").values(due_at=now()))


def ping(client: TestClient, director: Authorization, number: int) -> dict[str, Any]:
    """Ask for a test delivery."""
    answer = client.post(f"/v1/webhooks/{number}/ping", headers=director)
    assert answer.status_code == 202, answer.text
    row: dict[str, Any] = answer.json()
    return row


def deliveries(client: TestClient, director: Authorization, number: int) -> list[dict[str, Any]]:
    """As its administrator sees them."""
    rows: list[dict[str, Any]] = client.get(f"/v1/webhooks/{number}/deliveries", headers=director).json()["deliveries"]
    return rows


def tried(delivery: dict[str, Any]) -> list[tuple[int, int | None, str | None]]:
    """Attempts of a delivery: number, status, fault."""
    return [(each["attempt"], each["status"], each["fault"]) for each in delivery["attempts"]]


def signed_by(secret: str, message: Received) -> str:
    """The signature as the specification says, worked out here."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = message.headers["webhook-id"] + "." + message.headers["webhook-timestamp"] + "."
    return "v1," + base64.b64encode(hmac.new(key, text.encode() + message.body, hashlib.sha256).digest()).decode()


def publish(database: Database, settings: Settings, tools: ImportTools, then: Exception | None = None) -> None:
    """The operator publishes another list; `then` something else goes wrong in the same transaction."""
    with database.writing() as session:
        publish_edition(
            session, actor=OPERATOR, content=ANOTHER_LIST, reference=tools.reference, settings=settings,
            although="проба",
        )  # fmt: skip
        if then is not None:
            raise then


def event_types(database: Database) -> list[str]:
    """Of all events, the earliest first."""
    with database.reading() as session:
        return list(session.scalars(sa.select(Event.event_type).order_by(Event.event_id)))


def stored_of_events(database: Database) -> str:
    """Every cell of the four tables."""
    with database.reading() as session:
        return "\n".join(
            str(tuple(row))
            for name in ("events", "webhooks", "deliveries", "delivery_attempts")
            for row in session.execute(sa.select(Table.metadata.tables[name]))
        )
