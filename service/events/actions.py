"""Looking after webhooks: who is told of what, with which secret; sending again."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor, Permission, check_permission
from service.clock import now
from service.errors import ConflictError, InvalidInputError, NotFoundError, NotReadyError
from service.events.addresses import AddressError, read_target
from service.events.announcing import MAX_ATTEMPTS, PING, announce
from service.events.deliveries import get_delivery
from service.events.queries import get_webhook, visible_webhooks
from service.events.schemas import NewWebhook, WebhookChange
from service.events.sentences import FAULTS, OFF
from service.events.signing import derive_secret, new_salt, told_secret
from service.settings import Settings
from service.tables import Delivery, Webhook

MOST_OF_A_SCHOOL = 10


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A webhook and its secret, shown once: it is never kept."""

    webhook: Webhook
    secret: str


def make_webhook(
    session: Session, *, actor: Actor, wanted: NewWebhook, settings: Settings, secret_key: bytes
) -> MadeWebhook:
    """Have a school's system told of events from now on."""
    check_permission(actor, Permission.MANAGE_WEBHOOKS)
    if actor.school_code is None:
        raise NotFoundError("Подписку заводит школа.")
    host = _checked_host(wanted.url, settings)
    count = session.scalar(sa.select(sa.func.count()).select_from(visible_webhooks(actor).subquery())) or 0
    if count >= MOST_OF_A_SCHOOL:
        raise ConflictError(f"У школы уже {count} подписок: удалите ненужную.")
    row = Webhook(
        school_code=actor.school_code,
        url=wanted.url,
        event_types=tuple(sorted(set(wanted.event_types))),
        state="active",
        salt=new_salt(),
        created_at=now(),
        created_by=actor.actor_id,
    )
    session.add(row)
    session.flush()
    facts = {"host": host, "event_types": list(row.event_types)}
    audit.record(session, actor=actor, deed="webhook.made", subject=f"webhook:{row.webhook_id}", **facts)
    return MadeWebhook(row, told_secret(derive_secret(secret_key, row.salt)))


def _checked_host(url: str, settings: Settings) -> str:
    """Host of an address that may be called; never the address itself, which may hold a secret of the school's."""
    if not settings.webhook_hosts and not settings.webhook_internal_hosts:
        raise NotReadyError(OFF)
    try:
        return read_target(url, settings).host
    except AddressError as error:
        raise InvalidInputError(FAULTS[error.code], reason=error.code) from error


def change_webhook(
    session: Session, *, actor: Actor, webhook_id: int, wanted: WebhookChange, settings: Settings
) -> Webhook:
    """Another address, other types; pause, or go on: whoever goes on is no longer taken for failing."""
    check_permission(actor, Permission.MANAGE_WEBHOOKS)
    get_webhook(session, actor, webhook_id)
    facts: dict[str, object] = wanted.model_dump(exclude_none=True, exclude={"url"})
    if wanted.url is not None:
        facts["host"] = _checked_host(wanted.url, settings)
    row = _noted(session, actor, webhook_id, "webhook.changed", **facts)
    if wanted.url is not None:
        row.url = wanted.url
    if wanted.event_types is not None:
        row.event_types = tuple(sorted(set(wanted.event_types)))
    if wanted.state is not None:
        row.state = wanted.state
    if wanted.state == "active":
        row.failure_count, row.failing_since = 0, None
    session.flush()
    return row


def _noted(session: Session, actor: Actor, webhook_id: int, deed: str, **facts: object) -> Webhook:
    """Record a deed; the webhook as it is now that nobody else does another."""
    audit.record(session, actor=actor, deed=deed, subject=f"webhook:{webhook_id}", **facts)
    return get_webhook(session, actor, webhook_id)


def remove_webhook(session: Session, *, actor: Actor, webhook_id: int) -> None:
    """Tell it nothing more; its deliveries go with it."""
    check_permission(actor, Permission.MANAGE_WEBHOOKS)
    get_webhook(session, actor, webhook_id)
    session.delete(_noted(session, actor, webhook_id, "webhook.removed"))


def rotate_secret(
    session: Session, *, actor: Actor, webhook_id: int, overlap_hours: float, secret_key: bytes
) -> MadeWebhook:
    """A new secret; for the overlap messages bear the signatures of both."""
    check_permission(actor, Permission.MANAGE_WEBHOOKS)
    get_webhook(session, actor, webhook_id)
    until = now() + timedelta(hours=overlap_hours)
    row = _noted(session, actor, webhook_id, "webhook.rotated", until=until.isoformat())
    row.former_salt, row.former_until, row.salt = row.salt, until, new_salt()
    session.flush()
    return MadeWebhook(row, told_secret(derive_secret(secret_key, row.salt)))


def ping_webhook(session: Session, *, actor: Actor, webhook_id: int) -> Delivery:
    """A test: an event that says nothing, for this webhook alone."""
    check_permission(actor, Permission.MANAGE_WEBHOOKS)
    row = get_webhook(session, actor, webhook_id)
    _check_active(row)
    subject = f"webhook:{webhook_id}"
    number = audit.record(session, actor=actor, deed="webhook.pinged", subject=subject)
    announce(
        session,
        number=number,
        event_type=PING,
        subject=subject,
        data={"webhook_id": webhook_id},
        school_code=row.school_code,
        only=webhook_id,
    )
    return session.scalars(sa.select(Delivery).where(Delivery.event_id == number)).one()


def replay_delivery(session: Session, *, actor: Actor, webhook_id: int, delivery_id: int) -> Delivery:
    """Send an event again, delivered or given up: the same id, at once, with as many attempts as at first."""
    check_permission(actor, Permission.MANAGE_WEBHOOKS)
    webhook = get_webhook(session, actor, webhook_id)
    row = get_delivery(session, webhook, delivery_id)
    _check_active(webhook)
    _noted(session, actor, webhook_id, "webhook.replayed", delivery_id=delivery_id)
    if not _send_again(session, Delivery.delivery_id == delivery_id):
        raise NotFoundError("Такой доставки нет.", delivery_id=delivery_id)  # it has just gone
    session.refresh(row)
    return row


def replay_failed(session: Session, *, actor: Actor, webhook_id: int) -> int:
    """Take a webhook up again and send it whatever was given up; how many deliveries that is."""
    check_permission(actor, Permission.MANAGE_WEBHOOKS)
    get_webhook(session, actor, webhook_id)
    row = _noted(session, actor, webhook_id, "webhook.retried")
    row.state, row.failure_count, row.failing_since = "active", 0, None
    return _send_again(session, sa.and_(Delivery.webhook_id == webhook_id, Delivery.state == "failed"))


def _send_again(session: Session, which: sa.ColumnElement[bool]) -> int:
    """In one statement, since an attempt may be noted at this moment; how many."""
    again = {"state": "waiting", "due_at": now(), "attempt_limit": Delivery.attempt_count + MAX_ATTEMPTS}
    return len(session.scalars(sa.update(Delivery).where(which).values(again).returning(Delivery.delivery_id)).all())


def _check_active(row: Webhook) -> None:
    if row.state != "active":
        raise ConflictError("Подписка приостановлена или отключена: сначала возобновите её.", state=row.state)
