"""What single cells of a published list say: codes, counts, levels, and whether now or later is meant."""

import re
from operator import itemgetter

CURRENT, PERSPECTIVE = "current", "perspective"

# letters that stand where a digit was meant: Latin and Cyrillic O, Cyrillic Ze, Latin l and I, Ukrainian I
LOOK_ALIKES = str.maketrans({"O": "0", "o": "0", "О": "0", "о": "0", "З": "3", "з": "3", "l": "1", "I": "1", "І": "1"})
DIGIT = "[0-9OoОоЗзlIІ]"
NEW_CODE = re.compile(
    rf"(?<![\w.,])({DIGIT} ?{DIGIT}) ?[.,] ?([0OoОо] ?[1-7lIІЗз]) ?[.,] ?({DIGIT} ?{DIGIT})(?![\w]|[.,]\w)"
)
OLD_CODE = re.compile(rf"(?<![\w.,])({DIGIT}{{6}}(?:\.{DIGIT}{{2}})?)(?![\w]|[.,]\w)")
DATED_CODE = re.compile(r"(?<![\w.,])(\d{2})\.(0[1-7])\.20(\d{2})(?![\w.])")  # what a spreadsheet makes of a code
SHORT_CODE = re.compile(r"(?<![\w.,])(\d)\.(0[1-7])\.(\d{2})(?![\w.])")  # its first nought was lost
GROUP_CODE = re.compile(r"^\s*\d{2}\.00\.00\b")
FOREIGN_CODE = re.compile(
    r"\(?\s*(?:код\w*\s+)?(?:по\s+)?(?:окпдтр|окз)[\s:№-]*\d{4,6}(?:\.\d)?\s*\)?|^\s*\d{4,5}\s+(?=[А-ЯЁа-яё])|\(\s*\d{4,5}\s*\)",
    re.IGNORECASE,
)
MIN_DIGITS = 4  # of six: fewer real digits are a word, not a spoiled code

ABOUT = r"(?:ок\.|около|более|больше|свыше|не менее|менее|до|от|порядка|примерно|почти|~|≈|>|<|≥|≤)"
UNITS = r"(?:чел(?:\.|овека?)?|ваканси[яийе]|рабоч\w+ мест\w*|мест[оа]?|ед(?:\.|иниц\w*)?|шт\.?|\+|\*)"
COUNT = re.compile(
    rf"\s*{ABOUT}?\s*(\d{{1,3}}(?: \d{{3}})+|\d{{1,9}})(?:[.,](\d{{1,6}}))?\s*(тыс\w*\.?)?"
    rf"(?:\s*[-–—]\s*\d+(?: \d{{3}})*)?\s*{UNITS}?\s*\.?\s*",
    re.IGNORECASE,
)
MAX_COUNT = 1_000_000_000
NUMERALS = {
    "один": 1, "одна": 1, "два": 2, "две": 2, "три": 3, "четыре": 4, "пять": 5, "шесть": 6, "семь": 7, "восемь": 8,
    "девять": 9, "десять": 10, "одиннадцать": 11, "двенадцать": 12, "тринадцать": 13, "четырнадцать": 14,
    "пятнадцать": 15, "шестнадцать": 16, "семнадцать": 17, "восемнадцать": 18, "девятнадцать": 19, "двадцать": 20,
    "тридцать": 30, "сорок": 40, "пятьдесят": 50, "шестьдесят": 60, "семьдесят": 70, "восемьдесят": 80,
    "девяносто": 90, "сто": 100, "двести": 200, "триста": 300, "четыреста": 400, "пятьсот": 500, "шестьсот": 600,
    "семьсот": 700, "восемьсот": 800, "девятьсот": 900,
}  # fmt: skip
THOUSAND = re.compile(r"тысяч[аи]?")
BLANKS = re.compile(r"[ \t\u00a0\u202f\u2009]+")

LATIN = str.maketrans("aceopxykmthbACEOPXYKMTHB", "асеорхукмтнвАСЕОРХУКМТНВ")
WORD = re.compile(r"\w+")
CYRILLIC = re.compile("[а-яёА-ЯЁ]")
ASIDE = re.compile(r"\s*\([^()]*\)\s*$|,?\s*(?:в т\. ?ч\.|в том числе|из них).*$", re.IGNORECASE | re.DOTALL)

LEVELS = (
    (1, r"очень низк|крайне низк|минимальн|не востребован|отсутств"),
    (2, r"ниже средн|низк|невысок|небольш|незначит"),
    (5, r"очень высок|крайне высок|остро|острый|острая|наиболее|максимальн|критическ"),
    (4, r"выше средн|высок|дефицит|востребован|повышен|больш"),
    (3, r"средн|умерен|стабильн"),
)
LEVEL_WORDS = tuple((level, re.compile(pattern, re.IGNORECASE)) for level, pattern in LEVELS)
LEVEL_NUMBER = re.compile(r"\s*([1-5])(?:[.,]0+)?\s*(?:балл\w*|из 5|/ ?5)?\.?\s*", re.IGNORECASE)
LATER = re.compile(r"перспектив|будущ|долгосрочн", re.IGNORECASE)
NOW = re.compile(r"востребован|текущ|актуальн|на сегодня|дефицит", re.IGNORECASE)


