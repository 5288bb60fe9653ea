"""What a published list says line by line, and the notebook that a reader fills while it walks through a document."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from recommender.document import DocumentRow
from recommender.errors import TableValueError
from recommender.listed_cells import find_horizon, group_code
from recommender.listed_titles import normalised_title, plain

CHAPTER = re.compile(r"(?:раздел|глава|часть)\s+[IVXІХ\d]+\s*[.:–—-]*\s*", re.IGNORECASE)
CURRENT, PERSPECTIVE = "current", "perspective"
HEADING, HEADER, REPEATED_HEADER = "заголовок документа", "шапка таблицы", "повтор шапки таблицы"
SECTION, NOTE, TOTAL, COLUMN_NUMBERS = "раздел", "примечание", "итог", "номера столбцов"
CONTINUED, PAGE_NUMBER = "продолжение строки выше", "номер страницы"
TOO_LONG = "слишком длинный текст для строки перечня"
MAX_TITLES = 5_000
MAX_CELL = 600  # letters; no line of a list is longer, and no pattern is tried on more
MAX_SHOWN = 300
MAX_HEADING = 30  # lines
NOTHING_NAMED = "нет ни названия, ни кода"
OUTSIDE = "текст вне таблицы"


@dataclass(frozen=True, slots=True)
class ListedTitle:
    """One profession or specialty as the list names it.

    Attributes
    ----------
    position : int
        From 1, in the order of the document.
    title : str
        As printed, without numbering, footnote marks and codes; empty where the list gives only a code.
    written_codes : tuple of str
        SPO codes as written, mended where a look-alike letter, a blank or a spreadsheet's date spoiled them; six-digit
        codes of lists before 2013 stay as they are. Never OKPDTR (5 digits) or OKZ (4 digits).
    section : str or None
        Industry or district above it.
    horizon : str
        `current` or `perspective`.
    level : int or None
        1 (low) to 5 (highest); None where the list does not say.
    vacancies : int or None
        Vacancies or persons needed. Where one cell names several professions and one number, each carries it, and
        `source_cell` shows that it is the same.
    source_cell : str
        Place of the printed cell.
    """

    position: int
    title: str
    written_codes: tuple[str, ...]
    section: str | None
    horizon: str
    level: int | None
    vacancies: int | None
    source_cell: str


@dataclass(frozen=True, slots=True)
class IgnoredRow:
    """A row that names no profession: its place, its text, and what it was taken for."""

    place: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A list as read; `region` and `half_year` (`2024-H1`) are guesses from the heading, None where it does not say."""

    titles: tuple[ListedTitle, ...]
    heading: str | None
    region: str | None
    half_year: str | None
    ignored: tuple[IgnoredRow, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One title with what its row or line says of it."""

    title: str
    codes: tuple[str, ...]
    level: int | None
    vacancies: int | None
    horizon: str | None = None
    section: str | None = None


@dataclass(slots=True)
class Listing:
    """The notebook: titles and ignored rows so far, and the section and horizon that hold for what follows."""

    known: Collection[str] = ()
    titles: list[ListedTitle] = field(default_factory=list)
    ignored: list[IgnoredRow] = field(default_factory=list)
    heading: list[str] = field(default_factory=list)
    section: str | None = None
    horizon: str | None = None
    document_horizon: str | None = None

    def add(self, entry: Entry, place: str) -> None:
        """Note one title under the section and horizon that hold; TableValueError for more than any region names."""
        if len(self.titles) >= MAX_TITLES:
            raise TableValueError(f"more than {MAX_TITLES} titles; leave nothing but the list")
        horizon = entry.horizon or self.horizon or self.document_horizon or CURRENT
        section = entry.section or self.section
        self.titles.append(
            ListedTitle(
                len(self.titles) + 1,
                entry.title,
                entry.codes,
                section,
                horizon,
                entry.level,
                entry.vacancies,
                place,
            )
        )

    def extend_last(self, count: int, codes: tuple[str, ...], vacancies: int | None) -> None:
        """A title merged over several rows: what the next of them adds to it."""
        for index in range(len(self.titles) - count, len(self.titles)):
            last = self.titles[index]
            added = tuple(code for code in codes if code not in last.written_codes)
            total = vacancies if last.vacancies is None else last.vacancies + (vacancies or 0)
            self.titles[index] = replace(last, written_codes=last.written_codes + added, vacancies=total)

    def lengthen_last(self, text: str) -> None:
        """The rest of a title that a page's end cut in two."""
        last = self.titles[-1]
        joined = last.title + text if last.title.endswith("-") else f"{last.title} {text}"
        self.titles[-1] = replace(last, title=joined)

    def ignore(self, row: DocumentRow, why: str) -> None:
        """Note a row that names no profession; a blank one says nothing."""
        printed = row.printed()
        if printed:
            text = " | ".join(" ".join(cell.split()) for cell in printed.values())
            self.ignored.append(IgnoredRow(next(iter(printed)), text[:MAX_SHOWN], why))

    def open_section(self, row: DocumentRow) -> None:
        """A row over the following ones: an industry, a district, or "now" and "later"."""
        text = " ".join(" ".join(row.printed().values()).split())
        horizon = find_horizon(text)
        if horizon is not None and normalised_title(text) not in self.known:
            self.horizon, self.section = horizon, None
        else:
            self.section = section_name(text) or None
        self.ignore(row, SECTION)

    def head(self, row: DocumentRow) -> None:
        """A line of the document's heading."""
        text = " ".join(" ".join(row.printed().values()).split())
        if len(self.heading) < MAX_HEADING:
            self.heading.append(text)
            self.document_horizon = find_horizon(" ".join(self.heading))
        self.ignore(row, HEADING)


def section_name(text: str) -> str:
    """Name of a section without its number, its group code and the colon after it.

    Examples
    --------
    >>> section_name("II. Сельское хозяйство:"), section_name("08.00.00 Техника и технологии строительства")
    ('Сельское хозяйство', 'Техника и технологии строительства')
    >>> section_name("Раздел 2. Медицина")
    'Медицина'
    """
    group = group_code(text)
    if group is not None:
        text = text.replace(group, "", 1)
    return CHAPTER.sub("", plain(text)).rstrip(":. ").strip()
