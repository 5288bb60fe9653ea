"""The roster: classes, students, identities apart from everything else, consents."""

import re
from typing import Any

import sqlalchemy as sa

from service.imports.reading import FileRow
from service.imports.storing import Difference, Key, Row, core_table
from service.imports.tables_in import Incoming
from service.privacy.consents import Said, consents_of_row, note_roster, said_by_people
from service.privacy.erasure import erased_among
from service.tables import ClassMember, SchoolClass, Student, StudentIdentity

LETTERS = "а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я"
IN_LATIN = "a b v g d e e zh z i y k l m n o p r s t u f h c ch sh sch - y - e yu ya"
LATIN = dict(zip(LETTERS.split(" "), IN_LATIN.split(" "), strict=True))
NOT_YOURS = "эту строку школа записать не может: проверьте псевдоним и учебный год или обратитесь к оператору"
ERASED = "данные этого ученика стёрты: уберите строку; если ученик вернулся, дайте ему новый псевдоним"
NOT_LISTED = "в списках этого учебного года ученика нет: сначала загрузите список класса"
OF_MEMBERS = ("conditions_needed", "restriction_tags")
YEAR_KEY = ("student_id", "school_year")


def class_id_of(school_code: str, school_year: str, title: str) -> str:
    """Code of a class that can stand in an address: sch01-2024-25-9a.

    >>> class_id_of("sch01", "2024-25", "9Б")
    'sch01-2024-25-9b'
    """
    letters = "".join(LATIN.get(sign, sign) for sign in title.lower())
    return f"{school_code}-{school_year}-{letters}"


def grade_of(title: str) -> int:
    """Grade of a class: 9 of "9А"."""
    found = re.match(r"[0-9]+", title)
    if found is None:
        raise ValueError("a class title begins with its grade")
    return int(found[0])


def take_roster(incoming: Incoming) -> Difference:
    """Rows of a roster; the newest year of a student gives the name and the school."""
    rows = _acceptable(incoming)
    said = said_by_people(incoming.session)
    wanted = {(row.cells["student_id"], row.cells["school_year"]): [_member(incoming, row, said)] for row in rows}
    _store_classes(incoming, rows)
    newest = _newest(incoming, rows)
    wanted_students: dict[Key, list[Row]] = {
        (student,): [{"student_id": student, "school_code": incoming.school_code}] for student in newest
    }
    listed = sa.select(ClassMember.student_id).join(SchoolClass).where(SchoolClass.school_code == incoming.school_code)
    reach = sa.true() if incoming.may_move_students else Student.school_code == incoming.school_code
    incoming.store(Student, group=("student_id",), wanted=wanted_students, where=reach)
    identities = incoming.store(
        StudentIdentity,
        group=("student_id",),
        wanted={(student,): [_identity(row)] for student, row in newest.items()},
        where=incoming.of_school(StudentIdentity),
    )
    members = incoming.store(
        ClassMember,
        group=YEAR_KEY,
        wanted=wanted,
        where=sa.or_(incoming.of_school(ClassMember), ClassMember.student_id.in_(listed)),
    )
    if incoming.is_kept:
        moved = [(members.before[key][0], wanted[key][0]) for key in sorted(members.changed)]
        note_roster(incoming.session, actor_id=incoming.actor_id, rows=moved)
    renamed = {
        (student, newest[student].cells["school_year"]) for (student,) in identities.changed if student in newest
    } & members.unchanged
    return Difference(members.added, members.changed | renamed, members.unchanged - renamed)


def _acceptable(incoming: Incoming) -> list[FileRow]:
    """Rows that this school may write: only the operator moves a student, or a past year, from school to school.

    Nobody brings back who was erased.
    """
    erased = erased_among(incoming.session, {row.cells["student_id"] for row in incoming.read.rows})
    for row in incoming.read.rows if erased else ():
        if row.cells["student_id"] in erased:
            incoming.read.blame(row, "student_id", None, ERASED, "erased")
    if incoming.read.is_refused:
        return []
    incoming.read.drop_bad()
    if incoming.may_move_students:
        return incoming.read.rows
    elsewhere = set(
        incoming.session.scalars(sa.select(Student.student_id).where(Student.school_code != incoming.school_code))
    )
    listed = (
        sa.select(ClassMember.student_id, ClassMember.school_year)
        .join(SchoolClass)
        .where(SchoolClass.school_code != incoming.school_code)
    )
    others = {(student, year) for student, year in incoming.session.execute(listed)}
    for row in incoming.read.rows:
        student, year = row.cells["student_id"], row.cells["school_year"]
        if student in elsewhere or (student, year) in others:
            incoming.read.blame(row, "student_id", None, NOT_YOURS, "not_yours")
    incoming.read.drop_bad()
    return [] if incoming.read.is_refused else incoming.read.rows


def _newest(incoming: Incoming, rows: list[FileRow]) -> dict[str, FileRow]:
    """Row of the newest year by student, where no newer roster is known already."""
    known = dict(
        incoming.session.execute(
            sa.select(ClassMember.student_id, sa.func.max(ClassMember.school_year)).group_by(ClassMember.student_id)
        ).all()
    )
    newest: dict[str, FileRow] = {}
    for row in sorted(rows, key=lambda row: str(row.cells["school_year"])):
        if known.get(row.cells["student_id"], "") <= row.cells["school_year"]:
            newest[row.cells["student_id"]] = row
    return newest


def _store_classes(incoming: Incoming, rows: list[FileRow]) -> None:
    school = incoming.school_code or ""
    wanted: dict[Key, list[Row]] = {}
    for row in rows:
        year, title = row.cells["school_year"], row.cells["class_title"]
        code = class_id_of(school, year, title)
        head = {"class_id": code, "school_code": school, "school_year": year}
        wanted[code,] = [{**head, "title": title, "grade": grade_of(title)}]
    mine = SchoolClass.school_code == school
    incoming.store(SchoolClass, group=("class_id",), wanted=wanted, where=mine)


def _identity(row: FileRow) -> dict[str, Any]:
    return {name: row.cells[name] for name in ("student_id", "last_name", "first_name", "sex")}


def _member(incoming: Incoming, row: FileRow, said: Said) -> dict[str, Any]:
    """A roster row; what a person recorded of a consent stands over the file."""
    student, year = row.cells["student_id"], row.cells["school_year"]
    return {
        "student_id": student,
        "school_year": year,
        "class_id": class_id_of(incoming.school_code or "", year, row.cells["class_title"]),
        "conditions_needed": row.cells["conditions_needed"],
        "restriction_tags": row.cells["restriction_tags"],
        **consents_of_row(said, student, year, row.cells),
    }


def take_members(incoming: Incoming) -> Difference:
    """Consents or conditions of students who are on a roster; what the file does not name stays as it is."""
    said = said_by_people(incoming.session)
    query = sa.select(core_table(ClassMember)).where(incoming.of_school(ClassMember))
    stored = {(row["student_id"], row["school_year"]): dict(row) for row in incoming.session.execute(query).mappings()}
    wanted: dict[Key, list[Row]] = {}
    for row in incoming.read.rows:
        key = (row.cells["student_id"], row.cells["school_year"])
        if key not in stored:
            incoming.read.blame(row, "student_id", None, NOT_LISTED, "not_on_roster")
            continue
        brought = {name: row.cells[name] for name in row.cells if (row.sheet, name) in incoming.read.letters}
        member = {**stored[key], **{name: value for name, value in brought.items() if name in OF_MEMBERS}}
        wanted[key] = [{**member, **_in_force(said, member, brought)}]
    if incoming.read.is_refused:
        return Difference()
    difference = incoming.store(ClassMember, group=YEAR_KEY, wanted=wanted, where=incoming.of_school(ClassMember))
    if incoming.is_kept:
        moved = [(difference.before[key][0], wanted[key][0]) for key in sorted(difference.changed)]
        note_roster(incoming.session, actor_id=incoming.actor_id, rows=moved)
    return difference


def _in_force(said: Said, member: Row, brought: Row) -> dict[str, bool]:
    """Consents after the file: an empty cell says nothing, and what a person recorded stands over it."""
    named = {name: value for name, value in brought.items() if name.startswith("consent_") and value is not None}
    if not named:
        return {}
    found = consents_of_row(said, member["student_id"], member["school_year"], {**member, **named})
    return {name: found[name] for name in named}
