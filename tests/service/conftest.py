"""Databases for the tests: SQLite always, PostgreSQL wherever its binaries are."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.db import Database
from service.upgrade import upgrade_database
from tests.service import postgres

DATABASE_NUMBER = count(1)
BACKENDS = ["sqlite", *(["postgresql"] if postgres.find_binaries() else [])]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One cluster for the whole run."""
    with postgres.cluster() as url:
        yield url


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/orientir.sqlite"
        return
    server = sa.create_engine(request.getfixturevalue("postgres_url"), isolation_level="AUTOCOMMIT")
    name = f"test_{next(DATABASE_NUMBER)}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        server.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with all tables, empty."""
    database = Database(database_url)
    upgrade_database(database)
    yield database
    database.close()
