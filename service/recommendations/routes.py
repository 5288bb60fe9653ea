"""Cards, ranked lists and decisions over HTTP."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response, status
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from service import audit
from service.access import Actor, Permission
from service.declared import DeclaringRoute, SomeFields
from service.once import DoneOnce
from service.parameters import ClassId, StudentId
from service.recommendations import actions, questions
from service.recommendations.asking import look_up
from service.recommendations.card import make_card
from service.recommendations.district_keeper import DistrictKeeper
from service.recommendations.district_schemas import DistrictPolicy
from service.recommendations.inline import recommend_inline
from service.recommendations.kept import Asked, KeptAnswers
from service.recommendations.queries import decisions_in_force, get_decision
from service.recommendations.schemas import (
    MAX_DEMAND_STRENGTH,
    MAX_K,
    ClassRecommendations,
    Contrast,
    Decision,
    DecisionList,
    EditionStamp,
    NewDecision,
    PathwayList,
    Stamps,
    StatelessRequest,
    StudentRecommendations,
    WhyNot,
)
from service.recommendations.shelf import Shelf
from service.recommendations.showings import record_answer
from service.students.queries import get_class, get_student
from service.students.schemas import StudentCard
from service.tables import Student
from service.web import (
    UNCHANGED,
    AppSettings,
    IfNoneMatch,
    Number,
    OnceUnits,
    Permitted,
    Reads,
    Units,
    Writes,
    is_named,
)

router = APIRouter(tags=["recommendations"], route_class=DeclaringRoute)

CardReader = Annotated[Actor, Depends(Permitted(Permission.READ_STUDENTS))]
ListReader = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]
InlineReader = Annotated[Actor, Depends(Permitted(Permission.RANK_INLINE))]
PolicyReader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]
Decider = Annotated[Actor, Depends(Permitted(Permission.DECIDE))]
_code = partial(
    Query, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$", description="Код предложения из каталога этого года"
)
PathwayCode = Annotated[str, _code(examples=["sch01-tech-eng"])]
AnotherCode = Annotated[str, _code(examples=["sch02-sci-med"])]
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


@router.get("/students/{student_id}")
def get_card(
    student_id: StudentId, actor: CardReader, database: Units, settings: AppSettings, shelf: Rankers
) -> StudentCard:
    """Карточка ученика; каждое чтение записывается."""
    with database.reading() as session:
        card = make_card(session, actor=actor, student_id=student_id, shelf=shelf, settings=settings)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="card.read", subject=student_id)
    return card


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


@router.get("/students/{student_id}/recommendations/why-not")
def get_why_not(
    student_id: StudentId,
    pathway_code: PathwayCode,
    actor: ListReader,
    database: Units,
    settings: AppSettings,
    shelf: Rankers,
    demand_strength: Strength = None,
) -> WhyNot:
    """Почему предложения нет среди первых: правила или место, что его отодвинуло, что изменило бы дело."""
    strength = settings.demand_strength if demand_strength is None else demand_strength
    with database.reading() as session:
        get_student(session, actor, student_id)
        serving = shelf.take(session)
        answer = questions.explain_absence(
            session, serving, actor=actor, student_id=student_id, pathway_code=pathway_code, demand_strength=strength
        )
    with database.writing() as session:
        audit.record(session, actor=actor, deed="why_not.read", subject=student_id, pathway_code=pathway_code)
    return answer


@router.get("/students/{student_id}/recommendations/contrast")
def get_contrast(
    student_id: StudentId,
    first: PathwayCode,
    second: AnotherCode,
    actor: ListReader,
    database: Units,
    settings: AppSettings,
    shelf: Rankers,
    demand_strength: Strength = None,
) -> Contrast:
    """Два предложения одного вида рядом: что говорит за каждое."""
    strength = settings.demand_strength if demand_strength is None else demand_strength
    with database.reading() as session:
        get_student(session, actor, student_id)
        serving = shelf.take(session)
        answer = questions.compare(
            session, serving, actor=actor, student_id=student_id, first=first, second=second, demand_strength=strength
        )
    with database.writing() as session:
        audit.record(session, actor=actor, deed="contrast.read", subject=student_id, first=first, second=second)
    return answer


@router.get("/pathways", dependencies=[Depends(SomeFields(PathwayList))])
def list_pathways(_actor: ListReader, session: Reads, shelf: Rankers) -> PathwayList:
    """Что предлагает этот учебный год: коды и названия, чтобы было о чём спросить."""
    return questions.list_pathways(shelf.take(session))


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


@router.get("/policy")
def get_policy(_actor: PolicyReader, session: Reads, shelf: Rankers, districts: Districts) -> DistrictPolicy:
    """Что даёт учёт спроса району, чего он стоит и где ждут больше желающих, чем мест; без учеников."""
    return districts.picture(session, shelf.take(session)).policy


@router.get("/students/{student_id}/decisions")
def list_decisions(student_id: StudentId, actor: ListReader, database: Units) -> DecisionList:
    """Действующие решения по ученику, новые первыми; чтение записывается."""
    with database.reading() as session:
        get_student(session, actor, student_id)
        of = select(Student.student_id).where(Student.student_id == student_id)
        found = decisions_in_force(session, of).get(student_id, {})
    with database.writing() as session:
        audit.record(session, actor=actor, deed="decisions.read", subject=student_id)
    return DecisionList(student_id=student_id, decisions=list(found.values()))


@router.post(
    "/students/{student_id}/decisions",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(DoneOnce(number="decision_id", again=get_decision))],
)
def decide(student_id: StudentId, wanted: NewDecision, actor: Decider, units: OnceUnits, shelf: Rankers) -> Decision:
    """Принять, отклонить (с причиной) или закрепить то, что ученику можно предложить сегодня."""
    with units.reading() as session:
        get_student(session, actor, student_id)
        serving = shelf.take(session)
        actions.check_choice(session, serving, actor=actor, student_id=student_id, pathway_code=wanted.pathway_code)
    with units.writing() as session:
        return actions.decide(session, actor=actor, student_id=student_id, wanted=wanted)


@router.delete("/students/{student_id}/decisions/{decision_id}", status_code=status.HTTP_204_NO_CONTENT)
def withdraw_decision(student_id: StudentId, decision_id: Number, actor: Decider, session: Writes) -> None:
    """Отменить решение."""
    actions.withdraw_decision(session, actor=actor, student_id=student_id, decision_id=decision_id)
