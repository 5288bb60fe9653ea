"""A table of students that sorts, searches and filters in the browser; a click or Enter on a name opens the card.

One element whatever the class: the framework's own grid draws on a canvas, which is neither printed whole nor read
aloud, and a row of widgets a student is slow.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import streamlit as st

from dashboard import text_class as words

TEMPLATES = Path(__file__).parents[1] / "templates"
_table = st.components.v2.component(
    "students_table",
    html='<div class="o-students"></div>',
    css=(TEMPLATES / "students_table.css").read_text(encoding="utf-8"),
    js=(TEMPLATES / "students_table.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # the house's own sheet of style, and its print
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, by which it is sorted, and a smaller line under it."""

    text: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One student; `tags` are what the filters look for, by the name of the filter."""

    id: str
    name: str
    cells: Sequence[Cell]
    tags: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice above the table: value and words of each."""

    name: str
    label: str
    choices: Sequence[tuple[str, str]]


def students_table(
    name: str,
    caption: str,
    columns: Sequence[tuple[str, float]],
    rows: Sequence[Row],
    filters: Sequence[Filter],
    *,
    opens: int,
    opened: Callable[[str], None],
    ready: Callable[[], None] | None = None,
) -> None:
    """Show it; columns are titles and widths in percent, `opens` is the one that holds names.

    `opened` is told whose card is asked for. `ready` is told that the table stands, and the rest may be brought.
    """
    key = f"students-{name}"
    _table(
        key=key,
        data={
            "name": name,
            "columns": [title for title, _ in columns],
            "widths": [width for _, width in columns],
            "rows": [_told(row) for row in rows],
            "filters": [asdict(each) for each in filters],
            "opens": opens,
            "unfinished": ready is not None,
            "words": {**words.TABLE, "caption": caption},
        },
        on_open_change=lambda: opened(str(st.session_state[key]["open"])),
        on_ready_change=ready or _nothing,
    )


def _told(row: Row) -> dict[str, object]:
    """Written out by hand: over a thousand rows a general way takes longer than all the rest."""
    cells = [{"text": cell.text, "more": cell.more} for cell in row.cells]
    return {"id": row.id, "name": row.name, "cells": cells, "tags": row.tags}


def _nothing() -> None:
    """The table was finished when it came."""
