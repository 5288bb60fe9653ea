"""Auditors, counsellors of named classes, passwords given by another, access in need, and the sealed end of the audit.

SQLite cannot change a CHECK: the table of people is made anew there, and open sessions end.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BEFORE = "role IN ('counsellor', 'school_admin', 'methodologist', 'regional_admin')"
AFTER = "role IN ('counsellor', 'school_admin', 'methodologist', 'regional_admin', 'auditor')"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    _change_roles(AFTER)
    op.add_column("users", sa.Column("password_is_temporary", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("api_keys", sa.Column("last_used_on", sa.Date(), nullable=True))
    op.create_table(
        "user_classes",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], "fk_user_classes_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_classes.class_id"], "fk_user_classes_class_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "class_id", name="pk_user_classes"),
    )
    op.create_index("ix_user_classes_class_id", "user_classes", ["class_id"])
    op.create_table(
        "broken_glass",
        sa.Column("glass_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], "fk_broken_glass_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("glass_id", name="pk_broken_glass"),
    )
    op.create_index("ix_broken_glass_user_id", "broken_glass", ["user_id"])
    op.create_table(
        "audit_head",
        sa.Column("head_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_count", sa.Integer(), nullable=False),
        sa.Column("record_hash", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.CheckConstraint("head_id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("head_id", name="pk_audit_head"),
    )


def downgrade() -> None:
    """Backwards: auditors are taken away, since the role is not known there."""
    op.drop_table("audit_head")
    op.drop_table("broken_glass")
    op.drop_table("user_classes")
    op.drop_column("api_keys", "last_used_on")
    op.drop_column("users", "password_is_temporary")
    op.execute("DELETE FROM users WHERE role = 'auditor'")
    _change_roles(BEFORE)


def _change_roles(allowed: str) -> None:
    """The name was put before itself when the table was made, in both dialects; it stays."""
    with op.batch_alter_table("users") as users:
        users.drop_constraint(op.f("ck_users_ck_users_role"), type_="check")
        users.create_check_constraint(op.f("ck_users_ck_users_role"), allowed)
