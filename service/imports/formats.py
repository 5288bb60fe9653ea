"""Formats of incoming files, read from data/formats/*.toml: the same description checks files and documents them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from service.errors import NotFoundError, NotReadyError

ANSWERS, SCORES = "answers", "scores"
ANSWERS_MARK, SCORES_MARK = "answers_", "scores_"
OF_INSTRUMENTS = {ANSWERS: ANSWERS_MARK, SCORES: SCORES_MARK}
"""Where a file has no such column: this school year; what is stored; the student is found by name; above the table."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, what is allowed, and whether its cells are personal."""

    name: str
    type: str
    text_ru: str
    required: bool = False
    personal: bool = False
    allowed: tuple[str, ...] = ()
    vocabulary: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    happened: bool = False  # a day that cannot be later than the day of the import
    headings: tuple[str, ...] = ()  # what schools call it
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what schools write for an allowed word
    absent: str | None = None  # what stands for it where a file has no such column: this_year, kept, named, context


@dataclass(frozen=True, slots=True)
class Format:
    """One table. `wide` describes the columns that are named by codes: subjects, items."""

    table: str
    title_ru: str
    scope: str  # region | school
    file: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    wide: Column | None

    @property
    def is_personal(self) -> bool:
        """Whether the file holds personal cells: one shifted by a comma must not be repeated anywhere."""
        return any(column.personal for column in self.columns)

    @property
    def is_about_students(self) -> bool:
        """Whether its rows begin with a student."""
        return any(column.type == "student" for column in self.columns)

    def relaxed(self) -> "Format":
        """As files of schools follow it: what the service finds by a name, keeps or takes for granted may be empty."""
        columns = tuple(
            replace(column, required=False)
            if column.absent in ("named", "this_year", "kept") or column.name in ("last_name", "first_name")
            else column
            for column in self.columns
        )
        return replace(self, columns=columns)


def _column(values: Mapping[str, Any], name: str) -> Column:
    words = {word: tuple(written) for word, written in values.get("words", {}).items()}
    lists = {key: tuple(values.get(key, ())) for key in ("allowed", "headings")}
    return Column(**{**values, **lists, "name": name, "words": words})


def read_format(path: Path) -> Format:
    """One description."""
    with path.open("rb") as file:
        values = tomllib.load(file)
    wide = values.get("wide")
    return Format(
        table=values["table"],
        title_ru=values["title_ru"],
        scope=values["scope"],
        file=values["file"],
        key=tuple(values["key"]),
        columns=tuple(_column(column, column["name"]) for column in values["columns"]),
        wide=_column(wide, "") if wide is not None else None,
    )


def read_columns(path: Path) -> tuple[Column, ...]:
    """Columns that belong to no table of their own, such as those that name a student."""
    with path.open("rb") as file:
        return tuple(_column(column, column["name"]) for column in tomllib.load(file)["columns"])


def read_formats(folder: Path) -> dict[str, Format]:
    """All descriptions by table."""
    formats = [read_format(path) for path in sorted(folder.glob("*.toml"))]
    if not formats:
        raise NotReadyError(f"Нет описаний форматов в папке {folder}: проверьте ORIENTIR_DATA_DIR.")
    return {each.table: each for each in formats}


def format_name(table: str) -> str:
    """Which description a table follows: answers_DDO20 is described as answers.

    >>> format_name("answers_DDO20"), format_name("scores_KOS1"), format_name("roster")
    ('answers', 'scores', 'roster')
    """
    return next((name for name, mark in OF_INSTRUMENTS.items() if table.startswith(mark)), table)


def method_of(table: str) -> str | None:
    """Code of the instrument that a table is of."""
    return next((table.removeprefix(mark) for mark in OF_INSTRUMENTS.values() if table.startswith(mark)), None)


def get_format(formats: Mapping[str, Format], table: str) -> Format:
    """Description of a table; answers_DDO20 is described as answers."""
    name = format_name(table)
    if name not in formats or table in OF_INSTRUMENTS:
        raise NotFoundError(f"Таблицы «{table}» среди принимаемых нет.", allowed=sorted(formats))
    return formats[name]
