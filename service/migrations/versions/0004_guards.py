"""Guards: one decision in force a pathway; the audit can be neither replaced row by row nor emptied.

Records of the audit are sealed with the installation's key from this version on: a chain begun before is reported as
broken at its first record.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEX = "uq_decisions_in_force"


def upgrade() -> None:
    """Forwards."""
    _withdraw_all_but_the_last()
    in_force = sa.text("withdrawn_at IS NULL")
    op.create_index(
        INDEX,
        "decisions",
        ["student_id", "pathway_code"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    if op.get_bind().dialect.name == "sqlite":  # INSERT OR REPLACE deletes without asking the trigger on DELETE
        op.execute(
            "CREATE TRIGGER refuse_replace_audit_records BEFORE INSERT ON audit_records "
            "WHEN EXISTS (SELECT 1 FROM audit_records WHERE audit_id = NEW.audit_id) "
            "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_truncate_audit_records() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER refuse_truncate_audit_records BEFORE TRUNCATE ON audit_records "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate_audit_records()"
    )


def downgrade() -> None:
    """Backwards."""
    op.drop_index(INDEX, table_name="decisions")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER refuse_replace_audit_records")
        return
    op.execute("DROP TRIGGER refuse_truncate_audit_records ON audit_records")
    op.execute("DROP FUNCTION refuse_truncate_audit_records")


def _withdraw_all_but_the_last() -> None:
    """Two people at once could leave two decisions in force about the same pathway: the later one stays."""
    op.execute(
        "UPDATE decisions SET withdrawn_at = decided_at WHERE withdrawn_at IS NULL AND EXISTS ("
        "SELECT 1 FROM decisions AS later WHERE later.student_id = decisions.student_id "
        "AND later.pathway_code = decisions.pathway_code AND later.withdrawn_at IS NULL "
        "AND later.decision_id > decisions.decision_id)"
    )
