"""From credentials to an actor; on every request, never only at sign-in."""

import hmac

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from service.access import Actor, Role
from service.accounts.actions import KEY_MARK, actor_of, hash_token, key_permissions
from service.clock import now
from service.db import Database
from service.errors import SignInError
from service.standing import Standing
from service.tables import ApiKey, User, UserSession

EXPIRED = "Сеанс окончен или ключ не действует: войдите снова."


def get_actor(session: Session, credentials: str, secret_key: bytes) -> Actor:
    """Actor of a bearer token or of an API key; SignInError when it is neither, expired or withdrawn."""
    if not (credentials.isascii() and credentials.isprintable()):
        raise SignInError(EXPIRED)
    if credentials.startswith(f"{KEY_MARK}_"):
        return _actor_of_key(session, credentials, secret_key)
    query = (
        sa.select(UserSession, User)
        .join(User, User.user_id == UserSession.user_id)
        .where(UserSession.token_hash == hash_token(secret_key, credentials))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise SignInError(EXPIRED)
    row, user = found
    if row.ended_at is not None or row.expires_at <= now() or user.dismissed_at is not None:
        raise SignInError(EXPIRED)
    return actor_of(user, row)


def _actor_of_key(session: Session, credentials: str, secret_key: bytes) -> Actor:
    _, prefix, secret = [*credentials.split("_", 2), "", ""][:3]
    row = session.scalars(sa.select(ApiKey).where(ApiKey.prefix == prefix)).one_or_none()
    expected = row.secret_hash if row is not None else "0" * 64
    same = hmac.compare_digest(expected, hash_token(secret_key, secret))
    if row is None or not same or row.revoked_at is not None or row.expires_at <= now():
        raise SignInError(EXPIRED)
    return Actor(
        actor_id=f"key:{row.key_id}",
        role=Role.SCHOOL_CLIENT,
        display_name=row.title,
        permissions=key_permissions(row),
        school_code=row.school_code,
        until=row.expires_at,
    )


class Identities:
    """Actors of this installation's credentials; tokens themselves are not kept."""

    def __init__(self, database: Database, secret_key: bytes) -> None:
        self._database = database
        self._secret_key = secret_key
        self._standing: Standing[str, Actor] = Standing(database)

    async def identify(self, credentials: str) -> Actor:
        """Who presents them; SignInError when nobody does."""
        key = hash_token(self._secret_key, credentials)
        actor = self._standing.find(key)
        if actor is not None and actor.until > now():
            return actor
        return await run_in_threadpool(self._read, credentials, key)

    def _read(self, credentials: str, key: str) -> Actor:
        commits = self._database.commit_count()
        with self._database.reading() as session:
            actor = get_actor(session, credentials, self._secret_key)
        self._standing.keep(key, commits, actor)
        return actor
