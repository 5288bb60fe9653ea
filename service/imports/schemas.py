"""Wire shapes of imports."""

from typing import Literal

from service.wire import Wire


class CellFault(Wire):
    """One cell that cannot be taken in, or looks odd. `found` is None where the cell could hold a name."""

    file: str
    sheet: str = ""  # empty for text files
    row: int | None  # line of the file or row of the sheet
    letter: str | None = None  # of the column in the sheet
    column: str | None  # as data/formats names it
    heading: str | None = None  # as the file names it
    code: str = "row"  # what is wrong, in one word that never changes
    found: str | None
    remedy: str  # Russian


class ImportReport(Wire):
    """POST /v1/imports/{table}: what was found and, in mode apply, what was changed."""

    table: str
    file: str
    mode: Literal["check", "apply"]
    row_count: int
    added_count: int
    changed_count: int
    unchanged_count: int
    applied: bool
    faults: list[CellFault]  # at most the first 10,000
    fault_count: int
