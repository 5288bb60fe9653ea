"""Entry of the screens: door, frame and navigation only."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import client, session, text, text_imports, text_people
from dashboard.views import classes, demand_list, imports, model, own_password, people, sign_in
from dashboard.widgets import style
from dashboard.widgets.elements import banner


def main() -> None:
    """Show the door, or the frame with the page that was asked for."""
    st.set_page_config(page_title=text.PRODUCT, page_icon="🧭", layout="wide", initial_sidebar_state="collapsed")
    style.apply()
    token = session.find_token()
    if token is None:
        st.navigation([st.Page(sign_in.page, title=text.SIGN_IN_TITLE)], position="hidden").run()
        return
    me = client.me(token)  # on every run: rights may have changed since the door
    session.sign_in(token, me)
    if me.password_is_temporary:
        asked = st.navigation([st.Page(own_password.page, title=text_people.OWN_TITLE)], position="hidden")
    else:
        asked = st.navigation(_pages(frozenset(me.permissions)), position="top")
    who, password, leave = st.columns([7, 1, 1], vertical_alignment="center")
    with who:
        st.caption(f"{me.display_name} · {me.school_title or me.region_title}")
    if not me.password_is_temporary:
        with password, st.popover(text_people.MINE, key="open-my-password", width="stretch"):
            own_password.form(token, "my_password")
    if leave.button(text.SIGN_OUT, width="stretch"):
        _leave()
    if me.data_are_synthetic:
        banner(text.SYNTHETIC)
    asked.run()


def _pages(permissions: frozenset[str]) -> list[StreamlitPage]:
    """Pages that somebody with these permissions can use."""
    pages = (
        ("classes:read", classes.page, text.PAGE_CLASSES, "classes"),
        ("demand:read", demand_list.page, text.PAGE_DEMAND, "demand"),
        ("models:read", model.page, text.PAGE_MODEL, "model"),
        ("imports:school", imports.page, text_imports.PAGE_IMPORTS, "imports"),
        ("imports:region", imports.page, text_imports.PAGE_IMPORTS, "imports"),
        ("accounts:write", people.page, text_people.PAGE_PEOPLE, "people"),
    )
    mine = [page for page in pages if page[0] in permissions]
    return [
        st.Page(page, title=title, url_path=path, default=place == 0)
        for place, (_, page, title, path) in enumerate(mine)
    ]


def _leave(notice: str | None = None) -> None:
    token = session.find_token()
    session.forget()
    if notice is not None:
        session.leave_notice(notice)
    elif token is not None:
        client.sign_out(token)
    st.rerun()


try:
    main()
except client.SignedOutError:
    _leave(text.SIGNED_OUT)
except (client.ServiceDownError, client.RefusedError) as error:
    st.error(str(error))
