"""Default deny, walked over every route: 401 for a stranger at the door. Who may what: test_access_matrix."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from service.app import create_app
from service.sections import UndeclaredRouteError, check_declared, declared_routes, loaded_routes
from service.settings import Settings
from service.web import OpenToAll, Permitted
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests
from tests.service.conftest import Authorization
from tests.service.worked_example import CLASS_ELSEWHERE, ELSEWHERE

PUBLIC = {
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/metrics",
    "/v1/sessions",
    *(f"/v1/sign-in/{each}" for each in ("provider", "requests", "sessions")),
    "/v1/survey-sheets",  # with a class code, and then with the token of one sheet
    "/v1/survey-sheets/current",
}
VALUES = {
    "job_id": "1",
    "intake_id": "1",
    "student_id": ELSEWHERE,
    "class_id": CLASS_ELSEWHERE,
    "code": "krasnodar-2024H1",
    "version": "krasnodar-2024H1.1",
    "table": "marks",
    "decision_id": "1",
    "note_id": "1",
    "draft_id": "1",
    "position": "1",
    "showing_id": "1",
    "session_id": "1",
    "user_id": "1",
    "key_id": "1",
    "batch_id": "1",
    "webhook_id": "1",
    "delivery_id": "1",
    "round_id": "1",
}

BODIES: dict[str, dict[str, object]] = {
    "/decisions": {"pathway_code": "sch01-tech-eng", "decision": "pinned"},
    "/consents": {"consents": [{"purpose": "naming", "given_on": "2024-09-02"}]},
    "/erasure": {"ground": "request"},
    "/notes": {"text": "Говорили о выборе"},
    "/done": {"is_done": True},
    "/what-if": {"marks": [{"subject_code": "phys", "mark": 4}]},
}


@pytest.fixture
def backend() -> str:
    """Rights do not depend on the kind of database."""
    return "sqlite"


def routes(app: FastAPI) -> Iterator[tuple[str, str, Permitted | OpenToAll]]:
    """Method, filled address and declaration of every route."""
    for context, (declaration,) in declared_routes(app):
        path = context.path or ""
        for name, value in VALUES.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, f"teach VALUES about {path}"
        for method in sorted(context.methods or ()):
            if method != "HEAD":
                yield method, path, declaration


def call(client: TestClient, method: str, path: str, header: Authorization | None = None) -> int:
    """Status of a call with a body, or a question, that would do."""
    body = next((body for ending, body in BODIES.items() if path.endswith(ending)), None)
    editions = {"from": "krasnodar-2023H2", "to": "krasnodar-2024H1"}
    asked = {"pathway_code": "sch01-tech-eng", "first": "sch01-tech-eng", "second": "sch02-sci-med", **editions}
    params = asked if path.endswith(("/why-not", "/contrast", "/edition-change")) else None
    params = {"survey": "exams"} if path.endswith("/survey-kit") else params
    return client.request(method, path, headers=header, json=body, params=params).status_code


def test_only_these_routes_are_public(application: FastAPI) -> None:
    public = {path for _, path, declaration in routes(application) if isinstance(declaration, OpenToAll)}
    assert public == PUBLIC


def test_a_stranger_gets_401_everywhere_else(application: FastAPI, client: TestClient) -> None:
    for method, path, declaration in routes(application):
        if isinstance(declaration, Permitted):
            assert call(client, method, path) == 401, (method, path)
            assert call(client, method, path, {"Authorization": "Bearer forged"}) == 401, (method, path)


def test_personal_answers_are_not_stored_by_browsers(
    client: TestClient, sign_in: Callable[[str], Authorization]
) -> None:
    for path in ("/v1/me", "/v1/classes", f"/v1/students/{ELSEWHERE}", "/nowhere"):
        answer = client.get(path, headers=sign_in("navigator2"))
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_an_undeclared_route_stops_the_start(settings: Settings, application: FastAPI) -> None:
    router = APIRouter()

    @router.get("/v1/forgotten")
    def forgotten() -> str:
        return "everything about everybody"

    assert create_app(settings)
    application.include_router(router)
    with pytest.raises(UndeclaredRouteError, match="/v1/forgotten"):
        check_declared(loaded_routes(application))
