"""The retention clock: data of those who left school go when their term is over."""

from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor, visible_students
from service.clock import school_year_of
from service.db import Database
from service.errors import InvalidInputError
from service.installation import Today
from service.privacy.erasure import count_rows, erase_student
from service.privacy.schemas import ErasureDone, RetainedSchool, RetentionPreview
from service.tables import ClassMember, School, Student

NO_TERM = "Срок хранения не задан: ORIENTIR_RETENTION_YEARS."


def last_year_to_go(today: Today, years: int) -> str:
    """The newest school year whose leavers' term is over: the year has ended, and so many whole years since.

    >>> from datetime import date
    >>> last_year_to_go(Today(date(2024, 10, 1), "2024-25"), 3)
    '2020-21'
    """
    return school_year_of(today.as_of.replace(year=today.as_of.year - years - 1, day=1))


def _whose_term_is_over(actor: Actor, left_before: str) -> sa.Select[Student]:
    newest = sa.select(sa.func.max(ClassMember.school_year)).where(ClassMember.student_id == Student.student_id)
    return visible_students(actor).where(newest.correlate(Student).scalar_subquery() <= left_before)


def preview_retention(session: Session, *, actor: Actor, today: Today, years: int | None) -> RetentionPreview:
    """Who would go, by school and pseudonym, and how many rows; changes nothing."""
    left_before = last_year_to_go(today, _checked(years))
    by_school: dict[str, list[str]] = {}
    query = _whose_term_is_over(actor, left_before).order_by(Student.school_code, Student.student_id)
    for student in session.scalars(query):
        by_school.setdefault(student.school_code, []).append(student.student_id)
    return RetentionPreview(
        years=_checked(years),
        as_of=today.as_of,
        left_before=left_before,
        schools=[
            RetainedSchool(
                school_code=code,
                school_title=session.get_one(School, code).title_ru,
                student_ids=students,
                row_counts=dict(sum((Counter(count_rows(session, each)) for each in students), Counter())),
            )
            for code, students in by_school.items()
        ],
    )


def apply_retention(database: Database, *, actor: Actor, today: Today, years: int | None) -> Iterator[ErasureDone]:
    """Erase them one after another, each in a transaction of its own: broken off anywhere, it is simply begun again."""
    left_before = last_year_to_go(today, _checked(years))
    with database.reading() as session:
        over = _whose_term_is_over(actor, left_before).with_only_columns(Student.student_id)
        students = list(session.scalars(over.order_by(Student.student_id)))
    for student_id in students:
        with database.writing() as session:
            still = _whose_term_is_over(actor, left_before).where(Student.student_id == student_id)
            if session.scalar(still.with_only_columns(Student.student_id)) is None:
                continue  # a newer roster, or another process, was quicker
            act = erase_student(session, actor=actor, student_id=student_id, ground="retention")
        yield act


def _checked(years: int | None) -> int:
    if years is None:
        raise InvalidInputError(NO_TERM)
    return years
