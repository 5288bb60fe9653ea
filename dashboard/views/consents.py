"""Consents of one student by purpose: what is in force, how it came about, what the representative says now."""

from datetime import date
from typing import Any

import streamlit as st
from pydantic import ValidationError

from dashboard import client, session
from dashboard import text_privacy as text
from dashboard.widgets.elements import literal, note, table
from service.privacy.schemas import ConsentChange, ConsentState, SaidConsents, StudentConsents


def show(token: str, student_id: str) -> None:
    """What is in force, the form, the history."""
    found = client.consents(token, student_id)
    table(text.CONSENT_COLUMNS, [_row(state) for state in found.consents])
    _say(token, found)
    with st.expander(text.HISTORY, key=f"history-{student_id}"):
        if found.history:
            table(text.HISTORY_COLUMNS, [_past(change) for change in found.history])
        else:
            note(text.NO_HISTORY)


def _row(state: ConsentState) -> tuple[str, ...]:
    who = state.recorded_by or text.FROM_ROSTER
    return state.title_ru, _word(state), text.day(_since(state)), state.document or text.UNKNOWN, who


def _past(change: ConsentChange) -> tuple[str, ...]:
    at, who = text.moment(change.recorded_at), change.recorded_by or text.FROM_ROSTER
    paper = change.document or text.UNKNOWN
    return at, change.title_ru, _word(change), text.day(_since(change)), change.school_year, paper, who


def _word(state: ConsentState) -> str:
    if state.is_given:
        return text.GIVEN
    return text.WITHDRAWN if state.withdrawn_on is not None else text.NOT_GIVEN


def _since(state: ConsentState) -> date | None:
    return state.given_on if state.is_given else state.withdrawn_on


def _say(token: str, found: StudentConsents) -> None:
    """Recorded against the revision that was looked at: whoever was quicker is not overwritten."""
    titles = {state.purpose: state.title_ru for state in found.consents}
    me = session.find_me()
    today = date.fromisoformat(me.as_of) if me is not None else date.max
    st.subheader(text.SAY_TITLE, anchor=False)
    with st.form(f"say-{found.student_id}-{found.revision}", border=False):
        purpose, word, on, paper = st.columns([2.2, 2, 1.2, 2.6], vertical_alignment="bottom")
        said: dict[str, Any] = {
            "purpose": purpose.selectbox(text.PURPOSE, list(titles), format_func=lambda each: titles[each]),
            "document": None,
        }
        what = word.selectbox(text.SAID, list(text.WORDS), format_func=text.WORDS.__getitem__)
        said[what] = on.date_input(text.ON, today, max_value=today, format="DD.MM.YYYY")
        said["document"] = paper.text_input(text.PAPER, max_chars=64, autocomplete="off").strip() or None
        asked = st.form_submit_button(text.RECORD, type="primary")
    note(text.SAY_HINT)
    if asked:
        _record(token, found, said)


def _record(token: str, found: StudentConsents, said: dict[str, Any]) -> None:
    try:
        client.set_consents(token, found, SaidConsents.model_validate({"consents": [said]}))
    except ValidationError:
        st.error(text.BAD_PAPER)
    except client.RefusedError as error:
        st.error(literal(str(error)))
        st.button(text.READ_AGAIN, key="read-again")
    else:
        session.leave_notice(text.RECORDED)
        st.rerun()
