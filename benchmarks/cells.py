"""Figures as people read them: numbers, intervals, verdicts, tables of Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.records import is_met

KINDS = {"profile_class": "profile classes", "elective": "electives", "career_trial": "career trials"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float) -> str:
    """A figure as people read it: three digits after the point, fewer for large ones, powers of ten for tiny ones."""
    if value != 0 and abs(value) < 1e-6:
        return f"{value:.0e}"
    if value != 0 and abs(value) < 1e-3:
        return f"{value:.4f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def cell(record: dict[str, Any]) -> str:
    """Value and interval."""
    if record["interval"] is None:
        return number(record["value"])
    low, high = record["interval"]
    return f"{number(record['value'])} [{number(low)}, {number(high)}]"


def verdict(record: dict[str, Any]) -> str:
    """Met or not."""
    return {True: "met", False: "**not met**", None: ""}[is_met(record)]
