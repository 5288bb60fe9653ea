"""Sign-in: passwords and sessions."""

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
from service.access import FOREVER, GRANTS, Actor, Role
from service.clock import now
from service.db import Database
from service.errors import InvalidInputError, LockedOutError, NotFoundError, SignInError, TooManySignInsError
from service.settings import Settings
from service.tables import User, UserSession

MIN_PASSWORD_LENGTH = 8
VERIFIED_AT_ONCE = 4
_verifications = threading.BoundedSemaphore(VERIFIED_AT_ONCE)
WRONG_PAIR = "Логин или пароль не подходят."


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))  # argon2id with the library's current costs


def hash_password(password: str) -> str:
    """What is kept of a password."""
    return _hasher().hash(password)


# verified against when the login does not exist, so that both cases take the same time: of a password that nobody kept
DECOY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$IDncDauCY3799AhtqBjCkg$S/J3u2z5FjIYjgv9gxB4+TxTwrd3pSrNf+sHTHsfH3c"


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
        stored = user.password_hash if user is not None and _may_use_password(user, settings) else None
    fits = _verify(password, stored or DECOY_HASH) and stored is not None
    # a failure is counted in a transaction of its own, because the error must not undo it
    with database.writing() as session:
        user = session.scalars(sa.select(User).where(User.login == login).with_for_update()).one_or_none()
        _check_lock(user)  # others may have failed meanwhile
        if user is not None:
            if fits and _may_use_password(user, settings) and user.password_hash == stored:
                return start_session(session, user, by="password", settings=settings, secret_key=secret_key)
            _count_failure(session, user, now(), settings)
    raise SignInError(WRONG_PAIR)


def _may_use_password(user: User, settings: Settings) -> bool:
    return user.dismissed_at is None and (user.signs_in_by == "password" or settings.oidc_passwords)


def _find_user(session: Session, login: str) -> User | None:
    return session.scalars(sa.select(User).where(User.login == login)).one_or_none()


def _check_lock(user: User | None) -> None:
    if user is not None and user.locked_until is not None and user.locked_until > now():
        raise LockedOutError(
            f"Слишком много неудачных попыток: вход закрыт до {user.locked_until:%H:%M} UTC.",
            locked_until=user.locked_until.isoformat(),
        )


def start_session(session: Session, user: User, *, by: str, settings: Settings, secret_key: bytes) -> OpenedSession:
    """A session of somebody who has shown who he or she is."""
    user.failure_count, user.locked_until = 0, None
    token, moment = secrets.token_urlsafe(32), now()
    row = UserSession(
        user_id=user.user_id,
        token_hash=hash_token(secret_key, token),
        opened_at=moment,
        expires_at=moment + timedelta(hours=settings.session_hours),
        quiet_until=moment + timedelta(minutes=settings.idle_minutes),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor=actor_of(user, row), deed="session.opened", subject=f"user:{user.user_id}", by=by)
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
    """The actor a person is; who has not yet replaced a password that another knows may do nothing else."""
    role = Role(user.role)
    return Actor(
        actor_id=f"user:{user.user_id}",
        role=role,
        display_name=user.display_name,
        permissions=frozenset() if user.password_is_temporary else GRANTS[role],
        school_code=user.school_code,
        session_id=session.session_id if session is not None else None,
        until=min(session.expires_at, session.quiet_until) if session is not None else FOREVER,
    )


def close_session(session: Session, *, actor: Actor) -> None:
    """Sign out."""
    if actor.session_id is None:
        raise NotFoundError("Ключ не открывает сеанса: завершать нечего.")
    row = session.get_one(UserSession, actor.session_id)
    row.ended_at = now()
    audit.record(session, actor=actor, deed="session.closed", subject=actor.actor_id)


def end_session(session: Session, *, actor: Actor, session_id: int) -> None:
    """End one of one's own sessions: a computer that was left signed in."""
    row = session.get(UserSession, session_id)
    if row is None or f"user:{row.user_id}" != actor.actor_id or row.ended_at is not None:
        raise NotFoundError("Такого открытого сеанса нет.")
    row.ended_at = now()
    audit.record(session, actor=actor, deed="session.ended", subject=actor.actor_id, session_id=session_id)


def end_sessions(session: Session, user_id: int, *, but: int | None = None) -> None:
    """End a person's open sessions, but the one that does it."""
    mine = sa.update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    others = mine if but is None else mine.where(UserSession.session_id != but)
    session.execute(others.values(ended_at=now()))


def check_password(password: str) -> None:
    """Refuse a password that is too short."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidInputError(f"Пароль короче {MIN_PASSWORD_LENGTH} знаков.")


def change_password(database: Database, *, actor: Actor, current: str, wanted: str, settings: Settings) -> None:
    """A password of one's own choice; whoever else is signed in as this person is signed out."""
    if actor.session_id is None:
        raise NotFoundError("У ключа нет пароля.")
    check_password(wanted)
    if hmac.compare_digest(wanted.encode(), current.encode()):  # or a password that another knows would stay
        raise InvalidInputError("Новый пароль такой же, как нынешний: придумайте другой.")
    user_id = int(actor.actor_id.partition(":")[2])
    with database.reading() as session:
        user = session.get_one(User, user_id)
        _check_lock(user)
        stored = user.password_hash
    fits = _verify(current, stored)
    replacement = hash_password(wanted) if fits else ""
    with database.writing() as session:
        user = session.scalars(sa.select(User).where(User.user_id == user_id).with_for_update()).one()
        _check_lock(user)
        is_current = fits and user.password_hash == stored
        if is_current:
            user.password_hash, user.password_is_temporary = replacement, False
            user.failure_count = 0
            end_sessions(session, user_id, but=actor.session_id)
            audit.record(session, actor=actor, deed="password.changed", subject=actor.actor_id)
        else:
            _count_failure(session, user, now(), settings)
    if not is_current:
        raise InvalidInputError("Нынешний пароль не подходит.")
