"""Imports over HTTP."""

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service.access import Actor, Permission
from service.catalogue.queries import get_reference
from service.declared import DeclaringRoute
from service.imports.actions import Mode, import_upload
from service.imports.schemas import ImportReport
from service.imports.vocabularies import ImportTools, make_tools
from service.once import ONCE
from service.parameters import TableName
from service.settings import Settings
from service.web import AppSettings, OnceUnits, Permitted, RawBody, csv_body

router = APIRouter(tags=["imports"], route_class=DeclaringRoute)

Importer = Annotated[Actor, Depends(Permitted(Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION))]

MARKS = "student_id,school_year,term,math,phys\ns2222222,2023-24,4,5,5\n"


@lru_cache(maxsize=1)
def get_tools(settings: Settings) -> ImportTools:
    """Reference data and formats of this process."""
    return make_tools(get_reference(settings), settings)


@router.post("/imports/{table}", openapi_extra=csv_body(MARKS), dependencies=ONCE)
def import_file(
    table: TableName,
    actor: Importer,
    content: RawBody,
    units: OnceUnits,
    settings: AppSettings,
    mode: Annotated[Mode, Query(examples=["apply"])] = "check",
) -> ImportReport:
    """Проверить или загрузить таблицу (CSV); повторная загрузка того же файла ничего не меняет."""
    return import_upload(units, actor=actor, tools=get_tools(settings), table=table, content=content, mode=mode)
