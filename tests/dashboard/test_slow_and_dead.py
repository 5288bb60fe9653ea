"""Every page of every role, opened at a service that is slow, and at one that dies meanwhile."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import client, session, text
from tests.conftest import District, free_port
from tests.dashboard.test_views import opened, shown, students_in

SLOW_SECONDS = 0.1
CLASS = "sch01-2024-25-9a"
HOPS = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "accept-encoding"}
PAGES = {
    "navigator": ("classes", "demand_list", "model"),
    "director": ("classes", "imports", "people", "privacy"),
    "metodist": ("demand_list", "balance", "model", "imports"),
    "region": ("demand_list", "balance", "model"),
}


@pytest.fixture
def slow(district: District, monkeypatch: pytest.MonkeyPatch) -> Iterator[District]:
    """The district's service behind a line on which every answer takes a while."""

    class Line(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            time.sleep(SLOW_SECONDS)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOPS}
            answer = httpx2.request(
                self.command, district.api + self.path, headers=sent, content=body, timeout=60, trust_env=False
            )
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in HOPS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815 -- names of the library

        def log_message(self, *_said: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Line) as line:
        thread = threading.Thread(target=line.serve_forever)
        thread.start()
        monkeypatch.setenv(client.SERVICE_URL, f"http://127.0.0.1:{line.server_address[1]}")
        client.forget_connection()
        yield district
        client.forget_connection()
        line.shutdown()
        thread.join()


def _page(name: str) -> AppTest:
    def view(name: str) -> None:
        import importlib

        from dashboard import client, session
        from dashboard.widgets import style

        style.apply()
        try:
            session.remember(client.me(session.find_token() or ""))
            importlib.import_module(f"dashboard.views.{name}").page()
        except (client.ServiceDownError, client.RefusedError) as error:
            import streamlit as st

            st.error(str(error))

    return AppTest.from_function(view, default_timeout=60, kwargs={"name": name})


@pytest.mark.parametrize(("login", "name"), [(login, name) for login, names in PAGES.items() for name in names])
def test_a_page_waits_and_then_says_so(slow: District, monkeypatch: pytest.MonkeyPatch, login: str, name: str) -> None:
    door = opened(login, slow.password)
    token = door.session_state["token"]
    page = _page(name)
    page.session_state["token"] = token
    page.run()
    assert not page.exception
    assert text.SERVICE_DOWN not in shown(page)
    assert len(shown(page)) > 200  # facts, not an empty frame
    monkeypatch.setenv(client.SERVICE_URL, f"http://127.0.0.1:{free_port()}")
    client.forget_connection()
    page.run()
    assert not page.exception
    assert text.SERVICE_DOWN in shown(page)


@pytest.mark.parametrize("address", [{session.CLASS: CLASS}, {session.SCHOOL: "all"}])
def test_a_table_of_students_waits_and_then_says_so(
    slow: District, monkeypatch: pytest.MonkeyPatch, address: dict[str, str]
) -> None:
    page = _page("classes")
    page.session_state["token"] = opened("navigator", slow.password).session_state["token"]
    page.session_state[session.LISTS_OF] = CLASS  # what is advised too
    page.query_params.update(address)
    page.run()
    assert not page.exception
    assert len(students_in(page)["rows"]) >= 30
    monkeypatch.setenv(client.SERVICE_URL, f"http://127.0.0.1:{free_port()}")
    client.forget_connection()
    page.run()
    assert not page.exception
    assert text.SERVICE_DOWN in shown(page)
