"""The screens: what opening a class costs against a page with nothing on it, and what many people at once hold.

Both pages are run by Streamlit processes of this machine, asked over their own line by turns, from the question to the
end of the script. The class is the largest of the sample region (synthetic); its page asks the service, the other asks
nobody.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from benchmarks.records import ROOT, Record
from benchmarks.training_beside import HOST, Service, served, wait_until
from benchmarks.visitor import Visitor, cookie_of, visiting
from service.demo import PASSWORD

API, OURS, EMPTY = 8775, 8776, 8777
RUNS, PEOPLE = 60, 20
LIMIT = 8.0
NOTHING = "import streamlit as st\n\nst.title('Пустая страница', anchor=False)\n"


def records() -> list[Record]:
    """Ratios of script runs, bytes over the line, memory of twenty people."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as open_until_then:
        folder = Path(name)
        largest = _largest_class(open_until_then.enter_context(served(folder, API)))
        (folder / "nothing.py").write_text(NOTHING, encoding="utf-8")
        ours = open_until_then.enter_context(_screens(ROOT / "dashboard" / "web.py", OURS))
        open_until_then.enter_context(_screens(folder / "nothing.py", EMPTY))
        cookie = cookie_of(_address(OURS), "navigator", PASSWORD)
        visitor = open_until_then.enter_context(visiting(_address(OURS), cookie))
        bare = open_until_then.enter_context(visiting(_address(EMPTY), ""))
        of_the_class = f"class={largest['class_id']}"
        sent = sum(map(len, visitor.open(of_the_class).raw))
        before = _megabytes(ours)  # before many runs have left memory behind that others would only take up
        with ExitStack() as while_all_look:
            for _ in range(PEOPLE):
                while_all_look.enter_context(visiting(_address(OURS), cookie)).open(of_the_class)
            held = (_megabytes(ours) - before) / PEOPLE
        took = _by_turns(visitor, bare, of_the_class)
    middle = np.median(took, axis=0)
    ratio = middle[0] / middle[1]
    random = np.random.default_rng(20261127)
    drawn = took[random.integers(0, len(took), (2000, len(took)))]
    ratios = np.median(drawn[..., 0], axis=1) / np.median(drawn[..., 1], axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    about = ("lower", "synthetic")
    return [
        Record("screens.class_ratio", float(ratio), (float(low), float(high)), LIMIT, *about,
               "an empty page of Streamlit, by turns", RUNS),
        Record("screens.class_students", largest["student_count"], None, None, *about, "", 1),
        Record("screens.class_milliseconds", 1000 * float(middle[0]), None, None, *about, "", RUNS),
        Record("screens.empty_milliseconds", 1000 * float(middle[1]), None, None, "lower", "none", "", RUNS),
        Record("screens.class_kilobytes", sent / 1000, None, None, *about, "", 1),
        Record("screens.session_megabytes", held, None, None, *about, "", PEOPLE),
    ]  # fmt: skip


def _by_turns(visitor: Visitor, bare: Visitor, of_the_class: str) -> np.ndarray:
    """Seconds of both, RUNS x 2; the first of each is not counted."""
    visitor.open(of_the_class)
    bare.open()
    return np.array([(visitor.open(of_the_class).seconds, bare.open().seconds) for _ in range(RUNS)])


def _largest_class(service: Service) -> dict[str, Any]:
    service.sign_in("navigator")
    _, body = service.ask("GET", "/v1/classes", "navigator")
    return max(json.loads(body)["classes"], key=lambda each: int(each["student_count"]))


@contextmanager
def _screens(script: Path, port: int) -> Iterator[int]:
    """A script served; its process."""
    command = [
        sys.executable, "-m", "streamlit", "run", str(script), "--server.address", HOST, "--server.port", str(port),
        "--server.headless", "true", "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false",
    ]  # fmt: skip
    environment = os.environ | {"ORIENTIR_SERVICE_URL": f"http://{HOST}:{API}"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 -- ourselves
    try:
        wait_until(lambda: httpx2.get(f"{_address(port)}/_stcore/health", timeout=2, trust_env=False).is_success)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _address(port: int) -> str:
    return f"http://{HOST}:{port}"


def _megabytes(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
