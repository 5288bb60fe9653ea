"""Whom to talk to today, and what the month asks for: the head of the first page."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import client, session, text
from dashboard.widgets.elements import banner, chip, note
from service.talks.schemas import Banner, Talk, TalkQueue

FIRST, ALL = 5, 500
WIDTHS = (2.2, 0.7, 6, 1.1)


def queue(token: str) -> None:
    """The most pressing first; all of them when asked for."""
    above = st.container()  # what must be known stands first, and comes with the queue
    left, right = st.columns([5, 1.3], vertical_alignment="bottom")
    left.subheader(text.TALKS_TITLE, anchor=False)
    whole = right.toggle(text.TALKS_ALL)
    with st.spinner(text.COUNTING):
        found = client.talks(token, ALL if whole else FIRST)
    with above:
        _banners(found.banners)
    if not found.talks:
        note(text.TALKS_NONE)
    for talk in _of_one_class(found.talks) if whole else found.talks:
        _row(talk)
    if found.waiting_count > len(found.talks):
        note(text.TALKS_MORE.format(count=found.waiting_count - len(found.talks)))
    _month(found)


def _of_one_class(talks: Sequence[Talk]) -> Sequence[Talk]:
    """Those of the class that is chosen, where there are several."""
    classes = dict(sorted((talk.class_id, talk.class_title) for talk in talks))
    if len(classes) < 2:
        return talks
    chosen = st.selectbox(
        text.TALKS_CLASS, list(classes), index=None, format_func=classes.__getitem__, placeholder=text.TALKS_ANY_CLASS,
        filter_mode=None, key="talks-class", width=260,
    )  # fmt: skip
    return [talk for talk in talks if chosen in (None, talk.class_id)]


def _banners(banners: Sequence[Banner]) -> None:
    """Each beside the way to the page about it."""
    for each in banners:
        path, label = text.BANNER_WAYS[each.code]
        said, way = st.columns([5, 1.3], vertical_alignment="center")
        with said:
            banner(each.text)
        page = session.find_page(path)
        if page is not None:
            way.page_link(page, label=label)


def _row(talk: Talk) -> None:
    cells = st.columns(WIDTHS, vertical_alignment="center")
    cells[0].html(f"<b>{escape(talk.full_name or text.PSEUDONYM.format(student_id=talk.student_id))}</b>")
    cells[1].write(talk.class_title)
    cells[2].html("<br>".join(escape(reason.text) for reason in talk.reasons))
    if cells[3].button(text.TALKS_CARD, key=f"talk-{talk.student_id}", width="stretch"):
        session.open_class(talk.class_id)
        session.open_student(talk.student_id)
        st.rerun()


def _month(found: TalkQueue) -> None:
    if found.due:
        due = "".join(chip(f"{item.item} {item.title_ru}") for item in found.due)
        st.html(f"<div>{escape(text.DUE.format(month=text.MONTHS[found.as_of.month - 1]))} {due}</div>")
