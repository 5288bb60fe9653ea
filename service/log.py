"""Log lines: JSON, one event a line, codes and pseudonyms only."""

import logging
import sys
import traceback

import structlog


def configure_logging(level: str) -> None:
    """Write to standard error; JSON escapes line ends, so that input cannot forge a line."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # the stream of the moment: servers swap it
        cache_logger_on_first_use=False,
    )


def frames_of(error: BaseException) -> list[str]:
    """Where it happened, without messages: a database's message may quote the row."""
    summary = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.name}:{frame.lineno}" for frame in summary]
