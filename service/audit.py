"""The audit trail: rows are only added, and each seals the one before it with the installation's key."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor
from service.clock import now
from service.db import SEAL_KEY, lock_table
from service.tables import AuditRecord

GENESIS = "0" * 64
LOCK_KEY = 0x0A0D17


def record(session: Session, *, actor: Actor, deed: str, subject: str, **facts: Any) -> int:
    """Add a record in the deed's own transaction; its number. Facts are codes and numbers, never names."""
    lock_table(session, LOCK_KEY)  # the chain has one end
    session.flush()
    last = session.execute(
        sa.select(AuditRecord.audit_id, AuditRecord.record_hash).order_by(AuditRecord.audit_id.desc()).limit(1)
    ).one_or_none()
    number, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    row = AuditRecord(
        audit_id=number,
        recorded_at=now(),
        actor_id=actor.actor_id,
        deed=deed,
        subject=subject,
        facts=facts,
        previous_hash=previous,
    )
    row.record_hash = _seal(row, session)
    session.add(row)
    session.flush()
    return number


def _seal(row: AuditRecord, session: Session) -> str:
    """Keyed hash of everything in a record and of the record before it: who has only the database cannot make it."""
    values = [row.audit_id, row.recorded_at.isoformat(), row.actor_id, row.deed, row.subject, row.facts]
    text = json.dumps([*values, row.previous_hash], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(session.info[SEAL_KEY], text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Result of `verify`: how many rows were read, and the number of the first that does not fit."""

    row_count: int
    first_broken: int | None


def verify(session: Session) -> ChainCheck:
    """Walk the chain from its beginning."""
    previous, expected, count = GENESIS, 1, 0
    for row in session.scalars(sa.select(AuditRecord).order_by(AuditRecord.audit_id)).yield_per(1000):
        if row.audit_id != expected or row.previous_hash != previous or row.record_hash != _seal(row, session):
            return ChainCheck(count, row.audit_id)
        previous, expected, count = row.record_hash, expected + 1, count + 1
    return ChainCheck(count, None)
