"""The door: plain pages without a script, by the identity provider, by a password, or both.

Who came in is known by a cookie that no script reads, so a reload or a link to a card needs no second sign-in; it ends
with the browser, and the service ends what it stands for.
"""

import re
import time
from collections import deque
from contextlib import suppress
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import client, plain_pages, session, text, text_surveys
from service.accounts.schemas import SessionOpened

AT, OUT = "/sign-in", "/sign-out"
BEGIN = f"{AT}/begin"
BROWSER = "orientir_sign_in"  # a browser on its way to the provider and back
FAILED, ENDED = "failed", "ended"  # said in an address of ours
SAID = {FAILED: text.PROVIDER_FAILED, ENDED: text.SIGNED_OUT}
OURS = re.compile(r"/[a-z-]*(\?[A-Za-z0-9_.=&%-]*)?")  # a page with ids; nothing that could lead elsewhere
OF_A_SITTING = re.compile(r"/(media|_stcore/upload_file)/")  # files that a visitor's page has, or is given
OF_NOBODY = "/_stcore/metrics"  # what the framework counts is nobody's business outside
MOST_BYTES = 8_000
LINES_A_MINUTE = 60  # of pages whose session has ended: they are let in to be told so


async def show(request: Request) -> Response:
    """The form; whoever is sent here because a session has ended is told so."""
    said = request.query_params.get("said", "")
    return await _form(request, SAID.get(said, ""), wanted=_ours(request.query_params.get("to", "/")))


async def enter(request: Request) -> Response:
    """A login and a password in exchange for a session."""
    fields = parse_qs((await plain_pages.body_of(request, MOST_BYTES)).decode("utf-8", "replace"))
    login, password, wanted = (fields.get(name, [""])[0] for name in ("login", "password", "to"))
    if not login.strip() or not password:
        return await _form(request, text.EMPTY_CREDENTIALS, login, _ours(wanted), status=422)
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none") or not _is_of_this_host(request):
        return await _form(request, text.NOT_CONFIRMED, status=403)  # a form of somebody else's
    try:
        opened = await run_in_threadpool(client.sign_in, login.strip(), password)
    except (client.RefusedError, client.ServiceDownError) as error:
        return await _form(request, str(error), login, _ours(wanted), status=422)
    return await _let_in(request, opened, _ours(wanted))


async def leave(request: Request) -> Response:
    """End the session here and at the service."""
    response = RedirectResponse(AT, status_code=303)
    if token := request.cookies.get(session.COOKIE):
        try:
            await run_in_threadpool(client.sign_out, token)
        except client.SignedOutError:
            pass  # it had ended already
        except (client.ServiceDownError, client.RefusedError) as error:  # still open: the cookie stays, to try again
            return await _form(request, str(error), status=503)
        response.delete_cookie(session.COOKIE)
    return response


async def begin(request: Request) -> Response:
    """Send the browser to the identity provider, with a cookie by which it is known when it comes back."""
    try:
        begun = await run_in_threadpool(client.begin_sign_in)
    except (client.ServiceDownError, client.RefusedError):
        return RedirectResponse(f"{AT}?said={FAILED}", status_code=303)
    response = RedirectResponse(begun.address, status_code=303)
    plain_pages.keep(request, response, BROWSER, begun.browser, same_site="lax", max_age=begun.seconds)
    return response


async def _come_back(request: Request) -> Response:
    """What the provider said, and in which browser."""
    if "code" not in request.query_params or "state" not in request.query_params:
        return await _form(request, text.NOT_CONFIRMED, status=422)
    code, state = request.query_params["code"], request.query_params["state"]
    try:
        opened = await run_in_threadpool(client.finish_sign_in, code, state, request.cookies.get(BROWSER, ""))
    except (client.RefusedError, client.ServiceDownError) as error:
        return await _form(request, str(error), status=422)
    return await _let_in(request, opened, "/")  # neither code nor state stays in the address


