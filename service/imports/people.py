"""Whom a row is about, where the file knows no pseudonym: found by name and class in the school, apart from everything.

Nobody's name is repeated in a complaint. A student of a roster whom the school does not know gets a new pseudonym.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.imports.reading import FileRow, ReadTable
from service.imports.roster import grade_of
from service.imports.storing import AT_ONCE
from service.tables import ClassMember, SchoolClass, StudentIdentity

SIGNS = "abcdefghijklmnopqrstuvwxyz234567"
NAME_CELLS = ("full_name", "last_name", "first_name")
NO_NAME = "нужны фамилия и имя ученика"
NOT_FOUND = "такого ученика в этой школе нет: проверьте написание и класс или сначала загрузите список класса"
NAMESAKES = "учеников с такой фамилией и именем несколько: добавьте столбец «Класс» или «Псевдоним»"
TWICE = "этот ученик уже есть в строке {line}: если это однофамильцы, добавьте столбец «Псевдоним»"
MOVED = "такой ученик есть в классе {title}: если это другой ребёнок, добавьте столбец «Псевдоним»"

Name = tuple[str, str]


@dataclass
class Roll:
    """Names of a school: who is called so, and in which classes by school year."""

    called: dict[Name, list[str]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # student -> year -> title


def plain_name(text: str) -> str:
    """A name as it is compared.

    >>> plain_name(" Алёна-Мария ")
    'алена-мария'
    """
    return " ".join(text.lower().replace("ё", "е").replace(" -", "-").replace("- ", "-").split())


def read_roll(session: Session, students: sa.Select[str]) -> Roll:
    """Everybody whom a file may name."""
    roll = Roll()
    query = sa.select(StudentIdentity.student_id, StudentIdentity.last_name, StudentIdentity.first_name)
    for student, last, first in session.execute(query.where(StudentIdentity.student_id.in_(students))):
        roll.called[plain_name(last), plain_name(first)].append(student)
    listed = sa.select(ClassMember.student_id, ClassMember.school_year, SchoolClass.title).join(SchoolClass)
    for student, year, title in session.execute(listed.where(ClassMember.student_id.in_(students))):
        roll.classes[student][year] = title
    return roll


def names_of(cells: Mapping[str, Any]) -> tuple[str, str] | None:
    """Last and first name as written; None where one is missing. What follows them is not kept."""
    last, first = cells.get("last_name"), cells.get("first_name")
    if not last and cells.get("full_name"):
        parts = str(cells["full_name"]).replace(",", " ").split()
        last, first = (parts[0], parts[1]) if len(parts) > 1 else (None, None)
    return (last, first) if last and first else None


def name_students(read: ReadTable, roll: Roll, *, is_roster: bool) -> None:
    """Put pseudonyms into the rows that have none; rows that cannot be told are blamed."""
    newcomers: dict[tuple[Name, int], str] = {}
    rows = []
    for row in read.rows:
        if row.cells.get("student_id"):
            rows.append(_with_names(row) if is_roster else row)
            continue
        names = names_of(row.cells)
        if names is None:
            read.blame(row, name_column(read, row), None, NO_NAME, "no_name")
            continue
        student = _find(read, roll, row, (plain_name(names[0]), plain_name(names[1])), is_roster=is_roster)
        if student is None:
            continue
        if student == "" and is_roster:
            key = (
                (plain_name(names[0]), plain_name(names[1])),
                cohort_of(str(row.cells["class_title"]), str(row.cells["school_year"])),
            )
            student = newcomers.setdefault(key, new_pseudonym())
        rows.append(
            replace(row, cells={**row.cells, "student_id": student, "last_name": names[0], "first_name": names[1]})
        )
    read.rows = rows
    if is_roster:
        _blame_namesakes(read)


def _with_names(row: FileRow) -> FileRow:
    names = names_of(row.cells)
    return row if names is None else replace(row, cells={**row.cells, "last_name": names[0], "first_name": names[1]})


def name_column(read: ReadTable, row: FileRow) -> str:
    """Column in which a file names a student."""
    return next((name for name in NAME_CELLS if (row.sheet, name) in read.letters), "last_name")


def _find(read: ReadTable, roll: Roll, row: FileRow, name: Name, *, is_roster: bool) -> str | None:
    """Pseudonym of a row; empty for a newcomer of a roster; None where the row is blamed."""
    called = roll.called.get(name, [])
    year, title = row.cells.get("school_year"), row.cells.get("class_title")
    fitting = [student for student in called if _may_be(roll.classes[student], year, title, is_roster=is_roster)]
    if len(fitting) > 1:
        exact = [student for student in fitting if title and title in roll.classes[student].values()]
        fitting = exact or fitting
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1:
        read.blame(row, name_column(read, row), None, NAMESAKES, "namesakes")
        return None
    if is_roster:
        return ""
    read.blame(row, name_column(read, row), None, NOT_FOUND, "unknown_student")
    return None


def _may_be(classes: Mapping[str, str], year: str | None, title: str | None, *, is_roster: bool) -> bool:
    """Whether somebody in these classes may be in that class in that year: nobody is in two grades at once."""
    if title is None:
        return True
    if year is None:
        return title in classes.values() if not is_roster else False
    if year in classes:
        return (is_roster and grade_of(classes[year]) == grade_of(title)) or classes[year] == title
    return any(abs(cohort_of(known, known_year) - cohort_of(title, year)) <= 1 for known_year, known in classes.items())


def _blame_namesakes(read: ReadTable) -> None:
    seen: dict[tuple[str, str], FileRow] = {}
    for row in read.rows:
        key = (row.cells["student_id"], row.cells["school_year"])
        if key in seen:
            read.blame(row, name_column(read, row), None, TWICE.format(line=seen[key].line), "twice")
        seen.setdefault(key, row)
    read.drop_bad()


def cohort_of(title: str, year: str) -> int:
    """Year in which somebody of this class began school: the same for the same child in every year."""
    return int(year[:4]) - grade_of(title)


def new_pseudonym() -> str:
    """One that nobody has: drawn, not derived from anything."""
    return "s" + "".join(secrets.choice(SIGNS) for _ in range(7))


def keep_absent(session: Session, read: ReadTable, kept: Iterable[str]) -> None:
    """What a roster says nothing of stays as it is; of a newcomer nothing is known, so nothing is agreed to."""
    columns, named = list(kept), sorted({row.cells["student_id"] for row in read.rows})
    newest: dict[str, Mapping[str, Any]] = {}
    of_year: dict[tuple[str, str], Mapping[str, Any]] = {}
    sexes: dict[str, str | None] = {}
    for first in range(0, len(named), AT_ONCE):
        part = named[first : first + AT_ONCE]
        members = sa.select(ClassMember.__table__).where(ClassMember.student_id.in_(part))
        for member in session.execute(members.order_by(ClassMember.school_year)).mappings():
            newest[member["student_id"]] = of_year[member["student_id"], member["school_year"]] = dict(member)
        identities = sa.select(StudentIdentity.student_id, StudentIdentity.sex)
        sexes.update(session.execute(identities.where(StudentIdentity.student_id.in_(part))).all())
    empty = {"conditions_needed": (), "restriction_tags": (), "sex": None}
    filled = []
    for row in read.rows:
        student = row.cells["student_id"]
        stored = of_year.get((student, row.cells["school_year"])) or newest.get(student, {})
        before = {**stored, "sex": sexes.get(student)}
        extra = {
            name: before.get(name) if before.get(name) is not None else empty.get(name, False)
            for name in columns
            if (row.sheet, name) not in read.letters
        }
        filled.append(replace(row, cells={**row.cells, **extra}) if extra else row)
    read.rows = filled
