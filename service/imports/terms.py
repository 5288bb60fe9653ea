"""Journals with two rows of headings: which term each column of marks is of."""

import re
from collections.abc import Iterable

from service.documents.sheet import Sheet
from service.imports.context import HALF_YEAR_ENDS, ROMAN, term_in
from service.imports.words import plain_words

SHORT_TERM = re.compile(r"([1-4]|iv|i{1,3})\s*(?:ч|чет|четв|четверть|тр)?\.?", re.IGNORECASE)
SHORT_HALF = re.compile(r"([12]|i{1,2})\s*(?:п|пол|полуг|п/г|пг)\.?", re.IGNORECASE)


def terms_above(sheet: Sheet, header_row: int, subject_places: Iterable[int]) -> tuple[dict[int, str], bool]:
    """Term of each column of marks, where a second row of headings names it; whether that row is below the header."""
    places = list(subject_places)
    for row, is_below in ((header_row + 1, True), (header_row - 1, False)):
        if not 0 <= row < sheet.row_count:
            continue
        found = {place: term for place in places if (term := short_term(sheet.columns[place][row]))}
        is_apart = len(set(found.values())) > 1 or (is_below and len(found) * 2 >= len(places) > 0)
        if found and is_apart and not (is_below and _looks_like_marks(sheet, row, places)):
            return found, is_below
    return {}, False


def short_term(text: str) -> str | None:
    """Term that a narrow heading names.

    >>> short_term("2 ч."), short_term("II"), short_term("1 п/г"), short_term("Год"), short_term("3 четверть")
    ('2', '2', '2', None, '3')
    """
    said = plain_words(text)
    half = SHORT_HALF.fullmatch(said)
    if half is not None:
        return HALF_YEAR_ENDS[ROMAN.get(half[1], half[1])]
    short = SHORT_TERM.fullmatch(said)
    return ROMAN.get(short[1], short[1]) if short is not None else term_in(text)


def _looks_like_marks(sheet: Sheet, row: int, places: list[int]) -> bool:
    """Whether a row of bare numbers is a student's marks and not a row of headings: a student is named beside them."""
    others = [column[row].strip() for place, column in enumerate(sheet.columns) if place not in places]
    above = [column[row - 1].strip() for place, column in enumerate(sheet.columns) if place not in places]
    return any(text and text != before and not text.isdigit() for text, before in zip(others, above, strict=True))


def filled_headings(sheet: Sheet, header_row: int) -> list[str]:
    """Headings of a row; one over several terms stands for all of them, also where its cells were not merged."""
    texts = [column[header_row].strip() for column in sheet.columns]
    below = header_row + 1
    if below >= sheet.row_count:
        return texts
    for place in range(1, len(texts)):
        is_term = short_term(sheet.columns[place][below]) is not None
        if not texts[place] and is_term and short_term(sheet.columns[place - 1][below]) is not None:
            texts[place] = texts[place - 1]
    return texts
