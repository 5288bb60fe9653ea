"""Lists on their way to becoming editions, who published what, and jobs that commit with their cause."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.migrations.guards import allow_change, refuse_change

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEVER_CHANGED = "an edition is never changed"
UNFINISHED = sa.text("state IN ('queued', 'running')")


def _edition_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("follows", sa.Text(), server_default="", nullable=False),
        sa.Column("published_by", sa.String(length=64), server_default="operator", nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("source_name", sa.Text(), nullable=True),
        sa.Column("source_checksum", sa.String(length=64), nullable=True),
        sa.Column("source", sa.LargeBinary(), nullable=True),
    )


def _entry_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("section", sa.Text(), server_default="", nullable=False),
        sa.Column("profiles", sa.Text(), server_default="", nullable=False),
    )


def upgrade() -> None:
    """Forwards."""
    for column in _edition_columns():
        op.add_column("demand_editions", column)
    for column in _entry_columns():
        op.add_column("demand_entries", column)
    allow_change("demand_editions", "update")
    _settle_what_editions_follow()
    refuse_change("demand_editions", "update", NEVER_CHANGED)
    for table in ("demand_editions", "demand_entries"):
        refuse_change(table, "delete", NEVER_CHANGED)
    op.add_column("showings", sa.Column("discovery", sa.Boolean(), server_default=sa.false(), nullable=False))
    _demand_drafts()
    _demand_draft_lines()
    _title_decisions()
    _jobs()


def downgrade() -> None:
    """Backwards."""
    op.drop_column("showings", "discovery")
    op.drop_table("jobs")
    op.drop_table("title_decisions")
    op.drop_table("demand_draft_lines")
    op.drop_table("demand_drafts")
    for table in ("demand_editions", "demand_entries"):
        allow_change(table, "delete")
    for column in _entry_columns():
        op.drop_column("demand_entries", column.name)
    for column in _edition_columns():
        op.drop_column("demand_editions", column.name)


def _settle_what_editions_follow() -> None:
    """Until now persistence was counted from whatever was there on the day of the question."""
    editions = sa.table(
        "demand_editions",
        *(sa.column(name, sa.Text) for name in ("edition_code", "region", "follows")),
        sa.column("published_on", sa.Date),
    )
    connection = op.get_bind()
    columns = (editions.c.edition_code, editions.c.region, editions.c.published_on)
    rows = connection.execute(sa.select(*columns).order_by(editions.c.published_on, editions.c.edition_code)).all()
    before: dict[str, list[str]] = {}
    for code, region, _ in rows:
        follows = before.setdefault(region, [])
        change = sa.update(editions).where(editions.c.edition_code == code).values(follows=";".join(follows))
        connection.execute(change)
        follows.append(code)


def _demand_drafts() -> None:
    op.create_table(
        "demand_drafts",
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("edition_code", sa.String(length=64), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("illustrative", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_checksum", sa.String(length=64), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("heading_region", sa.Text(), nullable=True),
        sa.Column("ignored", sa.JSON(), nullable=False),
        sa.Column("read_by", sa.String(length=64), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(length=64), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'signed', 'published', 'discarded')", name=op.f("ck_demand_drafts_state")
        ),
        sa.PrimaryKeyConstraint("draft_id", name="pk_demand_drafts"),
    )


def _demand_draft_lines() -> None:
    op.create_table(
        "demand_draft_lines",
        sa.Column("draft_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("source_cell", sa.Text(), nullable=False),
        sa.Column("horizon", sa.String(length=24), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("vacancies", sa.Integer(), nullable=True),
        sa.Column("written_codes", sa.Text(), nullable=False),
        sa.Column("spo_codes", sa.Text(), nullable=False),
        sa.Column("profiles", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("ground", sa.String(length=64), nullable=False),
        sa.Column("doubt", sa.String(length=64), nullable=True),
        sa.Column("doubtful_codes", sa.Text(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('accepted', 'confirm', 'unknown', 'decided')", name=op.f("ck_demand_draft_lines_status")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["demand_drafts.draft_id"],
            name="fk_demand_draft_lines_draft_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("draft_id", "position", name="pk_demand_draft_lines"),
    )


def _title_decisions() -> None:
    op.create_table(
        "title_decisions",
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("spo_codes", sa.Text(), nullable=False),
        sa.Column("profiles", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("title_key", name="pk_title_decisions"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("unique_key", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=128), nullable=False),
        sa.Column("enqueued_by", sa.String(length=64), nullable=False),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_state")),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index(
        "uq_jobs_unfinished",
        "jobs",
        ["kind", "unique_key"],
        unique=True,
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )
