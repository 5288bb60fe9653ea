"""Rows that are stored and that a newer file about the same classes and days no longer has: named, never removed."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.imports.actions import Prepared
from service.imports.schemas import WithdrawnRow
from service.imports.storing import Difference, core_table
from service.imports.tables_in import PLAIN
from service.tables import ClassMember, SchoolClass, TermMark

ROSTER, MARKS = "roster", "marks"


def find_withdrawn(session: Session, prepared: Prepared, difference: Difference) -> list[WithdrawnRow]:
    """Keys of rows that would be expected in the file: of the same classes, in the same year, term, day or subject."""
    if prepared.read.is_refused or not prepared.is_about_students:
        return []
    keys = difference.added | difference.changed | difference.unchanged
    if not keys:
        return []
    if prepared.table == ROSTER:
        return _gone_from_classes(session, prepared)
    if prepared.table == MARKS:
        return _gone(session, prepared, keys, TermMark.__table__, ("student_id", "school_year", "term"))
    plain = PLAIN.get(prepared.table)
    if plain is None:
        return []
    return _gone(session, prepared, keys, core_table(plain.table), plain.key)


def _gone_from_classes(session: Session, prepared: Prepared) -> list[WithdrawnRow]:
    """Students of a class of whom its newer list does not speak."""
    listed = {(row.cells["student_id"], row.cells["school_year"]) for row in prepared.read.rows}
    classes = {(row.cells["school_year"], row.cells["class_title"]) for row in prepared.read.rows}
    query = (
        sa.select(ClassMember.student_id, ClassMember.school_year, SchoolClass.title)
        .join(SchoolClass)
        .where(SchoolClass.school_code == prepared.school_code)
        .order_by(ClassMember.student_id)
    )
    return [
        WithdrawnRow(student_id=student, key=f"{year}, {title}")
        for student, year, title in session.execute(query)
        if (year, title) in classes and (student, year) not in listed
    ]


def _gone(
    session: Session, prepared: Prepared, keys: set[tuple[object, ...]], table: sa.FromClause, names: Sequence[str]
) -> list[WithdrawnRow]:
    """Rows of classmates about the same thing (all of the key but the student) that the file does not have."""
    about = {key[1:] for key in keys}
    classmates = _classmates(session, prepared.school_code, {str(key[0]) for key in keys})
    of_file = sa.and_(table.c.student_id.in_(classmates), table.c.student_id.in_(prepared.students))
    query = sa.select(*(table.c[name] for name in names)).distinct().where(of_file)
    gone = [tuple(row) for row in session.execute(query) if tuple(row)[1:] in about and tuple(row) not in keys]
    return [WithdrawnRow(student_id=str(row[0]), key=", ".join(map(str, row[1:]))) for row in sorted(gone, key=str)]


def _classmates(session: Session, school_code: str | None, students: set[str]) -> sa.Select[str]:
    """Everybody who was ever in a class of the school with one of them; classes are few, so they are counted."""
    members = sa.select(ClassMember.student_id, ClassMember.class_id).join(SchoolClass)
    of_school = members.where(SchoolClass.school_code == school_code)
    classes = {class_id for student, class_id in session.execute(of_school) if student in students}
    return sa.select(ClassMember.student_id).where(ClassMember.class_id.in_(sorted(classes)))
