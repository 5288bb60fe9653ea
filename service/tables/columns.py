"""Types of columns and the root of all tables."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcMoment(sa.TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, this does not."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse a moment without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CodeList(sa.TypeDecorator[tuple[str, ...]]):
    """A short list of codes in one cell, joined with `;` as in the files."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: sa.Dialect) -> str:
        """Join."""
        return ";".join(value or ())

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> tuple[str, ...]:
        """Split."""
        return tuple(value.split(";")) if value else ()


class Table(DeclarativeBase):
    """Root of all tables."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: sa.String(64),
        datetime: UtcMoment,
        tuple[str, ...]: CodeList,
        dict[str, Any]: sa.JSON,
        list[dict[str, Any]]: sa.JSON,
    }


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Constraint that a text column holds one of the words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def only_one(name: str, *columns: str, where: str) -> sa.Index:
    """Index that lets no two rows share these columns among the rows of which `where` holds.

    Migrations, which alone make tables, say so to PostgreSQL too: to name it here loads its dialect with every start.
    """
    return sa.Index(name, *columns, unique=True, sqlite_where=sa.text(where))


def student_id(*, first: bool = True) -> Mapped[str]:
    """Column that names a student; the row goes when the student goes."""
    return mapped_column(sa.ForeignKey("students.student_id", ondelete="CASCADE"), primary_key=first, index=not first)
