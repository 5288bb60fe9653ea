"""What waits, runs, failed."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from service.clock import now
from service.errors import NotFoundError
from service.jobs.schemas import JobList, JobRow
from service.tables import Job


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Jobs of all kinds, for whoever watches over the installation."""

    queued: int
    running: int
    failed: int  # and not done since
    stuck: int  # of those running
    oldest_waiting_seconds: float  # since it was due


def get_job(session: Session, job_id: int) -> Job:
    """A job's row."""
    job = session.get(Job, job_id)
    if job is None:
        raise NotFoundError(f"Задания № {job_id} нет.", job_id=job_id)
    return job


def list_jobs(session: Session, *, kind: str, limit: int) -> JobList:
    """The newest jobs of a kind."""
    query = sa.select(Job).where(Job.kind == kind).order_by(Job.job_id.desc()).limit(limit)
    return JobList(jobs=[job_row(job) for job in session.scalars(query)])


def find_current(session: Session, kind: str) -> Job | None:
    """The job of a kind that matters now: the one that runs, else the one that waits, else the last."""
    turn = sa.case((Job.state == "running", 0), (Job.state == "queued", 1), else_=2)
    return session.scalars(
        sa.select(Job).where(Job.kind == kind).order_by(turn, Job.job_id.desc()).limit(1)
    ).one_or_none()


def find_waiting(session: Session, kind: str) -> Job | None:
    """The oldest job of a kind that nobody has begun."""
    return session.scalars(
        sa.select(Job).where(Job.kind == kind, Job.state == "queued").order_by(Job.job_id).limit(1)
    ).one_or_none()


def count_jobs(session: Session) -> JobCounts:
    """How many wait, run, have failed, and since when the oldest could have begun."""
    moment = now()
    later = aliased(Job)
    is_made_good = sa.exists().where(
        later.kind == Job.kind,
        later.unique_key == Job.unique_key,
        later.state == "done",
        later.finished_at > Job.finished_at,
    )

    def count(*where: sa.ColumnElement[bool]) -> int:
        return session.scalar(sa.select(sa.func.count()).select_from(Job).where(*where)) or 0

    is_due = (Job.state == "queued", Job.due_at <= moment)
    oldest = session.scalars(sa.select(Job.due_at).where(*is_due).order_by(Job.due_at).limit(1)).first()
    return JobCounts(
        queued=count(Job.state == "queued"),
        running=count(Job.state == "running"),
        failed=count(Job.state == "failed", ~is_made_good),
        stuck=count(Job.state == "running", Job.lease_until < moment),
        oldest_waiting_seconds=(moment - oldest).total_seconds() if oldest is not None else 0.0,
    )


def job_row(job: Job) -> JobRow:
    """A job on the wire; who asked for it stands in the audit."""
    return JobRow(
        job_id=job.job_id,
        kind=job.kind,
        state=job.state,  # type: ignore[arg-type] # the database knows no other words
        cause=job.cause,
        enqueued_at=job.enqueued_at,
        due_at=job.due_at,
        attempts=job.attempts,
        started_at=job.started_at,
        progress=job.progress,
        result=job.result,
        error=job.error,
        finished_at=job.finished_at,
        cancel_asked_at=job.cancel_asked_at,
        is_stuck=is_stuck(job, now()),
    )


def is_stuck(job: Job, moment: datetime) -> bool:
    """Whether whoever began it has not been heard of for a whole lease."""
    return job.state == "running" and job.lease_until is not None and job.lease_until < moment
