"""Region: installation, reference, places, pathways, demand, models."""

import sqlalchemy as sa
from alembic import op

from service.migrations.guards import allow_change, refuse_change

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    _demand_editions()
    _hosts()
    _installation()
    _model_versions()
    _pathway_offers()
    _reference_codes()
    _schools()
    _active_model()
    _demand_entries()
    for table in ("demand_editions", "demand_entries"):
        refuse_change(table, "update", "an edition is never changed")


def downgrade() -> None:
    """Backwards."""
    for table in ("demand_editions", "demand_entries"):
        allow_change(table, "update")
    op.drop_table("demand_entries")
    op.drop_table("active_model")
    op.drop_table("schools")
    op.drop_table("reference_codes")
    op.drop_table("pathway_offers")
    op.drop_table("model_versions")
    op.drop_table("installation")
    op.drop_table("hosts")
    op.drop_table("demand_editions")


def _demand_editions() -> None:
    op.create_table(
        "demand_editions",
        sa.Column("edition_code", sa.String(length=64), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("illustrative", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("edition_code", name="pk_demand_editions"),
        sa.UniqueConstraint("checksum", name="uq_demand_editions_checksum"),
    )


def _hosts() -> None:
    op.create_table(
        "hosts",
        sa.Column("host_code", sa.String(length=64), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("host_kind", sa.String(length=16), nullable=False),
        sa.Column("x_km", sa.Double(), nullable=True),
        sa.Column("y_km", sa.Double(), nullable=True),
        sa.CheckConstraint("host_kind IN ('college', 'enterprise', 'online')", name="ck_hosts_host_kind"),
        sa.PrimaryKeyConstraint("host_code", name="pk_hosts"),
    )


def _installation() -> None:
    op.create_table(
        "installation",
        sa.Column("installation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("region_code", sa.String(length=64), nullable=False),
        sa.Column("region_title", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reference_checksum", sa.String(length=64), nullable=True),
        sa.CheckConstraint("installation_id = 1", name="ck_installation_one_row"),
        sa.PrimaryKeyConstraint("installation_id", name="pk_installation"),
    )


def _model_versions() -> None:
    op.create_table(
        "model_versions",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edition_code", sa.String(length=64), nullable=True),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version", name="pk_model_versions"),
    )


def _pathway_offers() -> None:
    op.create_table(
        "pathway_offers",
        sa.Column("school_year", sa.String(length=7), nullable=False),
        sa.Column("pathway_code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("programme_code", sa.String(length=64), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("host_code", sa.String(length=64), nullable=False),
        sa.Column("grades", sa.Text(), nullable=False),
        sa.Column("profiles", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("spo_codes", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("dates", sa.Text(), nullable=False),
        sa.Column("apply_until", sa.Date(), nullable=True),
        sa.Column("conditions_met", sa.Text(), nullable=False),
        sa.Column("restriction_tags", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=True),
        sa.CheckConstraint("kind IN ('profile_class', 'elective', 'career_trial')", name="ck_pathway_offers_kind"),
        sa.PrimaryKeyConstraint("school_year", "pathway_code", name="pk_pathway_offers"),
    )


def _reference_codes() -> None:
    op.create_table(
        "reference_codes",
        sa.Column("vocabulary", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("vocabulary", "code", name="pk_reference_codes"),
    )


def _schools() -> None:
    op.create_table(
        "schools",
        sa.Column("school_code", sa.String(length=64), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("x_km", sa.Double(), nullable=True),
        sa.Column("y_km", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("school_code", name="pk_schools"),
    )


def _active_model() -> None:
    op.create_table(
        "active_model",
        sa.Column("pointer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("pointer_id = 1", name="ck_active_model_one_row"),
        sa.ForeignKeyConstraint(["version"], ["model_versions.version"], name="fk_active_model_version"),
        sa.PrimaryKeyConstraint("pointer_id", name="pk_active_model"),
    )


def _demand_entries() -> None:
    op.create_table(
        "demand_entries",
        sa.Column("edition_code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("spo_codes", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("horizon", sa.String(length=24), nullable=True),
        sa.Column("vacancies", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_code"],
            ["demand_editions.edition_code"],
            name="fk_demand_entries_edition_code",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_code", "position", name="pk_demand_entries"),
    )
