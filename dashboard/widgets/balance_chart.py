"""Interest against demand, a point an SPO group: drawn by Altair, every number of it also in the tables beside it."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from dashboard import text
from dashboard import text_balance as words
from service.recommendations.balance_schemas import BalanceLimits, GroupBalanceRow

COLOURS = {
    "no_seats": "#a4331f", "little_interest": "#d9480f", "few_seats": "#b8860b", "no_demand": "#6b4fa0",
    "meet": "#1a7f37", "quiet": "#8a96a3",
}  # fmt: skip
HEIGHT, LINE = 430, "#8a96a3"
INK, INK_ON_DARK = "#1d2733", "#e8edf2"
TICKS = (0, 1, 2, 5, 10, 20, 30, 50, 75, 100)  # of a root scale: most groups lie low
NEAR_X, NEAR_Y = 0.28, 4.0  # labels nearer than this (roots of points, points) would cover each other


def balance_chart(groups: Sequence[GroupBalanceRow], limits: BalanceLimits) -> None:
    """Points, their labels, and dashed lines where the verdicts change.

    Its parts are not read aloud one by one, in the chart library's English: the tables say all of it.
    """
    points = _points(groups)
    ink = INK_ON_DARK if st.context.theme.type == "dark" else INK
    found = [verdict for verdict in COLOURS if any(row.verdict == verdict for row in groups)]
    most = max((point["x"] for point in points), default=0.0)
    x = alt.X(
        "x:Q",
        title=words.X_TITLE,
        scale=alt.Scale(type="sqrt", domain=[0, max(10.0, 1.15 * most)]),
        axis=alt.Axis(values=[tick for tick in TICKS if tick <= max(10.0, 1.15 * most)], format="d"),
    )
    y = alt.Y("y:Q", title=words.Y_TITLE, scale=alt.Scale(domain=[-6, 106]), axis=alt.Axis(values=[0, 25, 50, 75, 100]))
    colour = alt.Color(
        "verdict:N",
        title=None,
        scale=alt.Scale(domain=[words.VERDICTS[each] for each in found], range=[COLOURS[each] for each in found]),
        legend=alt.Legend(orient="top", columns=2, labelLimit=260, symbolStrokeWidth=0, symbolOpacity=0.8),
    )
    size = alt.Size("seats:Q", scale=alt.Scale(range=[30, 700]), legend=None)
    tips = [alt.Tooltip(f"{name}:N", title=title) for name, title in words.TIP.items()]
    data = alt.Data(values=points)
    drawn = alt.Chart(data).mark_circle(aria=False, opacity=0.55, stroke=ink, strokeWidth=0.6)
    labels = alt.Chart(alt.Data(values=_labels(points))).mark_text(
        aria=False, fontSize=14, fontWeight="bold", color=ink, align="left", dx=-6
    )
    st.altair_chart(
        alt.layer(
            _limit(alt.X("at:Q"), 100 * limits.little_interest_share),
            _limit(alt.Y("at:Q"), 100 * limits.demanded_weight),
            drawn.encode(x=x, y=y, color=colour, size=size, tooltip=tips),
            labels.encode(x=x, y=y, text="codes:N"),
        )
        .properties(height=HEIGHT, description=words.CHART_LABEL)
        .configure_axis(labelFontSize=14, titleFontSize=14, titleFontWeight="normal", titleLimit=620, aria=False)
        .configure_legend(labelFontSize=14, aria=False),
        width="stretch",
    )


def _limit(place: alt.X | alt.Y, at: float) -> alt.Chart:
    line = alt.Chart(alt.Data(values=[{"at": at}])).mark_rule(aria=False, strokeDash=[5, 4], color=LINE)
    return line.encode(place)


def _points(groups: Sequence[GroupBalanceRow]) -> list[dict[str, Any]]:
    """A point a group, but for those with neither demand nor interest, of which there is nothing to see."""
    shown = [row for row in groups if row.verdict != "quiet" or row.demand_max is not None]
    points = [
        {
            "x": 100 * row.interest_share, "y": 100 * (row.demand_max or 0.0), "code": row.group_code,
            "seats": row.seats, "verdict": words.VERDICTS[row.verdict], "group": f"{row.group_code} {row.title_ru}",
            "interest": interest_points(row), "demand": demand_points(row.demand_max),
        }
        for row in shown
    ]  # fmt: skip
    return sorted(points, key=lambda point: (point["x"], -point["y"]))


def _labels(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Codes of points; those that would cover each other stand together, from the place of the first to the right."""
    labels: list[dict[str, Any]] = []
    for point in points:
        beside = next((each for each in labels if _is_near(each, point)), None)
        if beside is None:
            labels.append({"x": point["x"], "y": point["y"], "codes": point["code"]})
        else:
            beside["codes"] += f", {point['code']}"
    return labels


def _is_near(label: dict[str, Any], point: dict[str, Any]) -> bool:
    return abs(label["x"] ** 0.5 - point["x"] ** 0.5) < NEAR_X and abs(label["y"] - point["y"]) < NEAR_Y


def interest_points(row: GroupBalanceRow) -> str:
    """A share of students; of fewer than five nothing more."""
    if not row.interest_count:
        return words.FEW
    return words.PERCENT.format(percent=text.decimal(100 * row.interest_share))


def demand_points(weight: float | None) -> str:
    """A weight as points of 100; a dash where the list names nothing."""
    return words.ABSENT if weight is None else str(text.hundredths(weight))
