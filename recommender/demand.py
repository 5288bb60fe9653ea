"""The region's half-yearly list of in-demand professions as published: an edition, read, written, followed by the next.

An edition never changes. A correction is a revision of the same list: `krasnodar-2024H1.2` follows `krasnodar-2024H1`.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from recommender.catalogue import split_list
from recommender.columns import DEMAND, check_columns
from recommender.errors import TableValueError

EDITION_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}", re.ASCII)  # becomes a folder and an address
REVISION = re.compile(r"(?P<list_code>.+)\.(?P<revision>[1-9][0-9]{0,2})", re.ASCII)
MAX_ROWS, MAX_TEXT, MAX_NUMBER, MAX_DIGITS = 5_000, 300, 2**31 - 1, 10
HORIZONS = ("current", "perspective")
TOP_LEVEL = 5
WRITTEN = (*DEMAND, "demand_level", "vacancies", "horizon", "section", "profiles")


@dataclass(frozen=True, slots=True)
class DemandEntry:
    """One row of a published list.

    Attributes
    ----------
    spo_codes : tuple of str
        Empty where the profession is not one of vocational education.
    level : int or None
        1-5, 5 highest.
    horizon : str
        "current" or "perspective".
    vacancies : int or None
    section : str
        Industry or district it stands under; "" = none.
    profiles : tuple of str
        Profile classes that lead to a profession of higher education.
    """

    position: int
    title: str
    spo_codes: tuple[str, ...]
    level: int | None
    horizon: str
    vacancies: int | None
    section: str = ""
    profiles: tuple[str, ...] = ()

    @property
    def title_key(self) -> str:
        """Title for comparing editions: case, spaces and ё/е do not matter."""
        return " ".join(self.title.lower().replace("ё", "е").split())


@dataclass(frozen=True)
class DemandEdition:
    """An immutable list as published.

    Attributes
    ----------
    code : str
        Such as "krasnodar-2024H1"; a correction adds its number, "krasnodar-2024H1.2".
    checksum : str
        SHA-256 of the file it was read from.
    illustrative : bool
        Levels and order were made up for demonstration; wherever such an edition is shown, that is said.

    Examples
    --------
    >>> corrected = DemandEdition("krasnodar-2024H1.2", "Краснодарский край", date(2024, 2, 9), (), "", False)
    >>> corrected.list_code, corrected.revision
    ('krasnodar-2024H1', 2)
    """

    code: str
    region: str
    published_on: date
    entries: tuple[DemandEntry, ...]
    checksum: str
    illustrative: bool

    @property
    def list_code(self) -> str:
        """The list, whichever its revision."""
        return split_edition_code(self.code)[0]

    @property
    def revision(self) -> int:
        """1 for the list as first published."""
        return split_edition_code(self.code)[1]


def split_edition_code(code: str) -> tuple[str, int]:
    """List and revision of an edition's code.

    Parameters
    ----------
    code : str

    Returns
    -------
    (str, int)

    Examples
    --------
    >>> split_edition_code("krasnodar-2024H1"), split_edition_code("krasnodar-2024H1.3")
    (('krasnodar-2024H1', 1), ('krasnodar-2024H1', 3))
    """
    found = REVISION.fullmatch(code)
    return (found["list_code"], int(found["revision"])) if found else (code, 1)


def editions_in_turn(published: Iterable[tuple[str, date]], day: date) -> list[str]:
    """Codes of the lists published by a day, oldest list first, each in its newest revision; the last is in force.

    Parameters
    ----------
    published : iterable of (edition code, date)
        Of one region.
    day : date

    Returns
    -------
    list of str
        A correction takes the place of what it corrects: it never overtakes a later half-year's list.

    Examples
    --------
    >>> days = [("r-2023H2", date(2023, 7, 31)), ("r-2024H1", date(2024, 1, 31)), ("r-2023H2.2", date(2024, 3, 1))]
    >>> editions_in_turn(days, date(2024, 2, 1)), editions_in_turn(days, date(2024, 4, 1))
    (['r-2023H2', 'r-2024H1'], ['r-2023H2.2', 'r-2024H1'])
    """
    revisions: dict[str, list[tuple[int, date, str]]] = {}
    for code, published_on in published:
        if published_on <= day:
            list_code, revision = split_edition_code(code)
            revisions.setdefault(list_code, []).append((revision, published_on, code))
    # a list has its turn by the day of its first revision
    in_turn = sorted(revisions, key=lambda list_code: (min(revisions[list_code])[1], list_code))
    return [max(revisions[list_code])[2] for list_code in in_turn]


def edition_in_force(editions: Sequence[DemandEdition], day: date) -> tuple[DemandEdition | None, list[DemandEdition]]:
    """The edition in force on a day and the lists before it, oldest first, each in the revision of that day.

    Parameters
    ----------
    editions : sequence of DemandEdition
        Of one region.
    day : date

    Returns
    -------
    (DemandEdition or None, list of DemandEdition)
        None before the first.
    """
    by_code = {edition.code: edition for edition in editions}
    turn = [by_code[code] for code in editions_in_turn(((e.code, e.published_on) for e in editions), day)]
    return (turn[-1], turn[:-1]) if turn else (None, [])


def _rows(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of the file, each row whole and of bearable size."""
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = list(reader.fieldnames or ())
        check_columns(columns, DEMAND, "demand")
        rows = list(islice(reader, MAX_ROWS + 1))
    except csv.Error:
        raise TableValueError("the list cannot be read as CSV; check the quotation marks") from None
    if not rows:
        raise TableValueError("the list has no rows; it must name at least one profession")
    if len(rows) > MAX_ROWS:
        raise TableValueError(f"the list has more than {MAX_ROWS} rows")
    for line, row in enumerate(rows, start=2):
        cells = list(row.values())
        if None in row or None in cells:
            raise TableValueError(
                f"row {line}: as many cells as columns are needed; check the quotation marks", row=line
            )
        if any(len(cell) > MAX_TEXT or not cell.isprintable() for cell in cells):
            message = f"row {line}: a cell is longer than {MAX_TEXT} characters or holds unprintable ones"
            raise TableValueError(message, row=line)
    return columns, rows


