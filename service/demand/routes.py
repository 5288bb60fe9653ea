"""Demand editions over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from service.access import Actor, Permission
from service.catalogue.queries import get_reference, read_catalogue
from service.declared import DeclaringRoute, SomeFields
from service.demand import queries
from service.demand.actions import publish_edition
from service.demand.schemas import Edition, EditionAdded, EditionChange, EditionList, PathwayWeights
from service.errors import NotFoundError
from service.installation import get_today
from service.once import ONCE
from service.parameters import EditionCode, SourcedCode
from service.web import AppSettings, Permitted, RawBody, Reads, Writes, attachment, csv_body

router = APIRouter(prefix="/demand-editions", tags=["demand"], route_class=DeclaringRoute)

Reader = Annotated[Actor, Depends(Permitted(Permission.READ_DEMAND))]
Publisher = Annotated[Actor, Depends(Permitted(Permission.PUBLISH_DEMAND))]


@router.get("", dependencies=[Depends(SomeFields(EditionList))])
def list_editions(_actor: Reader, session: Reads, settings: AppSettings) -> EditionList:
    """Редакции перечня, новые первыми."""
    as_of = get_today(session, settings).as_of
    in_force = queries.find_code_in_force(session, settings, as_of)
    return EditionList(editions=queries.list_editions(session, in_force, as_of))


@router.get("/{code}")
def get_edition(code: EditionCode, _actor: Reader, session: Reads, settings: AppSettings) -> Edition:
    """Одна редакция целиком."""
    as_of = get_today(session, settings).as_of
    in_force = queries.find_code_in_force(session, settings, as_of)
    return queries.show_edition(queries.get_edition(session, code), get_reference(settings), in_force, as_of)


@router.get("/{code}/weights")
def weigh_pathways(code: EditionCode, _actor: Reader, session: Reads, settings: AppSettings) -> PathwayWeights:
    """Вес спроса каждого пути этого учебного года по редакции: из каких строк и множителей он сложен."""
    catalogue = read_catalogue(session, get_today(session, settings).school_year)
    weighed = queries.weigh_pathways(session, code, get_reference(settings), catalogue)
    return PathwayWeights(edition_code=code, pathways=weighed)


@router.get("/{code}/source", response_class=Response)
def get_source(code: SourcedCode, _actor: Reader, session: Reads) -> Response:
    """Документ, из которого прочитана редакция, как он был загружен."""
    row = queries.get_edition(session, code)
    if row.source is None:
        raise NotFoundError("Редакция загружена таблицей CSV: исходного документа нет.", edition_code=code)
    return Response(row.source, media_type="application/octet-stream", headers=attachment(row.source_name or code))


@router.get("/{code}/difference")
def compare_editions(
    code: EditionCode,
    _actor: Reader,
    session: Reads,
    settings: AppSettings,
    from_code: Annotated[str, Query(alias="from", max_length=64, examples=["krasnodar-2023H2"])],
) -> EditionChange:
    """Чем одна редакция отличается от другой."""
    catalogue = read_catalogue(session, get_today(session, settings).school_year)
    return queries.compare_editions(session, from_code, code, get_reference(settings), catalogue)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=csv_body(kept="../data/demand/krasnodar-2024H1.csv"),
    dependencies=ONCE,
)
def add_edition(actor: Publisher, content: RawBody, session: Writes, settings: AppSettings) -> EditionAdded:
    """Опубликовать редакцию (CSV); повторная отправка того же файла ничего не меняет."""
    return publish_edition(session, actor=actor, content=content, reference=get_reference(settings), settings=settings)
