"""A process killed while it moves the pointer to the model that serves: the pointer is whole, always."""

import os
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from service.access import OPERATOR
from service.db import Database, open_database
from service.model_versions.actions import promote_version
from service.model_versions.queries import find_active_version
from service.model_versions.training import train_version
from service.recommendations.shelf import Shelf
from service.settings import Settings
from service.tables import AuditRecord
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests

KILLS = int(os.environ.get("ORIENTIR_KILLS", "10"))
SCRIPT = """
import itertools, sys
from service.access import OPERATOR
from service.db import open_database
from service.model_versions.actions import promote_version
from service.settings import Settings

settings = Settings()
database = open_database(settings)
print("ready", flush=True)
for version in itertools.cycle(sys.argv[1:]):
    with database.writing() as session:
        promote_version(session, actor=OPERATOR, version=version, settings=settings)
"""


@pytest.fixture
def backend() -> str:
    """SQLite loses what was not synced; PostgreSQL's own journal is another program's matter."""
    return "sqlite"


def test_the_pointer_survives_kills(ready: Database, settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.models_dir, tmp_path / "models")
    settings = settings.model_copy(update={"models_dir": tmp_path / "models"})
    second = train_version(ready, settings=settings)
    with ready.writing() as session:
        first = find_active_version(session)
        promote_version(session, actor=OPERATOR, version=second, settings=settings)
    assert first is not None
    random, promotions = Random(7), 0
    environment = {
        **os.environ,
        "ORIENTIR_DATABASE_URL": settings.database_url,
        "ORIENTIR_MODELS_DIR": str(settings.models_dir),
        "ORIENTIR_SECRET_KEY_FILE": str(settings.secret_key_file),
    }
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, first, second], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(random.uniform(0.0, 0.4))
        process.kill()
        process.wait()
        process.stdout.close()
        database = open_database(settings)
        with database.reading() as session:
            assert find_active_version(session) in (first, second)
            assert Shelf(settings).take(session).degradation is None
            records = session.scalars(sa.select(AuditRecord).order_by(AuditRecord.audit_id)).all()
            assert all(after.previous_hash == before.record_hash for before, after in pairwise(records))
            promotions = sum(record.deed == "model.promoted" for record in records)
            assert records[-1].subject == find_active_version(session)
        database.close()
    assert promotions > KILLS  # it was killed while it worked
