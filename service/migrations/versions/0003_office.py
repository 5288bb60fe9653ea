"""Office: accounts, sessions, keys, audit, imports, showings, decisions."""

import sqlalchemy as sa
from alembic import op

from service.migrations.guards import allow_change, refuse_change

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    _audit_records()
    _import_runs()
    _api_keys()
    _users()
    _decisions()
    _showings()
    _user_sessions()
    for deed in ("update", "delete"):
        refuse_change("audit_records", deed, "the audit is only added to")


def downgrade() -> None:
    """Backwards."""
    for deed in ("update", "delete"):
        allow_change("audit_records", deed)
    op.drop_table("user_sessions")
    op.drop_table("showings")
    op.drop_table("decisions")
    op.drop_table("users")
    op.drop_table("api_keys")
    op.drop_table("import_runs")
    op.drop_table("audit_records")


def _audit_records() -> None:
    op.create_table(
        "audit_records",
        sa.Column("audit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("deed", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("record_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit_records"),
    )


def _import_runs() -> None:
    op.create_table(
        "import_runs",
        sa.Column("import_run_id", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("school_code", sa.String(length=64), nullable=True),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("added_count", sa.Integer(), nullable=False),
        sa.Column("changed_count", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("import_run_id", name="pk_import_runs"),
    )


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("school_code", sa.String(length=64), nullable=False),
        sa.Column("verbs", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["school_code"], ["schools.school_code"], name="fk_api_keys_school_code"),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("school_code", sa.String(length=64), nullable=True),
        sa.Column("failure_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('counsellor', 'school_admin', 'methodologist', 'regional_admin')", name="ck_users_role"
        ),
        sa.ForeignKeyConstraint(["school_code"], ["schools.school_code"], name="fk_users_school_code"),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("pathway_code", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("decision IN ('accepted', 'declined', 'pinned')", name="ck_decisions_decision"),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_decisions_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_student_id", "decisions", ["student_id"], unique=False)


def _showings() -> None:
    op.create_table(
        "showings",
        sa.Column("showing_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("edition_code", sa.String(length=64), nullable=True),
        sa.Column("demand_strength", sa.Double(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_showings_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("showing_id", name="pk_showings"),
    )
    op.create_index("ix_showings_student_id", "showings", ["student_id"], unique=False)


def _user_sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_user_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", name="pk_user_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"], unique=False)
