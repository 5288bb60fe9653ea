"""Observations over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from service.access import Actor, Permission
from service.monitoring import queries
from service.monitoring.schemas import ObservationList
from service.web import AppSettings, Permitted, Reads

router = APIRouter(prefix="/observations", tags=["model versions"])

Reader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]


@router.get("")
def list_observations(
    _actor: Reader,
    request: Request,
    session: Reads,
    settings: AppSettings,
    limit: Annotated[int, Query(ge=1, le=400)] = 60,
) -> ObservationList:
    """Наблюдения за моделью, новые первыми, и одним предложением — можно ли полагаться на списки."""
    serving = request.app.state.shelf.take(session)
    return queries.list_observations(session, serving, limit=limit, watch_days=settings.watch_days)
