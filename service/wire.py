"""What all wire schemas share: unknown fields are refused, numbers stay numbers."""

import re
import unicodedata
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MAX_WHOLE = 2**31 - 1  # what a column of whole numbers holds
NOT_IN_USE = "orientir-not-in-use"  # a header: a screen asks by itself, which keeps no session open
UNWRITABLE = frozenset({"Cc", "Cs"})  # control characters and lone surrogates: no database keeps them all


def check_writable(text: str) -> str:
    """Refuse text that cannot be stored everywhere; line ends and tabs may stand in a reason."""
    if any(unicodedata.category(sign) in UNWRITABLE and sign not in "\n\t\r" for sign in text):
        raise ValueError("control characters")
    return text


PATTERN = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$"  # the same for whoever reads the description
Writable = Annotated[str, AfterValidator(check_writable), Field(json_schema_extra={"pattern": PATTERN})]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# JSON knows one kind of number, so 60.0 is sixty; neither "60" nor true is. After the bounds of a strict int
WHOLE = BeforeValidator(_whole)


Flag = Annotated[bool, Field(strict=True)]  # neither 0 nor "no"


def _day(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII)):
        return value
    raise ValueError("a day is written 2024-09-01")


DAY = BeforeValidator(_day)  # no count of seconds, and no midnight of a time zone. After the bounds of a date
Day = Annotated[date, DAY]


class Wire(BaseModel):
    """A shape that crosses the wire."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def example(**values: Any) -> ConfigDict:
    """Configuration of a shape that is sent, with an example for its description; tests send it."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class MissingFact(Wire):
    """Something that would make the advice better if it were known."""

    code: str  # no_consent_recommending | no_consent_testing | no_diagnostics | no_marks | no_profile_survey | ...
    text: str  # Russian: what is missing
    remedy: str  # Russian: what to do about it
