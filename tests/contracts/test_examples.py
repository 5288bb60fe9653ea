"""Every route's example in the description is sent to the worked example: it is answered as the description says."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from service.access import GRANTS, Permission, Role
from service.accounts.actions import hash_password
from service.batches.actions import BATCH
from service.db import Database
from service.jobs.leases import claim_job
from service.model_versions.training import train_version
from service.sections import declared_routes
from service.settings import Settings
from service.tables import AuditHead, SurveyRound, User
from service.web import OpenToAll
from service.worker import Stopping, do_next
from tests.contracts.openapi import DOCUMENT
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests
from tests.service.conftest import PEOPLE, Authorization
from tests.service.openid import OpenIdProvider, provider
from tests.service.test_drafts import DRAFTS, next_list, settle_all, upload

SignIn = Callable[[str], Authorization]
COME_BACK = "POST /v1/sign-in/sessions"
BEGIN_SHEET = "POST /v1/survey-sheets"
# what must be there before others ask for it; then everything else; what ends something comes last
FIRST = (
    "POST /v1/sessions",
    "POST /v1/demand-drafts",
    "POST /v1/imports",
    "POST /v1/intakes/{intake_id}/undo",
    "POST /v1/batches",
    "POST /v1/webhooks",
    "POST /v1/webhooks/{webhook_id}/ping",
    "POST /v1/jobs/{job_id}/cancellation",
    "POST /v1/keys",
    "POST /v1/classes/{class_id}/survey-rounds",
    BEGIN_SHEET,
    "POST /v1/students/{student_id}/decisions",
    "POST /v1/students/{student_id}/notes",
    "GET /v1/students/{student_id}/recommendations",
)
LAST = (
    "POST /v1/model-versions/{version}/promotion",
    "POST /v1/model-versions/rollback",
    "PUT /v1/demand-drafts/{draft_id}/lines/{position}",
    "PATCH /v1/demand-drafts/{draft_id}",
    "POST /v1/demand-drafts/{draft_id}/publication",
    "DELETE /v1/demand-drafts/{draft_id}",
    "DELETE /v1/batches/{batch_id}",
    "DELETE /v1/webhooks/{webhook_id}",
    "DELETE /v1/keys/{key_id}",
    "DELETE /v1/students/{student_id}/decisions/{decision_id}",
    "DELETE /v1/survey-rounds/{round_id}/sheets/{student_id}",
    "POST /v1/survey-rounds/{round_id}/end",
    "DELETE /v1/students/{student_id}/notes/{note_id}",
    "POST /v1/students/{student_id}/erasure",
    "DELETE /v1/me/sessions/{session_id}",
    "PUT /v1/me/password",
    "DELETE /v1/sessions/current",
    "POST /v1/people/{user_id}/password",
    "POST /v1/people/{user_id}/dismissal",
)


@pytest.fixture
def backend() -> str:
    """What the description says does not depend on the kind of database."""
    return "sqlite"


@dataclass(frozen=True)
class Example:
    """One request as the description shows it."""

    route: str
    path: str
    query: dict[str, Any]
    body: Any
    file: bytes | None
    media_type: str | None
    status: int
    is_done_once: bool


def example_of(description: dict[str, Any], path: str, method: str) -> Example:
    """The example of a route; every parameter that must be there, and every body, has one."""
    operation, route = description["paths"][path][method], f"{method.upper()} {path}"
    query, is_done_once = {}, False
    for each in operation.get("parameters", []):
        found = each["schema"].get("examples", each.get("examples", []))
        assert found or not each.get("required"), f"{route}: {each['name']} needs an example"
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", str(found[0]))
        elif each["in"] == "query" and found:
            query[each["name"]] = found[0]
        is_done_once |= each["name"] == "Idempotency-Key"
    body, file, media_type = body_of(description, operation, route)
    status = min(int(code) for code in operation["responses"] if code.startswith("2"))  # 202 of a large file
    return Example(route, path, query, body, file, media_type, status, is_done_once)


def body_of(description: dict[str, Any], operation: dict[str, Any], route: str) -> tuple[Any, bytes | None, str | None]:
    """JSON, or a file and its type."""
    if "requestBody" not in operation:
        return None, None, None
    ((media_type, content),) = operation["requestBody"]["content"].items()
    if "examples" in content:
        shown = content["examples"]["worked"]
        kept = shown.get("externalValue")
        text = (DOCUMENT.parent / kept).read_bytes() if kept else shown["value"].encode()
        return None, text, media_type
    reference = re.search(r"#/components/schemas/(\w+)", str(content["schema"]))
    assert reference is not None
    examples = description["components"]["schemas"][reference[1]].get("examples")
    assert examples, f"{route}: {reference[1]} needs an example"
    return examples[0], None, media_type


def examples_in_turn(description: dict[str, Any]) -> list[Example]:
    """All of them, in an order in which what is asked for is there."""
    found = {
        example.route: example
        for path, methods in description["paths"].items()
        for method in methods
        for example in [example_of(description, path, method)]
    }
    between = sorted(set(found) - set(FIRST) - set(LAST))
    return [found[route] for route in (*FIRST, *between, *LAST)]


def readers(application: FastAPI) -> dict[str, str | None]:
    """By route a person of the worked example who may; None where nobody has to sign in."""
    roles = {login: Role(role) for login, (role, _) in PEOPLE.items()} | {"auditor": Role.AUDITOR}
    found: dict[str, str | None] = {}
    for context, (declaration,) in declared_routes(application):
        for method in (context.methods or ()) - {"HEAD"}:
            wanted = () if isinstance(declaration, OpenToAll) else declaration.any_of
            able = [login for login, role in roles.items() if not wanted or set(wanted) & GRANTS[role]]
            who = "journal" if Permission.RANK_INLINE in wanted else next(iter(able))
            found[f"{method} {context.path}"] = None if isinstance(declaration, OpenToAll) else who
    return found


@dataclass
class Installation:
    """The worked example, its people signed in, and what becomes of it between the examples."""

    client: TestClient
    database: Database
    settings: Settings
    headers: dict[str, Authorization]
    description: dict[str, Any]
    there: OpenIdProvider
    sheet_token: str = ""

    def send(self, example: Example, who: str | None) -> list[str]:
        """What is wrong with the answer; of what is done once under a key, also with that of the second time."""
        headers = dict(self.headers[who]) if who is not None else {}
        if example.is_done_once:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        if example.media_type is not None:
            headers["Content-Type"] = example.media_type
        sent = {"json": example.body} if example.file is None else {"content": example.file}
        if example.route == COME_BACK:
            sent = {"json": self.back_from_the_provider()}
        if example.route == BEGIN_SHEET:
            self.open_to(example.body["class_code"])
        if example.path == "/v1/survey-sheets/current":
            headers["Authorization"] = f"Bearer {self.sheet_token}"
        method, _, path = example.route.partition(" ")

        def ask() -> httpx2.Response:
            return self.client.request(method, example.path, params=example.query, headers=headers, **sent)

        answer = ask()
        if answer.status_code != example.status:
            return [f"{example.route}: {answer.status_code}, not {example.status}: {answer.text[:300]}"]
        if example.route == BEGIN_SHEET:
            self.sheet_token = answer.json()["token"]
        wrong = self.repeated(answer, ask) if example.is_done_once else []
        described = self.description["paths"][path][method.lower()]["responses"][str(example.status)]
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if not schema or not answer.headers.get("content-type", "").startswith("application/json"):
            return wrong
        schema = schema.get("anyOf", [schema])[0]  # the whole rows of a list, not some fields
        whole = {**schema, "components": self.description["components"]}
        faults = Draft202012Validator(whole).iter_errors(answer.json())
        return [*wrong, *(f"{example.route}: {fault.message[:300]}" for fault in faults)]

    def back_from_the_provider(self) -> dict[str, str]:
        """What nobody can write down beforehand: a state and a code are good for once."""
        begun = self.client.post("/v1/sign-in/requests").json()
        back = self.there.approve(begun["address"], "navigator")
        return {"code": back["code"], "state": back["state"], "browser": begun["browser"]}

    def open_to(self, code: str) -> None:
        """The code of the survey that was opened is drawn: the example's stands for it."""
        with self.database.writing() as session:
            session.execute(sa.update(SurveyRound).values(code=code))

    def repeated(self, first: httpx2.Response, ask: Callable[[], httpx2.Response]) -> list[str]:
        """What is wrong with asking again under the same key: nothing is done, and that is said."""
        before, again = self.record_count(), ask()
        is_told = again.status_code == 409 and again.json()["code"] == "already_done"
        is_same = (again.status_code, again.content) == (first.status_code, first.content)
        is_same &= again.headers.get("Idempotency-Replayed") == "true"
        if self.record_count() == before and (is_told or is_same):
            return []
        return [f"{first.url} repeated: {again.status_code} {again.text[:300]}"]

    def record_count(self) -> int:
        """Deeds in the audit."""
        with self.database.reading() as session:
            return session.scalars(sa.select(AuditHead.record_count)).one()

    def go_on(self) -> None:
        """The worker makes the batch; a list comes in as a document; a version is trained on it."""
        with self.database.writing() as session:
            lease = claim_job(session, kinds=(BATCH,), seconds=self.settings.job_lease_seconds)
        assert lease is not None
        do_next(self.database, self.settings, lease, Stopping())
        header = self.headers["metodist"]
        draft = settle_all(self.client, header, upload(self.client, header, next_list()).json())
        assert self.client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header).json()["published"]
        assert train_version(self.database, settings=self.settings) == "krasnodar-2024H2.1"


