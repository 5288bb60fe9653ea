"""Which parser reads which kind, and what no parser's answer may exceed; runs in the child."""

from collections.abc import Callable

from recommender.document import Document, DocumentTable
from service.documents.archive import check_archive
from service.documents.refusals import DocumentRefusedError

ARCHIVES = ("xlsx", "ods", "docx")
MAX_ROWS = 200_000
MAX_LETTERS = 20_000_000


def parse(content: bytes, kind: str, name: str) -> Document:
    """Guards, then the parser; what a parser says about a broken file becomes one refusal."""
    if kind in ARCHIVES:
        check_archive(content, kind, name)
    parser = _parser(kind)
    try:
        document = parser(content, kind, name)
    except DocumentRefusedError:
        raise
    except MemoryError:
        raise
    except Exception:  # a stranger's file may break a parser in any way; the child dies right after
        message = f"{name}: файл повреждён; откройте его в своей программе, сохраните заново и загрузите снова."
        raise DocumentRefusedError("broken", message) from None
    _check_size(document.tables, name)
    if not any(cell.strip() for table in document.tables for row in table.rows for cell in row.cells):
        raise DocumentRefusedError("empty", f"{name}: в файле нет текста; проверьте, тот ли это файл.")
    return document


def _parser(kind: str) -> Callable[[bytes, str, str], Document]:
    """Imported when needed: a PDF reader takes a third of a second and 60 MB."""
    if kind in {"xlsx", "xls", "ods"}:
        from service.documents.workbook import read_workbook as reader  # noqa: PLC0415
    elif kind == "docx":
        from service.documents.word import read_word as reader  # noqa: PLC0415
    elif kind == "pdf":
        from service.documents.pdf import read_pdf as reader  # noqa: PLC0415
    else:
        from service.documents.text import read_text as reader  # noqa: PLC0415
    return reader


def _check_size(tables: tuple[DocumentTable, ...], name: str) -> None:
    rows = sum(len(table.rows) for table in tables)
    letters = sum(len(cell) for table in tables for row in table.rows for cell in row.cells)
    if rows > MAX_ROWS or letters > MAX_LETTERS:
        message = f"{name}: в файле {rows} строк; столько не читается сразу, разделите его на части."
        raise DocumentRefusedError("too_large", message)
