"""A published document as lines with their meaning: read in a child process, matched to SPO codes, never silently."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.demand import MAX_TEXT, TOP_LEVEL, DemandEdition, read_edition
from recommender.errors import RecommenderError, TableValueError
from recommender.reference import Reference
from service.documents.reading import read_document
from service.errors import InvalidInputError
from service.tables import TitleDecision

if TYPE_CHECKING:  # readers and matchers of lists load with the first list: a service that ranks needs none
    from recommender.published_list import IgnoredRow, ListedTitle
    from recommender.title_matching import Remembered, TitleMatch, TitleMatcher

OUR_COLUMNS = (b"profession_title", b"spo_codes", b"edition")
MAX_TITLES = 2_000
MAX_CODE, MAX_CODES = 32, 20
MAX_REGION, MAX_TITLE, MAX_OWN_CODE, MAX_WHOLE = 200, 500, 64, 2**31 - 1


@dataclass(frozen=True)
class Understood:
    """Lines of a document with their matches, and what its heading says of itself."""

    lines: "tuple[tuple[ListedTitle, TitleMatch], ...]"
    ignored: "tuple[IgnoredRow, ...]"
    region: str | None
    half_year: str | None
    edition_code: str | None  # written in the file only where it is of our own format
    published_on: date | None
    illustrative: bool


@lru_cache(maxsize=4)
def _matcher(reference: Reference, remembered: "tuple[tuple[str, Remembered], ...]") -> "TitleMatcher":
    from recommender.title_matching import TitleMatcher

    return TitleMatcher(reference, dict(remembered))


def matcher_of(session: Session | None, reference: Reference, before: DemandEdition | None = None) -> "TitleMatcher":
    """What matches titles, with what people decided and what the list before says they mean; laid out once."""
    from recommender.title_matching import Remembered

    remembered = {
        entry.title: Remembered(entry.spo_codes, entry.profiles, is_listed=True)
        for entry in (before.entries if before is not None else ())
        if (entry.spo_codes or entry.profiles) and all(map(reference.is_in_force, entry.spo_codes))
    }
    if session is not None:
        rows = session.scalars(sa.select(TitleDecision).order_by(TitleDecision.decided_at, TitleDecision.title_key))
        decided = {row.title: Remembered(row.spo_codes, row.profiles) for row in rows}
        remembered = decided | remembered  # a list is published after what was decided on its way
    return _matcher(reference, tuple(remembered.items()))


@lru_cache(maxsize=2)
def known_titles(reference: Reference) -> frozenset[str]:
    """Titles of specialties, current and former: never split at their commas."""
    now = frozenset(spo.title_ru for spo in reference.spo.values())
    return now | frozenset(spo.title_ru for spo in reference.former_spo.values())


def understand(
    content: bytes, name: str, matcher: "TitleMatcher", reference: Reference, before: DemandEdition | None = None
) -> Understood:
    """Read a document and say what each title means; a refusal names the place and the remedy.

    What was one line of the list before is one line again, whatever commas are in it.
    """
    from recommender.published_list import read_listed

    if all(column in content[:400] for column in OUR_COLUMNS):
        return _own_format(read_own(content, reference))
    try:
        whole = known_titles(reference) | {entry.title for entry in (before.entries if before is not None else ())}
        listed = read_listed(read_document(content, name), whole)
    except TableValueError as error:
        raise InvalidInputError(f"Файл «{name}» слишком велик для перечня: оставьте в нём только перечень.") from error
    if not listed.titles:
        raise InvalidInputError(
            f"В файле «{name}» не нашлось ни одной профессии. Проверьте, тот ли это документ: "
            "нужна таблица или список с названиями профессий и специальностей."
        )
    if len(listed.titles) > MAX_TITLES:
        raise InvalidInputError(f"В файле больше {MAX_TITLES} названий: это не перечень одного региона.")
    titles = [_plain_title(title) for title in listed.titles]
    codes = own_codes(titles, matcher)
    matches = matcher.match_all([(title.title, own) for title, own in zip(titles, codes, strict=True)])
    return Understood(
        tuple(zip(titles, matches, strict=True)),
        listed.ignored,
        listed.region,
        listed.half_year,
        None,
        None,
        illustrative=False,
    )


def own_codes(titles: "Sequence[ListedTitle]", matcher: "TitleMatcher") -> list[tuple[str, ...]]:
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


def plain(text: str) -> str:
    """Text as an edition can keep it: printable, on one line, of bearable length; signs nobody sees leave no gap."""
    seen = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    short = " ".join("".join(letter if letter.isprintable() else " " for letter in seen).split())
    return short if len(short) <= MAX_TEXT else f"{short[: MAX_TEXT - 1]}…"


def _plain_title(title: "ListedTitle") -> "ListedTitle":
    codes = tuple(plain(code)[:MAX_CODE] for code in title.written_codes[:MAX_CODES])
    section = plain(title.section) if title.section else None
    place = plain(title.source_cell)
    return replace(title, title=plain(title.title), section=section, written_codes=codes, source_cell=place)


def read_own(content: bytes, reference: Reference) -> DemandEdition:
    """A list in our own CSV format; a refusal names row, column and what is allowed there."""
    try:
        read = read_edition(content)
    except RecommenderError as error:
        facts = {name: value for name, value in error.facts.items() if name in ("row", "column", "columns")}
        raise InvalidInputError(f"Перечень не принят: {_in_russian(error)}", **facts) from error
    positions = [entry.position for entry in read.entries]
    if len(set(positions)) != len(positions):
        raise InvalidInputError("Перечень не принят: место (position) в одной редакции не повторяется.")
    unknown = sorted({code for entry in read.entries for code in entry.profiles if code not in reference.profiles})
    if unknown:
        raise InvalidInputError(f"Перечень не принят: профильных классов {', '.join(unknown)} нет в справочнике.")
    _check_bounds(read)
    return read


def _check_bounds(read: DemandEdition) -> None:
    """What no database could keep: texts and numbers too long, control characters."""
    texts = [(read.region, MAX_REGION)]
    numbers: list[int | None] = []
    for entry in read.entries:
        texts += [(entry.title, MAX_TITLE), *((code, MAX_OWN_CODE) for code in entry.spo_codes)]
        numbers += [entry.position, entry.level, entry.vacancies]
    if any(len(text) > longest or not text.isprintable() for text, longest in texts):
        raise InvalidInputError("Перечень не принят: есть слишком длинный текст или служебные знаки в ячейке.")
    if any(abs(number) > MAX_WHOLE for number in numbers if number is not None):
        raise InvalidInputError("Перечень не принят: есть слишком большое число.")


def _own_format(read: DemandEdition) -> Understood:
    from recommender.published_list import ListedTitle
    from recommender.title_matching import TitleMatch

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
