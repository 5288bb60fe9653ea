"""Surveys that a class fills in the browser."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "survey_rounds",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.String(64), nullable=False),
        sa.Column("survey", sa.String(16), nullable=False),
        sa.Column("code", sa.String(16), nullable=True),
        sa.Column("surveyed_on", sa.Date(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("opened_by", sa.String(64), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("taken_count", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "survey IN ('profile', 'exams', 'electives', 'interests')", name=op.f("ck_survey_rounds_survey")
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_classes.class_id"], name=op.f("fk_survey_rounds_class_id_school_classes")
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_survey_rounds")),
        sa.UniqueConstraint("code", name=op.f("uq_survey_rounds_code")),
    )
    op.create_index(op.f("ix_survey_rounds_class_id"), "survey_rounds", ["class_id"])
    op.create_table(
        "survey_sheets",
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(16), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["survey_rounds.round_id"], name=op.f("fk_survey_sheets_round_id_survey_rounds"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name=op.f("fk_survey_sheets_student_id_students"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sheet_id", name=op.f("pk_survey_sheets")),
        sa.UniqueConstraint("round_id", "student_id", name=op.f("uq_survey_sheets_round_id_student_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_survey_sheets_student_id"), "survey_sheets", ["student_id"])


def downgrade() -> None:
    """Backwards."""
    op.drop_table("survey_sheets")
    op.drop_table("survey_rounds")
