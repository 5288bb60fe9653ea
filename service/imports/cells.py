"""One cell: from what stands in it to a value that follows its column, or the remedy in Russian."""

import re
from collections.abc import Callable, Container, Mapping
from datetime import date, timedelta
from typing import Any

from service.clock import school_year_of
from service.imports.formats import Column
from service.wire import MAX_WHOLE

MAX_CELL = 4000
MAX_TEXT = 300
MAX_NUMBER = 1e9
FIRST_DAY = date(1990, 1, 1)
DAYS_AHEAD = 731
FIRST_YEAR = 2000
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
STUDENT = re.compile(r"s[a-z2-7]{7}\Z", re.ASCII)
SCHOOL_YEAR = re.compile(
    r"(20[0-9]{2})\s*[-–/]\s*(?:20)?([0-9]{2})(?:\s*(?:уч\.?\s*(?:год|г\.?)|учебный год|г\.?г?\.?))?\Z"
)
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ][0-9:.]{4,15})?\Z", re.ASCII)
RUSSIAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?(?:\s*г\.?)?\Z")
NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?\Z", re.ASCII)
GRADES = re.compile(r"(\d{1,2})(?:\s*[-–]\s*(\d{1,2}))?\Z", re.ASCII)
CLASS_TITLE = re.compile(r"(\d{1,2})\s*[-–]?\s*[«\"']?\s*([А-ЯЁA-Z]{0,3})\s*[»\"']?(?:\s*КЛАСС)?\Z", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z", re.ASCII)
SNILS = re.compile(r"(?<!\d)(\d{3})[- ]?(\d{3})[- ]?(\d{3})[- ]?(\d{2})(?!\d)")
PASSPORT = re.compile(r"(?<!\d)\d{2} ?\d{2}(?: ?№ ?| )\d{6}(?!\d)|(?<!\d)\d{10}(?!\d)")
PERSONAL_NUMBER = "похоже на СНИЛС или паспорт: таких номеров сервис не хранит, уберите их из файла"
MASK = "•••"
YES_NO = {
    "yes": True, "no": False, "да": True, "нет": False, "+": True, "-": False, "1": True, "0": False, "есть": True,
    "дано": True, "не дано": False, "согласен": True, "согласна": True, "не согласен": False, "не согласна": False,
    "true": True, "false": False, "x": True, "х": True, "v": True,
}  # fmt: skip

Vocabularies = Mapping[str, Container[str]]


class CellError(ValueError):
    """A cell that does not follow its column; the message is the remedy, in Russian; `code` says what is wrong."""

    def __init__(self, remedy: str, code: str = "shape") -> None:
        super().__init__(remedy)
        self.code = code


class CellDoubt(Exception):  # noqa: N818 - not an error: the cell is taken in, and a person is told
    """A cell of which only `text` is sure; the message says what is not."""

    def __init__(self, text: str, said: str) -> None:
        super().__init__(said)
        self.text = text


def split_codes(cell: str) -> tuple[str, ...]:
    """A list in a cell."""
    return tuple(part.strip() for part in re.split(r"[;\n]", cell) if part.strip())


def is_personal_number(cell: str) -> bool:
    """Whether there is a number in it that could be a SNILS, whose last two digits check the others, or a passport.

    >>> is_personal_number("112-233-445 95"), is_personal_number("112-233-445 96"), is_personal_number("03 04 123456")
    (True, False, True)
    """
    return any(map(_is_snils, SNILS.finditer(cell))) or PASSPORT.search(cell) is not None


def _is_snils(found: re.Match[str]) -> bool:
    digits = found[1] + found[2] + found[3]
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 0, -1), strict=True))
    return total % 101 % 100 == int(found[4])


def _day(cell: str) -> date:
    found, russian = DAY.match(cell), RUSSIAN_DAY.match(cell)
    numbers = found.groups() if found else russian.groups()[::-1] if russian else None
    try:
        if numbers is not None:
            return date(*map(int, numbers))
    except ValueError:
        pass
    raise CellError("день пишется так: 2024-10-01 или 01.10.2024", "day")


def _number(cell: str) -> float:
    if not NUMBER.match(cell):
        raise CellError("нужно число", "number")
    value = float(cell.replace(",", "."))
    if abs(value) > MAX_NUMBER:
        raise CellError("число слишком большое", "number")
    return value


def _whole(cell: str) -> int:
    value = _number(cell)
    if value != int(value):
        raise CellError("нужно целое число", "number")
    if abs(value) > MAX_WHOLE:
        raise CellError("число слишком большое", "number")
    return int(value)


def _yes_no(cell: str) -> bool:
    if cell.lower() not in YES_NO:
        raise CellError("нужно да или нет (yes или no)", "word")
    return YES_NO[cell.lower()]


def _school_year(cell: str) -> str:
    found = SCHOOL_YEAR.match(cell)
    if not found or (int(found[1]) + 1) % 100 != int(found[2]):
        raise CellError("учебный год пишется так: 2024-25", "school_year")
    return f"{found[1]}-{found[2]}"


def _matching(pattern: re.Pattern[str], remedy: str, code: str) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if not pattern.match(cell):
            raise CellError(remedy, code)
        return cell

    return parse


def _grades(cell: str) -> tuple[str, ...]:
    found = GRADES.match(cell)
    if not found:
        raise CellError("классы пишутся так: 9 или 8-11", "grades")
    low, high = int(found[1]), int(found[2] or found[1])
    if not 1 <= low <= high <= 11:
        raise CellError("классы — от 1 до 11, меньший первым", "grades")
    return tuple(str(grade) for grade in range(low, high + 1))


