"""A file as a reader sees it: tables of rows of cells, each cell with the place where it is found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One row, or one paragraph or line of text (a row of one cell).

    Attributes
    ----------
    cells : tuple of str
        Text as printed; lines within a cell are parted by a line feed. Empty cells are empty strings.
    places : tuple of str
        Place of each cell in the reader's words: `Лист1!B7`, `таблица 1, строка 7, столбец 2`, `абзац 12`. Cells that
        a merged cell covers repeat its text **and its place**, so equal places mean one printed cell.

    Examples
    --------
    >>> row = DocumentRow(("Строительство", "Строительство", "3"), ("Лист1!A4", "Лист1!A4", "Лист1!C4"))
    >>> row.printed()
    {'Лист1!A4': 'Строительство', 'Лист1!C4': '3'}
    """

    cells: tuple[str, ...]
    places: tuple[str, ...]

    def printed(self) -> dict[str, str]:
        """Text of each printed cell that is not blank, by its place, from left to right."""
        return {place: cell for cell, place in zip(self.cells, self.places, strict=True) if cell.strip()}


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """Rows that belong together: a sheet, a table, or a run of paragraphs between tables.

    Attributes
    ----------
    title : str
        Name of the sheet; empty where there is none.
    rows : tuple of DocumentRow
        Rows of a table are equally wide.
    """

    title: str
    rows: tuple[DocumentRow, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What was read of one file.

    Attributes
    ----------
    kind : str
        `xlsx`, `xls`, `ods`, `docx`, `pdf`, `csv` or `text`.
    tables : tuple of DocumentTable
        In the order of the document.
    unread : tuple of (place, why)
        What the file holds and was not read: hidden sheets, pages that are pictures.
    """

    kind: str
    tables: tuple[DocumentTable, ...]
    unread: tuple[tuple[str, str], ...] = ()
