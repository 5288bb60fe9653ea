"""Which SPO codes a printed title and the codes beside it mean, and how surely: accepted, confirm or unknown.

A code is believed only where the title agrees; a title only where it is near enough to a name and to no other. What is
doubtful is never accepted: a person confirms it, and is remembered for the next half-year.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from recommender.reference import Reference
from recommender.spo_titles import Nearness, SpoTitles
from recommender.title_evidence import CONFIRM_FROM, EXACT
from recommender.title_reading import NOTHING, Reading, TitleReading, evidence_of
from recommender.title_words import HEAD_WORDS, TitleReader, TitleWords
from recommender.written_codes import CodeMeaning, WrittenCodes

CANDIDATES = 3
GENERAL_WORDS = HEAD_WORDS | {
    "мастер", "оператор", "техник", "рабочий", "работник", "служащий", "машинист", "монтажник", "слесарь", "инженер",
    "педагог", "технолог", "механик", "персонал", "руководитель", "помощник", "край", "область", "район", "отрасль",
}  # fmt: skip
"""Words that alone name no profession: what a person decided about them would spread to half of a list."""
CLOSE = 0.1
"""Similarity by which the nearest name of another profession must be behind not to be called a close rival."""
CONTRADICTED = 0.5
"""Confidence at most where something speaks against a reading."""
AGREES_FROM = 0.25
"""Similarity of a title to some name of the code printed beside it, from which both may speak of one profession."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One SPO code in force that a title may mean; confidence 0 to 1."""

    spo_code: str
    title_ru: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a person decided about a title: its codes, or its profile classes; both empty = none of the SPO codes.

    Where the list in force says so too, nothing has changed: nobody is asked again, whatever the title by itself says.
    """

    spo_codes: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """What a title means.

    Attributes
    ----------
    status : str
        "accepted", "confirm" or "unknown".
    spo_codes : tuple of str
        Codes in force: the answer when accepted, the best guess when confirm, () when unknown or of higher education.
    confidence : float
        Calibrated chance, 0 to 1, that `spo_codes` are right; 0 when unknown, at most one half where title and codes,
        or two readings, contradict each other.
    ground : str
        "code", "title", "synonym", "remembered", "lemmas", "fuzzy", "higher" or "nothing".
    doubt : str or None
        Why not accepted. Of the codes beside it: "code_names_another", "code_unknown", "code_closed" (no successor),
        "code_renamed" (two lists, two professions), "code_higher", "part_without_code"; of the title: "close_rivals",
        "brackets_unread", "part_unknown", "remembered_differs", "weak".
    candidates : tuple of Candidate
        The best three.
    profiles : tuple of str
        Profile classes that lead to it through higher education; beside codes where both levels train it.
    doubtful_codes : tuple of str
        The written codes that the doubt is about.
    """

    status: str
    spo_codes: tuple[str, ...]
    confidence: float
    ground: str
    doubt: str | None
    candidates: tuple[Candidate, ...]
    profiles: tuple[str, ...]
    doubtful_codes: tuple[str, ...] = field(default=())


class TitleMatcher:
    """Matches titles of published lists.

    Parameters
    ----------
    reference : Reference
    remembered : mapping of str to Remembered
        Titles as printed, and what people decided; it wins over everything but a sure name and a code
        printed beside the title that contradicts it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> matcher = TitleMatcher(read_reference(Path("data/reference")))
    >>> match = matcher.match("Подготовка cварщиков", ["15.01.05"])
    >>> match.status, match.spo_codes, match.ground
    ('accepted', ('15.01.05',), 'code')
    >>> match = matcher.match("Повар", ["08.02.01"])
    >>> match.status, match.spo_codes, match.doubt, match.doubtful_codes
    ('confirm', ('43.01.09', '43.02.15'), 'code_names_another', ('08.02.01',))
    >>> match = matcher.match("Врач-терапевт участковый")
    >>> match.status, match.spo_codes, match.profiles
    ('accepted', (), ('sci-med', 'med-pre'))
    >>> matcher.match("Итого по району").status
    'unknown'
    """

    def __init__(self, reference: Reference, remembered: Mapping[str, Remembered] | None = None) -> None:
        self._reference = reference
        self._reader = TitleReader(reference.titles.abbreviations)
        self._titles = SpoTitles(reference, self._reader)
        self._reading = TitleReading(self._titles, self._reader)
        self._codes = WrittenCodes(reference, self._titles, self._reader)
        decisions = ((self.memory_key(title), decision) for title, decision in (remembered or {}).items())
        self._remembered = {key: decision for key, decision in decisions if key}

    def memory_key(self, title: str) -> str:
        """What is one title to the memory: its words in any order, case and number; "" = too general to remember.

        Examples
        --------
        >>> from pathlib import Path
        >>> from recommender.reference import read_reference
        >>> matcher = TitleMatcher(read_reference(Path("data/reference")))
        >>> matcher.memory_key("2. Мастера с/х производства"), matcher.memory_key("Специалисты")
        ('мастер производство сельскохозяйственный', '')
        """
        words = self._reader.read(title)
        return " ".join(words.bag) if set(words.bag) - GENERAL_WORDS else ""

    def match_all(self, titles: Iterable[tuple[str, Sequence[str]]]) -> list[TitleMatch]:
        """One match for each (title, written codes); each is what `match` gives it alone."""
        found: dict[tuple[str, tuple[str, ...]], TitleMatch] = {}
        asked = [(title, tuple(codes)) for title, codes in titles]
        for title, codes in asked:
            if (title, codes) not in found:
                found[title, codes] = self.match(title, codes)
        return [found[key] for key in asked]

    def match(self, title: str, written_codes: Sequence[str] = ()) -> TitleMatch:
        """What one title means.

        Parameters
        ----------
        title : str
            As printed; codes inside it count as written beside it.
        written_codes : sequence of str
            As printed: `NN.NN.NN`, or six digits of the lists before 2013; codes of other classifiers say nothing.
        """
        words = self._reader.read(title)
        meanings = self._codes.meanings([*written_codes, *words.codes])
        decision = self._remembered.get(" ".join(words.bag))
        if decision is not None:
            named = self._reading.read(self._reader.plain(title))
            differs = named.is_sure and (named.codes, named.profiles) != (decision.spo_codes, decision.profiles)
            doubt = "remembered_differs" if differs and not decision.is_listed else None
            reading = Reading(decision.spo_codes, decision.profiles, EXACT, "remembered", doubt)
        else:
            reading = self._reading.read(self._reader.plain(title)) if words.lemmas else NOTHING
        if meanings:
            reading = self._with_codes(reading, meanings, words)
        return self._judged(reading, words, meanings)

    def _with_codes(self, reading: Reading, meanings: Sequence[CodeMeaning], words: TitleWords) -> Reading:
        """The reading of the title, put beside the codes."""
        codes = _codes_of(meanings)
        if not words.lemmas:
            doubt = "code_renamed" if any(meaning.former for meaning in meanings) else None
            reading = Reading(codes, (), EXACT, "code", doubt)
        doubt = self._contradiction(reading, meanings, words)
        if doubt:
            says_nothing = not (reading.codes or reading.profiles) or reading.evidence.confidence < CONFIRM_FROM
            return replace(reading, codes=codes if says_nothing else reading.codes, doubt=doubt)
        if not codes:
            return reading
        if not set(reading.codes) & set(codes):
            in_2013 = {code for meaning in meanings for code in meaning.former_codes}
            if set(reading.codes) & in_2013:
                return reading
            return Reading(codes, (), evidence_of(self._names_of(words, codes)), "code", "weak")
        return replace(
            reading, codes=codes, evidence=EXACT, ground="code", doubt=reading.doubt if not words.lemmas else None
        )

    def _contradiction(self, reading: Reading, meanings: Sequence[CodeMeaning], words: TitleWords) -> str | None:
        """Why title and codes cannot both be believed; None = they can."""
        if any(meaning.higher for meaning in meanings):
            is_another = bool(reading.codes) or not all(meaning.higher for meaning in meanings)
            unread = None if reading.profiles else "code_higher"
            return "code_names_another" if is_another else unread
        if not all(meaning.known for meaning in meanings):
            return "code_unknown"
        if not all(meaning.codes for meaning in meanings):
            return "code_closed"
        if words.lemmas and not all(self._agrees(reading, meaning, words) for meaning in meanings):
            return "code_names_another"
        if reading.parts > 1 and reading.is_sure and not set(reading.codes) <= self._named_by(meanings):
            return "part_without_code"
        return None

    def _agrees(self, reading: Reading, meaning: CodeMeaning, words: TitleWords) -> bool:
        """Whether the title may speak of the profession that the code means, or meant in 2013."""
        if set(reading.codes) & {*meaning.codes, *meaning.former_codes}:
            return True
        unsure = not reading.is_sure and reading.ground != "remembered"
        return unsure and any(near.similarity >= AGREES_FROM for near in self._names_of(words, meaning.codes))

    def _named_by(self, meanings: Sequence[CodeMeaning]) -> set[str]:
        """The codes, and those that some name has together with one of them (a profession's two levels)."""
        codes = set(_codes_of(meanings))
        return {code for known in self._titles.names if codes & set(known.codes) for code in known.codes}

    def _names_of(self, words: TitleWords, codes: Sequence[str]) -> list[Nearness]:
        """Names of the codes that share a word with the title, nearest first."""
        return [near for near in self._titles.nearest(words) if set(near.name.codes) & set(codes)]

    def _judged(self, reading: Reading, words: TitleWords, meanings: Sequence[CodeMeaning]) -> TitleMatch:
        """Status, doubt and candidates of a reading."""
        confidence = min(reading.evidence.confidence, CONTRADICTED if reading.doubt else 1.0)
        about_codes = reading.doubt is not None and reading.doubt.startswith("code")
        doubtful = tuple(meaning.written for meaning in meanings) if about_codes else ()
        candidates = self._candidates(reading, words)
        if reading.is_sure:
            return TitleMatch("accepted", reading.codes, confidence, reading.ground, None, candidates, reading.profiles)
        if (confidence >= CONFIRM_FROM or meanings) and (reading.codes or reading.profiles):
            doubt = reading.doubt or ("close_rivals" if reading.evidence.margin < CLOSE else "weak")
            return TitleMatch(
                "confirm", reading.codes, confidence, reading.ground, doubt, candidates, reading.profiles, doubtful
            )
        rest: str | None = reading.doubt or ("weak" if reading.codes or reading.profiles else None)
        return TitleMatch("unknown", (), 0.0, "nothing", rest, candidates, (), doubtful)

    def _candidates(self, reading: Reading, words: TitleWords) -> tuple[Candidate, ...]:
        """Codes of the reading, then those of the nearest names."""
        best = dict.fromkeys(reading.codes, reading.evidence.confidence)
        if len(best) < CANDIDATES and words.lemmas:
            near = self._titles.nearest(words)
            for place, other in enumerate(near):
                if len(best) >= CANDIDATES:
                    break
                sure = min(evidence_of(near[place:]).confidence, reading.evidence.confidence)
                for code in other.name.codes:
                    best.setdefault(code, sure)
        ordered = sorted(best.items(), key=lambda pair: -pair[1])[:CANDIDATES]
        return tuple(Candidate(code, self._reference.spo[code].title_ru, sure) for code, sure in ordered)


def _codes_of(meanings: Sequence[CodeMeaning]) -> tuple[str, ...]:
    return tuple(sorted({code for meaning in meanings for code in meaning.codes}))
