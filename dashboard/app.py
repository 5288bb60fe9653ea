"""Entry of the screens: door, frame and navigation only."""

import streamlit as st

from dashboard import client, session, text
from dashboard.views import classes, demand_list, model, sign_in
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
    pages = [
        st.Page(classes.page, title=text.PAGE_CLASSES, url_path="classes", default=True),
        st.Page(demand_list.page, title=text.PAGE_DEMAND, url_path="demand"),
        st.Page(model.page, title=text.PAGE_MODEL, url_path="model"),
    ]
    asked = st.navigation(pages if "classes:read" in me.permissions else pages[1:], position="top")
    who, leave = st.columns([8, 1], vertical_alignment="center")
    with who:
        st.caption(f"{me.display_name} · {me.school_title or me.region_title}")
    if leave.button(text.SIGN_OUT, width="stretch"):
        _leave()
    if me.data_are_synthetic:
        banner(text.SYNTHETIC)
    asked.run()


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
