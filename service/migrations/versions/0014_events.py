"""Events, who is told of them, deliveries with their attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TYPES = (
    "'orientir.edition.published', 'orientir.version.promoted', 'orientir.batch.finished', "
    "'orientir.import.finished', 'orientir.ping'"
)


def upgrade() -> None:
    """Forwards."""
    _events()
    _webhooks()
    _deliveries()


def downgrade() -> None:
    """Backwards."""
    for table in ("delivery_attempts", "deliveries", "webhooks", "events"):
        op.drop_table(table)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_code", sa.String(64), nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("school_code", sa.String(64), nullable=True),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.CheckConstraint(f"event_type IN ({TYPES})", name=op.f("ck_events_event_type")),
        sa.ForeignKeyConstraint(["school_code"], ["schools.school_code"], name=op.f("fk_events_school_code_schools")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_events")),
        sa.UniqueConstraint("event_code", name=op.f("uq_events_event_code")),
    )
    op.create_index(op.f("ix_events_school_code"), "events", ["school_code"])
    op.create_index(op.f("ix_events_occurred_at"), "events", ["occurred_at"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("school_code", sa.String(64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("event_types", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("former_salt", sa.String(64), nullable=True),
        sa.Column("former_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("failure_count", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused', 'disabled')", name=op.f("ck_webhooks_state")),
        sa.ForeignKeyConstraint(["school_code"], ["schools.school_code"], name=op.f("fk_webhooks_school_code_schools")),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_school_code"), "webhooks", ["school_code"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("attempt_limit", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_deliveries_state")),
        _goes_with("deliveries", "webhook_id", "webhooks"),
        _goes_with("deliveries", "event_id", "events"),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_deliveries_webhook_id_event_id")),
    )
    op.create_index(op.f("ix_deliveries_event_id"), "deliveries", ["event_id"])
    op.create_index("ix_deliveries_state_due_at", "deliveries", ["state", "due_at"])
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(32), nullable=True),
        _goes_with("delivery_attempts", "delivery_id", "deliveries"),
        sa.PrimaryKeyConstraint("delivery_id", "attempt", name=op.f("pk_delivery_attempts")),
    )


def _goes_with(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.{column}"], name=name, ondelete="CASCADE")
