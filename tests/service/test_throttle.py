"""How often one reader may ask, and what the answers say about it."""

import time

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.app import create_app
from service.db import Database
from service.errors import TooManyRequestsError
from service.settings import Settings
from service.throttle import Throttle
from tests.service.conftest import PASSWORD


@pytest.fixture
def backend() -> str:
    """Nothing of it is in the database."""
    return "sqlite"


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, to be moved by hand."""
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return clock


def test_by_hand(moment: list[float]) -> None:
    throttle = Throttle(a_minute=2)  # one every thirty seconds, two saved up
    first, second = throttle.take("key:1"), throttle.take("key:1")
    assert first is not None
    assert second is not None
    assert [(each.left, each.seconds) for each in (first, second)] == [(1, 30), (0, 60)]
    with pytest.raises(TooManyRequestsError) as refused:
        throttle.take("key:1")
    assert refused.value.retry_after_seconds == 30
    assert throttle.take("key:2") is not None  # nobody else is held back
    moment[0] += 29
    with pytest.raises(TooManyRequestsError) as refused:
        throttle.take("key:1")
    assert refused.value.retry_after_seconds == 1
    moment[0] += 1
    allowed = throttle.take("key:1")
    assert allowed is not None
    assert allowed.left == 0
    moment[0] += 3600  # no more than a minute's worth is saved up
    again = throttle.take("key:1")
    assert again is not None
    assert again.left == 1


def test_without_a_limit_nothing_is_told() -> None:
    assert Throttle(a_minute=0).take("key:1") is None


def test_answers_tell_what_is_left(ready: Database, settings: Settings) -> None:
    application: FastAPI = create_app(settings.model_copy(update={"requests_a_minute": 3}), ready)
    with TestClient(application) as client:
        token = client.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD}).json()["token"]
        header = {"Authorization": f"Bearer {token}"}
        answers = [client.get("/v1/me", headers=header) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"minute";q=3;w=60'
    assert answers[0].headers["ratelimit"].startswith('"minute";r=2;t=')
    refused = answers[3]
    assert refused.json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert "выгрузкой" in refused.json()["detail"]
