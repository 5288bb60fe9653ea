"""What families ask of a school: consents, who read the card, a copy of everything, erasure; acts and terms."""

import streamlit as st

from dashboard import client, session
from dashboard import text_privacy as text
from dashboard.views import consents, erasure
from dashboard.widgets.elements import literal, note, table
from service.privacy.schemas import ErasureAct


def page() -> None:
    """One child's data, or what the school keeps of erasures and terms."""
    token = session.find_token() or ""
    st.title(text.PRIVACY_TITLE, anchor=False)
    if notice := session.take_notice():
        st.success(notice)
    if act := session.find_act():
        erasure.show_act(act)
        return
    note(text.PRIVACY_HINT)
    part = st.segmented_control(
        text.WHAT, list(text.PARTS), default="student", required=True, format_func=text.PARTS.__getitem__,
        key="privacy-part", label_visibility="collapsed",
    )  # fmt: skip
    if part == "acts":
        _acts(token)
    elif part == "retention":
        _retention(token)
    else:
        _one_student(token)


def _one_student(token: str) -> None:
    student_id = _whom(token)
    if not student_id:
        note(text.WHOM_FIRST)
        return
    section = st.segmented_control(
        text.ABOUT, list(text.SECTIONS), required=True, default="consents", format_func=text.SECTIONS.__getitem__,
        key="privacy-section", label_visibility="collapsed",
    )  # fmt: skip
    try:
        if section == "consents":
            consents.show(token, student_id)
        elif section == "readings":
            _readings(token, student_id)
        elif section == "export":
            _export(token, student_id)
        else:
            erasure.ask(token, student_id)
    except client.RefusedError as error:
        st.error(literal(str(error)))


def _whom(token: str) -> str | None:
    """Pseudonym of the student who is asked about; names stand in the choice and nowhere else."""
    titles = {row.class_id: row.title for row in client.classes(token).classes}
    which, who, other = st.columns([1, 2, 2])
    class_id = which.selectbox(
        text.CLASS, list(titles), index=_place(list(titles), session.seen_class()), format_func=titles.__getitem__,
        placeholder=text.CHOOSE, key="privacy-class",
    )  # fmt: skip
    students = client.class_students(token, class_id).students if class_id is not None else []
    names = {each.student_id: literal(each.full_name or each.student_id) for each in students}
    chosen = who.selectbox(
        text.STUDENT, list(names), index=_place(list(names), session.seen_student()), format_func=names.__getitem__,
        placeholder=text.CHOOSE, disabled=not names, key=f"privacy-student-{class_id}",
    )  # fmt: skip
    typed = other.text_input(text.NO_LONGER_HERE, max_chars=64, key="privacy-pseudonym", autocomplete="off").strip()
    return typed or chosen


def _place(known: list[str], wanted: str | None) -> int | None:
    return known.index(wanted) if wanted in known else None


def _readings(token: str, student_id: str) -> None:
    found = client.readings(token, student_id).readings
    note(text.READINGS_HINT)
    if not found:
        note(text.NO_READINGS)
        return
    table(text.READING_COLUMNS, [(text.moment(each.at), each.who, each.title_ru) for each in found])


def _export(token: str, student_id: str) -> None:
    """The file is made when it is asked for, and is gone with the next click."""
    note(text.EXPORT_HINT)
    if not st.button(text.PREPARE, key="prepare-export", type="primary"):
        return
    content = client.export_student(token, student_id).model_dump_json(indent=2).encode()
    st.success(text.PREPARED)
    st.download_button(
        text.DOWNLOAD, content, file_name=f"orientir-{student_id}.json", mime="application/json", on_click="ignore",
        key="download-export",
    )  # fmt: skip


def _acts(token: str) -> None:
    found = client.erasures(token).erasures
    if not found:
        note(text.NO_ACTS)
        return
    note(text.ACTS_HINT)
    table(text.ACT_COLUMNS, [_act_row(act) for act in found], numeric=(5,))


def _act_row(act: ErasureAct) -> tuple[str, ...]:
    rows = sum(each.row_count for each in act.removed)
    remains = text.CLEAN if act.is_scrubbed else text.REMAINS
    at, paper = text.moment(act.erased_at), act.document or text.UNKNOWN
    return str(act.erasure_id), at, act.erased_by, act.ground_title, paper, str(rows), remains


def _retention(token: str) -> None:
    try:
        found = client.retention(token)
    except client.RefusedError as error:
        st.error(literal(str(error)))
        return
    st.write(text.TERM.format(years=text.years(found.years), year=found.left_before))
    if not found.schools:
        note(text.TERM_NOBODY)
        return
    rows = [
        (each.school_title, str(len(each.student_ids)), str(sum(each.row_counts.values())), ", ".join(each.student_ids))
        for each in found.schools
    ]
    table(text.TERM_COLUMNS, rows, numeric=(1, 2))
    note(text.TERM_NEXT)
