"""A sign-in that nobody uses is over before its time; those of before keep theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("user_sessions", sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE user_sessions SET quiet_until = expires_at")
    with op.batch_alter_table("user_sessions") as sessions:
        sessions.alter_column("quiet_until", nullable=False)


def downgrade() -> None:
    """Backwards."""
    with op.batch_alter_table("user_sessions") as sessions:
        sessions.drop_column("quiet_until")
