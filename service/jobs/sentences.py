"""What the operator reads about the training that matters now."""

from datetime import datetime, timedelta

from service.jobs.queries import is_stuck
from service.tables import Job

PATIENCE = timedelta(minutes=10)  # a training that nobody begins for so long has no worker


def said_of_training(job: Job, moment: datetime) -> tuple[bool, str]:
    """Whether all is well with it, and a sentence that says what to do."""
    if is_stuck(job, moment):
        return False, f"№ {job.job_id} прервалось на {job.progress:.0%}: продолжит orientir worker или orientir train"
    if job.state == "running":
        return True, f"№ {job.job_id} идёт, {job.progress:.0%}, из-за: {job.cause}"
    if job.state == "queued" and job.error is not None:
        return False, f"№ {job.job_id} не удалось ({job.error}) и повторится в {job.due_at:%H:%M} UTC"
    if job.state == "queued":
        is_fine = moment - job.due_at < PATIENCE
        return is_fine, f"№ {job.job_id} ждёт из-за: {job.cause}. Делает orientir worker или orientir train"
    if job.state == "failed":
        return False, f"№ {job.job_id} не удалось ({job.error}): устраните причину и выполните orientir train"
    return True, "ничего не ждёт"
