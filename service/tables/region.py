"""Tables of the region: installation, reference, places, pathways on offer, demand, models."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.columns import Table, one_of


class Installation(Table):
    """The one row about this installation: its region and what it was set up with."""

    __tablename__ = "installation"
    __table_args__ = (sa.CheckConstraint("installation_id = 1", name="one_row"),)
    installation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    region_code: Mapped[str]
    region_title: Mapped[str] = mapped_column(sa.Text)
    as_of: Mapped[date | None]
    synthetic: Mapped[bool] = mapped_column(server_default=sa.false())
    reference_checksum: Mapped[str | None]


class ReferenceCode(Table):
    """A code of a vocabulary, kept by its title even after the reference data drops it."""

    __tablename__ = "reference_codes"
    vocabulary: Mapped[str] = mapped_column(
        sa.String(24), primary_key=True
    )  # subjects profiles spo spo_groups instruments
    code: Mapped[str] = mapped_column(primary_key=True)
    title_ru: Mapped[str] = mapped_column(sa.Text)
    withdrawn: Mapped[bool] = mapped_column(server_default=sa.false())


class School(Table):
    """A school; co-ordinates in km on the region's own map."""

    __tablename__ = "schools"
    school_code: Mapped[str] = mapped_column(primary_key=True)
    title_ru: Mapped[str] = mapped_column(sa.Text)
    x_km: Mapped[float | None]
    y_km: Mapped[float | None]


class Host(Table):
    """Who receives a career trial, when it is not a school."""

    __tablename__ = "hosts"
    __table_args__ = (one_of("host_kind", "college", "enterprise", "online"),)
    host_code: Mapped[str] = mapped_column(primary_key=True)
    title_ru: Mapped[str] = mapped_column(sa.Text)
    host_kind: Mapped[str] = mapped_column(sa.String(16))
    x_km: Mapped[float | None]
    y_km: Mapped[float | None]


class GuidanceHoursHeld(Table):
    """Hours of the guidance minimum that a class had in one direction, beside those planned."""

    __tablename__ = "guidance_hours"
    school_code: Mapped[str] = mapped_column(sa.ForeignKey("schools.school_code"), primary_key=True)
    school_year: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    class_title: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    direction_code: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    planned_hours: Mapped[float | None]
    held_hours: Mapped[float]


class PathwayOffer(Table):
    """A pathway on offer in one school year."""

    __tablename__ = "pathway_offers"
    __table_args__ = (one_of("kind", "profile_class", "elective", "career_trial"),)
    school_year: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    pathway_code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    programme_code: Mapped[str]
    title_ru: Mapped[str] = mapped_column(sa.Text)
    host_code: Mapped[str]
    grades: Mapped[tuple[str, ...]]
    profiles: Mapped[tuple[str, ...]]
    subjects: Mapped[tuple[str, ...]]
    spo_codes: Mapped[tuple[str, ...]]
    seats: Mapped[int | None]
    hours: Mapped[float | None]
    dates: Mapped[tuple[str, ...]]
    apply_until: Mapped[date | None]
    conditions_met: Mapped[tuple[str, ...]]
    restriction_tags: Mapped[tuple[str, ...]]
    level: Mapped[str | None] = mapped_column(sa.String(16))


class DemandEdition(Table):
    """One published demand list; never changed."""

    __tablename__ = "demand_editions"
    edition_code: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(sa.Text)
    published_on: Mapped[date]
    checksum: Mapped[str] = mapped_column(unique=True)
    illustrative: Mapped[bool] = mapped_column(server_default=sa.false())
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)  # the list as read: what was published can be weighed again
    added_at: Mapped[datetime]
    follows: Mapped[tuple[str, ...]] = mapped_column(server_default="")  # lists that persistence is counted from
    published_by: Mapped[str] = mapped_column(server_default="operator")  # actor_id
    approved_by: Mapped[str | None]  # the second person, where the list looked suspicious
    source_name: Mapped[str | None] = mapped_column(sa.Text)
    source_checksum: Mapped[str | None]
    source: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)  # the ministry's document


class DemandEntry(Table):
    """One line of an edition."""

    __tablename__ = "demand_entries"
    edition_code: Mapped[str] = mapped_column(
        sa.ForeignKey("demand_editions.edition_code", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(sa.Text)
    spo_codes: Mapped[tuple[str, ...]]
    level: Mapped[int | None]
    horizon: Mapped[str | None] = mapped_column(sa.String(24))
    vacancies: Mapped[int | None]
    section: Mapped[str] = mapped_column(sa.Text, server_default="")
    profiles: Mapped[tuple[str, ...]] = mapped_column(server_default="")


class ModelVersion(Table):
    """A trained ranker; its folder is models/<version>."""

    __tablename__ = "model_versions"
    version: Mapped[str] = mapped_column(primary_key=True)
    trained_at: Mapped[datetime]
    edition_code: Mapped[str | None]
    checksum: Mapped[str]
    manifest: Mapped[dict[str, Any]]
    gate: Mapped[dict[str, Any] | None]  # what it was compared with when trained; None: before gates were kept
    promoted_at: Mapped[datetime | None]
    folder_removed_at: Mapped[datetime | None]


class ActiveModel(Table):
    """The pointer to the version that serves; moving it is one update."""

    __tablename__ = "active_model"
    __table_args__ = (sa.CheckConstraint("pointer_id = 1", name="one_row"),)
    pointer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(sa.ForeignKey("model_versions.version"))
    promoted_at: Mapped[datetime]
