"""What is known of a student besides interests: marks, wishes, trials, answer sheets, results, gaps."""

from collections.abc import Sequence

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import chip, chips, note, table
from service.recommendations.schemas import MeasureNext
from service.students.schemas import KnowledgeResult, Reading, StudentCard, Trial, Wish
from service.wire import MissingFact

STRONG_MARK, WEAK_MARK = 0.3, -0.3  # distance from the own mean that colours a chip


def marks(card: StudentCard) -> None:
    """Mean marks, coloured against the student's own mean."""
    st.subheader(text.MARKS_TITLE, anchor=False)
    if not card.marks or card.own_mean_mark is None:
        note(text.NO_MARKS)
        return
    mean = card.own_mean_mark
    years = sorted({mark.school_year for mark in card.marks})
    note(text.MARKS_OF.format(years=", ".join(years)))
    ordered = sorted(card.marks, key=lambda mark: (-mark.mean_mark, mark.title_ru))
    chips(chip(_short(mark.title_ru), text.decimal(mark.mean_mark), _tone(mark.mean_mark - mean)) for mark in ordered)
    note(text.OWN_MEAN.format(mean=text.decimal(mean)))


def _short(title: str) -> str:
    """Subject without what stands in brackets."""
    return title.partition(" (")[0]


def _tone(distance: float) -> str:
    if distance >= STRONG_MARK:
        return "strong"
    return "weak" if distance <= WEAK_MARK else ""


def wishes(stated: Sequence[Wish]) -> None:
    """What the student wrote in surveys, newest first."""
    st.subheader(text.WISHES_TITLE, anchor=False)
    if not stated:
        note(text.NO_WISHES)
    for stated_on in sorted({wish.stated_on for wish in stated}, reverse=True)[:3]:
        same_day = [wish for wish in stated if wish.stated_on == stated_on]
        chips([chip(text.day(stated_on)), *(chip(_short(wish.title_ru), tone="strong") for wish in same_day)])


def trials(attended: Sequence[Trial]) -> None:
    """Career trials with ratings before and after."""
    st.subheader(text.TRIALS_TITLE, anchor=False)
    if not attended:
        note(text.NO_TRIALS)
        return
    rows = [(_trial_day(trial), trial.title_ru, _rating(trial)) for trial in attended]
    table(("", "", ""), rows)


def _trial_day(trial: Trial) -> str:
    found = trial.attended_on or trial.signed_up_on
    return text.day(found) if found else ""


def _rating(trial: Trial) -> str:
    if trial.attended_on is None:
        return text.DID_NOT_COME
    if trial.rating_after is None:
        return ""
    if trial.rating_before is None:
        return text.RATED.format(after=trial.rating_after)
    return text.RATED_BOTH.format(before=trial.rating_before, after=trial.rating_after)


def readings(taken: Sequence[Reading]) -> None:
    """Answer sheets with their scale scores."""
    if not taken:
        return
    with st.expander(text.READINGS_TITLE):
        for reading in taken:
            note(f"{reading.title_ru}, {text.day(reading.taken_on)}")
            rows = [
                (
                    scale.title_ru,
                    "—" if scale.score is None else f"{scale.score:g}".replace(".", ","),
                    f"{scale.maximum:g}",
                    scale.level or "",
                )
                for scale in reading.scales
            ]
            table(("Шкала", "Балл", "из", "Уровень"), rows, numeric=(1, 2))


def results(found: Sequence[KnowledgeResult]) -> None:
    """April diagnostics and exams."""
    if not found:
        return
    with st.expander(text.RESULTS_TITLE):
        rows = [(text.day(r.on), _short(r.title_ru), _points(r)) for r in found]
        table(("", "Предмет", "Баллы"), rows, numeric=(2,))


def _points(result: KnowledgeResult) -> str:
    maximum = f" из {result.points_max:g}" if result.points_max else ""
    return f"{result.points:g}{maximum}".replace(".", ",")


def gaps(missing: Sequence[MissingFact], measure_next: Sequence[MeasureNext]) -> None:
    """What is missing with its remedy, and what to measure next."""
    st.subheader(text.MISSING_TITLE, anchor=False)
    if not missing:
        note(text.NOTHING_MISSING)
    for fact in missing:
        chips([chip(fact.text, tone="lack")])
        note(fact.remedy)
    if measure_next:
        st.subheader(text.NEXT_TITLE, anchor=False)
        note(measure_next[0].text)
