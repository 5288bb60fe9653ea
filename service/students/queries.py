"""Classes and students as their readers may see them."""

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor, Permission, tested_students, visible_classes, visible_students
from service.errors import NotFoundError
from service.installation import Today
from service.students.missing import missing_facts, missing_words
from service.students.schemas import (
    ClassList,
    ClassRow,
    ClassStudents,
    KnownStudent,
    SchoolStudentRow,
    SchoolStudents,
    StudentRow,
)
from service.tables import (
    AnswerSheet,
    ClassMember,
    DecisionRecord,
    School,
    SchoolClass,
    Student,
    StudentIdentity,
    TermMark,
    Wish,
)

NO_STUDENT = "Такого ученика нет."
NO_CLASS = "Такого класса нет."
NO_SCHOOL = "Список школы есть у тех, кто работает в школе."
GRADES_ASKED = {"profile_survey": frozenset({9}), "exam_survey": frozenset({9, 11})}


def get_student(session: Session, actor: Actor, student_id: str) -> Student:
    """A student whom the actor may see; anybody else's is as absent as one that does not exist."""
    query = visible_students(actor).where(Student.student_id == student_id)
    student = session.scalars(query).one_or_none()
    if student is None:
        raise NotFoundError(NO_STUDENT)
    return student


def get_class(session: Session, actor: Actor, class_id: str) -> SchoolClass:
    """A class that the actor may see."""
    row = session.scalars(visible_classes(actor).where(SchoolClass.class_id == class_id)).one_or_none()
    if row is None:
        raise NotFoundError(NO_CLASS)
    return row


