"""Files of batches go when their time is over, when they are given up, when a child they may name is erased."""

import shutil

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.clock import now
from service.db import Database
from service.settings import Settings
from service.tables import Batch


def sweep(database: Database, settings: Settings) -> int:
    """Remove files whose time is over or whose batch was given up; how many went."""
    over = sa.and_(Batch.removed_at.is_(None), Batch.expires_at < now())
    with database.reading() as session:
        is_due = session.scalar(sa.select(Batch.batch_id).where(over).limit(1)) is not None
    if is_due:
        with database.writing() as session:
            session.execute(sa.update(Batch).where(over).values(removed_at=now()))
    with database.reading() as session:
        return _remove_folders(session, settings)


def _remove_folders(session: Session, settings: Settings) -> int:
    standing = {str(number) for number in session.scalars(sa.select(Batch.batch_id).where(Batch.removed_at.is_(None)))}
    if not settings.batches_dir.is_dir():
        return 0
    gone = [folder for folder in settings.batches_dir.iterdir() if folder.name not in standing]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)
