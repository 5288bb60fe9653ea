"""Surveys of classes over HTTP: of the counsellor who holds one, and of the students who fill it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.access import Actor, Permission
from service.catalogue.queries import get_reference
from service.declared import DeclaringRoute
from service.errors import SignInError
from service.imports.vocabularies import get_tools
from service.installation import get_today
from service.once import DoneOnce
from service.parameters import ClassId, StudentId
from service.surveys import rounds
from service.surveys.schemas import (
    RoundEnded,
    RoundOpening,
    SheetAnswers,
    SheetBeginning,
    SheetBegun,
    SheetForm,
    SurveyRound,
    SurveyRounds,
)
from service.surveys.sheets import CLOSED, begin_sheet, find_filling, form_of, keep_answers
from service.web import AppSettings, Number, OpenToAll, Permitted, Reads, Units, Writes

router = APIRouter(tags=["surveys"], route_class=DeclaringRoute)

Holder = Annotated[Actor, Depends(Permitted(Permission.SURVEY))]
_bearer = HTTPBearer(auto_error=False, scheme_name="SurveySheet", description="Токен анкеты (POST /v1/survey-sheets)")
Token = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]

# answers tell of students: none is kept under a key
OPENED = DoneOnce(number="round_id", again=rounds.show_round)
ENDED = DoneOnce(remedy="Опрос уже закончен: чем, сказано среди опросов класса.")


@router.get("/classes/{class_id}/survey-rounds")
def list_rounds(class_id: ClassId, actor: Holder, session: Reads) -> SurveyRounds:
    """Опросы класса: код, кто сдал, кто ещё нет."""
    return rounds.list_rounds(session, actor, class_id)


@router.post("/classes/{class_id}/survey-rounds", status_code=status.HTTP_201_CREATED, dependencies=[Depends(OPENED)])
def open_round(
    class_id: ClassId, opening: RoundOpening, actor: Holder, session: Writes, settings: AppSettings
) -> SurveyRound:
    """Начать опрос: код, по которому класс заполнит анкету в браузере."""
    return rounds.open_round(
        session,
        actor=actor,
        settings=settings,
        reference=get_reference(settings),
        class_id=class_id,
        opening=opening,
        today=get_today(session, settings),
    )


@router.post("/survey-rounds/{round_id}/end", dependencies=[Depends(ENDED)])
def end_round(round_id: Number, actor: Holder, session: Writes, settings: AppSettings) -> RoundEnded:
    """Закончить опрос и принять сданные анкеты; неоконченные не сохраняются."""
    tools = get_tools(settings)
    return rounds.end_round(session, actor=actor, settings=settings, tools=tools, round_id=round_id)


@router.delete("/survey-rounds/{round_id}/sheets/{student_id}")
def drop_sheet(round_id: Number, student_id: StudentId, actor: Holder, session: Writes) -> SurveyRound:
    """Сбросить анкету ученика: её можно будет начать заново."""
    return rounds.drop_sheet(session, actor=actor, round_id=round_id, student_id=student_id)


@router.post("/survey-sheets", status_code=status.HTTP_201_CREATED, dependencies=[Depends(OpenToAll())])
def begin(beginning: SheetBeginning, database: Units, request: Request) -> SheetBegun:
    """Начать анкету по коду класса: токен открывает только её."""
    state = request.app.state
    token = begin_sheet(database, beginning=beginning, secret_key=state.secret_key, guesses=state.sheet_guesses)
    return SheetBegun(token=token)


@router.get("/survey-sheets/current", dependencies=[Depends(OpenToAll())])
def get_sheet(token: Token, session: Reads, request: Request, settings: AppSettings) -> SheetForm:
    """Вопросы анкеты и ответы, которые уже даны."""
    filling = find_filling(session, _text_of(token), request.app.state.secret_key)
    return form_of(session, settings, get_reference(settings), filling)


@router.put("/survey-sheets/current", dependencies=[Depends(OpenToAll())])
def keep_sheet(
    given: SheetAnswers, token: Token, session: Writes, request: Request, settings: AppSettings
) -> SheetForm:
    """Сохранить ответы; сдать анкету."""
    filling = find_filling(session, _text_of(token), request.app.state.secret_key, writes=True)
    return keep_answers(session, settings, get_reference(settings), filling, given)


def _text_of(token: HTTPAuthorizationCredentials | None) -> str:
    if token is None:
        raise SignInError(CLOSED)
    return token.credentials
