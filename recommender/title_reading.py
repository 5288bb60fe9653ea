"""Which professions a title means by its words alone: as one name, without its brackets, or part by part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from recommender.spo_titles import KnownName, Nearness, SpoTitles
from recommender.title_evidence import ACCEPTED_FROM, EXACT, Evidence
from recommender.title_words import TitleReader, TitleWords, parts_of, without_brackets

GROUNDS = {"title": "title", "former": "title", "qualification": "title", "synonym": "synonym", "higher": "higher"}
LISTS = frozenset(",;/")
"""What separates professions and never stands inside one name alone."""
RIVAL_FROM = 0.6
"""Similarity from which a name that begins the same way may be meant rather than the profession a title begins with."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of a title say.

    Attributes
    ----------
    codes, profiles : tuple of str
        Codes in force; profile classes where higher education teaches it.
    evidence : Evidence
    ground : str
        "title", "synonym", "lemmas", "fuzzy", "higher" or "nothing".
    doubt : str or None
        Set where confidence alone does not tell why a person must look.
    parts : int
        Professions that the title lists.
    name : KnownName or None
        The name it was read as.
    """

    codes: tuple[str, ...]
    profiles: tuple[str, ...]
    evidence: Evidence
    ground: str
    doubt: str | None = None
    parts: int = 1
    name: KnownName | None = None

    @property
    def is_sure(self) -> bool:
        """Whether nothing needs a person."""
        return self.doubt is None and self.evidence.confidence >= ACCEPTED_FROM


NOTHING = Reading((), (), Evidence(0.0, 0.0, 0.0), "nothing")


class TitleReading:
    """Reads titles by their words.

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> reference = read_reference(Path("data/reference"))
    >>> reader = TitleReader(reference.titles.abbreviations)
    >>> reading = TitleReading(SpoTitles(reference, reader), reader)
    >>> found = reading.read("каменщик, плотник")
    >>> found.codes, found.parts
    (('08.01.24', '08.01.27'), 2)
    """

    def __init__(self, titles: SpoTitles, reader: TitleReader) -> None:
        self._titles, self._reader = titles, reader

    def read(self, plain: str) -> Reading:
        """What a title that `TitleReader.plain` has been through means."""
        whole, parts = self._known(plain), self._parts(plain)
        if parts and parts.evidence.exact and parts.is_sure and (whole is None or self._adds(parts, whole, plain)):
            return parts
        if whole:
            return whole
        near, begun = self._fuzzy(plain), self._begun(plain)
        if begun and not (near.is_sure and set(near.codes) < set(begun.codes)):
            is_list = bool(LISTS & set(without_brackets(plain)[0]))
            return replace(begun, doubt="part_unknown") if is_list and begun.doubt is None else begun
        if near.is_sure or parts is None:
            return near
        return parts if parts.is_sure else max(near, parts, key=lambda found: found.evidence.confidence)

    def _adds(self, parts: Reading, whole: Reading, plain: str) -> bool:
        """Whether a list names a profession that its words joined to one name do not ("матрос, моторист")."""
        if not LISTS & set(plain):
            return False
        known = [self._known(text) for text in parts_of(without_brackets(plain)[0])]
        return parts.parts > 1 and any(part and not set(part.codes) & set(whole.codes) for part in known)

    def _known(self, plain: str) -> Reading | None:
        """The title as a known name."""
        for candidate, dropped in self._candidates(plain):
            name = self._titles.find_exact(candidate)
            if name is None:
                continue
            ground = GROUNDS[name.kind] if name.words.text == candidate.text else "lemmas"
            found = Reading(name.codes, name.profiles, EXACT, "higher" if name.kind == "higher" else ground, name=name)
            if dropped and len(name.codes) > 1 and self._says_something(dropped):
                return replace(found, doubt="brackets_unread")
            return found
        return None

    def _begun(self, plain: str) -> Reading | None:
        """A title that begins as a profession whatever follows; in doubt where it may as well be another one."""
        words = self._reader.read_plain(plain)
        name = self._titles.find_begin(words)
        if name is None:
            return None
        ground = "higher" if name.kind == "higher" else "synonym"
        found = Reading(name.codes, name.profiles, EXACT, ground, name=name)
        near = self._titles.nearest(words)[0]
        is_rival = near.name.words.lemmas[0] == words.lemmas[0] and not set(near.name.codes) & set(name.codes)
        if is_rival and near.name.codes and near.similarity >= RIVAL_FROM:
            return replace(self._nearest(words), profiles=name.profiles, doubt="close_rivals")
        return found

    def _candidates(self, plain: str) -> Iterable[tuple[TitleWords, str]]:
        """A title as it is, without brackets, without its head; and what was left out of it in brackets."""
        words = self._reader.read_plain(plain)
        yield words, ""
        bare, inside = without_brackets(plain)
        without = self._reader.read_plain(bare)
        if inside:
            yield without, inside
        for headed, dropped in ((words, ""), (without, inside)):
            if len(headed.without_heads.lemmas) < len(headed.lemmas):
                yield headed.without_heads, dropped

    def _says_something(self, text: str) -> bool:
        """Whether words of a bracket are words of names."""
        words = self._reader.read_plain(text)
        pairs = zip(words.lemmas, words.forms, strict=True)
        return any(self._titles.known_as(word, form) for word, form in pairs)

    def _parts(self, plain: str) -> Reading | None:
        """The professions of a list, each known or near enough to one; None = no list.

        What a hyphen joins is one profession: its parts must share a code.
        """
        bare = without_brackets(plain)[0]
        listed, hyphened = parts_of(bare), [part for part in bare.split("-") if part.strip()]
        for texts in (listed, hyphened):
            if len(texts) < 2:
                continue
            head = texts[0].split()[0]
            found = [self._part(text, head if number else "") for number, text in enumerate(texts)]
            is_one = texts is listed or set.intersection(*(set(part.codes) for part in found))
            if all(part.is_sure for part in found) and is_one:
                return _joined(found)
        if len(listed) < 2:
            return None
        return replace(_joined([self._part(text, "") for text in listed]), doubt="part_unknown")

    def _part(self, text: str, head: str) -> Reading:
        """One profession of a list; a part that is nothing alone may lack the head of the first."""
        tried = [self._known(text) or self._begun(text) or self._fuzzy(text)]
        if head and not tried[0].is_sure:
            tried.append(self._known(f"{head} {text}") or NOTHING)
        return max(tried, key=lambda found: (found.is_sure, found.evidence.confidence))

    def _fuzzy(self, plain: str) -> Reading:
        """The nearest name, with or without what stands in brackets."""
        bare = without_brackets(plain)[0]
        found = [self._nearest(self._reader.read_plain(text)) for text in dict.fromkeys((plain, bare)) if text]
        return max(found, key=lambda reading: reading.evidence.confidence, default=NOTHING)

    def _nearest(self, words: TitleWords) -> Reading:
        near = self._titles.nearest(words)
        if not near:
            return NOTHING
        best = near[0]
        ground = "higher" if best.name.kind == "higher" else "fuzzy"
        return Reading(best.name.codes, best.name.profiles, evidence_of(near), ground, name=best.name)


def evidence_of(near: Sequence[Nearness]) -> Evidence:
    """Evidence for the first of names sorted by nearness; a rival shares no code with it."""
    best = near[0]
    rival = next((other for other in near if not _kin(other.name, best.name)), None)
    margin = best.similarity - (rival.similarity if rival else 0.0)
    return Evidence(best.of_title, best.of_name, margin)


def _kin(name: KnownName, other: KnownName) -> bool:
    if name.codes or other.codes:
        return bool(set(name.codes) & set(other.codes))
    return name.profiles == other.profiles


def _joined(parts: Sequence[Reading]) -> Reading:
    """All professions of a list; as sure as its weakest."""
    weakest = min(parts, key=lambda part: part.evidence.confidence)
    return Reading(
        tuple(sorted({code for part in parts for code in part.codes})),
        tuple(dict.fromkeys(profile for part in parts for profile in part.profiles)),
        weakest.evidence,
        weakest.ground,
        parts=len(parts),
    )
