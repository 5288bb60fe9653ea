"""Signing in by the identity provider: a browser is sent there and comes back once, as itself."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.accounts.actions import OpenedSession, hash_password, hash_token, start_session
from service.accounts.people import PROVIDER
from service.accounts.provider import REFUSED, Provider
from service.clock import now
from service.db import Database
from service.errors import NotFoundError, ProviderRefusedError, TooManySignInsError
from service.settings import Settings
from service.tables import SignInRequest, User

SECONDS = 600  # to sign in at the provider
MOST_UNDER_WAY = 10_000
NOT_SET = "Единый вход не настроен."
NOT_KNOWN = (
    "Единый вход подтвердил, кто вы, но здесь такого человека нет. "
    "Попросите администратора школы завести вас под вашим логином единого входа."
)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the secret by which it is known again."""

    address: str
    browser: str


def begin_sign_in(database: Database, *, provider: Provider | None, secret_key: bytes) -> Begun:
    """Send a browser to the provider. Nonce and verifier follow from the state: no secret of this is kept."""
    provider = _needed(provider)
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    address = provider.address(state=state, nonce=_nonce(secret_key, state), verifier=_verifier(secret_key, state))
    with database.writing() as session:
        moment = now()
        session.execute(sa.delete(SignInRequest).where(SignInRequest.expires_at <= moment))
        if (session.scalar(sa.select(sa.func.count()).select_from(SignInRequest)) or 0) >= MOST_UNDER_WAY:
            raise TooManySignInsError("Слишком много входов сразу. Повторите через несколько минут.")
        session.add(
            SignInRequest(
                state_digest=hash_token(secret_key, f"state {state}"),
                browser_digest=hash_token(secret_key, f"browser {browser}"),
                expires_at=moment + timedelta(seconds=SECONDS),
            )
        )
    return Begun(address, browser)


def finish_sign_in(
    database: Database, *, provider: Provider | None, code: str, state: str, browser: str, settings: Settings,
    secret_key: bytes,
) -> OpenedSession:  # fmt: skip
    """A session for whoever the provider vouches for; a state counts once, and in the browser that began."""
    provider = _needed(provider)
    with database.writing() as session:
        is_ours = _take(session, state, browser, secret_key)
    if not is_ours:
        raise ProviderRefusedError(REFUSED)
    login = provider.login_of(code=code, nonce=_nonce(secret_key, state), verifier=_verifier(secret_key, state))
    with database.writing() as session:
        user = session.scalars(sa.select(User).where(User.login == login).with_for_update()).one_or_none()
        if user is None or user.signs_in_by != PROVIDER or user.dismissed_at is not None:
            raise ProviderRefusedError(NOT_KNOWN)
        if user.password_is_temporary:  # nobody needs the slip of paper any more
            user.password_hash, user.password_is_temporary = hash_password(secrets.token_urlsafe(32)), False
        return start_session(session, user, by=PROVIDER, settings=settings, secret_key=secret_key)


def _needed(provider: Provider | None) -> Provider:
    if provider is None:
        raise NotFoundError(NOT_SET)
    return provider


def _take(session: Session, state: str, browser: str, secret_key: bytes) -> bool:
    """Take the request that a state names, whatever comes of it: a second time there is nothing to take."""
    taken = sa.delete(SignInRequest).where(SignInRequest.state_digest == hash_token(secret_key, f"state {state}"))
    row = session.execute(taken.returning(SignInRequest.browser_digest, SignInRequest.expires_at)).one_or_none()
    if row is None or row.expires_at <= now():
        return False
    return compare_digest(row.browser_digest, hash_token(secret_key, f"browser {browser}"))


def _nonce(secret_key: bytes, state: str) -> str:
    return hash_token(secret_key, f"nonce {state}")


def _verifier(secret_key: bytes, state: str) -> str:
    return hash_token(secret_key, f"verifier {state}")
