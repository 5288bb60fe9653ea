"""Lists over HTTP: how many a second, against a bare route that returns the very same bytes.

`orientir serve` as an installation runs it, over a made-up region (synthetic) of fourteen schools with about 500
pathways. Eight connections ask for three lists of ten with reasons, as fast as they are answered; short windows of
the two servers take turns. Then a hundred requests a second leave at fixed moments while the worker trains.
"""

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.records import ROOT, Record
from benchmarks.training_beside import HOST, START_SECONDS, Service, served, waits_at
from recommender.synthetic import write_region
from recommender.synthetic_people import RegionSize

SCHOOLS, SEED, CONNECTIONS, WINDOWS, WINDOW_SECONDS = 14, 7, 8, 8, 4.0
PLACES, ITEMS = 10, 30
BARE_PORT = 8766
THROUGHPUT_LIMIT, TAIL_LIMIT, RATE, RATE_SECONDS, RATE_LIMIT_MS = 1 / 3, 4.0, 100.0, 30.0, 50.0
CHUNK = 1 << 18


def request_of(path: str, token: str) -> bytes:
    """As it goes over the wire."""
    lines = (f"GET {path} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {token}", "Accept: application/json")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass
class Line:
    """One connection that always waits for one answer."""

    socket: socket.socket
    started: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    whole: int = 0

    def ask(self, request: bytes) -> None:
        """Send the next one."""
        self.received.clear()
        self.whole, self.started = 0, time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Take what has come."""
        self.received += self.socket.recv(CHUNK)
        if not self.whole:
            head = self.received.find(b"\r\n\r\n")
            if head < 0:
                return False
            if not self.received.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(bytes(self.received[:400]).decode(errors="replace"))
            told = bytes(self.received[:head]).lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.whole = head + 4 + int(told)
        return len(self.received) >= self.whole


def window(port: int, requests: Iterator[bytes], seconds: float) -> np.ndarray:
    """Seconds that each answer took, all connections busy all the time."""
    took: list[float] = []
    with selectors.DefaultSelector() as ready:
        lines = [Line(socket.create_connection((HOST, port))) for _ in range(CONNECTIONS)]
        for line in lines:
            ready.register(line.socket, selectors.EVENT_READ, line)
            line.ask(next(requests))
        end = time.perf_counter() + seconds
        while (moment := time.perf_counter()) < end:
            for key, _ in ready.select(timeout=end - moment):
                line = key.data
                if line.is_answered():
                    took.append(time.perf_counter() - line.started)
                    line.ask(next(requests))
        for line in lines:
            line.socket.close()
    return np.array(took)


@contextmanager
def region_data(folder: Path) -> Iterator[Path]:
    """Reference, formats and lists as they are; a larger made-up region."""
    data = folder / "data"
    shutil.copytree(ROOT / "data", data, ignore=shutil.ignore_patterns("samples", "private"))
    shutil.copytree(ROOT / "data" / "samples", data / "samples", ignore=shutil.ignore_patterns("schools"))
    write_region(data / "samples", seed=SEED, size=RegionSize(schools=SCHOOLS))
    yield data


@contextmanager
def bare(bodies: dict[str, bytes], folder: Path) -> Iterator[None]:
    """The bare route, answering."""
    folder.mkdir()
    for student, body in bodies.items():
        (folder / student).write_bytes(body)
    command = [sys.executable, "-m", "benchmarks.bare_route", str(BARE_PORT), str(folder)]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ)  # noqa: S603 -- ourselves
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((HOST, BARE_PORT)).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def whole_answers(service: Service) -> tuple[dict[str, bytes], list[float]]:
    """Answers of the students who have three lists of ten, and the seconds of each first answer, one after another."""
    bodies, took = {}, []
    for student in service.students("navigator"):
        start = time.perf_counter()
        status, body = service.ask("GET", f"/v1/students/{student}/recommendations?k={PLACES}", "navigator")
        took.append(time.perf_counter() - start)
        if status == 200 and body.count(b'"rank_by_fit"') == ITEMS:
            bodies[student] = body
    return bodies, took


def figures(service: Service, folder: Path) -> Iterator[Record]:
    """All figures."""
    service.sign_in("navigator")
    service.sign_in("region")
    bodies, first = whole_answers(service)
    paths = [f"/v1/students/{student}/recommendations?k={PLACES}" for student in bodies]
    ours, plain = (cycle(request_of(path, service.tokens["navigator"]) for path in paths) for _ in range(2))
    windows: dict[str, list[np.ndarray]] = {"ours": [], "bare": []}
    with bare(bodies, folder / "bodies"):
        for _ in range(WINDOWS + 1):
            windows["ours"].append(window(service.port, ours, WINDOW_SECONDS))
            windows["bare"].append(window(BARE_PORT, plain, WINDOW_SECONDS))
    windows = {name: taken[1:] for name, taken in windows.items()}  # the first one warms up
    kilobytes = sum(map(len, bodies.values())) / len(bodies) / 1000
    about = (
        f"{CONNECTIONS} connections, {len(bodies)} students, three lists of {PLACES} with reasons, {kilobytes:.0f} KB"
    )
    ratios = [len(mine) / len(other) for mine, other in zip(windows["ours"], windows["bare"], strict=True)]
    rates = {name: sum(map(len, taken)) / WINDOWS / WINDOW_SECONDS for name, taken in windows.items()}
    yield Record(
        "api_throughput.kept.ratio", rates["ours"] / rates["bare"], _span(ratios), THROUGHPUT_LIMIT, "higher",
        "synthetic", f"a bare route returning the same bytes; {about}; lists asked for before", WINDOWS,
    )  # fmt: skip
    for name, rate in rates.items():
        yield Record(f"api_throughput.{name}.per_second", rate, None, None, "higher", "synthetic", about, WINDOWS)
    took = np.concatenate(windows["ours"])
    median, tail = np.percentile(took, [50, 99])
    yield Record(
        "api_throughput.kept.p99_to_median", tail / median, None, TAIL_LIMIT, "lower", "synthetic", about, WINDOWS
    )
    yield Record("api_throughput.kept.median_milliseconds", 1000 * median, None, None, "lower", "synthetic", about)
    yield Record("api_throughput.kept.p99_milliseconds", 1000 * tail, None, None, "lower", "synthetic", about)
    once = 1000 * float(np.median(first))
    yield Record(
        "api_throughput.first.median_milliseconds", once, None, None, "lower", "synthetic", "asked for the first time"
    )
    yield from beside_training(service, list(bodies))


def beside_training(service: Service, students: Sequence[str]) -> Iterator[Record]:
    """A hundred requests a second while the worker trains."""
    job = service.begin_training()
    addresses = {"ranking": f"/v1/students/{{}}/recommendations?k={PLACES}"}
    took = waits_at(service, students, RATE_SECONDS, RATE, addresses)["ranking"]
    if service.state_of(job) != "running":
        raise RuntimeError("the training ended before the requests did")
    about = f"{RATE:g} requests a second, {RATE_SECONDS:g} s, while the worker trains"
    for percent, limit in ((50, None), (99, RATE_LIMIT_MS)):
        value = 1000 * float(np.percentile(took, percent))
        yield Record(
            f"api_throughput.beside_training.p{percent}_milliseconds", value, None, limit, "lower", "synthetic", about
        )


def _span(ratios: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(ratios, [0.05, 0.95])
    return float(low), float(high)


def records() -> list[Record]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with region_data(folder) as data, served(folder, data=data) as service:
            return list(figures(service, folder))
