"""Wire shapes of model versions."""

from datetime import date, datetime

from service.wire import Wire


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


class ModelVersionList(Wire):
    """GET /v1/model-versions, newest first."""

    active_version: str | None
    versions: list[ModelVersionRow]
