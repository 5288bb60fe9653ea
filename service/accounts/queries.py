"""What is shown of people, keys, sessions and the audit."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import GRANTS, ROLE_TITLES, Actor, Role
from service.accounts.keys import KEY_MARK, visible_keys
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
from service.settings import Settings
from service.tables import ApiKey, AuditRecord, SchoolClass, User, UserClass, UserSession


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
    is_open = (UserSession.ended_at.is_(None), UserSession.expires_at > now(), UserSession.quiet_until > now())
    mine = sa.select(UserSession).where(UserSession.user_id == user_id, *is_open)
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
