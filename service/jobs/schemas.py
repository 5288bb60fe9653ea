"""Wire shapes of jobs."""

from datetime import datetime
from typing import Literal

from service.wire import Wire


class JobRow(Wire):
    """One piece of work."""

    job_id: int
    kind: str  # training
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    cause: str  # edition krasnodar-2024H1 | outcomes 512 | schedule | by hand
    enqueued_at: datetime
    due_at: datetime  # not begun before; later than enqueued_at after a failed attempt
    attempts: int
    started_at: datetime | None
    progress: float  # 0 to 1
    result: str | None  # of a training: the version
    error: str | None  # class and a Russian sentence
    finished_at: datetime | None
    cancel_asked_at: datetime | None
    is_stuck: bool  # runs, but its worker's lease ran out: the next free worker takes it


class JobList(Wire):
    """GET /v1/jobs, newest first."""

    jobs: list[JobRow]
