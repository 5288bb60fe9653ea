"""Databases for the tests: SQLite always, PostgreSQL wherever its binaries are; and the worked example in them."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.accounts.actions import hash_password, issue_key
from service.app import create_app
from service.db import Database
from service.demand.actions import publish_edition
from service.imports.vocabularies import ImportTools
from service.model_versions.actions import promote_version, register_version
from service.model_versions.training import train_version
from service.settings import Settings, read_secret_key
from service.tables import User
from service.upgrade import upgrade_database
from tests.service import postgres, worked_example

DATABASE_NUMBER = count(1)
BACKENDS = ["sqlite", *(["postgresql"] if postgres.find_binaries() else [])]
AS_OF = date(2024, 10, 1)
PASSWORD = "dlinnyi-parol"
PEOPLE = {
    "navigator": ("counsellor", "sch01"),
    "director": ("school_admin", "sch01"),
    "navigator2": ("counsellor", "sch02"),
    "metodist": ("methodologist", None),
    "region": ("regional_admin", None),
}

Authorization = dict[str, str]


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


@pytest.fixture(scope="session")
def tools() -> ImportTools:
    """Reference data and formats."""
    return worked_example.make_tools()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tools: ImportTools) -> Settings:
    """Settings with a model of the worked example: too few choices to learn from, so it ranks by expert weights."""
    folder = tmp_path_factory.mktemp("trained")
    settings = Settings(
        database_url=f"sqlite:///{folder}/orientir.sqlite",
        models_dir=folder / "models",
        secret_key_file=folder / "secret.key",
        as_of=AS_OF,
        log_level="ERROR",
    )
    database = Database(settings.database_url)
    fill(database, tools, settings)
    train_version(database, settings=settings)
    database.close()
    return settings


def fill(database: Database, tools: ImportTools, settings: Settings) -> None:
    """Tables, the worked example, two demand editions."""
    upgrade_database(database)
    with database.writing() as session:
        worked_example.load(session, tools)
    for code in ("2023H2", "2024H1"):
        content = (worked_example.DATA / "demand" / f"krasnodar-{code}.csv").read_bytes()
        with database.writing() as session:
            publish_edition(session, actor=OPERATOR, content=content, reference=tools.reference, settings=settings)


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for all people: hashing is slow on purpose."""
    return hash_password(PASSWORD)


@pytest.fixture
def settings(trained: Settings, database_url: str) -> Settings:
    """Settings of the test's own database, with the model already trained."""
    return trained.model_copy(update={"database_url": database_url})


@pytest.fixture
def ready(database: Database, tools: ImportTools, settings: Settings, password_hash: str) -> Database:
    """The worked example with a promoted model and people."""
    fill(database, tools, settings)
    key = read_secret_key(settings)
    folder = next(settings.models_dir.iterdir())
    with database.writing() as session:
        version = register_version(session, actor=OPERATOR, folder=folder, key=key).version
        promote_version(session, actor=OPERATOR, version=version, settings=settings)
        for login, (role, school) in PEOPLE.items():
            person = User(login=login, password_hash=password_hash, display_name=login, role=role, school_code=school)
            session.add(person)
    return database


@pytest.fixture
def application(ready: Database, settings: Settings) -> FastAPI:
    """The API over the worked example."""
    return create_app(settings, ready)


@pytest.fixture
def client(application: FastAPI) -> Iterator[TestClient]:
    """Speaks to the API; what nobody foresaw becomes an answer, as in a server."""
    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def sign_in(client: TestClient) -> Callable[[str], Authorization]:
    """Header of a signed-in person."""

    def sign_in(login: str) -> Authorization:
        answer = client.post("/v1/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    return sign_in


@pytest.fixture
def give_key(ready: Database, settings: Settings) -> Callable[..., Authorization]:
    """Header of a school's system."""

    def give_key(*verbs: str, school: str = "sch01", days: int = 30) -> Authorization:
        with ready.writing() as session:
            issued = issue_key(
                session,
                title="Журнал",
                school_code=school,
                verbs=verbs,
                days=days,
                secret_key=read_secret_key(settings),
            )
        return {"Authorization": f"Bearer {issued.text}"}

    return give_key


sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
