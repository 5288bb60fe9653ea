"""Contents of files that no worker will read any more go."""

import sqlalchemy as sa

from service.db import Database
from service.tables import Intake, Job

ENDED = ("done", "failed", "cancelled")


def sweep_contents(database: Database) -> int:
    """Forget the content of files whose job has ended; how many."""
    ended = sa.select(Job.job_id).where(Job.state.in_(ENDED))
    kept = sa.and_(Intake.content.is_not(None), Intake.job_id.in_(ended))
    with database.reading() as session:
        found = list(session.scalars(sa.select(Intake.intake_id).where(kept)))
    if found:
        with database.writing() as session:
            session.execute(sa.update(Intake).where(kept).values(content=None))
    return len(found)
