"""`make demo ONCE=1` as the first command in a fresh clone: environment, loading, training, three lists."""

import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.records import ROOT, Record


def records() -> list[Record]:
    """Seconds, with the package index that this machine is configured for."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S603, S607 -- our own repository
        start = time.perf_counter()
        subprocess.run(["make", "demo", "ONCE=1"], cwd=clone, check=True, stdout=subprocess.DEVNULL)  # noqa: S607 -- make of this machine
        seconds = time.perf_counter() - start
    return [Record("fresh_clone.demo_seconds", seconds, None, 360.0, "lower", "synthetic", "nothing installed")]
