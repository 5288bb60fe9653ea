"""The door: by the identity provider where there is one, by a password, or both."""

import streamlit as st

from dashboard import client, session, text
from dashboard.widgets.elements import link, note
from service.accounts.schemas import SessionOpened


def page() -> None:
    """Ask who it is, open a session."""
    returned = session.take_return()
    _, middle, _ = st.columns([1, 1.1, 1])
    with middle:
        st.title(text.PRODUCT, anchor=False)
        note(text.TAGLINE)
        opened = _come_back(returned) if returned else None
        if opened is None:
            opened = _ask()
        if opened is None:
            return
        session.sign_in(opened.token, client.me(opened.token))
    st.rerun()


def _come_back(returned: dict[str, str]) -> SessionOpened | None:
    """What the provider said, and in which browser."""
    if "code" not in returned or "state" not in returned:
        is_failure = returned.get("error") == session.UNAVAILABLE
        st.error(text.PROVIDER_FAILED if is_failure else text.NOT_CONFIRMED)
        return None
    try:
        return client.finish_sign_in(returned["code"], returned["state"], session.browser_secret())
    except client.RefusedError as error:
        st.error(str(error))
        return None


def _provider_title() -> str | None:
    """What the provider is called; a service that is down is told of when somebody asks to come in."""
    try:
        return client.sign_in_provider().title
    except client.ServiceDownError:
        return None


def _ask() -> SessionOpened | None:
    if title := _provider_title():
        link(text.BY_PROVIDER.format(title=title), session.BEGIN_SIGN_IN)
        note(text.OR_HERE)
    with st.form("sign_in"):
        login = st.text_input(text.LOGIN, autocomplete="username")
        password = st.text_input(text.PASSWORD, type="password", autocomplete="current-password")
        asked = st.form_submit_button(text.SIGN_IN, type="primary", width="stretch")
    note(text.SIGN_IN_HINT)
    if notice := session.take_notice():
        st.warning(notice)
    if not asked:
        return None
    if not login or not password:
        st.warning(text.EMPTY_CREDENTIALS)
        return None
    try:
        return client.sign_in(login.strip(), password)
    except client.RefusedError as error:
        st.error(str(error))
        return None
