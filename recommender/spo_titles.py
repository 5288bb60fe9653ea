"""Every name that SPO codes and professions of higher education are known by, and how near a title comes to each.

Names in falling authority: titles of the list in force, synonyms, titles of earlier lists, titles without their
brackets, professions of higher education, qualifications. A weaker name that is written as a stronger one is none.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from rapidfuzz import process
from rapidfuzz.distance import OSA

from recommender.catalogue import current_spo_code
from recommender.reference import Reference
from recommender.title_words import TitleReader, TitleWords, is_word, without_brackets

MOST_CODES = 4
"""A qualification that more codes share ("старший техник") tells none of them; nor does one of a single word."""
ONE_SLIP, TWO_SLIPS = 4, 8
"""Letters a word needs so that one, or two, of them may be slips."""
SLIP_COST = 0.5
CUT_SHORT, CUT_SHORT_SURE = 5, 0.9
"""Letters that a word cut short has kept, and how surely it is the word it begins."""


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name, the codes in force that it means, and the profile classes where higher education teaches it too.

    Attributes
    ----------
    kind : str
        "title", "synonym", "former", "higher" (no codes) or "qualification".
    """

    words: TitleWords
    codes: tuple[str, ...]
    kind: str
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a title is to a name, each 0 to 1; a rare word weighs more.

    Attributes
    ----------
    similarity : float
        Weight of the words they share among the weight of all their words.
    of_title, of_name : float
        Share of the title's words that the name has, and of the name's that the title has.
    """

    name: KnownName
    similarity: float
    of_title: float
    of_name: float


class SpoTitles:
    """The names of SPO codes.

    Parameters
    ----------
    reference : Reference
    reader : TitleReader

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> reference = read_reference(Path("data/reference"))
    >>> reader = TitleReader(reference.titles.abbreviations)
    >>> titles = SpoTitles(reference, reader)
    >>> titles.find_exact(reader.read("Сестринское дело")).codes
    ('34.02.01',)
    >>> nearest = titles.nearest(reader.read("Сестренское дело"))[0]
    >>> nearest.name.codes, round(nearest.similarity, 2)
    (('34.02.01',), 0.95)
    """

    def __init__(self, reference: Reference, reader: TitleReader) -> None:
        self._reference, self._reader = reference, reader
        higher = [(reader.read(profession.title_ru), profession) for profession in reference.titles.higher]
        self._profiles = {words.bag: profession.profiles for words, profession in higher}
        self._only_higher = [profession.title_ru for _, profession in higher if not profession.both]
        self.by_text: dict[str, KnownName] = {}
        for known in self._names():
            if known.words.lemmas:
                self.by_text.setdefault(known.words.text, known)
        self.by_bag: dict[tuple[str, ...], KnownName] = {}
        for known in self.by_text.values():
            self.by_bag.setdefault(known.words.bag, known)
        self.names = tuple(self.by_bag.values())
        firsts = [entry.title_ru for entry in reference.titles.higher if entry.first]
        firsts += [entry.title_ru for entry in reference.titles.synonyms if entry.first]
        begins = [self.by_text[reader.read(title).text] for title in firsts]
        self._begins = sorted(begins, key=lambda name: (-len(name.words.lemmas), name.words.text))

    def _names(self) -> Iterable[KnownName]:
        """In falling authority."""
        titles: dict[str, list[str]] = defaultdict(list)
        bare: dict[str, list[str]] = defaultdict(list)
        for code, spo in self._reference.spo.items():
            now = current_spo_code(self._reference, code)
            if self._reference.is_in_force(now):
                titles[spo.title_ru].append(now)
                bare[without_brackets(spo.title_ru)[0]].append(now)
        former: dict[str, list[str]] = defaultdict(list)
        for code, entry in self._reference.former_spo.items():
            now = current_spo_code(self._reference, code)
            if self._reference.is_in_force(now):
                former[entry.title_ru].append(now)
                bare[without_brackets(entry.title_ru)[0]].append(now)
        yield from self._of(titles.items(), "title")
        synonyms = ((synonym.title_ru, synonym.codes) for synonym in self._reference.titles.synonyms)
        yield from self._of(synonyms, "synonym")
        yield from self._of(former.items(), "former")
        yield from self._of(bare.items(), "former")
        yield from self._of(((title, ()) for title in self._only_higher), "higher")
        shared: dict[str, list[str]] = defaultdict(list)
        for title, codes in self._reference.titles.qualifications:
            shared[self._reader.read(title).text].extend(codes)
        few = [(text, codes) for text, codes in shared.items() if len(set(codes)) <= MOST_CODES and " " in text]
        yield from self._of(few, "qualification")

    def _of(self, named: Iterable[tuple[str, Sequence[str]]], kind: str) -> Iterable[KnownName]:
        for title, codes in named:
            words = self._reader.read(title)
            yield KnownName(words, tuple(sorted(set(codes))), kind, self._profiles.get(words.bag, ()))

    @cached_property
    def _names_with(self) -> dict[str, list[int]]:
        """Word -> numbers of the names that have it."""
        with_word: dict[str, list[int]] = defaultdict(list)
        for number, known in enumerate(self.names):
            for word in known.words.bag:
                with_word[word].append(number)
        return dict(with_word)

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Words of names in dictionary form and as they are written -> dictionary form."""
        written = {
            form: word for known in self.names for word, form in zip(known.words.lemmas, known.words.forms, strict=True)
        }
        return written | {word: word for word in self._names_with}

    @cached_property
    def _vocabulary(self) -> list[str]:
        return sorted(self._spellings)

    def weight(self, word: str) -> float:
        """Rarer among the names weighs more; a word that no name has weighs as one that a single name has."""
        return math.log(1.0 + len(self.names) / len(self._names_with.get(word, (0,))))

    def find_exact(self, words: TitleWords) -> KnownName | None:
        """The name written just so, or with the same words in another order, case or number."""
        return self.by_text.get(words.text) or self.by_bag.get(words.bag)

    def find_begin(self, words: TitleWords) -> KnownName | None:
        """The longest name that a title may begin with and go on as it likes."""
        lemmas = words.lemmas
        return next((name for name in self._begins if lemmas[: len(name.words.lemmas)] == name.words.lemmas), None)

    def known_as(self, word: str, form: str) -> tuple[str, float] | None:
        """The word of some name that a title's word is, and how surely (1 = itself); a slip only of what is no word."""
        if word in self._names_with:
            return word, 1.0
        if len(form) < ONE_SLIP or is_word(form):
            return None
        slips = 1 if len(form) < TWO_SLIPS else 2
        near = [
            (float(slipped), self._spellings[spelling])
            for written in {word, form}
            for spelling, slipped, _ in process.extract(
                written, self._vocabulary, scorer=OSA.distance, score_cutoff=slips, limit=None
            )
        ]
        if not near:
            return self._cut_short(form)
        slipped, known = min(near)
        return known, 1.0 - SLIP_COST * slipped / len(form)

    def _cut_short(self, form: str) -> tuple[str, float] | None:
        """The commonest word of names that begins as a word cut short does."""
        if len(form) < CUT_SHORT:
            return None
        place = bisect_left(self._vocabulary, form)
        longer = takewhile(lambda spelling: spelling.startswith(form), self._vocabulary[place:])
        words = sorted({self._spellings[spelling] for spelling in longer})
        return (max(words, key=lambda word: len(self._names_with[word])), CUT_SHORT_SURE) if words else None

    def nearest(self, words: TitleWords) -> list[Nearness]:
        """Names that share a word with the title, nearest first."""
        own: dict[str, float] = {}
        total = 0.0
        for word, form in dict(zip(words.lemmas, words.forms, strict=True)).items():
            known = self.known_as(word, form)
            total += self.weight(known[0] if known else word)
            if known and known[1] > own.get(known[0], 0.0):
                own[known[0]] = known[1]
        shared: dict[int, float] = defaultdict(float)
        for word, sure in own.items():
            for number in self._names_with[word]:
                shared[number] += sure * self.weight(word)
        found = []
        for number, weight in shared.items():
            known_name = self.names[number]
            whole = sum(self.weight(word) for word in known_name.words.bag)
            similarity = weight / max(total + whole - weight, weight)
            found.append(Nearness(known_name, similarity, min(weight / total, 1.0), min(weight / whole, 1.0)))
        found.sort(key=lambda near: (-near.similarity, near.name.codes, near.name.words.text))
        return found
