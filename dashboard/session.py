"""What one visitor's session remembers. Only here are session keys named; nothing is shared between visitors.

What is being looked at stands in the address, by ids alone: a reload, a link or the browser's way back finds it again.
"""

from typing import cast

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from service.accounts.schemas import Me
from service.imports.schemas import IntakeReport
from service.privacy.schemas import ErasureDone

COOKIE = "orientir_session"  # given at the door; no script reads it
TOKEN, ME, NOTICE = "token", "me", "notice"
CLASS, STUDENT, DRAFT, STEP = "class", "student", "draft", "step"  # in the address
SEEN_CLASS, SEEN_STUDENT = "seen_class", "seen_student"
SCHOOL, LISTS_OF = "school", "lists_of"  # the first in the address
SECRET, ACT, REPORT, COPY, KIT = "secret", "act", "import_report", "marked_copy", "survey_kit"
TOUR, PAGES = "tour_step", "pages"


def remember(me: Me) -> None:
    """Remember who is here."""
    st.session_state[ME] = me


def may(permission: str) -> bool:
    """Whether who is here may do something."""
    me = find_me()
    return me is not None and permission in me.permissions


def forget() -> None:
    """Forget everything of this visitor."""
    for key in list(st.session_state):
        del st.session_state[key]


def find_token() -> str | None:
    """Bearer token, if somebody signed in: the one that this page was opened with."""
    if TOKEN not in st.session_state and (given := st.context.cookies.get(COOKIE)):
        st.session_state[TOKEN] = given
    return cast("str | None", st.session_state.get(TOKEN))


def find_me() -> Me | None:
    """Who signed in."""
    return cast("Me | None", st.session_state.get(ME))


def open_class(class_id: str) -> None:
    """Look at a class."""
    st.session_state.pop(LISTS_OF, None)
    st.query_params.from_dict({CLASS: class_id})


def find_class() -> str | None:
    """The class being looked at."""
    found = st.query_params.get(CLASS)
    if found is not None:
        st.session_state[SEEN_CLASS] = found
    return found


def open_student(student_id: str) -> None:
    """Look at a card."""
    st.query_params[STUDENT] = student_id


def close_student() -> None:
    """Go back from the card to the class."""
    st.query_params.pop(STUDENT, None)


def close_class() -> None:
    """Go back from the class, or the school, to all classes."""
    st.session_state.pop(LISTS_OF, None)
    st.query_params.clear()


def find_student() -> str | None:
    """Whose card is being looked at."""
    found = st.query_params.get(STUDENT)
    if found is not None:
        st.session_state[SEEN_STUDENT] = found
    return found


def seen_class() -> str | None:
    """The class looked at last, on whatever page."""
    return cast("str | None", st.session_state.get(SEEN_CLASS))


def seen_student() -> str | None:
    """Whose card was looked at last."""
    return cast("str | None", st.session_state.get(SEEN_STUDENT))


def forget_seen() -> None:
    """What was looked at may be gone."""
    st.session_state.pop(SEEN_CLASS, None)
    st.session_state.pop(SEEN_STUDENT, None)


def open_school() -> None:
    """Look at the whole school."""
    st.query_params.from_dict({SCHOOL: "all"})


def is_school_open() -> bool:
    """Whether the whole school is being looked at."""
    return SCHOOL in st.query_params


def want_lists(class_id: str) -> None:
    """The table of a class stands: what is advised may be brought."""
    st.session_state[LISTS_OF] = class_id


def lists_are_wanted(class_id: str) -> bool:
    """Whether this class's table stands already."""
    return bool(st.session_state.get(LISTS_OF) == class_id)


def forget_student() -> None:
    """Whoever was looked at is gone: no choice of the page about data may still name the student."""
    st.session_state.pop(SEEN_STUDENT, None)
    for key in [str(key) for key in st.session_state]:
        if key.startswith("privacy-") and key != "privacy-part":
            del st.session_state[key]


