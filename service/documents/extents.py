"""How far the cells of a sheet reach: a parser lays the whole rectangle out in memory, however few cells are filled."""

import re
from xml.sax import ContentHandler  # nothing is parsed with it: the parser is defusedxml's
from xml.sax.xmlreader import AttributesImpl

from service.documents.refusals import DocumentRefusedError

MAX_CELLS = 2_000_000
ROWS_REPEATED, COLUMNS_REPEATED = "table:number-rows-repeated", "table:number-columns-repeated"
ROWS_SPANNED, COLUMNS_SPANNED = "table:number-rows-spanned", "table:number-columns-spanned"
Range = tuple[tuple[int, int], tuple[int, int]]
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def _check_rectangle(height: int, width: int, name: str) -> None:
    if height * width > MAX_CELLS:
        message = (
            f"{name}: ячейки разбросаны по листу на {height} строк и {width} столбцов; "
            "скопируйте перечень на новый лист и сохраните книгу."
        )
        raise DocumentRefusedError("sparse", message)


def column_number(letters: str) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class WorkbookExtent(ContentHandler):
    """Rectangle of the cells of an XLSX sheet, as far as seen."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.top = self.bottom = self.left = self.right = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        """A cell names its own place."""
        if name.rpartition(":")[2] != "c" or "r" not in attrs:
            return
        found = REFERENCE.fullmatch(attrs["r"])
        if found is None:
            return
        column, row = column_number(found[1]), int(found[2])
        self.top, self.bottom = min(self.top or row, row), max(self.bottom, row)
        self.left, self.right = min(self.left or column, column), max(self.right, column)
        _check_rectangle(self.bottom - self.top + 1, self.right - self.left + 1, self.name)


class SpreadsheetExtent(ContentHandler):
    """Rectangle of the filled cells of an ODS sheet, which says "the same again so many times"."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.row = self.column = self.row_repeats = self.right = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        """Rows and cells come in order; empty ones at the end do not count."""
        local = name.rpartition(":")[2]
        if local == "table":
            self.row = self.right = 0
        elif local == "table-row":
            self.row_repeats, self.column = _repeats(attrs, ROWS_REPEATED), 0
            self.row += self.row_repeats
        elif local in {"table-cell", "covered-table-cell"}:
            self.column += _repeats(attrs, COLUMNS_REPEATED)
            if "office:value-type" in attrs:
                self.right = max(self.right, self.column)
                _check_rectangle(self.row, self.right, self.name)


class MergedCells(SpreadsheetExtent):
    """Merged ranges of each ODS sheet as first and last cell, from 0: what the reader of spreadsheets does not tell."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.ranges: list[list[Range]] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        """Note a cell that spans others."""
        super().startElement(name, attrs)
        local = name.rpartition(":")[2]
        if local == "table":
            self.ranges.append([])
        elif local == "table-cell" and self.ranges:
            height, width = _repeats(attrs, ROWS_SPANNED), _repeats(attrs, COLUMNS_SPANNED)
            if height * width > 1:
                row, column = self.row - self.row_repeats, self.column - _repeats(attrs, COLUMNS_REPEATED)
                self.ranges[-1].append(((row, column), (row + height - 1, column + width - 1)))


def _repeats(attrs: AttributesImpl, attribute: str) -> int:
    text = attrs.get(attribute, "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
