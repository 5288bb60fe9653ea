"""Whether the lists may be relied on, and what was seen of them over time: a sentence, a table, plots of plain HTML."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import how_to_read, note, scrolling_table, table
from service.monitoring.schemas import Observation, ObservationList, ObservedFigure, ObservedInput, Reliance

BARS = 30  # of a plot: the last observations
TONES = {"yes": "good", "with_care": "care", "not_yet": "bad"}
DIGITS = {"psi": 2, "slope": 2}


def reliance_sentence(found: Reliance) -> None:
    """What a counsellor reads first, and perhaps alone."""
    st.html(f'<div class="o-reliance {TONES[found.level]}" role="status"><b>{escape(found.text)}</b></div>')


def watching(found: ObservationList) -> None:
    """The newest figures with their limits, each over time; nothing before the first observation."""
    if not found.observations:
        return
    newest = found.observations[0]
    st.subheader(text.WATCHING_TITLE, anchor=False)
    when, count = text.day(newest.observed_at.date()), newest.student_count
    note(text.WATCHING_HINT.format(day=when, count=count, rate=round(1 / found.false_alarm_rate)))
    how_to_read(text.PLOT_HOW)
    of_version = [each for each in reversed(found.observations) if each.version == newest.version]
    head = "".join(f"<th>{escape(column)}</th>" for column in text.WATCHING_COLUMNS)
    rows = "".join(_row(figure, of_version) for figure in newest.figures)
    scrolling_table(f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>", len(text.WATCHING_COLUMNS))
    if found.inputs:
        with st.expander(text.INPUTS_TITLE):
            note(text.INPUTS_HINT)
            table(text.INPUTS_COLUMNS, [_input(each) for each in found.inputs], numeric=(1, 2, 3))


def _row(figure: ObservedFigure, observations: Sequence[Observation]) -> str:
    known = {
        each.observed_at: other.value for each in observations for other in each.figures if other.code == figure.code
    }
    values = [(text.day(moment.date()), value) for moment, value in known.items() if value is not None]
    tone = {True: "declined", False: "accepted", None: ""}[figure.is_alarm]
    cells = (
        f"{escape(figure.title_ru)}<div class='o-note'>{escape(figure.compared_with)}</div>",
        _now(figure),
        _limit(figure),
        _plot(figure, values) if values else "—",
        f'<span class="{"o-decided " + tone if figure.is_alarm else ""}">{escape(figure.text)}</span>',
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _now(figure: ObservedFigure) -> str:
    if figure.value is None:
        return "—"
    if figure.interval is None:
        return _said(figure, figure.value)
    low, high = (_said(figure, edge) for edge in figure.interval)
    return f"{_said(figure, figure.value)}<div class='o-note'>{text.FROM_TO.format(low=low, high=high)}</div>"


def _limit(figure: ObservedFigure) -> str:
    if figure.limit is None or figure.is_alarm is None:
        return "—"
    return text.BOUNDS[figure.bound].format(limit=_said(figure, figure.limit))


def _said(figure: ObservedFigure, value: float) -> str:
    if figure.unit == "share":
        return f"{text.hundredths(min(max(value, 0.0), 1.0))} %"
    return text.decimal(value, DIGITS[figure.unit])


def _plot(figure: ObservedFigure, values: Sequence[tuple[str, float]]) -> str:
    """A bar an observation, the newest last, with the limit across; what it shows stands in its label too."""
    values = values[-BARS:]
    limit = figure.limit if figure.is_alarm is not None else None
    highest = max(*(value for _, value in values), limit or 0.0, 1e-9) * 1.1
    bars = "".join(f'<i style="height:{_percent(value, highest)}%"></i>' for _, value in values)
    line = f'<u style="bottom:{_percent(limit, highest)}%"></u>' if limit is not None else ""
    (first_day, first), (last_day, last) = values[0], values[-1]
    label = text.PLOT_LABEL.format(
        title=figure.title_ru, first_day=first_day, first=_said(figure, first), day=last_day, now=_said(figure, last)
    )
    tone = " bad" if figure.is_alarm else ""
    return (
        f'<div class="o-plot{tone}" role="img" aria-label="{escape(label)}" title="{escape(label)}">{bars}{line}</div>'
    )


def _percent(value: float, highest: float) -> float:
    """Height of a bar; one of nothing is still seen."""
    return round(max(100 * value / highest, 3.0), 1)


def _input(found: ObservedInput) -> tuple[str, ...]:
    value, limit = (
        text.decimal(each, 3) if each is not None else "—"
        for each in (found.psi, found.limit if found.is_alarm is not None else None)
    )
    return found.title_ru, str(found.student_count), value, limit, text.INPUT_VERDICTS[found.is_alarm]
