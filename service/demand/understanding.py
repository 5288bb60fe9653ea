"""A published document as lines with their meaning: read in a child process, matched to SPO codes, never silently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.demand import TOP_LEVEL, DemandEdition, read_edition
from recommender.errors import RecommenderError, TableValueError
from recommender.published_list import IgnoredRow, ListedTitle, read_listed
from recommender.reference import Reference
from recommender.title_matching import Remembered, TitleMatch, TitleMatcher
from service.documents.reading import read_document
from service.errors import InvalidInputError
from service.tables import TitleDecision

OUR_COLUMNS = (b"profession_title", b"spo_codes", b"edition")
MAX_TITLES = 5_000


@dataclass(frozen=True)
class Understood:
    """Lines of a document with their matches, and what its heading says of itself."""

    lines: tuple[tuple[ListedTitle, TitleMatch], ...]
    ignored: tuple[IgnoredRow, ...]
    region: str | None
    half_year: str | None
    edition_code: str | None  # written in the file only where it is of our own format
    published_on: date | None
    illustrative: bool


@lru_cache(maxsize=4)
def _matcher(reference: Reference, remembered: tuple[tuple[str, Remembered], ...]) -> TitleMatcher:
    return TitleMatcher(reference, dict(remembered))


def matcher_of(session: Session | None, reference: Reference) -> TitleMatcher:
    """What matches titles, with the decisions of earlier half-years; laid out once for the same decisions."""
    remembered: Mapping[str, Remembered] = {}
    if session is not None:
        rows = session.scalars(sa.select(TitleDecision).order_by(TitleDecision.title_key))
        remembered = {row.title_key: Remembered(row.spo_codes, row.profiles) for row in rows}
    return _matcher(reference, tuple(remembered.items()))


@lru_cache(maxsize=2)
def known_titles(reference: Reference) -> frozenset[str]:
    """Titles of specialties, current and former: never split at their commas."""
    now = frozenset(spo.title_ru for spo in reference.spo.values())
    return now | frozenset(spo.title_ru for spo in reference.former_spo.values())


def understand(content: bytes, name: str, matcher: TitleMatcher, reference: Reference) -> Understood:
    """Read a document and say what each title means; a refusal names the place and the remedy."""
    if all(column in content[:400] for column in OUR_COLUMNS):
        return _own_format(read_own(content))
    try:
        listed = read_listed(read_document(content, name), known_titles(reference))
    except TableValueError as error:
        raise InvalidInputError(f"Файл «{name}» слишком велик для перечня: оставьте в нём только перечень.") from error
    if not listed.titles:
        raise InvalidInputError(
            f"В файле «{name}» не нашлось ни одной профессии. Проверьте, тот ли это документ: "
            "нужна таблица или список с названиями профессий и специальностей."
        )
    if len(listed.titles) > MAX_TITLES:
        raise InvalidInputError(f"В файле больше {MAX_TITLES} названий: это не перечень одного региона.")
    codes = own_codes(listed.titles, matcher)
    matches = matcher.match_all([(title.title, own) for title, own in zip(listed.titles, codes, strict=True)])
    return Understood(
        tuple(zip(listed.titles, matches, strict=True)),
        listed.ignored,
        listed.region,
        listed.half_year,
        None,
        None,
        illustrative=False,
    )


def own_codes(titles: Sequence[ListedTitle], matcher: TitleMatcher) -> list[tuple[str, ...]]:
    """Codes that speak of each title: where one cell names several professions, each takes those that name it.

    A code that names none of them stays with all, so that a person is asked.
    """
    by_cell: dict[str, list[ListedTitle]] = {}
    for title in titles:
        by_cell.setdefault(title.source_cell, []).append(title)
    claims = {
        title.position: tuple(code for code in title.written_codes if code in matcher.match(title.title).spo_codes)
        for cell in by_cell.values()
        if len(cell) > 1
        for title in cell
    }
    found = []
    for title in titles:
        cell = by_cell[title.source_cell]
        claimed = {code for each in cell for code in claims.get(each.position, ())}
        is_shared = len(cell) > 1 and claimed >= set(title.written_codes) and claims[title.position]
        found.append(claims[title.position] if is_shared else title.written_codes)
    return found


def read_own(content: bytes) -> DemandEdition:
    """A list in our own CSV format; a refusal names row, column and what is allowed there."""
    try:
        return read_edition(content)
    except RecommenderError as error:
        facts = {name: value for name, value in error.facts.items() if name in ("row", "column", "columns")}
        raise InvalidInputError(f"Перечень не принят: {_in_russian(error)}", **facts) from error


def _own_format(read: DemandEdition) -> Understood:
    lines = []
    for entry in read.entries:
        place = f"строка {entry.position + 1}"
        title = ListedTitle(
            entry.position, entry.title, entry.spo_codes, entry.section or None, entry.horizon, entry.level,
            entry.vacancies, place,
        )  # fmt: skip
        match = TitleMatch("accepted", entry.spo_codes, 1.0, "given", None, (), entry.profiles)
        lines.append((title, match))
    return Understood(tuple(lines), (), read.region, None, read.code, read.published_on, read.illustrative)


ALLOWED = {
    "edition": "латинские буквы, цифры, точка и дефис, до 48 знаков: krasnodar-2024H1; одинаков во всех строках",
    "published": "дата вида 2024-01-31, одинаковая во всех строках",
    "region": "название региона, одинаковое во всех строках",
    "position": "целое число от 1, место в перечне",
    "profession_title": "название профессии или специальности, не пусто",
    "demand_level": f"целое число от 1 до {TOP_LEVEL} ({TOP_LEVEL} — наибольший спрос) или пусто",
    "demand_level_illustrative": f"целое число от 1 до {TOP_LEVEL} или пусто",
    "vacancies": "целое число или пусто",
    "horizon": "current (нужны сейчас), perspective (в перспективе) или пусто",
}


def _in_russian(error: RecommenderError) -> str:
    row, column, columns = (error.facts.get(name) for name in ("row", "column", "columns"))
    if isinstance(columns, list | tuple):
        return f"нет столбцов {', '.join(map(str, columns))}."
    place = ", ".join(part for part in (f"строка {row}" if row else "", f"столбец {column}" if column else "") if part)
    if str(column) in ALLOWED:
        return f"{place}: здесь нужно — {ALLOWED[str(column)]}."
    if row:
        return f"{place}: ячеек должно быть столько же, сколько столбцов; проверьте кавычки, длину и служебные знаки."
    return "файл не читается как CSV в UTF-8 или пуст; сохраните его как «CSV UTF-8» и проверьте кавычки."
