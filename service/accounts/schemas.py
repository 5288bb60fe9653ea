"""Wire shapes of sign-in."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from service.wire import Wire, Writable, check_writable


def check_secret(secret: SecretStr) -> SecretStr:
    """A password that can be encoded."""
    check_writable(secret.get_secret_value())
    return secret


class SignIn(Wire):
    """POST /v1/sessions."""

    login: Annotated[Writable, Field(min_length=1, max_length=64)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=256), AfterValidator(check_secret)]


class SessionOpened(Wire):
    """The bearer token is shown once; the service keeps its hash."""

    token: str
    expires_at: datetime
    role: str
    display_name: str


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
