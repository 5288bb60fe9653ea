"""People: who is let in by a password, as what, to which classes; and access in need."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import SCHOOL_ROLES, Actor, Permission, Role, check_permission
from service.accounts.actions import check_password, end_sessions, hash_password
from service.clock import now
from service.errors import ConflictError, InvalidInputError, NotFoundError
from service.seen import Seen, check_seen
from service.settings import Settings
from service.tables import BrokenGlass, School, SchoolClass, User, UserClass

PASSWORD, PROVIDER = "password", "provider"  # who vouches for a person
MAX_LOGIN, MAX_NAME, MAX_REASON = 64, 200, 500
TEMPORARY_BYTES = 9  # twelve signs to type from a slip of paper
NOT_GIVEN = frozenset({Role.OPERATOR, Role.SCHOOL_CLIENT})  # nobody signs in as these
GIVEN_BY_SCHOOLS = frozenset({Role.COUNSELLOR, Role.SCHOOL_ADMIN})


@dataclass(frozen=True, slots=True)
class Admitted:
    """A person, and the password that is shown once; None where the person chose it."""

    user: User
    temporary_password: str | None


def visible_people(actor: Actor) -> sa.Select[User]:
    """The beginning of every query about people: a school administrator's own school."""
    people = sa.select(User)
    if actor.role is Role.OPERATOR:
        return people
    given = sorted(role.value for role in GIVEN_BY_SCHOOLS)
    return people.where(User.school_code == actor.school_code, User.school_code.is_not(None), User.role.in_(given))


def get_person(session: Session, actor: Actor, user_id: int, *, for_change: bool = False) -> User:
    """A person whom the actor may admit and dismiss; anybody else is absent. For a change held until the end of it."""
    query = visible_people(actor).where(User.user_id == user_id)
    found = session.scalars(query.with_for_update() if for_change else query).one_or_none()
    if found is None:
        raise NotFoundError("Такого человека нет.")
    return found


def add_user(
    session: Session,
    *,
    actor: Actor,
    login: str,
    display_name: str,
    role: str,
    school_code: str | None = None,
    password: str | None = None,
    signs_in_by: str = PASSWORD,
    settings: Settings | None = None,
    is_limited: bool | None = None,
    class_ids: tuple[str, ...] = (),
) -> Admitted:
    """A new person. Without a password one is made, shown once, and good only for choosing another.

    Whom the provider lets in needs none; `settings` say whether there is one.
    """
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    _check_role(actor, role, school_code)
    check_words(login, MAX_LOGIN)
    check_words(display_name, MAX_NAME)
    if password is not None:
        check_password(password)
    check_school(session, school_code)
    if session.scalars(sa.select(User.user_id).where(User.login == login)).first() is not None:
        raise ConflictError("Такой логин уже есть.", login=login)
    if signs_in_by == PROVIDER:
        _check_provider(settings, password)
    temporary = secrets.token_urlsafe(TEMPORARY_BYTES) if password is None and signs_in_by == PASSWORD else None
    user = User(
        login=login,
        signs_in_by=signs_in_by,
        password_hash=hash_password(password or temporary or secrets.token_urlsafe(32)),  # the last one nobody knows
        password_is_temporary=temporary is not None,
        display_name=display_name,
        role=role,
        school_code=school_code,
        failure_count=0,
        is_limited=_checked_limit(role, is_limited, class_ids),
    )
    session.add(user)
    session.flush()
    _store_classes(session, user, class_ids)
    facts = {
        "role": role,
        "signs_in_by": signs_in_by,
        "is_limited": user.is_limited,
        "class_ids": sorted(set(class_ids)),
    }
    user.revision = audit.record(session, actor=actor, deed="user.added", subject=f"user:{user.user_id}", **facts)
    return Admitted(user, temporary)


def _check_provider(settings: Settings | None, password: str | None) -> None:
    if settings is None or settings.oidc_issuer is None:
        raise ConflictError("Единый вход не настроен: ORIENTIR_OIDC_ISSUER.")
    if password is not None:
        raise InvalidInputError("Кого впускает единый вход, тому пароль не задают.")


def set_sign_in(session: Session, *, actor: Actor, user_id: int, signs_in_by: str, settings: Settings) -> Admitted:
    """Let the provider vouch for a person from now on, or a password again; open sessions end."""
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    user = get_person(session, actor, user_id, for_change=True)
    if signs_in_by == PROVIDER:
        _check_provider(settings, None)
    temporary = secrets.token_urlsafe(TEMPORARY_BYTES) if signs_in_by == PASSWORD else None
    user.signs_in_by, user.password_is_temporary = signs_in_by, temporary is not None
    user.password_hash = hash_password(temporary or secrets.token_urlsafe(32))
    end_sessions(session, user.user_id)
    facts = {"signs_in_by": signs_in_by}
    user.revision = audit.record(session, actor=actor, deed="user.sign_in", subject=f"user:{user.user_id}", **facts)
    return Admitted(user, temporary)


def _check_role(actor: Actor, role: str, school_code: str | None) -> None:
    if role not in {known.value for known in Role if known not in NOT_GIVEN}:
        raise InvalidInputError(f"Роли «{role}» нет.", role=role)
    if (Role(role) in SCHOOL_ROLES) != (school_code is not None):
        raise InvalidInputError("Школа указывается для школьных ролей и только для них.", role=role)
    if actor.role is Role.OPERATOR:
        return
    if Role(role) not in GIVEN_BY_SCHOOLS:
        raise InvalidInputError("Школа заводит педагогов-навигаторов и своих администраторов.", role=role)
    if school_code != actor.school_code:
        raise NotFoundError("Такой школы нет.")


