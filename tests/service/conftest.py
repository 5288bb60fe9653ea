"""Databases for the tests: SQLite always, PostgreSQL wherever its binaries are; and the worked example in them."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.accounts.actions import hash_password
from service.accounts.keys import issue_key
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
from tests.service.yard import Yard

BACKENDS = ["sqlite", *(["postgresql"] if postgres.find_binaries() else [])]
AS_OF = date(2024, 10, 1)
PASSWORD = "dlinnyi-parol"
PEOPLE = {
    "navigator": ("counsellor", "sch01"),
    "director": ("school_admin", "sch01"),
    "navigator2": ("counsellor", "sch02"),
    "metodist": ("methodologist", None),
    "metodist2": ("methodologist", None),
    "region": ("regional_admin", None),
}

Authorization = dict[str, str]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One cluster for the whole run."""
    with postgres.cluster() as url:
        yield url


@pytest.fixture(scope="session")
def yard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Gives out databases."""
    return Yard(tmp_path_factory.mktemp("databases"), lambda: str(request.getfixturevalue("postgres_url")))


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Kind of database."""
    return str(request.param)


@pytest.fixture
def database_url(yard: Yard, backend: str) -> Iterator[str]:
    """An empty database, without tables."""
    url = yard.fresh(backend)
    yield url
    yard.drop(url)


def _copy(yard: Yard, backend: str, level: str, fill: Callable[[Database], None]) -> Iterator[Database]:
    def build(url: str) -> None:
        database = Database(url)
        upgrade_database(database)
        fill(database)
        database.close()

    url = yard.copy(backend, level, build)
    database = Database(url)
    yield database
    database.close()
    yard.drop(url)


@pytest.fixture
def database(yard: Yard, backend: str) -> Iterator[Database]:
    """A database with all tables, empty."""
    yield from _copy(yard, backend, "tables", lambda _database: None)


@pytest.fixture
def filled(yard: Yard, backend: str, tools: ImportTools) -> Iterator[Database]:
    """The worked example."""

    def fill(database: Database) -> None:
        with database.writing() as session:
            worked_example.load(session, tools)

    yield from _copy(yard, backend, "filled", fill)


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
        gate_latency_ratio=100.0,  # a handful of students says nothing of speed
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
def ready(yard: Yard, backend: str, tools: ImportTools, trained: Settings, password_hash: str) -> Iterator[Database]:
    """The worked example with demand editions, a promoted model and people."""

    def furnish(database: Database) -> None:
        fill(database, tools, trained)
        folder = next(trained.models_dir.iterdir())
        with database.writing() as session:
            version = register_version(session, actor=OPERATOR, folder=folder, key=read_secret_key(trained)).version
            promote_version(session, actor=OPERATOR, version=version, settings=trained)
            for login, (role, school) in PEOPLE.items():
                person = User(
                    login=login, password_hash=password_hash, display_name=login, role=role, school_code=school
                )
                session.add(person)

    yield from _copy(yard, backend, "ready", furnish)


@pytest.fixture
def settings(trained: Settings, ready: Database) -> Settings:
    """Settings of the test's own database, with the model already trained."""
    return trained.model_copy(update={"database_url": ready.url.render_as_string(hide_password=False)})


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
                actor=OPERATOR,
                title="Журнал",
                school_code=school,
                verbs=verbs,
                days=days,
                secret_key=read_secret_key(settings),
            )
        return {"Authorization": f"Bearer {issued.text}"}

    return give_key


sqlite_only = pytest.mark.parametrize("backend", ["sqlite"])
