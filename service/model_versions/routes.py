"""Model versions over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, status

from service.access import Actor, Permission
from service.declared import DeclaringRoute, SomeFields
from service.jobs.queries import job_row
from service.jobs.schemas import JobRow
from service.model_versions import queries
from service.model_versions.actions import promote_version, roll_back
from service.model_versions.schemas import ModelVersionList, ModelVersionRow, Promotion, Rollback
from service.once import ONCE
from service.parameters import Version
from service.retraining import ask_for_training
from service.web import AppSettings, Permitted, Reads, Writes

router = APIRouter(prefix="/model-versions", tags=["model versions"], route_class=DeclaringRoute)

Reader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]
Promoter = Annotated[Actor, Depends(Permitted(Permission.PROMOTE_MODELS))]


@router.get("", dependencies=[Depends(SomeFields(ModelVersionList))])
def list_versions(_actor: Reader, session: Reads) -> ModelVersionList:
    """Версии модели, новые первыми."""
    return queries.list_versions(session)


@router.post("", status_code=status.HTTP_202_ACCEPTED, dependencies=ONCE)
def train(actor: Promoter, session: Writes) -> JobRow:
    """Обучить новую версию: ставится в очередь; ход — GET /v1/jobs/{job_id}."""
    return job_row(ask_for_training(session, actor=actor))


@router.post("/{version}/promotion", dependencies=ONCE)
def promote(
    version: Version, actor: Promoter, session: Writes, settings: AppSettings, wanted: Promotion | None = None
) -> ModelVersionRow:
    """Сделать версию действующей; если проверка против неё, нужна причина, и она записывается."""
    although = wanted.although if wanted is not None else None
    row = promote_version(session, actor=actor, version=version, settings=settings, although=although)
    return queries.version_row(row, version)


@router.post("/rollback", dependencies=ONCE)
def take_back(
    actor: Promoter, session: Writes, settings: AppSettings, wanted: Rollback | None = None
) -> ModelVersionRow:
    """Вернуть версию, которая действовала до нынешней; если названа другая, чем вернулась бы, — отказ."""
    named = wanted.version if wanted is not None else None
    version = roll_back(session, actor=actor, settings=settings, wanted=named)
    return queries.version_row(queries.get_version(session, version), version)
