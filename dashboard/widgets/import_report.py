"""What was found in a file: how it was understood, complaints, rows that it no longer has."""

from collections.abc import Sequence

import streamlit as st

from dashboard import text_imports as text
from dashboard.widgets.elements import note, table
from service.imports.schemas import CellFault, IntakeReport


def understood(report: IntakeReport) -> None:
    """Sheets with their tables, and what was not read."""
    titles = {part.table: part.title_ru for part in report.parts}
    for sheet in report.sheets:
        name = sheet.sheet or text.WHOLE_FILE
        if sheet.table is None:
            note(text.NOT_UNDERSTOOD.format(sheet=name))
            continue
        title = titles.get(sheet.table, sheet.table)
        note(text.SHEET.format(sheet=name, table=title, rows=sheet.row_count))
        if sheet.given:
            note(text.GIVEN.format(given=", ".join(sheet.given.values())))
    for place in report.unread:
        note(text.UNREAD.format(place=place.place, reason=place.reason))


def complaints(title: str, found: Sequence[CellFault], count: int) -> None:
    """Where, what, what to do."""
    if not found:
        return
    st.subheader(f"{title}: {count}", anchor=False)
    rows = [
        (each.sheet, str(each.row or ""), " ".join(filter(None, (each.letter, each.heading))), each.found or "",
         each.remedy)
        for each in found[: text.SHOWN]
    ]  # fmt: skip
    table(text.FAULT_COLUMNS, rows, numeric=(1,))
    if count > len(rows):
        note(text.MORE.format(count=count - len(rows)))


def withdrawn(report: IntakeReport) -> None:
    """Rows that stay although the file no longer has them."""
    rows = [(row.student_id, row.key) for part in report.parts for row in part.withdrawn]
    if rows:
        st.subheader(text.WITHDRAWN_TITLE, anchor=False)
        note(text.WITHDRAWN_HINT)
        table(text.WITHDRAWN_COLUMNS, rows[: text.SHOWN])
