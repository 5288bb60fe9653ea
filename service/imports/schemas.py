"""Wire shapes of imports."""

from typing import Literal

from service.wire import Wire


class CellFault(Wire):
    """One cell that cannot be taken in. `found` is None where the cell could hold a name."""

    file: str
    row: int | None  # line of the file, the header is line 1
    column: str | None
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
    faults: list[CellFault]  # at most the first 200
    fault_count: int
