"""Tables about students. Names stand apart, in `student_identities`."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.columns import Table, one_of, student_id


class SchoolClass(Table):
    """A class of one school year."""

    __tablename__ = "school_classes"
    __table_args__ = (
        sa.UniqueConstraint("school_code", "school_year", "title"),
        sa.CheckConstraint("grade BETWEEN 1 AND 11", name="grade"),
    )
    class_id: Mapped[str] = mapped_column(primary_key=True)  # sch01-2024-25-9a
    school_code: Mapped[str] = mapped_column(sa.ForeignKey("schools.school_code"))
    school_year: Mapped[str] = mapped_column(sa.String(7))
    title: Mapped[str] = mapped_column(sa.String(16))
    grade: Mapped[int]


class Student(Table):
    """A student under a pseudonym; the school is the one of the last roster."""

    __tablename__ = "students"
    student_id: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    school_code: Mapped[str] = mapped_column(sa.ForeignKey("schools.school_code"), index=True)
    # number of the audit record of the deed that last changed anything known or decided about the student
    revision: Mapped[int] = mapped_column(sa.BigInteger, index=True, server_default="0")


class StudentIdentity(Table):
    """Who the pseudonym is. Never joined by anything that ranks, trains or logs; sex only audits fairness."""

    __tablename__ = "student_identities"
    student_id: Mapped[str] = student_id()
    last_name: Mapped[str] = mapped_column(sa.Text)
    first_name: Mapped[str] = mapped_column(sa.Text)
    sex: Mapped[str | None] = mapped_column(sa.String(8))


class ClassMember(Table):
    """A student in a class of one school year, with the conditions of that year's roster and the consents in force."""

    __tablename__ = "class_members"
    student_id: Mapped[str] = student_id()
    school_year: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    class_id: Mapped[str] = mapped_column(sa.ForeignKey("school_classes.class_id"), index=True)
    consent_testing: Mapped[bool] = mapped_column(server_default=sa.false())
    consent_recommending: Mapped[bool] = mapped_column(server_default=sa.false())
    consent_learning: Mapped[bool] = mapped_column(server_default=sa.false())
    consent_naming: Mapped[bool] = mapped_column(server_default=sa.false())  # passing the name to a host
    conditions_needed: Mapped[tuple[str, ...]]
    restriction_tags: Mapped[tuple[str, ...]]


class AnswerSheet(Table):
    """Raw answers to one diagnostic instrument."""

    __tablename__ = "answer_sheets"
    student_id: Mapped[str] = student_id()
    method_code: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    taken_on: Mapped[date] = mapped_column(primary_key=True)
    answers: Mapped[dict[str, Any]]
    answered_share: Mapped[float]


class ScaleScore(Table):
    """Score of one scale of an answer sheet; NULL where too few items were answered."""

    __tablename__ = "scale_scores"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["student_id", "method_code", "taken_on"],
            ["answer_sheets.student_id", "answer_sheets.method_code", "answer_sheets.taken_on"],
            ondelete="CASCADE",
        ),
    )
    student_id: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    method_code: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    taken_on: Mapped[date] = mapped_column(primary_key=True)
    scale: Mapped[str] = mapped_column(primary_key=True)
    score: Mapped[float | None]


class TermMark(Table):
    """Mark of one subject in one term."""

    __tablename__ = "term_marks"
    __table_args__ = (
        sa.CheckConstraint("mark BETWEEN 2 AND 5", name="mark"),
        sa.CheckConstraint("term BETWEEN 1 AND 4", name="term"),
    )
    student_id: Mapped[str] = student_id()
    school_year: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    term: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject_code: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    mark: Mapped[float]


class KnowledgeResult(Table):
    """Diagnostics of learning in one profile subject."""

    __tablename__ = "knowledge_results"
    __table_args__ = (sa.CheckConstraint("points_max > 0 AND points >= 0 AND points <= points_max", name="points"),)
    student_id: Mapped[str] = student_id()
    taken_on: Mapped[date] = mapped_column(primary_key=True)
    subject_code: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    points: Mapped[float]
    points_max: Mapped[float]


class ExamResult(Table):
    """Points of a final exam."""

    __tablename__ = "exam_results"
    __table_args__ = (one_of("exam", "oge", "ege"), sa.CheckConstraint("points >= 0", name="points"))
    student_id: Mapped[str] = student_id()
    exam: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    passed_on: Mapped[date] = mapped_column(primary_key=True)
    subject_code: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    points: Mapped[float]


