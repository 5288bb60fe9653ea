"""What `streamlit run` serves: the screens, with Russian pages and the headers that a page about children needs."""

import json
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import door, survey_pages, text_widgets
from dashboard.door import Door

# blob: is where the framework keeps the script of a component of ours; it opens no more than unsafe-eval does
SECURITY_HEADERS = {
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        b"frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"cross-origin-opener-policy": b"same-origin",
}
STATIC = "/static/"


def _widgets_script() -> bytes:
    script = (Path(__file__).parent / "templates" / "widgets.js").read_text(encoding="utf-8")
    said = {"WORDS": text_widgets.WORDS, "BEGINNINGS": text_widgets.BEGINNINGS, "NAMES": text_widgets.NAMES}
    constants = "".join(f"const {name} = {json.dumps(words, ensure_ascii=False)};" for name, words in said.items())
    return f"<script>{{{constants}\n{script}}}</script>".encode()


FRAMEWORK_TITLE = b"<title>Streamlit</title>"
RUSSIAN_WIDGETS = _widgets_script()


class RussianPage:
    """Marks pages as Russian, adds security headers, forbids storing what is not a static file."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request through; HTML is held back until it is whole, because its length changes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def rewritten(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                message["headers"] = self._headers(message["headers"], scope["path"])
                if not _is_html(message["headers"]):
                    await send(message)
                    return
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = body.replace(b'<html lang="en">', b'<html lang="ru">').replace(
                b"You need to enable JavaScript to run this app.", "Включите JavaScript в браузере.".encode()
            )
            if FRAMEWORK_TITLE in page:  # not a page of our own
                page = page.replace(FRAMEWORK_TITLE, "<title>Ориентир</title>".encode())
                page = page.replace(b"</head>", RUSSIAN_WIDGETS + b"</head>", 1)
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            start["headers"] = [*kept, (b"content-length", str(len(page)).encode())]
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, rewritten)

    @staticmethod
    def _headers(headers: list[tuple[bytes, bytes]], path: str) -> list[tuple[bytes, bytes]]:
        own = set(SECURITY_HEADERS)
        if not path.startswith(STATIC):
            own.add(b"cache-control")
        kept = [(name, value) for name, value in headers if name.lower() not in own]
        added = list(SECURITY_HEADERS.items())
        if not path.startswith(STATIC):
            added.append((b"cache-control", b"no-store"))
        return [*kept, *added]


def _is_html(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)


app = st.App(
    Path(__file__).parent / "app.py",
    middleware=[Middleware(RussianPage), Middleware(Door)],
    routes=[*door.ROUTES, *survey_pages.ROUTES],
)
