"""Sections of the API: what is not loaded yet is found all the same, and nothing undeclared is ever served."""

import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.testclient import TestClient

from service import sections
from service.app import create_app
from service.db import Database
from service.sections import Section, UndeclaredRouteError, declared_routes, load_sections
from service.settings import Settings
from service.web import Permitted


@pytest.fixture
def backend() -> str:
    """Sections do not depend on the kind of database."""
    return "sqlite"


def unloaded(application: FastAPI) -> list[str]:
    """Modules whose routes do not stand yet."""
    return [route._module for route in application.router.routes if isinstance(route, Section)]


def test_the_first_request_for_an_address_loads_its_section(application: FastAPI, client: TestClient) -> None:
    assert unloaded(application) == list(sections.SECTIONS)
    assert client.get("/v1/webhooks").status_code == 401
    assert client.get("/v1/events").status_code == 401
    assert set(sections.SECTIONS) - set(unloaded(application)) == {"service.events.routes"}


def test_every_route_is_reached_before_anything_else_is_asked_for(
    application: FastAPI, settings: Settings, ready: Database
) -> None:
    routes = [context for context, _ in declared_routes(application)]
    for context in routes:
        for method in sorted(set(context.methods or ()) - {"HEAD"}):
            client = TestClient(create_app(settings, ready), raise_server_exceptions=False)
            path = str(context.path).replace("{", "").replace("}", "")
            answer = client.request(method, path)
            assert answer.status_code not in (405, 500), (method, path)
            assert answer.status_code != 404 or answer.json()["code"] != "no_such_address", (method, path)


def test_routes_stand_in_one_order_whoever_is_asked_first(settings: Settings, ready: Database) -> None:
    orders = []
    for asked in ("/v1/webhooks", "/v1/students/s1/sheet"):
        application = create_app(settings, ready)
        TestClient(application).get(asked)
        orders.append([context.path for context, _ in declared_routes(application)])
    assert orders[0] == orders[1]


def test_an_address_of_nobody_loads_nothing(application: FastAPI, client: TestClient) -> None:
    for path in ("/v1/nowhere", "/v1/talksy", "/v2/talks", "/talks"):
        assert client.get(path).status_code == 404
    assert unloaded(application) == list(sections.SECTIONS)


def test_another_method_is_told_the_right_ones_by_a_section_too(client: TestClient) -> None:
    answer = client.delete("/v1/webhooks")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_first_requests_at_once_load_it_once(application: FastAPI, client: TestClient) -> None:
    count = len(application.router.routes)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.get("/v1/webhooks").status_code, range(24)))
    assert answers == [401] * 24
    load_sections(application)
    load_sections(application)
    assert (len(application.router.routes), unloaded(application)) == (count, [])
    methods = [(path, allowed) for path, _, allowed in application.state.methods]
    assert len(methods) == len(list(declared_routes(application)))


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A section more, under /v1/strange, whose routes a test makes."""
    module = ModuleType("strange_routes")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sections.SECTIONS, module.__name__, ("/strange",))
    return module


def test_an_undeclared_route_is_never_served(
    strange: ModuleType, settings: Settings, ready: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    strange.router = router = APIRouter()  # type: ignore[attr-defined]
    router.get("/strange", dependencies=[Depends(Permitted())])(lambda: "for whoever is signed in")
    router.get("/strange/open")(lambda: "everything about everybody")
    application = create_app(settings, ready)
    client = TestClient(application, raise_server_exceptions=False)
    for _ in range(2):
        answer = client.get("/v1/strange/open")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert '"event": "section not loaded"' in capsys.readouterr().err
    with pytest.raises(UndeclaredRouteError, match="/strange/open declares 0 permissions"):
        load_sections(application)


def test_a_route_outside_its_section_is_found_out(strange: ModuleType, settings: Settings, ready: Database) -> None:
    strange.router = router = APIRouter()  # type: ignore[attr-defined]
    router.get("/elsewhere", dependencies=[Depends(Permitted())])(lambda: "never reached")
    with pytest.raises(UndeclaredRouteError, match="/elsewhere is not under the addresses of strange_routes"):
        load_sections(create_app(settings, ready))
