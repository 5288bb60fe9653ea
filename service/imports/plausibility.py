"""What looks odd in a file, told to a person and never held against a child: nothing is refused because of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.clock import school_year_of
from service.imports.actions import Prepared
from service.imports.formats import ANSWERS
from service.imports.people import cohort_of, name_column, plain_name
from service.imports.reading import FileRow, ReadTable
from service.tables import ClassMember, SchoolClass, Student, StudentIdentity

FEWEST_ANSWERS = 10  # fewer may be alike by chance
FEWEST_ALIKE = 3  # sheets of one class with the very same answers
ALMOST_ONE_NAME = 92.0
STRANGE_SHARE = 0.5  # of answers that the key does not know: another instrument
STRAIGHT = "во всех заданиях один и тот же ответ: возможно, отвечали не читая; поговорите с учеником"
ALIKE = "бланки учеников одного класса совпадают до единого ответа ({count}): возможно, списаны или размножены"
TWINS = "фамилия и имя почти как в строке {line}: возможно, это один ребёнок, записанный дважды"
OTHER_INSTRUMENT = "больше половины ответов не подходят к ключу: возможно, это бланк другой методики"
SAME_PROFILE = "первый и второй профиль одинаковы"
COLLEGE_AND_PROFILE = "назван профиль 10 класса, а план — колледж: уточните"
BEFORE = "{late} раньше, чем {early}: проверьте дни"
MOVED = (
    "ученик с такой фамилией и именем есть в школе {school}, {title}, {year}: если он перешёл, впишите в эту строку "
    "псевдоним {student}, и его данные перейдут с ним"
)
WRONG_GRADE = "{exam} сдают в {grade} классе, а ученик в {found}: проверьте экзамен или день"
EXAM_GRADES = {"oge": ("ОГЭ", 9), "ege": ("ЕГЭ", 11)}


def warn_of_odd_rows(session: Session, prepared: Prepared) -> None:
    """Tell what looks odd."""
    read = prepared.read
    if prepared.shape.table == ANSWERS:
        _odd_answers(read)
    checks: dict[str, Callable[[ReadTable], None]] = {
        "roster": _almost_one_name,
        "profile_survey": _contradictory_wishes,
        "trial_attendance": partial(_days_in_turn, early="signed_up_on", late="attended_on"),
        "enrolments": partial(_days_in_turn, early="enrolled_on", late="left_on"),
    }
    if prepared.table in checks:
        checks[prepared.table](read)
    if prepared.table == "roster" and prepared.is_operators:  # a school is not told who learns elsewhere
        _moved_between_schools(session, prepared)
    if prepared.table == "exam_results":
        _exam_of_another_grade(session, prepared)


def _odd_answers(read: ReadTable) -> None:
    alike: dict[tuple[str, tuple[tuple[str, Any], ...]], list[FileRow]] = defaultdict(list)
    for row in read.rows:
        if len(row.wide) < FEWEST_ANSWERS:
            continue
        if len(set(row.wide.values())) == 1:
            read.warn(row, None, STRAIGHT, "straight_line")
        alike[row.sheet, tuple(sorted(row.wide.items()))].append(row)
    for rows in alike.values():
        if len(rows) >= FEWEST_ALIKE:
            for row in rows:
                read.warn(row, None, ALIKE.format(count=len(rows)), "identical_answers")


def warn_of_another_instrument(read: ReadTable) -> None:
    """After answers were checked against the key: so many unknown ones are of something else."""
    answers = sum(len(row.wide) for row in read.rows)
    strange = sum(fault.code == "unknown_answer" for fault in read.faults)
    if answers >= FEWEST_ANSWERS and strange > STRANGE_SHARE * answers:
        read.warn(None, None, OTHER_INSTRUMENT, "another_instrument")


def _almost_one_name(read: ReadTable) -> None:
    from rapidfuzz import fuzz  # noqa: PLC0415 -- with the first file

    classes: dict[tuple[str, str], list[tuple[str, FileRow]]] = defaultdict(list)
    for row in read.rows:
        cells = row.cells
        name = plain_name(f"{cells['last_name']} {cells['first_name']}")
        classes[cells["school_year"], cells["class_title"]].append((name, row))
    for listed in classes.values():
        for place, (name, row) in enumerate(listed):
            for other, earlier in listed[:place]:
                is_other_child = earlier.cells["student_id"] != row.cells["student_id"]
                if is_other_child and fuzz.ratio(name, other) >= ALMOST_ONE_NAME:
                    read.warn(row, name_column(read, row), TWINS.format(line=earlier.line), "almost_one_name")
                    break


def _moved_between_schools(session: Session, prepared: Prepared) -> None:
    """Newcomers who are called like somebody of the same age in another school."""
    listed = {row.cells["student_id"] for row in prepared.read.rows}
    newcomers = listed - set(session.scalars(sa.select(Student.student_id)))
    rows = [row for row in prepared.read.rows if row.cells["student_id"] in newcomers]
    query = (
        sa.select(StudentIdentity, SchoolClass.school_code, SchoolClass.title, SchoolClass.school_year)
        .join(ClassMember, ClassMember.student_id == StudentIdentity.student_id)
        .join(SchoolClass, SchoolClass.class_id == ClassMember.class_id)
        .where(SchoolClass.school_code != prepared.school_code, StudentIdentity.student_id.not_in(prepared.students))
        .order_by(SchoolClass.school_year, StudentIdentity.student_id)
    )
    elsewhere: dict[tuple[str, int], tuple[str, str, str, str]] = {}
    for identity, school, title, year in session.execute(query) if rows else ():
        name = plain_name(f"{identity.last_name} {identity.first_name}")
        elsewhere[name, cohort_of(title, year)] = (identity.student_id, school, title, year)
    for row in rows:
        cells = row.cells
        name = plain_name(f"{cells['last_name']} {cells['first_name']}")
        found = elsewhere.get((name, cohort_of(cells["class_title"], cells["school_year"])))
        if found is not None:
            student, school, title, year = found
            said = MOVED.format(student=student, school=school, title=title, year=year)
            prepared.read.warn(row, name_column(prepared.read, row), said, "moved")


def _contradictory_wishes(read: ReadTable) -> None:
    for row in read.rows:
        first, second = row.cells["first_profile"], row.cells["second_profile"]
        if first and first == second:
            read.warn(row, "second_profile", SAME_PROFILE, "same_profile")
        if row.cells["plan"] == "college" and first:
            read.warn(row, "plan", COLLEGE_AND_PROFILE, "contradiction")


def _days_in_turn(read: ReadTable, *, early: str, late: str) -> None:
    words = {
        "signed_up_on": "запись", "attended_on": "участие", "enrolled_on": "зачисление", "left_on": "уход",
    }  # fmt: skip
    for row in read.rows:
        if row.cells[late] is not None and row.cells[late] < row.cells[early]:
            read.warn(row, late, BEFORE.format(early=words[early], late=words[late]), "days_in_turn")


def _exam_of_another_grade(session: Session, prepared: Prepared) -> None:
    grades = _grades(session, {row.cells["student_id"] for row in prepared.read.rows})
    for row in prepared.read.rows:
        title, grade = EXAM_GRADES[row.cells["exam"]]
        found = grades.get((row.cells["student_id"], school_year_of(row.cells["passed_on"])))
        if found is not None and found != grade:
            prepared.read.warn(row, "exam", WRONG_GRADE.format(exam=title, grade=grade, found=found), "exam_grade")


def _grades(session: Session, students: Iterable[str]) -> Mapping[tuple[str, str], int]:
    wanted = set(students)
    query = ClassMember.__table__.join(SchoolClass.__table__).select()
    return {
        (row.student_id, row.school_year): row.grade
        for row in session.execute(
            query.with_only_columns(ClassMember.student_id, ClassMember.school_year, SchoolClass.grade)
        )
        if row.student_id in wanted
    }
