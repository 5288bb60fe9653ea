"""What a version was compared with when it was trained."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards; older versions have no gate and say so."""
    op.add_column("model_versions", sa.Column("gate", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Backwards."""
    op.drop_column("model_versions", "gate")
