"""What one measured figure is, and how figures are kept."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
MEASURED = ("recommender", "service", "data", "benchmarks/*.py")
LIBRARIES = ("numpy", "scipy", "scikit-learn", "numba")


@dataclass(frozen=True)
class Record:
    """One figure.

    Attributes
    ----------
    figure : str
        Dotted name; its first part is the script that measured it.
    value : float
    interval : (low, high) or None
        Quality: 95 % bootstrap. Times and ratios: where nine of ten runs lay.
    limit : float or None
        None = reported, nothing was promised.
    better : "lower" or "higher"
    data : "real", "synthetic" or "none"
    against : str
        The peer, the limit's source, or "".
    runs : int
    """

    figure: str
    value: float
    interval: tuple[float, float] | None
    limit: float | None
    better: Literal["lower", "higher"]
    data: Literal["real", "synthetic", "none"]
    against: str = ""
    runs: int = 1


def machine() -> str:
    """Processor and cores; no name of a host."""
    model = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.exists():
        named = (line for line in about.read_text(encoding="utf-8").splitlines() if line.startswith("model name"))
        model = next(named, f":{model}").split(":", 1)[1].strip()
    return f"{model}, {os.cpu_count()} cores"


def commit() -> str:
    """Short commit; a + says that what was measured had changed since."""
    head = _git("rev-parse", "--short", "HEAD")
    return head + ("+" if _git("status", "--porcelain", "--", *MEASURED) else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603, S607 -- git of this machine, fixed words


def stamped(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Records with where and with what they were measured."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
    where = {"commit": commit(), "machine": machine(), "versions": versions}
    return [asdict(record) | where for record in records]


def read_results() -> list[dict[str, Any]]:
    """Every figure kept; empty before the first run."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []


def keep(part: str, found: Sequence[dict[str, Any]]) -> None:
    """Replace the figures of one script; figures of others keep their own commit."""
    others = [record for record in read_results() if record["figure"].split(".")[0] != part]
    rows = sorted([*others, *found], key=lambda record: record["figure"])
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    RESULTS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def find(results: Sequence[dict[str, Any]], figure: str) -> dict[str, Any] | None:
    """One figure by name."""
    return next((record for record in results if record["figure"] == figure), None)


def is_met(record: dict[str, Any]) -> bool | None:
    """Whether a figure keeps its limit; None = no limit.

    A lead over a rival is met when its whole interval lies beyond the limit; everything else by its value.
    """
    limit, value = record["limit"], record["value"]
    if limit is None:
        return None
    if record["figure"].endswith(".lead"):
        return record["interval"][0] > limit
    return value <= limit if record["better"] == "lower" else value >= limit
