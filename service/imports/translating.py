"""What stands in a school's cells, as our formats write it: words of that table, of that school, of that instrument."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.instruments import Instrument
from recommender.reference import Reference
from service.imports.cells import CellDoubt
from service.imports.formats import Column, Format
from service.imports.words import LIST, Words, mark_of, plain_words
from service.tables import Host, PathwayOffer, School, TitleDecision

if TYPE_CHECKING:  # matching titles loads a dictionary: only with the first profession that a child wrote
    from recommender.title_matching import TitleMatch, TitleMatcher

ANSWER_LETTER = re.compile(r"([абвгaбbcd])\s*[).:]", re.IGNORECASE)
NOTHING_OF_THESE = frozenset(
    plain_words(text)
    for text in (
        "ничего из этого", "нет", "не знаю", "не выбрано", "затрудняюсь ответить", "не определился", "не определилась",
        "не решил", "не решила", "-", "—", "другое",
    )
)  # fmt: skip
Translate = Callable[[Column, str], str]


def translator(
    session: Session, words: Words, shape: Format, instrument: Instrument | None, school_code: str | None
) -> Translate:
    """How the cells of one table of one school are translated."""
    more = _titles_of_catalogue(session, school_code)
    decided = sa.select(TitleDecision).order_by(TitleDecision.decided_at, TitleDecision.title_key)
    remembered = tuple((row.title, row.spo_codes, row.profiles) for row in session.scalars(decided))

    def translate(column: Column, text: str) -> str:
        if column is shape.wide:
            if column.vocabulary == "scales":
                return text.replace("\u00a0", "").strip()
            return answer_of(instrument, text) if instrument is not None else mark_of(text)
        if shape.scope == "school" and column.vocabulary == "spo":
            return _professions(words, remembered, text)
        if column.type in ("whole", "number"):
            return mark_of(text) if column.name == "final_mark" else text.replace("\u00a0", "").strip()
        cell = words.translate(column, text, more)
        if column.type == "codes" and column.vocabulary is not None:
            return ";".join(part for part in cell.split(";") if plain_words(part) not in NOTHING_OF_THESE)
        return "" if column.type == "code" and not column.required and plain_words(cell) in NOTHING_OF_THESE else cell

    return translate


def answer_of(instrument: Instrument, text: str) -> str:
    """An answer as the key has it: of «а) Ухаживать за животными» the letter counts."""
    cell = text.strip()
    found = ANSWER_LETTER.match(cell)
    answer = found[1] if found is not None else cell
    return answer.lower() if len(answer) <= 3 and answer.lower() != answer and not answer.isascii() else answer


def _titles_of_catalogue(session: Session, school_code: str | None) -> dict[str, dict[str, str]]:
    """Titles that stand for one code only; a school's own pathways come before those of others."""
    rows = session.execute(
        sa.select(PathwayOffer.title_ru, PathwayOffer.pathway_code, PathwayOffer.programme_code, PathwayOffer.host_code)
    ).all()
    own = [row for row in rows if row.host_code == school_code]
    places = [*session.execute(sa.select(School.title_ru, School.school_code))]
    places += session.execute(sa.select(Host.title_ru, Host.host_code))
    return {
        "pathways": _only_one((row.title_ru, row.pathway_code) for row in rows)
        | _only_one((row.title_ru, row.pathway_code) for row in own),
        "programmes": _only_one((row.title_ru, row.programme_code) for row in rows)
        | _only_one((row.title_ru, row.programme_code) for row in own),
        "places": _only_one((title, code) for title, code in places),
    }


def _only_one(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, set[str]] = defaultdict(set)
    for title, code in named:
        found[plain_words(title)].add(code)
    return {title: next(iter(codes)) for title, codes in found.items() if len(codes) == 1}


@lru_cache(maxsize=2)
def _matcher(
    reference: Reference, remembered: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
) -> "TitleMatcher":
    from recommender.title_matching import Remembered, TitleMatcher  # noqa: PLC0415

    return TitleMatcher(reference, {title: Remembered(codes, profiles) for title, codes, profiles in remembered})


def _professions(words: Words, remembered: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...], text: str) -> str:
    """Codes of the professions that a child named in own words; what is not sure is left as it was written."""
    known, found, doubts = words.codes["spo"], [], []
    for part in LIST.split(text.strip()):
        plain = plain_words(part)
        if not part or plain in NOTHING_OF_THESE:
            continue
        if part in words.reference.spo or part in words.reference.former_spo:
            found.append(part)
        elif plain in known:
            found.append(known[plain])
        else:
            match = _matcher(words.reference, remembered).match(part)
            found += match.spo_codes[:1] if match.status == "accepted" else ()
            doubts += [_doubt(match)] if match.status != "accepted" else []
    codes = ";".join(dict.fromkeys(found))
    if doubts:
        raise CellDoubt(codes, "; ".join(dict.fromkeys(doubts)))
    return codes


def _doubt(match: "TitleMatch") -> str:
    """What a profession may be, and how surely; a person writes the code, or that it is none of these."""
    if not match.candidates:
        return "такой профессии среди специальностей СПО нет: она не учтена"
    likely = ", ".join(f"{each.title_ru} ({each.spo_code}) {each.confidence:.0%}" for each in match.candidates)
    return f"профессия не учтена, возможно это: {likely}; впишите код или «ничего из этого»"
