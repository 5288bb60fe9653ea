"""Files brought in, what they changed, what their columns mean."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "intakes",
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column("school_code", sa.String(64), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("checksum", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("taking", sa.String(8), nullable=False),
        sa.Column("table_name", sa.String(64), nullable=True),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(24), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.CheckConstraint("mode IN ('check', 'apply')", name=op.f("ck_intakes_mode")),
        sa.CheckConstraint("taking IN ('all', 'good')", name=op.f("ck_intakes_taking")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name=op.f("fk_intakes_job_id_jobs")),
        sa.PrimaryKeyConstraint("intake_id", name=op.f("pk_intakes")),
    )
    op.create_index(op.f("ix_intakes_school_code"), "intakes", ["school_code"])
    op.create_index(op.f("ix_intakes_job_id"), "intakes", ["job_id"])
    _changes()
    op.create_table(
        "column_meanings",
        sa.Column("school_code", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("school_code", "signature", name=op.f("pk_column_meanings")),
    )


def _changes() -> None:
    op.create_table(
        "intake_changes",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("key_columns", sa.Text(), nullable=False),
        sa.Column("student_id", sa.String(16), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["intake_id"], ["intakes.intake_id"], name=op.f("fk_intake_changes_intake_id_intakes"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["students.student_id"],
            name=op.f("fk_intake_changes_student_id_students"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_intake_changes")),
    )
    op.create_index(op.f("ix_intake_changes_intake_id"), "intake_changes", ["intake_id"])
    op.create_index(op.f("ix_intake_changes_student_id"), "intake_changes", ["student_id"])


def downgrade() -> None:
    """Backwards."""
    for table in ("column_meanings", "intake_changes", "intakes"):
        op.drop_table(table)
