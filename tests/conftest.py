"""A whole installation, set up once by the product's own commands, for tests that look at it from outside."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from hypothesis import settings
from sqlalchemy.orm import Session

from service.access import OPERATOR
from service.accounts.people import add_user
from service.db import Database, open_database
from service.settings import Settings

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
PASSWORD = "uchebny-raion"
settings.register_profile("fixed", derandomize=True)  # `--hypothesis-profile default` seeks new ones
settings.load_profile("fixed")

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class District:
    """The sample region as `orientir demo` leaves it, served."""

    api: str
    screens: str
    printed: str  # what `orientir demo --once` wrote
    environment: dict[str, str]
    password: str
    folder: Path


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def orientir(*words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One command of the product, as an operator types it."""
    command = [sys.executable, "-m", "service.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False)


@dataclass(frozen=True)
class Made:
    """The sample region as `orientir demo --once` leaves it: database, models and key."""

    folder: Path
    printed: str


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """`orientir demo --once`, for the whole run."""
    folder = tmp_path_factory.mktemp("district")
    done = orientir("demo", "--once", environment=environment_of(folder))
    assert done.returncode == 0, done.stderr
    return Made(folder, done.stdout)


@pytest.fixture(scope="session")
def district(made: Made) -> Iterator[District]:
    """`orientir serve` on free ports until the tests end."""
    with served(made.folder, made.printed) as district:
        yield district


@pytest.fixture
def own_district(made: Made, tmp_path: Path) -> Iterator[District]:
    """A copy of the district for a journey that changes it."""
    folder = tmp_path / "district"
    copy_installation(made.folder, folder)
    with served(folder, made.printed) as copied:
        yield copied


def copy_installation(source: Path, folder: Path) -> None:
    """Models, key and database, also while the database is written to."""
    shutil.copytree(source / "models", folder / "models")
    shutil.copy(source / "secret.key", folder)
    with sqlite3.connect(source / "orientir.sqlite") as before, sqlite3.connect(folder / "orientir.sqlite") as after:
        before.backup(after)
    before.close()
    after.close()


@contextmanager
def database_of(district: District) -> Iterator[Database]:
    """The district's own database, for what no screen offers."""
    address, key = district.environment["ORIENTIR_DATABASE_URL"], district.folder / "secret.key"
    database = open_database(Settings(database_url=address, secret_key_file=key))
    try:
        yield database
    finally:
        database.close()


def let_in(session: Session, district: District, login: str, school_code: str, *class_ids: str) -> None:
    """Another counsellor of a school, of the whole of it where no class is named."""
    add_user(
        session, actor=OPERATOR, login=login, display_name=f"Педагог {login}", role="counsellor",
        school_code=school_code, password=district.password, is_limited=bool(class_ids), class_ids=class_ids,
    )  # fmt: skip


def environment_of(folder: Path) -> dict[str, str]:
    """Settings of an installation in a folder, on free ports."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ORIENTIR_")},
        **ONE_THREAD,
        "ORIENTIR_DATABASE_URL": f"sqlite:///{folder}/orientir.sqlite",
        "ORIENTIR_MODELS_DIR": str(folder / "models"),
        "ORIENTIR_SECRET_KEY_FILE": str(folder / "secret.key"),
        "ORIENTIR_WORKER": "False",  # journeys say themselves when a training begins
        "ORIENTIR_PORT": str(free_port()),
        "ORIENTIR_DASHBOARD_PORT": str(free_port()),
    }


@contextmanager
def served(folder: Path, printed: str, also: Mapping[str, str] | None = None) -> Iterator[District]:
    """`orientir serve` until it is no longer needed; `also`: settings besides."""
    environment = environment_of(folder) | (also or {})
    api, screens = (f"http://127.0.0.1:{environment[name]}" for name in ("ORIENTIR_PORT", "ORIENTIR_DASHBOARD_PORT"))
    command = [sys.executable, "-m", "service.cli", "serve"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        for address in (f"{api}/healthz", f"{screens}/_stcore/health"):
            wait_for(address)
        yield District(api, screens, printed, environment, PASSWORD, folder)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def wait_for(address: str) -> None:
    """Until an address answers."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx2.get(address, timeout=2).is_success:
                return
        except httpx2.HTTPError:
            if time.monotonic() > end:
                raise
        time.sleep(0.3)
