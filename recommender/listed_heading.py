"""What the heading of a list says of itself: its region and its half-year. Guesses, which a person confirms."""

import re

HALF_YEAR = re.compile(
    r"(?<![\w-])(?P<half>I{1,2}|І{1,2}|1|2|перв\w+|втор\w+)(?:-?(?:е|ое|ом|го|м))?\s+полугоди\w*\D{0,12}(?P<year>20\d{2})",
    re.IGNORECASE,
)
MONTHS = re.compile(
    r"(?P<first>январ\w+)\s*[-–—]\s*июн\w+\s+(?P<year1>20\d{2})|июл\w+\s*[-–—]\s*декабр\w+\s+(?P<year2>20\d{2})",
    re.IGNORECASE,
)
AS_OF = re.compile(
    r"(?:по состоянию на|на)\s+"
    r"(?:\d{1,2}\.(?P<month>\d{2})\.(?P<year>20\d{2})|\d{1,2}\s+(?P<word>[а-я]+)\s+(?P<year2>20\d{2}))",
    re.IGNORECASE,
)
EDITION = re.compile(r"\b(20\d{2})-?H([12])\b")
MONTH_NAMES = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря",
)  # fmt: skip
WORD = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)*"
REGIONS = (
    (re.compile(rf"({WORD})ой области"), "{}ая область"),
    (re.compile(rf"({WORD})ая область"), "{}ая область"),
    (re.compile(rf"({WORD}[кг])(?:ого|ом) края?е?\b"), "{}ий край"),
    (re.compile(rf"({WORD})(?:ого|ом) кра[яе]\b"), "{}ый край"),
    (re.compile(rf"({WORD})(ый|ий) край\b"), "{}{} край"),
    (re.compile(rf"({WORD})(?:ой|ая) [Рр]еспублик[иеа]"), "{}ая Республика"),
    (re.compile(rf"[Рр]еспублик[иеа] ({WORD}(?: {WORD})?)"), "Республика {}"),
    (re.compile(rf"({WORD}[кг])(?:ого|ом) (муниципальн\w+ )?район[ае]"), "{}ий район"),
    (re.compile(rf"({WORD})(?:ого|ом) (муниципальн\w+ )?район[ае]"), "{}ый район"),
    (re.compile(rf"город[ае] ({WORD}(?:ск|град))[ае]\b"), "город {}"),
    (re.compile(r"(Российск)(?:ой|ая) Федераци[яи]"), "{}ая Федерация"),
)


def find_half_year(text: str) -> str | None:
    """Half-year that a heading names.

    Examples
    --------
    >>> find_half_year("на II полугодие 2024 года"), find_half_year("на 01.02.2024"), find_half_year("2024 год")
    ('2024-H2', '2024-H1', None)
    """
    found = HALF_YEAR.search(text)
    if found is not None:
        half = found["half"].lower()
        second = half in {"2", "ii", "іі"} or half.startswith("втор")
        return f"{found['year']}-H{2 if second else 1}"
    months = MONTHS.search(text)
    if months is not None:
        return f"{months['year1']}-H1" if months["first"] else f"{months['year2']}-H2"
    edition = EDITION.search(text)
    if edition is not None:
        return f"{edition[1]}-H{edition[2]}"
    day = AS_OF.search(text)
    if day is None:
        return None
    if day["month"]:
        month = int(day["month"])
    elif day["word"].lower() in MONTH_NAMES:
        month = MONTH_NAMES.index(day["word"].lower()) + 1
    else:
        return None
    return f"{day['year'] or day['year2']}-H{1 if month <= 6 else 2}" if 1 <= month <= 12 else None


def find_region(text: str) -> str | None:
    """Region that a heading names, in the nominative.

    Examples
    --------
    >>> find_region("Перечень профессий Краснодарского края"), find_region("востребованных в Республике Татарстан")
    ('Краснодарский край', 'Республика Татарстан')
    """
    for pattern, shape in REGIONS:
        found = pattern.search(text)
        if found is not None:
            return shape.format(*found.groups())
    return None
