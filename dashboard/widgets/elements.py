"""Small pieces of a page: chips, notes, tables. Everything that comes from data is escaped here."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import text

WIDE = 4  # columns; narrower tables fit a phone
MARKUP = frozenset(r"\`*_{}[]()<>#+-.!|~$:")


def heading(words: str) -> None:
    """A page's heading made of data: names are never read as markup."""
    st.html(f"<h1>{escape(words)}</h1>", width="content")


def way_back(words: str, on_click: Callable[[], None]) -> DeltaGenerator:
    """The line of a page's heading, which begins with the way back: there before anything is asked for."""
    line = st.container(horizontal=True, vertical_alignment="center", key="head")
    line.button(words, on_click=on_click)
    return line


def literal(words: str) -> str:
    """Words of a stranger inside a label or a message: none of them is read as markup."""
    return "".join(f"\\{letter}" if letter in MARKUP else letter for letter in words)


def subheading(words: str) -> None:
    """A smaller heading made of data."""
    st.html(f"<h3>{escape(words)}</h3>")


def note(sentence: str) -> None:
    """A quiet remark."""
    st.html(f'<div class="o-note">{escape(sentence)}</div>')


def how_to_read(sentences: Iterable[str], title: str = text.HOW_TITLE) -> None:
    """Help beside a chart, folded away until it is wanted."""
    with st.expander(title):
        for sentence in sentences:
            st.write(sentence)


def link(words: str, path: str) -> None:
    """A way to another address of ours, in this very window."""
    st.html(f'<a class="o-link" href="{escape(path)}">{escape(words)}</a>')


def post_button(words: str, path: str) -> None:
    """A button that leaves the page: what it asks for is done by an address of ours."""
    st.html(f'<form method="post" action="{escape(path)}"><button class="o-button">{escape(words)}</button></form>')


def banner(sentence: str) -> None:
    """Something nobody should overlook."""
    st.html(f'<div class="o-banner" role="note">{escape(sentence)}</div>')


def chip(label: str, value: str = "", tone: str = "") -> str:
    """HTML of a chip; tone: strong | weak | lack."""
    strong = f" <b>{escape(value)}</b>" if value else ""
    return f'<span class="o-chip {escape(tone)}">{escape(label)}{strong}</span>'


def chips(pieces: Iterable[str]) -> None:
    """A row of chips."""
    st.html("<div>" + "".join(pieces) + "</div>")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[int] = ()) -> None:
    """A plain table; `numeric` columns stand right."""
    titles = "".join(_cell("th", column, place in numeric) for place, column in enumerate(columns))
    head = f"<thead><tr>{titles}</tr></thead>" if any(columns) else ""
    lines = ("".join(_cell("td", cell, place in numeric) for place, cell in enumerate(row)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    scrolling_table(f"{head}<tbody>{body}</tbody>", len(columns))


def scrolling_table(rows: str, column_count: int, kind: str = "") -> None:
    """HTML of a table's rows, which scrolls inside itself on a narrow screen; a wide one can be scrolled by key."""
    reach = ' tabindex="0"' if column_count >= WIDE else ""
    st.html(f'<div class="o-scroll"{reach}><table class="o-table {kind}">{rows}</table></div>')


def _cell(tag: str, value: str, is_numeric: bool) -> str:
    opening = f'<{tag} class="n">' if is_numeric else f"<{tag}>"
    return f"{opening}{escape(value)}</{tag}>"
