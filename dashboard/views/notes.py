"""Notes of talks with a student: what is open stands above the card, everything below it."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import streamlit as st

from dashboard import client, session, text
from dashboard import text_card as words
from dashboard.widgets.elements import banner, chip, chips, literal, note
from service.talks.schemas import NewNote, Note, NoteList

USUAL_TIME = timedelta(days=14)  # for a step, until another day is chosen


def above(token: str, found: NoteList) -> None:
    """What is to be done next, each with its button."""
    for each in found.notes:
        if each.is_open:
            said, done = st.columns([6, 1], vertical_alignment="center")
            with said:
                for sentence in _asks(each, found.as_of):
                    banner(sentence)
            if done.button(words.DONE, key=f"done-above-{each.note_id}", width="stretch"):
                _do(
                    words.NOTE_DONE, partial(client.mark_note_done, token, found.student_id, each.note_id, is_done=True)
                )


def show(token: str, found: NoteList) -> None:
    """A form for a new one, and those that are there."""
    _write(token, found)
    note(words.NOTES_HINT)
    if not found.notes:
        note(words.NO_NOTES)
    for each in found.notes:
        _one(token, found, each)


def _write(token: str, found: NoteList) -> None:
    newest = max((each.note_id for each in found.notes), default=0)  # a form of its own for the next one: empty
    with st.form(f"note-{found.student_id}-{newest}"):
        said = st.text_area(words.NOTE_TEXT, max_chars=1000, height=90)
        left, right = st.columns([3, 1])
        step = left.text_input(words.NOTE_STEP, max_chars=200, placeholder=words.NOTE_STEP_PLACEHOLDER)
        usual = found.as_of + USUAL_TIME
        due_on = right.date_input(words.NOTE_DAY, usual, min_value=found.as_of, format="DD.MM.YYYY")
        asked = st.checkbox(words.NOTE_PARENTS)
        is_sent = st.form_submit_button(words.NOTE_SAVE, type="primary")
    if is_sent:
        is_step = bool(step.strip())  # a day without a step is the form's own
        _send(token, found.student_id, said, step, due_on if is_step else None, asked_by_parents=asked)


def _send(token: str, student_id: str, said: str, step: str, due_on: date | None, *, asked_by_parents: bool) -> None:
    """The service says what is lacking; what was written stays in the form until it is kept."""
    wanted = NewNote.model_construct(
        text=said or " ", next_step=step or None, due_on=due_on, asked_by_parents=asked_by_parents
    )
    _do(words.NOTE_SAVED, partial(client.write_note, token, student_id, wanted))


def _one(token: str, found: NoteList, each: Note) -> None:
    with st.container(border=True):
        note(words.WRITTEN.format(day=text.day(each.written_at.date()), who=each.written_by))
        st.write(literal(each.text))
        if each.asked_by_parents:
            chips([chip(words.NOTE_PARENTS, tone="lack")])
        if each.next_step is not None and each.due_on is not None:
            st.write(literal(words.STEP.format(day=text.day(each.due_on), step=each.next_step)))
        if each.done_at is not None:
            note(words.WAS_DONE.format(day=text.day(each.done_at.date()), who=each.done_by))
        with st.container(horizontal=True, gap="small", key=f"buttons-note-{each.note_id}"):
            _buttons(token, found.student_id, each)


def _buttons(token: str, student_id: str, each: Note) -> None:
    if each.is_open and st.button(words.DONE, key=f"done-{each.note_id}", type="primary"):
        _do(words.NOTE_DONE, partial(client.mark_note_done, token, student_id, each.note_id, is_done=True))
    if each.done_at is not None and st.button(words.REOPEN, key=f"reopen-{each.note_id}"):
        _do(words.NOTE_REOPENED, partial(client.mark_note_done, token, student_id, each.note_id, is_done=False))
    if st.button(words.TAKE_BACK, key=f"take-back-{each.note_id}"):
        _do(words.NOTE_TAKEN_BACK, partial(client.withdraw_note, token, student_id, each.note_id))


def _do(notice: str, deed: Callable[[], None]) -> None:
    try:
        deed()
    except client.RefusedError as error:
        st.error(literal(str(error)))
        return
    session.leave_notice(notice)
    st.rerun()


def _asks(each: Note, as_of: date) -> list[str]:
    found = []
    if each.asked_by_parents:
        found.append(words.PARENTS_ASKED.format(text=each.text))
    if each.next_step is not None and each.due_on is not None:
        template = words.STEP_OVER if each.due_on < as_of else words.STEP
        found.append(template.format(day=text.day(each.due_on), step=each.next_step))
    return found
