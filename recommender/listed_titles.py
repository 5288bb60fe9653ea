"""Titles as printed: freed of numbers and marks, and several in one cell taken apart."""

import re
from collections.abc import Collection

from recommender.listed_cells import in_cyrillic

NUMBERING = re.compile(
    r"^\s*(?:\d{1,4}(?:\.\d{1,3}){0,3}[.)]\s*|\d{1,3}(?:\.\d{1,3}){1,2}\s+|\d{1,3}\s+(?=[А-ЯЁ])|[IVXІХ]{1,5}(?:[.)]\s*|\s+)(?=[А-ЯЁ])"
    r"|[•–—▪●○·✓◦‣➢■]\s*|-\s+|-(?=[А-ЯЁ])|[а-яa-z]\)\s+)"
)
MARKS = re.compile(r"\s*[*¹²³⁴⁵⁶⁷⁸⁹⁰†‡]+\)?|(?<=[а-яё)])\d{1,2}\)?$")
FULL_STOP = re.compile(r"(?<=[а-яё]{4})\.$|(?<=\))\.$")
OWN_LINE = re.compile(r"\s*[«\"]?[А-ЯЁA-Z][а-яё]")
UNFINISHED = re.compile(r"(?:[-,(/]|\b(?:и|или|по|в|на|с|для|к|от|за|без|при|из|о|об|у|до))$", re.IGNORECASE)
ADJECTIVE = re.compile(r"[а-яё-]+(?:ый|ий|ой|ая|яя|ые|ие)")
AGENT = re.compile(
    r"[а-яёa-z0-9]*(?:щик|чик|ник|тель|ист|ер|ёр|ор|арь|яр|ир|ач|лог|граф|ант|ент|ец|вод|вед|ик|ном|агог|ург|евт|мен"
    r"|рос|щица|чица|ница|истка|арка|ерка|орка|стра|арша|швея|няня|брат|врач|повар|повара|логопед|фельдшер|штукатур|санитар|иатр|штурман|боцман|егерь|ярка"
    r"|щики|чики|тели|исты|еры|оры|ари|анты|енты|стры)"
)
OTHER_AGENTS = frozenset({
    "рабочий", "рабочая", "дежурный", "горничная", "управляющий", "вожатый", "портной", "заведующий", "заведующая",
    "уборщица", "пилот", "стюард", "капитан", "сиделка", "прачка", "конюх", "чабан",
    "юрисконсульт", "разнорабочий", "постовой", "участковый", "служащий",
})  # fmt: skip
MOST_PIECES = 8  # no title of SPO holds more commas
GENDER_STEM = 5  # letters that "медицинская / медицинский" share


def normalised_title(title: str) -> str:
    """Title for comparing: small letters, ё as е, single blanks, no Latin look-alikes.

    Examples
    --------
    >>> normalised_title(" Повар,  Кондитёр ")
    'повар, кондитер'
    """
    return " ".join(in_cyrillic(title).lower().replace("ё", "е").split())


def plain(text: str) -> str:
    """One line of text without numbering, footnote marks and a final semicolon.

    Examples
    --------
    >>> plain("12) Токарь*;"), plain("1.2. Повар¹"), plain("– Пекарь")
    ('Токарь', 'Повар', 'Пекарь')
    """
    text = NUMBERING.sub("", " ".join(text.split()), count=1)
    return FULL_STOP.sub("", MARKS.sub("", text).strip(" ;,\t")).strip()


def looks_like_profession(text: str) -> bool:
    """Whether a text begins as the name of somebody who does a job, in the nominative.

    Examples
    --------
    >>> [looks_like_profession(title) for title in ("Токарь", "младший воспитатель", "централизации и блокировке")]
    [True, True, False]
    """
    words = re.sub(r"[«»\"()]", " ", in_cyrillic(text).lower()).split()
    for word in words[:4]:
        parts = word.strip(".,;:").split("-")
        if any(part in OTHER_AGENTS or AGENT.fullmatch(part) for part in (parts[0], parts[-1]) if part):
            return True
        if not ADJECTIVE.fullmatch(word):
            return False
    return False


