"""The audit trail: rows are only added, and each seals the one before it with the installation's key."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor
from service.clock import now
from service.db import SEAL_KEY, lock_table
from service.pseudonyms import subject_of
from service.tables import AuditHead, AuditRecord

End = tuple[int, str]  # number and hash of a record
GENESIS = "0" * 64
BEGINNING: End = (0, GENESIS)
LOCK_KEY = 0x0A0D17
ONLY_HEAD = 1


def record(session: Session, *, actor: Actor, deed: str, subject: str, **facts: Any) -> int:
    """Add a record in the deed's own transaction; its number. Facts are codes and numbers, never names."""
    lock_table(session, LOCK_KEY)  # the chain has one end
    session.flush()
    (count, previous), may_seal = _end_to_continue(session)
    number = count + 1
    row = AuditRecord(
        audit_id=number,
        recorded_at=now(),
        actor_id=actor.actor_id,
        deed=deed,
        subject=subject_of(session, subject),
        facts=facts,
        previous_hash=previous,
    )
    row.record_hash = _seal(row, session)
    session.add(row)
    if may_seal:
        _seal_end(session, number, row.record_hash)
    session.flush()
    return number


def _end_to_continue(session: Session) -> tuple[End, bool]:
    """After which record the next one comes, and whether it may be sealed as the new end.

    The sealed end counts, not the last row: where rows were taken away, what is added leaves the gap open. A seal that
    was spoiled, or that fewer records are under than there are, is never made good again.
    """
    last, sealed = find_end(session) or BEGINNING, _find_sealed_end(session)
    return (last, False) if sealed is None or sealed[0] < last[0] else (sealed, True)


def _seal_end(session: Session, count: int, last_hash: str) -> None:
    """Say where the chain ends, in a row of its own."""
    head = session.get(AuditHead, ONLY_HEAD)
    if head is None:
        head = AuditHead(head_id=ONLY_HEAD)
        session.add(head)
    head.record_count, head.record_hash, head.seal = count, last_hash, _end_seal(session, count, last_hash)


def _end_seal(session: Session, count: int, last_hash: str) -> str:
    return hmac.new(session.info[SEAL_KEY], f"end {count} {last_hash}".encode(), hashlib.sha256).hexdigest()


def seal_old_end(session: Session) -> None:
    """Seal the end of a chain that was begun before ends were sealed: once, with the upgrade that brings the seal."""
    last = find_end(session)
    if last is not None:
        _seal_end(session, *last)


def _seal(row: AuditRecord, session: Session) -> str:
    """Keyed hash of everything in a record and of the record before it: who has only the database cannot make it."""
    values = [row.audit_id, row.recorded_at.isoformat(), row.actor_id, row.deed, row.subject, row.facts]
    text = json.dumps([*values, row.previous_hash], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(session.info[SEAL_KEY], text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Result of `verify`: how many rows were read, and the number of the first that does not fit or is missing."""

    row_count: int
    first_broken: int | None
    noted_count: int = 0  # notes outside the database that the chain was held against

    @property
    def text(self) -> str:
        """For people."""
        if self.first_broken is not None:
            return f"Цепочка журнала нарушена: первая неверная или пропавшая запись № {self.first_broken}."
        against = f"сверен с отметками вне базы: {self.noted_count}" if self.noted_count else "отметок вне базы нет"
        return f"Журнал цел: записей {self.row_count}; {against}."


def verify(session: Session, anchors: Mapping[int, str] | None = None) -> ChainCheck:
    """Walk the chain from its beginning to its sealed end; `anchors` are hashes noted outside the database.

    Others may add records meanwhile: the rows must reach the end that was sealed before, and no further than the one
    sealed after.
    """
    noted, before = dict(anchors or {}), _find_sealed_end(session)
    if before is not None and before != BEGINNING:
        noted.setdefault(*before)
    previous, expected, count = GENESIS, 1, 0
    for row in session.scalars(sa.select(AuditRecord).order_by(AuditRecord.audit_id)).yield_per(1000):
        fits = row.audit_id == expected and row.previous_hash == previous and row.record_hash == _seal(row, session)
        if not fits or noted.pop(expected, row.record_hash) != row.record_hash:
            return ChainCheck(count, min(row.audit_id, expected), len(anchors or {}))
        previous, expected, count = row.record_hash, expected + 1, count + 1
    after = _find_sealed_end(session)
    is_reached = not noted and before is not None
    is_the_end = after is not None and (after == (count, previous) or after[0] > count)
    if not (is_reached and is_the_end):
        return ChainCheck(count, expected, len(anchors or {}))
    return ChainCheck(count, None, len(anchors or {}))


def _find_sealed_end(session: Session) -> End | None:
    """Where the chain is said to end; None where the seal does not hold."""
    head = session.get(AuditHead, ONLY_HEAD, populate_existing=True)
    if head is None:
        return BEGINNING
    fits = hmac.compare_digest(head.seal, _end_seal(session, head.record_count, head.record_hash))
    return (head.record_count, head.record_hash) if fits else None


def find_end(session: Session) -> End | None:
    """Number and hash of the last record, to be noted outside the database."""
    row = session.execute(
        sa.select(AuditRecord.audit_id, AuditRecord.record_hash).order_by(AuditRecord.audit_id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else (int(row[0]), str(row[1]))
