"""`orientir serve` as a process: both addresses answer, and nothing is left behind when it is told to stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from service.serving import DASHBOARD, addresses
from service.settings import Settings

START_SECONDS = 60


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def backend() -> str:
    """Serving does not depend on the kind of database."""
    return "sqlite"


def answers(address: str) -> bool:
    """Whether somebody answers there."""
    try:
        return httpx2.get(address, timeout=2).is_success
    except httpx2.HTTPError:
        return False


def wait_until(address: str, *, is_up: bool) -> None:
    """Until an address answers, or stops answering."""
    end = time.monotonic() + START_SECONDS
    while answers(address) is not is_up:
        assert time.monotonic() < end, address
        time.sleep(0.2)


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process of this installation sees."""
    names = ("database_url", "models_dir", "secret_key_file", "port", "dashboard_port")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ORIENTIR_")},
        **{f"ORIENTIR_{name.upper()}": str(getattr(settings, name)) for name in names},
    }


def test_both_start_and_both_stop(settings: Settings) -> None:
    served = settings.model_copy(update={"port": free_port(), "dashboard_port": free_port()})
    environment = environment_of(served)
    api, screens = addresses(served)
    command = [sys.executable, "-m", "service.cli", "serve"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        wait_until(f"{api}/readyz", is_up=True)
        if DASHBOARD.is_file():
            wait_until(f"{screens}/_stcore/health", is_up=True)
    finally:
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=30)
    assert api in said
    assert screens in said
    wait_until(f"{api}/healthz", is_up=False)
    wait_until(f"{screens}/_stcore/health", is_up=False)


def find_worker(server: int) -> int | None:
    """The worker among the children of a process."""
    for task in Path(f"/proc/{server}/task").glob("*/children"):
        for child in task.read_text().split():
            if "worker" in Path(f"/proc/{child}/cmdline").read_text().split("\0"):
                return int(child)
    return None


def is_alive(process: int) -> bool:
    """Whether a process runs; one that nobody has buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(question: Callable[[], object]) -> None:
    """Until the answer is yes."""
    end = time.monotonic() + START_SECONDS
    while not question():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_worker_that_dies_is_started_again_and_ends_with_the_service(settings: Settings) -> None:
    served = settings.model_copy(update={"port": free_port()})
    command = [sys.executable, "-m", "service.cli", "serve", "--api-only"]
    server = subprocess.Popen(command, env=environment_of(served), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: find_worker(server.pid))
        first = find_worker(server.pid)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: find_worker(server.pid) not in (None, first))
        second = find_worker(server.pid)
        assert second is not None
        wait_until(f"{addresses(served)[0]}/healthz", is_up=True)
    finally:
        server.kill()  # no farewell: the worker has to notice by itself
        server.wait()
    wait_for(lambda: not is_alive(second))


def test_no_worker_where_none_is_wanted(settings: Settings) -> None:
    served = settings.model_copy(update={"port": free_port()})
    command = [sys.executable, "-m", "service.cli", "serve", "--api-only", "--no-worker"]
    server = subprocess.Popen(command, env=environment_of(served), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(f"{addresses(served)[0]}/healthz", is_up=True)
        assert find_worker(server.pid) is None
    finally:
        server.terminate()
        server.wait(30)
