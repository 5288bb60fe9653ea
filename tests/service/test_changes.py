"""What changed since: pages in the order of changes, by signed cursors, of one's own students."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.cursors import read_cursor, sign_cursor
from service.errors import InvalidInputError
from tests.service.conftest import Authorization
from tests.service.test_kept_answers import take_in
from tests.service.worked_example import BLANK, KNOWN, REFUSED, example_text

SignIn = Callable[[str], Authorization]


def page(client: TestClient, header: Authorization, **asked: Any) -> dict[str, Any]:
    """One page."""
    answer = client.get("/v1/students", headers=header, params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_page_by_page_everybody_once(client: TestClient, sign_in: SignIn) -> None:
    header, cursor, seen = sign_in("director"), {}, []
    for _ in range(3):
        found = page(client, header, limit=1, **cursor)
        seen += [student["student_id"] for student in found["students"]]
        cursor = {"cursor": found["next_cursor"]}
    assert (sorted(seen), cursor) == ([KNOWN, BLANK, REFUSED], {"cursor": None})
    assert found["students"][0]["class_id"].startswith("sch01-2024-25-9")


def test_only_what_changed_since(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("director")
    revision = page(client, header)["revision"]
    assert page(client, header, changed_since=revision) == {"students": [], "next_cursor": None, "revision": revision}
    marks = example_text("marks", "sch01").replace("s2222222,2023-24,4,5,4,4,3", "s2222222,2023-24,4,5,2,4,3")
    take_in(client, header, "marks", marks)
    changed = page(client, header, changed_since=revision)
    assert [student["student_id"] for student in changed["students"]] == [KNOWN]
    assert changed["revision"] > revision


def test_a_cursor_is_nobody_elses_and_cannot_be_made_up(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("director")
    cursor = page(client, header, limit=1)["next_cursor"]
    for login, asked in (
        ("navigator", {"cursor": cursor}),  # of another reader
        ("director", {"cursor": cursor, "changed_since": 1}),  # of another list
        ("director", {"cursor": cursor[:-2]}),
        ("director", {"cursor": "WzAsIiJd"}),
        ("director", {"cursor": "я"}),
    ):
        answer = client.get("/v1/students", headers=sign_in(login), params=asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("place", [(0, ""), (12, "s2222222"), (2**53, "я")])
def test_a_cursor_comes_back_as_it_went(place: tuple[int, str]) -> None:
    cursor = sign_cursor(b"k" * 32, "list", *place)
    assert read_cursor(b"k" * 32, "list", cursor) == place
    with pytest.raises(InvalidInputError):
        read_cursor(b"x" * 32, "list", cursor)
