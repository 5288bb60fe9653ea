"""Many requests at once: nobody holds two connections, nobody keeps the others out."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.accounts import actions as accounts
from service.app import create_app
from service.db import Database
from service.settings import Settings
from service.tables import User
from tests.service.conftest import PASSWORD, Authorization
from tests.service.worked_example import CLASS_A, KNOWN, example_text

SignIn = Callable[[str], Authorization]


def test_forty_parallel_readers_all_get_their_lists(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    addresses = [f"/v1/students/{KNOWN}/recommendations", f"/v1/students/{KNOWN}"] * 15
    addresses += [f"/v1/classes/{CLASS_A}/recommendations"] * 10
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda address: client.get(address, headers=header), addresses))
    assert [answer.status_code for answer in answers] == [200] * 40


def test_a_request_holds_one_connection(settings: Settings, ready: Database, sign_in: SignIn) -> None:
    """With a single connection in the whole pool everything is still answered."""
    header = sign_in("navigator")
    lone = Database(settings.database_url, pool_size=1, max_overflow=0)
    with TestClient(create_app(settings, lone), raise_server_exceptions=False) as client:
        for address in (f"/v1/students/{KNOWN}", f"/v1/students/{KNOWN}/recommendations"):
            assert client.get(address, headers=header).status_code == 200, address
    lone.close()


def test_sign_in_compares_outside_any_transaction(
    client: TestClient, ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    compare = accounts._verify

    def write_meanwhile(password: str, stored: str) -> bool:
        started = time.monotonic()
        with ready.writing() as session:
            session.execute(sa.update(User).where(User.login == "region").values(display_name="другой"))
        seen.append(time.monotonic() - started)
        return compare(password, stored)

    monkeypatch.setattr(accounts, "_verify", write_meanwhile)
    assert client.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD}).status_code == 201
    assert seen
    assert seen[0] < 2


def test_too_many_comparisons_at_once_are_told_to_come_back(client: TestClient) -> None:
    held = [accounts._verifications.acquire(blocking=False) for _ in range(accounts.VERIFIED_AT_ONCE)]
    try:
        answer = client.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD})
    finally:
        for _ in filter(None, held):
            accounts._verifications.release()
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "too_many_sign_ins", "2")


def test_checking_a_file_does_not_wait_for_a_writer(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header, text = sign_in("director"), example_text("marks", "sch01").replace("2023-24,4,5", "2023-24,4,4")
    with ready.writing() as session:
        session.execute(sa.update(User).where(User.login == "region").values(display_name="другой"))
        started = time.monotonic()
        answer = client.post("/v1/imports/marks?mode=check", headers=header, content=text.encode())
        assert time.monotonic() - started < 3
    assert (answer.status_code, answer.json()["changed_count"]) == (200, 1)
