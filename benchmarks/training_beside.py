"""The API beside a training: how long people wait while the worker trains, against how long they wait without it.

`orientir serve` as an installation runs it, over the sample region (synthetic), on the cores of this machine. Short
windows take turns: in one the worker trains, in the other it is held still, so that whatever else the machine does
burdens both alike. Requests leave at fixed moments whether earlier ones were answered or not, and each waits from the
moment it was due: a pause of the server cannot hide by keeping the next request back.
"""

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2
import numpy as np

from benchmarks.records import ROOT, Record
from service.demo import PASSWORD

TRAININGS, WINDOW_SECONDS, WARM_SECONDS, DRAWS = 2, 5.0, 5.0, 500
ADDRESSES = {"card": "/v1/students/{}", "ranking": "/v1/students/{}/recommendations"}
REQUESTS_A_SECOND = 8.0  # a school of a thousand on a busy day: every counsellor and the school's system at once
AT_ONCE = 32
LIMIT = 2.0
START_SECONDS, OK, CREATED, ACCEPTED = 60.0, 200, 201, 202
HOST = "127.0.0.1"
QUIET, TRAINING = "quiet", "training"


@dataclass
class Service:
    """A running service and who asks it."""

    port: int
    database: Path
    process: int
    tokens: dict[str, str] = field(default_factory=dict)
    turn: Iterator[int] = field(default_factory=count)  # whose turn it is to be asked about

    def ask(self, method: str, path: str, login: str = "", sent: object = None) -> tuple[int, bytes]:
        """One request over a connection of its own."""
        headers = {"Authorization": f"Bearer {self.tokens[login]}"} if login else {}
        body = None if sent is None else json.dumps(sent)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, body, headers | {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def sign_in(self, login: str) -> None:
        """Open a session."""
        status, body = self.ask("POST", "/v1/sessions", sent={"login": login, "password": PASSWORD})
        if status != CREATED:
            raise RuntimeError(f"{login} cannot sign in: {body!r}")
        self.tokens[login] = json.loads(body)["token"]

    def students(self, login: str) -> list[str]:
        """Everybody whom a person may see and who may be ranked."""
        classes = json.loads(self.ask("GET", "/v1/classes", login)[1])["classes"]
        lists = (json.loads(self.ask("GET", f"/v1/classes/{c['class_id']}/students", login)[1]) for c in classes)
        return [row["student_id"] for each in lists for row in each["students"] if row["consent_recommending"]]

    def begin_training(self) -> int:
        """Ask for one and wait until the worker has begun."""
        status, body = self.ask("POST", "/v1/model-versions", "region")
        if status != ACCEPTED:
            raise RuntimeError(f"no training: {body!r}")
        job = int(json.loads(body)["job_id"])
        end = time.monotonic() + START_SECONDS
        while self.state_of(job) == "queued":
            if time.monotonic() > end:
                raise RuntimeError("no worker takes the training")
            time.sleep(0.05)
        return job

    def state_of(self, job: int) -> str:
        """Read beside the service, so that asking costs it nothing."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            (state,) = database.execute("SELECT state FROM jobs WHERE job_id = ?", (job,)).fetchone()
        return str(state)

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """The worker stops where it is, but never while it keeps others from writing."""
        worker = self.worker()
        os.kill(worker, signal.SIGSTOP)
        while not self.is_free_to_write():
            os.kill(worker, signal.SIGCONT)
            time.sleep(0.05)
            os.kill(worker, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(worker, signal.SIGCONT)

    def worker(self) -> int:
        """The process that trains: a child of the service."""
        for task in Path(f"/proc/{self.process}/task").glob("*/children"):
            for child in task.read_text().split():
                if "worker" in Path(f"/proc/{child}/cmdline").read_text().split("\0"):
                    return int(child)
        raise RuntimeError("the service has no worker")

    def is_free_to_write(self) -> bool:
        """Whether nobody holds the lock of writers for long."""
        with closing(sqlite3.connect(self.database, timeout=0.5, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            database.execute("ROLLBACK")
        return True


@contextmanager
def served(folder: Path, port: int = 8765, data: Path = ROOT / "data") -> Iterator[Service]:
    """The sample region set up by the demo, then served with its worker; no screens."""
    environment = os.environ | {
        "ORIENTIR_DATABASE_URL": f"sqlite:///{folder}/orientir.sqlite",
        "ORIENTIR_MODELS_DIR": str(folder / "models"),
        "ORIENTIR_SECRET_KEY_FILE": str(folder / "secret.key"),
        "ORIENTIR_DATA_DIR": str(data),
        "ORIENTIR_PORT": str(port),
        "ORIENTIR_LOG_LEVEL": "WARNING",
        "ORIENTIR_REQUESTS_A_MINUTE": "0",  # one reader stands for all
    }
    command = [sys.executable, "-m", "service.cli"]
    subprocess.run([*command, "demo", "--once"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- ourselves
    server = subprocess.Popen([*command, "serve", "--api-only"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 -- ourselves
    try:
        service = Service(port, folder / "orientir.sqlite", server.pid)
        wait_until(lambda: service.ask("GET", "/readyz")[0] == OK)
        yield service
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def wait_until(is_ready: Callable[[], bool]) -> None:
    """Until a server that was just started answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError, httpx2.HTTPError):
            if is_ready():
                return
        time.sleep(0.2)
    raise TimeoutError("a server that was just started does not answer")


