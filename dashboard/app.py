"""Entry of the screens: door, frame and navigation only."""

from collections.abc import Callable

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import client, session, text, text_imports, text_people, text_privacy
from dashboard.views import classes, demand_list, imports, model, own_password, people, privacy, refused, sign_in
from dashboard.widgets import style
from dashboard.widgets.elements import banner

PAGES = (  # any of the permissions opens a page
    ({"classes:read"}, classes.page, text.PAGE_CLASSES, "classes"),
    ({"demand:read"}, demand_list.page, text.PAGE_DEMAND, "demand"),
    ({"models:read"}, model.page, text.PAGE_MODEL, "model"),
    ({"imports:school", "imports:region"}, imports.page, text_imports.PAGE_IMPORTS, "imports"),
    ({"accounts:write"}, people.page, text_people.PAGE_PEOPLE, "people"),
    ({"students:erase"}, privacy.page, text_privacy.PAGE_PRIVACY, "privacy"),
)


def main() -> None:
    """Show the door, or the frame with the page that was asked for."""
    st.set_page_config(page_title=text.PRODUCT, page_icon="🧭", layout="wide", initial_sidebar_state="collapsed")
    style.apply()
    token = session.find_token()
    if token is None:
        st.navigation(_only(sign_in.page, text.SIGN_IN_TITLE), position="hidden").run()
        return
    me = client.me(token)  # on every run: rights may have changed since the door
    session.sign_in(token, me)
    if me.password_is_temporary:
        asked = st.navigation(_only(own_password.page, text_people.OWN_TITLE), position="hidden")
    else:
        asked = st.navigation(_pages(frozenset(me.permissions)), position="top")
    who, password, leave = st.columns([7, 1, 1], vertical_alignment="center")
    with who:
        st.caption(f"{me.display_name} · {me.school_title or me.region_title}")
    if me.has_password and not me.password_is_temporary:
        with password, st.popover(text_people.MINE, key="open-my-password", width="stretch"):
            own_password.form(token, "my_password")
    if leave.button(text.SIGN_OUT, width="stretch"):
        _leave()
    if me.data_are_synthetic:
        banner(text.SYNTHETIC)
    asked.run()


def _only(page: Callable[[], None], title: str) -> list[StreamlitPage]:
    """One page whatever address was asked for: the address is kept for afterwards."""
    rest = [st.Page(page, title=title, url_path=path) for *_, path in PAGES]
    return [st.Page(page, title=title, default=True), *rest]


def _pages(permissions: frozenset[str]) -> list[StreamlitPage]:
    """Pages that somebody with these permissions can use; at the address of any other it is said so."""
    mine = [page for page in PAGES if page[0] & permissions]
    (_, first, first_title, first_path), *rest = mine
    others = [page for page in PAGES if page not in mine]
    return [
        st.Page(first, title=first_title, default=True),
        *(st.Page(page, title=title, url_path=path) for _, page, title, path in rest),
        st.Page(first, title=first_title, url_path=first_path, visibility="hidden"),  # others know it by this address
        *(st.Page(refused.page, title=title, url_path=path, visibility="hidden") for *_, title, path in others),
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
