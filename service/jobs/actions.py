"""Asking for a job and taking it back, each in the transaction of its cause."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor, Permission, check_permission
from service.clock import now
from service.db import lock_table
from service.errors import ConflictError
from service.jobs.queries import get_job
from service.tables import Job

TRAINING, WATCHING, BATCH, DELIVERING, REGION = "training", "watching", "batch", "delivering", "region"
INTAKE = "intake"
QUEUE_LOCK = 0x0A0D19  # who enters or leaves the queue; taken after the audit's lock, never before


def enqueue_job(session: Session, *, actor: Actor, kind: str, unique_key: str, cause: str) -> Job:
    """Add a job in its cause's own transaction; one that waits already takes the new cause along.

    One that runs has perhaps read its data before the cause: another is queued beside it.
    """
    lock_table(session, QUEUE_LOCK)
    moment = now()
    waiting = session.scalars(
        sa.update(Job)
        .where(Job.kind == kind, Job.unique_key == unique_key, Job.state == "queued")  # a worker may have just begun it
        .values(
            cause=cause,
            enqueued_by=actor.actor_id,
            enqueued_at=moment,  # as new as its newest cause
            due_at=sa.case((Job.due_at < moment, Job.due_at), else_=moment),  # no pause after a failure of before
            attempts=0,
            error=None,
        )
        .returning(Job)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if waiting is not None:
        return waiting
    job = Job(
        kind=kind,
        unique_key=unique_key,
        state="queued",
        cause=cause,
        enqueued_by=actor.actor_id,
        enqueued_at=moment,
        due_at=moment,
    )
    session.add(job)
    session.flush()
    return job


def cancel_job(session: Session, *, actor: Actor, job_id: int) -> Job:
    """Take a waiting job off the queue at once; one that runs stops at its next step and leaves nothing behind."""
    check_permission(actor, Permission.PROMOTE_MODELS)
    job = get_job(session, job_id)
    audit.record(session, actor=actor, deed="job.cancelled", subject=f"job:{job_id}", kind=job.kind, cause=job.cause)
    moment = now()
    for state, values in (
        ("queued", {"state": "cancelled", "finished_at": moment}),
        ("running", {"cancel_asked_at": moment}),
    ):
        change = sa.update(Job).where(Job.job_id == job_id, Job.state == state).values(values)
        if session.execute(change.returning(Job.job_id)).one_or_none() is not None:
            session.refresh(job)
            return job
    raise ConflictError(f"Задание № {job_id} уже закончено.", job_id=job_id)
