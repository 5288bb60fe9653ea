"""From credentials to an actor; on every request, never only at sign-in."""

import hmac
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from service.access import THROUGH_BROKEN_GLASS, Actor, Permission, Role
from service.accounts.actions import actor_of, hash_token
from service.accounts.keys import KEY_MARK, key_permissions
from service.clock import now
from service.db import Database
from service.errors import SignInError
from service.standing import Standing
from service.tables import ApiKey, BrokenGlass, User, UserClass, UserSession

OF_OLD = datetime.min.replace(tzinfo=UTC)
TIMES_NOTED, SOON, MOST_IN_USE = 6, timedelta(minutes=1), 10_000
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
    actor = actor_of(user, row)
    if row.ended_at is not None or actor.until <= now() or user.dismissed_at is not None:
        raise SignInError(EXPIRED)
    if user.is_limited:
        return _limited(session, actor, user.user_id)
    return _through_broken_glass(session, actor, user.user_id) if actor.may(Permission.BREAK_GLASS) else actor


def _limited(session: Session, actor: Actor, user_id: int) -> Actor:
    """A limited counsellor sees the classes that are named, be they none."""
    classes = session.scalars(sa.select(UserClass.class_id).where(UserClass.user_id == user_id)).all()
    return replace(actor, class_ids=frozenset(classes))


def _through_broken_glass(session: Session, actor: Actor, user_id: int) -> Actor:
    """What a regional administrator may besides while access in need is open."""
    until = session.scalar(
        sa.select(sa.func.max(BrokenGlass.until)).where(BrokenGlass.user_id == user_id, BrokenGlass.until > now())
    )
    if until is None:
        return actor
    permissions = actor.permissions | THROUGH_BROKEN_GLASS
    return replace(actor, permissions=permissions, has_broken_glass=True, until=min(actor.until, until))


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

    def __init__(self, database: Database, secret_key: bytes, idle: timedelta) -> None:
        self._database = database
        self._secret_key = secret_key
        self._idle = idle
        self._standing: Standing[str, Actor] = Standing(database)
        self._used: dict[int, date] = {}  # keys
        self._in_use: dict[int, datetime] = {}  # sessions; till when nothing is to be noted

    async def identify(self, credentials: str, *, is_use: bool = True) -> Actor:
        """Who presents them; SignInError when nobody does. A screen that asks by itself is not somebody at work."""
        key = hash_token(self._secret_key, credentials)
        actor = self._standing.find(key)
        if actor is not None and actor.until > now() and not (is_use and self._is_use_to_be_noted(actor)):
            return actor
        return await run_in_threadpool(self._read, credentials, key, is_use)

    def _read(self, credentials: str, key: str, is_use: bool) -> Actor:
        commits = self._database.commit_count()
        with self._database.reading() as session:
            actor = get_actor(session, credentials, self._secret_key)
        if is_use and self._is_use_to_be_noted(actor) and self._go_on(actor.session_id):
            return self._read(credentials, key, is_use)
        if actor.role is Role.SCHOOL_CLIENT:
            self._note_use(int(actor.actor_id.partition(":")[2]), now().date())
        self._standing.keep(key, commits, actor)
        return actor

    def _is_use_to_be_noted(self, actor: Actor) -> bool:
        return actor.session_id is not None and self._in_use.get(actor.session_id, OF_OLD) <= now()

    def _go_on(self, session_id: int | None) -> bool:
        """Keep a session in use open: written a few times in the minutes after which it would be over."""
        if session_id is None:
            return False
        if len(self._in_use) >= MOST_IN_USE:
            self._in_use.clear()
        self._in_use[session_id] = now() + SOON  # where somebody writes for long, it is noted a little later
        mine = sa.update(UserSession).where(UserSession.session_id == session_id)
        with suppress(sa.exc.OperationalError), self._database.noting() as session:
            session.execute(mine.values(quiet_until=now() + self._idle))
            self._in_use[session_id] = now() + self._idle / TIMES_NOTED
            return True
        return False

    def _note_use(self, key_id: int, day: date) -> None:
        """The day a key was last used, written once a day: forgotten keys can be told."""
        if self._used.get(key_id) == day:
            return
        stale = sa.or_(ApiKey.last_used_on.is_(None), ApiKey.last_used_on < day)
        # while somebody writes for long, the next request notes it: nobody is refused for a note
        with suppress(sa.exc.OperationalError), self._database.noting() as session:
            session.execute(sa.update(ApiKey).where(ApiKey.key_id == key_id, stale).values(last_used_on=day))
            self._used[key_id] = day
