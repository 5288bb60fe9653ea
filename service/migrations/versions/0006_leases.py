"""Leases of jobs: one may wait while another of the same key runs; a running one can be asked to stop."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NEW = {"uq_jobs_queued": "state = 'queued'", "uq_jobs_running": "state = 'running'"}
OLD = {"uq_jobs_unfinished": "state IN ('queued', 'running')"}


def upgrade() -> None:
    """Forwards."""
    for name in ("started_at", "cancel_asked_at"):
        op.add_column("jobs", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    _replace(OLD, NEW)


def downgrade() -> None:
    """Backwards: of two of a key the one that waits stays, since it is about the newer cause."""
    op.execute(
        "UPDATE jobs SET state = 'cancelled', finished_at = COALESCE(started_at, enqueued_at) "
        "WHERE state = 'running' AND EXISTS (SELECT 1 FROM jobs AS waiting WHERE waiting.kind = jobs.kind "
        "AND waiting.unique_key = jobs.unique_key AND waiting.state = 'queued')"
    )
    _replace(NEW, OLD)
    for name in ("cancel_asked_at", "started_at"):
        op.drop_column("jobs", name)


def _replace(before: dict[str, str], after: dict[str, str]) -> None:
    for name in before:
        op.drop_index(name, table_name="jobs")
    for name, state in after.items():
        where = sa.text(state)
        op.create_index(name, "jobs", ["kind", "unique_key"], unique=True, sqlite_where=where, postgresql_where=where)
