"""XLSX, XLS and ODS: visible sheets, cells as they are shown, merged cells repeated."""

import datetime as dt
import io
import zipfile

from defusedxml.expatreader import create_parser
from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.extents import MergedCells, Range
from service.documents.refusals import encrypted
from service.documents.sheet import column_letters

Value = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
HIDDEN = "лист скрыт и потому не прочитан; откройте его в книге, если он нужен"
MAX_MERGED = 2_000_000  # covered cells of all merged ranges of a sheet


def read_workbook(content: bytes, kind: str, name: str) -> Document:
    """Sheets in order. Hidden sheets are named as unread; rows hidden by a filter are rows all the same."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        raise encrypted(name) from None
    merged = merged_in_ods(content, name) if kind == "ods" else []
    tables, unread = [], []
    for number, sheet in enumerate(workbook.sheets_metadata):
        if sheet.visible is not SheetVisibleEnum.Visible:
            unread.append((sheet.name, HIDDEN))
            continue
        found = workbook.get_sheet_by_index(number)
        ranges = merged[number] if number < len(merged) else found.merged_cell_ranges or []
        rows = _rows(found, sheet.name, ranges)
        if rows:
            tables.append(DocumentTable(sheet.name, rows))
    return Document(kind, tuple(tables), tuple(unread))


def merged_in_ods(content: bytes, name: str) -> list[list[Range]]:
    """Merged ranges of each sheet."""
    parser, cells = create_parser(forbid_dtd=True), MergedCells(name)
    parser.setContentHandler(cells)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parser.parse(io.BytesIO(archive.read("content.xml")))
    return cells.ranges


def _rows(sheet: CalamineSheet, title: str, ranges: list[Range]) -> tuple[DocumentRow, ...]:
    if sheet.start is None:
        return ()
    top, left = sheet.start
    cells = [[text_of(value) for value in row] for row in sheet.to_python()]
    width = max((len(row) for row in cells), default=0)
    letters = [column_letters(left + column + 1) for column in range(width)]
    places = [[f"{title}!{letter}{top + row + 1}" for letter in letters] for row in range(len(cells))]
    covered = 0
    for (first_row, first_column), (last_row, last_column) in ranges:
        rows = range(max(first_row - top, 0), min(last_row - top + 1, len(cells)))
        columns = range(max(first_column - left, 0), min(last_column - left + 1, width))
        covered += len(rows) * len(columns)
        if not rows or not columns or covered > MAX_MERGED:
            continue
        text, place = cells[rows[0]][columns[0]], places[rows[0]][columns[0]]
        for row in rows:
            for column in columns:
                cells[row][column], places[row][column] = text, place
    return tuple(DocumentRow(tuple(row), tuple(place)) for row, place in zip(cells, places, strict=True))


def text_of(value: Value) -> str:
    """A cell as a reader sees it: 12 for 12.0, a date as it is written in Russia."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_", "")
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.date):
        return f"{value:%d.%m.%Y}"
    return str(value)
