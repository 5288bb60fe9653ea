"""A deed asked for again under its key is done once: by hand first, then what is refused, two at once, a crash."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.app import create_app
from service.audit import LOCK_KEY
from service.clock import now
from service.db import Database, lock_table
from service.declared import declarations_of
from service.once import Doing, DoneOnce
from service.request_keys import forget_old_keys
from service.sections import declared_routes
from service.settings import Settings
from service.tables import ApiKey, AuditRecord, Batch, DecisionRecord, RequestKey, Student, Table
from tests.service.conftest import Authorization
from tests.service.worked_example import CLASS_A, KNOWN, example_text

SignIn = Callable[[str], Authorization]
BATCH = {"class_id": CLASS_A, "reason": "сверка с журналом школы"}
DECISION = {"pathway_code": "sch01-tech-eng", "decision": "declined", "reason": "боится высоты"}
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def under(header: Authorization, key: str = KEY) -> dict[str, str]:
    """Headers of a request under a key."""
    return {**header, "Idempotency-Key": key}


def count(database: Database, table: type[Table], **of: object) -> int:
    """Rows of a table."""
    with database.reading() as session:
        query = sa.select(sa.func.count()).select_from(table).filter_by(**of)
        return session.scalar(query) or 0


def text_of(database: Database, table: type[Table]) -> str:
    """Everything that stands in a table."""
    with database.reading() as session:
        columns = [sa.cast(column, sa.Text) for column in Table.metadata.tables[str(table.__tablename__)].columns]
        return "\n".join(str(cell) for row in session.execute(sa.select(*columns)) for cell in row)


def test_asked_twice_done_once(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = under(sign_in("navigator"))
    first = client.post("/v1/batches", headers=header, json=BATCH)
    again = client.post("/v1/batches", headers=header, json=BATCH)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"] == "/v1/batches/1"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert count(ready, Batch) == count(ready, AuditRecord, deed="batch.asked") == 1

    assert client.post("/v1/batches", headers=sign_in("navigator"), json=BATCH).json()["batch_id"] == 2
    assert client.post("/v1/batches", headers=under(header, KEY[::-1]), json=BATCH).json()["batch_id"] == 3


def test_a_decision_is_read_again_and_nothing_of_it_is_kept(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header, address = under(sign_in("navigator")), f"/v1/students/{KNOWN}/decisions"
    first = client.post(address, headers=header, json=DECISION)
    assert first.status_code == 201, first.text
    again = client.post(address, headers=header, json=DECISION)
    assert (again.status_code, again.content) == (201, first.content)
    assert count(ready, DecisionRecord) == count(ready, AuditRecord, deed="decision.made") == 1
    kept = text_of(ready, RequestKey)
    assert all(trace not in kept for trace in (KNOWN, "tech-eng", "высоты", "declined", KEY))

    number = first.json()["decision_id"]
    assert client.delete(f"{address}/{number}", headers=header).status_code == 204
    assert client.post(address, headers=header, json=DECISION).content == first.content  # the answer of the first time
    assert count(ready, DecisionRecord, withdrawn_at=None) == 0  # and nothing is done


def test_of_an_erased_student_nothing_is_told_again(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header, director = under(sign_in("navigator")), under(sign_in("director"))
    address = f"/v1/students/{KNOWN}"
    assert client.post(f"{address}/decisions", headers=header, json=DECISION).status_code == 201
    assert client.post(f"{address}/erasure", headers=director, json={"ground": "request"}).status_code == 200
    assert client.post(f"{address}/decisions", headers=header, json=DECISION).status_code == 404

    again = client.post(f"{address}/erasure", headers=director, json={"ground": "request"})
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert "в списке актов школы" in again.json()["detail"]
    assert count(ready, Student, student_id=KNOWN) == 0
    assert KNOWN not in text_of(ready, RequestKey)


@pytest.mark.parametrize(
    ("address", "body", "secret", "number", "remedy"),
    [
        ("/v1/people", {"login": "novyi", "display_name": "Новый", "role": "school_admin"}, "temporary_password",
         "user_id", "назначьте другой"),
        ("/v1/people/1/password", None, "temporary_password", "user_id", "назначьте ещё один"),
        ("/v1/keys", {"title": "Журнал", "verbs": ["classes:read"], "days": 30}, "text", "key_id", "выдайте другой"),
    ],
)  # fmt: skip
def test_a_secret_is_shown_once_and_kept_nowhere(
    client: TestClient, sign_in: SignIn, ready: Database,
    address: str, body: object, secret: str, number: str, remedy: str,
) -> None:  # fmt: skip
    header = under(sign_in("director"))
    first = client.post(address, headers=header, json=body)
    assert first.status_code in (200, 201), first.text
    again = client.post(address, headers=header, json=body)
    problem = again.json()
    assert (again.status_code, problem["code"], problem[number]) == (409, "already_done", first.json()[number])
    assert remedy in problem["detail"]
    assert first.json()[secret] not in text_of(ready, RequestKey)
    assert first.json()[secret] not in again.text


def test_a_rotated_key_is_rotated_once(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header, wanted = sign_in("director"), {"title": "Журнал", "verbs": ["classes:read"], "days": 30}
    number = client.post("/v1/keys", headers=header, json=wanted).json()["key_id"]
    for status in (201, 409):
        answer = client.post(f"/v1/keys/{number}/rotation", headers=under(header), json={"overlap_hours": 1})
        assert answer.status_code == status
    assert count(ready, ApiKey) == 2


def test_a_file_is_taken_in_once_and_checked_as_often_as_asked(
    client: TestClient, give_key: Callable[..., Authorization], ready: Database
) -> None:
    header = under(give_key("imports:school"))
    marks = example_text("marks", "sch01").replace(",5,", ",4,").encode()
    for mode, repeated in (("check", None), ("check", None), ("apply", "?")):  # another address: see below
        answer = client.post(f"/v1/imports/marks?mode={mode}", headers=header, content=marks)
        assert answer.status_code == 200, answer.text
        assert answer.headers.get("idempotency-replayed") is None, repeated
    again = client.post("/v1/imports/marks?mode=apply", headers=header, content=marks)
    assert again.content == answer.content
    assert again.json()["changed_count"] > 0  # doing it again would have changed nothing
    assert again.headers["idempotency-replayed"] == "true"
    assert count(ready, AuditRecord, deed="import.applied", actor_id="key:1") == 1


# --- refusals


def test_one_key_for_two_requests(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = under(sign_in("navigator"))
    assert client.post("/v1/batches", headers=header, json=BATCH).status_code == 202
    for address, body in (("/v1/batches", {**BATCH, "k": 3}), (f"/v1/students/{KNOWN}/decisions", DECISION)):
        answer = client.post(address, headers=header, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
        assert "Дайте новому запросу новый ключ" in answer.json()["detail"]
    assert (count(ready, Batch), count(ready, DecisionRecord)) == (1, 0)


@pytest.mark.parametrize("key", ["", "short", "a" * 129, "ключ-ключ", "two words x"])
def test_a_key_that_is_none(client: TestClient, sign_in: SignIn, key: str) -> None:
    header = [*sign_in("navigator").items(), ("Idempotency-Key", key.encode())]
    answer = client.post("/v1/batches", headers=header, json=BATCH)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Idempotency-Key: от 8 до 128")


def test_quotes_of_the_draft_belong_to_no_key(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    for key in (f'"{KEY}"', KEY):
        assert client.post("/v1/batches", headers=under(header, key), json=BATCH).status_code == 202
    assert count(ready, Batch) == 1


def test_what_was_refused_was_not_done_and_may_be_put_right(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header, address = under(sign_in("navigator")), f"/v1/students/{KNOWN}/decisions"
    without_reason = {**DECISION, "reason": None}
    for _ in range(2):
        assert client.post(address, headers=header, json=without_reason).status_code == 422
    assert count(ready, RequestKey) == 0
    assert client.post(address, headers=header, json=DECISION).status_code == 201


def test_keys_of_two_people_are_two_keys(client: TestClient, sign_in: SignIn) -> None:
    numbers = [
        client.post("/v1/batches", headers=under(sign_in(login)), json=BATCH).json()["batch_id"]
        for login in ("navigator", "director", "navigator")  # the first one from another computer too
    ]
    assert numbers == [1, 2, 1]


def test_who_may_no_longer_is_told_nothing(client: TestClient, sign_in: SignIn) -> None:
    header = under(sign_in("navigator"))
    assert client.post("/v1/batches", headers=header, json=BATCH).status_code == 202
    assert client.delete("/v1/sessions/current", headers=header).status_code == 204
    assert client.post("/v1/batches", headers=header, json=BATCH).status_code == 401


def test_a_key_is_kept_for_a_day(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = under(sign_in("navigator"))

    def ask() -> int:
        return int(client.post("/v1/batches", headers=header, json=BATCH).json()["batch_id"])

    assert [ask(), ask()] == [1, 1]
    with ready.reading() as session:
        row = session.scalars(sa.select(RequestKey)).one()
        assert row.expires_at - row.done_at == timedelta(hours=24)
    forget_old_keys(ready)
    assert ask() == 1
    with ready.writing() as session:
        session.execute(sa.update(RequestKey).values(expires_at=now()))
    assert ask() == 2  # even before anybody has swept
    with ready.writing() as session:
        session.execute(sa.update(RequestKey).values(expires_at=now()))
    forget_old_keys(ready)
    assert count(ready, RequestKey) == 0


# --- at once, and broken off


@contextmanager
def nobody_finishes(database: Database) -> Iterator[None]:
    """Whoever records a deed waits until this is over."""
    with database.writing() as session:
        session.connection()  # begins: on SQLite this is the lock
        lock_table(session, LOCK_KEY)
        yield


def wait_for_one(client: TestClient) -> None:
    """Until a request under a key is being done."""
    under_way: set[str] = client.app.state.under_way  # type: ignore[attr-defined] # Starlette's own
    while not under_way:
        threading.Event().wait(0.01)


@pytest.fixture
def asked_beside() -> Iterator[ThreadPoolExecutor]:
    """Asks while the test goes on."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_repeat_beside_the_first_is_told_to_wait(
    client: TestClient, sign_in: SignIn, ready: Database, asked_beside: ThreadPoolExecutor
) -> None:
    header = under(sign_in("navigator"))
    with nobody_finishes(ready):
        asking = asked_beside.submit(client.post, "/v1/batches", headers=header, json=BATCH)
        wait_for_one(client)
        beside = client.post("/v1/batches", headers=header, json=BATCH)
        assert (beside.status_code, beside.json()["code"]) == (409, "under_way")
        assert beside.headers["retry-after"] == "1"
        assert "ответ будет тот же" in beside.json()["detail"]
        assert not asking.done()
    assert asking.result().status_code == 202
    assert client.post("/v1/batches", headers=header, json=BATCH).content == asking.result().content