def class_title(cell: str) -> str:
    """A class as it is written here.

    >>> class_title("9 «а»"), class_title("10-Б класс")
    ('9А', '10Б')
    """
    found = CLASS_TITLE.match(cell.upper())
    if not found or not 1 <= int(found[1]) <= 11:
        raise CellError("класс пишется так: 9А", "class_title")
    return f"{int(found[1])}{found[2]}"


NO_STUDENT = "псевдоним — буква s и семь знаков a-z, 2-7; СНИЛС и номера не принимаются"
PARSERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "code": _matching(CODE, "код — без пробелов, не длиннее 64 знаков", "code"),
    "student": _matching(STUDENT, NO_STUDENT, "pseudonym"),
    "date": _day,
    "dates": lambda cell: tuple(_day(part).isoformat() for part in split_codes(cell)),
    "number": _number,
    "whole": _whole,
    "yes_no": _yes_no,
    "codes": split_codes,
    "school_year": _school_year,
    "grades": _grades,
    "class_title": class_title,
}
EMPTY: dict[str, Any] = {"codes": (), "dates": (), "grades": ()}
UNKNOWN = {
    "subjects": "такого кода предмета нет в справочнике subjects",
    "profiles": "такого кода профиля нет в справочнике profiles",
    "spo": "такого кода СПО нет в справочнике spo_specialties",
    "places": "такой школы или площадки нет: сначала загрузите schools и hosts",
    "pathways": "такого кода нет в каталоге: сначала загрузите catalogue",
    "programmes": "такого кода программы нет в каталоге: сначала загрузите catalogue",
    "students": "такого ученика в этой школе нет: сначала загрузите roster",
    "restrictions": "такого фактора нет: слова те же, что в столбце restriction_tags справочника spo_specialties",
    "conditions": "такого условия нет: mobility, vision, hearing, speech, intellectual",
    "items": "такого задания нет в ключе методики",
    "directions": "такого направления профминимума нет",
    "scales": "такой шкалы у методики нет",
}


def parse_cell(column: Column, cell: str, vocabularies: Vocabularies, as_of: date) -> Any:
    """Value of a cell; CellError names the remedy."""
    cell = cell.strip()
    if not cell:
        if column.required:
            raise CellError("ячейка не может быть пустой", "empty")
        return EMPTY.get(column.type)
    if len(cell) > MAX_CELL:
        raise CellError(f"в ячейке больше {MAX_CELL} знаков", "too_long")
    if is_personal_number(cell):
        raise CellError(PERSONAL_NUMBER, "personal_number")
    if CONTROL.search(cell.replace("\n", "") if column.type in ("codes", "dates") else cell):
        raise CellError("в ячейке есть служебные знаки или перенос строки: уберите их", "control")
    if column.type == "code":
        _check_allowed(column, cell, {})  # the few words that are allowed say more than the shape of a code
    value = PARSERS[column.type](cell)
    longest = column.max_length or (MAX_TEXT if column.type == "text" else MAX_CELL)
    if len(cell) > longest:
        raise CellError(f"не длиннее {longest} знаков", "too_long")
    for code in value if isinstance(value, tuple) else (value,):
        _check_allowed(column, code, vocabularies)
    _check_day(column, value, as_of)
    return value


def _check_day(column: Column, value: Any, as_of: date) -> None:
    """Days and school years of an installation's time; what has happened did not happen tomorrow."""
    if column.type == "school_year":
        last = int(school_year_of(as_of)[:4]) + 1
        if not FIRST_YEAR <= int(value[:4]) <= last:
            raise CellError(f"учебный год — от {FIRST_YEAR} до {last}", "out_of_time")
    if column.type not in ("date", "dates"):
        return
    last_day = as_of if column.happened else as_of + timedelta(days=DAYS_AHEAD)
    for day in value if isinstance(value, tuple) else (value,):
        if not FIRST_DAY <= (date.fromisoformat(day) if isinstance(day, str) else day) <= last_day:
            raise CellError(f"день — от {FIRST_DAY:%d.%m.%Y} до {last_day:%d.%m.%Y}", "out_of_time")


def _check_allowed(column: Column, value: Any, vocabularies: Vocabularies) -> None:
    if column.allowed and value not in column.allowed:
        written = ", ".join(column.words[word][0] for word in column.allowed if word in column.words)
        raise CellError(f"допускается одно из: {', '.join(column.allowed)}{f' ({written})' if written else ''}", "word")
    known = vocabularies.get(column.vocabulary) if column.vocabulary is not None else None
    if known is not None and value not in known:
        raise CellError(UNKNOWN[column.vocabulary or ""], f"unknown_{column.vocabulary}")
    if column.minimum is not None and value < column.minimum:
        raise CellError(f"не меньше {column.minimum:g}", "out_of_range")
    if column.maximum is not None and value > column.maximum:
        raise CellError(f"не больше {column.maximum:g}", "out_of_range")


def shown(column: Column, cell: str, *, is_silent: bool) -> str | None:
    """A wrong cell as it may be repeated in a report: nothing that could be a name, and no number of a document.

    Where a table has names, a cell too many would put one anywhere: then only what has no letter is repeated.
    """
    has_number = is_personal_number(cell)
    if column.personal or column.type == "student" or (is_silent and any(sign.isalpha() for sign in cell)):
        return MASK if has_number else None
    text = CONTROL.sub(" ", cell).strip()[:80]
    return PASSPORT.sub(MASK, SNILS.sub(MASK, text)) if has_number else text
