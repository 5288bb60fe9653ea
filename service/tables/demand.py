"""Tables of lists that are being read: drafts, their lines, and what people decided about titles."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.columns import Table, one_of


class DemandDraft(Table):
    """A document as understood, on its way to becoming an edition."""

    __tablename__ = "demand_drafts"
    __table_args__ = (one_of("state", "open", "signed", "published", "discarded"),)
    draft_id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(16))
    edition_code: Mapped[str]
    region: Mapped[str] = mapped_column(sa.Text)
    published_on: Mapped[date]
    illustrative: Mapped[bool] = mapped_column(server_default=sa.false())
    source_name: Mapped[str] = mapped_column(sa.Text)
    source_checksum: Mapped[str]
    source: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    heading_region: Mapped[str | None] = mapped_column(sa.Text)  # as the document's heading names it
    ignored: Mapped[list[dict[str, Any]]]  # rows taken for headings, notes, totals: place, text, why
    read_by: Mapped[str]
    read_at: Mapped[datetime]
    signed_by: Mapped[str | None]  # who asked to publish a suspicious list; somebody else must agree
    signed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")  # deed that last changed the draft


class DemandDraftLine(Table):
    """One title of a draft and what it was matched to."""

    __tablename__ = "demand_draft_lines"
    __table_args__ = (one_of("status", "accepted", "confirm", "unknown", "decided", "left_out"),)
    draft_id: Mapped[int] = mapped_column(
        sa.ForeignKey("demand_drafts.draft_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(sa.Text)
    section: Mapped[str] = mapped_column(sa.Text)
    source_cell: Mapped[str] = mapped_column(sa.Text)
    horizon: Mapped[str] = mapped_column(sa.String(24))
    level: Mapped[int | None]
    vacancies: Mapped[int | None]
    written_codes: Mapped[tuple[str, ...]]
    spo_codes: Mapped[tuple[str, ...]]
    profiles: Mapped[tuple[str, ...]]
    status: Mapped[str] = mapped_column(sa.String(16))
    confidence: Mapped[float]
    ground: Mapped[str]
    doubt: Mapped[str | None]
    doubtful_codes: Mapped[tuple[str, ...]]
    candidates: Mapped[list[dict[str, Any]]]  # spo_code, title_ru, confidence; best first
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class TitleDecision(Table):
    """What a person said a title means: remembered for the next half-year. No codes and no classes: nothing of ours."""

    __tablename__ = "title_decisions"
    title_key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    spo_codes: Mapped[tuple[str, ...]]
    profiles: Mapped[tuple[str, ...]]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