def test_eight_threads_with_one_key_do_it_once(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    headers = [under(sign_in("navigator")) for _ in range(2)]  # of two computers
    for round_ in range(5):
        wanted = {**BATCH, "k": round_ + 1}
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(
                    lambda number, wanted=wanted, key=f"round-{round_}-key": client.post(
                        "/v1/batches", headers=under(headers[number % 2], key), json=wanted
                    ),
                    range(8),
                )
            )
        done = [answer for answer in answers if answer.status_code == 202]
        assert {answer.status_code for answer in answers} <= {202, 409}
        assert len({answer.content for answer in done}) == 1
        number = done[0].json()["batch_id"]
        assert client.delete(f"/v1/batches/{number}", headers=headers[0]).status_code == 204  # three at once are let in
    assert count(ready, Batch) == count(ready, AuditRecord, deed="batch.asked") == 5


def test_two_processes_with_one_key_do_it_once(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, asked_beside: ThreadPoolExecutor
) -> None:
    """The second one is told to wait by PostgreSQL; SQLite has one writer, so there it waits by itself."""
    header = under(sign_in("navigator"))
    with TestClient(create_app(settings)) as other:
        with nobody_finishes(ready):
            asking = asked_beside.submit(client.post, "/v1/batches", headers=header, json=BATCH)
            wait_for_one(client)
            threading.Event().wait(0.5)  # until it stands where nobody finishes
            beside = asked_beside.submit(other.post, "/v1/batches", headers=header, json=BATCH)
            if not ready.is_sqlite:
                assert (beside.result().status_code, beside.result().json()["code"]) == (409, "under_way")
        done = [answer for answer in (asking.result(), beside.result()) if answer.status_code == 202]
        assert len(done) == (2 if ready.is_sqlite else 1)
        again = other.post("/v1/batches", headers=header, json=BATCH)
        assert {answer.content for answer in done} == {again.content}
    assert count(ready, Batch) == 1


