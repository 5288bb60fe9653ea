"""What all routes share: who calls, with which session, and what an error looks like on the wire."""

import re
import secrets
import time
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, unquote_plus

import sqlalchemy as sa
import structlog
from fastapi import Depends, Header, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access import Actor, Permission, check_permission
from service.db import Database, UnitsOfWork, is_disk_full
from service.errors import DISK_FULL, BusyError, DiskFullError, ServiceError, SignInError
from service.log import frames_of
from service.seen import Seen
from service.settings import Settings
from service.wire import MAX_WHOLE, NOT_IN_USE

log = structlog.get_logger()

PROBLEM_TYPE = "application/problem+json"
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
REVISION_TAG = re.compile(r'(?:^|,)\s*"([0-9]{1,18})"\s*(?=,|$)')
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
STATUS_SENTENCES = {
    400: (
        "bad_request",
        ("Запрос не разобран", "Тело запроса не удалось прочитать."),
        ("Bad request", "The body cannot be read."),
    ),
    404: ("no_such_address", ("Не найдено", "Такого адреса нет."), ("Not found", "There is no such address.")),
    405: (
        "wrong_method",
        ("Другой метод", "Этот адрес вызывают другим методом."),
        ("Other method", "This address is called by another method."),
    ),
    413: (
        "too_large",
        ("Слишком большой запрос", "Тело запроса больше допустимого."),
        ("Too large", "The body is larger than is taken."),
    ),
    415: (
        "wrong_media_type",
        ("Другой тип данных", "Такой тип данных не принимается."),
        ("Other media type", "This type is not taken."),
    ),
}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:orientir:not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "Что не так и что делать"},
        "code": {"type": "string", "description": "Не меняется от версии к версии", "examples": ["not_found"]},
    },
    "additionalProperties": True,  # facts of the error
}
_PROBLEM: dict[str, Any] = {
    "description": "Отказ (RFC 9457): код не меняется, предложение говорит, что делать",
    "content": {PROBLEM_TYPE: {"schema": PROBLEM_SCHEMA}},
}
PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, 422: _PROBLEM, "5XX": _PROBLEM}  # of every route
REFUSED = ("refused", ("Отказ", "Запрос не выполнен."), ("Refused", "The request was not done."))


def prefers_english(accept_language: str | None) -> bool:
    """Whether a caller would rather read English than Russian; without a word about it, Russian.

    >>> prefers_english("en-GB,en;q=0.9,ru;q=0.8"), prefers_english("de, ru;q=0.5, en;q=0.4"), prefers_english(None)
    (True, False, False)
    """
    weights = {"ru": 0.0, "en": 0.0}
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in weights:
            found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameter)
            weight = float(found[1]) if found is not None else 1.0
            weights[language] = max(weights[language], weight)
    return weights["en"] > weights["ru"]


async def get_settings_of(request: Request) -> Settings:
    """Settings of the running application."""
    settings: Settings = request.app.state.settings
    return settings


async def _database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _reading_session(request: Request) -> Iterator[Session]:
    with request.app.state.database.reading() as session:
        yield session


async def _units_of(request: Request) -> UnitsOfWork:
    units: UnitsOfWork = getattr(request.state, "units", request.app.state.database)
    return units


def _writing_session(units: Annotated[UnitsOfWork, Depends(_units_of)]) -> Iterator[Session]:
    with units.writing() as session:
        yield session


# for a route that reads and then writes: one unit of work after the other, never two connections at once
Units = Annotated[Database, Depends(_database_of)]
OnceUnits = Annotated[UnitsOfWork, Depends(_units_of)]  # the same where the route is declared DoneOnce
AppSettings = Annotated[Settings, Depends(get_settings_of)]
# scope "function": committed before the answer leaves, so that nobody is told of what did not happen
Reads = Annotated[Session, Depends(_reading_session, scope="function")]
Writes = Annotated[Session, Depends(_writing_session, scope="function")]

_bearer = HTTPBearer(auto_error=False, description="Сеанс (POST /v1/sessions) или ключ школы")


