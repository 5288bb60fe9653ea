"""The operator's commands: how long the sample region takes from nothing to three lists, and how soon help answers."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.records import ROOT, Record

HELP_RUNS = 7


def records() -> list[Record]:
    """Seconds of `orientir demo --once` in an empty installation, and of `orientir --help`."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = _seconds(["demo", "--once"], Path(folder))
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        helps = sorted(_seconds(["--help"], Path(folder)) for _ in range(HELP_RUNS))
    middle, span = helps[HELP_RUNS // 2], (helps[0], helps[-1])
    what = "loading, training, ranking; environment ready"
    return [
        Record("demo.once_seconds", seconds, None, 60.0, "lower", "synthetic", what),
        Record("demo.processor_seconds", used.ru_utime + used.ru_stime, None, None, "lower", "synthetic", what),
        Record("demo.help_seconds", middle, span, 0.5, "lower", "none", "orientir --help", HELP_RUNS),
    ]


def _seconds(words: list[str], folder: Path) -> float:
    installation = {
        "ORIENTIR_DATABASE_URL": f"sqlite:///{folder}/orientir.sqlite",
        "ORIENTIR_MODELS_DIR": str(folder / "models"),
        "ORIENTIR_SECRET_KEY_FILE": str(folder / "secret.key"),
    }
    start = time.perf_counter()
    command = [sys.executable, "-m", "service.cli", *words]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=os.environ | installation)  # noqa: S603 -- ourselves
    return time.perf_counter() - start
