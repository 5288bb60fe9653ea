"""Students: identities apart, classes, facts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    _school_classes()
    _students()
    _answer_sheets()
    _class_members()
    _enrolments()
    _exam_results()
    _knowledge_results()
    _student_identities()
    _term_marks()
    _trial_attendances()
    _wishes()
    _scale_scores()


def downgrade() -> None:
    """Backwards."""
    op.drop_table("scale_scores")
    op.drop_table("wishes")
    op.drop_table("trial_attendances")
    op.drop_table("term_marks")
    op.drop_table("student_identities")
    op.drop_table("knowledge_results")
    op.drop_table("exam_results")
    op.drop_table("enrolments")
    op.drop_table("class_members")
    op.drop_table("answer_sheets")
    op.drop_table("students")
    op.drop_table("school_classes")


def _school_classes() -> None:
    op.create_table(
        "school_classes",
        sa.Column("class_id", sa.String(length=64), nullable=False),
        sa.Column("school_code", sa.String(length=64), nullable=False),
        sa.Column("school_year", sa.String(length=7), nullable=False),
        sa.Column("title", sa.String(length=16), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.CheckConstraint("grade BETWEEN 1 AND 11", name="ck_school_classes_grade"),
        sa.ForeignKeyConstraint(["school_code"], ["schools.school_code"], name="fk_school_classes_school_code"),
        sa.PrimaryKeyConstraint("class_id", name="pk_school_classes"),
        sa.UniqueConstraint(
            "school_code", "school_year", "title", name="uq_school_classes_school_code_school_year_title"
        ),
    )


def _students() -> None:
    op.create_table(
        "students",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("school_code", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["school_code"], ["schools.school_code"], name="fk_students_school_code"),
        sa.PrimaryKeyConstraint("student_id", name="pk_students"),
    )
    op.create_index("ix_students_school_code", "students", ["school_code"], unique=False)


def _answer_sheets() -> None:
    op.create_table(
        "answer_sheets",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("method_code", sa.String(length=16), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("answered_share", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_answer_sheets_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "method_code", "taken_on", name="pk_answer_sheets"),
    )


def _class_members() -> None:
    op.create_table(
        "class_members",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("school_year", sa.String(length=7), nullable=False),
        sa.Column("class_id", sa.String(length=64), nullable=False),
        sa.Column("consent_testing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("consent_recommending", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("consent_learning", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("conditions_needed", sa.Text(), nullable=False),
        sa.Column("restriction_tags", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["school_classes.class_id"], name="fk_class_members_class_id"),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_class_members_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "school_year", name="pk_class_members"),
    )
    op.create_index("ix_class_members_class_id", "class_members", ["class_id"], unique=False)


def _enrolments() -> None:
    op.create_table(
        "enrolments",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("pathway_code", sa.String(length=64), nullable=False),
        sa.Column("school_year", sa.String(length=7), nullable=False),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("final_mark", sa.Double(), nullable=True),
        sa.CheckConstraint("final_mark BETWEEN 2 AND 5", name="ck_enrolments_final_mark"),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_enrolments_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "pathway_code", "school_year", name="pk_enrolments"),
    )


def _exam_results() -> None:
    op.create_table(
        "exam_results",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("exam", sa.String(length=8), nullable=False),
        sa.Column("passed_on", sa.Date(), nullable=False),
        sa.Column("subject_code", sa.String(length=16), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.CheckConstraint("exam IN ('oge', 'ege')", name="ck_exam_results_exam"),
        sa.CheckConstraint("points >= 0", name="ck_exam_results_points"),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_exam_results_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "exam", "passed_on", "subject_code", name="pk_exam_results"),
    )


def _knowledge_results() -> None:
    op.create_table(
        "knowledge_results",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("subject_code", sa.String(length=16), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("points_max", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "points_max > 0 AND points >= 0 AND points <= points_max", name="ck_knowledge_results_points"
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_knowledge_results_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "taken_on", "subject_code", name="pk_knowledge_results"),
    )


def _student_identities() -> None:
    op.create_table(
        "student_identities",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("sex", sa.String(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_student_identities_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", name="pk_student_identities"),
    )


def _term_marks() -> None:
    op.create_table(
        "term_marks",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("school_year", sa.String(length=7), nullable=False),
        sa.Column("term", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_code", sa.String(length=16), nullable=False),
        sa.Column("mark", sa.Double(), nullable=False),
        sa.CheckConstraint("mark BETWEEN 2 AND 5", name="ck_term_marks_mark"),
        sa.CheckConstraint("term BETWEEN 1 AND 4", name="ck_term_marks_term"),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_term_marks_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "school_year", "term", "subject_code", name="pk_term_marks"),
    )


def _trial_attendances() -> None:
    op.create_table(
        "trial_attendances",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("pathway_code", sa.String(length=64), nullable=False),
        sa.Column("signed_up_on", sa.Date(), nullable=False),
        sa.Column("attended_on", sa.Date(), nullable=True),
        sa.Column("rating_before", sa.Integer(), nullable=True),
        sa.Column("rating_after", sa.Integer(), nullable=True),
        sa.CheckConstraint("rating_after BETWEEN 1 AND 10", name="ck_trial_attendances_rating_after"),
        sa.CheckConstraint("rating_before BETWEEN 1 AND 10", name="ck_trial_attendances_rating_before"),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_trial_attendances_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "pathway_code", "signed_up_on", name="pk_trial_attendances"),
    )


def _wishes() -> None:
    op.create_table(
        "wishes",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("survey", sa.String(length=24), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('profile', 'exam', 'elective', 'profession', 'plan')", name="ck_wishes_kind"),
        sa.CheckConstraint("rank >= 1", name="ck_wishes_rank"),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_wishes_student_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", "survey", "stated_on", "kind", "rank", name="pk_wishes"),
    )


def _scale_scores() -> None:
    op.create_table(
        "scale_scores",
        sa.Column("student_id", sa.String(length=16), nullable=False),
        sa.Column("method_code", sa.String(length=16), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("scale", sa.String(length=64), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["student_id", "method_code", "taken_on"],
            ["answer_sheets.student_id", "answer_sheets.method_code", "answer_sheets.taken_on"],
            name="fk_scale_scores_student_id_method_code_taken_on",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("student_id", "method_code", "taken_on", "scale", name="pk_scale_scores"),
    )