class Permitted:
    """Dependency that lets in who has one of the permissions; without any named, whoever is signed in."""

    def __init__(self, *any_of: Permission) -> None:
        self.any_of = any_of

    async def __call__(
        self, request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Actor:
        """Actor of the request."""
        if credentials is None:
            raise SignInError("Войдите или предъявите ключ: заголовок Authorization: Bearer …")
        is_use = NOT_IN_USE not in request.headers
        actor: Actor = await request.app.state.identities.identify(credentials.credentials, is_use=is_use)
        request.state.actor = actor
        request.state.actor_id = actor.actor_id  # what a worker thread binds to the log is lost with it
        request.state.allowance = request.app.state.throttle.take(actor.actor_id)
        if self.any_of:
            check_permission(actor, *self.any_of)
        return actor


class OpenToAll:
    """Dependency that declares, on purpose, that a route needs no credentials."""

    async def __call__(self) -> None:
        """Let everybody in."""


Number = Annotated[int, Path(ge=1, le=MAX_WHOLE, examples=[1])]  # of a row, in an address

# an ETag is the digest of a whole answer: who already has it is told so and downloads nothing
IfNoneMatch = Annotated[str | None, Header(max_length=1000, description="ETag ответа, который уже есть")]
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Ответ не изменился: берите свой"}}


def is_named(etag: str, if_none_match: str) -> bool:
    """Whether a header If-None-Match names this answer."""
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in named or "*" in named


async def _seen_revisions(
    if_match: Annotated[
        str | None,
        Header(
            max_length=1000, description="ETag того, что вы видели: изменённое с тех пор не изменится", examples=["*"]
        ),
    ] = None,
) -> Seen:
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(number) for number in REVISION_TAG.findall(if_match))


# of a route that changes what two people may be changing: ChangedMeanwhileError where it is not as it was seen
SeenRevisions = Annotated[Seen, Depends(_seen_revisions)]


def tell_revision(response: Response, revision: int) -> None:
    """The ETag of something that has a revision: what `If-Match` is to hold."""
    response.headers["ETag"] = f'"{revision}"'


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]


def file_body(media_type: str, example: str | None = None, *, kept: str | None = None) -> dict[str, Any]:
    """Description of a body that is a file, with an example of it, or where one is kept beside the description."""
    shown = {"value": example} if example is not None else {"externalValue": kept}
    content = {"schema": {"type": "string", "format": "binary"}, "examples": {"worked": shown}}
    return {"requestBody": {"required": True, "content": {media_type: content}}}


csv_body = partial(file_body, "text/csv")


def attachment(name: str) -> dict[str, str]:
    """Header that has a browser save a file under its name; nothing of the name can end the header."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    retry_after: int | None = None,
    **facts: object,
) -> JSONResponse:
    """An RFC 9457 answer."""
    body = {"type": f"urn:orientir:{code}", "title": title, "status": status, "detail": detail, "code": code, **facts}
    headers: dict[str, str] = {"Content-Language": "ru"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return JSONResponse(body, status_code=status, headers=headers, media_type=PROBLEM_TYPE)


def _in_english(answer: JSONResponse) -> JSONResponse:
    answer.headers["Content-Language"] = "en"
    return answer


def answer_service_error(request: Request, error: Exception) -> JSONResponse:
    """ServiceError on the wire."""
    if not isinstance(error, ServiceError):
        raise error
    wait = error.retry_after_seconds
    if prefers_english(request.headers.get("accept-language")):
        facts = error.facts | {"detail_ru": str(error)}  # what exactly is wrong is said in Russian
        title, detail = error.title_en, error.detail_en
        return _in_english(problem(error.status, error.code, title, detail, retry_after=wait, **facts))
    return problem(error.status, error.code, error.title, str(error), retry_after=wait, **error.facts)


def answer_database_error(request: Request, error: Exception) -> JSONResponse:
    """What a database says to one request too many: busy is a matter of time, a full disk of the operator's."""
    if isinstance(error, sa.exc.OperationalError) and is_disk_full(error):
        return answer_service_error(request, DiskFullError(DISK_FULL))
    if isinstance(error, sa.exc.TimeoutError) or (isinstance(error, sa.exc.OperationalError) and _is_busy(error)):
        return answer_service_error(request, BusyError("База данных занята. Повторите запрос."))
    raise error


