"""Each student carries the number of the deed that last changed what is known; the last import of a table is found."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("students", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_students_revision", "students", ["revision"])
    op.create_index("ix_import_runs_table_name", "import_runs", ["table_name", "import_run_id"])


def downgrade() -> None:
    """Backwards."""
    op.drop_index("ix_import_runs_table_name", "import_runs")
    op.drop_index("ix_students_revision", "students")
    op.drop_column("students", "revision")
