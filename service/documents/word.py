"""DOCX: paragraphs and tables in the order of the document, numbers of lists written out, merged cells repeated."""

import io
from collections.abc import Iterator

import docx
from docx.oxml.ns import qn
from lxml.etree import _Element

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.numbering import ListNumbers, text_of
from service.documents.refusals import DocumentRefusedError

SCAN = (
    "в документе только картинки, текста нет; запросите документ с текстом или распознайте картинку (OCR) "
    "и сохраните как .docx"
)
MAX_WIDTH = 500
BOX = "текст в надписи поверх страницы не прочитан; перенесите его в документ, если он нужен"
P, TBL, TR, TC = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc"))
WRAPPERS = frozenset(qn(f"w:{name}") for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"))


def read_word(content: bytes, kind: str, name: str) -> Document:
    """Runs of paragraphs and tables, each a table of the document."""
    document = docx.Document(io.BytesIO(content))
    numbers = ListNumbers(document)
    tables: list[DocumentTable] = []
    paragraphs: list[DocumentRow] = []
    table_number = paragraph_number = 0
    for block in _within(document.element.body, P, TBL):
        if block.tag == TBL:
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
    boxes = [_text_of_box(box) for box in document.element.body.iter(qn("w:txbxContent"))]
    return Document(
        kind, tuple(tables), tuple(dict.fromkeys((f"надпись «{text[:80]}»", BOX) for text in boxes if text))
    )


def _table_rows(table: _Element, table_number: int, numbers: ListNumbers) -> Iterator[DocumentRow]:
    """Rows as wide as the grid: a cell over several columns or rows stands in each with its text and first place."""
    above: list[tuple[str, str]] = []
    rows = list(_within(table, TR))
    width = min(max((_width(row) for row in rows), default=0), MAX_WIDTH)
    for row_number, row in enumerate(rows, start=1):
        cells: list[tuple[str, str]] = []
        places = [f"таблица {table_number}, строка {row_number}, столбец {column}" for column in range(1, width + 1)]
        cells += [("", place) for place in places[: _before(row)]]
        for cell in _within(row, TC):
            at = len(cells)
            if at < width:
                merged_up = _goes_on_from_above(cell) and at < len(above)
                found = above[at] if merged_up else (_cell_text(cell, numbers), places[at])
                cells += [found] * min(_span(cell), width - at)
        cells += [("", place) for place in places[len(cells) :]]
        above = cells
        yield DocumentRow(tuple(text for text, _ in cells), tuple(where for _, where in cells))


def _within(parent: _Element, *tags: str) -> Iterator[_Element]:
    """Children of some kinds, also those in content controls and in tracked insertions."""
    for child in parent:
        if child.tag in tags:
            yield child
        elif child.tag in WRAPPERS:
            yield from _within(child, *tags)


def _width(row: _Element) -> int:
    return _before(row) + sum(_span(cell) for cell in _within(row, TC))


def _before(row: _Element) -> int:
    """Columns of the grid that a row leaves out on its left."""
    return _number(row.find(f"{qn('w:trPr')}/{qn('w:gridBefore')}"), 0)


def _span(cell: _Element) -> int:
    return max(_number(cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}"), 1), 1)


def _number(element: _Element | None, default: int) -> int:
    text = element.get(qn("w:val"), "") if element is not None else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else default


def _goes_on_from_above(cell: _Element) -> bool:
    merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return merged is not None and merged.get(qn("w:val"), "continue") == "continue"


def _cell_text(cell: _Element, numbers: ListNumbers) -> str:
    """Paragraphs of a cell, those of tables within it too."""
    texts = [numbers.numbered(paragraph) for paragraph in cell.iter(P) if not _is_in_box(paragraph)]
    return "\n".join(text for text in texts if text)


def _is_in_box(paragraph: _Element) -> bool:
    return next(paragraph.iterancestors(qn("w:txbxContent")), None) is not None


def _text_of_box(box: _Element) -> str:
    return " ".join(filter(None, (text_of(paragraph) for paragraph in box.iter(P))))