@pytest.mark.parametrize("is_keyed", [True, False])
@pytest.mark.parametrize("deed", ["decision", "glass"])  # one unit of work within the route, one around it
def test_twice_as_many_writers_as_threads_are_all_served(
    client: TestClient, sign_in: SignIn, deed: str, is_keyed: bool
) -> None:
    """Whoever has written needs no thread of the pool to say so: all of them may be waiting for what it holds."""
    if deed == "decision":
        header, address = sign_in("navigator"), f"/v1/students/{KNOWN}/decisions"
        body: dict[str, object] = {**DECISION}
    else:
        header, address = sign_in("region"), "/v1/broken-glass"
        body = {"reason": "проверка обращения родителей", "minutes": 5}

    def ask(number: int) -> int:
        headers = under(header, f"number-{number}") if is_keyed else header
        return client.post(address, headers=headers, json=body).status_code

    with ThreadPoolExecutor(80) as pool:
        assert set(pool.map(ask, range(80))) == {201}


@pytest.mark.parametrize("method", ["keep", "writing"])
def test_broken_off_it_is_neither_done_nor_noted(
    client: TestClient, sign_in: SignIn, ready: Database, method: str
) -> None:
    """A fault is planted between the deed and its answer, or before both."""
    header = under(sign_in("navigator"))

    def break_off(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Doing, method, break_off)
        assert client.post("/v1/batches", headers=header, json=BATCH).status_code == 500
    assert count(ready, Batch) == count(ready, RequestKey) == count(ready, AuditRecord, deed="batch.asked") == 0
    assert client.post("/v1/batches", headers=header, json=BATCH).status_code == 202
    assert count(ready, Batch) == count(ready, RequestKey) == 1


