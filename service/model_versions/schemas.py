"""Wire shapes of model versions."""

from datetime import date, datetime

from service.wire import Wire


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


class ModelVersionRow(Wire):
    """One trained ranker."""

    version: str
    trained_at: datetime
    edition_code: str | None
    window: list[str]  # school years it learned from
    active: bool
    promoted_at: datetime | None
    fit_is_calibrated: bool
    passed_gate: bool | None  # None: the training had no baselines to compare with
    metrics: dict[str, float]
    checksum: str
    trained_as_of: date | None
    audits: Audits | None
    refusals: list[str]  # codes of audits that speak against it: twins.sex, gap.sex.f.ndcg5


class ModelVersionList(Wire):
    """GET /v1/model-versions, newest first."""

    active_version: str | None
    versions: list[ModelVersionRow]
