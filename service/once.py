"""A deed asked for again under its `Idempotency-Key` is done once: the key is kept in the deed's own transaction.

What is kept of an answer, and why some answers are not, is told in docs/decisions/0039.
"""

import hashlib
import hmac
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Header, Request, Response
from pydantic import WithJsonSchema
from sqlalchemy.orm import Session, SessionTransaction
from starlette.concurrency import run_in_threadpool

from service.access import Actor
from service.db import Database
from service.declared import Answering, Declared
from service.errors import AlreadyDoneError, InvalidInputError, UnderWayError
from service.request_keys import HEADER, UNDER_WAY, Asked, RepeatError, claim_key
from service.tables import RequestKey
from service.wire import Wire

REPEATED = "Idempotency-Replayed"
WRITTEN = r'^"?[A-Za-z0-9_.:-]{8,128}"?$'  # the draft writes it in quotes
WRONG_KEY = f"{HEADER}: от 8 до 128 латинских букв, цифр и знаков _ . : - ; лучше всего UUID."

Again = Callable[[Session, Actor, int], Wire]


@dataclass(frozen=True, slots=True)
class DoneOnce(Declared):
    """Dependency that declares that a route does something once for a key, and what is kept of its answer.

    Without more the answer itself. Of an answer about a student, or one that shows a secret, only `number` is kept, the
    field that tells what was made: the answer is read `again` by it, or the caller is told the `remedy`.
    """

    number: str | None = None
    again: Again | None = None
    remedy: str | None = None

    @property
    def waits_for_answer(self) -> bool:
        """Whether something of the answer is kept: then the deed is committed when its answer is made."""
        return self.remedy is None or self.number is not None

    async def __call__(
        self,
        idempotency_key: Annotated[
            str | None,
            WithJsonSchema({"type": "string", "pattern": WRITTEN}),  # the refusal is ours, with a remedy
            Header(
                description="Ключ запроса: повтор с тем же ключом и телом в течение суток ничего не делает второй раз"
            ),
        ] = None,
    ) -> None:
        """Say so in the description."""

    def around(self, answering: Answering) -> Answering:
        """Do it once for a key; without one, as often as it is asked for."""

        async def answer(request: Request) -> Response:
            if HEADER not in request.headers:
                return await answering(request)
            return await _answer_once(request, answering, self)

        return answer


ONCE = [Depends(DoneOnce())]  # of a route whose answer is kept as it is


class Doing:
    """Units of work of one request under a key; the one that writes is committed with the key and answer beside it."""

    def __init__(self, database: Database, declared: DoneOnce, ask: Callable[[], Asked]) -> None:
        self._database, self._declared, self._ask = database, declared, ask
        self._held = ExitStack()
        self._session: Session | None = None
        self._claimed: Asked | None = None

    def reading(self) -> AbstractContextManager[Session]:
        """Session that changes nothing."""
        return self._database.reading()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The one unit of work that does it; its first question enters the key, or raises RepeatError."""
        self._session = session = self._held.enter_context(self._database.writing())
        sa.event.listen(session, "after_begin", self._claim, once=True)
        yield session
        if not self._declared.waits_for_answer:
            self._held.close()

    def _claim(self, _session: Session, _transaction: SessionTransaction, connection: sa.Connection) -> None:
        asked = self._ask()
        claim_key(connection, asked)
        self._claimed = asked

    def keep(self, response: Response) -> Response:
        """Commit what was done with what is kept of the answer; a request that wrote nothing keeps nothing."""
        if self._session is not None and self._claimed is not None and self._declared.waits_for_answer:
            row = sa.update(RequestKey).where(RequestKey.key_digest == self._claimed.key_digest)
            self._session.execute(row.values(status=response.status_code, **self._kept_of(response)))
        self._held.close()
        return response

    def _kept_of(self, response: Response) -> dict[str, Any]:
        body = bytes(response.body)
        if self._declared.number is None:
            return {"answer": body, "location": response.headers.get("location")}
        return {"made_id": int(json.loads(body)[self._declared.number])}

    def undo(self) -> None:
        """Roll back what was begun, because of the exception in hand."""
        self._held.__exit__(*sys.exc_info())


async def _answer_once(request: Request, answering: Answering, declared: DoneOnce) -> Response:
    written = request.headers[HEADER]
    if re.fullmatch(WRITTEN, written) is None:
        raise InvalidInputError(WRONG_KEY)
    key, body, digest = written.strip('"'), await request.body(), _digester(request.app.state.secret_key)
    # before anything of the request is done, so before it is known who asks: their credentials stand for them
    ticket = digest(b"ticket", request.headers.get("authorization", "").encode(), key.encode())
    under_way: set[str] = request.app.state.under_way
    if ticket in under_way:
        raise UnderWayError(UNDER_WAY)

    def ask() -> Asked:
        actor: Actor = request.state.actor
        address = f"{request.method} {request.scope['path']}?{request.scope['query_string'].decode('latin-1')}"
        fingerprint = digest(b"request", address.encode(), body)
        return Asked(actor, digest(b"key", actor.actor_id.encode(), key.encode()), fingerprint)

    doing = request.state.units = Doing(request.app.state.database, declared, ask)
    under_way.add(ticket)
    try:
        response = await answering(request)
        # a thread of its own: those of the pool may all be waiting for the very lock that this one gives back
        return await to_thread.run_sync(doing.keep, response, limiter=CapacityLimiter(1))
    except RepeatError as repeat:
        doing.undo()
        return await run_in_threadpool(_answer_again, request, declared, repeat)
    except BaseException:
        doing.undo()
        raise
    finally:
        under_way.discard(ticket)


def _digester(secret_key: bytes) -> Callable[..., str]:
    def digest(*parts: bytes) -> str:
        lengths = b" ".join(b"%d" % len(part) for part in parts)
        return hmac.new(secret_key, b"once " + lengths + b"\n" + b"".join(parts), hashlib.sha256).hexdigest()

    return digest


def _answer_again(request: Request, declared: DoneOnce, repeat: RepeatError) -> Response:
    """The answer of the first time, as it was kept or read again; where it was shown once, what to do now."""
    if declared.remedy is not None:
        facts = {declared.number: repeat.made_id} if declared.number is not None else {}
        raise AlreadyDoneError(declared.remedy, **facts)
    headers, body = {REPEATED: "true"}, repeat.answer or b""
    if repeat.location is not None:
        headers["Location"] = repeat.location
    if declared.again is not None and repeat.made_id is not None:
        with request.app.state.database.reading() as session:
            made = declared.again(session, request.state.actor, repeat.made_id)
            body = made.model_dump_json().encode()
    media_type = "application/json" if body else None
    return Response(body, status_code=repeat.status or 200, media_type=media_type, headers=headers)
