"""What `streamlit run` serves: the screens, with Russian pages and the headers that a page about children needs."""

from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import client, session

SECURITY_HEADERS = {
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        b"frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"cross-origin-opener-policy": b"same-origin",
}
STATIC = "/static/"


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
            page = page.replace(b"<title>Streamlit</title>", "<title>Ориентир</title>".encode())
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


async def begin_sign_in(_request: Request) -> Response:
    """Send the browser to the identity provider, with a cookie by which it is known when it comes back."""
    try:
        begun = await run_in_threadpool(client.begin_sign_in)
    except (client.ServiceDownError, client.RefusedError):
        return RedirectResponse(f"/?error={session.UNAVAILABLE}", status_code=303)
    response = RedirectResponse(begun.address, status_code=303)
    is_secure = begun.return_address.startswith("https:")
    response.set_cookie(
        session.BROWSER, begun.browser, max_age=begun.seconds, httponly=True, samesite="lax", secure=is_secure
    )
    return response


app = st.App(
    Path(__file__).parent / "app.py",
    middleware=[Middleware(RussianPage)],
    routes=[Route(session.BEGIN_SIGN_IN, begin_sign_in)],
)