def waits(service: Service, students: Sequence[str], seconds: float) -> dict[str, np.ndarray]:
    """Waits of cards and lists by turns, as fast as a busy school asks."""
    return waits_at(service, students, seconds, REQUESTS_A_SECOND, ADDRESSES)


def waits_at(
    service: Service, students: Sequence[str], seconds: float, rate: float, addresses: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """Seconds from the moment each request was due to the end of its answer, by address."""
    found: dict[str, list[float]] = {name: [] for name in addresses}

    def answered(name: str, student: str, due: float) -> None:
        status, body = service.ask("GET", addresses[name].format(student), "navigator")
        if status != OK:
            raise RuntimeError(f"{name}: {status} {body!r}")
        found[name].append(time.perf_counter() - due)

    start, sent = time.perf_counter(), []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(int(seconds * rate)):
            due = start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            student, name = students[next(service.turn) % len(students)], tuple(addresses)[number % len(addresses)]
            sent.append(pool.submit(answered, name, student, due))
    for each in sent:
        each.result()
    return {name: np.array(values) for name, values in found.items()}


def in_turns(service: Service) -> dict[str, list[dict[str, np.ndarray]]]:
    """Windows with the training and with it held still, in turns, through whole trainings."""
    service.sign_in("navigator")
    service.sign_in("region")
    students = service.students("navigator")
    waits(service, students, WARM_SECONDS)
    windows: dict[str, list[dict[str, np.ndarray]]] = {QUIET: [], TRAINING: []}
    for _ in range(TRAININGS):
        job = service.begin_training()
        while True:
            trained = waits(service, students, WINDOW_SECONDS)
            if service.state_of(job) != "running":
                break  # it ended within the window
            with service.held_still():
                windows[QUIET].append(waits(service, students, WINDOW_SECONDS))
            windows[TRAINING].append(trained)
        if service.state_of(job) != "done":
            raise RuntimeError("the training failed")
    return windows


def figures(windows: dict[str, list[dict[str, np.ndarray]]]) -> Iterator[Record]:
    """Waits beside a training against those without, of all requests and by address."""
    pairs = len(windows[QUIET])
    about = f"{REQUESTS_A_SECOND:g} requests a second, windows of {WINDOW_SECONDS:g} s"
    for name in ("all", *ADDRESSES):
        quiet, training = (
            [np.concatenate(list(turn.values())) if name == "all" else turn[name] for turn in windows[kind]]
            for kind in (QUIET, TRAINING)
        )
        for percent in (50, 99):
            calm, loud = (float(np.percentile(np.concatenate(each), percent)) for each in (quiet, training))
            figure, limit = f"training_beside.{name}.p{percent}", LIMIT if percent == 99 else None
            span = _span(quiet, training, percent)
            yield Record(f"{figure}_ratio", loud / calm, span, limit, "lower", "synthetic", about, pairs)
            yield Record(f"{figure}_quiet_milliseconds", 1000 * calm, None, None, "lower", "synthetic", about, pairs)
            yield Record(f"{figure}_milliseconds", 1000 * loud, None, None, "lower", "synthetic", about, pairs)


def _span(quiet: Sequence[np.ndarray], training: Sequence[np.ndarray], percent: int) -> tuple[float, float]:
    """Where nine of ten ratios lie when the pairs of windows are drawn again."""
    random, ratios = np.random.default_rng(0), []
    for _ in range(DRAWS):
        drawn = random.integers(0, len(quiet), len(quiet))
        calm, loud = (np.percentile(np.concatenate([each[i] for i in drawn]), percent) for each in (quiet, training))
        ratios.append(loud / calm)
    low, high = np.quantile(ratios, [0.05, 0.95])
    return float(low), float(high)


def records() -> list[Record]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as service:
        return list(figures(in_turns(service)))
