"""Tables of a published list: header, sections, titles, totals and notes, row by row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from recommender import listed_columns as role
from recommender.document import DocumentRow
from recommender.listed import (
    COLUMN_NUMBERS,
    CONTINUED,
    HEADER,
    MAX_SHOWN,
    NOTE,
    NOTHING_NAMED,
    PAGE_NUMBER,
    REPEATED_HEADER,
    TOTAL,
    Entry,
    Listing,
    section_name,
)
from recommender.listed_cells import (
    PERSPECTIVE,
    find_horizon,
    group_code,
    level_in_words,
    read_count,
    read_level,
    take_codes,
)
from recommender.listed_columns import Columns, columns_of, goes_on, guess_columns, is_header
from recommender.listed_titles import looks_like_profession, normalised_title, plain, split_titles

TOTALS = re.compile(r"\s*(итого|всего|в том числе|из них)\b", re.IGNORECASE)
NOTES = re.compile(
    r"\s*(?:[*¹²³⁴⁵†]|примечани|источник|по данным|данные |справочно|исп\.|исполнитель:|министр\b|"
    r"согласован|"
    r"руководител\w* (?:министерств|департамент|агентств)|начальник (?:управлени|отдел)|подпись|тел\.|сноск)",
    re.IGNORECASE,
)
FOOTNOTE = re.compile(r"\s*\d\)\s+[а-яё]")  # among titles that begin with a capital
SENTENCE = re.compile(r"[а-яё)]\.\s*$")
NUMBERED = re.compile(r"\s*\d{1,4}(?:\.\d{1,3})*[.)]?\s*")
ROMAN = re.compile(r"[IVXІХ]+")
ABSENT = frozenset({"", "-", "–", "—", "нет", "x", "х"})
TOP_LEVEL = 5
FEW, NEARLY_ALL = 2, 0.9
SEEN_AHEAD = 1_000  # rows under a header that are looked at before they are read
LONG = 12  # words: longer single cells are notes
INDUSTRY = re.compile(
    r"промышленност|хозяйств|отрасл|район|округ|город |област|сфера|комплекс|деятельност|раздел|здравоохранение|"
    r"^(строительство|образование|транспорт|торговля|связь|культура|энергетика|медицина|сервис|услуги)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Grid:
    """One table while it is read: its columns, and what a row takes over from the rows above."""

    columns: Columns
    listing: Listing
    has_header: bool
    numbered: bool = False
    ranks: int = 0
    filled: bool = False  # rows say a code or a need wherever they name a profession
    parents: frozenset[str] = frozenset()  # numbers that others go into: 2 where there is 2.1
    from_cells: dict[int, str] = field(default_factory=dict)  # section columns: what was last printed
    title_place: str = ""
    title_section: str | None = None
    added: int = 0
    needs_seen: set[str] = field(default_factory=set)


def read_grid(rows: Sequence[DocumentRow], listing: Listing, before: Columns | None = None) -> Columns:
    """Read a table; `before` are the columns of a table of the same width above it, for one that goes on over a page.

    Every row that is not blank becomes titles, or is noted as ignored.
    """
    header_at = next((index for index, row in enumerate(rows) if is_header(row)), None)
    start = _read_above(rows, header_at, listing)
    guessed = before if before is not None else guess_columns(rows[start:])
    grid = Grid(guessed, listing, has_header=before is not None)
    _look_ahead(rows[start : start + SEEN_AHEAD], grid)
    index = start
    while index < len(rows):
        row = rows[index]
        if is_header(row):
            index = _read_header(rows, index, grid)
            continue
        if row.printed():
            _read_row(row, grid)
        index += 1
    return grid.columns


def _read_above(rows: Sequence[DocumentRow], header_at: int | None, listing: Listing) -> int:
    """Rows over the header are the document's heading, as long as they are one cell each and nothing was listed yet."""
    index = 0
    if header_at is None or listing.titles:
        return 0
    while index < header_at and len(rows[index].printed()) <= 1:
        if rows[index].printed():
            text = next(iter(rows[index].printed().values()))
            if is_note(text, listing):
                listing.ignore(rows[index], NOTE)
            else:
                listing.head(rows[index])
        index += 1
    return index


def _read_header(rows: Sequence[DocumentRow], index: int, grid: Grid) -> int:
    """Header of one or more rows, and the row of column numbers that may follow; the index after it."""
    end = index + 1
    while end < len(rows) and goes_on(rows[index], rows[end], grid.listing.known) and end - index < 4:
        end += 1
    columns = columns_of(rows[index:end])
    for row in rows[index:end]:
        grid.listing.ignore(row, REPEATED_HEADER if grid.has_header and columns == grid.columns else HEADER)
    if end < len(rows) and _are_column_numbers(rows[end]):
        grid.listing.ignore(rows[end], COLUMN_NUMBERS)
        end += 1
    if grid.has_header and columns == grid.columns:
        return end
    grid.columns, grid.has_header = columns, True
    _look_ahead(rows[end : end + SEEN_AHEAD], grid)
    return end


