"""What a code printed beside a title means today: in force, closed, of the list of 2013, or of six digits before it."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from recommender.catalogue import current_spo_code
from recommender.reference import Reference
from recommender.spo_titles import SpoTitles
from recommender.title_words import CODES, TitleReader, TitleWords, without_brackets

SIX_DIGITS = re.compile(r"(\d{6})(?:\.\d{2})?")
HIGHER = re.compile(r"\d{2}\.0[3-9]\.\d{2}")
"""Bachelors, masters, specialists and what follows: the middle pair says the level."""
OTHER_CLASSIFIERS = re.compile(r"\d{1,5}")
"""Workers' and clerks' occupations (five digits) and their groups (four): nothing about SPO."""


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """What one written code means.

    Attributes
    ----------
    codes : tuple of str
        Codes in force; () = no list knows the code, or it was closed without a successor.
    known : bool
        Some list has it.
    higher : bool
        It is a code of higher education.
    former : TitleWords or None
        Its name in the list of 2013 where that is another profession than today's; then the code alone says neither.
    former_codes : tuple of str
        Codes in force of the profession that it was in 2013, where that is another one.
    """

    written: str
    codes: tuple[str, ...]
    known: bool
    higher: bool = False
    former: TitleWords | None = None
    former_codes: tuple[str, ...] = ()


class WrittenCodes:
    """Codes of every list.

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> reference = read_reference(Path("data/reference"))
    >>> reader = TitleReader(reference.titles.abbreviations)
    >>> codes = WrittenCodes(reference, SpoTitles(reference, reader), reader)
    >>> codes.meaning("43.01.02").codes, codes.meaning("060501").codes, codes.meaning("99.02.01").known
    (('43.02.17',), ('34.02.01',), False)
    >>> codes.meaning("15.02.09").codes, codes.meaning("15.02.09").former_codes
    (('15.02.09',), ('27.02.05',))
    """

    def __init__(self, reference: Reference, titles: SpoTitles, reader: TitleReader) -> None:
        self._reference, self._titles, self._reader = reference, titles, reader
        self._six_digits: dict[str, list[str]] = defaultdict(list)
        for code, former in reference.former_spo.items():
            if former.old_code:
                self._six_digits[former.old_code].append(code)

    def meanings(self, written: Iterable[str]) -> list[CodeMeaning]:
        """What each code means, once; a cell of several is taken apart, codes of other classifiers are passed over."""
        codes: dict[str, None] = {}
        for cell in written:
            code = re.sub(r"[\s*]|\.$", "", cell)
            codes.update(dict.fromkeys(CODES.findall(re.sub(r"\.\s+", ".", cell)) or [code]))
        return [self.meaning(code) for code in codes if code and not OTHER_CLASSIFIERS.fullmatch(code)]

    def meaning(self, code: str) -> CodeMeaning:
        """What a code means today; of six digits, a qualification's two may follow."""
        six = SIX_DIGITS.fullmatch(code)
        if six:
            return self._of_six_digits(code, six[1])
        current = current_spo_code(self._reference, code)
        if code in self._reference.spo:
            codes = (current,) if self._reference.is_in_force(current) else ()
            former, former_codes = self._renamed(code)
            return CodeMeaning(code, codes, True, former=former, former_codes=former_codes)
        if code in self._reference.former_spo:
            return CodeMeaning(code, self._named_in_2013(code), True)
        return CodeMeaning(code, (), False, higher=HIGHER.fullmatch(code) is not None)

    def _of_six_digits(self, written: str, code: str) -> CodeMeaning:
        later = self._six_digits.get(code, [])
        codes = tuple(sorted({now for former in later for now in self._named_in_2013(former)}))
        renamed = [words for words in (self._renamed(former)[0] for former in later) if words]
        return CodeMeaning(written, codes, bool(later), former=renamed[0] if renamed else None, former_codes=codes)

    def _named_in_2013(self, code: str) -> tuple[str, ...]:
        """Codes in force of the profession that bore the code in 2013."""
        known = self._titles.find_exact(self._reader.read(self._reference.former_spo[code].title_ru))
        return known.codes if known else ()

    def _renamed(self, code: str) -> tuple[TitleWords | None, tuple[str, ...]]:
        former, now = self._reference.former_spo.get(code), self._reference.spo.get(code)
        if former is None or now is None:
            return None, ()
        names = [self._reader.read(without_brackets(self._reader.plain(entry.title_ru))[0]) for entry in (former, now)]
        if names[0].bag == names[1].bag:
            return None, ()
        return self._reader.read(former.title_ru), self._named_in_2013(code)