def test_any_order_of_keys_and_bodies(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    """Against a model that fits in a dictionary: a key does what it was first sent with, and nothing else ever."""
    chance, header = random.Random(20261127), sign_in("navigator")
    first: dict[str, tuple[str, bytes]] = {}
    for _ in range(60):
        key, code = f"key-number-{chance.randrange(6)}", chance.choice(("sch01-tech-eng", "sch02-sci-med"))
        body = {"pathway_code": code, "decision": "pinned"}
        answer = client.post(f"/v1/students/{KNOWN}/decisions", headers=under(header, key), json=body)
        if key not in first:
            assert answer.status_code == 201, answer.text
            first[key] = (code, answer.content)
        elif first[key][0] == code:
            assert (answer.status_code, answer.content) == (201, first[key][1])
        else:
            assert answer.json()["code"] == "key_reused"
    assert count(ready, DecisionRecord) == len(first) == 6


# --- every route


def test_every_route_that_does_something_says_so(application: FastAPI) -> None:
    posts = {
        str(context.path): next(declarations_of(context.original_route, DoneOnce), None)  # type: ignore[arg-type]
        for context, _ in declared_routes(application)
        if "POST" in (context.methods or ())
    }
    without = {path for path, declared in posts.items() if declared is None}
    # a second session is another session; what is computed from the request itself is not kept
    imagined = "/v1/students/{student_id}/what-if"
    # a state, and a sheet of a survey, count once by themselves
    by_itself = {"/v1/sign-in/requests", "/v1/sign-in/sessions", "/v1/survey-sheets"}
    assert without == {"/v1/sessions", "/v1/recommendations", "/v1/marked-copies", imagined} | by_itself
    assert len(posts) > len(without)
