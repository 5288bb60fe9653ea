"""A file of a stranger in, a document or a refusal out: the parent's half, which never parses anything itself."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.kinds import find_kind
from service.documents.refusals import DocumentRefusedError, shown_name

WALL_SECONDS = 60.0  # 20 s of processor are the child's own limit; a busy machine is slow, not hostile
ROOT = Path(__file__).parents[2]


def read_document(content: bytes, file_name: str) -> Document:
    """Read XLSX, XLS, ODS, DOCX, PDF, CSV, TSV or text; DocumentRefusedError says why not and what to do."""
    kind = find_kind(content, file_name)
    return _document(_ask_child(content, kind, shown_name(file_name)))


def read_pasted(text: str) -> Document:
    """Text that a person pasted; cells copied from a sheet come apart by tabs."""
    return read_document(text.encode(), "вставленный текст.txt")


def _ask_child(content: bytes, kind: str, name: str) -> dict[str, Any]:
    """Answer of a process of its own: no environment but the path of this code, no database, no key."""
    command = [sys.executable, "-P", "-m", "service.documents.child", kind, name]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - the file's name is an argument, not a command; no shell
            command, input=content, capture_output=True, timeout=WALL_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise _gave_up(name) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise _gave_up(name) from None
    if done.returncode != 0 or not isinstance(answer, dict):
        raise _gave_up(name)
    if "reason" in answer:
        raise DocumentRefusedError(str(answer["reason"]), str(answer["message"]))
    return answer


def _gave_up(name: str) -> DocumentRefusedError:
    message = (
        f"{name}: файл не удалось разобрать в отведённых пределах памяти и времени; скопируйте перечень в новый файл "
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
