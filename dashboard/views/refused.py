"""At the address of a page that another role has."""

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import note


def page() -> None:
    """Say so, and where to go."""
    st.title(text.NOT_YOURS, anchor=False)
    note(text.NOT_YOURS_HINT)
