"""What a route declares about itself beside who may call it, and the one kind of route that keeps all of it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import wraps
from inspect import Parameter, Signature, iscoroutinefunction
from typing import Annotated, Any, TypeVar, get_args, get_origin

from fastapi import Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field, WithJsonSchema, create_model
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_200_OK

from service.errors import InvalidInputError
from service.wire import Wire

Answering = Callable[[Request], Coroutine[Any, Any, Response]]
FIELDS = "fields"


class Declared(ABC):
    """A dependency by which a route declares something: `dependencies=[Depends(...)]`."""

    __slots__ = ()

    @abstractmethod
    def around(self, answering: Answering) -> Answering:
        """What answers a request, with the promise kept."""


class DeclaringRoute(APIRoute):
    """A route that keeps what it declares."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:
        is_writing = not {"GET", "HEAD"} & set(told.get("methods") or ())
        for some in (each.dependency for each in told.get("dependencies") or ()):
            if isinstance(some, SomeFields):
                told["response_model"] = some.answers
        super().__init__(path, _in_a_thread(endpoint) if is_writing else endpoint, **told)

    def get_route_handler(self) -> Answering:
        """What answers a request."""
        answering = super().get_route_handler()
        for declared in declarations_of(self, Declared):  # type: ignore[type-abstract] # any of them
            answering = declared.around(answering)
        return answering


def _in_a_thread(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The same as a coroutine: the framework then writes its answer without a thread of the pool.

    All of these may be waiting for the lock that whoever has just written still holds, and commits with the answer.
    """
    if iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def called(**values: Any) -> Any:
        return await run_in_threadpool(endpoint, **values)

    return called


D = TypeVar("D", bound=Declared)


def declarations_of(route: APIRoute, kind: type[D]) -> Iterator[D]:
    """What of a kind a route declares."""
    calls: Iterator[object] = (each.call for each in route.dependant.dependencies)
    return (call for call in calls if isinstance(call, kind))


class SomeFields(Declared):
    """A list of which a reader may take only some fields of each row; the first one, by which it is known, always."""

    __slots__ = ("__signature__", "_allowed", "_list", "answers")

    def __init__(self, answer: type[Wire]) -> None:
        self._list, row = _rows_of(answer)
        self._allowed = tuple(row.model_fields)
        self.answers = answer | _with_some_fields(answer, self._list, row)  # for the description
        one = f"({'|'.join(self._allowed)})"
        asked = Annotated[
            str | None,
            WithJsonSchema({"type": "string", "pattern": f"^{one}(,{one})*$"}),  # the refusal is ours: it names them
            Query(description="Только эти поля каждой строки, через запятую; первое поле есть всегда"),
        ]
        self.__signature__ = Signature([Parameter(FIELDS, Parameter.KEYWORD_ONLY, default=None, annotation=asked)])

    async def __call__(self, **_asked: str | None) -> None:
        """Say so in the description: each list with the names of its own."""

    def around(self, answering: Answering) -> Answering:
        """Leave out what was not asked for; whoever may see the rows is told what is no field of them."""

        async def answer(request: Request) -> Response:
            response = await answering(request)
            asked = request.query_params.get(FIELDS)
            if asked is None or response.status_code != HTTP_200_OK:
                return response
            unknown = sorted(set(asked.split(",")) - set(self._allowed))
            if unknown:
                raise InvalidInputError(
                    f"Таких полей в списке нет. Есть: {', '.join(self._allowed)}.", allowed=list(self._allowed)
                )
            names = {self._allowed[0], *asked.split(",")}
            body = json.loads(bytes(response.body))
            body[self._list] = [
                {name: value for name, value in row.items() if name in names} for row in body[self._list]
            ]
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            headers = {name: value for name, value in response.headers.items() if name != "content-length"}
            return Response(text, status_code=response.status_code, headers=headers)

        return answer


def _rows_of(answer: type[Wire]) -> tuple[str, type[Wire]]:
    """The first list of rows in an answer, and what a row is."""
    for name, field in answer.model_fields.items():
        inner = get_args(field.annotation)[:1]
        if get_origin(field.annotation) is list and isinstance(inner[0], type) and issubclass(inner[0], Wire):
            return name, inner[0]
    raise TypeError(f"{answer.__name__} holds no list of rows")


def _with_some_fields(answer: type[Wire], name: str, row: type[Wire]) -> type[Wire]:
    """Shape of a list whose rows need to hold nothing but what they are known by."""
    first, *others = row.model_fields.items()
    fields: dict[str, Any] = {field: (info.annotation, Field(default_factory=type(None))) for field, info in others}
    fields[first[0]] = (first[1].annotation, ...)
    some = create_model(f"{row.__name__}SomeFields", __base__=Wire, **fields)
    whole: Any = {name: (list[some], ...)}  # type: ignore[valid-type] # made here
    return create_model(f"{answer.__name__}SomeFields", __base__=answer, **whole)


@dataclass(frozen=True, slots=True)
class Deprecated(Declared):
    """A route that will be gone: not to be used since (RFC 9745), gone from (RFC 8594), what is instead of it."""

    since: datetime
    sunset: datetime
    instead: str

    async def __call__(self) -> None:
        """Say so; `deprecated=True` says it in the description."""

    def around(self, answering: Answering) -> Answering:
        """Say so with each answer."""

        async def answer(request: Request) -> Response:
            response = await answering(request)
            response.headers["Deprecation"] = f"@{int(self.since.timestamp())}"
            response.headers["Sunset"] = format_datetime(self.sunset.astimezone(UTC), usegmt=True)
            response.headers.append("Link", f'<{self.instead}>; rel="successor-version"')
            return response

        return answer
