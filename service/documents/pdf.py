"""PDF: tables by their lines, text outside them line by line; a table that goes on over the page is one table."""

import io
from dataclasses import dataclass, field

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.page import Page
from pdfplumber.table import Table
from pdfplumber.utils.exceptions import PdfminerException

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.refusals import DocumentRefusedError, encrypted

SCAN = (
    "в PDF только картинки страниц, текста нет (это скан); запросите файл с текстом или распознайте скан (OCR) "
    "и сохраните как .docx"
)
PICTURE_PAGE = "страница — картинка без текста; распознайте её (OCR) и загрузите файл снова"
MAX_PAGES = 300
LINE_TOLERANCE = 3.0  # points; words whose tops differ by less stand on one line


@dataclass(slots=True)
class _Pieces:
    """Tables of the document as they grow page by page."""

    tables: list[DocumentTable] = field(default_factory=list)
    open_rows: list[DocumentRow] = field(default_factory=list)
    open_width: int = 0

    def add(self, rows: list[DocumentRow]) -> None:
        width = len(rows[0].cells)
        if self.open_rows and width != self.open_width:
            self.close()
        self.open_width = width
        self.open_rows += rows

    def close(self) -> None:
        if self.open_rows:
            self.tables.append(DocumentTable("", tuple(self.open_rows)))
        self.open_rows, self.open_width = [], 0


def read_pdf(content: bytes, kind: str, name: str) -> Document:
    """Pages in order; pages that are pictures are named as unread."""
    pieces = _Pieces()
    unread = []
    try:
        with pdfplumber.open(io.BytesIO(content)) as pdf:
            if len(pdf.pages) > MAX_PAGES:
                message = f"{name}: в файле больше {MAX_PAGES} страниц; оставьте только страницы с перечнем."
                raise DocumentRefusedError("too_large", message)
            for page in pdf.pages:
                if not page.chars and page.images:
                    unread.append((f"стр. {page.page_number}", PICTURE_PAGE))
                _read_page(page, pieces)
                page.close()
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
            raise encrypted(name) from None
        if error.args and isinstance(error.args[0], MemoryError):
            raise MemoryError from None
        raise
    pieces.close()
    if not pieces.tables and unread:
        raise DocumentRefusedError("scan", f"{name}: {SCAN}.")
    return Document(kind, tuple(pieces.tables), tuple(unread))


def _read_page(page: Page, pieces: _Pieces) -> None:
    """Tables and lines from top to bottom."""
    tables = [table for table in page.find_tables() if len(table.rows) and max(len(r.cells) for r in table.rows) > 1]
    outside = page
    for table in tables:
        outside = outside.outside_bbox(table.bbox, strict=False)
    blocks: list[tuple[float, list[DocumentRow]]] = []
    lines = outside.extract_text_lines(strip=True, return_chars=False, y_tolerance=LINE_TOLERANCE)
    number = 0
    for line in lines:
        text = str(line["text"]).replace("\x00", "").strip()
        if text:
            number += 1
            place = f"стр. {page.page_number}, строка {number}"
            blocks.append((float(line["top"]), [DocumentRow((text,), (place,))]))
    for number, table in enumerate(tables, start=1):
        blocks.append((float(table.bbox[1]), _table_rows(table, page.page_number, number)))
    for _, rows in sorted(blocks, key=lambda block: block[0]):
        if rows:
            pieces.add(rows)


def _table_rows(table: Table, page_number: int, table_number: int) -> list[DocumentRow]:
    """A cell that spans others stands in each of them with its text and first place."""
    texts = table.extract()
    boxes = [row.cells for row in table.rows]
    width = max(len(row) for row in boxes)
    printed = [
        (box, row, column) for row, cells in enumerate(boxes) for column, box in enumerate(cells) if box is not None
    ]
    middles = [_middle([cells[column] for cells in boxes if column < len(cells)], 0) for column in range(width)]
    rows = []
    for row, cells in enumerate(boxes):
        across = _middle(list(cells), 1)
        found = []
        for column in range(width):
            at = (row, column)
            if column >= len(cells) or cells[column] is None:
                at = next(((r, c) for box, r, c in printed if _covers(box, middles[column], across)), (row, column))
            text = (texts[at[0]][at[1]] or "") if at[1] < len(texts[at[0]]) else ""
            place = f"стр. {page_number}, таблица {table_number}, строка {at[0] + 1}, столбец {at[1] + 1}"
            found.append((text.replace("\x00", "").strip(), place))
        rows.append(DocumentRow(tuple(text for text, _ in found), tuple(place for _, place in found)))
    return rows


Box = tuple[float, float, float, float]


def _middle(boxes: list[Box | None], axis: int) -> float:
    """Middle of the narrowest box of a column (axis 0) or row (axis 1): wider ones are merged."""
    spans = [(box[axis + 2] - box[axis], (box[axis] + box[axis + 2]) / 2) for box in boxes if box is not None]
    return min(spans)[1] if spans else -1.0


def _covers(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
