"""The table of keys under which deeds were done: each is entered in its deed's own transaction and kept for a day."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

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

    def __init__(self, row: RequestKey) -> None:
        super().__init__()
        self.status, self.made_id, self.location, self.answer = row.status, row.made_id, row.location, row.answer


@dataclass(frozen=True, slots=True)
class Asked:
    """One request under a key: keyed digests, from which neither the key nor an address can be read."""

    actor: Actor
    key_digest: str
    fingerprint: str


def claim_key(session: Session, asked: Asked) -> RequestKey:
    """Enter the key, unless the deed was done under it, or is being done by another process."""
    if not try_lock(session, int.from_bytes(bytes.fromhex(asked.key_digest)[:8], signed=True)):
        raise UnderWayError(UNDER_WAY)
    moment = now()
    row = session.get(RequestKey, asked.key_digest)
    if row is not None and row.expires_at <= moment:
        session.delete(row)
        session.flush()
        row = None
    if row is not None:
        if row.fingerprint != asked.fingerprint:
            raise KeyReusedError(REUSED)
        raise RepeatError(row)
    row = RequestKey(
        key_digest=asked.key_digest,
        actor_id=asked.actor.actor_id,
        fingerprint=asked.fingerprint,
        done_at=moment,
        expires_at=moment + KEPT,
    )
    session.add(row)
    session.flush()
    return row


def forget_old_keys(database: Database) -> None:
    """Remove keys whose day is over; looks without writing."""
    over = RequestKey.expires_at <= now()
    with database.reading() as session:
        is_due = session.scalar(sa.select(RequestKey.key_digest).where(over).limit(1)) is not None
    if is_due:
        with database.writing() as session:
            session.execute(sa.delete(RequestKey).where(over))
