"""The sheet of a student and the workbook of a class over HTTP: what is handed out is recorded."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from service import audit
from service.access import Actor, Permission, check_permission
from service.clock import now
from service.errors import ConflictError
from service.parameters import ClassId, StudentId
from service.recommendations.actions import recommend_class
from service.recommendations.asking import look_up
from service.recommendations.card import make_card
from service.recommendations.kept import Asked
from service.recommendations.schemas import MAX_DEMAND_STRENGTH, StudentRecommendations
from service.recommendations.showings import record_showings, shown_in
from service.sheets.content import ASKED, Sheet, make_sheet
from service.students.queries import list_students
from service.students.schemas import WorkbookReason
from service.web import AppSettings, Permitted, Units, attachment

router = APIRouter(tags=["recommendations"])

SheetReader = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]
FileFormat = Annotated[Literal["pdf", "docx"], Query(description="PDF для печати или DOCX, чтобы править")]
Reason = Annotated[
    WorkbookReason, Query(description="Зачем файл: записывается, и семья это увидит", examples=["class_hour"])
]
Strength = Annotated[float | None, Query(ge=0, le=MAX_DEMAND_STRENGTH, description="Сила учёта спроса, как на экране")]
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Лист", "content": {kind: {} for kind in MEDIA_TYPES.values()}}
}
SHOWN_ON_PAGE = 3  # as the page of the class asks: what it showed today is no new showing
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: dict[int | str, dict[str, Any]] = {200: {"description": "Книга", "content": {XLSX: {}}}}


@router.get("/students/{student_id}/sheet", response_class=Response, responses=FILES)
def get_sheet(
    student_id: StudentId,
    actor: SheetReader,
    database: Units,
    settings: AppSettings,
    request: Request,
    file_format: FileFormat = "pdf",
    demand_strength: Strength = None,
) -> Response:
    """Лист А4 ученику и родителям: по три предложения с доводами и сроками, экзамены, подписи."""
    shelf = request.app.state.shelf
    strength = settings.demand_strength if demand_strength is None else demand_strength
    asked = Asked(student_id, ASKED, strength, discovery=settings.discovery_place, edition=None)
    with database.reading() as session:
        card = make_card(session, actor=actor, student_id=student_id, shelf=shelf, settings=settings)
    kept = look_up(asked, actor, database, shelf, request.app.state.districts, request.app.state.kept_answers)
    made = StudentRecommendations.model_validate_json(kept.body)
    if made.refusal is not None:
        raise ConflictError(made.refusal.text, reason=made.refusal.code)
    serving = kept.made_from.serving
    sheet = make_sheet(card, made, serving.reference, serving.catalogue)
    drawn = _drawer(file_format)(sheet, now())
    with database.writing() as session:
        audit.record(session, actor=actor, deed="sheet.made", subject=student_id, file_format=file_format)
    name = f"list-{student_id}.{file_format}"  # files of a counsellor's folder name no child
    return Response(drawn, media_type=MEDIA_TYPES[file_format], headers=attachment(name))


@router.get("/classes/{class_id}/workbook", response_class=Response, responses=WORKBOOK)
def get_class_workbook(
    class_id: ClassId, reason: Reason, actor: SheetReader, database: Units, settings: AppSettings, request: Request
) -> Response:
    """Таблица класса: интересы, чего нет, первое в каждом списке, решения; записывается, что показано и зачем."""
    from service.sheets.class_book import draw_class_book  # noqa: PLC0415 -- not before the first workbook

    check_permission(actor, Permission.READ_CLASSES)
    with database.reading() as session:
        serving = request.app.state.shelf.take(session)
        listed = list_students(session, actor, class_id, serving.today)
        made = recommend_class(
            session, serving, actor=actor, class_id=class_id, k=SHOWN_ON_PAGE, demand_strength=settings.demand_strength
        )
    drawn = draw_class_book(listed, made)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="class.exported", subject=class_id, reason=reason)
        record_showings(session, actor=actor, shown=shown_in(made))
    return Response(drawn, media_type=XLSX, headers=attachment(f"class-{class_id}.xlsx"))


def _drawer(file_format: str) -> Callable[[Sheet, datetime], bytes]:
    """What draws a format; loaded when the first sheet is asked for."""
    if file_format == "docx":
        from service.sheets.docx import draw_docx  # noqa: PLC0415 -- not before the first sheet

        return draw_docx
    from service.sheets.pdf import draw_pdf  # noqa: PLC0415

    return draw_pdf
