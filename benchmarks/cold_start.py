"""A serving process from nothing: how soon it answers and how much memory it holds, against a minimal application.

Both are servers of one worker over uvicorn; the minimal one has a single route of FastAPI and nothing else. Ours is
`orientir serve --api-only` without a worker over the sample region (synthetic): until /healthz answers, until the first
list of a student has come, and what it holds then. Starts take turns.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from compileall import compile_dir
from pathlib import Path

from benchmarks.records import ROOT, Record
from benchmarks.training_beside import HOST, Service, served

OURS, BARE = 8767, 8768
STARTS = 7
START_LIMIT, MEMORY_LIMIT = 1.8, 2.0
PARTS = ("sqlalchemy.orm", "numpy", "structlog", "pydantic_settings")  # every serving process has


def records() -> list[Record]:
    """Ratios of starts and of memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder) as service:  # set up once; the database and the model stay
            service.sign_in("navigator")
            student, token = service.students("navigator")[0], service.tokens["navigator"]
        (folder / "bodies").mkdir()
        # whoever installs a program has its bytecode beside it: without, every start compiles ours anew
        compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        for package in ("service", "recommender", "benchmarks"):
            compile_dir(ROOT / package, quiet=1)
        environment = compiled | {
            "ORIENTIR_DATABASE_URL": f"sqlite:///{folder}/orientir.sqlite",
            "ORIENTIR_MODELS_DIR": str(folder / "models"),
            "ORIENTIR_SECRET_KEY_FILE": str(folder / "secret.key"),
            "ORIENTIR_PORT": str(OURS),
            "ORIENTIR_WORKER": "false",
        }
        ours = [sys.executable, "-m", "service.cli", "serve", "--api-only"]
        bare = [sys.executable, "-m", "benchmarks.bare_route", str(BARE), str(folder / "bodies")]
        kinds = ("start", "first", "bare", "memory", "bare_memory", "parts", "parts_memory")
        found: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(STARTS):
            _start(bare, environment, BARE, "/openapi.json", {}, found, "bare", "bare_memory")
            _start([*bare, *PARTS], environment, BARE, "/openapi.json", {}, found, "parts", "parts_memory")
            address = f"/v1/students/{student}/recommendations"
            _start(ours, environment, OURS, "/healthz", {"first": (address, token)}, found, "start", "memory")
    middle = {name: statistics.median(values) for name, values in found.items()}
    against = "a minimal FastAPI application under the same server"
    about, parts = ("lower", "synthetic", against), ("lower", "none", against, STARTS)
    return [
        Record("cold_start.ratio", middle["start"] / middle["bare"], None, START_LIMIT, *about, STARTS),
        Record("cold_start.memory_ratio", middle["memory"] / middle["bare_memory"], None, MEMORY_LIMIT, *about, STARTS),
        Record("cold_start.parts_ratio", middle["parts"] / middle["bare"], None, None, *parts),
        Record("cold_start.parts_memory_ratio", middle["parts_memory"] / middle["bare_memory"], None, None, *parts),
        Record("cold_start.seconds", middle["start"], None, None, *about[:2], "", STARTS),
        Record("cold_start.first_list_seconds", middle["first"], None, None, *about[:2], "", STARTS),
        Record("cold_start.bare_seconds", middle["bare"], None, None, "lower", "none", "", STARTS),
        Record("cold_start.megabytes", middle["memory"], None, None, *about[:2], "", STARTS),
        Record("cold_start.bare_megabytes", middle["bare_memory"], None, None, "lower", "none", "", STARTS),
    ]


def _start(
    command: list[str],
    environment: Mapping[str, str],
    port: int,
    path: str,
    then: Mapping[str, tuple[str, str]],
    found: dict[str, list[float]],
    name: str,
    memory: str,
) -> None:
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 -- ourselves
    service = Service(port, Path(), process.pid)
    try:
        while not _answers(service, path):
            if process.poll() is not None:
                raise RuntimeError("the server has ended")
        found[name].append(time.perf_counter() - start)
        for key, (address, token) in then.items():
            service.tokens["one"] = token
            status, _ = service.ask("GET", address, "one")
            if status != 200:
                raise RuntimeError(f"{address}: {status}")
            found[key].append(time.perf_counter() - start)
        found[memory].append(_megabytes(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answers(service: Service, path: str) -> bool:
    try:
        socket.create_connection((HOST, service.port), timeout=1).close()
    except OSError:
        time.sleep(0.005)
        return False
    return service.ask("GET", path)[0] == 200


def _megabytes(process: int) -> float:
    """Memory of the process that no other shares, and what it shares: its resident set."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
