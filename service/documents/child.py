"""The process that parses one file and dies: bytes on standard input, JSON on standard output."""

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
    """Parse what comes in as the kind that the first argument names."""
    limit_oneself()
    from service.documents.parsing import parse  # noqa: PLC0415 - parsers load under the limits
    from service.documents.refusals import DocumentRefusedError  # noqa: PLC0415

    kind, name = sys.argv[1:3]
    try:
        document = parse(sys.stdin.buffer.read(), kind, name)
        answer: dict[str, object] = {
            "kind": document.kind,
            "tables": [[table.title, [[row.cells, row.places] for row in table.rows]] for table in document.tables],
            "unread": document.unread,
        }
    except DocumentRefusedError as refusal:
        answer = {"reason": refusal.reason, "message": str(refusal)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
