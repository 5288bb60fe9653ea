"""Tables of events: what happened that others are told of, who is told, and how far that is."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.columns import Table, one_of


class Event(Table):
    """What happened, in codes and counts, written with its cause; its number is that of the deed in the audit."""

    __tablename__ = "events"
    __table_args__ = (
        one_of(
            "event_type",
            "orientir.edition.published",
            "orientir.version.promoted",
            "orientir.batch.finished",
            "orientir.import.finished",
            "orientir.ping",
        ),
    )
    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_code: Mapped[str] = mapped_column(unique=True)  # what receivers know it by; a restored copy repeats none
    event_type: Mapped[str]
    school_code: Mapped[str | None] = mapped_column(sa.ForeignKey("schools.school_code"), index=True)  # None: for all
    subject: Mapped[str] = mapped_column(sa.String(128))
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    data: Mapped[dict[str, Any]]


class Webhook(Table):
    """An address of a school's system and what it is told of. Its secret is derived from the salt, and never kept."""

    __tablename__ = "webhooks"
    __table_args__ = (one_of("state", "active", "paused", "disabled"),)
    webhook_id: Mapped[int] = mapped_column(primary_key=True)
    school_code: Mapped[str] = mapped_column(sa.ForeignKey("schools.school_code"), index=True)
    url: Mapped[str] = mapped_column(sa.Text)
    event_types: Mapped[tuple[str, ...]]
    state: Mapped[str] = mapped_column(sa.String(16))
    salt: Mapped[str]
    former_salt: Mapped[str | None]  # of the secret before, which signs besides until the moment below
    former_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    failure_count: Mapped[int] = mapped_column(server_default=sa.text("0"))  # deliveries given up in a row
    failing_since: Mapped[datetime | None]


class Delivery(Table):
    """One event on its way to one webhook."""

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("state", "waiting", "delivered", "failed"),
        sa.UniqueConstraint("webhook_id", "event_id"),
        sa.Index("ix_deliveries_state_due_at", "state", "due_at"),
    )
    delivery_id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhooks.webhook_id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.event_id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(sa.String(16))
    due_at: Mapped[datetime]
    attempt_count: Mapped[int] = mapped_column(server_default=sa.text("0"))
    attempt_limit: Mapped[int]  # after so many attempts it is given up; a replay allows more


class DeliveryAttempt(Table):
    """One attempt, noted before it is made; without an end, nobody knows whether it arrived."""

    __tablename__ = "delivery_attempts"
    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("deliveries.delivery_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    status: Mapped[int | None]  # that the receiver answered
    fault: Mapped[str | None] = mapped_column(sa.String(32))  # code of what went wrong; None: it arrived
