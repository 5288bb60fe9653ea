"""`orientir serve` as a process: both addresses answer, and nothing is left behind when it is told to stop."""

import os
import signal
import socket
import subprocess
import sys
import time

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


def test_both_start_and_both_stop(settings: Settings) -> None:
    served = settings.model_copy(update={"port": free_port(), "dashboard_port": free_port()})
    names = ("database_url", "models_dir", "secret_key_file", "port", "dashboard_port")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ORIENTIR_")},
        **{f"ORIENTIR_{name.upper()}": str(getattr(served, name)) for name in names},
    }
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
