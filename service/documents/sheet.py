"""A sheet as its cells' texts, column by column: columns repeat few texts, so each text is kept once."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CODES = ("B", "H", "I")  # as wide as the number of texts asks for


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """Cells of one column from the first row to the last: the different texts, and which of them each cell is."""

    texts: tuple[str, ...]
    codes: "array[int]"

    def __getitem__(self, row: int) -> str:
        return self.texts[self.codes[row]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rectangle of filled cells of a sheet. `top` and `left` are numbers of row and column as a reader counts."""

    title: str
    top: int
    left: int
    columns: tuple[SheetColumn, ...]

    @property
    def row_count(self) -> int:
        """Rows of the rectangle."""
        return len(self.columns[0].codes) if self.columns else 0

    def letter(self, column: int) -> str:
        """Letters that a reader sees above a column."""
        return column_letters(self.left + column)


@dataclass(frozen=True, slots=True)
class Book:
    """Sheets of one file, and what of it was not read: place and why."""

    kind: str
    sheets: tuple[Sheet, ...]
    unread: tuple[tuple[str, str], ...] = ()


def column_letters(number: int) -> str:
    """Letters of a column.

    >>> column_letters(1), column_letters(27), column_letters(703)
    ('A', 'AA', 'AAA')
    """
    letters = ""
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def encode_column(cells: Sequence[str]) -> SheetColumn:
    """A column as its different texts and codes.

    >>> column = encode_column(["5", "4", "5"])
    >>> column.texts, column.codes.tolist()
    (('5', '4'), [0, 1, 0])
    """
    texts = tuple(dict.fromkeys(cells))
    numbers = {text: number for number, text in enumerate(texts)}
    return SheetColumn(texts, array(code_type(len(texts)), map(numbers.__getitem__, cells)))


def code_type(text_count: int) -> str:
    """The narrowest whole numbers that tell so many texts apart."""
    return next(code for code in CODES if text_count <= 1 << 8 * array(code).itemsize)


def sheet_of_rows(title: str, rows: Iterable[Sequence[str]], top: int = 1) -> Sheet:
    """A sheet of rows, all made as wide as the widest."""
    found = list(rows)
    width = max(map(len, found), default=0)
    whole = [row if len(row) == width else [*row, *[""] * (width - len(row))] for row in found]
    return Sheet(title, top, 1, tuple(encode_column(cells) for cells in zip(*whole, strict=True)))
