"""The process that parses one file and dies: bytes on standard input, what was read on standard output."""

import json
import resource
import sys

MEMORY = 512 * 1024 * 1024
PROCESSOR_SECONDS = 20
OPEN_FILES = 64


def limit_oneself() -> None:
    """Before any parser is imported: memory, processor, no file written, no core left behind."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def main() -> None:
    """Parse what comes in as the kind that the first argument names; the third says what is wanted of it."""
    limit_oneself()
    from service.documents.refusals import DocumentRefusedError  # noqa: PLC0415 - parsers load under the limits

    kind, name, wanted = sys.argv[1:4]
    answer = _sheets if wanted == "sheets" else _document
    try:
        pieces = answer(sys.stdin.buffer.read(), kind, name)
    except DocumentRefusedError as refusal:
        pieces = [json.dumps({"reason": refusal.reason, "message": str(refusal)}).encode()]
    for piece in pieces:
        sys.stdout.buffer.write(piece)


def _document(content: bytes, kind: str, name: str) -> list[bytes]:
    from service.documents.parsing import parse  # noqa: PLC0415

    document = parse(content, kind, name)
    tables = [[table.title, [[row.cells, row.places] for row in table.rows]] for table in document.tables]
    return [json.dumps({"kind": document.kind, "tables": tables, "unread": document.unread}).encode()]


def _sheets(content: bytes, kind: str, name: str) -> list[bytes]:
    """A line of JSON with all texts, then the codes of all columns one after another."""
    from service.documents.books import read_book  # noqa: PLC0415

    book = read_book(content, kind, name)
    sheets = [
        [sheet.title, sheet.top, sheet.left, sheet.row_count, [column.texts for column in sheet.columns]]
        for sheet in book.sheets
    ]
    head = json.dumps({"kind": book.kind, "sheets": sheets, "unread": book.unread}, ensure_ascii=False)
    codes = [column.codes.tobytes() for sheet in book.sheets for column in sheet.columns]
    return [head.encode(errors="replace"), b"\n", *codes]


if __name__ == "__main__":
    main()
