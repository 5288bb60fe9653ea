"""The client against a service that runs: what a school's developer pastes; refusals, waiting, lines that break."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI

from dashboard import client as screens
from service.app import create_app
from service.client import NewBatch, Orientir, RefusedError, connect, open_connection
from service.db import Database
from service.jobs.actions import BATCH
from service.jobs.leases import claim_job
from service.settings import Settings
from service.tables import AuditRecord, Batch, TermMark
from service.worker import Stopping, do_next
from tests.service.conftest import PASSWORD, Authorization
from tests.service.worked_example import BLANK, CLASS_A, ELSEWHERE, KNOWN, REFUSED, example_text

README = Path(__file__).parents[2] / "README.md"
GiveKey = Callable[..., Authorization]
VERBS = ("classes:read", "students:read", "recommendations:read", "imports:school")


@pytest.fixture
def backend() -> str:
    """What a caller sees does not depend on the kind of database."""
    return "sqlite"


@contextmanager
def serving(application: FastAPI) -> Iterator[str]:
    """Address of a service that runs until this is over."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error"))
    running = threading.Thread(target=server.run)
    running.start()
    while not server.started:
        threading.Event().wait(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        running.join()


@pytest.fixture
def settings(trained: Settings, ready: Database, tmp_path: Path) -> Settings:
    """Batches in a folder of the test's own."""
    key = tmp_path / "own" / "secret.key"
    key.parent.mkdir()
    key.write_bytes(trained.secret_key_file.read_bytes())
    url = ready.url.render_as_string(hide_password=False)
    return trained.model_copy(update={"database_url": url, "secret_key_file": key})


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """A service of the worked example."""
    with serving(create_app(settings)) as address:
        yield address


@pytest.fixture
def key(give_key: GiveKey) -> str:
    """Of a school's system."""
    return give_key(*VERBS)["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def orientir(address: str, key: str) -> Iterator[Orientir]:
    """A school's system."""
    with connect(address, key) as orientir:
        yield orientir


@pytest.fixture
def worker(ready: Database, settings: Settings) -> Iterator[None]:
    """Makes batches until the test is over."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            with ready.writing() as session:
                lease = claim_job(session, kinds=(BATCH,), seconds=settings.job_lease_seconds)
            if lease is not None:
                do_next(ready, settings, lease, Stopping())

    working = threading.Thread(target=work)
    working.start()
    yield
    over.set()
    working.join()


def test_the_example_of_the_readme(address: str, key: str, worker: None, tmp_path: Path) -> None:
    """Three students of school 1; the one without consent has no list, and none of the other school is there."""
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    (tmp_path / "roster.csv").write_text(example_text("roster", "sch01"), encoding="utf-8")
    named = {"ORIENTIR_SERVICE_URL": address, "ORIENTIR_KEY": key, "PYTHONPATH": str(README.parent)}
    command = [sys.executable, "-W", "error", "-c", example]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **named}, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout.splitlines()
    assert told[0] == "rows: 4, of which new: 0"  # a row a student and school year
    assert f"{KNOWN} profile_class ['sch01-tech-eng', 'sch02-sci-med']" in told
    assert {line.partition(" ")[0] for line in told[1:]} == {KNOWN, BLANK}
    lines = (tmp_path / "lists.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("student_id,kind,rank,pathway_code")
    assert {line.partition(",")[0] for line in lines[1:]} == {KNOWN, BLANK}


def test_what_a_system_asks_in_a_day(orientir: Orientir, ready: Database) -> None:
    assert orientir.classes().classes[0].class_id == CLASS_A
    assert {row.full_name for row in orientir.class_students(CLASS_A).students} == {None}  # a key sees no names
    assert orientir.lists_of(KNOWN, k=1).lists[0].items[0].pathway_code == "sch01-tech-eng"

    whole = list(orientir.changed_since(0))
    assert sorted(student.student_id for student in whole) == [KNOWN, BLANK, REFUSED]
    assert list(orientir.changed_since(0, page=1)) == list(orientir.changed_since(0, page=2)) == whole
    assert list(orientir.changed_since(whole[-1].revision)) == []

    marks = f"student_id,school_year,term,math\n{BLANK},2023-24,4,5\n".encode()
    checked = orientir.import_table("marks", marks, check=True)
    assert (checked.applied, checked.added_count) == (False, 1)
    assert orientir.import_table("marks", marks).applied
    assert [student.student_id for student in orientir.changed_since(whole[-1].revision)] == [BLANK]
    with ready.reading() as session:
        mark = session.get_one(TermMark, (BLANK, "2023-24", 4, "math"))
        assert mark.mark == 5


# --- refusals


def test_a_refusal_has_a_code_a_sentence_and_facts(orientir: Orientir) -> None:
    with pytest.raises(RefusedError, match="строка 2, столбец student_id") as caught:
        orientir.import_table("marks", b"student_id,school_year,term,math\ns9999999,2023-24,4,5\n")
    refused = caught.value
    assert (refused.code, refused.status) == ("import_refused", 422)
    assert refused.facts["report"]["faults"][0]["row"] == 2
    with pytest.raises(RefusedError) as absent:
        orientir.lists_of(ELSEWHERE)
    assert (absent.value.code, absent.value.status) == ("not_found", 404)


def test_a_key_that_opens_nothing(address: str) -> None:
    with connect(address, "ori_00000000_none") as orientir, pytest.raises(RefusedError) as caught:
        orientir.classes()
    assert caught.value.code == "not_signed_in"


def test_a_batch_that_was_given_up_is_not_waited_for(orientir: Orientir) -> None:
    batch = orientir.ask_for_batch(NewBatch())
    assert orientir.ask("DELETE", f"/v1/batches/{batch.batch_id}").status_code == 204
    with pytest.raises(RefusedError) as caught:
        orientir.wait_for_batch(batch.batch_id)
    assert caught.value.code == "removed"


def test_a_batch_that_nobody_makes_is_waited_for_no_longer_than_said(orientir: Orientir) -> None:
    batch = orientir.ask_for_batch(NewBatch())
    with pytest.raises(RefusedError, match=r"не готова: queued") as caught:
        orientir.wait_for_batch(batch.batch_id, seconds=0.05, pause=0.01)
    assert caught.value.code == "queued"


# --- waiting and asking again


def test_who_asks_too_often_waits_as_long_as_told(settings: Settings, key: str) -> None:
    slow = settings.model_copy(update={"requests_a_minute": 60})
    with (
        serving(create_app(slow)) as address,
        connect(address, key) as patient,
        connect(address, key, attempts=1) as hasty,
    ):
        refused: list[RefusedError] = []
        while not refused:
            try:
                hasty.classes()
            except RefusedError as error:
                refused.append(error)
        assert (refused[0].code, refused[0].status) == ("too_many_requests", 429)
        assert len(patient.classes().classes) == 2  # a second later


class Line(httpx2.BaseTransport):
    """The network between a caller and a service: some of what goes over it is lost, or answered by another."""

    def __init__(self, *happens: str | httpx2.Response) -> None:
        self.wire, self.happens = httpx2.HTTPTransport(), list(happens)
        self.keys: list[str | None] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Lose it before, or after it was answered; else let it through."""
        happens = self.happens.pop(0) if self.happens else ""
        self.keys.append(request.headers.get("Idempotency-Key"))
        if isinstance(happens, httpx2.Response):
            return happens
        if happens == "lost":
            raise httpx2.ConnectError("no route to the service")
        response = self.wire.handle_request(request)
        if happens == "answer lost":
            response.read()
            raise httpx2.ReadError("the line broke")
        return response

    def close(self) -> None:
        """Hang up."""
        self.wire.close()


@contextmanager
def over(line: Line, address: str, key: str, attempts: int = 5) -> Iterator[Orientir]:
    """A caller at the end of a line."""
    with httpx2.Client(base_url=address, transport=line) as connection:
        yield Orientir(connection, key, attempts=attempts)


def busy(wait: str | None) -> httpx2.Response:
    """503 as the service says it."""
    problem = {
        "type": "urn:orientir:busy",
        "title": "Сервис занят",
        "status": 503,
        "detail": "Повторите.",
        "code": "busy",
    }
    return httpx2.Response(503, json=problem, headers={} if wait is None else {"Retry-After": wait})


def test_what_was_done_before_the_line_broke_is_not_done_again(address: str, key: str, ready: Database) -> None:
    line = Line("answer lost", "lost", busy("0"), "answer lost")
    with over(line, address, key) as orientir:
        batch = orientir.ask_for_batch(NewBatch(k=3))
    assert (batch.batch_id, batch.k) == (1, 3)
    assert len(line.keys) == 5
    assert len(set(line.keys)) == 1
    with ready.reading() as session:
        assert session.scalars(sa.select(Batch.batch_id)).all() == [1]
        asked = sa.select(sa.func.count()).where(AuditRecord.deed == "batch.asked")
        assert session.scalar(asked) == 1


def test_each_deed_has_a_key_of_its_own_or_the_callers(address: str, key: str) -> None:
    line = Line()
    with over(line, address, key) as orientir:
        numbers = [
            orientir.ask_for_batch(NewBatch(), request_key=own).batch_id
            for own in (None, None, "night-27-11", "night-27-11")
        ]
    assert numbers == [1, 2, 3, 3]
    assert len(set(line.keys)) == 3


def test_in_the_end_it_gives_up(address: str, key: str) -> None:
    with over(Line("lost", "lost"), address, key, attempts=2) as orientir, pytest.raises(RefusedError) as caught:
        orientir.classes()
    assert (caught.value.code, caught.value.status) == ("no_answer", None)


@pytest.mark.parametrize("wait", [None, "3600", "Fri, 27 Nov 2026 05:10:00 GMT", "-1"])
def test_it_waits_for_nothing_that_takes_too_long(address: str, key: str, wait: str | None) -> None:
    line = Line(busy(wait))
    with over(line, address, key) as orientir, pytest.raises(RefusedError) as caught:
        orientir.classes()
    assert (caught.value.code, len(line.keys)) == ("busy", 1)


def test_nothing_is_deleted_twice(address: str, key: str) -> None:
    line = Line("", "answer lost")
    with over(line, address, key) as orientir:
        orientir.ask_for_batch(NewBatch())
        with pytest.raises(RefusedError, match="не ответил"):
            orientir.ask("DELETE", "/v1/batches/1")
    assert len(line.keys) == 2


def test_an_answer_of_somebody_else_is_named_by_its_status(address: str, key: str) -> None:
    page = httpx2.Response(502, text="<html>Bad gateway</html>")
    with over(Line(page), address, key) as orientir, pytest.raises(RefusedError) as caught:
        orientir.classes()
    assert (caught.value.code, caught.value.status) == ("http_502", 502)


def test_a_file_that_came_damaged_is_no_file(orientir: Orientir, worker: None) -> None:
    batch = orientir.wait_for_batch(orientir.ask_for_batch(NewBatch()).batch_id, pause=0.05)
    assert len(orientir.file_of(batch).splitlines()) == 2
    with pytest.raises(RefusedError, match="дошёл не таким") as caught:
        orientir.file_of(batch.model_copy(update={"checksum": "0" * 64}))
    assert caught.value.code == "damaged"


# --- one client


def test_the_screens_ask_through_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(screens.SERVICE_URL, address)
    screens.forget_connection()
    token = screens.sign_in("navigator", PASSWORD).token
    with open_connection(address) as connection:
        assert screens.classes(token) == Orientir(connection, token).classes()
        mine = screens.recommendations(token, KNOWN, 3, 0.05)
        assert mine == Orientir(connection, token).lists_of(KNOWN, k=3, demand_strength=0.05)
    with pytest.raises(screens.RefusedError, match="Такого ученика нет"):
        screens.student_card(token, ELSEWHERE)
    screens.sign_out(token)
    with pytest.raises(screens.SignedOutError):
        screens.classes(token)
    screens.forget_connection()


def test_importing_it_loads_neither_database_nor_numbers() -> None:
    heavy = ("sqlalchemy", "numpy", "pandas", "streamlit", "fastapi", "structlog", "recommender", "service.db")
    script = f"import sys, service.client; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
