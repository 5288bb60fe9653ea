"""Lists of many students asked for at once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("school_code", sa.String(64), nullable=True),
        sa.Column("class_id", sa.String(64), nullable=True),
        sa.Column("file_format", sa.String(8), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("demand_strength", sa.Double(), nullable=False),
        sa.Column("since_revision", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("model_version", sa.String(64), nullable=True),
        sa.Column("edition_code", sa.String(64), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("student_count", sa.Integer(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column("checksum", sa.String(64), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("scope IN ('class', 'school', 'region')", name=op.f("ck_batches_scope")),
        sa.CheckConstraint(
            "file_format IN ('ndjson', 'csv', 'xlsx', 'parquet', 'sqlite')", name=op.f("ck_batches_file_format")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], "fk_batches_job_id"),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batches"),
    )
    op.create_index("ix_batches_job_id", "batches", ["job_id"])
    op.create_index("ix_batches_school_code", "batches", ["school_code"])


def downgrade() -> None:
    """Backwards."""
    op.drop_table("batches")
