"""Events, webhooks and deliveries as they are read; what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor, Role
from service.clock import now
from service.errors import NotFoundError
from service.events.announcing import EVENT_TYPES
from service.events.schemas import CloudEvent, EventTypeTitle, WebhookList, WebhookRow
from service.installation import find_installation
from service.tables import Delivery, Event, Webhook


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """Webhooks and deliveries of all schools, for whoever watches over the installation."""

    webhooks: int
    failing: int  # or disabled
    waiting: int  # deliveries
    oldest_waiting_seconds: float  # since the event


def visible_webhooks(actor: Actor) -> sa.Select[Webhook]:
    """The beginning of every query about webhooks: those of the actor's school."""
    webhooks = sa.select(Webhook)
    return webhooks if actor.role is Role.OPERATOR else webhooks.where(Webhook.school_code == actor.school_code)


def get_webhook(session: Session, actor: Actor, webhook_id: int) -> Webhook:
    """A webhook that the actor may look after, as it is now; any other is absent."""
    query = visible_webhooks(actor).where(Webhook.webhook_id == webhook_id)
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFoundError("Такой подписки нет.", webhook_id=webhook_id)
    return row


def list_webhooks(session: Session, actor: Actor) -> WebhookList:
    """Webhooks of the actor's school, and what can be chosen."""
    titles = [EventTypeTitle(event_type=name, title=title) for name, title in EVENT_TYPES.items()]
    rows = session.scalars(visible_webhooks(actor).order_by(Webhook.webhook_id))
    return WebhookList(webhooks=[webhook_row(row) for row in rows], event_types=titles)


def webhook_row(row: Webhook) -> WebhookRow:
    """A webhook as it is shown."""
    is_rotating = row.former_until is not None and row.former_until > now()
    return WebhookRow.model_validate(
        {
            "is_failing": row.failing_since is not None,
            "former_secret_until": row.former_until if is_rotating else None,
            **{name: getattr(row, name) for name in WebhookRow.model_fields if hasattr(Webhook, name)},
            "event_types": list(row.event_types),
        }
    )


def visible_events(actor: Actor) -> sa.Select[Event]:
    """The beginning of every query about events: those for all, and those of the actor's school."""
    events = sa.select(Event)
    if actor.role is Role.OPERATOR:
        return events
    return events.where(sa.or_(Event.school_code.is_(None), Event.school_code == actor.school_code))


def list_events(session: Session, actor: Actor, *, after: int, limit: int) -> Sequence[Event]:
    """Events with numbers beyond one, the earliest first."""
    query = visible_events(actor).where(Event.event_id > after).order_by(Event.event_id).limit(limit)
    return session.scalars(query).all()


def source_of(session: Session) -> str:
    """Name of this installation among all that send events."""
    installation = find_installation(session)
    return f"urn:orientir:{quote(installation.region_code, safe='')}" if installation is not None else "urn:orientir"


def cloud_event(event: Event, source: str) -> CloudEvent:
    """An event as it crosses the wire: the same bytes however often it is sent."""
    return CloudEvent(
        id=event.event_code,
        source=source,
        type=event.event_type,
        subject=event.subject,
        time=event.occurred_at,
        data=event.data,
    )


def count_deliveries(session: Session) -> DeliveryCounts:
    """How many webhooks there are and fail, what waits, and since when the oldest event waits."""
    is_failing = sa.or_(Webhook.failing_since.is_not(None), Webhook.state == "disabled")
    webhooks, failing = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((is_failing, 1), else_=0)), 0)).select_from(
            Webhook
        )
    ).one()
    waits = sa.select(sa.func.count(), sa.func.min(Event.occurred_at)).select_from(Delivery).join(Event)
    waiting, oldest = session.execute(waits.where(Delivery.state == "waiting")).one()
    seconds = (now() - oldest).total_seconds() if oldest is not None else 0.0
    return DeliveryCounts(webhooks, int(failing), waiting, seconds)
