"""The table of keys under which deeds were done: each is entered in its deed's own transaction and kept for a day."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from service.access import Actor
from service.clock import now
from service.db import Database, try_lock
from service.errors import KeyReusedError, UnderWayError
from service.tables import RequestKey

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
REUSED = f"Этот {HEADER} уже был у другого запроса. Дайте новому запросу новый ключ."
UNDER_WAY = f"Запрос с этим {HEADER} ещё выполняется. Повторите его чуть позже: ответ будет тот же."


class RepeatError(Exception):
    """The deed was done before; nothing is done now."""

    def __init__(self, *, status: int | None, made_id: int | None, location: str | None, answer: bytes | None) -> None:
        super().__init__()
        self.status, self.made_id, self.location, self.answer = status, made_id, location, answer


@dataclass(frozen=True, slots=True)
class Asked:
    """One request under a key: keyed digests, from which neither the key nor an address can be read."""

    actor: Actor
    key_digest: str
    fingerprint: str


def claim_key(connection: sa.Connection, asked: Asked) -> None:
    """Enter the key, unless the deed was done under it, or is being done by another process."""
    if not try_lock(connection, int.from_bytes(bytes.fromhex(asked.key_digest)[:8], signed=True)):
        raise UnderWayError(UNDER_WAY)
    moment, of_key = now(), RequestKey.key_digest == asked.key_digest
    connection.execute(sa.delete(RequestKey).where(of_key, RequestKey.expires_at <= moment))
    kept = sa.select(RequestKey.status, RequestKey.made_id, RequestKey.location, RequestKey.answer)
    row = connection.execute(kept.add_columns(RequestKey.fingerprint).where(of_key)).one_or_none()
    if row is not None:
        if row.fingerprint != asked.fingerprint:
            raise KeyReusedError(REUSED)
        raise RepeatError(status=row.status, made_id=row.made_id, location=row.location, answer=row.answer)
    entered = {"key_digest": asked.key_digest, "actor_id": asked.actor.actor_id, "fingerprint": asked.fingerprint}
    connection.execute(sa.insert(RequestKey).values(**entered, done_at=moment, expires_at=moment + KEPT))


def forget_old_keys(database: Database) -> None:
    """Remove keys whose day is over; looks without writing."""
    over = RequestKey.expires_at <= now()
    with database.reading() as session:
        is_due = session.scalar(sa.select(RequestKey.key_digest).where(over).limit(1)) is not None
    if is_due:
        with database.writing() as session:
            session.execute(sa.delete(RequestKey).where(over))
