"""What routes declare: some fields of a list only, a route that will be gone; all kept by one kind of route."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from service.db import Database
from service.declared import Declared, DeclaringRoute, Deprecated, SomeFields, declarations_of
from service.sections import declared_routes
from service.tables import AuditRecord
from service.wire import Wire
from tests.service.conftest import Authorization
from tests.service.worked_example import BLANK, CLASS_A, KNOWN

SignIn = Callable[[str], Authorization]


@pytest.fixture
def backend() -> str:
    """What stands on the wire does not depend on the kind of database."""
    return "sqlite"


def test_only_the_fields_asked_for(client: TestClient, sign_in: SignIn) -> None:
    """Class 9А has two students; whoever asks for their revisions gets revisions, and whose they are."""
    header = sign_in("navigator")
    whole = client.get("/v1/students?limit=2", headers=header).json()
    some = client.get("/v1/students?limit=2&fields=revision", headers=header).json()
    assert {student["student_id"] for student in whole["students"]} <= {KNOWN, BLANK, "s4444444"}
    assert some["students"] == [
        {"student_id": student["student_id"], "revision": student["revision"]} for student in whole["students"]
    ]
    assert set(some) == set(whole) == {"students", "next_cursor", "revision"}  # what is not of the rows stays
    assert some["next_cursor"] == whole["next_cursor"]


def test_the_row_is_always_known_by_its_first_field(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    for fields in ("class_id", "grade,class_id", "grade"):
        (row, *_) = client.get(f"/v1/classes?fields={fields}", headers=header).json()["classes"]
        assert set(row) == {"class_id", *fields.split(",")}


@pytest.mark.parametrize("fields", ["", "name", "grade,name", "class_id,", "*", "class_id;grade", "__class__", "КЛАСС"])
def test_unknown_fields_are_refused_with_those_there_are(client: TestClient, sign_in: SignIn, fields: str) -> None:
    answer = client.get("/v1/classes", params={"fields": fields}, headers=sign_in("navigator"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_input")
    assert problem["allowed"][:2] == ["class_id", "school_code"]
    assert problem["detail"].startswith("Таких полей в списке нет. Есть: class_id, school_code,")
    assert not fields or fields not in answer.text.replace("class_id", "")


def test_a_stranger_is_not_told_of_fields(client: TestClient) -> None:
    assert client.get("/v1/classes?fields=name").status_code == 401


def test_who_may_not_read_names_does_not_by_asking_for_them(
    client: TestClient, give_key: Callable[..., Authorization]
) -> None:
    at = f"/v1/classes/{CLASS_A}/students?fields=full_name"
    rows = client.get(at, headers=give_key("classes:read")).json()["students"]
    assert {row["full_name"] for row in rows} == {None}


def test_a_reading_is_recorded_whatever_was_read(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    at, header = f"/v1/classes/{CLASS_A}/students", sign_in("navigator")
    assert client.get(f"{at}?fields=grade", headers=header).status_code == 200
    assert client.get(f"{at}?fields=name", headers=header).status_code == 422  # read, though not told
    with ready.reading() as session:
        read = session.scalars(sa.select(AuditRecord.subject).where(AuditRecord.deed == "class.read")).all()
    assert read == [CLASS_A] * 2


def routes_with(application: FastAPI, kind: type[Declared]) -> Iterator[tuple[str, APIRoute]]:
    """Routes that declare something of a kind, with their address."""
    for context, _ in declared_routes(application):
        route = context.original_route
        if isinstance(route, APIRoute) and any(declarations_of(route, kind)):
            yield str(context.path), route


def test_every_list_declares_its_fields(application: FastAPI) -> None:
    with_fields = {path for path, _ in routes_with(application, SomeFields)}
    assert with_fields >= {
        "/v1/students", "/v1/classes", "/v1/classes/{class_id}/students", "/v1/school-students",
        "/v1/demand-editions", "/v1/demand-drafts",
        "/v1/jobs", "/v1/batches", "/v1/pathways", "/v1/audit", "/v1/model-versions", "/v1/people", "/v1/keys",
        "/v1/erasures",
    }  # fmt: skip


def test_what_is_declared_is_kept(application: FastAPI) -> None:
    for path, route in routes_with(application, Declared):  # type: ignore[type-abstract] # any of them
        assert isinstance(route, DeclaringRoute), f"{path}: give its router route_class=DeclaringRoute"


def test_what_will_be_gone_is_marked_in_the_description_too(application: FastAPI) -> None:
    assert all(route.deprecated for _, route in routes_with(application, Deprecated))


class Row(Wire):
    """A row of the example below."""

    number: int


class Rows(Wire):
    """The answer of the example below."""

    rows: list[Row]


def small_application() -> FastAPI:
    """One route that will be gone, and one that says nothing of the kind."""
    router = APIRouter(route_class=DeclaringRoute)
    gone = Deprecated(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC), instead="/v2/rows")

    @router.get("/v1/rows", dependencies=[Depends(gone), Depends(SomeFields(Rows))], deprecated=True)
    def old(fail: bool = False) -> Rows:
        if fail:
            raise HTTPException(404)
        return Rows(rows=[Row(number=1)])

    @router.get("/v2/rows")
    def new() -> Rows:
        return Rows(rows=[Row(number=1)])

    application = FastAPI()
    application.include_router(router)
    return application


def test_a_route_that_will_be_gone_says_so_with_each_answer() -> None:
    """RFC 9745 counts seconds since 1970, RFC 8594 writes a date of HTTP."""
    with TestClient(small_application()) as client:
        old = client.get("/v1/rows?fields=number")
        assert old.json() == {"rows": [{"number": 1}]}
        assert old.headers["deprecation"] == "@1788220800"
        assert old.headers["sunset"] == "Mon, 01 Mar 2027 00:00:00 GMT"
        assert old.headers["link"] == '</v2/rows>; rel="successor-version"'
        assert not {"deprecation", "sunset", "link"} & set(client.get("/v2/rows").headers)
        described: dict[str, Any] = client.get("/openapi.json").json()["paths"]
        assert described["/v1/rows"]["get"]["deprecated"]


def test_an_answer_without_rows_cannot_be_cut() -> None:
    with pytest.raises(TypeError, match="Row holds no list of rows"):
        SomeFields(Row)
