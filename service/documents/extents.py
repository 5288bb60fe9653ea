"""How far the cells of a sheet reach: a parser lays the whole rectangle out in memory, however few cells are filled."""

import re
from xml.sax import ContentHandler  # nothing is parsed with it: the parser is defusedxml's
from xml.sax.xmlreader import AttributesImpl

from service.documents.refusals import DocumentRefusedError

MAX_CELLS = 2_000_000
ROWS_REPEATED, COLUMNS_REPEATED = "table:number-rows-repeated", "table:number-columns-repeated"
ROWS_SPANNED, COLUMNS_SPANNED = "table:number-rows-spanned", "table:number-columns-spanned"
Range = tuple[tuple[int, int], tuple[int, int]]
CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
LONGEST_TAG = 4096


def _check_rectangle(height: int, width: int, name: str) -> None:
    if height * width > MAX_CELLS:
        message = (
            f"{name}: ячейки разбросаны по листу на {height} строк и {width} столбцов; "
            "скопируйте нужное на новый лист и сохраните книгу."
        )
        raise DocumentRefusedError("sparse", message)


def column_number(letters: str) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class CellPlaces:
    """Rectangle of the cells of an XLSX sheet, as far as seen: each cell names its own place.

    Found by their shape in the bytes, since a parser that names each element costs more than the reading itself. Bytes
    written otherwise (UTF-16, a letter as an entity) pass: such a sheet can still only end the process that parses it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.top = self.bottom = self.left = self.right = 0
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """Look at the cells of one more piece; what of a tag is not there yet waits for the next."""
        seen = self._rest + piece
        end = seen.rfind(b"<")
        self._rest = seen[end:][:LONGEST_TAG] if end >= 0 else b""
        found = CELL.findall(seen, 0, max(end, 0))
        if not found:
            return
        letters, numbers = map(set, zip(*found, strict=True))
        columns = {column_number(each.decode()) for each in letters}
        rows = {int(each) for each in numbers}
        self.top, self.bottom = min(self.top or min(rows), *rows), max(self.bottom, *rows)
        self.left, self.right = min(self.left or min(columns), *columns), max(self.right, *columns)
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
