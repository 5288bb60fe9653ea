"""Wire shapes of imports."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

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
    undo_id: int | None = None  # of the intake, as long as it can be undone


class HeadingRead(Wire):
    """What stands above a column, and what the column is taken for."""

    letter: str
    heading: str
    column: str | None  # of data/formats, or a code of a subject or item; None: not read
    title_ru: str | None
    ground: Literal["own", "known", "kept", "similar", "none"]  # similar: a person must confirm it
    confidence: float


class TableChoice(Wire):
    """A table that a sheet may be."""

    table: str
    title_ru: str


class ColumnChoice(Wire):
    """What a column may be taken for."""

    column: str
    title_ru: str


class SheetRead(Wire):
    """A sheet as it was understood."""

    sheet: str
    table: str | None
    header_row: int
    row_count: int  # below the header
    headings: list[HeadingRead]
    given: dict[str, str]  # what holds for all rows: said above the table, or by a name
    missing: list[str]  # columns that must be there
    choices: list[TableChoice]  # where nobody but a person can tell
    columns: list[ColumnChoice]  # of the table
    signature: str


class PlaceUnread(Wire):
    """What of a file was not read, and why."""

    place: str
    reason: str


class WithdrawnRow(Wire):
    """A row that is stored and that a file about the same classes and days no longer has. It stays."""

    student_id: str
    key: str


class TablePart(Wire):
    """What one table of a file holds, and what it changes."""

    table: str
    title_ru: str
    row_count: int  # rows without a fault
    bad_row_count: int
    added_count: int
    changed_count: int
    unchanged_count: int
    withdrawn: list[WithdrawnRow]  # at most the first 200
    withdrawn_count: int
    faults: list[CellFault]  # at most the first 10,000
    fault_count: int
    warnings: list[CellFault]  # looks odd; keeps nothing out
    warning_count: int


Taking = Literal["all", "good"]
Survey = Literal["profile", "exams", "electives"]  # those of the survey kit


class IntakeReport(Wire):
    """What a file holds, what is wrong with it, and what it changed or would change."""

    file: str
    mode: Literal["check", "apply"]
    taking: Taking
    applied: bool
    undo_id: int | None  # `intake_id` of what was applied, to undo it by
    parts: list[TablePart]
    sheets: list[SheetRead]
    unread: list[PlaceUnread]
    added_count: int
    changed_count: int
    unchanged_count: int
    fault_count: int
    warning_count: int


class IntakeRow(Wire):
    """A file that came in."""

    intake_id: int
    file: str
    mode: Literal["check", "apply"]
    taking: Taking
    state: Literal["queued", "running", "done", "failed", "cancelled", "applied", "undone"]
    progress: float
    asked_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    can_be_undone: bool
    error: str | None
    report: IntakeReport | None  # of a single one that was asked for


class IntakeList(Wire):
    """Files of a school, newest first."""

    intakes: list[IntakeRow]


class Meaning(Wire):
    """What the columns of a kind of file are: kept for the school."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"table": "roster", "columns": {"Фамилия обучающегося": "last_name", "Кружок": ""}}]
        },
    )

    table: Annotated[str, Field(min_length=1, max_length=64)]
    columns: Annotated[
        dict[Annotated[str, Field(max_length=300)], Annotated[str, Field(max_length=64)]], Field(max_length=400)
    ]


class MeaningKept(Wire):
    """What was kept."""

    signature: str
    table: str
    columns: dict[str, str]
