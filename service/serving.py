"""Runs the API and, beside it, the dashboard."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import typer
import uvicorn

from service.app import create_app
from service.settings import Settings

DASHBOARD = Path(__file__).parent.parent / "dashboard" / "web.py"
GRACE_SECONDS = 5


def addresses(settings: Settings) -> tuple[str, str]:
    """Of the API and of the dashboard."""
    return (
        f"http://{settings.host}:{settings.port}",
        f"http://{settings.dashboard_host}:{settings.dashboard_port}",
    )


def serve_all(settings: Settings, *, with_dashboard: bool) -> None:
    """Serve until stopped; the dashboard ends with the API."""
    api, screens = addresses(settings)
    typer.echo(f"API:    {api}   описание: {api}/openapi.json")
    child = None
    if with_dashboard and DASHBOARD.is_file():
        typer.echo(f"Экраны: {screens}")
        command = _dashboard_command(settings)
        child = subprocess.Popen(command, env=_dashboard_environment(api))  # noqa: S603 -- our own words only
    # the server hands its signal back when it has finished: it must end this process in order, not at once
    signal.signal(signal.SIGTERM, _end)
    try:
        # the application writes its own line for each request, without ids of students
        uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning", access_log=False)
    except KeyboardInterrupt:
        typer.echo("Остановлено.")
    finally:
        if child is not None:
            _stop(child)


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
