"""One's own password: chosen instead of the one that another knows, or simply changed."""

import streamlit as st

from dashboard import client, session
from dashboard import text_people as text
from dashboard.widgets.elements import note


def page() -> None:
    """The only page for whoever has a temporary password."""
    _, middle, _ = st.columns([1, 1.1, 1])
    with middle:
        st.title(text.OWN_TITLE, anchor=False)
        note(text.OWN_WHY)
        form(session.find_token() or "", "own_password")


def form(token: str, key: str) -> None:
    """Ask for the present password and twice for the new one."""
    with st.form(key, clear_on_submit=False, border=False):
        current = st.text_input(text.CURRENT, type="password", autocomplete="current-password")
        wanted = st.text_input(text.WANTED, type="password", autocomplete="new-password")
        again = st.text_input(text.AGAIN, type="password", autocomplete="new-password")
        asked = st.form_submit_button(text.CHANGE, type="primary", width="stretch")
    if not asked:
        return
    if wanted != again:
        st.warning(text.NOT_THE_SAME)
        return
    if len(wanted) < text.MIN_LENGTH:
        st.warning(text.TOO_SHORT)
        return
    try:
        client.change_password(token, current, wanted)
    except client.RefusedError as error:
        st.error(str(error))
        return
    session.leave_notice(text.CHANGED)
    st.rerun()
