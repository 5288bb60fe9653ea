"""What all wire schemas share: unknown fields are refused, numbers stay numbers."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

MAX_WHOLE = 2**31 - 1  # what a column of whole numbers holds
UNWRITABLE = frozenset({"Cc", "Cs"})  # control characters and lone surrogates: no database keeps them all


def check_writable(text: str) -> str:
    """Refuse text that cannot be stored everywhere; line ends and tabs may stand in a reason."""
    if any(unicodedata.category(sign) in UNWRITABLE and sign not in "\n\t\r" for sign in text):
        raise ValueError("control characters")
    return text


Writable = Annotated[str, AfterValidator(check_writable)]


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
