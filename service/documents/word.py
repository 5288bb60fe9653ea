"""DOCX: paragraphs and tables in the order of the document, numbers of lists written out, merged cells repeated."""

import io
from collections.abc import Iterator

import docx
from docx.oxml.ns import qn
from docx.oxml.table import CT_Row, CT_Tc
from docx.oxml.text.paragraph import CT_P
from docx.table import Table
from docx.text.paragraph import Paragraph

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.numbering import ListNumbers
from service.documents.refusals import DocumentRefusedError

SCAN = (
    "в документе только картинки, текста нет; запросите документ с текстом или распознайте картинку (OCR) "
    "и сохраните как .docx"
)
MAX_WIDTH = 500


def read_word(content: bytes, kind: str, name: str) -> Document:
    """Runs of paragraphs and tables, each a table of the document."""
    document = docx.Document(io.BytesIO(content))
    numbers = ListNumbers(document)
    tables: list[DocumentTable] = []
    paragraphs: list[DocumentRow] = []
    table_number = paragraph_number = 0
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            if paragraphs:
                tables.append(DocumentTable("", tuple(paragraphs)))
                paragraphs = []
            table_number += 1
            tables.append(DocumentTable("", tuple(_table_rows(block, table_number, numbers))))
            continue
        paragraph_number += 1
        text = numbers.numbered(block)
        if text:
            paragraphs.append(DocumentRow((text,), (f"абзац {paragraph_number}",)))
    if paragraphs:
        tables.append(DocumentTable("", tuple(paragraphs)))
    found = any(cell.strip() for table in tables for row in table.rows for cell in row.cells)
    if not found and (document.inline_shapes or document.element.body.xpath(".//w:drawing | .//w:pict")):
        raise DocumentRefusedError("scan", f"{name}: {SCAN}.")
    return Document(kind, tuple(tables))


def _table_rows(table: Table, table_number: int, numbers: ListNumbers) -> Iterator[DocumentRow]:
    """Rows as wide as the grid: a cell over several columns or rows stands in each with its text and first place."""
    above: list[tuple[str, str]] = []
    rows = list(table._tbl.tr_lst)
    width = min(max((_width(row) for row in rows), default=0), MAX_WIDTH)
    for row_number, row in enumerate(rows, start=1):
        cells: list[tuple[str, str]] = []

        def place(cells: list[tuple[str, str]] = cells, row_number: int = row_number) -> str:
            return f"таблица {table_number}, строка {row_number}, столбец {len(cells) + 1}"

        cells += [("", place()) for _ in range(min(row.grid_before, width))]
        for cell in row.tc_lst:
            merged_up = cell.vMerge == "continue" and len(cells) < len(above)
            found = above[len(cells)] if merged_up else (_cell_text(cell, table, numbers), place())
            cells += [found] * min(cell.grid_span, width - len(cells))
        while len(cells) < width:
            cells.append(("", place()))
        above = cells
        yield DocumentRow(tuple(text for text, _ in cells), tuple(where for _, where in cells))


def _width(row: CT_Row) -> int:
    return row.grid_before + sum(cell.grid_span for cell in row.tc_lst)


def _cell_text(cell: CT_Tc, table: Table, numbers: ListNumbers) -> str:
    """Paragraphs of a cell, those of tables within it too."""
    paragraphs = [element for element in cell.iter(qn("w:p")) if isinstance(element, CT_P)]
    texts = [numbers.numbered(Paragraph(element, table)) for element in paragraphs]
    return "\n".join(text for text in texts if text)
