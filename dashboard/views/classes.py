"""My classes: who lacks what; from here to one class, to the whole school, to one student's card."""

from functools import partial
from html import escape

import streamlit as st

from dashboard import client, session, text, text_class
from dashboard.views import class_page, school_page, student_card, talks
from dashboard.widgets.elements import literal, note
from service.accounts.schemas import Me
from service.students.schemas import ClassRow

CLASS_WIDTHS = (1.2, 1, 1.4, 1.2, 1.2, 1.2, 1.2, 1)


def page() -> None:
    """The deepest level that is open."""
    token = session.find_token() or ""
    try:
        _deepest(token)
    except client.RefusedError as refused:  # by an address that is somebody else's, or of what is gone
        st.error(literal(str(refused)))
        st.button(text.BACK_TO_CLASSES, on_click=session.close_class)


def _deepest(token: str) -> None:
    if student_id := session.find_student():
        student_card.show(token, student_id)
    elif class_id := session.find_class():
        class_page.show(token, class_id)
    elif session.is_school_open():
        school_page.show(token)
    else:
        _all_classes(token)


def _all_classes(token: str) -> None:
    found = client.classes(token)
    st.title(f"{text.CLASSES_TITLE}, {found.school_year}", anchor=False)
    me = session.find_me()
    if not found.classes:
        note(text.NO_CLASSES if me is None or me.class_ids is None else text.NO_OWN_CLASSES)
        return
    if session.may("decisions:write"):
        talks.queue(token)
    st.subheader(text.CLASSES_SUBTITLE, anchor=False)
    note(text.CLASSES_HINT)
    if sees_school(me):
        st.button(text_class.SCHOOL, key="school", on_click=session.open_school)
    with st.container(key="rows"):
        _heading(text.CLASS_COLUMNS, CLASS_WIDTHS)
        for row in found.classes:
            _class_row(row)


def sees_school(me: Me | None) -> bool:
    """Whether somebody belongs to a school and is limited to no class of it."""
    return me is not None and me.class_ids is None and me.school_title is not None


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
    key, way = f"class-{row.class_id}", partial(session.open_class, row.class_id)
    cells[7].button(text.OPEN, key=key, width="stretch", on_click=way)  # before this page is made once more for nothing
