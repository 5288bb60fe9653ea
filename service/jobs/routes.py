"""Jobs over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service.access import Actor, Permission
from service.declared import DeclaringRoute, SomeFields
from service.errors import NotFoundError
from service.jobs import queries
from service.jobs.actions import TRAINING, cancel_job
from service.jobs.schemas import JobList, JobRow
from service.once import ONCE
from service.web import Number, Permitted, Reads, Writes

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=DeclaringRoute)

Reader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]
Canceller = Annotated[Actor, Depends(Permitted(Permission.PROMOTE_MODELS))]


@router.get("", dependencies=[Depends(SomeFields(JobList))])
def list_jobs(_actor: Reader, session: Reads, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> JobList:
    """Обучения, новые первыми: что ждёт, идёт, закончено."""
    return queries.list_jobs(session, kind=TRAINING, limit=limit)


@router.get("/{job_id}")
def get_job(job_id: Number, _actor: Reader, session: Reads) -> JobRow:
    """Одно задание: доля сделанного, итог, ошибка."""
    job = queries.get_job(session, job_id)
    if job.kind != TRAINING:  # other kinds are other readers' business
        raise NotFoundError(f"Задания № {job_id} нет.", job_id=job_id)
    return queries.job_row(job)


@router.post("/{job_id}/cancellation", dependencies=ONCE)
def cancel(job_id: Number, actor: Canceller, session: Writes) -> JobRow:
    """Отменить: ждущее — сразу, идущее — на ближайшем шаге; итога не будет."""
    return queries.job_row(cancel_job(session, actor=actor, job_id=job_id))
