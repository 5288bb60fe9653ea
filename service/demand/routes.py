"""Demand editions over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, status

from service.access import Actor, Permission
from service.catalogue.queries import get_reference, read_catalogue
from service.demand import queries
from service.demand.actions import publish_edition
from service.demand.schemas import Edition, EditionAdded, EditionChange, EditionList
from service.installation import get_today
from service.web import CSV_BODY, AppSettings, Permitted, RawBody, Reads, Writes

router = APIRouter(prefix="/demand-editions", tags=["demand"])

Reader = Annotated[Actor, Depends(Permitted(Permission.READ_DEMAND))]
Publisher = Annotated[Actor, Depends(Permitted(Permission.PUBLISH_DEMAND))]


@router.get("")
def list_editions(_actor: Reader, session: Reads, settings: AppSettings) -> EditionList:
    """Редакции перечня, новые первыми."""
    in_force = queries.find_code_in_force(session, settings, get_today(session, settings).as_of)
    return EditionList(editions=queries.list_editions(session, in_force))


@router.get("/{code}")
def get_edition(code: str, _actor: Reader, session: Reads, settings: AppSettings) -> Edition:
    """Одна редакция целиком."""
    in_force = queries.find_code_in_force(session, settings, get_today(session, settings).as_of)
    return queries.show_edition(queries.get_edition(session, code), get_reference(settings), in_force)


@router.get("/{code}/difference")
def compare_editions(
    code: str,
    _actor: Reader,
    session: Reads,
    settings: AppSettings,
    from_code: Annotated[str, Query(alias="from", max_length=64)],
) -> EditionChange:
    """Чем одна редакция отличается от другой."""
    old, new = queries.get_edition(session, from_code), queries.get_edition(session, code)
    catalogue = read_catalogue(session, get_today(session, settings).school_year)
    return queries.compare_editions(old, new, get_reference(settings), catalogue)


@router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=CSV_BODY)
def add_edition(content: RawBody, actor: Publisher, session: Writes, settings: AppSettings) -> EditionAdded:
    """Опубликовать редакцию (CSV); повторная отправка того же файла ничего не меняет."""
    return publish_edition(session, actor=actor, content=content, reference=get_reference(settings), settings=settings)
