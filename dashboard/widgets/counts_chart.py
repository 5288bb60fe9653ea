"""Counts of students as bars, drawn by Altair; every number of it also in the table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import streamlit as st

FULL, EMPTY, EDGE = "#2f6fb0", "#dfe7ef", "#2f6fb0"
INK, INK_ON_DARK = "#1d2733", "#e8edf2"
LINE_HEIGHT, MARGIN, LONGEST_LABEL = 26, 60, 330


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; one that is not full is pale with an edge, so that it is told in black and white too."""

    title: str
    count: int
    is_full: bool


def counts_chart(bars: Sequence[Bar], axis: str, label: str, legend: tuple[str, str] | None = None) -> None:
    """Bars from the left; `legend` names the full ones and the others. Its parts are not read aloud one by one."""
    named = legend or ("full", "empty")
    points = [{"title": bar.title, "count": bar.count, "which": named[0 if bar.is_full else 1]} for bar in bars]
    ink = INK_ON_DARK if st.context.theme.type == "dark" else INK
    most = max((bar.count for bar in bars), default=0)
    data = alt.Chart(alt.Data(values=points))
    y = alt.Y("title:N", sort=None, title=None, axis=alt.Axis(labelLimit=LONGEST_LABEL, ticks=False))
    x = alt.X("count:Q", title=axis, scale=alt.Scale(domain=[0, most + 5]), axis=alt.Axis(values=_ticks(most)))
    colour = alt.Color(
        "which:N",
        scale=alt.Scale(domain=list(named), range=[FULL, EMPTY]),
        legend=alt.Legend(title=None, orient="top", labelLimit=300) if legend else None,
    )
    drawn = data.mark_bar(aria=False, stroke=EDGE, strokeWidth=alt.expr("datum.count ? 1 : 0"), height=16).encode(
        x=x, y=y, color=colour
    )
    told = data.transform_filter("datum.count > 0").mark_text(aria=False, align="left", dx=5, color=ink, fontSize=12)
    st.altair_chart(
        alt.layer(drawn, told.encode(x=x, y=y, text="count:Q"))
        .properties(height=LINE_HEIGHT * len(bars) + MARGIN, description=label)
        .configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", aria=False)
        .configure_legend(labelFontSize=12, aria=False),
        width="stretch",
    )


def _ticks(most: int) -> list[int]:
    return list(range(0, most + 6, 5))
