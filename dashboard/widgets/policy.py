"""The district's frontier of demand and its most crowded pathways, drawn as plain HTML."""

from html import escape

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import note, scrolling_table, table
from service.recommendations.district_schemas import DistrictPolicy, PolicyPoint

SAME = 1e-9


def frontier_chart(found: DistrictPolicy) -> None:
    """For each kind a bar a strength: share of students, and the price beside it."""
    for kind, title in text.KINDS.items():
        points = [point for point in found.frontier if point.kind == kind]
        if not points:
            continue
        head = "".join(f"<th>{escape(column)}</th>" for column in text.POLICY_COLUMNS)
        body = "".join(_row(point, found.demand_strength) for point in points)
        st.html(f'<div class="o-note" style="margin-top:.6rem"><b>{escape(title)}</b></div>')
        scrolling_table(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>", len(text.POLICY_COLUMNS))
        note(text.POLICY_STUDENTS.format(count=points[0].student_count))


def _row(point: PolicyPoint, in_force: float) -> str:
    percent = text.hundredths(point.demanded_share)
    strength = text.decimal(100 * point.demand_strength)
    if abs(point.demand_strength - in_force) < SAME:
        strength += f" · {text.POLICY_NOW}"
    share = text.POLICY_SHARE.format(percent=percent)
    return (
        f'<tr><td>{escape(strength)}</td><td><div class="o-fit"><div class="o-meter"><i style="width:{percent}%"></i>'
        f'</div><b>{share}</b></div></td><td class="n">{text.decimal(100 * point.price, 2)}</td></tr>'
    )


def crowded_table(found: DistrictPolicy) -> None:
    """Most crowded first."""
    rows = [
        (row.title_ru, row.host_title, str(row.seats), text.decimal(row.expected_per_seat)) for row in found.crowded
    ]
    table(text.CROWDED_COLUMNS, rows, numeric=(2, 3))