def keep_pages(pages: dict[str, StreamlitPage]) -> None:
    """Remember the pages of this visitor by their paths."""
    st.session_state[PAGES] = pages


def find_page(path: str) -> StreamlitPage | None:
    """A page to lead to, where this visitor has it."""
    pages = cast("dict[str, StreamlitPage]", st.session_state.get(PAGES, {}))
    return pages.get(path)


def open_tour_step(step: int) -> None:
    """Remember how far the tour is."""
    st.session_state[TOUR] = step


def find_tour_step() -> int | None:
    """How far the tour is; None outside it."""
    return cast("int | None", st.session_state.get(TOUR))


def end_tour() -> None:
    """Leave the tour; it can be begun again."""
    st.session_state.pop(TOUR, None)


def open_draft(draft_id: int) -> None:
    """Look at a draft list, from its first step."""
    st.query_params.from_dict({DRAFT: str(draft_id)})


def find_draft() -> int | None:
    """The draft list being looked at."""
    found = st.query_params.get(DRAFT, "")
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else None


def find_step() -> str | None:
    """The step of the draft being looked at."""
    return st.query_params.get(STEP)


def keep_step(step: str) -> None:
    """Remember the step, for a reload."""
    st.query_params[STEP] = step


def close_draft() -> None:
    """Go back from the draft to the lists."""
    st.query_params.clear()


def leave_notice(text: str) -> None:
    """A sentence to show after the next run, such as «Решение записано»."""
    st.session_state[NOTICE] = text


def take_notice() -> str | None:
    """The sentence left, once."""
    return cast("str | None", st.session_state.pop(NOTICE, None))


def keep_report(digest: str, report: IntakeReport, table: str | None) -> None:
    """Remember what was found in a file, known by its digest, and what it was said to be."""
    st.session_state[REPORT] = (digest, report, table)


def find_report(digest: str) -> IntakeReport | None:
    """What was found in this very file."""
    kept = st.session_state.get(REPORT)
    return cast("IntakeReport", kept[1]) if kept is not None and kept[0] == digest else None


def find_table(digest: str) -> str | None:
    """What a person said that this very file is."""
    kept = st.session_state.get(REPORT)
    return cast("str | None", kept[2]) if kept is not None and kept[0] == digest else None


def forget_report() -> None:
    """The file was taken in, or its columns are something else now: what was found in it is no longer so."""
    st.session_state.pop(REPORT, None)
    st.session_state.pop(COPY, None)


def keep_copy(digest: str, copy: bytes) -> None:
    """Remember the marked copy of a file, to be downloaded."""
    st.session_state[COPY] = (digest, copy)


def find_copy(digest: str) -> bytes | None:
    """The marked copy of this very file."""
    kept = st.session_state.get(COPY)
    return cast("bytes", kept[1]) if kept is not None and kept[0] == digest else None


def keep_kit(name: str, book: bytes, form: bytes) -> None:
    """Remember a survey that was made, to be downloaded: under its class and kind."""
    st.session_state[KIT] = (name, book, form)


def find_kit(name: str) -> tuple[bytes, bytes] | None:
    """The workbook and the form of this very survey."""
    kept = st.session_state.get(KIT)
    return cast("tuple[bytes, bytes]", kept[1:]) if kept is not None and kept[0] == name else None


def leave_secret(text: str, secret: str) -> None:
    """A key to show on the next run and never again."""
    st.session_state[SECRET] = (text, secret)


def take_secret() -> tuple[str, str] | None:
    """The sentence and the key left, once."""
    return cast("tuple[str, str] | None", st.session_state.pop(SECRET, None))


def leave_act(act: ErasureDone) -> None:
    """The act of an erasure: it does not say whose data they were, and stays until it has been put away."""
    st.session_state[ACT] = act


def find_act() -> ErasureDone | None:
    """The act that has not been put away."""
    return cast("ErasureDone | None", st.session_state.get(ACT))


def close_act() -> None:
    """Put the act away."""
    st.session_state.pop(ACT, None)
