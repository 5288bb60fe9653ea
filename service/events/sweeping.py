"""Events go when their time is over, their deliveries and the jobs that made those with them."""

from datetime import timedelta

import sqlalchemy as sa

from service.clock import now
from service.db import Database
from service.jobs.actions import DELIVERING
from service.settings import Settings
from service.tables import Event, Job


def sweep_events(database: Database, settings: Settings) -> int:
    """Remove what is older than ORIENTIR_EVENT_DAYS; how many events went."""
    before = now() - timedelta(days=settings.event_days)
    old_events = Event.occurred_at < before
    old_jobs = sa.and_(Job.kind == DELIVERING, Job.finished_at < before)
    with database.reading() as session:
        oldest = [session.scalar(sa.select(sa.literal(1)).where(old).limit(1)) for old in (old_events, old_jobs)]
    if oldest == [None, None]:
        return 0
    with database.writing() as session:
        session.execute(sa.delete(Job).where(old_jobs))
        return len(session.scalars(sa.delete(Event).where(old_events).returning(Event.event_id)).all())
