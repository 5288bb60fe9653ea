"""Model versions over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, status

from service.access import Actor, Permission
from service.jobs.queries import job_row
from service.jobs.schemas import JobRow
from service.model_versions import queries
from service.model_versions.actions import promote_version
from service.model_versions.schemas import ModelVersionList, ModelVersionRow
from service.retraining import ask_for_training
from service.web import AppSettings, Permitted, Reads, Writes

router = APIRouter(prefix="/model-versions", tags=["model versions"])

Reader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]
Promoter = Annotated[Actor, Depends(Permitted(Permission.PROMOTE_MODELS))]


@router.get("")
def list_versions(_actor: Reader, session: Reads) -> ModelVersionList:
    """Версии модели, новые первыми."""
    return queries.list_versions(session)


@router.post("", status_code=status.HTTP_202_ACCEPTED)
def train(actor: Promoter, session: Writes) -> JobRow:
    """Обучить новую версию: ставится в очередь; ход — GET /v1/jobs/{job_id}."""
    return job_row(ask_for_training(session, actor=actor))


@router.post("/{version}/promotion")
def promote(version: str, actor: Promoter, session: Writes, settings: AppSettings) -> ModelVersionRow:
    """Сделать версию действующей; прежнюю можно вернуть так же."""
    row = promote_version(session, actor=actor, version=version, settings=settings)
    return queries.version_row(row, version)
