"""Wire shapes of sign-in."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from service.wire import PATTERN, WHOLE, Flag, Wire, Writable, check_writable, example


def check_secret(secret: SecretStr) -> SecretStr:
    """A password that can be encoded."""
    check_writable(secret.get_secret_value())
    return secret


Secret = Annotated[SecretStr, AfterValidator(check_secret), Field(json_schema_extra={"pattern": PATTERN})]


class SignIn(Wire):
    """POST /v1/sessions."""

    model_config = example(login="navigator", password="uchebny-raion")  # noqa: S106 -- of the made-up region

    login: Annotated[Writable, Field(min_length=1, max_length=64)]
    password: Annotated[Secret, Field(min_length=1, max_length=256)]


class SessionOpened(Wire):
    """The bearer token is shown once; the service keeps its hash."""

    token: str
    expires_at: datetime
    role: str
    display_name: str


class SignInProvider(Wire):
    """GET /v1/sign-in/provider."""

    title: str | None  # Russian, as people know it; None: nobody signs in by a provider


class SignInBegun(Wire):
    """POST /v1/sign-in/requests: where the browser is to be sent, and what it must bring back."""

    address: str  # of the provider
    browser: str  # kept by the browser that began, in a cookie no script reads
    return_address: str
    seconds: int  # that there are for it


class SignInReturn(Wire):
    """POST /v1/sign-in/sessions: what the provider sent the browser back with."""

    model_config = example(code="SplxlOBeZQQYbYS6WxSbIA", state="af0ifjsldkj", browser="zJ2mB1oHq4")

    code: Annotated[Writable, Field(min_length=1, max_length=4096)]
    state: Annotated[Writable, Field(min_length=1, max_length=256)]
    browser: Annotated[Writable, Field(max_length=256)]


class Me(Wire):
    """GET /v1/me: who the bearer of these credentials is and what the bearer may do."""

    actor_id: str  # user:12 or key:3
    role: str  # counsellor | school_admin | methodologist | regional_admin | school_client
    role_title: str  # Russian
    display_name: str
    school_code: str | None
    school_title: str | None
    permissions: list[str]
    as_of: str  # the day taken for today, ISO
    school_year: str  # "2024-25"
    region_title: str
    data_are_synthetic: bool
    class_ids: list[str] | None  # a counsellor limited to these classes, be they none; None: the whole school
    password_is_temporary: bool  # nothing else is allowed until it is replaced
    has_password: bool  # may have one here; people of the provider may not where the installation says so
    broken_glass_until: datetime | None


class PasswordChange(Wire):
    """PUT /v1/me/password."""

    model_config = example(current="uchebny-raion", wanted="drugoi-uchebny-raion")

    current: Annotated[Secret, Field(min_length=1, max_length=256)]
    wanted: Annotated[Secret, Field(min_length=8, max_length=256)]


class OpenSession(Wire):
    """A sign-in that has not ended."""

    session_id: int
    opened_at: datetime
    expires_at: datetime
    is_current: bool


class Sessions(Wire):
    """GET /v1/me/sessions."""

    sessions: list[OpenSession]


class ClassOfPerson(Wire):
    """A class that a counsellor is limited to."""

    class_id: str
    title: str


class Person(Wire):
    """Somebody who signs in."""

    user_id: int
    login: str
    display_name: str
    role: str
    role_title: str
    school_code: str | None
    is_limited: bool  # a counsellor who sees `classes` and nobody else; otherwise the whole school
    classes: list[ClassOfPerson]
    signs_in_by: Literal["password", "provider"]
    password_is_temporary: bool
    locked_until: datetime | None
    dismissed_at: datetime | None
    revision: int  # `If-Match: "revision"` changes it only as it is now


class People(Wire):
    """GET /v1/people."""

    people: list[Person]


class NewPerson(Wire):
    """POST /v1/people."""

    model_config = example(
        login="navigator-9a",
        display_name="Педагог-навигатор 9А",
        role="counsellor",
        is_limited=True,
        class_ids=["sch01-2024-25-9a"],
    )

    login: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1F\x7F-\x9F]+$")]
    display_name: Annotated[Writable, Field(min_length=1, max_length=200)]
    role: Literal["counsellor", "school_admin"]
    signs_in_by: Literal["password", "provider"] = "password"
    is_limited: Flag | None = None  # of a counsellor it must be said
    class_ids: Annotated[tuple[Annotated[Writable, Field(max_length=64)], ...], Field(max_length=100)] = ()


class AdmittedPerson(Wire):
    """A person and the password to hand over; it is shown once and good only for choosing another."""

    user_id: int
    login: str
    temporary_password: str | None  # None: the provider lets the person in


class ClassLimit(Wire):
    """PUT /v1/people/{user_id}/classes."""

    model_config = example(is_limited=True, class_ids=["sch01-2024-25-9a"])

    is_limited: Flag  # false: the whole school; true: `class_ids` and nobody else
    class_ids: Annotated[tuple[Annotated[Writable, Field(max_length=64)], ...], Field(max_length=100)] = ()


class Key(Wire):
    """A key of a school's system, without its secret."""

    key_id: int
    prefix: str  # what the key begins with: enough to recognise it
    title: str
    school_code: str
    verbs: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None
    is_valid: bool


class Keys(Wire):
    """GET /v1/keys."""

    keys: list[Key]
    verbs: list[str]  # what a key may be given


class NewKey(Wire):
    """POST /v1/keys."""

    model_config = example(
        title="Электронный журнал", verbs=["classes:read", "students:read", "imports:school"], days=365
    )

    title: Annotated[Writable, Field(min_length=1, max_length=200)]
    verbs: Annotated[list[Annotated[Writable, Field(max_length=64)]], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(strict=True, ge=1, le=730), WHOLE] = 365


class KeyRotation(Wire):
    """POST /v1/keys/{key_id}/rotation."""

    model_config = example(overlap_hours=24.0)

    overlap_hours: Annotated[float, Field(strict=True, ge=0, le=720)] = 24.0


class KeyShownOnce(Wire):
    """The key itself: it is never shown again."""

    key_id: int
    text: str
    expires_at: datetime


class GlassToBreak(Wire):
    """POST /v1/broken-glass."""

    model_config = example(reason="проверка обращения законного представителя", minutes=30)

    reason: Annotated[Writable, Field(min_length=10, max_length=500)]
    minutes: Annotated[int, Field(strict=True, ge=1, le=240), WHOLE] = 60


class GlassBroken(Wire):
    """Until when students may be seen."""

    until: datetime


class AuditLine(Wire):
    """A deed: codes, numbers and pseudonyms, never names."""

    audit_id: int
    recorded_at: datetime
    actor_id: str
    deed: str
    subject: str
    facts: dict[str, Any]


class AuditPage(Wire):
    """GET /v1/audit, newest first; `next_before` asks for what is older."""

    records: list[AuditLine]
    next_before: int | None


class AuditVerdict(Wire):
    """GET /v1/audit/verdict."""

    record_count: int
    first_broken: int | None
    noted_count: int  # notes of the audit's end outside the database that it was held against
    text: str