async def _let_in(request: Request, opened: SessionOpened, wanted: str) -> Response:
    """One browser, one session: who was in before is out, in every tab."""
    if before := request.cookies.get(session.COOKIE):
        with suppress(client.SignedOutError, client.RefusedError, client.ServiceDownError):
            await run_in_threadpool(client.sign_out, before)
    response = RedirectResponse(wanted, status_code=303)
    plain_pages.keep(request, response, session.COOKIE, opened.token, same_site="lax")  # lax: links in letters open
    return response


async def _form(request: Request, wrong: str, login: str = "", wanted: str = "/", status: int = 200) -> Response:
    said = {
        "text": text,
        "wrong": wrong,
        "login": login,
        "wanted": wanted,
        "provider": await run_in_threadpool(_provider_title),
        "at": AT,
        "begin": BEGIN,
        "students_here": text_surveys.STUDENTS_HERE,
        "students_at": text_surveys.ADDRESS,
    }
    return plain_pages.TEMPLATES.TemplateResponse(request, "door.html", said, status_code=status)


def _provider_title() -> str | None:
    """What the provider is called; a service that is down is told of when somebody asks to come in."""
    try:
        return client.sign_in_provider().title
    except client.ServiceDownError:
        return None


def _ours(address: str) -> str:
    return address if OURS.fullmatch(address) else "/"


def address_of(url: URL, said: str = "") -> str:
    """The door's address for somebody who is to come back to where they wanted to go."""
    wanted = _ours(url.path + (f"?{url.query}" if url.query else ""))
    asked = {name: value for name, value in (("said", said), ("to", wanted)) if value and value != "/"}
    return f"{AT}?{urlencode(asked)}" if asked else AT


class Door:
    """Whoever asks for a page without having signed in is shown the door, before anything heavy is sent.

    Files and the line of a page are for whoever is in; scripts and pictures of the screens are for all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._lines: deque[float] = deque(maxlen=LINES_A_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or answer instead."""
        answer = None
        if scope["type"] == "http":
            request = Request(scope, receive)
            path = request.url.path
            if path == OF_NOBODY or (OF_A_SITTING.match(path) and not await _is_in(request)):
                answer = PlainTextResponse(text.SIGNED_OUT, status_code=404)
            elif scope["method"] == "GET" and OURS.fullmatch(path) and path not in PLAIN and _is_page(request):
                answer = await self._stop(request)
        elif scope["type"] == "websocket" and not await self._has_line(HTTPConnection(scope)):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await (answer or self.app)(scope, receive, send)

    async def _has_line(self, asked: HTTPConnection) -> bool:
        """Whether a page may talk to its session: one of this very host, and of somebody who is in.

        A page whose session has ended is let in to be told so; not many a minute, for each costs memory.
        """
        if not _is_of_this_host(asked):
            return False
        if await _is_in(asked):
            return True
        moment = time.monotonic()
        if len(self._lines) == LINES_A_MINUTE and moment - self._lines[0] < 60:
            return False
        self._lines.append(moment)
        return True

    @staticmethod
    async def _stop(request: Request) -> Response | None:
        """What is said instead of the page, if anything."""
        if request.url.path == "/" and {"code", "error"} & set(request.query_params):
            return await _come_back(request)
        if session.COOKIE not in request.cookies:
            return RedirectResponse(address_of(request.url), status_code=303)
        if await _is_in(request):
            return None
        response = RedirectResponse(address_of(request.url, ENDED), status_code=303)
        response.delete_cookie(session.COOKIE)
        return response


def _is_of_this_host(asked: HTTPConnection) -> bool:
    """Whether a page of ours asks, as far as its browser says."""
    origin = asked.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == asked.headers.get("host")


async def _is_in(asked: HTTPConnection) -> bool:
    """Whether a sign-in goes on, as far as the service can be asked."""
    token = asked.cookies.get(session.COOKIE)
    if token is None:
        return False
    try:
        await run_in_threadpool(client.me, token)
    except client.SignedOutError:
        return False
    except (client.ServiceDownError, client.RefusedError):
        return True  # the page says so
    return True


def _is_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


PLAIN = {AT, OUT, text_surveys.ADDRESS}
ROUTES = [
    Route(AT, show),
    Route(AT, enter, methods=["POST"]),
    Route(OUT, leave, methods=["POST"]),
    Route(BEGIN, begin),
]
