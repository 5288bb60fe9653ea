"""Tables of imports: files that came in, what they changed until it can no longer be undone, what columns mean."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.columns import Table, one_of, student_id


class Intake(Table):
    """A file brought in. A large one waits with its content until a worker has read it; then the content goes."""

    __tablename__ = "intakes"
    __table_args__ = (one_of("mode", "check", "apply"), one_of("taking", "all", "good"))
    intake_id: Mapped[int] = mapped_column(primary_key=True)
    school_code: Mapped[str | None] = mapped_column(index=True)  # None: a file of the region
    file_name: Mapped[str] = mapped_column(sa.Text)
    checksum: Mapped[str]
    mode: Mapped[str] = mapped_column(sa.String(8))
    taking: Mapped[str] = mapped_column(sa.String(8))
    table_name: Mapped[str | None]  # as asked for; None: found by the headings
    actor_id: Mapped[str]
    role: Mapped[str] = mapped_column(sa.String(24))
    asked_at: Mapped[datetime]
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("jobs.job_id"), index=True)
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    report: Mapped[dict[str, Any] | None] = mapped_column(
        sa.JSON, deferred=True
    )  # places and codes, no cell of a child
    revision: Mapped[int | None] = mapped_column(sa.BigInteger)  # of the students whom it changed
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class IntakeChange(Table):
    """Rows of one student, or of the region, as they were before the last file of a school; goes with the next file."""

    __tablename__ = "intake_changes"
    change_id: Mapped[int] = mapped_column(primary_key=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.intake_id", ondelete="CASCADE"), index=True)
    turn: Mapped[int]  # undone from the last to the first
    table_name: Mapped[str]
    key_columns: Mapped[tuple[str, ...]]
    student_id: Mapped[str | None] = student_id(first=False)
    before: Mapped[list[dict[str, Any]]]  # {"key": [...], "rows": [...]}; no rows: it was not there


class ColumnMeaning(Table):
    """What the columns of a kind of file are at one school, confirmed by a person once."""

    __tablename__ = "column_meanings"
    school_code: Mapped[str] = mapped_column(primary_key=True)  # empty: the region
    signature: Mapped[str] = mapped_column(primary_key=True)  # digest of the headings
    table_name: Mapped[str]
    columns: Mapped[dict[str, Any]]  # heading -> column, empty where it is not read
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