def _number(row: dict[str, str], column: str, line: int) -> int | None:
    cell = (row.get(column) or "").strip()
    if not cell:
        return None
    if not cell.isascii() or not cell.isdigit() or len(cell) > MAX_DIGITS or int(cell) > MAX_NUMBER:
        message = f"row {line}: {column} must be a whole number or empty, found {cell[:40]!r}"
        raise TableValueError(message, row=line, column=column, found=cell[:40])
    return int(cell)


def _entry(row: dict[str, str], level_column: str, line: int) -> DemandEntry:
    level = _number(row, level_column, line)
    if level is not None and not 1 <= level <= TOP_LEVEL:
        message = f"row {line}: {level_column} must be 1-5, found {level}"
        raise TableValueError(message, row=line, column=level_column, found=level)
    title = (row["profession_title"] or "").strip()
    if not title:
        raise TableValueError(f"row {line}: profession_title is empty", row=line, column="profession_title")
    horizon = (row.get("horizon") or "current").strip()
    if horizon not in HORIZONS:
        message = f"row {line}: horizon must be one of {', '.join(HORIZONS)} or empty"
        raise TableValueError(message, row=line, column="horizon", found=horizon)
    return DemandEntry(
        _number(row, "position", line) or line - 1,
        title,
        split_list(row["spo_codes"] or ""),
        level,
        horizon,
        _number(row, "vacancies", line),
        (row.get("section") or "").strip(),
        split_list(row.get("profiles") or ""),
    )


def read_edition(source: bytes | Path) -> DemandEdition:
    """Read one published list.

    Parameters
    ----------
    source : bytes or Path
        CSV, UTF-8, columns of `columns.DEMAND` and optionally `demand_level` (or `demand_level_illustrative`),
        `vacancies`, `horizon`, `section`, `profiles`. One file holds one edition.

    Returns
    -------
    DemandEdition

    Raises
    ------
    MissingColumnsError, TableValueError
        Name row and column and what to do.
    """
    content = source if isinstance(source, bytes) else source.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableValueError("the list must be a CSV file in UTF-8; save it again as «CSV UTF-8»") from None
    columns, rows = _rows(text)
    level_column = "demand_level" if "demand_level" in columns else "demand_level_illustrative"
    entries = tuple(_entry(row, level_column, line) for line, row in enumerate(rows, start=2))
    code = _same(rows, "edition")
    if not EDITION_CODE.fullmatch(code):
        message = "edition must be 1-48 Latin letters, digits, dots, hyphens, such as krasnodar-2024H1"
        raise TableValueError(message, column="edition", found=code[:60])
    return DemandEdition(
        code,
        _same(rows, "region"),
        _published(_same(rows, "published")),
        entries,
        hashlib.sha256(content).hexdigest(),
        level_column == "demand_level_illustrative" and level_column in columns,
    )


def _same(rows: Sequence[dict[str, str]], column: str) -> str:
    values = sorted({(row[column] or "").strip() for row in rows})
    if len(values) != 1 or not values[0]:
        message = f"{column} must be the same in every row of a list and not empty, found {', '.join(values[:3])!r}"
        raise TableValueError(message, column=column, found=values[:3])
    return values[0]


def _published(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        message = f"published must be a date such as 2024-01-31, found {cell!r}"
        raise TableValueError(message, column="published", found=cell) from None


def write_edition(
    code: str, region: str, published_on: date, entries: Sequence[DemandEntry], *, illustrative: bool = False
) -> bytes:
    """An edition as a file that `read_edition` reads back; the same entries give the same bytes.

    Parameters
    ----------
    code, region : str
    published_on : date
    entries : sequence of DemandEntry
    illustrative : bool

    Returns
    -------
    bytes
        CSV in UTF-8.

    Examples
    --------
    >>> nurse = DemandEntry(1, "Медицинская сестра", ("34.02.01",), 5, "current", None, "Здравоохранение")
    >>> read_edition(write_edition("r-2024H1", "Район", date(2024, 1, 31), [nurse])).entries == (nurse,)
    True
    """
    columns = [f"{name}_illustrative" if illustrative and name == "demand_level" else name for name in WRITTEN]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for entry in entries:
        writer.writerow(
            (
                code, published_on.isoformat(), region, entry.position, entry.title, ";".join(entry.spo_codes),
                entry.level, entry.vacancies, entry.horizon, entry.section, ";".join(entry.profiles),
            )
        )  # fmt: skip
    return text.getvalue().encode()
