"""The words of a printed title: one spelling for all its cases, numbers, abbreviations and slips of the keyboard.

Nothing here knows any profession; only the table of abbreviations is data.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

LOOKALIKES = str.maketrans("abcehkmoptxyABCEHKMOPTXY", "авсенкмортхуАВСЕНКМОРТХУ")
DASHES = re.compile(r"\s*[‐‑‒–—−]\s*|\s+-\s*|\s*-\s+")
NUMBERING = re.compile(r"^\s*(?:№\s*)?(?:\d{1,3}[.)])+\d{0,3}[.)]?\s+(?=\D)")
CODES = re.compile(r"(?<![\d.])(\d{2}\.\d{2}\.\d{2}|\d{6}(?:\.\d{2})?)(?![\d.]*\d)")
OTHER_CODES = re.compile(r"(?<![\d.])\d{5}(?![\d.])")
"""Codes of workers' and clerks' occupations."""
RANKS = re.compile(
    r"\(?\b\d(?:\s*-\s*\d)?\s*-?(?:го|й|ый|ого)?\s*(?:разряд\w*|разр\b\.?|класс\w{0,2}\b(?=\s*\)?$)|категори\w*)\)?"
    r"|\bкатегори[ияй]\s+[a-zа-я]\b(?:\s*[,/]\s*[a-zа-я]\b)*|\bкат\.\s*[a-zа-я]\b(?:\s*[,/]\s*[a-zа-я]\b)*"
)
BRACKETS = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
WORD = re.compile(r"[a-zа-я0-9]+")
EMPTY = "по в во на и или для с со к о об от до при из за под над у а не том число др прочий иной вид отрасль область"
EMPTY_WORDS = frozenset(EMPTY.split())
"""Words that names and titles say nothing by; dropped from both."""
LEADING = (
    "подготовка обучение набор требоваться потребность нехватка дефицит вакансия кадр профессия специальность "
    "направление квалификация должность нужный необходимый востребованный"
)
LEADING_WORDS = frozenset(LEADING.split())
"""Words before a profession that say that one is wanted or taught; dropped where something follows."""
HEAD_WORDS = frozenset({"специалист", "рабочий", "работник", "сотрудник", "старший"})
"""Heads that any profession may be written with; a title may do without them, a name ("специалист банка") may not."""
PROPER = frozenset({"Surn", "Name", "Patr", "Geox", "Orgn", "Trad", "Abbr"})
HOMOGRAPHS = {"техника": "техник"}
"""Lemmas one of whose forms ("техники") is also a form of the name of a profession, which is meant more often."""


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """`place`: "anywhere"; "end" = only the title's last word; "glued" = with the word after it, as in "эл. монтер"."""

    written: str
    full: str
    place: str


@dataclass(frozen=True, slots=True)
class TitleWords:
    """A title read.

    Attributes
    ----------
    text : str
        Lower case, ё as е, single spaces, no punctuation; abbreviations in full.
    lemmas : tuple of str
        Dictionary forms in the order of the title, without the empty ones.
    forms : tuple of str
        The same words as they are written.
    codes : tuple of str
        SPO codes written inside the title, `NN.NN.NN` or six digits.
    """

    text: str
    lemmas: tuple[str, ...]
    forms: tuple[str, ...]
    codes: tuple[str, ...] = ()

    @property
    def without_heads(self) -> "TitleWords":
        """The words without "специалист" and its like."""
        kept = [(form, word) for form, word in zip(self.lemmas, self.forms, strict=True) if form not in HEAD_WORDS]
        return TitleWords(" ".join(word for _, word in kept), tuple(f for f, _ in kept), tuple(w for _, w in kept))

    @property
    def bag(self) -> tuple[str, ...]:
        """The words whatever their order, each once."""
        return tuple(sorted(set(self.lemmas)))


@cache
def _morphology() -> "MorphAnalyzer":
    from pymorphy3 import MorphAnalyzer  # noqa: PLC0415 -- dictionaries of 20 MB, only where titles are read

    return MorphAnalyzer()


@cache
def lemma(word: str) -> str:
    """Dictionary form of a word, ё as е; a noun or an adjective where the word may be one, never a person's name.

    Examples
    --------
    >>> lemma("сварщиков"), lemma("электромонтеры"), lemma("сваршики")
    ('сварщик', 'электромонтер', 'сваршик')
    """
    parses = _morphology().parse(word)
    nouns = [p for p in parses if p.tag.POS in ("NOUN", "ADJF") and not PROPER & p.tag.grammemes]
    forms = [str(parse.normal_form).replace("ё", "е") for parse in nouns or parses[:1]]
    form = word if nouns and word in forms else forms[0]
    return HOMOGRAPHS.get(form, form)


