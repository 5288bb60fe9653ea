"""A row of a document that a person left out of the list."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None
NAME, BEFORE = "ck_demand_draft_lines_status", "status IN ('accepted', 'confirm', 'unknown', 'decided')"


def upgrade() -> None:
    """Forwards."""
    _change_statuses("status IN ('accepted', 'confirm', 'unknown', 'decided', 'left_out')")


def downgrade() -> None:
    """Backwards: somebody decides again."""
    op.execute("UPDATE demand_draft_lines SET status = 'unknown' WHERE status = 'left_out'")
    _change_statuses(BEFORE)


def _change_statuses(allowed: str) -> None:
    with op.batch_alter_table("demand_draft_lines") as lines:
        lines.drop_constraint(op.f(NAME), type_="check")
        lines.create_check_constraint(op.f(NAME), allowed)
