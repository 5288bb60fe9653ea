"""The frame of the application: problem answers, limits, logs without names, nothing heavy in a serving process."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.app import create_app
from service.db import Database
from service.errors import ServiceError
from service.sections import SECTIONS
from service.settings import Settings
from tests.service.conftest import Authorization
from tests.service.worked_example import KNOWN, example_text

SignIn = Callable[[str], Authorization]


@pytest.fixture
def backend() -> str:
    """The frame does not depend on the kind of database."""
    return "sqlite"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_address"),
        ("PUT", "/healthz", 405, "wrong_method"),
        ("GET", "/v1/classes", 401, "not_signed_in"),
        ("POST", "/v1/sessions", 422, "invalid_input"),
    ],
)
def test_every_error_is_a_problem(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"], body["code"]) == (f"urn:orientir:{code}", status, code)
    assert body["title"]
    assert body["detail"]


def test_validation_never_echoes_what_came(client: TestClient) -> None:
    answer = client.post("/v1/sessions", json={"login": "Ольхина" * 20, "password": "тайна", "Ольхина Вера": 1})
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["faults"]] == ["body.login", "body.…"]
    assert "Ольхина" not in answer.text
    broken = client.post("/v1/sessions", content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (422, "invalid_input")


def test_query_bounds(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    for query in ("k=0", "k=51", "demand_strength=0.31", "demand_strength=nan"):
        assert client.get(f"/v1/students/{KNOWN}/recommendations?{query}", headers=header).status_code == 422, query


def test_a_body_over_the_limit(ready: Database, settings: Settings) -> None:
    small = create_app(settings.model_copy(update={"body_limit_bytes": 2000}), ready)
    client = TestClient(small)
    answer = client.post("/v1/sessions", json={"login": "x", "password": "y" * 3000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_name_in_a_database_error_stays_out_of_answer_and_log(
    client: TestClient, sign_in: SignIn, ready: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    with ready.writing() as session:  # a database that refuses this very name
        session.execute(
            sa.text(
                "CREATE TRIGGER broken BEFORE INSERT ON student_identities BEGIN "
                "SELECT RAISE(ABORT, 'Ольхина is refused'); END"
            )
        )
    text = example_text("roster", "sch01").replace("s2222222", "s6666666")
    answer = client.post("/v1/imports/roster?mode=apply", headers=sign_in("director"), content=text.encode())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    seen = "".join(capfd.readouterr()) + answer.text
    assert "IntegrityError" in seen
    assert "Ольхина" not in seen
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_one_log_line_a_request_without_ids(
    ready: Database, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    client = TestClient(create_app(settings.model_copy(update={"log_level": "INFO"}), ready))
    client.get(f"/v1/students/{KNOWN}?note=%0Aforged", headers={"Authorization": "Bearer forged"})
    (line,) = capfd.readouterr().err.strip().splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["status"], entry["method"]) == ("request", 401, "GET")
    assert KNOWN not in line


def test_health_and_readiness(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json() == {
        "ready": True,
        "checks": {"database": True, "reference": True, "model": True},
    }
    empty = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/empty.sqlite"})
    with TestClient(create_app(empty)) as fresh:
        answer = fresh.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["database"]) == (503, False)


def test_the_description_names_every_route(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert "/v1/students/{student_id}/recommendations" in paths
    assert "text/csv" in paths["/v1/imports/{table}"]["post"]["requestBody"]["content"]


def test_imports_over_http(client: TestClient, sign_in: SignIn, give_key: Callable[..., Authorization]) -> None:
    text = example_text("marks", "sch01")
    header = give_key("imports:school")
    report = client.post("/v1/imports/marks?mode=apply", headers=header, content=text.encode()).json()
    assert (report["applied"], report["unchanged_count"]) == (True, 3)
    refused = client.post(
        "/v1/imports/marks?mode=apply", headers=sign_in("director"), content=text.replace(",5,", ",7,").encode()
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "import_refused")
    fault = refused.json()["report"]["faults"][0]
    assert (fault["file"], fault["row"], fault["column"], fault["found"]) == ("marks.csv", 2, "math", "7")
    assert client.post("/v1/imports/catalogue", headers=header, content=b"").status_code == 403


def test_a_serving_process_stays_light() -> None:
    """Neither pandas nor scikit-learn is needed; what reads and writes files waits for the first of them.

    Nor do sections, before somebody asks for one of their addresses, nor the words of other commands, nor what a
    first list can do without.
    """
    heavy = (
        *SECTIONS,
        "service.commands",
        "service.demand.drafts",
        "service.recommendations.card",
        "service.recommendations.district_child",
        "service.accounts.schemas",
        "service.events.schemas",
        "typer",
        "prometheus_client",
        "sqlalchemy.dialects.postgresql",
        "numpy.ma",
        "numpy.random",
        "pandas",
        "sklearn",
        "joblib",
        "alembic",
        "numba",
        "docx",
        "openpyxl",
        "fpdf",
        "lxml",
        "rapidfuzz",
        "jwt",
        "PIL",
    )
    script = f"import service.cli, service.serving, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("language", "title", "detail"),
    [
        (None, "Не найдено", "Такого ученика нет."),
        ("ru-RU,ru;q=0.9,en;q=0.8", "Не найдено", "Такого ученика нет."),
        ("en", "Not found", "There is no such thing, or it is not yours to see."),
        ("en-US,en;q=0.9,ru;q=0.8", "Not found", "There is no such thing, or it is not yours to see."),
        ("de;q=broken,,;;", "Не найдено", "Такого ученика нет."),
    ],
)
def test_errors_in_the_callers_language(
    client: TestClient, sign_in: SignIn, language: str | None, title: str, detail: str
) -> None:
    header = sign_in("navigator") | ({"Accept-Language": language} if language else {})
    answer = client.get("/v1/students/s9999999", headers=header)
    assert (answer.status_code, answer.json()["title"], answer.json()["detail"]) == (404, title, detail)
    assert answer.json()["code"] == "not_found"
    assert answer.headers["content-language"] == ("en" if title == "Not found" else "ru")


def test_every_error_can_be_said_in_english(client: TestClient) -> None:
    english = {"Accept-Language": "en"}
    assert client.get("/nowhere", headers=english).json()["detail"] == "There is no such address."
    assert client.put("/v1/me", headers=english).json()["title"] == "Other method"
    assert client.post("/v1/sessions", headers=english, json={}).json()["detail"] == "Check: body.login, body.password."
    family, seen = [ServiceError], set()
    while family:
        error = family.pop()
        family += error.__subclasses__()
        assert error.title_en.isascii(), error
        assert error.detail_en.isascii(), error
        seen.add(error.code)
    assert {"not_found", "denied", "disk_full"} <= seen


def test_another_method_names_all_that_there_are(client: TestClient) -> None:
    answer = client.put("/v1/batches")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert client.post("/v1/batches/1").headers["allow"] == "DELETE, GET"
