"""Deeds done under an `Idempotency-Key`."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "request_keys",
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("done_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("made_id", sa.Integer(), nullable=True),
        sa.Column("location", sa.String(64), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key_digest", name="pk_request_keys"),
    )
    op.create_index("ix_request_keys_expires_at", "request_keys", ["expires_at"])


def downgrade() -> None:
    """Backwards."""
    op.drop_table("request_keys")
