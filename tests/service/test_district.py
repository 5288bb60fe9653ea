"""The district is ranked in a process of its own: asked, lost, dropped, ended."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.db import Database
from service.demand.queries import read_lists
from service.errors import NotFoundError
from service.recommendations.balance import balance_of
from service.recommendations.district import policy_of, read_district
from service.recommendations.district_child import Desk, draw_picture
from service.recommendations.district_process import DistrictLostError, DistrictProcess
from service.recommendations.shelf import Shelf
from service.settings import Settings
from tests.service.conftest import Authorization

SignIn = Callable[[str], Authorization]
sqlite_only = pytest.mark.parametrize("backend", ["sqlite"])


def process_of(desk: Desk) -> int:
    """Asked there, the number of the process that answers."""
    return os.getpid()


def die(desk: Desk) -> None:
    """Asked there, ends without an answer."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_it_finds_what_is_found_here(ready: Database, settings: Settings) -> None:
    shelf, process = Shelf(settings), DistrictProcess(settings)
    picture = process.ask(draw_picture)
    process.close()
    with ready.reading() as session:
        serving = shelf.take(session)
        district = read_district(session, serving)
        lists = read_lists(session, "krasnodar-2024H1")
    assert picture.balance == balance_of(serving, district, lists)
    assert picture.layout == serving.layout
    assert picture.policy == policy_of(serving, district, settings.demand_strength)
    assert repr(picture.per_seat) == repr(district.congestion.per_seat.tolist())


def test_of_three_students_nothing_is_told(client: TestClient, sign_in: SignIn) -> None:
    for who in ("metodist", "region", "navigator"):
        body = client.get("/v1/balance", headers=sign_in(who)).json()
        assert (body["student_count"], body["groups"], body["electives"]) == (0, [], [])
        assert body["edition_code"] == "krasnodar-2024H1"


@sqlite_only
def test_it_stays_for_the_next_question_and_is_another_one_after_it_was_dropped(settings: Settings) -> None:
    process = DistrictProcess(settings)
    first = process.ask(process_of)
    assert first != os.getpid()
    assert process.ask(process_of) == first
    process.drop()
    assert process.ask(process_of) != first
    process.close()


@sqlite_only
def test_one_that_died_since_is_started_anew(settings: Settings) -> None:
    process = DistrictProcess(settings)
    first = process.ask(process_of)
    os.kill(first, signal.SIGKILL)
    assert process.ask(process_of) != first
    process.close()


@sqlite_only
def test_a_question_that_kills_it_twice_is_given_up(settings: Settings) -> None:
    process = DistrictProcess(settings)
    with pytest.raises(DistrictLostError, match="Повторите через несколько секунд"):
        process.ask(die)
    process.close()
    with pytest.raises(DistrictLostError):
        process.ask(process_of)


def test_what_it_refuses_is_refused_here(application: FastAPI, client: TestClient, sign_in: SignIn) -> None:
    with pytest.raises(NotFoundError):
        application.state.districts.draft_impact(77)
    header = sign_in("metodist")
    answer = client.get("/v1/demand-editions/no-such/impact?from=krasnodar-2023H2", headers=header)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_whoever_is_erased_is_known_to_no_process(application: FastAPI, client: TestClient, sign_in: SignIn) -> None:
    districts = application.state.districts
    assert client.get("/v1/policy", headers=sign_in("region")).status_code == 200
    child = districts._process._child
    answer = client.post(
        "/v1/students/s3333333/erasure",
        headers=sign_in("director"),
        json={"ground": "request", "document": "заявление 7"},
    )
    assert answer.status_code == 200, answer.text
    assert child.wait(10) == -signal.SIGKILL
    assert districts._known == {}


@sqlite_only
def test_the_process_ends_with_whoever_asked(settings: Settings) -> None:
    process = DistrictProcess(settings)
    process.ask(process_of)
    child = process._child
    assert child is not None
    assert child.stdin is not None
    start = time.monotonic()
    child.stdin.close()  # as when the asking process is gone
    assert child.wait(10) == 0
    assert time.monotonic() - start < 10
    process.close()
