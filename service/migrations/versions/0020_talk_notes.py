"""Notes of talks with a student: what was said, the next step and its day."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "talk_notes",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("asked_by_parents", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint("(next_step IS NULL) = (due_on IS NULL)", name=op.f("ck_talk_notes_due_on")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name=op.f("fk_talk_notes_student_id_students"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_talk_notes")),
    )
    op.create_index(op.f("ix_talk_notes_student_id"), "talk_notes", ["student_id"])


def downgrade() -> None:
    """Backwards."""
    op.drop_table("talk_notes")
