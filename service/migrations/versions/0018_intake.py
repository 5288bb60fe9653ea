"""Files brought in, what they changed, what their columns mean; admissions and hours of the guidance minimum."""

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
    _more_tables()


def _more_tables() -> None:
    op.create_table(
        "admissions",
        sa.Column("student_id", sa.String(16), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("destination", sa.String(16), nullable=False),
        sa.Column("spo_codes", sa.Text(), nullable=False),
        sa.Column("by_profile", sa.Boolean(), nullable=True),
        sa.CheckConstraint("destination IN ('college', 'university', 'other')", name=op.f("ck_admissions_destination")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name=op.f("fk_admissions_student_id_students"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "admitted_on", name=op.f("pk_admissions")),
    )
    op.create_table(
        "guidance_hours",
        sa.Column("school_code", sa.String(64), nullable=False),
        sa.Column("school_year", sa.String(7), nullable=False),
        sa.Column("class_title", sa.String(16), nullable=False),
        sa.Column("direction_code", sa.String(16), nullable=False),
        sa.Column("planned_hours", sa.Double(), nullable=True),
        sa.Column("held_hours", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_code"], ["schools.school_code"], name=op.f("fk_guidance_hours_school_code_schools")
        ),
        sa.PrimaryKeyConstraint(
            "school_code", "school_year", "class_title", "direction_code", name=op.f("pk_guidance_hours")
        ),
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
    for table in ("guidance_hours", "admissions", "column_meanings", "intake_changes", "intakes"):
        op.drop_table(table)
