"""Who may what, decided here and nowhere else. Whatever is not granted is denied."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from service.errors import DeniedError
from service.tables import ClassMember, SchoolClass, Student


class Role(StrEnum):
    """Kinds of actors."""

    SCHOOL_CLIENT = "school_client"
    COUNSELLOR = "counsellor"
    SCHOOL_ADMIN = "school_admin"
    METHODOLOGIST = "methodologist"
    REGIONAL_ADMIN = "regional_admin"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Permission(StrEnum):
    """What can be allowed; the words are also the verbs of API keys."""

    READ_CLASSES = "classes:read"
    READ_STUDENTS = "students:read"
    READ_NAMES = "names:read"
    RANK_STUDENTS = "recommendations:read"
    RANK_INLINE = "recommendations:inline"
    DECIDE = "decisions:write"
    IMPORT_SCHOOL = "imports:school"
    IMPORT_REGION = "imports:region"
    READ_DEMAND = "demand:read"
    PUBLISH_DEMAND = "demand:publish"
    READ_MODELS = "models:read"
    PROMOTE_MODELS = "models:promote"
    MANAGE_ACCOUNTS = "accounts:write"
    READ_AUDIT = "audit:read"
    BREAK_GLASS = "students:break_glass"
    SURVEY = "surveys:write"
    WRITE_CONSENTS = "consents:write"
    EXPORT_STUDENTS = "students:export"
    ERASE_STUDENTS = "students:erase"
    READ_EVENTS = "events:read"
    MANAGE_WEBHOOKS = "webhooks:write"


_P = Permission
_COUNSELLOR = frozenset(
    {
        _P.READ_CLASSES,
        _P.READ_STUDENTS,
        _P.READ_NAMES,
        _P.RANK_STUDENTS,
        _P.DECIDE,
        _P.SURVEY,
        _P.READ_DEMAND,
        _P.READ_MODELS,
    }
)
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.SCHOOL_CLIENT: frozenset(
        {
            _P.READ_CLASSES,
            _P.READ_STUDENTS,
            _P.RANK_STUDENTS,
            _P.RANK_INLINE,
            _P.IMPORT_SCHOOL,
            _P.READ_DEMAND,
            _P.READ_EVENTS,
        }
    ),  # the most a key can have; each key has its own verbs
    Role.COUNSELLOR: _COUNSELLOR,
    Role.SCHOOL_ADMIN: _COUNSELLOR
    | {
        _P.IMPORT_SCHOOL,
        _P.MANAGE_ACCOUNTS,
        _P.WRITE_CONSENTS,
        _P.EXPORT_STUDENTS,
        _P.ERASE_STUDENTS,
        _P.READ_EVENTS,
        _P.MANAGE_WEBHOOKS,
    },
    Role.METHODOLOGIST: frozenset({_P.READ_DEMAND, _P.PUBLISH_DEMAND, _P.IMPORT_REGION, _P.READ_MODELS}),
    Role.REGIONAL_ADMIN: frozenset({_P.READ_DEMAND, _P.READ_MODELS, _P.PROMOTE_MODELS, _P.BREAK_GLASS}),
    Role.AUDITOR: frozenset({_P.READ_MODELS, _P.READ_AUDIT}),
    Role.OPERATOR: frozenset(Permission),
}
# what a regional administrator may besides, for a reason and a while
THROUGH_BROKEN_GLASS = frozenset({_P.READ_CLASSES, _P.READ_STUDENTS, _P.READ_NAMES, _P.RANK_STUDENTS})
ROLE_TITLES = {
    Role.SCHOOL_CLIENT: "информационная система школы",
    Role.COUNSELLOR: "педагог-навигатор",
    Role.SCHOOL_ADMIN: "администратор школы",
    Role.METHODOLOGIST: "методист муниципалитета",
    Role.REGIONAL_ADMIN: "региональный администратор",
    Role.AUDITOR: "аудитор",
    Role.OPERATOR: "оператор",
}
SCHOOL_ROLES = frozenset({Role.SCHOOL_CLIENT, Role.COUNSELLOR, Role.SCHOOL_ADMIN})

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it. `actor_id` stands in the audit: user:12, key:3 or operator."""

    actor_id: str
    role: Role
    display_name: str
    permissions: frozenset[Permission]
    school_code: str | None = None
    session_id: int | None = None
    until: datetime = FOREVER  # from then on the credentials, or what they open, do not count
    class_ids: frozenset[str] | None = None  # a counsellor limited to these, be they none; None: the whole school
    has_broken_glass: bool = False

    def may(self, permission: Permission) -> bool:
        """Whether the actor has a permission."""
        return permission in self.permissions


