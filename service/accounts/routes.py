"""Sign-in over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, status

from service.access import ROLE_TITLES, Actor
from service.accounts import actions, provider_sign_in, queries
from service.accounts.actions import OpenedSession
from service.accounts.schemas import (
    Me,
    PasswordChange,
    SessionOpened,
    Sessions,
    SignIn,
    SignInBegun,
    SignInProvider,
    SignInReturn,
)
from service.installation import find_installation, get_today
from service.tables import School
from service.web import AppSettings, Number, OpenToAll, Permitted, Reads, Units, Writes

router = APIRouter(tags=["accounts"])

Anyone = Annotated[Actor, Depends(Permitted())]


@router.post("/sessions", status_code=status.HTTP_201_CREATED, dependencies=[Depends(OpenToAll())])
def open_session(sign_in: SignIn, request: Request, settings: AppSettings) -> SessionOpened:
    """Войти: логин и пароль в обмен на токен сеанса."""
    opened = actions.open_session(
        request.app.state.database,
        login=sign_in.login,
        password=sign_in.password.get_secret_value(),
        settings=settings,
        secret_key=request.app.state.secret_key,
    )
    return _shown_once(opened)


def _shown_once(opened: OpenedSession) -> SessionOpened:
    user = opened.user
    return SessionOpened(
        token=opened.token, expires_at=opened.expires_at, role=user.role, display_name=user.display_name
    )


@router.get("/sign-in/provider", dependencies=[Depends(OpenToAll())])
def get_provider(settings: AppSettings) -> SignInProvider:
    """Есть ли единый вход и как он называется."""
    return SignInProvider(title=settings.oidc_title if settings.oidc_issuer is not None else None)


@router.post("/sign-in/requests", status_code=status.HTTP_201_CREATED, dependencies=[Depends(OpenToAll())])
def begin_sign_in(request: Request) -> SignInBegun:
    """Начать единый вход: куда отправить браузер."""
    state = request.app.state
    begun = provider_sign_in.begin_sign_in(state.database, provider=state.provider, secret_key=state.secret_key)
    return SignInBegun(
        address=begun.address,
        browser=begun.browser,
        return_address=state.provider.return_address,
        seconds=provider_sign_in.SECONDS,
    )


@router.post("/sign-in/sessions", status_code=status.HTTP_201_CREATED, dependencies=[Depends(OpenToAll())])
def finish_sign_in(returned: SignInReturn, request: Request, settings: AppSettings) -> SessionOpened:
    """Закончить единый вход: с чем он вернул браузер — в обмен на токен сеанса."""
    state = request.app.state
    opened = provider_sign_in.finish_sign_in(
        state.database,
        provider=state.provider,
        code=returned.code,
        state=returned.state,
        browser=returned.browser,
        settings=settings,
        secret_key=state.secret_key,
    )
    return _shown_once(opened)


@router.delete("/sessions/current", status_code=status.HTTP_204_NO_CONTENT)
def close_session(actor: Anyone, session: Writes) -> None:
    """Выйти."""
    actions.close_session(session, actor=actor)


@router.get("/me")
def get_me(actor: Anyone, session: Reads, settings: AppSettings) -> Me:
    """Кто я и что мне можно."""
    school = session.get(School, actor.school_code) if actor.school_code is not None else None
    installation = find_installation(session)
    today = get_today(session, settings)
    return Me(
        actor_id=actor.actor_id,
        role=actor.role.value,
        role_title=ROLE_TITLES[actor.role],
        display_name=actor.display_name,
        school_code=actor.school_code,
        school_title=school.title_ru if school is not None else None,
        permissions=sorted(permission.value for permission in actor.permissions),
        as_of=today.as_of.isoformat(),
        school_year=today.school_year,
        region_title=installation.region_title if installation is not None else "",
        data_are_synthetic=installation is not None and installation.synthetic,
        class_ids=sorted(actor.class_ids) if actor.class_ids is not None else None,
        password_is_temporary=actor.session_id is not None and not actor.permissions,
        has_password=queries.has_password(session, actor, settings),
        broken_glass_until=actor.until if actor.has_broken_glass else None,
    )


@router.put("/me/password", status_code=status.HTTP_204_NO_CONTENT)
def change_password(wanted: PasswordChange, actor: Anyone, database: Units, settings: AppSettings) -> None:
    """Сменить свой пароль; другие сеансы заканчиваются."""
    actions.change_password(
        database,
        actor=actor,
        current=wanted.current.get_secret_value(),
        wanted=wanted.wanted.get_secret_value(),
        settings=settings,
    )


@router.get("/me/sessions")
def list_sessions(actor: Anyone, session: Reads) -> Sessions:
    """Мои открытые сеансы."""
    return queries.list_sessions(session, actor)


@router.delete("/me/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT)
def end_session(session_id: Number, actor: Anyone, session: Writes) -> None:
    """Закончить свой сеанс на другом компьютере."""
    actions.end_session(session, actor=actor, session_id=session_id)
