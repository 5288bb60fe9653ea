"""What one visitor's session remembers. Only here are session keys named; nothing is shared between visitors."""

from typing import cast

import streamlit as st

from service.accounts.schemas import Me
from service.imports.schemas import IntakeReport
from service.privacy.schemas import ErasureDone

TOKEN, ME, CLASS_ID, STUDENT_ID, NOTICE = "token", "me", "class_id", "student_id", "notice"
UNAVAILABLE = "unavailable"  # said of the identity provider in an address of ours
BROWSER, BEGIN_SIGN_IN = "orientir_sign_in", "/sign-in/begin"  # a cookie no script reads; where it is given
DRAFT_ID, SECRET, ACT, REPORT, COPY = "draft_id", "secret", "act", "import_report", "marked_copy"
KIT = "survey_kit"


def sign_in(token: str, me: Me) -> None:
    """Remember who is here."""
    st.session_state[TOKEN] = token
    st.session_state[ME] = me


def forget() -> None:
    """Forget everything of this visitor."""
    for key in list(st.session_state):
        del st.session_state[key]


def find_token() -> str | None:
    """Bearer token, if somebody signed in."""
    return cast("str | None", st.session_state.get(TOKEN))


def find_me() -> Me | None:
    """Who signed in."""
    return cast("Me | None", st.session_state.get(ME))


def open_class(class_id: str) -> None:
    """Remember which class is being looked at."""
    st.session_state[CLASS_ID] = class_id
    st.session_state.pop(STUDENT_ID, None)


def find_class() -> str | None:
    """The class being looked at."""
    return cast("str | None", st.session_state.get(CLASS_ID))


def open_student(student_id: str) -> None:
    """Remember whose card is being looked at."""
    st.session_state[STUDENT_ID] = student_id


def close_student() -> None:
    """Go back from the card to the class."""
    st.session_state.pop(STUDENT_ID, None)


def close_class() -> None:
    """Go back from the class to all classes."""
    st.session_state.pop(CLASS_ID, None)
    close_student()


def forget_student() -> None:
    """Whoever was looked at is gone: no choice of the page about data may still name the student."""
    close_student()
    for key in [str(key) for key in st.session_state]:
        if key.startswith("privacy-") and key != "privacy-part":
            del st.session_state[key]


def find_student() -> str | None:
    """Whose card is being looked at."""
    return cast("str | None", st.session_state.get(STUDENT_ID))


def open_draft(draft_id: int) -> None:
    """Remember which draft list is being looked at."""
    st.session_state[DRAFT_ID] = draft_id


def find_draft() -> int | None:
    """The draft list being looked at."""
    return cast("int | None", st.session_state.get(DRAFT_ID))


def close_draft() -> None:
    """Go back from the draft to the lists."""
    st.session_state.pop(DRAFT_ID, None)


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


def take_return() -> dict[str, str]:
    """What the identity provider sent the browser back with, once; it leaves the address at once."""
    returned = {name: st.query_params[name] for name in ("code", "state", "error") if name in st.query_params}
    if returned:
        st.query_params.clear()
    return returned


def browser_secret() -> str:
    """What this browser was given when it was sent to the provider."""
    return st.context.cookies.get(BROWSER, "")
