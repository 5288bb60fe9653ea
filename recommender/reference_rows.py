"""Reading the cells of a reference file: text in, lists, ranges and numbers out, with errors that name the place."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from recommender.errors import MissingColumnsError, TableValueError

Row = Mapping[str, str]


def split_codes(cell: str) -> tuple[str, ...]:
    """The parts of a cell that holds a list.

    Examples
    --------
    >>> split_codes("math;phys"), split_codes("")
    (('math', 'phys'), ())
    """
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def grade_span(cell: str) -> frozenset[int]:
    """Grades of a cell.

    Examples
    --------
    >>> sorted(grade_span("8-10")), sorted(grade_span("9"))
    ([8, 9, 10], [9])
    """
    low, _, high = cell.partition("-")
    return frozenset(range(int(low), int(high or low) + 1))


def read_rows(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Rows of one reference file as text.

    Parameters
    ----------
    path : Path
    columns : iterable of str
        Columns that must be there.

    Returns
    -------
    list of dict

    Raises
    ------
    TableValueError
        The file is absent, or a row has another number of cells than the header (a broken quote).
    MissingColumnsError
    """
    if not path.is_file():
        raise TableValueError(f"reference file {path.name} is missing; restore data/reference", table=path.name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            message = f"{path.name} lacks columns {', '.join(missing)}; see data/reference/README.md"
            raise MissingColumnsError(message, table=path.name, columns=missing)
        rows = list(reader)
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            message = f"{path.name}, row {number}: not as many cells as the header; check the quotes around commas"
            raise TableValueError(message, table=path.name, row=number)
    return rows


def number(row: Row, column: str) -> float:
    """The number in a cell; TableValueError names the column when there is none."""
    try:
        return float(row[column])
    except ValueError:
        message = f"{column} must be a number, found {row[column]!r}"
        raise TableValueError(message, column=column, found=row[column]) from None


def number_or_none(row: Row, column: str) -> float | None:
    """The number in a cell, None when the cell is empty."""
    return number(row, column) if row[column] else None


def span(cell: str) -> tuple[float, float]:
    """Ends of a range of numbers.

    Examples
    --------
    >>> span("15-22"), span("-12..-6")
    ((15.0, 22.0), (-12.0, -6.0))
    """
    low, _, high = cell.partition("..") if ".." in cell else cell.partition("-")
    return float(low), float(high)
