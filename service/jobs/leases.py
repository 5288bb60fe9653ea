"""Who does a job: the holder of its lease. One that ran out is free; whoever lost it can change nothing any more."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from service.clock import now
from service.db import lock_table
from service.errors import ConflictError, ServiceError
from service.jobs.actions import QUEUE_LOCK
from service.tables import Job

MAX_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=1)  # and four times as long after each further failure: 1, 4, 16, 64 minutes
ABANDONED = "LeaseExpired: исполнитель пропадал {count} раз подряд; проверьте память и место на диске."


class LeaseLostError(ConflictError):
    """The lease ran out and another took the job: nothing of this attempt may be kept."""

    code = "lease_lost"


class JobCancelledError(ConflictError):
    """A person asked the job to stop."""

    code = "job_cancelled"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do a job until the lease runs out; each attempt has its own token."""

    job_id: int
    kind: str
    unique_key: str
    cause: str
    attempt: int
    token: str


def claimable(moment: datetime, kinds: Sequence[str]) -> sa.Select[int]:
    """Jobs that may be begun: due with none of their key running, or running under a lease that ran out."""
    running = aliased(Job)
    beside = sa.exists().where(
        running.kind == Job.kind, running.unique_key == Job.unique_key, running.state == "running"
    )
    is_due = sa.and_(Job.state == "queued", Job.due_at <= moment, ~beside)
    return sa.select(Job.job_id).where(Job.kind.in_(kinds), sa.or_(is_due, _ran_out(moment))).order_by(Job.job_id)


def claim_job(session: Session, *, kinds: Sequence[str], seconds: float, job_id: int | None = None) -> Lease | None:
    """Take a job, or the oldest that may be begun; None where there is none, or others were quicker."""
    moment, token = now(), secrets.token_hex(16)
    _settle_abandoned(session, moment)
    wanted = claimable(moment, kinds) if job_id is None else claimable(moment, kinds).where(Job.job_id == job_id)
    chosen = wanted.limit(1).with_for_update(skip_locked=True).scalar_subquery()
    claim = (
        sa.update(Job)
        .where(Job.job_id == chosen)
        .values(
            state="running",
            lease=token,
            lease_until=moment + timedelta(seconds=seconds),
            attempts=Job.attempts + 1,
            started_at=moment,
            progress=0.0,
            error=None,
        )
        .returning(Job.job_id, Job.kind, Job.unique_key, Job.cause, Job.attempts)
    )
    row = session.execute(claim).one_or_none()
    return Lease(*row, token) if row is not None else None


def renew_lease(session: Session, lease: Lease, *, seconds: float, progress: float | None = None) -> None:
    """Hold on for longer; raises when the lease is lost or a person asked to stop."""
    values: dict[str, object] = {"lease_until": now() + timedelta(seconds=seconds)}
    if progress is not None:
        values["progress"] = progress
    _require(lease, session.execute(_held(lease).values(values).returning(Job.cancel_asked_at)).one_or_none())


def finish_job(session: Session, lease: Lease, *, result: str) -> None:
    """Mark the job done in the very transaction of its effect: both are kept, or neither."""
    _end(session, lease, state="done", result=result, progress=1.0)


def fail_job(session: Session, lease: Lease, error: Exception) -> None:
    """Try again later, a bounded number of times; then the job has failed and says how."""
    sentence = (
        str(error) if isinstance(error, ServiceError) else "непредвиденная ошибка, место — в журнале исполнителя."
    )
    text = f"{type(error).__name__}: {sentence}"
    if lease.attempt >= MAX_ATTEMPTS:
        _leave(session, lease, {"state": "failed", "error": text, "finished_at": now()})
        return
    pause = FIRST_PAUSE * 4 ** (lease.attempt - 1)
    _requeue(session, lease, {"due_at": now() + pause, "error": text})


def put_back(session: Session, lease: Lease) -> None:
    """Give the job back unfinished, as if it had not been begun."""
    _requeue(session, lease, {"attempts": Job.attempts - 1})


def stop_job(session: Session, lease: Lease) -> None:
    """A person's wish to stop was seen."""
    _leave(session, lease, {"state": "cancelled", "finished_at": now()})


def _ran_out(moment: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Job.state == "running", Job.lease_until < moment)


def _held(lease: Lease) -> sa.Update:
    return sa.update(Job).where(Job.job_id == lease.job_id, Job.lease == lease.token, Job.state == "running")


def _require(lease: Lease, row: sa.Row[datetime | None] | None) -> None:
    if row is None:
        raise LeaseLostError(f"Задание № {lease.job_id} взял другой исполнитель.", job_id=lease.job_id)
    if row[0] is not None:
        raise JobCancelledError(f"Задание № {lease.job_id} отменено.", job_id=lease.job_id)


def _end(session: Session, lease: Lease, **values: object) -> None:
    ended = _held(lease).values(**values, lease=None, lease_until=None, finished_at=now())
    _require(lease, session.execute(ended.returning(Job.cancel_asked_at)).one_or_none())


def _leave(session: Session, lease: Lease, values: dict[str, object]) -> None:
    session.execute(_held(lease).values(**values, lease=None, lease_until=None))


def _requeue(session: Session, lease: Lease, values: dict[str, object]) -> None:
    """Back into the queue; where another of the same key waits already, that one does the work of both."""
    lock_table(session, QUEUE_LOCK)
    unwanted = _held(lease).where(Job.cancel_asked_at.is_not(None))
    session.execute(unwanted.values(state="cancelled", lease=None, lease_until=None, finished_at=now()))
    same = (Job.kind == lease.kind, Job.unique_key == lease.unique_key, Job.state == "queued")
    waiting = session.scalar(sa.select(Job.job_id).where(*same))
    if waiting is None:
        _leave(session, lease, {"state": "queued", "progress": 0.0, **values})
        return
    heir = f"Вместо него — задание № {waiting}."
    said = f"{values['error']} {heir}" if "error" in values else heir
    state = "failed" if "error" in values else "cancelled"
    _leave(session, lease, {"state": state, "error": said, "finished_at": now()})


def _settle_abandoned(session: Session, moment: datetime) -> None:
    """Jobs whose worker vanished: cancelled where a person asked for it, failed where it happened too often."""
    gone = sa.update(Job).where(_ran_out(moment))
    ended = {"lease": None, "lease_until": None, "finished_at": moment}
    session.execute(gone.where(Job.cancel_asked_at.is_not(None)).values(state="cancelled", **ended))
    too_often = gone.where(Job.attempts >= MAX_ATTEMPTS)
    session.execute(too_often.values(state="failed", error=ABANDONED.format(count=MAX_ATTEMPTS), **ended))
