"""The whole school in one table, by class and name, without what is advised: that is asked for class by class."""

import streamlit as st

from dashboard import client, session, text
from dashboard import text_class as words
from dashboard.views.class_page import decisions_cell, decisions_filter, lacks_filter, name_of, tags_of
from dashboard.widgets.elements import heading, way_back
from dashboard.widgets.students_table import Cell, Filter, Row, students_table
from service.students.schemas import SchoolStudentRow

FEW_CLASSES = 1  # of a grade: no need to ask for all of them together


def show(token: str) -> None:
    """The whole page."""
    head = way_back(text.BACK_TO_CLASSES, session.close_class)
    found = client.school_students(token)
    count = text.plural(len(found.students), "ученик", "ученика", "учеников")
    with head:
        heading(words.SCHOOL_TITLE.format(school=found.school_title, count=count))
    st.html(f'<div class="o-note o-screen">{words.HOW_TO_OPEN} {words.SCHOOL_HINT}</div>')
    classes = {student.student_id: student.class_id for student in found.students}
    students_table(
        "school",
        found.school_title,
        list(words.SCHOOL_COLUMNS.items()),
        [_row(student) for student in found.students],
        [_class_filter(found.students), lacks_filter(found.students), decisions_filter()],
        opens=1,
        opened=lambda student_id: _open(student_id, classes),
    )


def _open(student_id: str, classes: dict[str, str]) -> None:
    """The card, and behind it the class."""
    if student_id in classes:
        session.open_class(classes[student_id])
        session.open_student(student_id)


def _row(student: SchoolStudentRow) -> Row:
    name = name_of(student)
    cells = (Cell(student.class_title), Cell(name), Cell(", ".join(student.lacks)), decisions_cell(student))
    tags = tags_of(student) | {"class": [student.class_id, str(student.grade)]}
    return Row(student.student_id, name, cells, tags)


def _class_filter(students: list[SchoolStudentRow]) -> Filter:
    """A class, or all classes of a grade."""
    by_grade: dict[int, dict[str, str]] = {}
    for student in students:
        by_grade.setdefault(student.grade, {})[student.class_id] = student.class_title
    choices: list[tuple[str, str]] = []
    for grade, titles in by_grade.items():
        if len(titles) > FEW_CLASSES:
            choices.append((str(grade), words.GRADE.format(grade=grade)))
        choices += titles.items()
    return Filter("class", words.CLASS_FILTER, choices)
