"""What all wire schemas share: unknown fields are refused, numbers stay numbers."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A shape that crosses the wire."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MissingFact(Wire):
    """Something that would make the advice better if it were known."""

    code: str  # no_consent_recommending | no_consent_testing | no_diagnostics | no_marks | no_profile_survey | ...
    text: str  # Russian: what is missing
    remedy: str  # Russian: what to do about it