def _checked_limit(role: str, is_limited: bool | None, class_ids: tuple[str, ...]) -> bool:
    """Whom a counsellor sees is said, never guessed from there being no classes."""
    if Role(role) is not Role.COUNSELLOR:
        if is_limited or class_ids:
            raise InvalidInputError("Классами ограничивают только педагога-навигатора.", role=role)
        return False
    if is_limited is None:
        raise InvalidInputError("Скажите, кого видит педагог: всю школу или только названные классы.", role=role)
    if class_ids and not is_limited:
        raise InvalidInputError("Выберите одно: вся школа или только названные классы.", role=role)
    return is_limited


def _store_classes(session: Session, user: User, class_ids: tuple[str, ...]) -> None:
    """Keep the classes of a limited counsellor, of the school and no other."""
    known = sa.select(SchoolClass.class_id).where(
        SchoolClass.school_code == user.school_code, SchoolClass.class_id.in_(class_ids)
    )
    unknown = sorted(set(class_ids) - set(session.scalars(known)))
    if unknown:
        raise InvalidInputError(f"Таких классов в школе нет: {', '.join(unknown)}.", unknown=unknown)
    session.execute(sa.delete(UserClass).where(UserClass.user_id == user.user_id))
    session.add_all(UserClass(user_id=user.user_id, class_id=class_id) for class_id in sorted(set(class_ids)))
    session.flush()


def set_classes(
    session: Session,
    *,
    actor: Actor,
    user_id: int,
    is_limited: bool,
    class_ids: tuple[str, ...] = (),
    seen: Seen = None,
) -> User:
    """Limit a counsellor to named classes, be they none, or open the whole school."""
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    user = get_person(session, actor, user_id, for_change=True)
    check_seen(session, seen, user.revision)
    user.is_limited = _checked_limit(user.role, is_limited, class_ids)
    _store_classes(session, user, class_ids)
    facts = {"is_limited": is_limited, "class_ids": sorted(set(class_ids))}
    user.revision = audit.record(session, actor=actor, deed="user.limited", subject=f"user:{user.user_id}", **facts)
    return user


def reset_password(session: Session, *, actor: Actor, user_id: int, settings: Settings) -> Admitted:
    """A forgotten password: another is made and shown once; open sessions end, the lock is lifted."""
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    user = get_person(session, actor, user_id)
    if user.dismissed_at is not None:
        raise ConflictError("Вход этого человека закрыт: заведите нового.")
    if user.signs_in_by == PROVIDER and not settings.oidc_passwords:
        raise ConflictError("Этого человека впускает единый вход: пароля здесь у него нет.")
    temporary = secrets.token_urlsafe(TEMPORARY_BYTES)
    user.password_hash, user.password_is_temporary = hash_password(temporary), True
    user.failure_count, user.locked_until = 0, None
    end_sessions(session, user.user_id)
    user.revision = audit.record(session, actor=actor, deed="password.reset", subject=f"user:{user.user_id}")
    return Admitted(user, temporary)


def dismiss_user(session: Session, *, actor: Actor, user_id: int) -> None:
    """A person who left: cannot sign in, open sessions end."""
    check_permission(actor, Permission.MANAGE_ACCOUNTS)
    user = get_person(session, actor, user_id)
    if actor.actor_id == f"user:{user_id}":
        raise ConflictError("Себя закрыть нельзя: это делает другой администратор или оператор.")
    if user.dismissed_at is None:
        user.dismissed_at = now()
        end_sessions(session, user.user_id)
        user.revision = audit.record(session, actor=actor, deed="user.dismissed", subject=f"user:{user.user_id}")


def find_user_id(session: Session, login: str) -> int:
    """A person by login, as the operator names people."""
    found = session.scalars(sa.select(User.user_id).where(User.login == login)).one_or_none()
    if found is None:
        raise NotFoundError("Такого логина нет.", login=login)
    return found


def break_glass(session: Session, *, actor: Actor, reason: str, minutes: float) -> BrokenGlass:
    """Let a regional administrator see students for a while; the reason stays in the audit for good."""
    check_permission(actor, Permission.BREAK_GLASS)
    kind, _, number = actor.actor_id.partition(":")
    if kind != "user":
        raise NotFoundError("Экстренный доступ открывает человек, вошедший по паролю.")
    if len(reason.split()) < 2:
        raise InvalidInputError("Назовите причину несколькими словами: она останется в журнале.")
    moment = now()
    row = BrokenGlass(
        user_id=int(number), reason=reason.strip(), opened_at=moment, until=moment + timedelta(minutes=minutes)
    )
    session.add(row)
    session.flush()
    facts = {"reason": row.reason, "until": row.until.isoformat()}
    audit.record(session, actor=actor, deed="glass.broken", subject=actor.actor_id, **facts)
    return row


def check_words(text: str, longest: int) -> None:
    """Refuse a login or a title that is empty, too long or cannot be printed."""
    if not 0 < len(text) <= longest or not text.isprintable():
        raise InvalidInputError(f"Логин, имя и название — от 1 до {longest} знаков, без служебных.")


def check_school(session: Session, school_code: str | None) -> None:
    """Refuse a school that is not there."""
    if school_code is not None and session.get(School, school_code) is None:
        raise NotFoundError(f"Школы «{school_code}» нет.", school_code=school_code)