def split_titles(cell: str, known: Collection[str] = ()) -> tuple[str, ...]:
    """Professions that one cell names.

    Parameters
    ----------
    cell : str
        Without codes. Line feeds, semicolons, commas and slashes may part professions, or may not.
    known : collection of str
        Titles of SPO, normalised: never split, whatever signs they hold.

    Returns
    -------
    tuple of str
        In order; empty where the cell names none.

    Examples
    --------
    >>> split_titles("Повар, кондитер; пекарь", {"повар, кондитер"})
    ('Повар, кондитер', 'пекарь')
    >>> split_titles("Слесарь по ремонту, наладке\\nи обслуживанию станков")
    ('Слесарь по ремонту, наладке и обслуживанию станков',)
    >>> split_titles("Токарь, фрезеровщик / шлифовщик")
    ('Токарь', 'фрезеровщик', 'шлифовщик')
    """
    found: list[str] = []
    for line in _own_lines(cell):
        for part in _outside_brackets(line, ";"):
            title = plain(part)
            if any(letter.isalpha() for letter in title):
                found += [title] if normalised_title(title) in known else _split_slashes(title, known)
    return tuple(plain(title) for title in found if plain(title))


def _own_lines(cell: str) -> list[str]:
    """Lines that begin a title of their own; the others go on with the line above."""
    lines: list[str] = []
    for line in filter(None, map(str.strip, cell.split("\n"))):
        bare = NUMBERING.sub("", line, count=1)
        before = lines[-1] if lines else ""
        begins = bare != line or (OWN_LINE.match(line) and not _is_open(before)) or before.endswith(";")
        if not lines or begins:
            lines.append(line)
        else:
            lines[-1] = before + line if before.endswith("-") else f"{before} {line}"
    return lines


def _is_open(text: str) -> bool:
    return UNFINISHED.search(text) is not None or text.count("(") > text.count(")")


def _outside_brackets(text: str, sign: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth = max(depth + (letter == "(") - (letter == ")"), 0)
        if letter == sign and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def _split_slashes(title: str, known: Collection[str]) -> list[str]:
    parts = [part.strip() for part in _outside_brackets(title, "/")]
    own = all(looks_like_profession(part) or normalised_title(part) in known for part in parts)
    if len(parts) == 1 or not own or _are_one_in_two_genders(parts):
        return _split_commas(title, known)
    return [title for part in parts for title in _split_commas(part, known)]


def _are_one_in_two_genders(parts: list[str]) -> bool:
    """ "Медицинская сестра / медицинский брат": one profession, named twice."""
    first = [normalised_title(part).split()[0] for part in parts]
    return len({word[:GENDER_STEM] for word in first}) == 1 and len(set(first)) > 1


def _split_commas(title: str, known: Collection[str]) -> list[str]:
    """The longest known titles first; of the rest a comma parts what are professions on both sides."""
    pieces = [piece.strip() for piece in _outside_brackets(title, ",")]
    if len(pieces) == 1:
        return [title]
    found: list[str] = []
    at = 0
    while at < len(pieces):
        end = next(
            (e for e in range(min(len(pieces), at + MOST_PIECES), at + 1, -1) if _joined(pieces[at:e]) in known), at + 1
        )
        piece = ", ".join(pieces[at:end])
        begins = end > at + 1 or normalised_title(piece) in known or looks_like_profession(piece)
        if not found or (begins and _stands_alone(found[-1], known)):
            found.append(piece)
        else:
            found[-1] = f"{found[-1]}, {piece}"
        at = end
    return found


def _joined(pieces: list[str]) -> str:
    return normalised_title(", ".join(pieces))


def _stands_alone(title: str, known: Collection[str]) -> bool:
    return normalised_title(title) in known or looks_like_profession(title)
