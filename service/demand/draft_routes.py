"""Drafts of lists over HTTP: upload, settle, look, publish."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from service.access import Actor, Permission
from service.catalogue.queries import get_reference, read_catalogue
from service.declared import DeclaringRoute, SomeFields
from service.demand import drafts
from service.demand.draft_queries import list_drafts, meaning_choices, show_draft
from service.demand.draft_schemas import (
    Draft,
    DraftHead,
    DraftList,
    MeaningChoices,
    Publication,
    Settled,
    TitleMeaning,
)
from service.demand.queries import change_between, codes_in_turn, find_newest_list, read_lists
from service.demand.schemas import EditionChange, EditionRow
from service.demand.understanding import matcher_of, understand
from service.errors import NotFoundError
from service.installation import get_today
from service.once import ONCE
from service.web import (
    AppSettings,
    Number,
    OnceUnits,
    Permitted,
    RawBody,
    Reads,
    SeenRevisions,
    Writes,
    file_body,
    tell_revision,
)

router = APIRouter(tags=["demand"], route_class=DeclaringRoute)

Publisher = Annotated[Actor, Depends(Permitted(Permission.PUBLISH_DEMAND))]
FileName = Annotated[
    str, Query(min_length=1, max_length=200, description="Имя файла с расширением", examples=["perechen.txt"])
]
DOCUMENT = """Перечень востребованных профессий (Краснодарский край)

№ п/п\tНаименование профессии\tКод
1\tСестринское дело\t34.02.01
2\tИнформационные системы и программирование\t09.02.07
"""
DOCUMENT_BODY = file_body("application/octet-stream", DOCUMENT)


@router.get("/demand-drafts", dependencies=[Depends(SomeFields(DraftList))])
def get_drafts(_actor: Publisher, session: Reads) -> DraftList:
    """Черновики, которые ещё не опубликованы."""
    return DraftList(drafts=list_drafts(session))


@router.post("/demand-drafts", status_code=status.HTTP_201_CREATED, openapi_extra=DOCUMENT_BODY, dependencies=ONCE)
def open_draft(
    actor: Publisher, content: RawBody, units: OnceUnits, settings: AppSettings, file_name: FileName
) -> Draft:
    """Прочитать документ (XLSX, DOCX, PDF, CSV, текст): что понято, что подтвердить. В силу ничего не вступает."""
    reference = get_reference(settings)
    with units.reading() as session:
        before = find_newest_list(session, settings.demand_region)
        matcher = matcher_of(session, reference, before)
    understood = understand(content, file_name, matcher, reference, before)
    with units.writing() as session:
        draft = drafts.open_draft(
            session, actor=actor, understood=understood, content=content, name=file_name, settings=settings
        )
        return show_draft(session, draft.draft_id, reference, settings, actor)


@router.get("/demand-meanings")
def get_choices(_actor: Publisher, settings: AppSettings) -> MeaningChoices:
    """Что может означать название: действующие специальности и профильные классы."""
    return meaning_choices(get_reference(settings))


@router.get("/demand-drafts/{draft_id}")
def get_draft(draft_id: Number, actor: Publisher, session: Reads, settings: AppSettings, response: Response) -> Draft:
    """Черновик целиком."""
    draft = show_draft(session, draft_id, get_reference(settings), settings, actor)
    tell_revision(response, draft.revision)
    return draft


@router.patch("/demand-drafts/{draft_id}")
def change_head(
    draft_id: Number, wanted: DraftHead, actor: Publisher, session: Writes, settings: AppSettings,
    seen: SeenRevisions, response: Response,
) -> Draft:  # fmt: skip
    """Код и день публикации будущей редакции."""
    drafts.change_head(
        session, actor=actor, draft_id=draft_id, edition_code=wanted.edition_code, published_on=wanted.published_on,
        seen=seen,
    )  # fmt: skip
    draft = show_draft(session, draft_id, get_reference(settings), settings, actor)
    tell_revision(response, draft.revision)
    return draft


@router.put("/demand-drafts/{draft_id}/lines/{position}")
def settle_title(
    draft_id: Number, position: Number, meaning: TitleMeaning, actor: Publisher, session: Writes,
    settings: AppSettings, seen: SeenRevisions, response: Response,
) -> Settled:  # fmt: skip
    """Что означает название: ни одной, одна или несколько специальностей; или строки нет в перечне."""
    count = drafts.settle_title(
        session, actor=actor, draft_id=draft_id, position=position, spo_codes=meaning.spo_codes,
        profiles=meaning.profiles, is_listed=meaning.is_listed, reference=get_reference(settings), seen=seen,
    )  # fmt: skip
    tell_revision(response, drafts.get_draft(session, draft_id).revision)
    return Settled(line_count=count)


@router.post("/demand-drafts/{draft_id}/rest", dependencies=ONCE)
def settle_rest(
    draft_id: Number, actor: Publisher, session: Writes, seen: SeenRevisions, response: Response
) -> Settled:
    """Оставить без кода все названия, для которых ничего похожего не нашлось."""
    count = drafts.settle_rest(session, actor=actor, draft_id=draft_id, seen=seen)
    tell_revision(response, drafts.get_draft(session, draft_id).revision)
    return Settled(line_count=count)


@router.get("/demand-drafts/{draft_id}/difference")
def compare_draft(draft_id: Number, _actor: Publisher, session: Reads, settings: AppSettings) -> EditionChange:
    """Чем черновик отличается от действующей редакции."""
    draft = drafts.get_draft(session, draft_id)
    today = get_today(session, settings)
    turn = codes_in_turn(session, draft.region, draft.published_on)
    if not turn:
        raise NotFoundError("Это первый перечень: сравнивать не с чем.")
    new = drafts.with_followed(session, drafts.edition_of(session, draft))
    catalogue = read_catalogue(session, today.school_year)
    return change_between(read_lists(session, turn[-1]), new, get_reference(settings), catalogue)


@router.post("/demand-drafts/{draft_id}/publication", dependencies=ONCE)
def publish_draft(
    draft_id: Number, actor: Publisher, session: Writes, settings: AppSettings, seen: SeenRevisions
) -> Publication:
    """Опубликовать; необычный перечень подписывает первый человек и подтверждает второй."""
    added = drafts.publish_draft(
        session, actor=actor, draft_id=draft_id, reference=get_reference(settings), settings=settings, seen=seen
    )
    if added is None:
        said = "Перечень выглядит необычно: подпись поставлена, публикацию должен подтвердить другой человек."
        return Publication(published=False, text=said, added=None)
    word = "уже была опубликована" if added.already_known else "опубликована"
    when = _when(added.edition, get_today(session, settings).as_of)
    return Publication(published=True, text=f"Редакция {added.edition.code} {word}.{when}", added=added)


def _when(edition: EditionRow, as_of: date) -> str:
    if edition.in_force:
        return ""
    if edition.published_on > as_of:
        return f" Вступит в силу {edition.published_on:%d.%m.%Y}."
    return " Действует другая, более поздняя редакция."


@router.delete("/demand-drafts/{draft_id}", status_code=status.HTTP_204_NO_CONTENT)
def discard_draft(draft_id: Number, actor: Publisher, session: Writes, seen: SeenRevisions) -> None:
    """Отказаться от черновика; запомненные решения о названиях остаются."""
    drafts.discard_draft(session, actor=actor, draft_id=draft_id, seen=seen)
