"""Wire shapes of batches."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from service.recommendations.schemas import MAX_DEMAND_STRENGTH, MAX_K
from service.wire import WHOLE, Wire, Writable, example

MEDIA_TYPES = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "sqlite": "application/vnd.sqlite3",
}
FileFormat = Literal["ndjson", "csv", "xlsx", "parquet", "sqlite"]


class NewBatch(Wire):
    """POST /v1/batches."""

    model_config = example(class_id="sch01-2024-25-9a", file_format="csv", k=5, reason="сверка с журналом школы")

    class_id: Annotated[Writable, Field(max_length=64)] | None = None  # None: the whole school
    file_format: FileFormat = "ndjson"
    k: Annotated[int, Field(strict=True, ge=1, le=MAX_K), WHOLE] = 10
    demand_strength: Annotated[float, Field(strict=True, ge=0, le=MAX_DEMAND_STRENGTH)] | None = None
    since_revision: Annotated[int, Field(strict=True, ge=0, le=2**53), WHOLE] = (
        0  # only students of whom something changed after it
    )
    reason: Annotated[Writable, Field(min_length=10, max_length=500)] | None = None  # people must give one


class BatchRow(Wire):
    """A batch and how far it is."""

    batch_id: int
    state: Literal["queued", "running", "done", "failed", "cancelled", "removed"]
    progress: float  # 0 to 1
    error: str | None
    scope: Literal["class", "school", "region"]
    school_code: str | None
    class_id: str | None
    file_format: FileFormat
    k: int
    demand_strength: float
    since_revision: int
    requested_at: datetime
    as_of: date | None
    model_version: str | None
    demand_edition: str | None
    revision: int | None  # ask for what changed since it the next time
    student_count: int | None
    row_count: int | None
    checksum: str | None  # SHA-256 of the file
    expires_at: datetime | None


class BatchList(Wire):
    """GET /v1/batches, newest first."""

    batches: list[BatchRow]