class Wish(Table):
    """One line of a survey: what the student named, in which place."""

    __tablename__ = "wishes"
    __table_args__ = (
        one_of("kind", "profile", "exam", "elective", "profession", "plan"),
        sa.CheckConstraint("rank >= 1", name="rank"),
    )
    student_id: Mapped[str] = student_id()
    survey: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    stated_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str]


class TrialAttendance(Table):
    """A sign-up for a career trial, and what came of it."""

    __tablename__ = "trial_attendances"
    __table_args__ = (
        sa.CheckConstraint("rating_before BETWEEN 1 AND 10", name="rating_before"),
        sa.CheckConstraint("rating_after BETWEEN 1 AND 10", name="rating_after"),
    )
    student_id: Mapped[str] = student_id()
    pathway_code: Mapped[str] = mapped_column(primary_key=True)
    signed_up_on: Mapped[date] = mapped_column(primary_key=True)
    attended_on: Mapped[date | None]
    rating_before: Mapped[int | None]
    rating_after: Mapped[int | None]


class Enrolment(Table):
    """Membership in a profile class or an elective."""

    __tablename__ = "enrolments"
    __table_args__ = (sa.CheckConstraint("final_mark BETWEEN 2 AND 5", name="final_mark"),)
    student_id: Mapped[str] = student_id()
    pathway_code: Mapped[str] = mapped_column(primary_key=True)
    school_year: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    enrolled_on: Mapped[date]
    left_on: Mapped[date | None]
    final_mark: Mapped[float | None]


class Admission(Table):
    """Where a student went on to learn after school; the school's analysis of admissions by profile."""

    __tablename__ = "admissions"
    __table_args__ = (one_of("destination", "college", "university", "other"),)
    student_id: Mapped[str] = student_id()
    admitted_on: Mapped[date] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(sa.String(16))
    spo_codes: Mapped[tuple[str, ...]]
    by_profile: Mapped[bool | None]


class ConsentRecord(Table):
    """What somebody said of one consent: given, or withdrawn. `class_members` holds what is in force."""

    __tablename__ = "consent_records"
    __table_args__ = (
        one_of("purpose", "testing", "recommending", "learning", "naming"),
        one_of("origin", "person", "roster"),
        sa.CheckConstraint("given_on IS NOT NULL OR withdrawn_on IS NOT NULL", name="dated"),
    )
    consent_record_id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = student_id(first=False)
    purpose: Mapped[str] = mapped_column(sa.String(16))
    origin: Mapped[str] = mapped_column(sa.String(8))
    school_year: Mapped[str] = mapped_column(sa.String(7))  # of the roster row it was said about
    given_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
    document: Mapped[str | None]  # number of a paper; never a name
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]  # actor_id


class AuditAlias(Table):
    """What a student is called in the audit trail; once this row is gone, nothing leads from there to anybody."""

    __tablename__ = "audit_aliases"
    student_id: Mapped[str] = student_id()
    alias: Mapped[str] = mapped_column(unique=True)


class SurveyRound(Table):
    """A survey that one class fills in the browser; the code goes when it ends."""

    __tablename__ = "survey_rounds"
    __table_args__ = (one_of("survey", "profile", "exams", "electives", "interests"),)
    round_id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[str] = mapped_column(sa.ForeignKey("school_classes.class_id"), index=True)
    survey: Mapped[str] = mapped_column(sa.String(16))
    code: Mapped[str | None] = mapped_column(sa.String(16), unique=True)
    surveyed_on: Mapped[date]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    ends_at: Mapped[datetime]  # from then on nobody begins a sheet
    ended_at: Mapped[datetime | None]  # from then on nothing is written
    taken_count: Mapped[int | None]


class SurveySheet(Table):
    """What one student has answered so far; it goes when the round ends, its answers being where files put them."""

    __tablename__ = "survey_sheets"
    __table_args__ = (sa.UniqueConstraint("round_id", "student_id"),)
    sheet_id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("survey_rounds.round_id", ondelete="CASCADE"))
    student_id: Mapped[str] = student_id(first=False)
    begun_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    answers: Mapped[dict[str, Any]]
