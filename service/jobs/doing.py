"""Doing a job under its lease: a heartbeat renews it, each step tells progress and learns whether to go on."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.db import Database
from service.jobs.leases import (
    JobCancelledError,
    Lease,
    LeaseLostError,
    fail_job,
    finish_job,
    put_back,
    renew_lease,
    stop_job,
)

BEATS_A_LEASE = 3
Made = TypeVar("Made")


class Held:
    """A job that this process does."""

    def __init__(self, database: Database, lease: Lease, seconds: float) -> None:
        self.database, self.lease, self.seconds = database, lease, seconds
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name=f"job-{lease.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._heart.join()

    def report(self, progress: float) -> None:
        """Tell how far the work is, 0 to 1; raises when it must not go on."""
        with self.database.writing() as session:
            renew_lease(session, self.lease, seconds=self.seconds, progress=min(max(progress, 0.0), 1.0))

    def finish(self, session: Session, *, result: str) -> None:
        """Mark the job done in the transaction of its effect; raises, and so undoes the effect, when it must not be."""
        finish_job(session, self.lease, result=result)

    def _beat(self) -> None:
        while not self._over.wait(self.seconds / BEATS_A_LEASE):
            try:
                with self.database.writing() as session:
                    renew_lease(session, self.lease, seconds=self.seconds)
            except (LeaseLostError, JobCancelledError):
                return  # the work learns it at its next step
            except sa.exc.SQLAlchemyError:
                continue  # busy or gone for a moment: the next beat may get through


def do_job(
    database: Database,
    lease: Lease,
    work: Callable[[Held], Made],
    *,
    seconds: float,
    if_stopped: Callable[[Session, Lease], None] = put_back,
) -> Made:
    """Do a job whose lease this process has; what becomes of it when that fails is noted, and the error goes on."""
    try:
        with Held(database, lease, seconds) as held:
            return work(held)
    except LeaseLostError:
        raise
    except JobCancelledError:
        with database.writing() as session:
            stop_job(session, lease)
        raise
    except Exception as error:
        with database.writing() as session:
            fail_job(session, lease, error)
        raise
    except BaseException:  # told to stop: another may go on at once
        with database.writing() as session:
            if_stopped(session, lease)
        raise
