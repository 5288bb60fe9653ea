"""The door."""

import streamlit as st

from dashboard import client, session, text
from dashboard.widgets.elements import note


def page() -> None:
    """Ask for login and password, open a session."""
    _, middle, _ = st.columns([1, 1.1, 1])
    with middle:
        st.title(text.PRODUCT, anchor=False)
        note(text.TAGLINE)
        with st.form("sign_in"):
            login = st.text_input(text.LOGIN, autocomplete="username")
            password = st.text_input(text.PASSWORD, type="password", autocomplete="current-password")
            asked = st.form_submit_button(text.SIGN_IN, type="primary", width="stretch")
        note(text.SIGN_IN_HINT)
        if notice := session.take_notice():
            st.warning(notice)
        if not asked:
            return
        if not login or not password:
            st.warning(text.EMPTY_CREDENTIALS)
            return
        try:
            opened = client.sign_in(login.strip(), password)
            session.sign_in(opened.token, client.me(opened.token))
        except client.RefusedError as error:
            st.error(str(error))
            return
    st.rerun()
