"""Work that is committed with its cause: one unfinished job a kind and key."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor
from service.clock import now
from service.db import lock_table
from service.tables import Job

TRAINING = "training"
LOCK_KEY = 0x0A0D18


def enqueue_job(session: Session, *, actor: Actor, kind: str, unique_key: str, cause: str) -> Job:
    """Add a job in its cause's own transaction; one that waits already takes the new cause along."""
    lock_table(session, LOCK_KEY)
    waiting = session.scalars(
        sa.select(Job).where(Job.kind == kind, Job.unique_key == unique_key, Job.state == "queued")
    ).one_or_none()
    if waiting is not None:
        # what began before this cause must not take it along: the job is as new as its newest cause
        waiting.cause, waiting.enqueued_at, waiting.enqueued_by = cause, now(), actor.actor_id
        return waiting
    moment = now()
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


def find_waiting(session: Session, kind: str) -> Job | None:
    """The oldest job of a kind that nobody has begun."""
    return session.scalars(
        sa.select(Job).where(Job.kind == kind, Job.state == "queued").order_by(Job.job_id).limit(1)
    ).one_or_none()


def finish_waiting(session: Session, *, kind: str, enqueued_until: datetime, result: str) -> int:
    """Mark jobs as done whose cause was there when the work began; how many."""
    lock_table(session, LOCK_KEY)
    of = sa.select(Job).where(Job.kind == kind, Job.state == "queued", Job.enqueued_at <= enqueued_until)
    jobs = session.scalars(of).all()
    for job in jobs:
        job.state, job.result, job.finished_at, job.progress = "done", result, now(), 1.0
    return len(jobs)


def count_waiting(session: Session) -> dict[str, int]:
    """Jobs that nobody has begun, by kind."""
    query = sa.select(Job.kind, sa.func.count()).where(Job.state == "queued").group_by(Job.kind).order_by(Job.kind)
    return dict(session.execute(query).all())