def take_codes(text: str, *, of_codes: bool = False) -> tuple[tuple[str, ...], str]:
    """SPO codes of a text, and the text without them.

    Parameters
    ----------
    text : str
    of_codes : bool
        True in a column of codes, where a date or a lost nought can only be a spoiled code.

    Returns
    -------
    codes : tuple of str
        In order; a code written twice is there twice.
    rest : str

    Examples
    --------
    >>> take_codes("Сварщик (15.01.05)")
    (('15.01.05',), 'Сварщик')
    >>> take_codes("О8 .01. 28; 270101.65", of_codes=True)[0], take_codes("08.01.2028", of_codes=True)[0]
    (('08.01.28', '270101.65'), ('08.01.28',))
    >>> take_codes("19756 Электрогазосварщик")
    ((), 'Электрогазосварщик')
    """
    text = BLANKS.sub(" ", text)
    found: list[tuple[int, str]] = []

    def new(match: re.Match[str]) -> str:
        return _note(match, ".".join(part.replace(" ", "").translate(LOOK_ALIKES) for part in match.groups()))

    def old(match: re.Match[str]) -> str:
        return _note(match, match[1].translate(LOOK_ALIKES))

    def _note(match: re.Match[str], code: str) -> str:
        if sum(letter.isdigit() for letter in match[0]) < MIN_DIGITS:
            return match[0]
        found.append((match.start(), code))
        return " " * (match.end() - match.start())  # places of the others stay

    rest = NEW_CODE.sub(new, text)
    rest = OLD_CODE.sub(old, rest)
    if of_codes:
        rest = DATED_CODE.sub(lambda match: _note(match, f"{match[1]}.{match[2]}.{match[3]}"), rest)
        rest = SHORT_CODE.sub(lambda match: _note(match, f"0{match[1]}.{match[2]}.{match[3]}"), rest)
    return tuple(code for _, code in sorted(found, key=itemgetter(0))), _without_rests(
        FOREIGN_CODE.sub(" ", BLANKS.sub(" ", rest))
    )


def _without_rests(text: str) -> str:
    """Brackets that held nothing but codes, the word "код" before them, signs left alone at either end."""
    text = re.sub(r"\(\s*(?:код\w*)?[\s,;.:№-]*\)", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"(?:^|(?<=[\s,;(]))код\w*(?: (?:по|профессии|специальности|СПО))*[ :№-]*(?=$|[\s)])", " ", text)
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n"))
    text = "\n".join(line for line in lines if line)
    return re.sub(r"^[\s,;:–—]+|[\s,:–—-]+$", "", text)


def group_code(text: str) -> str | None:
    """Code of an SPO group (`08.00.00`) at the beginning of a text: a heading, never a profession."""
    found = GROUP_CODE.match(text)
    return found[0].strip() if found else None


def read_count(text: str) -> int | None:
    """Number of vacancies or persons in a cell.

    Parameters
    ----------
    text : str
        A number, grouped or not, with "ок.", "более", a unit, or in words. Of a range the lower end counts.

    Returns
    -------
    int or None
        None where the cell is anything else.

    Examples
    --------
    >>> [read_count(cell) for cell in ("1 250", "12,0", "ок. 300", "1,2 тыс.", "10-15 чел.")]
    [1250, 12, 300, 1200, 10]
    >>> [read_count(cell) for cell in ("5 (из них 2)", "сорок два", "есть")]
    [5, 42, None]
    """
    text = ASIDE.sub("", BLANKS.sub(" ", text)).strip()
    found = COUNT.fullmatch(text)
    if found is None:
        return _in_words(text)
    number = float(found[1].replace(" ", "") + "." + (found[2] or "0"))
    return min(round(number * 1000 if found[3] else number), MAX_COUNT)


def _in_words(text: str) -> int | None:
    words = re.sub(r"[^а-яё ]", " ", text.lower()).replace("человек", " ").split()
    total = part = 0
    for word in words:
        if word in NUMERALS:
            part += NUMERALS[word]
        elif THOUSAND.fullmatch(word):
            total, part = total + max(part, 1) * 1000, 0
        else:
            return None
    return min(total + part, MAX_COUNT) if words else None


def read_level(text: str) -> int | None:
    """Level of demand from words or a number 1 to 5.

    Examples
    --------
    >>> [read_level(cell) for cell in ("очень высокая", "Высокий уровень", "средняя", "невысокая", "4", "+", "7")]
    [5, 4, 3, 2, 4, None, None]
    """
    number = LEVEL_NUMBER.fullmatch(text)
    return int(number[1]) if number else level_in_words(text)


def level_in_words(text: str) -> int | None:
    """Level of demand from words alone; a bare number may be a count."""
    text = in_cyrillic(text)
    return next((level for level, pattern in LEVEL_WORDS if pattern.search(text)), None)


def in_cyrillic(text: str) -> str:
    """Text whose Latin look-alikes within Russian words are Cyrillic letters; Latin words stay.

    Examples
    --------
    >>> in_cyrillic("Cварщик SMM") == "Сварщик SMM"
    True
    """
    return WORD.sub(lambda word: word[0].translate(LATIN) if CYRILLIC.search(word[0]) else word[0], text)


def find_horizon(text: str) -> str | None:
    """Whether a heading speaks of now or of later; None where of both or of neither.

    Examples
    --------
    >>> find_horizon("Перспективные профессии"), find_horizon("востребованных и перспективных")
    ('perspective', None)
    """
    text = in_cyrillic(text)
    later, now = LATER.search(text) is not None, NOW.search(text) is not None
    if later == now:
        return None
    return PERSPECTIVE if later else CURRENT
