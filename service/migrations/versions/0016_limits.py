"""Whether a counsellor is limited to named classes is said of the person; it no longer follows from there being any.

Who has classes is limited, who has none sees the whole school, as before. The column is added in the words of both
databases, with its check: SQLite would otherwise make the table of people anew, and what hangs on it would go.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.execute(
        "ALTER TABLE users ADD COLUMN is_limited BOOLEAN DEFAULT false NOT NULL "
        "CONSTRAINT ck_users_is_limited CHECK (role = 'counsellor' OR NOT is_limited)"
    )
    op.execute("UPDATE users SET is_limited = true WHERE user_id IN (SELECT user_id FROM user_classes)")


def downgrade() -> None:
    """Backwards: who is limited to no class could see the whole school there, so the door is closed instead."""
    op.execute(
        "UPDATE users SET dismissed_at = CURRENT_TIMESTAMP WHERE is_limited AND dismissed_at IS NULL "
        "AND user_id NOT IN (SELECT user_id FROM user_classes)"
    )
    op.execute("ALTER TABLE users DROP COLUMN is_limited")