@cache
def is_word(word: str) -> bool:
    """Whether the dictionary of Russian has it in any form; what it lacks may be a slip."""
    return bool(_morphology().word_is_known(word))


def mended(text: str) -> str:
    """Latin letters that look Cyrillic are Cyrillic in a word that mixes both.

    Examples
    --------
    >>> mended("Cвapщик") == "Сварщик", mended("Web") == "Web"
    (True, True)
    """
    return re.sub(r"\w+", lambda w: w[0].translate(LOOKALIKES) if re.search("[А-Яа-яЁё]", w[0]) else w[0], text)


class TitleReader:
    """Reads titles with one table of abbreviations.

    Parameters
    ----------
    abbreviations : iterable of Abbreviation

    Examples
    --------
    >>> software = Abbreviation("по", "программное обеспечение", "end")
    >>> reader = TitleReader([Abbreviation("эл.", "электро", "glued"), software])
    >>> reader.read("2. Подготовка эл. монтёров (4 разряда)").lemmas
    ('электромонтер',)
    >>> reader.read("Разработчик ПО").text
    'разработчик программное обеспечение'
    >>> reader.read("43.01.09 Повар, кондитер").codes
    ('43.01.09',)
    """

    def __init__(self, abbreviations: Iterable[Abbreviation]) -> None:
        ordered = sorted(abbreviations, key=lambda short: (-len(short.written), short.written))
        self._full: Mapping[str, str] = {short.written: short.full for short in ordered}
        self._places = {
            place: [s.written for s in ordered if s.place == place] for place in ("anywhere", "end", "glued")
        }

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        glued = "|".join(map(re.escape, self._places["glued"])) or "(?!)"
        anywhere = "|".join(re.escape(w) + (r"(?!\w)" if w[-1].isalnum() else "") for w in self._places["anywhere"])
        end = "|".join(map(re.escape, self._places["end"])) or "(?!)"
        return re.compile(
            rf"(?<!\w)(?:(?P<glued>{glued})\s*(?=\w)|(?P<anywhere>{anywhere or '(?!)'})|(?P<end>{end})(?=\W*$))"
        )

    def _in_full(self, found: re.Match[str]) -> str:
        if found["glued"]:
            return self._full[found["glued"]]
        return f" {self._full[found['anywhere'] or found['end']]} "

    @staticmethod
    def plain(title: str) -> str:
        """The title in lower case with its punctuation, but without numbering, codes and ranks."""
        text = mended(unicodedata.normalize("NFKC", title))
        text = OTHER_CODES.sub(" ", CODES.sub(" ", NUMBERING.sub("", text))).lower().replace("ё", "е")
        text = RANKS.sub(" ", DASHES.sub(" - ", text))
        return re.sub(r"\s+", " ", text).strip(" .;,:*-")

    def read_plain(self, plain: str) -> TitleWords:
        """Words of a part of a title that `plain` has been through."""
        text = self._pattern.sub(self._in_full, plain)
        words = WORD.findall(text)
        kept = [(lemma(word), word) for word in words]
        kept = [(form, word) for form, word in kept if form not in EMPTY_WORDS]
        while len(kept) > 1 and kept[0][0] in LEADING_WORDS:
            del kept[0]
        return TitleWords(" ".join(words), tuple(form for form, _ in kept), tuple(word for _, word in kept))

    def read(self, title: str) -> TitleWords:
        """The words of a whole title, and the codes in it."""
        words = self.read_plain(self.plain(title))
        return replace(words, codes=tuple(dict.fromkeys(CODES.findall(title))))


def without_brackets(plain: str) -> tuple[str, str]:
    """A plain title without what stands in brackets, and that.

    Examples
    --------
    >>> without_brackets("воспитатель (в детском саду)")
    ('воспитатель', '(в детском саду)')
    """
    return re.sub(r"\s+", " ", BRACKETS.sub(" ", plain)).strip(), " ".join(BRACKETS.findall(plain))


PARTS = re.compile(r"\s*[,;/\n]\s*|\s+и\s+|\s+\+\s+")


def parts_of(plain: str) -> tuple[str, ...]:
    """The professions a plain title lists; a part without a head takes that of the first.

    Examples
    --------
    >>> parts_of("машинист бульдозера, экскаватора")
    ('машинист бульдозера', 'экскаватора')
    """
    return tuple(part for part in PARTS.split(plain) if part)