def last_membership(session: Session, student_id: str, school_year: str) -> tuple[ClassMember, SchoolClass]:
    """The student's newest roster row up to a school year, and its class."""
    query = (
        sa.select(ClassMember, SchoolClass)
        .join(SchoolClass, SchoolClass.class_id == ClassMember.class_id)
        .where(ClassMember.student_id == student_id, ClassMember.school_year <= school_year)
        .order_by(ClassMember.school_year.desc())
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError(NO_STUDENT)
    return found


def members_of(session: Session, actor: Actor, class_id: str) -> list[ClassMember]:
    """Roster rows of a class, of students whom the actor may still see."""
    visible = visible_students(actor).with_only_columns(Student.student_id)
    query = sa.select(ClassMember).where(ClassMember.class_id == class_id, ClassMember.student_id.in_(visible))
    return list(session.scalars(query.order_by(ClassMember.student_id)))


def names_of(session: Session, actor: Actor, student_ids: Iterable[str]) -> dict[str, str]:
    """Full names; empty for those who may not see names."""
    return _names(session, actor, StudentIdentity.student_id.in_(list(student_ids)))


def _names(session: Session, actor: Actor, *which: sa.ColumnElement[bool]) -> dict[str, str]:
    if not actor.may(Permission.READ_NAMES):
        return {}
    visible = visible_students(actor).with_only_columns(Student.student_id)
    columns = (StudentIdentity.student_id, StudentIdentity.last_name, StudentIdentity.first_name)
    query = sa.select(*columns).where(StudentIdentity.student_id.in_(visible), *which)
    return {student: f"{last} {first}" for student, last, first in session.execute(query)}


class Evidence:
    """Which students of a group have which kinds of evidence; one query a kind."""

    def __init__(self, session: Session, of: sa.Select[str], today: Today) -> None:
        may_look = tested_students(today.school_year).where(Student.student_id.in_(of))
        tested = set(session.scalars(may_look))
        surveyed = sa.select(Wish.survey, Wish.student_id).where(Wish.student_id.in_(of)).distinct()
        surveys: dict[str, set[str]] = {}
        for survey, student in session.execute(surveyed):
            surveys.setdefault(survey, set()).add(student)
        self.having: dict[str, set[str]] = {
            "diagnostics": _having(session, AnswerSheet.student_id, of) & tested,
            "marks": _having(session, TermMark.student_id, of),
            "profile_survey": surveys.get("profile_survey", set()),
            "exam_survey": surveys.get("exam_survey", set()),
        }

    def lacks(self, student_id: str, grade: int) -> list[str]:
        """Kinds that this student's grade usually has and the student has not."""
        return [
            kind
            for kind, having in self.having.items()
            if student_id not in having and grade in GRADES_ASKED.get(kind, {grade})
        ]


def _having(session: Session, column: sa.orm.InstrumentedAttribute[str], of: sa.Select[str]) -> set[str]:
    return set(session.scalars(sa.select(column).where(column.in_(of)).distinct()))


def list_classes(session: Session, actor: Actor, today: Today) -> ClassList:
    """Classes of the current year with the counts of who lacks what."""
    classes = session.scalars(
        visible_classes(actor)
        .where(SchoolClass.school_year == today.school_year)
        .order_by(SchoolClass.school_code, SchoolClass.grade, SchoolClass.title)
    ).all()
    visible = visible_students(actor).with_only_columns(Student.student_id)
    members = session.scalars(
        sa.select(ClassMember).where(ClassMember.school_year == today.school_year, ClassMember.student_id.in_(visible))
    ).all()
    evidence = Evidence(session, visible, today)
    decided = _having_decisions(session, visible)
    titles = dict(session.execute(sa.select(School.school_code, School.title_ru)).all())
    by_class: dict[str, list[ClassMember]] = {}
    for member in members:
        by_class.setdefault(member.class_id, []).append(member)
    rows = [_class_row(row, by_class.get(row.class_id, []), evidence, decided, titles) for row in classes]
    return ClassList(school_year=today.school_year, as_of=today.as_of, classes=rows)


def _having_decisions(session: Session, of: sa.Select[str]) -> set[str]:
    in_force = sa.select(DecisionRecord.student_id).where(
        DecisionRecord.withdrawn_at.is_(None), DecisionRecord.student_id.in_(of)
    )
    return set(session.scalars(in_force.distinct()))


def _class_row(
    row: SchoolClass, members: list[ClassMember], evidence: Evidence, decided: set[str], titles: dict[str, str]
) -> ClassRow:
    lacking = Counter(kind for member in members for kind in evidence.lacks(member.student_id, row.grade))
    return ClassRow(
        class_id=row.class_id,
        school_code=row.school_code,
        school_title=titles[row.school_code],
        school_year=row.school_year,
        title=row.title,
        grade=row.grade,
        student_count=len(members),
        without_consent_testing_count=sum(not member.consent_testing for member in members),
        without_consent_recommending_count=sum(not member.consent_recommending for member in members),
        without_diagnostics_count=lacking["diagnostics"],
        without_marks_count=lacking["marks"],
        without_profile_survey_count=lacking["profile_survey"] if _asked("profile_survey", row.grade) else None,
        without_exam_survey_count=lacking["exam_survey"] if _asked("exam_survey", row.grade) else None,
        decided_count=sum(member.student_id in decided for member in members),
    )


def _asked(survey: str, grade: int) -> bool:
    return grade in GRADES_ASKED[survey]


def list_students(session: Session, actor: Actor, class_id: str, today: Today) -> ClassStudents:
    """Students of a class, by name where names may be seen."""
    row = get_class(session, actor, class_id)
    members = members_of(session, actor, class_id)
    ids = [member.student_id for member in members]
    names = names_of(session, actor, ids)
    of = sa.select(ClassMember.student_id).where(ClassMember.class_id == class_id)
    evidence, decisions = Evidence(session, of, today), _decision_counts(session, of)
    students = [
        StudentRow(
            student_id=member.student_id,
            full_name=names.get(member.student_id),
            grade=row.grade,
            consent_recommending=member.consent_recommending,
            has_diagnostics=member.student_id in evidence.having["diagnostics"],
            has_marks=member.student_id in evidence.having["marks"],
            has_profile_survey=member.student_id in evidence.having["profile_survey"],
            accepted_count=decisions[member.student_id, "accepted"],
            pinned_count=decisions[member.student_id, "pinned"],
            declined_count=decisions[member.student_id, "declined"],
            lacks=missing_words(lacking := evidence.lacks(member.student_id, row.grade), member, today.as_of),
            missing=missing_facts(lacking, member),
        )
        for member in members
    ]
    students.sort(key=lambda student: (student.full_name or "", student.student_id))
    school = session.get_one(School, row.school_code)
    return ClassStudents(
        class_id=class_id,
        school_title=school.title_ru,
        title=row.title,
        grade=row.grade,
        school_year=row.school_year,
        as_of=today.as_of,
        students=students,
    )


def list_school(session: Session, actor: Actor, today: Today) -> SchoolStudents:
    """Whom the actor sees of the actor's school, by class and name; for who belongs to a school."""
    if actor.school_code is None:
        raise NotFoundError(NO_SCHOOL)
    of = visible_students(actor).with_only_columns(Student.student_id)
    in_class = (
        sa.select(ClassMember, SchoolClass)
        .join(SchoolClass, SchoolClass.class_id == ClassMember.class_id)
        .where(ClassMember.school_year == today.school_year, ClassMember.student_id.in_(of))
    )
    names, evidence = _names(session, actor), Evidence(session, of, today)
    decisions = _decision_counts(session, of)
    students = [
        SchoolStudentRow(
            student_id=member.student_id,
            full_name=names.get(member.student_id),
            class_id=row.class_id,
            class_title=row.title,
            grade=row.grade,
            consent_recommending=member.consent_recommending,
            accepted_count=decisions[member.student_id, "accepted"],
            pinned_count=decisions[member.student_id, "pinned"],
            declined_count=decisions[member.student_id, "declined"],
            lacks=missing_words(evidence.lacks(member.student_id, row.grade), member, today.as_of),
        )
        for member, row in session.execute(in_class)
    ]
    students.sort(key=lambda each: (each.grade, each.class_title, each.full_name or "", each.student_id))
    school = session.get_one(School, actor.school_code)
    return SchoolStudents(
        school_title=school.title_ru, school_year=today.school_year, as_of=today.as_of, students=students
    )


def _decision_counts(session: Session, of: sa.Select[str]) -> Counter[tuple[str, str]]:
    query = (
        sa.select(DecisionRecord.student_id, DecisionRecord.decision, sa.func.count())
        .where(DecisionRecord.withdrawn_at.is_(None), DecisionRecord.student_id.in_(of))
        .group_by(DecisionRecord.student_id, DecisionRecord.decision)
    )
    return Counter({(student, word): count for student, word, count in session.execute(query)})


def list_changed(
    session: Session, actor: Actor, *, since: int, after: tuple[int, str], limit: int, today: Today
) -> list[KnownStudent]:
    """Visible students of whom something changed, the earliest change first, after a place in that order."""
    this_year = sa.and_(ClassMember.student_id == Student.student_id, ClassMember.school_year == today.school_year)
    query = (
        visible_students(actor)
        .with_only_columns(Student.student_id, Student.school_code, ClassMember.class_id, Student.revision)
        .outerjoin(ClassMember, this_year)
        .where(Student.revision > since, sa.tuple_(Student.revision, Student.student_id) > sa.tuple_(*after))
        .order_by(Student.revision, Student.student_id)
        .limit(limit)
    )
    return [
        KnownStudent(student_id=student, school_code=school, class_id=class_id, revision=revision)
        for student, school, class_id, revision in session.execute(query)
    ]
