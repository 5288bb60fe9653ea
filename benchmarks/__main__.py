"""`python -m benchmarks [part ...]`: measure, keep the figures, remake docs/measured.md.

Every part runs in a process of its own, so that its peak memory is its own. `fresh_clone` needs a package index and
is measured only when named.
"""

import json
import subprocess
import sys
import time
from importlib import import_module

from benchmarks import document
from benchmarks.records import ROOT, keep, stamped

PARTS = (
    "umass", "onet", "rivals", "scoring_speed", "sample_region", "other_seeds", "single_answers", "learning_curve",
    "cold_pathways", "certainty", "next_evidence", "faithfulness", "fairness", "policy", "title_matching",
    "demand_impact", "gate_power", "training_city", "training_beside", "api_throughput", "cold_start",
    "batch_files", "drift_alarms", "intake_rows", "screens", "demo",
)  # fmt: skip
ON_REQUEST = ("fresh_clone",)


def main(words: list[str]) -> None:
    """Measure the parts named, or all but those on request."""
    if words[:1] == ["--measure"]:
        print(json.dumps(stamped(import_module(f"benchmarks.{words[1]}").records())))
        return
    if unknown := set(words) - {*PARTS, *ON_REQUEST}:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join((*PARTS, *ON_REQUEST))}")
    for part in words or PARTS:
        start = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks", "--measure", part]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- ourselves
        keep(part, json.loads(done.stdout.splitlines()[-1]))
        print(f"{part:16} {time.perf_counter() - start:6.1f} s", flush=True)
    document.write_documents()


if __name__ == "__main__":
    main(sys.argv[1:])
