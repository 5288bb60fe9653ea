"""Imports over HTTP."""

import re
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Query, Response

from service import audit
from service.access import Actor, Permission
from service.catalogue.queries import get_reference
from service.declared import DeclaringRoute, SomeFields
from service.documents.kinds import name_by_content
from service.imports.actions import Mode
from service.imports.bringing import (
    LARGE_BYTES,
    bring,
    enqueue_intake,
    get_intake,
    import_upload,
    list_intakes,
    show_intake,
)
from service.imports.intake import Brought, mark_intake
from service.imports.meanings import keep_meaning
from service.imports.schemas import (
    ImportReport,
    IntakeList,
    IntakeReport,
    IntakeRow,
    Meaning,
    MeaningKept,
    Survey,
    Taking,
)
from service.imports.undoing import undo_intake
from service.imports.vocabularies import get_tools
from service.installation import get_today
from service.once import ONCE, DoneOnce
from service.parameters import ClassId, TableName
from service.web import (
    AppSettings,
    Number,
    OnceUnits,
    Permitted,
    RawBody,
    Reads,
    Units,
    Writes,
    attachment,
    csv_body,
    file_body,
)

router = APIRouter(tags=["imports"], route_class=DeclaringRoute)

BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FILE_NAME = re.compile(r"""filename\*=UTF-8''([^;]+)|filename="([^"]+)\"""", re.IGNORECASE)

KitReader = Annotated[Actor, Depends(Permitted(Permission.READ_NAMES))]
Importer = Annotated[Actor, Depends(Permitted(Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION))]

MARKS = "student_id,school_year,term,math,phys\ns2222222,2023-24,4,5,5\n"


CLASS_LIST = "ФИО;Класс;Пол\nОльхина Вера;9А;ж\nКедрова Инна;9А;ж\n"
BOOK_BODY = file_body("application/octet-stream", CLASS_LIST)
KIT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {each: {"schema": {"type": "string", "format": "binary"}} for each in (BOOK_TYPE, FORM_TYPE)},
        "description": "Анкета",
    }
}
BOOK_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {BOOK_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "Книга XLSX"}
}


def file_name_of(
    content_disposition: Annotated[
        str | None,
        Header(
            max_length=1000,
            description="Имя файла: attachment; filename*=UTF-8''otmetki.xlsx. Не в адресе: в имени бывают фамилии",
        ),
    ] = None,
) -> str | None:
    """Name that a file was sent under; not in the address, where names of children must not stand."""
    found = FILE_NAME.search(content_disposition or "")
    return unquote(found[1] or found[2]) if found is not None else None


def brought_of(
    content: RawBody,
    name: Annotated[str | None, Depends(file_name_of)],
    mode: Annotated[Mode, Query(examples=["apply"])] = "check",
    taking: Annotated[Taking, Query(description="all: всё или ничего; good: только строки без ошибок")] = "all",
    table: Annotated[str | None, Query(max_length=64, description="Вид таблицы; без него — по заголовкам")] = None,
) -> Brought:
    """A file and what is wanted of it."""
    return Brought(name or name_by_content(content), content, mode, taking, table)


# reports speak of children: none of them is kept under a key
BROUGHT = DoneOnce(remedy="Этот файл уже принят: чем кончилось, сказано среди загрузок.")
UNDONE = DoneOnce(number="intake_id", again=show_intake)

File = Annotated[Brought, Depends(brought_of)]


@router.get("/intakes", dependencies=[Depends(SomeFields(IntakeList))])
def list_imports(actor: Importer, session: Reads, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> IntakeList:
    """Загрузки моей школы, новые первыми; какую ещё можно отменить."""
    return list_intakes(session, actor, limit)


@router.get("/intakes/{intake_id}")
def get_import(intake_id: Number, actor: Importer, session: Reads) -> IntakeRow:
    """Одна загрузка: доля сделанного и отчёт."""
    return show_intake(session, actor, intake_id)


@router.post(
    "/imports",
    openapi_extra=BOOK_BODY,
    response_model=IntakeReport,
    responses={202: {"model": IntakeRow, "description": "Большой файл ждёт исполнителя"}},
    dependencies=[Depends(BROUGHT)],
)
def bring_file(
    actor: Importer, brought: File, units: OnceUnits, database: Units, settings: AppSettings
) -> IntakeReport | Response:
    """Проверить или загрузить файл как есть: XLSX, XLS, ODS, CSV, TSV, архив OneRoster."""
    if len(brought.content) > LARGE_BYTES:
        with units.writing() as session:
            row = enqueue_intake(session, actor=actor, brought=brought)
        location = {"Location": f"/v1/intakes/{row.intake_id}"}
        return Response(row.model_dump_json(), status_code=202, headers=location, media_type="application/json")
    where = database if brought.mode == "check" else units  # a check writes nothing and is kept under no key
    return bring(where, actor=actor, tools=get_tools(settings), brought=brought)


@router.post("/marked-copies", openapi_extra=BOOK_BODY, response_class=Response, responses=BOOK_ANSWER)
def mark_file(actor: Importer, brought: File, database: Units, settings: AppSettings) -> Response:
    """Копия файла, в которой ошибочные ячейки окрашены и подписаны; ничего не сохраняется."""
    copy = mark_intake(database, actor=actor, tools=get_tools(settings), brought=brought)
    return Response(copy, media_type=BOOK_TYPE, headers=attachment("zamechaniya.xlsx"))


@router.post("/intakes/{intake_id}/undo", dependencies=[Depends(UNDONE)])
def undo_import(intake_id: Number, actor: Importer, units: OnceUnits) -> IntakeRow:
    """Отменить последнюю загрузку школы: строки станут прежними, если на них ещё ничего не построено."""
    with units.writing() as session:
        undo_intake(session, actor=actor, intake=get_intake(session, actor, intake_id))
        return show_intake(session, actor, intake_id)


@router.put("/column-meanings")
def settle_columns(actor: Importer, meaning: Meaning, session: Writes, settings: AppSettings) -> MeaningKept:
    """Сказать, что означают столбцы таких файлов: запоминается для школы."""
    return keep_meaning(session, actor=actor, tools=get_tools(settings), meaning=meaning)


@router.get("/classes/{class_id}/survey-kit", response_class=Response, responses=KIT_ANSWER)
def get_survey_kit(
    class_id: ClassId,
    actor: KitReader,
    database: Units,
    settings: AppSettings,
    survey: Annotated[Survey, Query(description="Анкета", examples=["exams"])],
    form: Annotated[bool, Query(description="Бланк для печати (DOCX) вместо книги для заполнения")] = False,
) -> Response:
    """Анкета класса по каталогу школы: книга, которую заполняют и загружают обратно, или бланк для печати."""
    from service.imports.survey_kit import survey_book, survey_form  # noqa: PLC0415 -- heavy, and not every visitor needs it

    make, media_type, suffix = (survey_form, FORM_TYPE, "docx") if form else (survey_book, BOOK_TYPE, "xlsx")
    reference = get_reference(settings)
    with database.reading() as session:
        today = get_today(session, settings)
        made = make(session, actor=actor, reference=reference, class_id=class_id, survey=survey, today=today)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="class.read", subject=class_id)
    return Response(made, media_type=media_type, headers=attachment(f"anketa-{survey}-{class_id}.{suffix}"))


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
