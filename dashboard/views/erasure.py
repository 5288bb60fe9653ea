"""Erasing one student's data: asked for twice, and an act that is shown once."""

import streamlit as st
from pydantic import ValidationError

from dashboard import client, session
from dashboard import text_privacy as text
from dashboard.widgets.elements import literal, note, table
from service.privacy.schemas import ErasureAsked, ErasureDone


def ask(token: str, student_id: str) -> None:
    """Ground, paper, and a confirmation that nobody gives by a slip of the hand."""
    note(text.ERASE_HINT)
    with st.form(f"erase-{student_id}", border=False):
        left, right = st.columns(2)
        ground = left.selectbox(text.GROUND, list(text.GROUNDS), format_func=text.GROUNDS.__getitem__)
        document = right.text_input(text.PAPER, max_chars=64, autocomplete="off").strip()
        left, right = st.columns(2, vertical_alignment="bottom")
        typed = left.text_input(text.CONFIRM.format(student_id=literal(student_id)), autocomplete="off").strip()
        is_understood = right.checkbox(text.UNDERSTOOD)
        asked = st.form_submit_button(text.ERASE, type="primary")
    if not asked:
        return
    if not document and ground != "mistake":
        st.warning(text.NO_PAPER)
    elif typed != student_id or not is_understood:
        st.warning(text.NOT_CONFIRMED)
    else:
        _erase(token, student_id, {"ground": ground, "document": document or None})


def _erase(token: str, student_id: str, wanted: dict[str, str | None]) -> None:
    try:
        act = client.erase_student(token, student_id, ErasureAsked.model_validate(wanted))
    except ValidationError:
        st.error(text.BAD_PAPER)
        return
    session.forget_student()
    session.leave_act(act)
    st.rerun()


def show_act(act: ErasureDone) -> None:
    """The act until it has been put away: the service answers it once."""
    st.subheader(text.ACT_TITLE.format(number=act.erasure_id), anchor=False)
    st.success(text.ACT_ONCE)
    save, close = st.columns(2)
    save.download_button(
        text.ACT_DOWNLOAD, text.act_file(act), file_name=f"orientir-act-{act.erasure_id}.txt", mime="text/plain",
        on_click="ignore", type="primary", width="stretch", key="download-act",
    )  # fmt: skip
    if close.button(text.ACT_CLOSE, key="close-act", width="stretch"):
        session.close_act()
        st.rerun()
    for line in text.act_lines(act):
        note(line)
    rows, trail = st.columns([1, 2], gap="large")
    with rows:
        table(text.ROW_COLUMNS, [(each.title_ru, str(each.row_count)) for each in act.removed], numeric=(1,))
    with trail:
        table(text.TRAIL_COLUMNS, [(text.moment(line.at), text.deed(line), line.who) for line in act.trail])
