"""What schools write for our codes: names of subjects, profiles, courses; marks as journals have them; yes and no."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from recommender.reference import Reference
from service.imports.formats import Column, read_columns

PEOPLE, SUBJECTS = "people.toml", "subjects.toml"
MARK = re.compile(r"([2-5])(?:[.,]0+)?\s*[-+−–]?\Z")
NO_MARK = frozenset(
    [
        "н",
        "б",
        "нб",
        "н/б",
        "п",
        "у",
        "оп",
        "осв",
        "осв.",
        "освобожден",
        "освобождён",
        "зач",
        "зач.",
        "зачет",
        "зачёт",
        "н/а",
        "н/з",
        "на",
        "нз",
        "-",
        "—",
        ".",
    ]
)
BRACKETS = re.compile(r"\s*\([^()]*\)")
LIST = re.compile(r"\s*[;,\n]\s*")
CONDITIONS = {
    "mobility": ["доступная среда", "безбарьерный вход", "пандус"],
    "vision": ["крупный шрифт", "экранный диктор"],
    "hearing": ["сурдоперевод", "субтитры"],
    "speech": ["без устных ответов"],
    "intellectual": ["тьютор", "упрощённые задания"],
}


def plain_words(text: str) -> str:
    """Text as it is compared: small letters, ё as е, no signs at its ends, single spaces.

    >>> plain_words(" Ф.И.О.  ученика: ")
    'ф.и.о. ученика'
    """
    return " ".join(text.lower().replace("ё", "е").replace("\u00a0", " ").split()).strip(' :.*?!"«»')


@dataclass(frozen=True)
class Words:
    """Names by vocabulary, as schools write them, each with its code; and the columns that name a student."""

    people: tuple[Column, ...]
    subjects: Mapping[str, tuple[str, ...]]  # code -> names, the first wins where a file has several
    reference: Reference

    @cached_property
    def codes(self) -> dict[str, dict[str, str]]:
        """By vocabulary: plain words -> code."""
        profiles = {code: [profile.title_ru] for code, profile in self.reference.profiles.items()}
        spo = {code: [spo.title_ru] for code, spo in self.reference.spo.items()}
        subjects = {code: [subject.title_ru] for code, subject in self.reference.subjects.items()}
        return {
            "subjects": _by_words(subjects) | _by_words(self.subjects),
            "profiles": _by_words(profiles),
            "spo": _by_words(spo),
            "conditions": _by_words(CONDITIONS),
            "directions": _by_words(
                {each.direction_code: [each.direction_title_ru] for each in self.reference.guidance_minimum}
            ),
        }

    def translate(self, column: Column, text: str, more: Mapping[str, Mapping[str, str]]) -> str:
        """What a school wrote, as the format writes it; what is not known stays. `more`: names of its own."""
        cell = text.strip()
        if not cell:
            return ""
        if column.words:
            return self._word(column, cell)
        if column.vocabulary is not None and column.type in ("code", "codes"):
            known = {**self.codes.get(column.vocabulary, {}), **more.get(column.vocabulary, {})}
            if known:
                return _code(known, cell) if column.type == "code" else _codes(known, cell)
        return cell

    @staticmethod
    def _word(column: Column, cell: str) -> str:
        said = plain_words(cell)
        for word, written in column.words.items():
            if said == word or said in map(plain_words, written):
                return word
        return cell


def read_words(folder: Path, reference: Reference) -> Words:
    """Words of data/formats/words."""
    subjects = tomllib.loads((folder / SUBJECTS).read_text(encoding="utf-8"))
    return Words(read_columns(folder / PEOPLE), {code: tuple(names) for code, names in subjects.items()}, reference)


def mark_of(text: str) -> str:
    """A mark of a journal as a number: a sign behind it is the teacher's; letters of absence are no mark.

    >>> mark_of("5-"), mark_of("4+"), mark_of("н"), mark_of("осв."), mark_of("6")
    ('5', '4', '', '', '6')
    """
    cell = text.strip()
    found = MARK.match(cell)
    if found is not None:
        return found[1]
    return "" if cell.lower() in NO_MARK else cell


def _by_words(names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, written in names.items():
        for name in written:
            found.setdefault(plain_words(name), code)
            found.setdefault(plain_words(BRACKETS.sub("", name)), code)
    return found


def _code(known: Mapping[str, str], cell: str) -> str:
    return known.get(plain_words(cell), cell)


def _codes(known: Mapping[str, str], cell: str) -> str:
    """Codes of a list: names may hold commas themselves, so the longest run of parts that is a name is taken first."""
    parts, found = [part for part in LIST.split(cell) if part], []
    separators = LIST.findall(cell)
    place = 0
    while place < len(parts):
        for end in range(len(parts), place, -1):
            run = plain_words(", ".join(parts[place:end]))
            if run in known:
                found.append(known[run])
                place = end
                break
        else:
            found.append(parts[place])
            place += 1
    if found == parts and not any("," in separator for separator in separators):
        return cell
    return ";".join(found)
