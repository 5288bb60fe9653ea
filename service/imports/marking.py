"""A marked copy of a file: its cells as they are, bad ones coloured and commented, all complaints on a last sheet."""

import io
from collections import defaultdict
from collections.abc import Mapping

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.cell import column_index_from_string

from service.documents.sheet import Book, Sheet
from service.imports.cells import CONTROL, NUMBER, is_personal_number
from service.imports.complaints import COMPLAINTS
from service.imports.schemas import CellFault, IntakeReport

UNTITLED = "Таблица"
AUTHOR = "Ориентир"
BAD, ODD = PatternFill("solid", fgColor="FFC7CE"), PatternFill("solid", fgColor="FFEB9C")
HEADINGS = ("Лист", "Строка", "Столбец", "Заголовок", "Код", "Найдено", "Что сделать", "Вид")
KINDS = ("ошибка", "на заметку")
WIDTHS = (16, 8, 9, 26, 20, 24, 90, 12)
LONGEST_TITLE = 31
LONGEST_TEXT = 32_000
MARKED_CELLS = 20_000  # comments of one sheet; every complaint is on the last sheet anyway

Marks = Mapping[tuple[int, int], list[tuple[str, PatternFill]]]  # row and column of a sheet, from 1


def marked_copy(book: Book, report: IntakeReport) -> bytes:
    """The workbook; texts are texts, whatever they begin with, and numbers of documents are left out."""
    workbook = Workbook(write_only=True)
    complaints = [(fault, KINDS[0]) for part in report.parts for fault in part.faults]
    complaints += [(fault, KINDS[1]) for part in report.parts for fault in part.warnings]
    for sheet in book.sheets:
        if sheet.title != COMPLAINTS:
            _copy_sheet(workbook, sheet, _marks_of(sheet, complaints))
    _list_complaints(workbook, complaints)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _marks_of(sheet: Sheet, complaints: list[tuple[CellFault, str]]) -> Marks:
    """Complaints by cell; one of a whole row stands at its first cell, one of the sheet nowhere."""
    found: dict[tuple[int, int], list[tuple[str, PatternFill]]] = defaultdict(list)
    for fault, kind in complaints:
        if fault.sheet != sheet.title or fault.row is None or len(found) >= MARKED_CELLS:
            continue
        column = column_index_from_string(fault.letter) if fault.letter is not None else sheet.left
        found[fault.row, column].append((fault.remedy, BAD if kind == KINDS[0] else ODD))
    return found


def _copy_sheet(workbook: Workbook, sheet: Sheet, marks: Marks) -> None:
    copy = workbook.create_sheet(sheet.title[:LONGEST_TITLE] or UNTITLED)
    for _ in range(sheet.top - 1):
        copy.append([])
    before: list[object] = [None] * (sheet.left - 1)
    values = [[_value(text) for text in column.texts] for column in sheet.columns]
    by_row = defaultdict(list)
    for (row, column), said in marks.items():
        by_row[row].append((column, said))
    for number in range(sheet.row_count):
        cells = [*before, *(texts[column.codes[number]] for texts, column in zip(values, sheet.columns, strict=True))]
        for place, said in by_row.get(sheet.top + number, ()):
            cell = WriteOnlyCell(copy, value=cells[place - 1])
            cell.fill = said[0][1]
            cell.comment = Comment("\n".join(dict.fromkeys(remedy for remedy, _ in said)), AUTHOR)
            if isinstance(cells[place - 1], str):
                cell.data_type = "s"
            cells[place - 1] = cell
        copy.append([_plain(copy, cell) for cell in cells])


def _plain(copy: object, value: object) -> object:
    """A text that looks like a formula stays a text."""
    if not isinstance(value, str) or not value.startswith("="):
        return value
    cell = WriteOnlyCell(copy, value=value)
    cell.data_type = "s"
    return cell


def _value(text: str) -> str | float | int | None:
    """What stands in the copy: a number where it would be written just so, else the text."""
    if not text:
        return None
    if is_personal_number(text):
        return None
    if NUMBER.match(text) and text == text.lstrip("+") and len(text) < 16:
        number = float(text.replace(",", "."))
        if f"{number:g}" == text.replace(",", "."):
            return int(number) if number.is_integer() else number
    return "\n".join(CONTROL.sub(" ", line) for line in text.split("\n"))[:LONGEST_TEXT]


def _list_complaints(workbook: Workbook, complaints: list[tuple[CellFault, str]]) -> None:
    sheet = workbook.create_sheet(COMPLAINTS)
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGH"[place]].width = width
    sheet.freeze_panes = "A2"
    head = []
    for title in HEADINGS:
        cell = WriteOnlyCell(sheet, value=title)
        cell.font = Font(bold=True)
        head.append(cell)
    sheet.append(head)
    for fault, kind in complaints:
        said = (
            fault.sheet, fault.row, fault.letter, fault.heading or fault.column, fault.code, fault.found, fault.remedy,
            kind,
        )  # fmt: skip
        sheet.append([_text_cell(sheet, value) for value in said])


def _text_cell(sheet: object, value: object) -> object:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=CONTROL.sub(" ", value)[:LONGEST_TEXT])
    cell.data_type = "s"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
