"""Entry of the screens: door, frame and navigation only."""

from collections.abc import Callable

import streamlit as st
from starlette.datastructures import URL
from streamlit.navigation.page import StreamlitPage

from dashboard import client, door, session, text, text_balance, text_imports, text_people, text_privacy
from dashboard.views import (
    balance,
    classes,
    demand_list,
    imports,
    model,
    own_password,
    people,
    privacy,
    refused,
    tour,
)
from dashboard.widgets import style
from dashboard.widgets.elements import link, note, post_button

PAGES = (  # any of the permissions opens a page
    ({"classes:read"}, classes.page, text.PAGE_CLASSES, "classes"),
    ({"demand:read"}, demand_list.page, text.PAGE_DEMAND, "demand"),
    ({"demand:publish", "models:promote"}, balance.page, text_balance.PAGE_BALANCE, "balance"),
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
        _show_the_door("")
        return
    me = client.me(token)  # on every run: rights may have changed since the door
    session.remember(me)
    if me.password_is_temporary:
        asked = st.navigation(_only(own_password.page, text_people.OWN_TITLE), position="hidden")
    else:
        asked = st.navigation(_pages(frozenset(me.permissions)), position="top")
    with st.container(key="frame"):
        who, password, leave = st.columns([7, 1, 1], vertical_alignment="center")
    with who:
        st.caption(f"{me.display_name} · {me.school_title or me.region_title}")
    if me.has_password and not me.password_is_temporary:
        with password, st.popover(text_people.MINE, key="open-my-password", width="stretch"):
            own_password.form(token, "my_password")
    with leave:
        post_button(text.SIGN_OUT, door.OUT)
    if me.data_are_synthetic:
        tour.above(token, me)
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
    shown = [
        st.Page(first, title=first_title, default=True),
        *(st.Page(page, title=title, url_path=path) for _, page, title, path in rest),
    ]
    session.keep_pages(dict(zip((path for *_, path in mine), shown, strict=True)))
    return [
        *shown,
        st.Page(first, title=first_title, url_path=first_path, visibility="hidden"),  # others know it by this address
        *(st.Page(refused.page, title=title, url_path=path, visibility="hidden") for *_, title, path in others),
    ]


def _show_the_door(said: str) -> None:
    """The page was open when its session ended, or its browser keeps no cookies."""
    note(text.SIGNED_OUT if said else text.COOKIES_HINT)
    link(text.SIGN_IN, door.address_of(URL(st.context.url or "/"), said))


try:
    main()
except client.SignedOutError:
    session.forget()
    _show_the_door(door.ENDED)
except (client.ServiceDownError, client.RefusedError) as error:
    st.error(str(error))
