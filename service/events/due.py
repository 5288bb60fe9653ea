"""When something is to be delivered: what waits and is due, to webhooks that nobody works for yet."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import OPERATOR
from service.clock import now
from service.jobs.actions import DELIVERING, enqueue_job
from service.tables import Delivery, Job, Webhook

EVENTS = "events"


def is_due(moment: datetime) -> sa.ColumnElement[bool]:
    """Whether a delivery is to be tried now."""
    return sa.and_(Delivery.state == "waiting", Delivery.due_at <= moment, Webhook.state == "active")


def find_due_webhooks(session: Session) -> list[int]:
    """Webhooks that something is due to and that no job works for or waits for."""
    key = sa.literal("webhook:") + sa.cast(Webhook.webhook_id, sa.Text)
    has_job = sa.exists().where(
        Job.kind == DELIVERING, Job.unique_key == key, Job.state.in_(["queued", "running"])
    )  # one whose worker vanished is taken up by its lease
    due = sa.select(Webhook.webhook_id).join(Delivery, Delivery.webhook_id == Webhook.webhook_id)
    return list(session.scalars(due.where(is_due(now()), ~has_job).distinct().order_by(Webhook.webhook_id)))


def enqueue_due(session: Session) -> None:
    """A job for each of them: two never send to one webhook at once, and a slow one holds up no other's turn."""
    for webhook_id in find_due_webhooks(session):
        enqueue_job(session, actor=OPERATOR, kind=DELIVERING, unique_key=f"webhook:{webhook_id}", cause=EVENTS)
