"""Consents with their history, aliases in the audit trail, acts of erasures.

Records of the audit made before keep the pseudonym: they cannot be changed. New ones name a student by an alias.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("class_members", sa.Column("consent_naming", sa.Boolean(), server_default=sa.false(), nullable=False))
    _consent_records()
    _audit_aliases()
    _erasures()
    op.create_index(op.f("ix_audit_records_subject"), "audit_records", ["subject"])


def downgrade() -> None:
    """Backwards."""
    op.drop_index(op.f("ix_audit_records_subject"), table_name="audit_records")
    for table in ("erasures", "audit_aliases", "consent_records"):
        op.drop_table(table)
    op.drop_column("class_members", "consent_naming")


def _of_a_student(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_student_id_students")
    return sa.ForeignKeyConstraint(["student_id"], ["students.student_id"], name=name, ondelete="CASCADE")


def _consent_records() -> None:
    op.create_table(
        "consent_records",
        sa.Column("consent_record_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.String(length=7), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('testing', 'recommending', 'learning', 'naming')", name=op.f("ck_consent_records_purpose")
        ),
        sa.CheckConstraint("origin IN ('person', 'roster')", name=op.f("ck_consent_records_origin")),
        sa.CheckConstraint("given_on IS NOT NULL OR withdrawn_on IS NOT NULL", name=op.f("ck_consent_records_dated")),
        _of_a_student("consent_records"),
        sa.PrimaryKeyConstraint("consent_record_id", name=op.f("pk_consent_records")),
    )
    op.create_index(op.f("ix_consent_records_student_id"), "consent_records", ["student_id"])


def _audit_aliases() -> None:
    op.create_table(
        "audit_aliases",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("alias", sa.String(length=64), nullable=False),
        _of_a_student("audit_aliases"),
        sa.PrimaryKeyConstraint("student_id", name=op.f("pk_audit_aliases")),
        sa.UniqueConstraint("alias", name=op.f("uq_audit_aliases_alias")),
    )


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.Integer(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("school_code", sa.String(length=64), nullable=False),
        sa.Column("ground", sa.String(length=16), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=True),
        sa.Column("pseudonym_digest", sa.String(length=64), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("was_learned_from", sa.Boolean(), nullable=False),
        sa.Column("scrubbed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ground IN ('request', 'consent', 'retention', 'mistake')", name=op.f("ck_erasures_ground")),
        sa.ForeignKeyConstraint(["school_code"], ["schools.school_code"], name=op.f("fk_erasures_school_code_schools")),
        sa.PrimaryKeyConstraint("erasure_id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("pseudonym_digest", name=op.f("uq_erasures_pseudonym_digest")),
    )
    op.create_index(op.f("ix_erasures_school_code"), "erasures", ["school_code"])
