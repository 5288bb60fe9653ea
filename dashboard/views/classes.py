"""My classes: who lacks what; one class: its students; one student: the card."""

from html import escape

import streamlit as st

from dashboard import client, session, text
from dashboard.views import class_lists, student_card, talks
from dashboard.widgets.elements import chip, heading, note, table
from service.recommendations.impact_schemas import PathwayName
from service.students.schemas import ClassRow, StudentRow

CLASS_WIDTHS = (1.2, 1, 1.4, 1.2, 1.2, 1.2, 1.2, 1)
STUDENT_WIDTHS = (2.6, 1, 0.9, 0.9, 1, 3, 1)


def page() -> None:
    """The deepest level that is open."""
    token = session.find_token() or ""
    if student_id := session.find_student():
        student_card.show(token, student_id)
    elif class_id := session.find_class():
        _one_class(token, class_id)
    else:
        _all_classes(token)


def _all_classes(token: str) -> None:
    found = client.classes(token)
    st.title(f"{text.CLASSES_TITLE}, {found.school_year}", anchor=False)
    if not found.classes:
        me = session.find_me()
        note(text.NO_CLASSES if me is None or me.class_ids is None else text.NO_OWN_CLASSES)
        return
    me = session.find_me()
    if me is not None and "decisions:write" in me.permissions:
        talks.queue(token)
    st.subheader(text.CLASSES_SUBTITLE, anchor=False)
    note(text.CLASSES_HINT)
    _heading(text.CLASS_COLUMNS, CLASS_WIDTHS)
    for row in found.classes:
        _class_row(row)


def _heading(columns: tuple[str, ...], widths: tuple[float, ...]) -> None:
    for place, title in zip(st.columns(widths), columns, strict=False):
        with place:
            note(title)


def _class_row(row: ClassRow) -> None:
    cells = st.columns(CLASS_WIDTHS, vertical_alignment="center")
    cells[0].html(f"<b>{escape(row.title)}</b>")
    lacking = (
        row.without_diagnostics_count,
        row.without_marks_count,
        row.without_profile_survey_count,
        row.without_consent_recommending_count,
    )
    cells[1].write(str(row.student_count))
    for cell, count in zip(cells[2:6], lacking, strict=True):
        cell.write("—" if count is None else str(count))
    cells[6].write(str(row.decided_count))
    if cells[7].button(text.OPEN, key=f"class-{row.class_id}", width="stretch"):
        session.open_class(row.class_id)
        st.rerun()


def _one_class(token: str, class_id: str) -> None:
    found = client.class_students(token, class_id)
    if st.button(text.BACK_TO_CLASSES):
        session.close_class()
        st.rerun()
    count = text.plural(len(found.students), "ученик", "ученика", "учеников")
    heading(f"{found.title}, {found.school_title}: {count}")
    left, right = st.columns([2, 2], vertical_alignment="bottom")
    asked = left.text_input(text.FIND_STUDENT, autocomplete="off").strip().lower()
    only_lacking = right.checkbox(text.ONLY_LACKING)
    shown = [
        student
        for student in found.students
        if asked in _name(student).lower() and (student.missing or not only_lacking)
    ]
    if not shown:
        note(text.NO_STUDENTS)
        return
    _heading(text.STUDENT_COLUMNS, STUDENT_WIDTHS)
    for student in shown:
        _student_row(student)
    names = {student.student_id: _name(student) for student in found.students}
    class_lists.lists(token, class_id, names)
    if st.toggle(text.CLASS_CHANGE):
        _touched(token, class_id, names)


def _touched(token: str, class_id: str, names: dict[str, str]) -> None:
    """Whose first three the list in force changed."""
    codes = [row.code for row in client.editions(token).editions if row.in_force or row.is_followed]
    if len(codes) < 2:
        note(text.FIRST_LIST)
        return
    new, old = codes[:2]
    change = client.class_edition_change(token, class_id, old, new)
    if not change.changed:
        note(text.CLASS_CHANGE_NONE.format(new=new))
        return
    count = text.plural(len(change.changed), "ученика", "учеников", "учеников")
    note(text.CLASS_CHANGE_SOME.format(new=new, old=old, count=count))
    rows = [(names.get(each.student_id, ""), _named(each.coming), _named(each.going)) for each in change.changed]
    table(text.CLASS_CHANGE_COLUMNS, sorted(rows))


def _named(pathways: list[PathwayName]) -> str:
    return "; ".join(text.CHOICE.format(title=each.title_ru, host=each.host_title) for each in pathways) or "—"


def _name(student: StudentRow) -> str:
    return student.full_name or text.PSEUDONYM.format(student_id=student.student_id)


def _student_row(student: StudentRow) -> None:
    cells = st.columns(STUDENT_WIDTHS, vertical_alignment="center")
    cells[0].html(escape(_name(student)))
    for cell, has in zip(
        cells[1:4], (student.has_diagnostics, student.has_marks, student.has_profile_survey), strict=True
    ):
        cell.write(text.PRESENT if has else text.ABSENT)
    decided = student.accepted_count + student.pinned_count + student.declined_count
    cells[4].write(str(decided) if decided else "—")
    if not student.consent_recommending:
        cells[5].html(chip(text.NO_CONSENT_SHORT, tone="weak"))
    elif student.missing:
        cells[5].html("".join(chip(fact.text.rstrip("."), tone="lack") for fact in student.missing[:2]))
    if cells[6].button(text.OPEN, key=f"student-{student.student_id}", width="stretch"):
        session.open_student(student.student_id)
        st.rerun()