OPERATOR = Actor("operator", Role.OPERATOR, "Оператор", GRANTS[Role.OPERATOR])


def check_permission(actor: Actor, *any_of: Permission) -> None:
    """Refuse an actor who has none of these permissions."""
    if not any(actor.may(permission) for permission in any_of):
        raise DeniedError(f"Роль «{ROLE_TITLES[actor.role]}» не даёт этого права.", permission=any_of[0].value)


def _school_in_reach(actor: Actor, school_code: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    if actor.role is Role.OPERATOR or actor.has_broken_glass:
        return sa.true()
    if actor.role in SCHOOL_ROLES and actor.school_code is not None:
        return school_code == actor.school_code
    return sa.false()


def visible_students(actor: Actor) -> sa.Select[Student]:
    """The beginning of every query about students: those whom this actor may see, nobody else.

    Whose classes are limited sees who is in them by the newest roster: whoever has moved on is another's student.
    """
    students = sa.select(Student).where(_school_in_reach(actor, Student.__table__.c.school_code))
    if actor.class_ids is None:
        return students
    roster = aliased(ClassMember)  # whoever joins rosters to this keeps a row of its own
    own = sa.exists().where(
        roster.student_id == Student.student_id,
        roster.class_id.in_(sorted(actor.class_ids)),
        roster.school_year == _newest_year(),
    )
    return students.where(own.correlate(Student))


def visible_classes(actor: Actor) -> sa.Select[SchoolClass]:
    """The beginning of every query about classes."""
    classes = sa.select(SchoolClass).where(_school_in_reach(actor, SchoolClass.__table__.c.school_code))
    return classes if actor.class_ids is None else classes.where(SchoolClass.class_id.in_(sorted(actor.class_ids)))


def learning_students(actor: Actor, school_year: str) -> sa.Select[Student]:
    """Visible students whose legal representative agreed, on the newest roster, to learning from outcomes."""
    return visible_students(actor).where(_agreed(ClassMember.consent_learning, school_year))


def rankable_students(actor: Actor, school_year: str) -> sa.Select[Student]:
    """Visible students whose legal representative agreed, on the newest roster, to recommendations."""
    return visible_students(actor).where(_agreed(ClassMember.consent_recommending, school_year))


def tested_students(school_year: str) -> sa.Select[str]:
    """Pseudonyms of students whose diagnostics may be looked at: agreed to, on the newest roster."""
    return sa.select(Student.student_id).where(_agreed(ClassMember.consent_testing, school_year))


def _agreed(consent: sa.orm.InstrumentedAttribute[bool], school_year: str) -> sa.ColumnElement[bool]:
    """Consent on the newest roster up to a school year: a roster of next year decides from its September on."""
    newest = _newest_year(ClassMember.school_year <= school_year)
    return sa.exists().where(
        ClassMember.student_id == Student.student_id, ClassMember.school_year == newest, consent.is_(sa.true())
    )


def _newest_year(*until: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
    """School year of a student's newest roster."""
    years = sa.select(sa.func.max(ClassMember.school_year)).where(ClassMember.student_id == Student.student_id, *until)
    return years.correlate(Student).scalar_subquery()
