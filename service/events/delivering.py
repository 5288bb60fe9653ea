"""Sending what is due to one webhook: each attempt is noted before it is made, and what became of it after."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import OPERATOR
from service.clock import now
from service.db import Database
from service.events.addresses import AddressError, read_target
from service.events.announcing import MAX_ATTEMPTS
from service.events.due import is_due
from service.events.queries import cloud_event, source_of
from service.events.sending import Outcome, post
from service.events.signing import derive_secret, sign
from service.jobs.doing import Held
from service.settings import Settings, read_secret_key
from service.tables import Delivery, DeliveryAttempt, Event, Webhook

A_TURN = 10  # deliveries; then others get theirs
FIRST_PAUSE = timedelta(minutes=1)  # and three times as long after each: 1, 3, 9, 27, 81 minutes, 4 and 12 hours
JITTER = 0.2  # so that schools that were cut off together do not all come back at once
FAILURES_BEFORE_DISABLED = 10  # deliveries given up in a row
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
AGENT = "Orientir"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that has been noted and is now to be made."""

    webhook_id: int
    delivery_id: int
    number: int
    url: str
    headers: dict[str, str]
    body: bytes


def pause_after(attempt: int, chance: float) -> timedelta:
    """How long to wait after an attempt of a round, counted from 1; `chance` between 0 and 1 is the luck of the draw.

    >>> [str(pause_after(attempt, 0.5)) for attempt in (1, 2, 7)]
    ['0:01:00', '0:03:00', '12:09:00']
    >>> str(pause_after(1, 0.0)), str(pause_after(1, 1.0))
    ('0:00:48', '0:01:12')
    """
    return FIRST_PAUSE * 3 ** (attempt - 1) * (1 + JITTER * (2 * chance - 1))


def deliver_held(database: Database, held: Held, *, settings: Settings, webhook_id: int) -> str:
    """Do the job of a webhook: deliver what is due, the earliest first; what is left over becomes another job."""
    key, arrived = read_secret_key(settings), 0
    for turn in range(A_TURN):
        held.report(turn / A_TURN)
        with database.writing() as session:
            attempt = begin_attempt(session, webhook_id, key)
        if attempt is None:
            break
        outcome = make_attempt(attempt, settings)
        with database.writing() as session:
            is_hopeless = note_outcome(session, attempt, outcome)
        if is_hopeless:
            with database.writing() as session:
                disable_webhook(session, webhook_id, outcome)
        arrived += outcome.fault is None
    result = f"delivered {arrived}"
    with database.writing() as session:
        held.finish(session, result=result)
    return result


def begin_attempt(session: Session, webhook_id: int, key: bytes) -> Attempt | None:
    """Note that the earliest due delivery is about to be tried, and when again if nothing more is heard of it."""
    webhook = _locked(session, webhook_id)
    delivery = _find_due(session, webhook) if webhook is not None else None
    if webhook is None or delivery is None:
        return None
    moment = now()
    delivery.attempt_count += 1
    of_round = MAX_ATTEMPTS - (delivery.attempt_limit - delivery.attempt_count)
    delivery.due_at = moment + pause_after(of_round, secrets.SystemRandom().random())
    number = delivery.attempt_count
    session.add(DeliveryAttempt(delivery_id=delivery.delivery_id, attempt=number, begun_at=moment))
    event = session.get_one(Event, delivery.event_id)
    body = cloud_event(event, source_of(session)).model_dump_json().encode()
    headers = {"content-type": CONTENT_TYPE, "user-agent": AGENT, **_signed(webhook, event, body, moment, key)}
    return Attempt(webhook_id, delivery.delivery_id, number, webhook.url, headers, body)


def _locked(session: Session, webhook_id: int) -> Webhook | None:
    """The webhook before any of its deliveries, in every transaction: nobody waits in a circle."""
    query = sa.select(Webhook).where(Webhook.webhook_id == webhook_id).with_for_update(key_share=True)
    return session.scalars(query).one_or_none()


def _find_due(session: Session, webhook: Webhook) -> Delivery | None:
    """The earliest due delivery; one whose last attempt broke off is given up, nobody knows how it ended."""
    due = sa.select(Delivery).join(Webhook, Webhook.webhook_id == Delivery.webhook_id)
    mine = due.where(Delivery.webhook_id == webhook.webhook_id, is_due(now())).order_by(Delivery.event_id)
    earliest = mine.limit(1).with_for_update(of=Delivery)
    while (delivery := session.scalars(earliest).one_or_none()) is not None:
        if delivery.attempt_count < delivery.attempt_limit:
            return delivery
        _give_up(webhook, delivery)
    return None


def _signed(webhook: Webhook, event: Event, body: bytes, moment: datetime, key: bytes) -> dict[str, str]:
    """Headers that say which message this is, when it is sent, and that it is ours."""
    secrets_in_force = [derive_secret(key, webhook.salt)]
    if webhook.former_salt is not None and webhook.former_until is not None and webhook.former_until > moment:
        secrets_in_force.append(derive_secret(key, webhook.former_salt))
    timestamp = int(moment.timestamp())
    return {
        "webhook-id": event.event_code,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets_in_force, code=event.event_code, timestamp=timestamp, body=body),
    }


def make_attempt(attempt: Attempt, settings: Settings) -> Outcome:
    """Send, if the operator still allows the address."""
    try:
        target = read_target(attempt.url, settings)
    except AddressError as error:
        return Outcome(None, error.code)
    return post(target, headers=attempt.headers, body=attempt.body)


def note_outcome(session: Session, attempt: Attempt, outcome: Outcome) -> bool:
    """Write down what became of an attempt, of a webhook that was removed nothing; whether it should be left alone."""
    webhook = _locked(session, attempt.webhook_id)
    delivery = session.get(Delivery, attempt.delivery_id, with_for_update=True)  # it may be asked for again right now
    if webhook is None or delivery is None:
        return False
    row = session.get_one(DeliveryAttempt, (attempt.delivery_id, attempt.number))
    row.ended_at, row.status, row.fault = now(), outcome.status, outcome.fault
    if outcome.fault is None:
        delivery.state = "delivered"
        webhook.failure_count, webhook.failing_since = 0, None
        return False
    is_over = delivery.attempt_count >= delivery.attempt_limit or outcome.fault == "gone"
    if delivery.attempt_count == attempt.number and is_over:
        _give_up(webhook, delivery)
    return outcome.fault == "gone" or webhook.failure_count >= FAILURES_BEFORE_DISABLED


def _give_up(webhook: Webhook, delivery: Delivery) -> None:
    delivery.state = "failed"
    webhook.failure_count += 1
    webhook.failing_since = webhook.failing_since or now()


def disable_webhook(session: Session, webhook_id: int, outcome: Outcome) -> None:
    """Leave a receiver alone that wants no more, or that took nothing for long; its school takes it up again."""
    active = sa.update(Webhook).where(Webhook.webhook_id == webhook_id, Webhook.state == "active")
    audit.record(session, actor=OPERATOR, deed="webhook.disabled", subject=f"webhook:{webhook_id}", fault=outcome.fault)
    session.execute(active.values(state="disabled"))
