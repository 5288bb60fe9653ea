"""People, keys and the trail of deeds over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response, status

from service.access import Actor, Permission
from service.accounts import keys, people, queries
from service.accounts.schemas import (
    AdmittedPerson,
    AuditPage,
    AuditVerdict,
    ClassLimit,
    GlassBroken,
    GlassToBreak,
    KeyRotation,
    Keys,
    KeyShownOnce,
    NewKey,
    NewPerson,
    People,
)
from service.anchors import check_audit
from service.declared import DeclaringRoute, SomeFields
from service.errors import NotFoundError
from service.once import ONCE, DoneOnce
from service.web import AppSettings, Number, Permitted, Reads, SeenRevisions, Writes, tell_revision
from service.wire import MAX_WHOLE

router = APIRouter(tags=["accounts"], route_class=DeclaringRoute)

Keeper = Annotated[Actor, Depends(Permitted(Permission.MANAGE_ACCOUNTS))]
Auditor = Annotated[Actor, Depends(Permitted(Permission.READ_AUDIT))]
InNeed = Annotated[Actor, Depends(Permitted(Permission.BREAK_GLASS))]
Code = Annotated[str | None, Query(max_length=128, pattern=r"^[A-Za-z0-9_.:/-]+$")]

# a secret is shown once and not kept, so the second time only its number is told and what to do without it
PERSON_ADDED = DoneOnce(
    "user_id", remedy="Человек уже заведён; временный пароль показан один раз. Не увидели его — назначьте другой."
)
PASSWORD_RESET = DoneOnce(
    "user_id", remedy="Временный пароль уже назначен и показан один раз. Не увидели его — назначьте ещё один."
)
KEY_ISSUED = DoneOnce(
    "key_id", remedy="Ключ уже выдан и показан один раз. Не увидели его — отзовите его и выдайте другой."
)


def _school_of(actor: Actor) -> str:
    if actor.school_code is None:
        raise NotFoundError("Такой школы нет.")
    return actor.school_code


@router.get("/people", dependencies=[Depends(SomeFields(People))])
def list_people(actor: Keeper, session: Reads) -> People:
    """Кто входит в мою школу по паролю."""
    return queries.list_people(session, actor)


@router.post("/people", status_code=status.HTTP_201_CREATED, dependencies=[Depends(PERSON_ADDED)])
def add_person(wanted: NewPerson, actor: Keeper, session: Writes, settings: AppSettings) -> AdmittedPerson:
    """Завести человека; временный пароль показывается один раз."""
    admitted = people.add_user(
        session,
        actor=actor,
        login=wanted.login,
        display_name=wanted.display_name,
        role=wanted.role,
        school_code=_school_of(actor),
        signs_in_by=wanted.signs_in_by,
        is_limited=wanted.is_limited,
        class_ids=wanted.class_ids,
        settings=settings,
    )
    return _shown_once(admitted)


def _shown_once(admitted: people.Admitted) -> AdmittedPerson:
    user = admitted.user
    return AdmittedPerson(user_id=user.user_id, login=user.login, temporary_password=admitted.temporary_password)


@router.put("/people/{user_id}/classes", status_code=status.HTTP_204_NO_CONTENT)
def set_classes(
    user_id: Number, wanted: ClassLimit, actor: Keeper, session: Writes, seen: SeenRevisions, response: Response
) -> None:
    """Кого видит педагог: всю школу или только названные классы; не названо ни одного — никого."""
    user = people.set_classes(
        session,
        actor=actor,
        user_id=user_id,
        is_limited=wanted.is_limited,
        class_ids=wanted.class_ids,
        seen=seen,
    )
    tell_revision(response, user.revision)


@router.post("/people/{user_id}/password", dependencies=[Depends(PASSWORD_RESET)])
def reset_password(user_id: Number, actor: Keeper, session: Writes, settings: AppSettings) -> AdmittedPerson:
    """Новый временный пароль; открытые сеансы заканчиваются."""
    return _shown_once(people.reset_password(session, actor=actor, user_id=user_id, settings=settings))


@router.post("/people/{user_id}/dismissal", status_code=status.HTTP_204_NO_CONTENT, dependencies=ONCE)
def dismiss_person(user_id: Number, actor: Keeper, session: Writes) -> None:
    """Закрыть вход и открытые сеансы."""
    people.dismiss_user(session, actor=actor, user_id=user_id)


@router.get("/keys", dependencies=[Depends(SomeFields(Keys))])
def list_keys(actor: Keeper, session: Reads) -> Keys:
    """Ключи информационных систем моей школы, без секретов."""
    return queries.list_keys(session, actor)


@router.post("/keys", status_code=status.HTTP_201_CREATED, dependencies=[Depends(KEY_ISSUED)])
def issue_key(wanted: NewKey, actor: Keeper, session: Writes, request: Request) -> KeyShownOnce:
    """Выдать ключ; он показывается один раз."""
    issued = keys.issue_key(
        session,
        actor=actor,
        title=wanted.title,
        school_code=_school_of(actor),
        verbs=tuple(wanted.verbs),
        days=wanted.days,
        secret_key=request.app.state.secret_key,
    )
    return KeyShownOnce(key_id=issued.key_id, text=issued.text, expires_at=issued.expires_at)


@router.post("/keys/{key_id}/rotation", status_code=status.HTTP_201_CREATED, dependencies=[Depends(KEY_ISSUED)])
def rotate_key(key_id: Number, wanted: KeyRotation, actor: Keeper, session: Writes, request: Request) -> KeyShownOnce:
    """Новый ключ взамен; старый действует ещё указанное время."""
    issued = keys.rotate_key(
        session,
        actor=actor,
        key_id=key_id,
        overlap_hours=wanted.overlap_hours,
        secret_key=request.app.state.secret_key,
    )
    return KeyShownOnce(key_id=issued.key_id, text=issued.text, expires_at=issued.expires_at)


@router.delete("/keys/{key_id}", status_code=status.HTTP_204_NO_CONTENT)
def revoke_key(key_id: Number, actor: Keeper, session: Writes) -> None:
    """Отозвать ключ."""
    keys.revoke_key(session, actor=actor, key_id=key_id)


@router.post("/broken-glass", status_code=status.HTTP_201_CREATED, dependencies=ONCE)
def break_glass(wanted: GlassToBreak, actor: InNeed, session: Writes) -> GlassBroken:
    """Экстренный доступ к ученикам: причина остаётся в журнале, время ограничено."""
    row = people.break_glass(session, actor=actor, reason=wanted.reason, minutes=wanted.minutes)
    return GlassBroken(until=row.until)


@router.get("/audit", dependencies=[Depends(SomeFields(AuditPage))])
def read_audit(
    _actor: Auditor,
    session: Reads,
    before: Annotated[int | None, Query(ge=1, le=MAX_WHOLE)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    deed: Code = None,
    subject: Code = None,
    actor_id: Code = None,
) -> AuditPage:
    """Журнал действий, новые записи первыми."""
    return queries.audit_page(session, before=before, limit=limit, deed=deed, subject=subject, actor_id=actor_id)


@router.get("/audit/verdict")
def verify_audit(_actor: Auditor, session: Reads, settings: AppSettings, request: Request) -> AuditVerdict:
    """Цела ли цепочка журнала, в том числе по отметкам вне базы; если нет — первая неверная запись."""
    check = check_audit(session, settings.audit_anchor_file, request.app.state.secret_key)
    return AuditVerdict(
        record_count=check.row_count,
        first_broken=check.first_broken,
        noted_count=check.noted_count,
        text=check.text,
    )
