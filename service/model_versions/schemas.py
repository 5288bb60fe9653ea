"""Wire shapes of model versions."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from service.wire import Wire, Writable, example


class TwinCount(Wire):
    """Twins who differ in one thing that may not count."""

    count: int
    changed: int  # twins with any list changed
    limit: int


class GroupFigure(Wire):
    """One measure of one group on the held-back year; never of fewer than 5 students."""

    attribute: str  # sex | place | school | needs
    group: str
    measure: str  # ndcg5 | exposure: share of pathways in demand shown beyond those chosen
    value: float
    interval: tuple[float, float]
    gap: float  # to everybody else
    gap_interval: tuple[float, float]
    student_count: int
    limit: float
    is_too_wide: bool  # the whole interval of the gap lies beyond the limit


class Audits(Wire):
    """What a candidate was looked at for before it could serve."""

    twins: dict[str, TwinCount]  # sex | name | school | village | needs
    groups: list[GroupFigure]


class GateCheck(Wire):
    """One check of a candidate beside what served when it was trained."""

    code: str  # beats.random | holds.expert_weights | holds.active | calibration | twins.sex | gap.… | latency | …
    kind: str | None  # None: all kinds together
    figure: float | None  # None: cannot be told
    interval: tuple[float, float] | None
    limit: float
    bound: Literal["low", "at_least", "at_most"]  # low: the lower end of the interval decides
    is_met: bool | None
    title: str  # Russian: what was checked
    figure_text: str
    limit_text: str


class Gate(Wire):
    """All checks of a candidate."""

    against: str | None  # the version that served then; None: expert weights
    held_back: str | None  # the school year it was judged on
    checks: list[GateCheck]
    is_outdated: bool  # another version serves by now: the comparison is about one that serves no more


class ModelVersionRow(Wire):
    """One trained ranker."""

    version: str
    trained_at: datetime
    edition_code: str | None
    window: list[str]  # school years it learned from
    active: bool
    promoted_at: datetime | None
    folder_removed_at: datetime | None  # an old candidate: its figures are kept, it can serve no more
    fit_is_calibrated: bool
    is_warm: bool  # strength and calibration were taken over from an earlier training of the same years
    passed_gate: bool | None  # None: nothing could be told
    gate: Gate | None  # None: trained before gates were kept
    metrics: dict[str, float]
    checksum: str
    trained_as_of: date | None
    audits: Audits | None
    refusals: list[str]  # codes of checks that were not met: twins.sex, holds.active elective
    refusal_texts: list[str]  # the same in Russian


class Promotion(Wire):
    """POST /v1/model-versions/{version}/promotion; may be left out."""

    model_config = example(although="исходов ещё мало: сравнить не с чем")

    although: Annotated[Writable, Field(min_length=1, max_length=500)] | None = None  # why, against the checks


class Rollback(Wire):
    """POST /v1/model-versions/rollback; may be left out."""

    model_config = example(version="krasnodar-2024H1.1")

    version: Writable | None = None  # which one is expected back; another would be a mistake


class ModelVersionList(Wire):
    """GET /v1/model-versions, newest first."""

    active_version: str | None
    previous_version: str | None  # served before the active one: what a rollback brings back
    versions: list[ModelVersionRow]
