"""Ranked lists over HTTP: what most requests are for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response, status
from starlette.concurrency import run_in_threadpool

from service.access import Actor, Permission
from service.declared import DeclaringRoute
from service.parameters import ClassId, StudentId
from service.recommendations import actions
from service.recommendations.asking import look_up
from service.recommendations.district_keeper import DistrictKeeper
from service.recommendations.inline import recommend_inline
from service.recommendations.kept import Asked, KeptAnswers
from service.recommendations.schemas import (
    MAX_DEMAND_STRENGTH,
    MAX_K,
    ClassRecommendations,
    EditionStamp,
    Stamps,
    StatelessRequest,
    StudentRecommendations,
)
from service.recommendations.shelf import Shelf
from service.recommendations.showings import record_answer
from service.students.queries import get_class
from service.web import (
    UNCHANGED,
    AppSettings,
    IfNoneMatch,
    Permitted,
    Reads,
    Units,
    is_named,
)

router = APIRouter(tags=["recommendations"], route_class=DeclaringRoute)

ListReader = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]
InlineReader = Annotated[Actor, Depends(Permitted(Permission.RANK_INLINE))]
Length = Annotated[int, Query(ge=1, le=MAX_K, description="Мест в каждом списке", examples=[3])]
Strength = Annotated[
    float | None, Query(ge=0, le=MAX_DEMAND_STRENGTH, description="Сила учёта спроса; по умолчанию — как в районе")
]
EditionCode = Annotated[
    str | None,
    Query(max_length=64, pattern=r"^[A-Za-z0-9._-]+$", description="По какой редакции перечня; обычно — действующая"),
]
Discovery = Annotated[
    bool | None, Query(description="Последнее место — для расширения кругозора; по умолчанию — как настроено")
]


async def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


async def _districts(request: Request) -> DistrictKeeper:
    keeper: DistrictKeeper = request.app.state.districts
    return keeper


async def _answers(request: Request) -> KeptAnswers:
    answers: KeptAnswers = request.app.state.kept_answers
    return answers


def age_headers(edition: EditionStamp | None) -> dict[str, str]:
    """Headers by which a school's system sees that the list is old, without reading the body."""
    if edition is None:
        return {}
    return {
        "Orientir-Demand-Age-Days": str(edition.age_days),
        "Orientir-Demand-Stale": str(edition.is_stale).lower(),
    }


def tell_age(response: Response, answer: Stamps) -> None:
    """The same headers on an answer that the framework writes."""
    response.headers.update(age_headers(answer.demand_edition))


Rankers = Annotated[Shelf, Depends(_shelf)]
Districts = Annotated[DistrictKeeper, Depends(_districts)]
Answers = Annotated[KeptAnswers, Depends(_answers)]


@router.get("/students/{student_id}/recommendations", response_model=StudentRecommendations, responses=UNCHANGED)
async def get_recommendations(
    student_id: StudentId,
    actor: ListReader,
    database: Units,
    settings: AppSettings,
    shelf: Rankers,
    districts: Districts,
    answers: Answers,
    k: Length = 5,
    demand_strength: Strength = None,
    discovery: Discovery = None,
    edition: EditionCode = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Три списка ученика с доводами; что показано, записывается."""
    strength = settings.demand_strength if demand_strength is None else demand_strength
    asked = Asked(student_id, k, strength, settings.discovery_place if discovery is None else discovery, edition)
    kept = answers.find_standing(actor.actor_id, asked, shelf.outside())
    if kept is None or districts.crowding(kept.made_from.serving) is not kept.made_from.crowding:
        kept = await run_in_threadpool(look_up, asked, actor, database, shelf, districts, answers)
    headers = {"ETag": kept.etag, **age_headers(kept.edition)}
    if if_none_match is not None and is_named(kept.etag, if_none_match):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(kept.body, media_type="application/json", headers=headers)


@router.get("/classes/{class_id}/recommendations")
def get_class_recommendations(
    class_id: ClassId,
    response: Response,
    actor: ListReader,
    database: Units,
    settings: AppSettings,
    shelf: Rankers,
    k: Length = 3,
    demand_strength: Strength = None,
) -> ClassRecommendations:
    """Списки всего класса, без доводов."""
    strength = settings.demand_strength if demand_strength is None else demand_strength
    with database.reading() as session:
        get_class(session, actor, class_id)
        serving = shelf.take(session)
        answer = actions.recommend_class(
            session, serving, actor=actor, class_id=class_id, k=k, demand_strength=strength
        )
    with database.writing() as session:
        record_answer(session, actor=actor, answer=answer)
    tell_age(response, answer)
    return answer


@router.post("/recommendations")
def recommend_without_storing(
    wanted: StatelessRequest, response: Response, _actor: InlineReader, session: Reads, settings: AppSettings,
    shelf: Rankers,
) -> StudentRecommendations:  # fmt: skip
    """Списки по данным из самого запроса; ничего не сохраняется."""
    strength = settings.demand_strength if wanted.demand_strength is None else wanted.demand_strength
    discovery = settings.discovery_place if wanted.discovery is None else wanted.discovery
    answer = recommend_inline(shelf.take(session), request=wanted, demand_strength=strength, discovery=discovery)
    tell_age(response, answer)
    return answer
