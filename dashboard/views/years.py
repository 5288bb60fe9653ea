"""A student's years: what was advised and decided and what came of it, then marks and interests year beside year."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import client, text
from dashboard import text_card as words
from dashboard.widgets.elements import note, scrolling_table, table
from dashboard.widgets.interests_chart import interests_chart
from service.recommendations.history_schemas import PastAdvice, StudentYear
from service.recommendations.words import KIND_TITLES, inner

BESIDE = 3  # charts that stand side by side


def show(token: str, student_id: str) -> None:
    """One table of the years, then what was measured in them."""
    years = client.history(token, student_id).years
    if not years:
        note(words.NO_YEARS)
        return
    head = "".join(f"<th>{escape(column)}</th>" for column in words.YEAR_COLUMNS)
    rows = "".join(_row(year) for year in years if year.class_title or year.advice or year.outcomes)
    scrolling_table(f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>", len(words.YEAR_COLUMNS))
    in_turn = years[::-1]
    narrow, _ = st.columns(2)  # figures stay near what they are of
    with narrow:
        _marks([year for year in in_turn if year.marks])
    _interests([year for year in in_turn if year.interests])


def _row(year: StudentYear) -> str:
    title = (
        words.YEAR_OF.format(year=year.school_year, title=year.class_title) if year.class_title else year.school_year
    )
    cells = (escape(title), _lines(map(_advised, year.advice)), _lines(year.outcomes))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _lines(said: "map[str] | Sequence[str]") -> str:
    return "<br>".join(map(escape, said)) or "—"


def _advised(advice: PastAdvice) -> str:
    word = words.ADVISED_WORDS[advice.decision]
    return words.ADVISED.format(kind=KIND_TITLES[advice.kind], title=inner(advice.title_ru), word=word)


def _marks(years: Sequence[StudentYear]) -> None:
    if not years:
        return
    st.subheader(words.MARKS_BY_YEAR, anchor=False)
    titles = {mark.subject_code: mark.title_ru.partition(" (")[0] for year in years for mark in year.marks}
    by_year = [{mark.subject_code: mark.mean_mark for mark in year.marks} for year in years]
    rows = [(title, *(_number(own.get(code)) for own in by_year)) for code, title in titles.items()]
    rows.append((words.MEAN_ROW, *(_number(year.own_mean_mark) for year in years)))
    columns = (words.SUBJECT, *(year.school_year for year in years))
    table(columns, rows, numeric=range(1, len(columns)))


def _interests(years: Sequence[StudentYear]) -> None:
    """Charts where there are years to compare; the figures in any case."""
    if not years:
        return
    st.subheader(words.INTERESTS_BY_YEAR, anchor=False)
    methods = " ".join(words.MEASURED.format(year=year.school_year, methods="; ".join(year.measured)) for year in years)
    note(words.INTERESTS_HINT.format(methods=methods))
    if len(years) > 1:
        for place, year in zip(st.columns(min(len(years), BESIDE)), years[-BESIDE:], strict=True):
            with place:
                st.html(f"<b>{escape(year.school_year)}</b>")
                interests_chart(year.interests)
    columns = (words.INTEREST, *(year.school_year for year in years))
    by_year = [{scale.code: scale.mean for scale in year.interests} for year in years]
    rows = [(scale.title_ru, *(text.signed(own[scale.code]) for own in by_year)) for scale in years[-1].interests]
    narrow, _ = st.columns(2)
    with narrow:
        table(columns, rows, numeric=range(1, len(columns)))


def _number(value: float | None) -> str:
    return "—" if value is None else text.decimal(value)
