"""Sign-in, people and keys."""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session

from service import audit
from service.access import FOREVER, GRANTS, OPERATOR, SCHOOL_ROLES, Actor, Permission, Role
from service.clock import now
from service.db import Database
from service.errors import (
    ConflictError,
    InvalidInputError,
    LockedOutError,
    NotFoundError,
    SignInError,
    TooManySignInsError,
)
from service.settings import Settings
from service.tables import ApiKey, School, User, UserSession

KEY_MARK = "ori"
MIN_PASSWORD_LENGTH = 8
MAX_KEY_DAYS = 730
MAX_LOGIN, MAX_NAME = 64, 200
VERIFIED_AT_ONCE = 4
_verifications = threading.BoundedSemaphore(VERIFIED_AT_ONCE)
WRONG_PAIR = "Логин или пароль не подходят."


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))  # argon2id with the library's current costs


def hash_password(password: str) -> str:
    """What is kept of a password."""
    return _hasher().hash(password)


@cache
def decoy_hash() -> str:
    """Verified against when the login does not exist, so that both cases take the same time; made at start-up."""
    return hash_password(secrets.token_urlsafe(16))


def _verify(password: str, stored: str) -> bool:
    """Compare, a few at a time: each takes tens of megabytes and a core on purpose."""
    if not _verifications.acquire(blocking=False):
        raise TooManySignInsError("Слишком много входов сразу. Повторите через несколько секунд.")
    try:
        return _hasher().verify(password, stored)
    finally:
        _verifications.release()