def _is_busy(error: sa.exc.OperationalError) -> bool:
    """SQLite waits for its one writer; PostgreSQL has run out of connections, was restarted, or broke a deadlock."""
    state = getattr(error.orig, "sqlstate", None) or ""
    is_locked = getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return is_locked or state[:2] in ("40", "53", "55", "57")


def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own errors on the wire."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = _of_status(status, request.headers.get("accept-language"))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    if status == 405:
        response.headers["Allow"] = ", ".join(_methods_at(request))
    return response


def _methods_at(request: Request) -> list[str]:
    """Methods of every route at an address: the framework names those of the first one only.

    An address that is written out has its own, not those of a number in the same place.
    """
    found = [(path, allowed) for path, pattern, allowed in request.app.state.methods if pattern.match(_path(request))]
    own = [allowed for path, allowed in found if path == _path(request)]
    return sorted({method for allowed in own or [allowed for _, allowed in found] for method in allowed})


def _path(request: Request) -> str:
    path: str = request.scope["path"]
    return path


def _of_status(status: int, accept_language: str | None) -> JSONResponse:
    code, russian, english = STATUS_SENTENCES.get(status, REFUSED)
    if prefers_english(accept_language):
        return _in_english(problem(status, code, *english))
    return problem(status, code, *russian)


def answer_validation_error(request: Request, error: Exception) -> JSONResponse:
    """Where the request is wrong and how; never what it held, because that could be a name."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [{"where": _where(fault["loc"]), "kind": fault["type"]} for fault in found[:50]]
    places = ", ".join(dict.fromkeys(fault["where"] for fault in faults))
    if prefers_english(request.headers.get("accept-language")):
        return _in_english(problem(422, "invalid_input", "Unsuitable data", f"Check: {places}.", faults=faults))
    return problem(422, "invalid_input", "Данные не подходят", f"Проверьте: {places}.", faults=faults)


def _where(location: tuple[str | int, ...]) -> str:
    parts = [str(part) if isinstance(part, int) or FIELD_NAME.match(part) else "…" for part in location]
    return ".".join(parts)


class Frame:
    """Outermost layer: request id, security headers, body limit, a log line; no traceback that could hold a name."""

    def __init__(self, app: ASGIApp, body_limit_bytes: int) -> None:
        self.app = app
        self.body_limit_bytes = body_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started, status = secrets.token_hex(8), time.perf_counter(), 500
        answering = False
        state = scope.setdefault("state", {})
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_framed(message: Message) -> None:
            nonlocal status, answering
            if message["type"] == "http.response.start":
                status, answering = message["status"], True
                own = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in HEADERS.items() if name not in own]
                allowance = state.get("allowance")
                if allowance is not None:
                    extra += allowance.headers()
                message["headers"] = [*message["headers"], *extra, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            app: ASGIApp = _no_such_address if _has_control(scope) else self.app
            await app(scope, _limited(receive, self.body_limit_bytes), send_framed)
        except Exception as error:
            log.error("unexpected", error=type(error).__name__, frames=frames_of(error))
            if answering:
                raise RuntimeError("failed while answering") from None
            sentence = "Непредвиденная ошибка. Сообщите оператору номер запроса."
            response = problem(500, "internal", "Внутренняя ошибка", sentence, request_id=request_id)
            await response(scope, receive, send_framed)
        route = getattr(scope.get("route"), "path", None)  # the template: no id of a student
        milliseconds = round(1000 * (time.perf_counter() - started), 1)
        log.info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            milliseconds=milliseconds,
            actor_id=state.get("actor_id"),
        )


_no_such_address = _of_status(404, None)


def _has_control(scope: Scope) -> bool:
    """Whether a path holds control characters, as no code of ours does, or a query the NUL that PostgreSQL refuses."""
    return CONTROL.search(scope["path"]) is not None or "\0" in unquote_plus(scope["query_string"].decode("latin-1"))


def _limited(receive: Receive, limit: int) -> Receive:
    """Stop reading a body beyond the limit."""
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(413)
        return message

    return receive_limited
