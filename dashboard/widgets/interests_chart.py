"""The interest profile with its error, drawn as plain HTML: prints well and needs no chart library over a weak line."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import how_to_read, table
from service.students.schemas import InterestScale

REACH = 2.5  # standard deviations to either side of the axis
INTERVAL = 1.645  # 9 cases of 10
FAINT_DEVIATION = 0.93  # so little was measured that the point says nothing


def interests_chart(scales: Sequence[InterestScale]) -> None:
    """Both families of scales, each with its own heading."""
    parts = []
    for family, title in text.FAMILIES.items():
        rows = "".join(_row(scale) for scale in scales if scale.family == family)
        parts.append(f'<div class="o-note" style="margin-top:.4rem"><b>{escape(title)}</b></div>{rows}')
    axis = f"<div></div><div><span>{text.WEAKER}</span><span>0</span><span>{text.STRONGER}</span></div>"
    st.html(
        "".join(parts) + f'<div class="o-axis">{axis}</div><div class="o-note">{escape(text.INTERESTS_LEGEND)}</div>'
    )


def interests_help(scales: Sequence[InterestScale]) -> None:
    """How to read the chart, and its numbers as a table."""
    how_to_read(text.INTERESTS_HOW)
    with st.expander(text.IN_NUMBERS):
        table(text.INTERESTS_COLUMNS, map(_numbers, scales), numeric=(1, 2, 3))


def _numbers(scale: InterestScale) -> tuple[str, ...]:
    reach = INTERVAL * scale.sd
    return scale.title_ru, *map(text.signed, (scale.mean, scale.mean - reach, scale.mean + reach))


def _row(scale: InterestScale) -> str:
    low, high = _place(scale.mean - INTERVAL * scale.sd), _place(scale.mean + INTERVAL * scale.sd)
    faint = "" if scale.measured and scale.sd < FAINT_DEVIATION else " o-faint"
    said = f"{scale.title_ru}: {text.signed(scale.mean)}"
    return (
        f'<div class="o-scale{faint}" title="{escape(said)}"><div>{escape(scale.title_ru)}</div><div class="o-track">'
        f'<div class="o-zero"></div><div class="o-bar" style="left:{low:.1f}%;width:{high - low:.1f}%"></div>'
        f'<div class="o-dot" style="left:{_place(scale.mean):.1f}%"></div></div></div>'
    )


def _place(value: float) -> float:
    """Where a value stands on the axis, in percent, never outside."""
    return min(max(50 + 50 * value / REACH, 0.5), 99.5)
