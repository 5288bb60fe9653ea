"""The entry point: `orientir`. A server starts at once; all other commands are read when one of them is said."""

import sys

from service.errors import EXIT_CODES, ServiceError
from service.start import start_serving

API_ONLY, NO_WORKER = "--api-only", "--no-worker"


def main() -> None:
    """An error is one Russian sentence and an exit code, never a traceback."""
    command, *words = sys.argv[1:] or [""]
    try:
        if command == "serve" and {API_ONLY, NO_WORKER}.issuperset(words):  # whatever else is said of it, app answers
            start_serving(api_only=API_ONLY in words, no_worker=NO_WORKER in words)
            sys.exit(0)
        from service.commands import app

        app()
    except ServiceError as error:
        _fail(str(error), error.exit_code, error.facts)
    except KeyboardInterrupt:
        _fail("Остановлено.", 1)
    except Exception as error:
        _fail(_unexpected(error), 1)


def _unexpected(error: Exception) -> str:
    from service.installed import explain_database_error

    explained = explain_database_error(error)
    return explained or f"Непредвиденная ошибка ({type(error).__name__}). Проверьте: orientir doctor."


def _fail(message: str, exit_code: int, facts: dict[str, object] | None = None) -> None:
    print(message, file=sys.stderr)
    report = (facts or {}).get("report")
    if isinstance(report, dict):
        parts = report.get("parts") or [report]  # a file of a school may hold several tables
        for fault in [fault for part in parts for fault in part["faults"]][:10]:
            words = (("лист", "sheet"), ("строка", "row"), ("столбец", "letter" if fault.get("letter") else "column"))
            place = ", ".join(f"{word} {fault[key]}" for word, key in words if fault.get(key))
            print(f"  {fault['file']}: {place}: {fault['remedy']}", file=sys.stderr)
    sys.exit(exit_code if exit_code in EXIT_CODES else 1)


if __name__ == "__main__":
    main()
