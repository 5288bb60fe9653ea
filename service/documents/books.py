"""Files of cells, for imports: XLSX, XLS, ODS, CSV and TSV as sheets; runs in the child."""

import io
from collections.abc import Sequence
from itertools import pairwise

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from service.documents.archive import check_archive, oneroster_members
from service.documents.extents import Range
from service.documents.kinds import ARCHIVE
from service.documents.refusals import DocumentRefusedError, encrypted
from service.documents.sheet import Book, Sheet, SheetColumn, encode_column, sheet_of_rows
from service.documents.text import decode, find_separator, rows_with_lines
from service.documents.workbook import HIDDEN, MAX_MERGED, Value, merged_in_ods, text_of

ARCHIVES, WORKBOOKS, TEXTS = ("xlsx", "ods"), ("xlsx", "xls", "ods"), ("csv", "text")
MAX_SHEETS = 200
MAX_CELLS = 6_000_000  # of all sheets
TAKEN = "принимаются XLSX, XLS, ODS, CSV и TSV: сохраните таблицу в одном из этих видов"


def read_book(content: bytes, kind: str, name: str) -> Book:
    """Guards, then the parser; what a parser says about a broken file becomes one refusal."""
    if kind == ARCHIVE:
        return read_oneroster(content, name)
    if kind not in (*WORKBOOKS, *TEXTS):
        raise DocumentRefusedError("unknown_kind", f"{name}: из таких файлов таблицы не загружаются; {TAKEN}.")
    if kind in ARCHIVES:
        check_archive(content, kind, name)
    try:
        book = _read_workbook(content, kind, name) if kind in WORKBOOKS else _read_text(content, kind, name)
    except (DocumentRefusedError, MemoryError):
        raise
    except Exception:  # a stranger's file may break a parser in any way; the child dies right after
        message = f"{name}: файл повреждён; откройте его в своей программе, сохраните заново и загрузите снова."
        raise DocumentRefusedError("broken", message) from None
    if not book.sheets:
        hidden = " Листы, которые в нём есть, скрыты." if book.unread else ""
        raise DocumentRefusedError("empty", f"{name}: в файле нет ячеек; проверьте, тот ли это файл.{hidden}")
    return book


def _read_workbook(content: bytes, kind: str, name: str) -> Book:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        raise encrypted(name) from None
    found = workbook.sheets_metadata
    if len(found) > MAX_SHEETS:
        message = f"{name}: листов в книге {len(found)}, читается не больше {MAX_SHEETS}; разделите её на части."
        raise DocumentRefusedError("too_large", message)
    merged = merged_in_ods(content, name) if kind == "ods" else []
    sheets, unread, cell_count = [], [], 0
    for number, about in enumerate(found):
        if about.visible is not SheetVisibleEnum.Visible:
            unread.append((about.name, HIDDEN))
            continue
        cells = workbook.get_sheet_by_index(number)
        cell_count += cells.height * cells.width
        if cell_count > MAX_CELLS:
            message = f"{name}: в книге больше {MAX_CELLS} ячеек; разделите её на части и загрузите по одной."
            raise DocumentRefusedError("too_large", message)
        ranges = merged[number] if number < len(merged) else cells.merged_cell_ranges or []
        sheet = _sheet(cells, about.name, ranges)
        if sheet is not None:
            sheets.append(sheet)
    return Book(kind, tuple(sheets), tuple(unread))


def _sheet(found: CalamineSheet, title: str, ranges: Sequence[Range]) -> Sheet | None:
    if found.start is None:
        return None
    top, left = found.start
    rows = found.to_python(nrows=None)
    _repeat_merged(rows, top, left, ranges)
    columns = [_column(cells) for cells in zip(*rows, strict=True)]
    is_blank = all(not text.strip() for column in columns for text in column.texts)
    return None if is_blank else Sheet(title, top + 1, left + 1, tuple(columns))


def _column(cells: tuple[Value, ...]) -> SheetColumn:
    """Texts of a column: each different value becomes a text once; 1 and «да» are the same to a dictionary."""
    kinds = set(map(type, cells))
    if bool in kinds and len(kinds) > 1:
        return encode_column([text_of(value) for value in cells])
    if kinds == {str} and not any("\r" in cell or "_x000D_" in cell for cell in cells):  # type: ignore[operator]
        return encode_column(cells)  # type: ignore[arg-type] # all of them are texts
    texts = {value: text_of(value) for value in dict.fromkeys(cells)}
    return encode_column(list(map(texts.__getitem__, cells)))


def _repeat_merged(rows: list[list[Value]], top: int, left: int, ranges: Sequence[Range]) -> None:
    """What stands in a merged cell stands in all cells that it covers, as a reader sees it."""
    covered, height, width = 0, len(rows), len(rows[0]) if rows else 0
    for (first_row, first_column), (last_row, last_column) in ranges:
        down = range(max(first_row - top, 0), min(last_row - top + 1, height))
        across = range(max(first_column - left, 0), min(last_column - left + 1, width))
        covered += len(down) * len(across)
        if not down or not across or covered > MAX_MERGED:
            continue
        value = rows[down[0]][across[0]]
        for row in down:
            for column in across:
                rows[row][column] = value


def _read_text(content: bytes, kind: str, name: str) -> Book:
    """One sheet; a row of a text file stands on the line where it begins."""
    sheet = text_sheet(content, kind, name)
    return Book("csv", () if sheet is None else (sheet,))


def text_sheet(content: bytes, kind: str, name: str, title: str = "") -> Sheet | None:
    """A text file as a sheet; None where it is blank."""
    text = decode(content, name).replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
    separator = find_separator(text, "csv" if kind == "csv" else "text") or ","
    found = rows_with_lines(text, separator)
    if not found:
        return None
    rows: list[list[str]] = [found[0][1]]
    for (line, _), (next_line, cells) in pairwise(found):
        rows.extend([[]] * (next_line - line - 1))
        rows.append(cells)
    if sum(map(len, rows)) > MAX_CELLS:
        message = f"{name}: в файле больше {MAX_CELLS} ячеек; разделите его на части и загрузите по одной."
        raise DocumentRefusedError("too_large", message)
    return sheet_of_rows(title, rows, top=found[0][0])


def read_oneroster(content: bytes, name: str) -> Book:
    """An archive of OneRoster: each of its tables is a sheet; other archives are to be unpacked."""
    sheets = []
    try:
        for title, member in oneroster_members(content, name):
            sheet = text_sheet(member, "csv", f"{name}: {title}.csv", title)
            if sheet is not None:
                sheets.append(sheet)
    except DocumentRefusedError:
        raise
    except Exception:
        raise DocumentRefusedError("broken", f"{name}: архив повреждён; загрузите его ещё раз.") from None
    return Book("oneroster", tuple(sheets))
