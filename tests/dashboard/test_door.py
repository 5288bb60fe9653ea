"""Who has not signed in is shown the door and comes back to where they wanted to go; over real addresses."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard import client, door, session, text
from tests.conftest import District, free_port

PAGE = {"Accept": "text/html"}


@pytest.fixture
def visitor(district: District) -> Iterator[httpx2.Client]:
    """A browser that follows nothing by itself."""
    with httpx2.Client(base_url=district.screens, headers=PAGE, trust_env=False) as visitor:
        yield visitor


def enter(
    visitor: httpx2.Client, password: str, to: str = "/", login: str = "navigator", **said: str
) -> httpx2.Response:
    return visitor.post(door.AT, data={"login": login, "password": password, "to": to}, headers=said)


def test_a_link_to_a_card_leads_there_through_the_door(visitor: httpx2.Client, district: District) -> None:
    wanted = "/?class=sch01-2024-25-9a&student=s5mnw6ib"
    stopped = visitor.get(wanted)
    assert stopped.status_code == 303
    asked = visitor.get(stopped.headers["location"])
    assert text.SIGN_IN in asked.text
    assert f'value="{wanted.replace("&", "&amp;")}"' in asked.text
    let_in = enter(visitor, district.password, wanted)
    assert (let_in.status_code, let_in.headers["location"]) == (303, wanted)
    cookie = let_in.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie  # noqa: PT018 -- of one line
    assert "expires" not in cookie.lower() and "max-age" not in cookie.lower()  # noqa: PT018 -- ends with the browser
    inside = visitor.get(wanted)
    assert inside.status_code == 200
    assert '<html lang="ru">' in inside.text
    assert inside.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "/a/../b",
     "/%0d%0aSet-Cookie: a=b", "/?to=\r\nX: y", ""],
)  # fmt: skip
def test_the_door_leads_nowhere_else(visitor: httpx2.Client, district: District, elsewhere: str) -> None:
    assert enter(visitor, district.password, elsewhere).headers["location"] == "/"


def test_a_wrong_password_is_said_and_written_nowhere(visitor: httpx2.Client) -> None:
    refused = enter(visitor, "ne-tot-parol", login="navigator<b>")
    assert refused.status_code == 422
    assert "Логин или пароль" in refused.text
    assert "navigator&lt;b&gt;" in refused.text
    assert "ne-tot-parol" not in refused.text
    assert "set-cookie" not in refused.headers
    assert text.EMPTY_CREDENTIALS in enter(visitor, "").text


def test_a_form_of_somebody_else_lets_nobody_in(visitor: httpx2.Client, district: District) -> None:
    refused = enter(visitor, district.password, **{"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


def test_leaving_ends_the_session_for_whoever_kept_its_token(
    visitor: httpx2.Client, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(visitor, district.password)
    token = visitor.cookies[session.COOKIE]
    left = visitor.post(door.OUT)
    assert left.headers["location"] == door.AT
    assert session.COOKIE not in visitor.cookies
    monkeypatch.setenv(client.SERVICE_URL, district.api)
    client.forget_connection()
    with pytest.raises(client.SignedOutError):
        client.me(token)
    client.forget_connection()
    assert visitor.post(door.OUT).status_code == 303  # twice is as good as once
    visitor.cookies.set(session.COOKIE, token)
    stopped = visitor.get("/demand")
    assert stopped.headers["location"] == f"{door.AT}?said=ended&to=%2Fdemand"
    assert re.search(f'{session.COOKIE}="?"?; .*Max-Age=0', stopped.headers["set-cookie"])
    said = visitor.get(stopped.headers["location"])
    assert text.SIGNED_OUT in said.text
    assert "set-cookie" not in said.headers  # an address that anybody may give to anybody throws nobody out


def test_whoever_comes_in_ends_the_session_of_who_was_in_before(
    visitor: httpx2.Client, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(visitor, district.password)
    before = visitor.cookies[session.COOKIE]
    enter(visitor, district.password, login="metodist")
    monkeypatch.setenv(client.SERVICE_URL, district.api)
    client.forget_connection()
    assert client.me(visitor.cookies[session.COOKIE]).role == "methodologist"
    with pytest.raises(client.SignedOutError):
        client.me(before)
    client.forget_connection()


def test_a_form_on_another_page_lets_nobody_in(visitor: httpx2.Client, district: District) -> None:
    for origin in ("http://127.0.0.1:1", "https://elsewhere.example", "null"):
        assert enter(visitor, district.password, Origin=origin).status_code == 403, origin
    assert enter(visitor, district.password, **{"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert enter(visitor, district.password, Origin=district.screens).status_code == 303


@pytest.mark.parametrize("path", ["/media/0123.xlsx", "/_stcore/upload_file/a/b"])
def test_files_are_for_whoever_is_in(visitor: httpx2.Client, district: District, path: str) -> None:
    assert visitor.get(path).text == text.SIGNED_OUT
    assert visitor.put(path, content=b"x").text == text.SIGNED_OUT
    enter(visitor, district.password)
    assert visitor.get(path).text != text.SIGNED_OUT  # the framework's own answer


def test_what_the_framework_counts_stays_inside(visitor: httpx2.Client, district: District) -> None:
    enter(visitor, district.password)
    assert visitor.get("/_stcore/metrics").status_code == 404


def test_the_line_of_a_page_is_for_pages_of_this_host(district: District) -> None:
    address = f"{district.screens.replace('http', 'ws')}/_stcore/stream"
    with connect(address, origin=district.screens):  # a page whose session has ended: it is told so
        pass
    for origin in ("http://127.0.0.1:1", "http://localhost:8501", "https://elsewhere.example"):
        with pytest.raises(InvalidStatus), connect(address, origin=origin):
            pass


def test_lines_of_nobody_are_few_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    async def page(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    monkeypatch.setenv(client.SERVICE_URL, f"http://127.0.0.1:{free_port()}")
    client.forget_connection()
    application = Starlette(routes=[WebSocketRoute("/line", page)], middleware=[Middleware(door.Door)])
    with TestClient(application) as visitor:
        for _ in range(door.LINES_A_MINUTE):
            with visitor.websocket_connect("/line"):
                pass
        with pytest.raises(WebSocketDisconnect), visitor.websocket_connect("/line"):
            pass
    client.forget_connection()


@pytest.mark.parametrize(
    ("came_back", "sentence"),
    [
        ("/?error=access_denied&state=x&error_description=<b>any</b>", text.NOT_CONFIRMED),
        ("/?code=x", text.NOT_CONFIRMED),
        (f"{door.AT}?said=failed", text.PROVIDER_FAILED),
    ],
)
def test_what_the_provider_did_not_confirm_is_told(visitor: httpx2.Client, came_back: str, sentence: str) -> None:
    answer = visitor.get(came_back)
    assert sentence in answer.text
    assert "any</b>" not in answer.text


def test_a_door_without_a_service_behind_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(client.SERVICE_URL, f"http://127.0.0.1:{free_port()}")
    client.forget_connection()
    with TestClient(Starlette(routes=door.ROUTES, middleware=[Middleware(door.Door)])) as visitor:
        assert text.SIGN_IN in visitor.get(door.AT).text
        said = visitor.post(door.AT, data={"login": "navigator", "password": "any"})
        assert (said.status_code, text.SERVICE_DOWN in said.text) == (422, True)
    client.forget_connection()
