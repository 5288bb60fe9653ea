"""Five minutes with the sample district: a step at a time above the page, each takes one to what it tells of."""

from collections.abc import Callable
from datetime import date
from html import escape

import streamlit as st

from dashboard import client, session, text
from dashboard import text_tour as words
from dashboard.widgets.elements import banner
from service.accounts.schemas import Me

Place = tuple[str, dict[str, str]]  # a page and what of it, as both stand in the address
Step = tuple[str, Callable[[str], Place]]


def _class(token: str) -> Place:
    """The class of whoever waits first, or else the first one."""
    for talk in client.talks(token, 1).talks:
        return "classes", {session.CLASS: talk.class_id}
    for row in client.classes(token).classes:
        return "classes", {session.CLASS: row.class_id}
    return "classes", {}


def _card(token: str) -> Place:
    """The card that was looked at last; else that of whoever waits first."""
    class_id, student_id = session.seen_class(), session.seen_student()
    if class_id is not None and student_id is not None:
        return "classes", {session.CLASS: class_id, session.STUDENT: student_id}
    for talk in client.talks(token, 1).talks:
        return "classes", {session.CLASS: talk.class_id, session.STUDENT: talk.student_id}
    return _class(token)


def _draft(token: str) -> Place:
    """The newest draft, where there is one."""
    for row in client.drafts(token).drafts:
        return "demand", {session.DRAFT: str(row.draft_id)}
    return "demand", {}


def _page(path: str) -> Callable[[str], Place]:
    return lambda _token: (path, {})


TALK, PUBLISH = "decisions:write", "demand:publish"
STEPS: tuple[tuple[str, str, Callable[[str], Place]], ...] = (  # its words, who may see it, what opens it
    ("queue", TALK, _page("classes")),
    ("class", TALK, _class),
    ("card", TALK, _card),
    ("slider", TALK, _card),
    ("questions", TALK, _card),
    ("decision", TALK, _card),
    ("sheet", TALK, _card),
    ("list", PUBLISH, _page("demand")),
    ("draft", PUBLISH, _page("demand")),
    ("impact", PUBLISH, _draft),
    ("publish", PUBLISH, _draft),
    ("imports", "imports:school", _page("imports")),
    ("model", "models:read", _page("model")),
    ("balance", PUBLISH, _page("balance")),
    ("balance", "models:promote", _page("balance")),
)


def above(token: str, me: Me) -> None:
    """That the district is a sample, the way into the tour, and its step while it lasts."""
    said, begin = st.columns([5, 1.3], vertical_alignment="center")
    with said:
        banner(text.SYNTHETIC.format(day=text.day(date.fromisoformat(me.as_of))))
    steps = [(key, go) for key, needs, go in STEPS if needs in me.permissions]
    if steps and begin.button(words.BEGIN, key="tour-begin", width="stretch"):
        _open(token, steps, 0)
    step = session.find_tour_step()
    if step is not None and step < len(steps):
        with st.container(border=True, key="tour"):
            _step(token, steps, step)


def _step(token: str, steps: list[Step], step: int) -> None:
    title, look, why = words.STEPS[steps[step][0]]
    head = words.STEP.format(number=step + 1, count=len(steps), title=title)
    honest = f" {words.HONEST}" if step == 0 else ""
    st.html(
        f'<div role="status"><b>{escape(head)}</b><br>{escape(look)}'
        f'<div class="o-note">{escape(why)}{escape(honest)}</div></div>'
    )
    is_last = step == len(steps) - 1
    with st.container(horizontal=True, gap="small"):
        # one key: whoever goes by Enter alone finds the end under the same finger
        if st.button(words.END if is_last else words.NEXT, key="tour-next", type="primary"):
            _end() if is_last else _open(token, steps, step + 1)
        if st.button(words.BACK, key="tour-back", disabled=step == 0):
            _open(token, steps, step - 1)
        if st.button(words.SHOW, key="tour-show"):
            _open(token, steps, step)
        if not is_last and st.button(words.END, key="tour-end"):
            _end()


def _end() -> None:
    session.end_tour()
    st.rerun()


def _open(token: str, steps: list[Step], step: int) -> None:
    """Go to what a step tells of."""
    session.open_tour_step(step)
    path, of = steps[step][1](token)
    page = session.find_page(path)
    if page is None:
        st.rerun()
    st.switch_page(page, query_params=of)
