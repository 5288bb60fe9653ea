"""Deliveries of a webhook, attempt by attempt, as its school reads them."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import NotFoundError
from service.events.schemas import AttemptRow, DeliveryRow
from service.events.sentences import said_of_attempt
from service.tables import Delivery, DeliveryAttempt, Event, Webhook


def get_delivery(session: Session, webhook: Webhook, delivery_id: int) -> Delivery:
    """A delivery to this webhook; one to another is absent."""
    row = session.get(Delivery, delivery_id, populate_existing=True)
    if row is None or row.webhook_id != webhook.webhook_id:
        raise NotFoundError("Такой доставки нет.", delivery_id=delivery_id)
    return row


def list_deliveries(session: Session, webhook: Webhook, *, limit: int) -> list[DeliveryRow]:
    """The newest deliveries of a webhook."""
    query = sa.select(Delivery).where(Delivery.webhook_id == webhook.webhook_id)
    return delivery_rows(session, session.scalars(query.order_by(Delivery.delivery_id.desc()).limit(limit)).all())


def delivery_rows(session: Session, deliveries: Sequence[Delivery]) -> list[DeliveryRow]:
    """Deliveries as they are shown, with events and attempts read at once for all."""
    numbers = [delivery.delivery_id for delivery in deliveries]
    events = {
        event.event_id: event
        for event in session.scalars(
            sa.select(Event).where(Event.event_id.in_({delivery.event_id for delivery in deliveries}))
        )
    }
    attempts: dict[int, list[AttemptRow]] = {number: [] for number in numbers}
    made = sa.select(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(numbers)).order_by(DeliveryAttempt.attempt)
    for each in session.scalars(made):
        attempts[each.delivery_id].append(
            AttemptRow(
                attempt=each.attempt,
                begun_at=each.begun_at,
                ended_at=each.ended_at,
                status=each.status,
                fault=each.fault,
                text=said_of_attempt(each.fault, is_over=each.ended_at is not None),
            )
        )
    return [
        DeliveryRow.model_validate(
            {
                "delivery_id": delivery.delivery_id,
                "event_code": events[delivery.event_id].event_code,
                "event_type": events[delivery.event_id].event_type,
                "subject": events[delivery.event_id].subject,
                "state": delivery.state,
                "due_at": delivery.due_at if delivery.state == "waiting" else None,
                "attempts": attempts[delivery.delivery_id],
            }
        )
        for delivery in deliveries
    ]