def _look_ahead(rows: Sequence[DocumentRow], grid: Grid) -> None:
    """What the rows have in common, before each is read: are they numbered, is a code or need said everywhere."""
    columns = grid.columns
    number, ranks = columns.of(role.NUMBER), columns.of(role.RANK)
    following = [row for row in rows if len(row.printed()) > 1]
    numbers = [row for row in following if any(NUMBERED.fullmatch(_cell(row, column)) for column in number)]
    grid.numbered = bool(number) and len(numbers) * 2 >= len(following)
    numbers_in = {_cell(row, column).rstrip(".)") for row in following for column in number}
    grid.parents = frozenset(found.rpartition(".")[0] for found in numbers_in) - {""}
    said = [any(_cell(row, c) for c in columns.of(role.NEED) + columns.of(role.CODE)) for row in following]
    grid.filled = len(said) > FEW and sum(said) >= NEARLY_ALL * len(said)
    grid.ranks = max((read_count(_cell(row, column)) or 0 for row in following for column in ranks), default=0)


def is_note(text: str, listing: Listing) -> bool:
    """Whether a line speaks of the list rather than belonging to it."""
    capitals = bool(listing.titles) and listing.titles[-1].title[:1].isupper()
    return NOTES.match(text) is not None or (capitals and FOOTNOTE.match(text) is not None)


def _are_column_numbers(row: DocumentRow) -> bool:
    cells = list(row.printed().values())
    return len(cells) > 1 and cells == [str(number) for number in range(1, len(cells) + 1)]


def _cell(row: DocumentRow, column: int) -> str:
    return row.cells[column].strip() if column < len(row.cells) else ""


def _read_row(row: DocumentRow, grid: Grid) -> None:
    printed = row.printed()
    first = next(iter(printed.values())).strip()
    named = _named(row, grid)
    if TOTALS.match(first) or any(TOTALS.match(_cell(row, column)) for column in grid.columns.of(role.TITLE)):
        grid.listing.ignore(row, TOTAL)
    elif len(printed) == 1 and len(row.cells) > 1 and _read_single(row, first, grid):
        return
    elif _is_over_others(row, grid):
        grid.listing.open_section(row)
    elif not named:
        grid.listing.ignore(row, NOTHING_NAMED)
    elif _goes_on_above(row, grid):
        grid.listing.lengthen_last(" ".join(_cell(row, grid.columns.of(role.TITLE)[0]).split()))
        grid.listing.ignore(row, CONTINUED)
    else:
        _read_titles(row, grid)


def _named(row: DocumentRow, grid: Grid) -> bool:
    """Whether a row names a profession, by a title or by a code."""
    texts = [_cell(row, column) for column in grid.columns.of(role.TITLE)]
    if any(split_titles(take_codes(text)[1]) for text in texts if text.lower() not in ABSENT):
        return True
    return any(take_codes(text)[0] for text in texts) or any(
        take_codes(_cell(row, column), of_codes=True)[0] for column in grid.columns.of(role.CODE)
    )


