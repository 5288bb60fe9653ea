"""Keys of school systems: scoped to a school and to verbs, shown once, ending by themselves."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import GRANTS, Actor, Permission, Role, check_permission
from service.accounts.actions import hash_token
from service.accounts.people import MAX_NAME, check_school, check_words
from service.clock import now
from service.errors import ConflictError, InvalidInputError, NotFoundError
from service.tables import ApiKey

KEY_MARK = "ori"
MAX_KEY_DAYS = 730
MAX_OVERLAP_HOURS = 30 * 24


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key, shown once: `text` is never kept."""

    text: str
    key_id: int
    expires_at: datetime


def visible_keys(actor: Actor) -> sa.Select[ApiKey]:
    """The beginning of every query about keys: those of the actor's school."""
    keys = sa.select(ApiKey)
    return keys if actor.role is Role.OPERATOR else keys.where(ApiKey.school_code == actor.school_code)


def get_key(session: Session, actor: Actor, key_id: int) -> ApiKey:
    """A key that the actor may look after; any other is absent."""
    row = session.scalars(visible_keys(actor).where(ApiKey.key_id == key_id)).one_or_none()
    if row is None:
        raise NotFoundError("Такого ключа нет.", key_id=key_id)
    return row


def issue_key(
    session: Session,
    *,
    actor: Actor,
    title: str,
    school_code: str,
    verbs: tuple[str, ...],
    days: int,
    secret_key: bytes,
) -> IssuedKey:
    """A key for a school's system; it can do what its verbs say, in its school."""
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    if actor.role is not Role.OPERATOR and school_code != actor.school_code:
        raise NotFoundError("Такой школы нет.")
    allowed = {permission.value for permission in GRANTS[Role.SCHOOL_CLIENT]}
    unknown = sorted(set(verbs) - allowed)
    if unknown or not verbs:
        listed = ", ".join(sorted(allowed))
        raise InvalidInputError(f"Права ключа — одно или несколько из: {listed}.", unknown=unknown)
    check_words(title, MAX_NAME)
    if not 1 <= days <= MAX_KEY_DAYS:
        raise InvalidInputError(f"Срок ключа — от 1 до {MAX_KEY_DAYS} дней.", days=days)
    check_school(session, school_code)
    issued = _new_key(session, title, school_code, tuple(sorted(set(verbs))), timedelta(days=days), secret_key)
    facts = {"school_code": school_code, "verbs": sorted(set(verbs))}
    audit.record(session, actor=actor, deed="key.issued", subject=f"key:{issued.key_id}", **facts)
    return issued


def _new_key(
    session: Session, title: str, school_code: str, verbs: tuple[str, ...], term: timedelta, secret_key: bytes
) -> IssuedKey:
    prefix, secret, moment = secrets.token_hex(4), secrets.token_urlsafe(32), now()
    row = ApiKey(
        prefix=prefix,
        secret_hash=hash_token(secret_key, secret),
        title=title,
        school_code=school_code,
        verbs=verbs,
        created_at=moment,
        expires_at=moment + term,
    )
    session.add(row)
    session.flush()
    return IssuedKey(f"{KEY_MARK}_{prefix}_{secret}", row.key_id, row.expires_at)


def rotate_key(session: Session, *, actor: Actor, key_id: int, overlap_hours: float, secret_key: bytes) -> IssuedKey:
    """A new key in place of one, with the same verbs and term; the old one works on for the overlap."""
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    old = get_key(session, actor, key_id)
    moment = now()
    if old.revoked_at is not None or old.expires_at <= moment:
        raise ConflictError("Ключ уже не действует: выдайте новый.", key_id=key_id)
    if not 0 <= overlap_hours <= MAX_OVERLAP_HOURS:
        raise InvalidInputError(f"Старый ключ может действовать ещё от 0 до {MAX_OVERLAP_HOURS} часов.")
    issued = _new_key(session, old.title, old.school_code, old.verbs, old.expires_at - old.created_at, secret_key)
    old.expires_at = min(old.expires_at, moment + timedelta(hours=overlap_hours))
    facts = {"replaced_by": issued.key_id, "until": old.expires_at.isoformat()}
    audit.record(session, actor=actor, deed="key.rotated", subject=f"key:{key_id}", **facts)
    return issued


def revoke_key(session: Session, *, actor: Actor, key_id: int) -> None:
    """A key that must not work any more."""
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    row = get_key(session, actor, key_id)
    if row.revoked_at is None:
        row.revoked_at = now()
        audit.record(session, actor=actor, deed="key.revoked", subject=f"key:{key_id}")


def key_permissions(row: ApiKey) -> frozenset[Permission]:
    """Verbs of a key, never more than its role may."""
    return frozenset(Permission(verb) for verb in row.verbs) & GRANTS[Role.SCHOOL_CLIENT]
