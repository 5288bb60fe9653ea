"""People who sign in by the municipality's identity provider, and sign-ins that are under way there."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards: in the words of both databases, as 0016 says why."""
    op.execute(
        "ALTER TABLE users ADD COLUMN signs_in_by VARCHAR(16) DEFAULT 'password' NOT NULL "
        "CONSTRAINT ck_users_signs_in_by CHECK (signs_in_by IN ('password', 'provider'))"
    )
    op.create_table(
        "sign_in_requests",
        sa.Column("state_digest", sa.String(64), nullable=False),
        sa.Column("browser_digest", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_digest", name="pk_sign_in_requests"),
    )
    op.create_index("ix_sign_in_requests_expires_at", "sign_in_requests", ["expires_at"])


def downgrade() -> None:
    """Backwards: whoever had no password has none there either, until a temporary one is given."""
    op.drop_table("sign_in_requests")
    op.execute("ALTER TABLE users DROP COLUMN signs_in_by")