def _read_single(row: DocumentRow, text: str, grid: Grid) -> bool:
    """A row of one printed cell in a wider table: note, section, or else a title like any other."""
    listing, title_columns = grid.listing, grid.columns.of(role.TITLE)
    column = next(index for index, cell in enumerate(row.cells) if cell.strip())
    across = sum(bool(cell.strip()) for cell in row.cells) > 1
    known = normalised_title(text) in listing.known
    if take_codes(text)[0]:
        return False
    if text.isdecimal() and column not in title_columns:
        listing.ignore(row, PAGE_NUMBER)
    elif (
        is_note(text, listing)
        or (SENTENCE.search(text) and len(text.split()) > LONG // 2)
        or len(text.split()) > 2 * LONG
    ):
        listing.ignore(row, NOTE)
    elif across or (column not in title_columns and column not in grid.columns.of(role.CODE)):
        listing.open_section(row)
    elif column not in title_columns or not any(map(str.isalpha, text)):
        listing.ignore(row, NOTHING_NAMED)
    elif grid.numbered and text[:1].islower() and listing.titles:
        return False
    elif (
        grid.numbered
        or text.endswith(":")
        or group_code(text)
        or is_heading_like(text, known)
        or (grid.filled and not known and not looks_like_profession(text))
    ):
        listing.open_section(row)
    else:
        return False
    return True


def is_heading_like(text: str, known: bool) -> bool:
    """Whether a lone text is a section by its words: shouted, an industry or a district, "now" or "later"."""
    letters = [letter for letter in text if letter.isalpha()]
    shouted = len(letters) > 3 and all(letter.isupper() for letter in letters)
    industry = INDUSTRY.search(text) is not None and not looks_like_profession(text)
    horizon = find_horizon(text) is not None and len(text.split()) <= LONG // 2
    return not known and (shouted or industry or horizon)


def _is_over_others(row: DocumentRow, grid: Grid) -> bool:
    """A section in a row of two cells: a group code, a Roman number, or a number that others go into."""
    printed = list(row.printed().values())
    if any(take_codes(cell, of_codes=True)[0] for cell in printed):
        return False
    if any(group_code(cell) for cell in printed):
        return True
    numbers = {_cell(row, column).rstrip(".)") for column in grid.columns.of(role.NUMBER)}
    return len(printed) == 2 and any(number in grid.parents or ROMAN.fullmatch(number) for number in numbers)


def _goes_on_above(row: DocumentRow, grid: Grid) -> bool:
    """The rest of a title that a page's end cut: in a numbered table a row of nothing but small letters."""
    titles = grid.columns.of(role.TITLE)
    return (
        grid.numbered
        and bool(grid.listing.titles)
        and len(row.printed()) == 1
        and len(titles) == 1
        and _cell(row, titles[0])[:1].islower()
        and len(grid.listing.titles[-1].title) < MAX_SHOWN
    )


def _read_titles(row: DocumentRow, grid: Grid) -> None:
    """Each title column with the codes, level and need that stand beside it."""
    listing, columns = grid.listing, grid.columns
    section = _section_of(row, grid)
    for title_column in columns.of(role.TITLE) or (-1,):
        text = _cell(row, title_column) if title_column >= 0 else ""
        own_codes, rest = take_codes("" if text.lower() in ABSENT else text)
        code_columns = columns.beside(role.CODE, title_column)
        beside = [code for c in code_columns for code in take_codes(_cell(row, c), of_codes=True)[0]]
        codes = tuple(dict.fromkeys([*own_codes, *beside]))
        titles = (plain(rest),) if columns.one_title and plain(rest) else split_titles(rest, listing.known)
        if not titles and not codes:
            continue
        place = _place(row, title_column if titles or own_codes else next(iter(code_columns), title_column))
        needs = columns.beside(role.NEED, title_column)
        count, horizon = _need(row, needs, grid)
        if len(columns.of(role.TITLE)) > 1:
            horizon = horizon or columns.horizons.get(title_column)
        if place == grid.title_place and titles and section == grid.title_section:
            fresh = [column for column in needs if row.places[column] not in grid.needs_seen]
            listing.extend_last(grid.added, codes, count if fresh or not needs else None)
        else:
            level = _level(row, title_column, grid)
            for title, of_title in pair_codes(titles, beside or list(own_codes), codes):
                listing.add(Entry(title, of_title, level, count, horizon, section), place)
            grid.title_place, grid.title_section, grid.added = place, section, max(len(titles), 1)
            grid.needs_seen.clear()
        grid.needs_seen.update(row.places[column] for column in needs if column < len(row.places))


def _place(row: DocumentRow, column: int) -> str:
    return row.places[column] if 0 <= column < len(row.places) else next(iter(row.printed()))


def pair_codes(
    titles: Sequence[str], written: Sequence[str], codes: tuple[str, ...]
) -> list[tuple[str, tuple[str, ...]]]:
    """Titles with their codes: one each where as many are written, repeats counted, otherwise all of them."""
    if len(titles) > 1 and len(written) == len(titles):
        return [(title, (code,)) for title, code in zip(titles, written, strict=True)]
    return [(title, codes) for title in titles or ("",)]


def _need(row: DocumentRow, needs: Sequence[int], grid: Grid) -> tuple[int | None, str | None]:
    """The need, and whether it is a later one: the first column that says a number."""
    columns = grid.columns
    horizon = next(
        (found for column in columns.of(role.HORIZON) if (found := _written_horizon(_cell(row, column))) is not None),
        None,
    )
    for column in needs:
        count = read_count(_cell(row, column))
        if count is not None:
            return count, horizon or columns.horizons.get(column)
    marked = {columns.horizons[column] for column in columns.of(role.MARK) if _cell(row, column).lower() not in ABSENT}
    return None, horizon or (next(iter(marked)) if len(marked) == 1 else None)


def _written_horizon(text: str) -> str | None:
    return text.lower() if text.lower() in {"current", PERSPECTIVE} else find_horizon(text)


def _level(row: DocumentRow, title: int, grid: Grid) -> int | None:
    columns = grid.columns
    for column in columns.beside(role.LEVEL, title):
        level = read_level(_cell(row, column))
        if level is not None:
            return level
    for column in columns.beside(role.RANK, title):
        rank = read_count(_cell(row, column))
        if rank is not None and 1 <= rank <= grid.ranks:
            return TOP_LEVEL - TOP_LEVEL * (rank - 1) // grid.ranks
        if rank is None and (level := level_in_words(_cell(row, column))) is not None:
            return level
    words = (level_in_words(_cell(row, column)) for column in columns.beside(role.NEED, title))
    return next((level for level in words if level is not None), None)


def _section_of(row: DocumentRow, grid: Grid) -> str | None:
    """Text of the section columns; a blank cell goes on with the one above."""
    for column in grid.columns.of(role.SECTION):
        if _cell(row, column):
            grid.from_cells[column] = section_name(" ".join(_cell(row, column).split()))
    found = dict.fromkeys(grid.from_cells[column] for column in sorted(grid.from_cells))
    return " / ".join(filter(None, found)) or None
