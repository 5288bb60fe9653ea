"""The sheet over HTTP: what is handed out is recorded."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from service import audit
from service.access import Actor, Permission
from service.clock import now
from service.errors import ConflictError
from service.parameters import StudentId
from service.recommendations.asking import look_up
from service.recommendations.card import make_card
from service.recommendations.kept import Asked
from service.recommendations.schemas import MAX_DEMAND_STRENGTH, StudentRecommendations
from service.sheets.content import ASKED, Sheet, make_sheet
from service.web import AppSettings, Permitted, Units, attachment

router = APIRouter(tags=["recommendations"])

SheetReader = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]
FileFormat = Annotated[Literal["pdf", "docx"], Query(description="PDF для печати или DOCX, чтобы править")]
Strength = Annotated[float | None, Query(ge=0, le=MAX_DEMAND_STRENGTH, description="Сила учёта спроса, как на экране")]
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Лист", "content": {kind: {} for kind in MEDIA_TYPES.values()}}
}


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


def _drawer(file_format: str) -> Callable[[Sheet, datetime], bytes]:
    """What draws a format; loaded when the first sheet is asked for."""
    if file_format == "docx":
        from service.sheets.docx import draw_docx  # noqa: PLC0415 -- not before the first sheet

        return draw_docx
    from service.sheets.pdf import draw_pdf  # noqa: PLC0415

    return draw_pdf
