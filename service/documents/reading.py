"""A file of a stranger in, a document or a refusal out: the parent's half, which never parses anything itself."""

import json
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.kinds import find_kind
from service.documents.refusals import DocumentRefusedError, shown_name
from service.documents.sheet import Book, Sheet, SheetColumn, code_type

WALL_SECONDS = 60.0  # 20 s of processor are the child's own limit; a busy machine is slow, not hostile
ROOT = Path(__file__).parents[2]


def read_document(content: bytes, file_name: str) -> Document:
    """Read XLSX, XLS, ODS, DOCX, PDF, CSV, TSV or text; DocumentRefusedError says why not and what to do."""
    kind = find_kind(content, file_name)
    return _document(_ask_child(content, kind, shown_name(file_name)))


def read_pasted(text: str) -> Document:
    """Text that a person pasted; cells copied from a sheet come apart by tabs."""
    return read_document(text.encode(), "вставленный текст.txt")


def read_book(content: bytes, file_name: str) -> Book:
    """Read XLSX, XLS, ODS, CSV, TSV, OneRoster as sheets; DocumentRefusedError says why not and what to do."""
    kind, name = find_kind(content, file_name, archives=True), shown_name(file_name)
    head, _, codes = _answer_of_child(content, kind, name, "sheets").partition(b"\n")
    answer = _understood(head, name)
    sheets, place = [], 0
    for title, top, left, row_count, all_texts in answer["sheets"]:
        columns = []
        for texts in all_texts:
            found = array(code_type(len(texts)))
            end = place + row_count * found.itemsize
            found.frombytes(codes[place:end])
            columns.append(SheetColumn(tuple(texts), found))
            place = end
        sheets.append(Sheet(title, top, left, tuple(columns)))
    if place != len(codes):
        raise _gave_up(name)
    return Book(answer["kind"], tuple(sheets), tuple((where, why) for where, why in answer["unread"]))


def _ask_child(content: bytes, kind: str, name: str) -> dict[str, Any]:
    return _understood(_answer_of_child(content, kind, name, "document"), name)


def _answer_of_child(content: bytes, kind: str, name: str, wanted: str) -> bytes:
    """Answer of a process of its own: no environment but the path of this code, no database, no key."""
    command = [sys.executable, "-P", "-m", "service.documents.child", kind, name, wanted]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - the file's name is an argument, not a command; no shell
            command, input=content, capture_output=True, timeout=WALL_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise _gave_up(name) from None
    if done.returncode != 0:
        raise _gave_up(name)
    return done.stdout


def _understood(line: bytes, name: str) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        raise _gave_up(name) from None
    if not isinstance(answer, dict):
        raise _gave_up(name)
    if "reason" in answer:
        raise DocumentRefusedError(str(answer["reason"]), str(answer["message"]))
    return answer


def _gave_up(name: str) -> DocumentRefusedError:
    message = (
        f"{name}: файл не удалось разобрать в отведённых пределах памяти и времени; скопируйте нужное в новый файл "
        "без оформления и картинок и загрузите его."
    )
    return DocumentRefusedError("gave_up", message)


def _document(answer: dict[str, Any]) -> Document:
    return Document(
        answer["kind"],
        tuple(
            DocumentTable(title, tuple(DocumentRow(tuple(cells), tuple(places)) for cells, places in rows))
            for title, rows in answer["tables"]
        ),
        tuple((place, why) for place, why in answer["unread"]),
    )
