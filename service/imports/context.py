"""What a file says about all of its rows: in the lines above a table, in the name of a sheet, in its own name."""

import re
from collections.abc import Iterable

from service.documents.sheet import Sheet
from service.imports.cells import RUSSIAN_DAY
from service.imports.words import Words, plain_words

ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
HALF_YEAR_ENDS = {"1": "2", "2": "4"}  # a half-year ends with this term
CLASS = re.compile(
    r"(?:^|[^0-9])(1[01]|[1-9])\s*[-–]?\s*[«\"']?([А-ЯЁа-яё])[»\"']?(?![а-яё])(?=\s*(?:класс|кл\b|$|[^А-Яа-яё]))"
)
CLASS_ONLY = re.compile(r"\s*(?:класс\s*)?(1[01]|[1-9])\s*[-–]?\s*[«\"']?([А-ЯЁа-яё])[»\"']?(?:\s*класс)?\s*")
CLASS_AFTER = re.compile(r"класс\s*[:—-]?\s*(1[01]|[1-9])\s*[-–]?\s*[«\"']?([А-ЯЁа-яё])\b", re.IGNORECASE)
YEAR = re.compile(r"(20[0-9]{2})\s*[-–/]\s*(?:20)?([0-9]{2})(?![0-9])")
TERM = re.compile(
    r"(?<![0-9a-z])([1-4]|iv|i{1,3})\s*(?:-?[яй])?\s*(?:учебная\s*)?(четв|ч\.|полугод|п/г)", re.IGNORECASE
)
TERM_AFTER = re.compile(r"(четверть|полугодие|период)\s*[:№—-]?\s*([1-4]|iv|i{1,3})(?![0-9a-z])", re.IGNORECASE)
DAY = re.compile(r"(?<![0-9])[0-9]{1,2}\.[0-9]{1,2}\.20[0-9]{2}(?![0-9])")
SUBJECT = re.compile(r"предмет\s*[:—-]\s*(.+)", re.IGNORECASE)
EXAM = re.compile(r"(?<![а-яё])(огэ|егэ)(?![а-яё])", re.IGNORECASE)
MOST = re.compile(r"макс\S*\s+балл\D{0,12}([0-9]{1,3})", re.IGNORECASE)
DAY_COLUMNS = ("taken_on", "surveyed_on", "passed_on")


def read_context(sheet: Sheet, header_row: int, file: str, words: Words) -> dict[str, str]:
    """Texts by column of a format; what stands nearer to the table is believed first."""
    found: dict[str, str] = {}
    above = [_line(sheet, row) for row in range(max(header_row, 0) - 1, -1, -1)]
    for text in (*above, sheet.title, file.rpartition(".")[0]):
        for column, value in said_in(text, words):
            found.setdefault(column, value)
    return found


def said_in(text: str, words: Words) -> Iterable[tuple[str, str]]:
    """What one line says, as (column, text)."""
    said = CLASS_AFTER.search(text) or CLASS_ONLY.fullmatch(text) or CLASS.search(text)
    if said is not None:
        yield "class_title", f"{said[1]}{said[2].upper()}"
    if year := YEAR.search(text):
        yield "school_year", f"{year[1]}-{year[2]}"
    if term := term_in(text):
        yield "term", term
    if (day := DAY.search(text)) and RUSSIAN_DAY.match(day[0]):
        yield from ((column, day[0]) for column in DAY_COLUMNS)
    if subject := SUBJECT.search(text):
        code = words.codes["subjects"].get(plain_words(subject[1].split(",")[0].split(";")[0]))
        if code is not None:
            yield "subject_code", code
    if exam := EXAM.search(text):
        yield "exam", {"огэ": "oge", "егэ": "ege"}[exam[1].lower()]
    if most := MOST.search(text):
        yield "points_max", most[1]


def term_in(text: str) -> str | None:
    """Number of the term that a text names; a half-year is its last term.

    >>> term_in("Отметки за II полугодие"), term_in("3 четверть"), term_in("Период: 1"), term_in("Год")
    ('4', '3', '1', None)
    """
    said = TERM.search(text)
    number, kind = (said[1], said[2]) if said is not None else ("", "")
    if said is None:
        after = TERM_AFTER.search(text)
        if after is None:
            return None
        kind, number = after[1], after[2]
    number = ROMAN.get(number.lower(), number)
    return HALF_YEAR_ENDS.get(number) if kind.lower().startswith(("полугод", "п/г")) else number


def _line(sheet: Sheet, row: int) -> str:
    return " ".join(dict.fromkeys(column[row].strip() for column in sheet.columns if column[row].strip()))
