"""The API beside a training: how long people wait while the worker trains, against how long they wait without it.

`orientir serve` as an installation runs it, over the sample region (synthetic), on the cores of this machine; windows
with and without a training take turns. Requests leave at fixed moments whether earlier ones were answered or not, and
each waits from the moment it was due: a pause of the server cannot hide by keeping the next request back.
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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.records import ROOT, Record
from service.demo import PASSWORD

TURNS, QUIET_SECONDS, WARM_SECONDS = 4, 25.0, 5.0
ADDRESSES = {"card": "/v1/students/{}", "ranking": "/v1/students/{}/recommendations"}
REQUESTS_A_SECOND = 8.0  # a school of a thousand on a busy day: every counsellor and the school's system at once
AT_ONCE = 32
LIMIT = 2.0
START_SECONDS, TRAINING_SECONDS, OK, CREATED, ACCEPTED = 60.0, 600.0, 200, 201, 202
HOST = "127.0.0.1"
QUIET, TRAINING = "quiet", "training"


@dataclass
class Service:
    """A running service and who asks it."""

    port: int
    database: Path
    tokens: dict[str, str] = field(default_factory=dict)

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
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
            (state,) = database.execute("SELECT state FROM jobs WHERE job_id = ?", (job,)).fetchone()
        database.close()
        return str(state)


@contextmanager
def served(folder: Path, port: int = 8765) -> Iterator[Service]:
    """The sample region set up by the demo, then served with its worker; no screens."""
    environment = os.environ | {
        "ORIENTIR_DATABASE_URL": f"sqlite:///{folder}/orientir.sqlite",
        "ORIENTIR_MODELS_DIR": str(folder / "models"),
        "ORIENTIR_SECRET_KEY_FILE": str(folder / "secret.key"),
        "ORIENTIR_PORT": str(port),
        "ORIENTIR_LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "service.cli"]
    subprocess.run([*command, "demo", "--once"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- ourselves
    server = subprocess.Popen([*command, "serve", "--api-only"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 -- ourselves
    try:
        yield _ready(Service(port, folder / "orientir.sqlite"))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _ready(service: Service) -> Service:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            if service.ask("GET", "/readyz")[0] == OK:
                return service
        except OSError:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


def waits(service: Service, students: Sequence[str], is_over: Callable[[float], bool]) -> dict[str, np.ndarray]:
    """Seconds from the moment each request was due to the end of its answer, by address."""
    found: dict[str, list[float]] = {name: [] for name in ADDRESSES}

    def answered(name: str, student: str, due: float) -> None:
        status, body = service.ask("GET", ADDRESSES[name].format(student), "navigator")
        if status != OK:
            raise RuntimeError(f"{name}: {status} {body!r}")
        found[name].append(time.perf_counter() - due)

    start, names = time.perf_counter(), tuple(ADDRESSES)
    sent = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in count():
            due = start + number / REQUESTS_A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            if is_over(due - start):
                break
            student = students[number // len(names) % len(students)]
            sent.append(pool.submit(answered, names[number % len(names)], student, due))
    for each in sent:
        each.result()
    return {name: np.array(values) for name, values in found.items()}


def in_turns(service: Service) -> tuple[dict[str, list[dict[str, np.ndarray]]], list[float]]:
    """Windows of both kinds, one after the other, and how long each training took."""
    service.sign_in("navigator")
    service.sign_in("region")
    students = service.students("navigator")
    waits(service, students, lambda passed: passed > WARM_SECONDS)
    windows: dict[str, list[dict[str, np.ndarray]]] = {QUIET: [], TRAINING: []}
    trained = []
    for _ in range(TURNS):
        windows[QUIET].append(waits(service, students, lambda passed: passed > QUIET_SECONDS))
        job, begun = service.begin_training(), time.perf_counter()
        windows[TRAINING].append(waits(service, students, lambda _, job=job: service.state_of(job) != "running"))
        trained.append(time.perf_counter() - begun)
        if service.state_of(job) != "done":
            raise RuntimeError("the training failed")
    return windows, trained


def figures(windows: dict[str, list[dict[str, np.ndarray]]]) -> Iterator[Record]:
    """Ratios of training to quiet, of all requests and by address; the interval is over the turns."""
    for name in ("all", *ADDRESSES):
        taken = {
            kind: [np.concatenate(list(turn.values())) if name == "all" else turn[name] for turn in turns]
            for kind, turns in windows.items()
        }
        whole = {kind: np.concatenate(turns) for kind, turns in taken.items()}
        for percent in (50, 99):
            quiet, training = (float(np.percentile(whole[kind], percent)) for kind in (QUIET, TRAINING))
            turns = [
                float(np.percentile(loud, percent) / np.percentile(calm, percent))
                for calm, loud in zip(taken[QUIET], taken[TRAINING], strict=True)
            ]
            figure, about = f"training_beside.{name}.p{percent}", f"{REQUESTS_A_SECOND:g} requests a second"
            limit = LIMIT if percent == 99 else None
            span = (min(turns), max(turns))
            yield Record(f"{figure}_ratio", training / quiet, span, limit, "lower", "synthetic", about, TURNS)
            yield Record(f"{figure}_quiet_milliseconds", 1000 * quiet, None, None, "lower", "synthetic", about, TURNS)
            yield Record(f"{figure}_milliseconds", 1000 * training, None, None, "lower", "synthetic", about, TURNS)


def records() -> list[Record]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as service:
        windows, trained = in_turns(service)
    seconds = float(np.median(trained))
    span = (min(trained), max(trained))
    took = Record("training_beside.training_seconds", seconds, span, None, "lower", "synthetic", "on the clock", TURNS)
    return [*figures(windows), took]
