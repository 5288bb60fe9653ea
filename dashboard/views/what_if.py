"""What if: other marks, exams or a new test, and how the lists would move; nothing is stored."""

from html import escape

import streamlit as st

from dashboard import client, text
from dashboard import text_card as words
from dashboard.parts import part
from dashboard.widgets.elements import banner, literal, note
from dashboard.widgets.moves import moved_list
from service.recommendations.what_if_schemas import (
    Changeable,
    ChangeableMark,
    ChangeableTest,
    ImaginedFacts,
    ImaginedMark,
    ImaginedTest,
    WhatIf,
)

MARKS = (2, 3, 4, 5)
USUAL = 4


@part()
def show(token: str, student_id: str, k: int, demand_strength: float) -> None:
    """What to change on the left, what it does on the right; a fragment, so that the card stays as it is."""
    found = client.changeable(token, student_id)
    note(words.WHAT_IF_HINT)
    left, right = st.columns([1, 1.7], gap="large")
    with left:
        wanted = _ask(found, k, demand_strength)
    with right:
        if wanted is None:
            note(words.NOT_YET)
        elif not (wanted.marks or wanted.tests or wanted.exams is not None):
            note(words.NOTHING_CHANGED)
        else:
            _tell(token, student_id, wanted)


def _ask(found: Changeable, k: int, demand_strength: float) -> ImaginedFacts | None:
    """What is chosen outside the form decides which lines it has; the lists are asked for when it is sent."""
    by_code = {each.subject_code: each for each in found.marks}
    subjects = st.multiselect(
        words.CHANGE_MARKS, list(by_code), format_func=lambda code: _short(by_code[code].title_ru),
        placeholder=words.CHOOSE_SUBJECTS, help=words.CHANGE_MARKS_HELP.format(terms=found.marks_text),
        key=f"what-if-marks-{found.student_id}", filter_mode=None, select_all=False,
    )  # fmt: skip
    tests = {each.method_code: each for each in found.tests}
    chosen = None
    if tests:
        chosen = st.selectbox(
            words.CHANGE_TEST, list(tests), index=None, format_func=lambda code: tests[code].title_ru,
            placeholder=words.CHOOSE_TEST, key=f"what-if-test-{found.student_id}",
        )  # fmt: skip
    with st.form(f"what-if-{found.student_id}"):
        marks = tuple(_mark(by_code[code]) for code in subjects)
        exams = _exams(found)
        taken = tuple(_test(tests[chosen]) for _ in [chosen] if chosen is not None)
        if not st.form_submit_button(words.SHOW, type="primary", width="stretch"):
            return None
    scored = tuple(each for each in taken if each.scores)
    return ImaginedFacts(marks=marks, exams=exams, tests=scored, k=k, demand_strength=demand_strength)


def _short(title: str) -> str:
    return title.partition(" (")[0]


def _mark(found: ChangeableMark) -> ImaginedMark:
    title = literal(_short(found.title_ru))
    label = words.MARK_NONE.format(title=title)
    if found.mean_mark is not None:
        label = words.MARK_NOW.format(title=title, mean=text.decimal(found.mean_mark))
    key = f"what-if-mark-{found.subject_code}"
    usual = USUAL if found.mean_mark is None else int(found.mean_mark + 0.5) + 1  # better than it is: else why ask
    mark = st.radio(label, MARKS, index=MARKS.index(min(usual, MARKS[-1])), horizontal=True, key=key)
    return ImaginedMark(subject_code=found.subject_code, mark=float(mark))


def _exams(found: Changeable) -> tuple[str, ...] | None:
    """The set that would be named; None where it is the one that is."""
    if not found.exams:
        return None
    titles = {each.subject_code: _short(each.title_ru) for each in found.exams}
    named = [each.subject_code for each in found.exams if each.is_named]
    chosen = st.multiselect(
        words.EXAMS, list(titles), named, format_func=titles.__getitem__, placeholder=words.CHOOSE_EXAMS,
        key=f"what-if-exams-{found.student_id}", filter_mode=None, select_all=False,
    )  # fmt: skip
    return None if set(chosen) == set(named) else tuple(chosen)


def _test(found: ChangeableTest) -> ImaginedTest:
    note(words.SCORES_HINT)
    scores = {}
    for scale in found.scales:
        label = words.SCALE.format(
            title=literal(scale.title_ru), minimum=f"{scale.minimum:g}", maximum=f"{scale.maximum:g}"
        )
        score = st.number_input(
            label, scale.minimum, scale.maximum, scale.score, step=1.0, format="%g",
            key=f"what-if-{found.method_code}-{scale.scale}",
        )  # fmt: skip
        if score is not None:
            scores[scale.scale] = float(score)
    return ImaginedTest(method_code=found.method_code, scores=scores)


def _tell(token: str, student_id: str, wanted: ImaginedFacts) -> None:
    try:
        with st.spinner(text.COUNTING):
            answer: WhatIf = client.what_if(token, student_id, wanted)
    except client.RefusedError as error:
        st.error(literal(str(error)))
        return
    if answer.refusal is not None:
        banner(answer.refusal.text)
        return
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in answer.understood)
    st.html(f'<div class="o-note"><b>{words.UNDERSTOOD}</b></div><ul class="o-if">{facts}</ul>')
    for imagined in answer.lists:
        moved_list(imagined)
