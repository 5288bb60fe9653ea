"""What a person reads of a file: how it was understood, what is wrong where, what changes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from service.documents.refusals import shown_name
from service.documents.sheet import Book
from service.imports.actions import Prepared
from service.imports.formats import ANSWERS, SCORES, format_name, method_of
from service.imports.headings import Recognised
from service.imports.schemas import (
    ColumnChoice,
    HeadingRead,
    IntakeReport,
    PlaceUnread,
    SheetRead,
    TableChoice,
    TablePart,
    WithdrawnRow,
)
from service.imports.storing import Difference
from service.imports.vocabularies import ImportTools

if TYPE_CHECKING:
    from service.imports.intake import Brought

SHOWN_WITHDRAWN = 200
OF_METHOD = {ANSWERS: "Ответы", SCORES: "Баллы"}


def part_of(prepared: Prepared, difference: Difference, withdrawn: Sequence[WithdrawnRow]) -> TablePart:
    """One table of a file."""
    read = prepared.read
    return TablePart(
        table=prepared.table,
        title_ru=prepared.shape.title_ru.partition(":")[0].partition(";")[0],
        row_count=0 if read.is_broken else len(read.rows),
        bad_row_count=len(read.bad_places),
        added_count=len(difference.added),
        changed_count=len(difference.changed),
        unchanged_count=len(difference.unchanged),
        withdrawn=list(withdrawn[:SHOWN_WITHDRAWN]),
        withdrawn_count=len(withdrawn),
        faults=sorted(read.faults, key=lambda fault: (fault.sheet, fault.row or 0)),
        fault_count=read.fault_count,
        warnings=read.warnings,
        warning_count=read.warning_count,
    )


def report_of(
    brought: "Brought", book: Book, recognised: Sequence[Recognised], parts: list[TablePart], tools: ImportTools
) -> IntakeReport:
    """All of a file."""
    return IntakeReport(
        file=shown_name(brought.name),
        mode=brought.mode,
        taking=brought.taking,
        applied=False,
        undo_id=None,
        parts=parts,
        sheets=[_sheet(found, tools) for found in recognised],
        unread=[PlaceUnread(place=place, reason=reason) for place, reason in book.unread],
        added_count=sum(part.added_count for part in parts),
        changed_count=sum(part.changed_count for part in parts),
        unchanged_count=sum(part.unchanged_count for part in parts),
        fault_count=sum(part.fault_count for part in parts),
        warning_count=sum(part.warning_count for part in parts),
    )


def _sheet(found: Recognised, tools: ImportTools) -> SheetRead:
    titles = column_titles(tools, found.table)
    return SheetRead(
        sheet=found.sheet.title,
        table=found.table,
        header_row=found.sheet.top + found.header_row,
        row_count=found.sheet.row_count - found.header_row - 1,
        headings=[
            HeadingRead(
                letter=found.sheet.letter(heading.place),
                heading=heading.text[:200],
                column=heading.column,
                title_ru=titles.get(heading.column or ""),
                ground=heading.ground,  # type: ignore[arg-type] # one of the five words
                confidence=heading.confidence,
            )
            for heading in found.headings
        ],
        given=dict(found.given),
        missing=list(found.missing),
        choices=[TableChoice(table=table, title_ru=title_of(tools, table)) for table in found.choices],
        columns=[ColumnChoice(column=column, title_ru=title) for column, title in titles.items()],
        signature=found.signature,
    )


def title_of(tools: ImportTools, table: str) -> str:
    """What a table is called."""
    instrument = tools.reference.instruments.get(method_of(table) or "")
    if instrument is not None:
        return f"{OF_METHOD[format_name(table)]}: {instrument.title_ru}"
    return tools.formats[table].title_ru.partition(":")[0]


def column_titles(tools: ImportTools, table: str | None) -> Mapping[str, str]:
    """What the columns of a table are called, those that name a student among them."""
    if table is None:
        return {}
    shape = tools.formats[format_name(table)]
    people = tools.words.people if tools.words is not None and shape.is_about_students else ()
    subjects = {code: subject.title_ru for code, subject in tools.reference.subjects.items()}
    wide = subjects if shape.wide is not None and shape.wide.vocabulary == "subjects" else {}
    return {**wide, **{column.name: column.text_ru for column in (*people, *shape.columns)}}
