"""Runs the API and, beside it, the dashboard and the worker."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import FrameType

import structlog
import uvicorn

from service.app import create_app
from service.db import open_database
from service.log import configure_logging
from service.revision import check_tables
from service.settings import ONE_THREAD, Settings

log = structlog.get_logger()

DASHBOARD = Path(__file__).parent.parent / "dashboard" / "web.py"
GRACE_SECONDS = 5
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0  # before a worker that died is started again


def addresses(settings: Settings) -> tuple[str, str]:
    """Of the API and of the dashboard."""
    return (
        f"http://{settings.host}:{settings.port}",
        f"http://{settings.dashboard_host}:{settings.dashboard_port}",
    )


def check_installed(settings: Settings) -> None:
    """Refuse to serve an old or an empty database."""
    configure_logging("WARNING")
    with closing(open_database(settings)) as database:
        check_tables(database)


def serve_all(settings: Settings, *, with_dashboard: bool, with_worker: bool) -> None:
    """Serve until stopped; dashboard and worker end with the API."""
    api, screens = addresses(settings)
    print(f"API:    {api}   описание: {api}/openapi.json", flush=True)
    child = None
    if with_dashboard and DASHBOARD.is_file():
        print(f"Экраны: {screens}", flush=True)
        command = _dashboard_command(settings)
        child = subprocess.Popen(command, env=_dashboard_environment(api))  # noqa: S603 -- our own words only
    watched = WatchedWorker() if with_worker else None
    # the server hands its signal back when it has finished: it must end this process in order, not at once
    signal.signal(signal.SIGTERM, _end)
    try:
        # the application writes its own line for each request, without ids of students
        uvicorn.run(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            ws="none",
        )
    except KeyboardInterrupt:
        print("Остановлено.")
    finally:
        if watched is not None:
            watched.stop()
        if child is not None:
            _stop(child)


class WatchedWorker:
    """A worker that is started again whenever it dies, the later the sooner it died."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._turn = threading.Lock()  # nobody starts a worker while all is being stopped
        self._child = self._start()
        threading.Thread(target=self._watch, name="worker-watch", daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the worker that runs now, or ran last."""
        return self._child.pid

    def stop(self) -> None:
        """End it and watch no more."""
        with self._turn:
            self._over.set()
        _stop(self._child)

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "service.cli", "worker", "--beside-service"]
        # it reads this end of standard input: however this process ends, the worker learns of it
        return subprocess.Popen(command, env={**os.environ, **ONE_THREAD}, stdin=subprocess.PIPE)  # noqa: S603

    def _watch(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            code = self._child.wait()
            if self._over.is_set():
                return
            if time.monotonic() - started > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning("worker died", worker=self._child.pid, code=code, pause_seconds=pause)
            if self._over.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            with self._turn:
                if self._over.is_set():
                    return
                self._child = self._start()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _dashboard_command(settings: Settings) -> list[str]:
    """Everything else about the screens stands in dashboard/.streamlit/config.toml."""
    return [
        sys.executable, "-m", "streamlit", "run", str(DASHBOARD),
        "--server.address", settings.dashboard_host,
        "--server.port", str(settings.dashboard_port),
    ]  # fmt: skip


def _dashboard_environment(api: str) -> dict[str, str]:
    """The dashboard knows the service's address and nothing else of ours: neither database nor key."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("ORIENTIR_")}
    return {**outer, "ORIENTIR_SERVICE_URL": api}


def _stop(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