@pytest.fixture
def there() -> Iterator[OpenIdProvider]:
    """An identity provider."""
    with provider() as found:
        yield found


@pytest.fixture
def settings(trained: Settings, ready: Database, tmp_path: Path, there: OpenIdProvider) -> Settings:
    """Models and batches in folders of the test's own."""
    key = tmp_path / "own" / "secret.key"
    key.parent.mkdir()
    key.write_bytes(trained.secret_key_file.read_bytes())
    models = tmp_path / "models"
    models.mkdir()
    for folder in trained.models_dir.iterdir():
        (models / folder.name).symlink_to(folder)
    url = ready.url.render_as_string(hide_password=False)
    own = {"database_url": url, "secret_key_file": key, "models_dir": models, "webhook_hosts": "journal.example.org"}
    return trained.model_copy(update=own | there.settings())


@pytest.fixture
def installation(
    client: TestClient,
    ready: Database,
    settings: Settings,
    give_key: Callable[..., Authorization],
    there: OpenIdProvider,
) -> Installation:
    """Everybody has the password of the examples."""
    description = client.get("/openapi.json").json()
    sign_in = description["components"]["schemas"]["SignIn"]["examples"][0]
    with ready.writing() as session:
        session.add(User(login="auditor", password_hash="", display_name="auditor", role="auditor"))
        session.execute(sa.update(User).values(password_hash=hash_password(sign_in["password"])))
    headers = {"journal": give_key("recommendations:inline")}
    for login in ("navigator", *PEOPLE, "auditor"):  # the first session is of another computer
        opened = client.post("/v1/sessions", json={**sign_in, "login": login})
        headers[login] = {"Authorization": f"Bearer {opened.json()['token']}"}
    with ready.writing() as session:
        session.execute(sa.update(User).where(User.login == "navigator").values(signs_in_by="provider"))
    return Installation(client, ready, settings, headers, description, there)


