"""When the version that serves is looked at again: after a promotion, after imports, day by day."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import OPERATOR
from service.clock import now
from service.jobs.actions import REGION, WATCHING, enqueue_job
from service.tables import ActiveModel, ImportRun, Job, Observation

SCHEDULE, IMPORTS, PROMOTION = "schedule", "imports", "promotion {version}"
PAUSE = timedelta(minutes=10)  # files come one after another: the last of them is waited for


def find_watching_cause(session: Session, *, days: int | None) -> str | None:
    """Why the version that serves should be looked at now; None where nothing has changed since that was asked."""
    active = session.scalars(sa.select(ActiveModel)).one_or_none()
    if active is None:
        return None
    asked_at = session.scalar(sa.select(sa.func.max(Job.enqueued_at)).where(Job.kind == WATCHING))
    seen_at = session.scalar(sa.select(sa.func.max(Observation.observed_at)))
    known_at = max((moment for moment in (asked_at, seen_at) if moment is not None), default=None)
    if known_at is None or active.promoted_at > known_at:
        return PROMOTION.format(version=active.version)
    imported_at = session.scalar(sa.select(ImportRun.applied_at).order_by(ImportRun.import_run_id.desc()).limit(1))
    if imported_at is not None and known_at < imported_at <= now() - PAUSE:
        return IMPORTS
    return SCHEDULE if _is_over(known_at, days) else None


def enqueue_watching(session: Session, *, cause: str) -> Job:
    """Ask for an observation."""
    return enqueue_job(session, actor=OPERATOR, kind=WATCHING, unique_key=REGION, cause=cause)


def _is_over(known_at: datetime, days: int | None) -> bool:
    return days is not None and known_at + timedelta(days=days) <= now()