def hash_token(secret_key: bytes, token: str) -> str:
    """What is kept of a token: useless without this installation's key."""
    return hmac.new(secret_key, token.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A token, shown once."""

    token: str
    expires_at: datetime
    user: User


def open_session(
    database: Database, *, login: str, password: str, settings: Settings, secret_key: bytes
) -> OpenedSession:
    """Sign a person in; the slow comparison holds no transaction."""
    with database.reading() as session:
        user = _find_user(session, login)
        _check_lock(user)
        stored = user.password_hash if user is not None and user.dismissed_at is None else None
    fits = _verify(password, stored or decoy_hash()) and stored is not None
    # a failure is counted in a transaction of its own, because the error must not undo it
    with database.writing() as session:
        user = session.scalars(sa.select(User).where(User.login == login).with_for_update()).one_or_none()
        _check_lock(user)  # others may have failed meanwhile
        if user is not None:
            if fits and user.dismissed_at is None and user.password_hash == stored:
                return _opened(session, user, now(), settings, secret_key)
            _count_failure(session, user, now(), settings)
    raise SignInError(WRONG_PAIR)


def _find_user(session: Session, login: str) -> User | None:
    return session.scalars(sa.select(User).where(User.login == login)).one_or_none()


def _check_lock(user: User | None) -> None:
    if user is not None and user.locked_until is not None and user.locked_until > now():
        raise LockedOutError(
            f"Слишком много неудачных попыток: вход закрыт до {user.locked_until:%H:%M} UTC.",
            locked_until=user.locked_until.isoformat(),
        )


def _opened(session: Session, user: User, moment: datetime, settings: Settings, secret_key: bytes) -> OpenedSession:
    user.failure_count, user.locked_until = 0, None
    token = secrets.token_urlsafe(32)
    row = UserSession(
        user_id=user.user_id,
        token_hash=hash_token(secret_key, token),
        opened_at=moment,
        expires_at=moment + timedelta(hours=settings.session_hours),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor=actor_of(user, row), deed="session.opened", subject=f"user:{user.user_id}")
    session.expunge(user)
    return OpenedSession(token, row.expires_at, user)


def _count_failure(session: Session, user: User, moment: datetime, settings: Settings) -> None:
    user.failure_count += 1
    locked = user.failure_count >= settings.failures_before_lock
    if locked:
        user.failure_count = 0
        user.locked_until = moment + timedelta(minutes=settings.lock_minutes)
    stranger = Actor("nobody", Role(user.role), "", frozenset())
    audit.record(session, actor=stranger, deed="session.refused", subject=f"user:{user.user_id}", locked=locked)


def actor_of(user: User, session: UserSession | None = None) -> Actor:
    """The actor a person is."""
    role = Role(user.role)
    return Actor(
        actor_id=f"user:{user.user_id}",
        role=role,
        display_name=user.display_name,
        permissions=GRANTS[role],
        school_code=user.school_code,
        session_id=session.session_id if session is not None else None,
        until=session.expires_at if session is not None else FOREVER,
    )


def close_session(session: Session, *, actor: Actor) -> None:
    """Sign out."""
    if actor.session_id is None:
        raise NotFoundError("Ключ не открывает сеанса: завершать нечего.")
    row = session.get_one(UserSession, actor.session_id)
    row.ended_at = now()
    audit.record(session, actor=actor, deed="session.closed", subject=actor.actor_id)


def add_user(
    session: Session, *, login: str, password: str, display_name: str, role: str, school_code: str | None = None
) -> User:
    """A new person; the operator does it."""
    if role not in {r.value for r in Role} - {Role.OPERATOR, Role.SCHOOL_CLIENT}:
        raise InvalidInputError(f"Роли «{role}» нет.", role=role)
    _check_words(login, MAX_LOGIN)
    _check_words(display_name, MAX_NAME)
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidInputError(f"Пароль короче {MIN_PASSWORD_LENGTH} знаков.")
    if (Role(role) in SCHOOL_ROLES) != (school_code is not None):
        raise InvalidInputError("Школа указывается для школьных ролей и только для них.", role=role)
    _check_school(session, school_code)
    if session.scalars(sa.select(User.user_id).where(User.login == login)).first() is not None:
        raise ConflictError("Такой логин уже есть.", login=login)
    user = User(
        login=login,
        password_hash=hash_password(password),
        display_name=display_name,
        role=role,
        school_code=school_code,
        failure_count=0,
    )
    session.add(user)
    session.flush()
    audit.record(session, actor=OPERATOR, deed="user.added", subject=f"user:{user.user_id}", role=role)
    return user


def dismiss_user(session: Session, *, login: str) -> None:
    """A person who left: cannot sign in, open sessions end."""
    user = session.scalars(sa.select(User).where(User.login == login)).one_or_none()
    if user is None:
        raise NotFoundError("Такого логина нет.", login=login)
    user.dismissed_at = now()
    open_rows = sa.update(UserSession).where(UserSession.user_id == user.user_id, UserSession.ended_at.is_(None))
    session.execute(open_rows.values(ended_at=user.dismissed_at))
    audit.record(session, actor=OPERATOR, deed="user.dismissed", subject=f"user:{user.user_id}")


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key, shown once: `text` is never kept."""

    text: str
    key_id: int
    expires_at: datetime


def issue_key(
    session: Session, *, title: str, school_code: str, verbs: tuple[str, ...], days: int, secret_key: bytes
) -> IssuedKey:
    """A key for a school's system; it can do what its verbs say, in its school."""
    allowed = {permission.value for permission in GRANTS[Role.SCHOOL_CLIENT]}
    unknown = sorted(set(verbs) - allowed)
    if unknown or not verbs:
        listed = ", ".join(sorted(allowed))
        raise InvalidInputError(f"Права ключа — одно или несколько из: {listed}.", unknown=unknown)
    _check_words(title, MAX_NAME)
    if not 1 <= days <= MAX_KEY_DAYS:
        raise InvalidInputError(f"Срок ключа — от 1 до {MAX_KEY_DAYS} дней.", days=days)
    _check_school(session, school_code)
    prefix, secret, moment = secrets.token_hex(4), secrets.token_urlsafe(32), now()
    row = ApiKey(
        prefix=prefix,
        secret_hash=hash_token(secret_key, secret),
        title=title,
        school_code=school_code,
        verbs=tuple(sorted(set(verbs))),
        created_at=moment,
        expires_at=moment + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor=OPERATOR, deed="key.issued", subject=f"key:{row.key_id}", school_code=school_code)
    return IssuedKey(f"{KEY_MARK}_{prefix}_{secret}", row.key_id, row.expires_at)


def revoke_key(session: Session, *, key_id: int) -> None:
    """A key that must not work any more."""
    row = session.get(ApiKey, key_id)
    if row is None:
        raise NotFoundError("Такого ключа нет.", key_id=key_id)
    row.revoked_at = now()
    audit.record(session, actor=OPERATOR, deed="key.revoked", subject=f"key:{key_id}")


def _check_words(text: str, longest: int) -> None:
    if not 0 < len(text) <= longest or not text.isprintable():
        raise InvalidInputError(f"Логин, имя и название — от 1 до {longest} знаков, без служебных.")


def _check_school(session: Session, school_code: str | None) -> None:
    if school_code is not None and session.get(School, school_code) is None:
        raise NotFoundError(f"Школы «{school_code}» нет.", school_code=school_code)


def key_permissions(row: ApiKey) -> frozenset[Permission]:
    """Verbs of a key, never more than its role may."""
    return frozenset(Permission(verb) for verb in row.verbs) & GRANTS[Role.SCHOOL_CLIENT]
