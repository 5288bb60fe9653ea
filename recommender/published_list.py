"""A published list as it stands: titles line by line, before anyone asks what they mean; no row vanishes silently."""

import re
from collections.abc import Collection

from recommender.document import Document, DocumentTable
from recommender.errors import TableValueError
from recommender.listed import MAX_CELL, TOO_LONG, IgnoredRow, ListedTitle, Listing, PublishedList
from recommender.listed_cells import find_horizon, take_codes
from recommender.listed_columns import Columns, is_header
from recommender.listed_grid import read_grid
from recommender.listed_heading import find_half_year, find_region
from recommender.listed_lines import read_lines
from recommender.listed_titles import normalised_title

__all__ = ["IgnoredRow", "ListedTitle", "PublishedList", "read_listed"]

MAX_ROWS, MAX_LETTERS = 10_000, 500_000
NAMELESS_SHEET = re.compile(r"\s*(?:лист|sheet|таблица|table)\s*\d*\s*", re.IGNORECASE)


def read_listed(document: Document, known_titles: Collection[str] = ()) -> PublishedList:
    """Read what a list says.

    Parameters
    ----------
    document : Document
    known_titles : collection of str
        Titles of SPO professions and specialties, current and former: never split at their commas.

    Returns
    -------
    PublishedList
        Every row of the document that is not blank is a title's or among `ignored`.

    Raises
    ------
    TableValueError
        More than 20,000 rows or 2,000,000 letters: no list is so long.

    Examples
    --------
    >>> from recommender.document import DocumentRow
    >>> rows = (("Профессия", "Код"), ("Строительство", "Строительство"), ("Каменщик; маляр", "08.01.27"))
    >>> places = (("A1", "B1"), ("A2", "A2"), ("A3", "B3"))
    >>> table = DocumentTable("", tuple(map(DocumentRow, rows, places)))
    >>> listed = read_listed(Document("xlsx", (table,)))
    >>> [(title.title, title.written_codes, title.section, title.source_cell) for title in listed.titles]
    [('Каменщик', ('08.01.27',), 'Строительство', 'A3'), ('маляр', ('08.01.27',), 'Строительство', 'A3')]
    >>> [(row.place, row.why) for row in listed.ignored]
    [('A1', 'шапка таблицы'), ('A2', 'раздел')]
    """
    listing = Listing(frozenset(map(normalised_title, known_titles)))
    rows = [row for table in document.tables for row in table.rows]
    if len(rows) > MAX_ROWS or sum(len(cell) for row in rows for cell in row.cells) > MAX_LETTERS:
        raise TableValueError(f"more than {MAX_ROWS} rows or {MAX_LETTERS} letters; leave nothing but the list")
    tables = [_without_long_rows(table, listing) for table in document.tables]
    tables = [table for table in tables if any(row.printed() for row in table.rows)]
    in_tables = any(_holds_list(table) for table in tables)
    named = sum(1 for table in tables if table.title) > 1
    above: Columns | None = None
    width = 0
    for table in tables:
        if named and table.title:
            _open_sheet(table.title, listing)
        if _width(table) == 1:
            read_lines(table.rows, listing, beside_table=in_tables)
            continue
        before = above if _width(table) == width and _width(table) > 1 else None
        above, width = read_grid(table.rows, listing, before), _width(table)
    for place, why in document.unread:
        listing.ignored.append(IgnoredRow(place, "", why))
    heading = " ".join(listing.heading)
    told = " ".join([heading, *_own_columns(tables)])
    return PublishedList(
        tuple(listing.titles), heading or None, find_region(told), find_half_year(told), tuple(listing.ignored)
    )


def _without_long_rows(table: DocumentTable, listing: Listing) -> DocumentTable:
    short = []
    for row in table.rows:
        if max(map(len, row.cells), default=0) > MAX_CELL:
            listing.ignore(row, TOO_LONG)
        else:
            short.append(row)
    return DocumentTable(table.title, tuple(short))


def _width(table: DocumentTable) -> int:
    return max((len(row.cells) for row in table.rows), default=0)


def _holds_list(table: DocumentTable) -> bool:
    """Whether a table has columns and names professions: then text beside it is not the list."""
    if _width(table) == 1:
        return False
    return any(is_header(row) or take_codes(" ".join(row.cells))[0] for row in table.rows) or len(table.rows) > 2


def _open_sheet(title: str, listing: Listing) -> None:
    """A sheet among several: "now" or "later" by its name, or a district, or nothing."""
    listing.horizon, listing.section = find_horizon(title), None
    if listing.horizon is None and not NAMELESS_SHEET.fullmatch(title):
        listing.section = " ".join(title.split())


def _own_columns(tables: list[DocumentTable]) -> list[str]:
    """Region and edition of our own CSV, which names them in every row."""
    for table in tables:
        header = [cell.strip().lower() for cell in table.rows[0].cells]
        if "profession_title" in header and len(table.rows) > 1:
            cells = table.rows[1].cells
            return [cells[header.index(name)] for name in ("region", "edition") if name in header]
    return []
