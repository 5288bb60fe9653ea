"""From credentials to an actor; on every request, never only at sign-in."""

import hmac
from contextlib import suppress
from dataclasses import replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from service.access import GRANTS, ROLE_TITLES, THROUGH_BROKEN_GLASS, Actor, Permission, Role
from service.accounts.actions import actor_of, hash_token
from service.accounts.keys import KEY_MARK, key_permissions, visible_keys
from service.accounts.people import PASSWORD, visible_people
from service.accounts.schemas import (
    AuditLine,
    AuditPage,
    ClassOfPerson,
    Key,
    Keys,
    OpenSession,
    People,
    Person,
    Sessions,
)
from service.clock import now
from service.db import Database
from service.errors import SignInError
from service.settings import Settings
from service.standing import Standing
from service.tables import ApiKey, AuditRecord, BrokenGlass, SchoolClass, User, UserClass, UserSession

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
    actor = actor_of(user, row)
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


def list_people(session: Session, actor: Actor) -> People:
    """People whom the actor looks after, those who left last."""
    users = session.scalars(visible_people(actor).order_by(User.dismissed_at.is_not(None), User.login)).all()
    titles = sa.select(UserClass.user_id, SchoolClass.class_id, SchoolClass.title).join(SchoolClass)
    classes: dict[int, list[ClassOfPerson]] = {}
    for user_id, class_id, title in session.execute(titles.order_by(SchoolClass.class_id)):
        classes.setdefault(user_id, []).append(ClassOfPerson(class_id=class_id, title=title))
    return People(people=[person_of(user, classes.get(user.user_id, [])) for user in users])


def person_of(user: User, classes: list[ClassOfPerson]) -> Person:
    """A person as it is shown."""
    return Person(
        user_id=user.user_id,
        login=user.login,
        display_name=user.display_name,
        role=user.role,
        role_title=ROLE_TITLES[Role(user.role)],
        school_code=user.school_code,
        is_limited=user.is_limited,
        classes=classes,
        signs_in_by=user.signs_in_by,  # type: ignore[arg-type] # one of the two words
        password_is_temporary=user.password_is_temporary,
        locked_until=user.locked_until if user.locked_until is not None and user.locked_until > now() else None,
        dismissed_at=user.dismissed_at,
        revision=user.revision,
    )


def list_keys(session: Session, actor: Actor) -> Keys:
    """Keys that the actor looks after, those in use first; secrets are not kept and cannot be shown."""
    moment = now()
    rows = session.scalars(visible_keys(actor).order_by(ApiKey.key_id.desc())).all()
    keys = [
        Key(
            key_id=row.key_id,
            prefix=f"{KEY_MARK}_{row.prefix}",
            title=row.title,
            school_code=row.school_code,
            verbs=list(row.verbs),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_on=row.last_used_on,
            is_valid=row.revoked_at is None and row.expires_at > moment,
        )
        for row in rows
    ]
    verbs = sorted(permission.value for permission in GRANTS[Role.SCHOOL_CLIENT])
    return Keys(keys=sorted(keys, key=lambda key: not key.is_valid), verbs=verbs)


def has_password(session: Session, actor: Actor, settings: Settings) -> bool:
    """Whether the one who asks may have a password here: no system, and no one of the provider where that says so."""
    if actor.session_id is None:
        return False
    user = session.get_one(User, int(actor.actor_id.partition(":")[2]))
    return user.signs_in_by == PASSWORD or settings.oidc_passwords


def list_sessions(session: Session, actor: Actor) -> Sessions:
    """Open sessions of the person who asks."""
    user_id = int(actor.actor_id.partition(":")[2]) if actor.session_id is not None else -1
    mine = sa.select(UserSession).where(
        UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.expires_at > now()
    )
    return Sessions(
        sessions=[
            OpenSession(
                session_id=row.session_id,
                opened_at=row.opened_at,
                expires_at=row.expires_at,
                is_current=row.session_id == actor.session_id,
            )
            for row in session.scalars(mine.order_by(UserSession.opened_at.desc()))
        ]
    )


def audit_page(
    session: Session, *, before: int | None, limit: int, deed: str | None, subject: str | None, actor_id: str | None
) -> AuditPage:
    """Records older than one, newest first."""
    query = sa.select(AuditRecord).order_by(AuditRecord.audit_id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditRecord.audit_id < before)
    for column, wanted in ((AuditRecord.deed, deed), (AuditRecord.subject, subject), (AuditRecord.actor_id, actor_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    records = [
        AuditLine(
            audit_id=row.audit_id,
            recorded_at=row.recorded_at,
            actor_id=row.actor_id,
            deed=row.deed,
            subject=row.subject,
            facts=row.facts,
        )
        for row in session.scalars(query)
    ]
    return AuditPage(records=records, next_before=records[-1].audit_id if len(records) == limit else None)


class Identities:
    """Actors of this installation's credentials; tokens themselves are not kept."""

    def __init__(self, database: Database, secret_key: bytes) -> None:
        self._database = database
        self._secret_key = secret_key
        self._standing: Standing[str, Actor] = Standing(database)
        self._used: dict[int, date] = {}

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
        if actor.role is Role.SCHOOL_CLIENT:
            self._note_use(int(actor.actor_id.partition(":")[2]), now().date())
        self._standing.keep(key, commits, actor)
        return actor

    def _note_use(self, key_id: int, day: date) -> None:
        """The day a key was last used, written once a day: forgotten keys can be told."""
        if self._used.get(key_id) == day:
            return
        stale = sa.or_(ApiKey.last_used_on.is_(None), ApiKey.last_used_on < day)
        # while somebody writes for long, the next request notes it: nobody is refused for a note
        with suppress(sa.exc.OperationalError), self._database.writing() as session:
            session.execute(sa.update(ApiKey).where(ApiKey.key_id == key_id, stale).values(last_used_on=day))
            self._used[key_id] = day
