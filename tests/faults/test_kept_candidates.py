"""A process killed while it clears old candidates away: whatever is not marked is whole, and the next one finishes."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from service.clock import now
from service.db import Database
from service.model_versions.keeping import keep_last
from service.settings import Settings
from service.tables import ModelVersion
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests

KILLS = int(os.environ.get("ORIENTIR_KILLS", "10"))
CANDIDATES, FILES = 6, 400
SCRIPT = """
from service.db import open_database
from service.model_versions.keeping import keep_last
from service.settings import Settings

settings = Settings()
database = open_database(settings)
print("ready", flush=True)
keep_last(database, settings)
"""


@pytest.fixture
def backend() -> str:
    """The order of row and folder does not depend on the kind of database."""
    return "sqlite"


def add_candidates(database: Database, settings: Settings, turn: int) -> None:
    """Rows with folders of many files: removing one takes its time."""
    with database.writing() as session:
        for number in range(CANDIDATES):
            row = ModelVersion(version=f"made-{turn}.{number}", trained_at=now() + timedelta(seconds=turn), checksum="",
                               manifest={})  # fmt: skip
            session.add(row)
            folder = settings.models_dir / row.version
            folder.mkdir(parents=True)
            for file in range(FILES):
                (folder / str(file)).touch()


def states(database: Database, settings: Settings) -> Sequence[tuple[bool, int]]:
    """Of each candidate: is it marked, and how many files has it."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(ModelVersion.version, ModelVersion.folder_removed_at).where(ModelVersion.promoted_at.is_(None))
        )
        return [
            (removed is not None, len(list((settings.models_dir / version).glob("*")))) for version, removed in rows
        ]


def wait_for_removal(settings: Settings, version: str, seconds: float) -> None:
    """Until the first file of a candidate has gone, and then a moment."""
    end = time.monotonic() + 10.0
    while len(list((settings.models_dir / version).glob("*"))) == FILES and time.monotonic() < end:
        pass
    time.sleep(seconds)


def test_nothing_is_lost_and_nothing_left_over(ready: Database, settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"models_dir": tmp_path / "models", "keep_candidates": 1})
    environment = {
        **os.environ,
        "ORIENTIR_DATABASE_URL": settings.database_url,
        "ORIENTIR_MODELS_DIR": str(settings.models_dir),
        "ORIENTIR_SECRET_KEY_FILE": str(settings.secret_key_file),
        "ORIENTIR_KEEP_CANDIDATES": "1",
    }
    random, broken_off = Random(11), 0
    for turn in range(KILLS):
        add_candidates(ready, settings, turn)
        process = subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if turn % 2:  # at any moment, or at one that is surely within a removal
            time.sleep(random.uniform(0.0, 0.08))
        else:
            wait_for_removal(settings, f"made-{turn}.0", random.uniform(0.0, 0.002))
        process.kill()
        process.wait()
        process.stdout.close()
        found = states(ready, settings)
        assert all(count == FILES for is_marked, count in found if not is_marked)
        broken_off += any(is_marked and count for is_marked, count in found)
    assert broken_off
    keep_last(ready, settings)
    assert sorted(states(ready, settings)) == sorted([(False, FILES), *[(True, 0)] * (CANDIDATES * KILLS - 1)])
