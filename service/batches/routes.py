"""Batches over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status
from fastapi.responses import FileResponse

from service import audit
from service.access import Actor, Permission
from service.batches import actions
from service.batches.schemas import MEDIA_TYPES, BatchList, BatchRow, NewBatch
from service.declared import DeclaringRoute, SomeFields
from service.errors import NotFoundError
from service.once import ONCE
from service.web import AppSettings, Number, Permitted, Reads, Units, Writes, attachment

router = APIRouter(prefix="/batches", tags=["batches"], route_class=DeclaringRoute)

ListReader = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]


@router.post("", status_code=status.HTTP_202_ACCEPTED, dependencies=ONCE)
def ask_for_batch(
    wanted: NewBatch, actor: ListReader, session: Writes, settings: AppSettings, response: Response
) -> BatchRow:
    """Списки класса или школы одним файлом; готовит работник."""
    batch = actions.ask_for_batch(session, actor=actor, wanted=wanted, settings=settings)
    response.headers["Location"] = f"/v1/batches/{batch.batch_id}"
    return actions.batch_row(session, batch)


@router.get("", dependencies=[Depends(SomeFields(BatchList))])
def list_batches(actor: ListReader, session: Reads, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> BatchList:
    """Выгрузки моей школы, новые первыми."""
    return actions.list_batches(session, actor, limit)


@router.get("/{batch_id}")
def get_batch(batch_id: Number, actor: ListReader, session: Reads) -> BatchRow:
    """Одна выгрузка: доля сделанного, версия модели, контрольная сумма."""
    return actions.batch_row(session, actions.get_batch(session, actor, batch_id))


@router.get("/{batch_id}/file", response_class=FileResponse)
def get_file(batch_id: Number, actor: ListReader, database: Units, settings: AppSettings) -> FileResponse:
    """Файл выгрузки; скачивание записывается."""
    with database.reading() as session:
        batch = actions.get_batch(session, actor, batch_id)
        path = actions.batch_file(settings, batch)
        if batch.removed_at is not None or batch.checksum is None or not path.is_file():
            raise NotFoundError("Файла выгрузки нет: она ещё готовится или её срок истёк.")
        media_type, etag = MEDIA_TYPES[batch.file_format], f'"{batch.checksum}"'
    with database.writing() as session:
        audit.record(session, actor=actor, deed="batch.downloaded", subject=f"batch:{batch_id}")
    return FileResponse(path, media_type=media_type, headers={"ETag": etag, **attachment(path.name)})


@router.delete("/{batch_id}", status_code=status.HTTP_204_NO_CONTENT)
def give_up(batch_id: Number, actor: ListReader, session: Writes) -> None:
    """Отменить выгрузку и убрать её файл."""
    actions.give_up_batch(session, actor=actor, batch_id=batch_id)
