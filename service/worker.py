"""The worker: takes one job after another, quietly beside the service, until it is told to stop."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from types import FrameType

import sqlalchemy as sa
import structlog
from threadpoolctl import threadpool_limits

from service.access import OPERATOR
from service.anchors import note_anchor
from service.batches.sweeping import sweep
from service.clock import now
from service.db import Database
from service.events.due import enqueue_due, find_due_webhooks
from service.events.sweeping import sweep_events
from service.imports.sweeping import sweep_contents
from service.jobs.actions import BATCH, DELIVERING, INTAKE, TRAINING, WATCHING
from service.jobs.doing import Held, do_job
from service.jobs.leases import JobCancelledError, Lease, LeaseLostError, claim_job, claimable
from service.log import frames_of
from service.privacy.notes import note_erasures
from service.request_keys import forget_old_keys
from service.retraining import enqueue_training, is_training_due
from service.settings import Settings, read_secret_key
from service.surveys.sweeping import end_late_rounds
from service.watching import enqueue_watching, find_watching_cause

log = structlog.get_logger()

POLL_SECONDS = 1.0
SWEEP_SECONDS = 60.0  # so soon files of batches, keys of requests and events go that are not to stand any more
AFTER_TROUBLE_SECONDS = 5.0  # with the database
NICENESS = 10
SCHEDULE = "schedule"

Work = Callable[[Database, Held, Settings], str]


def _train(database: Database, held: Held, settings: Settings) -> str:
    from service.model_versions.training import train_held  # scikit-learn only where there is something to train

    return train_held(database, held, settings=settings)


def _watch(database: Database, held: Held, settings: Settings) -> str:
    from service.monitoring.actions import watch_held  # and the ranking only where there is something to look at

    return watch_held(database, held, settings=settings)


def _make_batch(database: Database, held: Held, settings: Settings) -> str:
    from service.batches.making import make_held  # and the ranking only where there is something to rank

    return make_held(database, held, settings=settings, batch_id=_number_of(held))


def _deliver(database: Database, held: Held, settings: Settings) -> str:
    from service.events.delivering import deliver_held  # and the network only where somebody is to be told

    return deliver_held(database, held, settings=settings, webhook_id=_number_of(held))


def _bring(database: Database, held: Held, settings: Settings) -> str:
    from service.imports.bringing import bring_held  # and numpy and the words of schools only with a file
    from service.imports.vocabularies import get_tools

    return bring_held(database, held, tools=get_tools(settings), intake_id=_number_of(held))


def _number_of(held: Held) -> int:
    """Of the batch or webhook that a job is for."""
    return int(held.lease.unique_key.partition(":")[2])


WORKS: Mapping[str, Work] = {
    TRAINING: _train,
    WATCHING: _watch,
    BATCH: _make_batch,
    DELIVERING: _deliver,
    INTAKE: _bring,
}


class Stopping:
    """Being told to stop: at once where that leaves nothing behind, elsewhere as soon as it does."""

    def __init__(self) -> None:
        self.asked = False
        self._may_break_off = False

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """What SIGTERM and SIGINT do; once is enough."""
        for later in (signal.SIGTERM, signal.SIGINT):
            signal.signal(later, signal.SIG_IGN)
        self.asked = True
        if self._may_break_off:
            raise SystemExit(0)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is done inside may be broken off anywhere: a job in hand is given back by whoever holds it."""
        self._may_break_off = True
        try:
            if self.asked:
                raise SystemExit(0)
            yield
        finally:
            self._may_break_off = False


def run_worker(database: Database, settings: Settings, *, once: bool, beside_service: bool = False) -> None:
    """Do what is due and, without `once`, whatever comes, until SIGTERM or SIGINT; a job in hand is given back."""
    stopping = Stopping()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopping.ask)
    os.nice(NICENESS)
    if beside_service:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    log.info("worker started", worker=os.getpid())
    anchored: date | None = None
    swept_at = -math.inf
    try:
        while not stopping.asked:
            pause = POLL_SECONDS
            try:
                # before a job is claimed: trouble with these must not leave it under a lease that nobody works on
                anchored = _anchor_daily(database, settings, anchored)
                if time.monotonic() - swept_at > SWEEP_SECONDS:
                    swept_at = time.monotonic()
                    sweep(database, settings)
                    forget_old_keys(database)
                    sweep_events(database, settings)
                    sweep_contents(database)
                    end_late_rounds(database, settings)
                lease = next_lease(database, settings)
            except sa.exc.SQLAlchemyError as error:  # busy, restarting, or another worker was quicker
                log.warning("database trouble", error=type(error).__name__)
                lease, pause = None, AFTER_TROUBLE_SECONDS
            else:
                if lease is None and once:
                    return
            if lease is not None:
                do_next(database, settings, lease, stopping)
                continue
            with stopping.at_once():
                time.sleep(pause)
    finally:
        log.info("worker stopped", worker=os.getpid())


def _anchor_daily(database: Database, settings: Settings, last: date | None) -> date:
    """Note once a day, beside the database, where the audit ends."""
    today = now().date()
    if today != last:
        try:
            note_anchor(database, settings.audit_anchor_file, read_secret_key(settings))
        except OSError as error:
            log.error("audit not anchored", error=type(error).__name__)
        note_erasures(database, settings)  # whoever erased may have died before it was noted
    return today


def next_lease(database: Database, settings: Settings) -> Lease | None:
    """The next job; looks without writing, so that an idle worker disturbs nobody."""
    kinds = tuple(WORKS)
    with database.reading() as session:
        is_due = is_training_due(session, days=settings.retrain_days)
        is_worth_a_look = find_watching_cause(session, days=settings.watch_days) is not None
        is_waited_for = session.scalars(claimable(now(), kinds).limit(1)).first() is not None
        is_telling = bool(find_due_webhooks(session))
    if not (is_due or is_worth_a_look or is_waited_for or is_telling):
        return None
    with database.writing() as session:
        if is_training_due(session, days=settings.retrain_days):
            enqueue_training(session, actor=OPERATOR, cause=SCHEDULE)
        cause = find_watching_cause(session, days=settings.watch_days)
        if cause is not None:
            enqueue_watching(session, cause=cause)
        enqueue_due(session)
        return claim_job(session, kinds=kinds, seconds=settings.job_lease_seconds)


def do_next(database: Database, settings: Settings, lease: Lease, stopping: Stopping) -> None:
    """Do one job; what went wrong is in its row and, without anybody's data, in the log."""
    told = {"job_id": lease.job_id, "kind": lease.kind, "attempt": lease.attempt, "worker": os.getpid()}
    log.info("job begun", **told)

    def work(held: Held) -> str:
        with stopping.at_once():
            return WORKS[lease.kind](database, held, settings)

    try:
        with threadpool_limits(limits=1):
            result = do_job(database, lease, work, seconds=settings.job_lease_seconds)
    except (LeaseLostError, JobCancelledError) as error:
        log.info("job left", reason=type(error).__name__, **told)
    except Exception as error:
        log.error("job failed", error=type(error).__name__, frames=frames_of(error), **told)
    else:
        log.info("job done", result=result, **told)


def _end_with_parent() -> None:
    """The service holds the other end of standard input; however it ends, it lets go."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
