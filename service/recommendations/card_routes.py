"""A student's card, what is asked about its lists, and decisions, over HTTP."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, status
from sqlalchemy import select

from service import audit
from service.access import Actor, Permission
from service.declared import DeclaringRoute, SomeFields
from service.imports.vocabularies import get_tools
from service.once import DoneOnce
from service.parameters import StudentId
from service.recommendations import actions, questions
from service.recommendations.card import make_card
from service.recommendations.history import read_history
from service.recommendations.history_schemas import StudentHistory
from service.recommendations.queries import decisions_in_force, get_decision
from service.recommendations.routes import Districts, ListReader, Rankers, Strength
from service.recommendations.schemas import Contrast, Decision, DecisionList, NewDecision, PathwayList, WhyNot
from service.recommendations.what_if import imagine, list_changeable
from service.recommendations.what_if_schemas import Changeable, ImaginedFacts, WhatIf
from service.students.queries import get_student
from service.students.schemas import StudentCard
from service.tables import Student
from service.web import AppSettings, Number, OnceUnits, Permitted, Reads, Units, Writes

router = APIRouter(tags=["recommendations"], route_class=DeclaringRoute)

CardReader = Annotated[Actor, Depends(Permitted(Permission.READ_STUDENTS))]
PolicyReader = Annotated[Actor, Depends(Permitted(Permission.READ_MODELS))]
Decider = Annotated[Actor, Depends(Permitted(Permission.DECIDE))]
_code = partial(
    Query, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$", description="Код предложения из каталога этого года"
)
PathwayCode = Annotated[str, _code(examples=["sch01-tech-eng"])]
AnotherCode = Annotated[str, _code(examples=["sch02-sci-med"])]


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


@router.get("/students/{student_id}/history")
def get_history(student_id: StudentId, actor: ListReader, database: Units, shelf: Rankers) -> StudentHistory:
    """Учебные годы ученика: что советовали и решили, что из этого вышло, отметки и интересы; чтение записывается."""
    with database.reading() as session:
        get_student(session, actor, student_id)
        answer = read_history(session, shelf.take(session), actor=actor, student_id=student_id)
    with database.writing() as session:
        audit.record(session, actor=actor, deed="history.read", subject=student_id)
    return answer


@router.get("/students/{student_id}/what-if")
def get_changeable(
    student_id: StudentId, actor: ListReader, database: Units, settings: AppSettings, shelf: Rankers
) -> Changeable:
    """Что можно изменить в «Что, если…» и как это сейчас; чтение записывается."""
    with database.reading() as session:
        get_student(session, actor, student_id)
        answer = list_changeable(
            session, shelf.take(session), actor=actor, student_id=student_id, tools=get_tools(settings)
        )
    with database.writing() as session:
        audit.record(session, actor=actor, deed="what_if.read", subject=student_id)
    return answer


@router.post("/students/{student_id}/what-if")
def imagine_lists(
    student_id: StudentId,
    wanted: ImaginedFacts,
    actor: ListReader,
    database: Units,
    settings: AppSettings,
    shelf: Rankers,
    districts: Districts,
) -> WhatIf:
    """Какими были бы списки с другими данными и что в них сдвинется; данные не сохраняются, чтение записывается."""
    strength = settings.demand_strength if wanted.demand_strength is None else wanted.demand_strength
    discovery = settings.discovery_place if wanted.discovery is None else wanted.discovery
    with database.reading() as session:
        get_student(session, actor, student_id)
        serving = shelf.take(session)
        answer = imagine(
            session, serving, actor=actor, student_id=student_id, wanted=wanted, tools=get_tools(settings),
            demand_strength=strength, discovery=discovery, crowding=districts.crowding(serving),
        )  # fmt: skip
    with database.writing() as session:
        audit.record(session, actor=actor, deed="what_if.read", subject=student_id)
    return answer


@router.get("/pathways", dependencies=[Depends(SomeFields(PathwayList))])
def list_pathways(_actor: ListReader, session: Reads, shelf: Rankers) -> PathwayList:
    """Что предлагает этот учебный год: коды и названия, чтобы было о чём спросить."""
    return questions.list_pathways(shelf.take(session))


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
