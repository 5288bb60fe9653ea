"""Saying what happened, in the transaction in which it happens: kept with its cause, undone with it."""

import secrets
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.clock import now
from service.events.schemas import EventType
from service.tables import Delivery, Event, Webhook
from service.tables.columns import UtcMoment

EDITION_PUBLISHED: Final = "orientir.edition.published"
VERSION_PROMOTED: Final = "orientir.version.promoted"
BATCH_FINISHED: Final = "orientir.batch.finished"
IMPORT_FINISHED: Final = "orientir.import.finished"
PING = "orientir.ping"
EVENT_TYPES: Mapping[EventType, str] = {
    EDITION_PUBLISHED: "опубликован перечень профессий",
    VERSION_PROMOTED: "сменилась действующая модель",
    BATCH_FINISHED: "готова выгрузка",
    IMPORT_FINISHED: "загружен файл школы",
}
MAX_ATTEMPTS = 8
CODE_BYTES = 16


def announce(
    session: Session,
    *,
    number: int,
    event_type: str,
    subject: str,
    data: Mapping[str, object],
    school_code: str | None = None,
    only: int | None = None,
) -> Event:
    """Write an event and a delivery for each webhook that is told of it: of its school, or of all.

    `number` is that of the deed in the audit, whose lock is held until the commit: readers who go on from a number miss
    nothing. `data` are codes and counts, never anything about one student.
    """
    event = Event(
        event_id=number,
        event_code=f"evt_{secrets.token_hex(CODE_BYTES)}",
        event_type=event_type,
        school_code=school_code,
        subject=subject,
        occurred_at=now(),
        data=dict(data),
    )
    session.add(event)
    session.flush()
    told = sa.select(
        Webhook.webhook_id,
        sa.literal(number),
        sa.literal("waiting"),
        sa.literal(event.occurred_at, UtcMoment()),
        sa.literal(MAX_ATTEMPTS),
    ).where(Webhook.webhook_id == only if only is not None else _wants(event_type, school_code))
    columns = ["webhook_id", "event_id", "state", "due_at", "attempt_limit"]
    session.execute(sa.insert(Delivery).from_select(columns, told))
    return event


def _wants(event_type: str, school_code: str | None) -> sa.ColumnElement[bool]:
    """Webhooks that have chosen the type; who is paused is told later, who is disabled catches up."""
    listed = sa.literal(";") + sa.type_coerce(Webhook.event_types, sa.Text) + ";"
    wants = sa.and_(Webhook.state != "disabled", listed.contains(f";{event_type};", autoescape=True))
    return wants if school_code is None else sa.and_(wants, Webhook.school_code == school_code)