def test_every_example_is_answered_as_described(installation: Installation, application: FastAPI) -> None:
    wrong, who = [], readers(application)
    for example in examples_in_turn(installation.description):
        wrong += installation.send(example, who[example.route])
        if example.route == FIRST[-1]:
            installation.go_on()
    assert not wrong, "\n".join(wrong)


def test_no_example_is_left_out(application: FastAPI) -> None:
    """What is in the description is what is answered, but the description itself."""
    described = application.openapi()["paths"]
    shown = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert shown == set(readers(application)) - {"GET /openapi.json"}
    assert set(FIRST) | set(LAST) <= shown


def test_an_example_that_does_not_fit_is_noticed(installation: Installation, application: FastAPI) -> None:
    """The test above is not blind: of a wrong status, a wrong field and a lacking example it tells."""
    description = installation.description
    me = example_of(description, "/v1/me", "get")
    assert installation.send(me, "navigator") == []
    assert "401, not 200" in installation.send(me, None)[0]
    properties = description["components"]["schemas"]["Me"]["properties"]
    properties["actor_id"] = {"type": "integer"}
    assert "'user:1' is not of type 'integer'" in installation.send(me, "navigator")[0]
    del description["components"]["schemas"]["NewBatch"]["examples"]
    with pytest.raises(AssertionError, match="POST /v1/batches: NewBatch needs an example"):
        example_of(description, "/v1/batches", "post")
