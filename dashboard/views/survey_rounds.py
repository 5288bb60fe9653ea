"""A class fills a survey: the code for the blackboard, who is how far, taking the answers in."""

from collections import Counter
from html import escape

import streamlit as st

from dashboard import client, session, text, text_surveys
from dashboard.parts import part
from dashboard.widgets.elements import note, subheading
from service.surveys.schemas import RoundEnded, SurveyRound

REFRESH_SECONDS = 15
BEGUN = ("begun", "submitted")


def panel(token: str, class_id: str) -> None:
    """Everything about surveys of one class."""
    rounds = client.survey_rounds(token, class_id).rounds
    going = [each for each in rounds if each.ended_at is None]
    with st.expander(text_surveys.PANEL, expanded=bool(going)):
        for each in going:
            _going(token, each, rounds)
        _opening(token, class_id, {each.survey for each in going})
        ended = [each for each in rounds if each.ended_at is not None][:3]
        if ended:
            titles = "; ".join(
                text_surveys.LAST_ONE.format(
                    title=each.title_ru, day=text.day(each.surveyed_on), count=each.taken_count or 0
                )
                for each in ended
            )
            note(text_surveys.LAST.format(titles=titles))


def _opening(token: str, class_id: str, going: set[str]) -> None:
    choices = [survey for survey in text_surveys.SURVEYS if survey not in going]
    if not choices:
        return
    note(text_surveys.PANEL_HINT)
    which, long, act = st.columns([2, 2, 1], vertical_alignment="bottom")
    survey = which.selectbox(
        text_surveys.WHICH, choices, format_func=text_surveys.SURVEYS.__getitem__, key=f"survey-{class_id}"
    )
    hours = long.selectbox(
        text_surveys.HOW_LONG, list(text_surveys.HOURS), format_func=text_surveys.HOURS.__getitem__, key="survey-hours"
    )
    if act.button(text_surveys.OPEN, key="open-survey", width="stretch"):
        try:
            client.open_survey(token, class_id, survey, hours)
        except client.RefusedError as error:
            st.warning(str(error))
        else:
            st.rerun()


def _going(token: str, survey_round: SurveyRound, rounds: list[SurveyRound]) -> None:
    subheading(survey_round.title_ru)
    st.html(f'<div class="o-code">{survey_round.code}</div>')
    address = f"{_origin()}{text_surveys.ADDRESS}"
    until = survey_round.ends_at.astimezone()
    st.html(f'<div class="o-address">{escape(address)}</div>')
    note(text_surveys.UNTIL.format(moment=f"{until:%d.%m.%Y %H:%M}"))
    _progress(token, survey_round.class_id, survey_round.round_id, [rounds])


def _origin() -> str:
    """How this very page was reached: students reach theirs the same way."""
    scheme, separator, rest = (st.context.url or "").partition("://")
    return f"{scheme}{separator}{rest.partition('/')[0]}"


@part(run_every=REFRESH_SECONDS)
def _progress(token: str, class_id: str, round_id: int, fresh: list[list[SurveyRound]]) -> None:
    """How far the class is; `fresh` is what the page has just been told, used once, and asked for again afterwards."""
    rounds = fresh.pop() if fresh else client.survey_rounds(token, class_id, by_itself=True).rounds
    found = [each for each in rounds if each.round_id == round_id]
    if not found or found[0].ended_at is not None:
        st.rerun()
    sheets = found[0].sheets
    counts = Counter(sheet.state for sheet in sheets)
    begun = counts["begun"]
    st.write(text_surveys.PROGRESS.format(submitted=counts["submitted"], count=len(sheets), begun=begun))
    names = {
        sheet.student_id: sheet.full_name or text.PSEUDONYM.format(student_id=sheet.student_id) for sheet in sheets
    }
    with st.expander(text_surveys.BY_NAME):  # the page may be on the wall: who lacks a consent is nobody's business
        for state, title in text_surveys.STATES.items():
            listed = [names[sheet.student_id] for sheet in sheets if sheet.state == state]
            if listed:
                note(text_surveys.LISTED.format(title=title, count=len(listed), names=", ".join(listed)))
    begun_names = {sheet.student_id: names[sheet.student_id] for sheet in sheets if sheet.state in BEGUN}
    if begun_names:
        _resetting(token, round_id, begun_names)
    if begun:
        note(text_surveys.END_UNFINISHED.format(begun=begun))
    if st.button(text_surveys.END, key=f"end-{round_id}", type="primary"):
        session.leave_notice(_told(client.end_survey(token, round_id)))
        st.rerun()


def _resetting(token: str, round_id: int, names: dict[str, str]) -> None:
    who, act = st.columns([3, 1], vertical_alignment="bottom")
    student = who.selectbox(
        text_surveys.RESET_WHOM, list(names), index=None, format_func=names.__getitem__, placeholder=text.CHOOSE,
        key=f"reset-whom-{round_id}",
    )  # fmt: skip
    if act.button(text_surveys.RESET, key=f"reset-{round_id}", width="stretch", disabled=student is None) and student:
        client.reset_sheet(token, round_id, student)
        session.leave_notice(text_surveys.RESET_DONE)
        st.rerun()


def _told(ended: RoundEnded) -> str:
    taken = ended.round.taken_count or 0
    if taken or ended.report is None:
        return text_surveys.ENDED.format(count=taken) if taken else text_surveys.ENDED_NOBODY
    faults = [fault for part in ended.report.parts for fault in part.faults]
    return text_surveys.ENDED_REFUSED.format(remedy=faults[0].remedy if faults else "")
