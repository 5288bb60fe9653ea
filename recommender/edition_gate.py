"""Whether a list may be published by one person: what makes an edition look broken or poisoned, with figure and limit.

A finding never refuses: a real list can change a lot. It asks for a second person, who sees the same figures.
Limits lie well beyond what half a year does to a list (docs/decisions/0026).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from recommender.catalogue import current_spo_code
from recommender.demand import TOP_LEVEL, DemandEdition, DemandEntry
from recommender.edition_changes import same_titles
from recommender.reference import Reference

FEWEST_ENTRIES = 5
LEAST_CARRIED_SHARE = 0.5
LEAST_COUNT_RATIO, MOST_COUNT_RATIO = 0.5, 2.5
LEAST_MATCHED_SHARE = 0.6
MOST_UNKNOWN_CODE_SHARE = 0.1
MOST_REPEATED_SHARE = 0.05
MOST_OF_ONE_CODE = 0.2
TENFOLD = 10.0
LARGE_NEED = 100  # a need of 3 that becomes 30 is news, not a slip of the comma
MOST_MOVED_SHARE = 0.2
MOST_LEVEL_SHIFT = 1.2
MOST_TOP_LEVEL_SHARE = 0.9
LEAST_LEVEL_ORDER = 0.0
LEAST_WORDS_SHARE = 0.9
LARGE_SECTION, LARGE_GROUP = 4, 5  # lines
COMPARABLE = 10  # entries that two lists must share before their levels are compared
LONGEST_WAIT_DAYS = 62
LONGEST_GAP_DAYS = 400
HALF_YEAR = re.compile(r".*?(?P<year>20[0-9]{2})H(?P<half>[12])", re.ASCII)
WORD = re.compile(r"[А-Яа-яЁё]{3,}")


@dataclass(frozen=True)
class Finding:
    """One thing about an edition that is out of the ordinary.

    Attributes
    ----------
    code : str
        Such as "carried_share"; the sentence is made in the service.
    figure, limit : float
        What was found and what is still ordinary.
    examples : tuple of str
        Titles, sections or codes it was seen at, at most five.
    """

    code: str
    figure: float
    limit: float
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Compared:
    """An edition beside the list before it."""

    edition: DemandEdition
    previous: DemandEdition | None
    reference: Reference

    def codes(self, *entries: DemandEntry) -> set[str]:
        """SPO codes in force that entries name."""
        return {current_spo_code(self.reference, code) for entry in entries for code in entry.spo_codes}

    def pairs(self) -> list[tuple[DemandEntry, DemandEntry]]:
        """Entries of both lists under one title."""
        return same_titles(self.previous, self.edition) if self.previous is not None else []


def _listed(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(values[:5])


def _size(compared: _Compared) -> Iterator[Finding]:
    """Too short for a region's list, or far from the size of the one before."""
    count = len(compared.edition.entries)
    if count < FEWEST_ENTRIES:
        yield Finding("few_entries", count, FEWEST_ENTRIES)
    if compared.previous is not None and compared.previous.entries:
        ratio = count / len(compared.previous.entries)
        if ratio < LEAST_COUNT_RATIO:
            yield Finding("list_shrank", ratio, LEAST_COUNT_RATIO)
        if ratio > MOST_COUNT_RATIO:
            yield Finding("list_grew", ratio, MOST_COUNT_RATIO)


def _carried(compared: _Compared) -> Iterator[Finding]:
    """Half a year replaces a part of the list, not most of it; nor does it leave every line as it was."""
    previous = compared.previous
    if previous is None:
        return
    before = compared.codes(*previous.entries)
    kept = before & compared.codes(*compared.edition.entries)
    if before and len(kept) / len(before) < LEAST_CARRIED_SHARE:
        yield Finding("carried_share", len(kept) / len(before), LEAST_CARRIED_SHARE, _listed(sorted(before - kept)))
    if previous.entries == compared.edition.entries:
        yield Finding("nothing_changed", 0, 1)


def _vanished(compared: _Compared) -> Iterator[Finding]:
    """Whole sections or groups of specialties gone at once: a page of the document was lost."""
    if compared.previous is None:
        return
    sections = Counter(entry.section for entry in compared.previous.entries if entry.section)
    left = {entry.section for entry in compared.edition.entries}
    gone = [name for name, count in sections.items() if count >= LARGE_SECTION and name not in left]
    if gone and left != {""}:
        yield Finding("section_vanished", len(gone), 0, _listed(sorted(gone)))
    groups = Counter(group for entry in compared.previous.entries for group in {code[:2] for code in entry.spo_codes})
    present = {code[:2] for code in compared.codes(*compared.edition.entries)}
    lost = sorted(group for group, count in groups.items() if count >= LARGE_GROUP and group not in present)
    if lost:
        titles = {spo.group_code[:2]: spo.group_title_ru for spo in compared.reference.spo.values()}
        yield Finding("group_vanished", len(lost), 0, _listed([f"{group} {titles.get(group, '')}" for group in lost]))


def _needs(compared: _Compared) -> Iterator[Finding]:
    """A need ten times as large or as small: a comma lost, thousands for units."""
    jumps = []
    for old, new in compared.pairs():
        if old.vacancies is not None and new.vacancies is not None:
            low, high = sorted((old.vacancies, new.vacancies))
            if high >= LARGE_NEED and high >= TENFOLD * max(low, 1):
                jumps.append((high / max(low, 1), new.title))
    if jumps:
        yield Finding("tenfold_need", max(jumps)[0], TENFOLD, _listed([title for _, title in jumps]))
    known = sorted(entry.vacancies for entry in compared.edition.entries if entry.vacancies is not None)
    if len(known) >= COMPARABLE and known[-1] >= LARGE_NEED:
        others = max(1.0, float(np.quantile(known[:-1], 0.9)))
        if known[-1] > TENFOLD * others:
            largest = [entry.title for entry in compared.edition.entries if entry.vacancies == known[-1]]
            yield Finding("one_need_above_all", known[-1] / others, TENFOLD, _listed(largest))


def _repeated(compared: _Compared) -> Iterator[Finding]:
    """The same line again, or one code under many titles."""
    entries = compared.edition.entries
    titles = Counter((entry.title_key, entry.section, entry.horizon) for entry in entries)
    twice = [title for (title, _, _), count in titles.items() if count > 1]
    extra = sum(count - 1 for count in titles.values()) / max(1, len(entries))
    if extra > MOST_REPEATED_SHARE:
        yield Finding("repeated_titles", extra, MOST_REPEATED_SHARE, _listed(twice))
    codes = Counter(code for entry in entries for code in set(entry.spo_codes))
    if codes and len(entries) >= COMPARABLE:
        code, count = codes.most_common(1)[0]
        if count / len(entries) > MOST_OF_ONE_CODE:
            yield Finding("one_code_everywhere", count / len(entries), MOST_OF_ONE_CODE, (code,))


def _matched(compared: _Compared) -> Iterator[Finding]:
    """Too little of the list leads anywhere, or it names codes that no list of codes has."""
    entries = compared.edition.entries
    reference = compared.reference
    leads = [
        any(code in reference.spo or code in reference.former_spo for code in entry.spo_codes)
        or any(profile in reference.profiles for profile in entry.profiles)
        for entry in entries
    ]
    share = sum(leads) / max(1, len(entries))
    if share < LEAST_MATCHED_SHARE:
        yield Finding("matched_share", share, LEAST_MATCHED_SHARE)
    spo, former = reference.spo, reference.former_spo
    codes = [code for entry in entries for code in entry.spo_codes]
    unknown = sorted({code for code in codes if code not in spo and code not in former})
    if codes and len(unknown) / len(set(codes)) > MOST_UNKNOWN_CODE_SHARE:
        yield Finding("unknown_codes", len(unknown) / len(set(codes)), MOST_UNKNOWN_CODE_SHARE, _listed(unknown))


def _moved_codes(compared: _Compared) -> Iterator[Finding]:
    """Titles as they were, with codes of other lines: one column of a table was sorted or shifted."""
    coded = [(old, new) for old, new in compared.pairs() if old.spo_codes and new.spo_codes]
    moved = [new.title for old, new in coded if not compared.codes(old) & compared.codes(new)]
    if len(coded) >= COMPARABLE and len(moved) / len(coded) > MOST_MOVED_SHARE:
        yield Finding("codes_moved", len(moved) / len(coded), MOST_MOVED_SHARE, _listed(moved))


def _levels(compared: _Compared) -> Iterator[Finding]:
    """Levels all at the top, shifted as a whole, or turned over (1 for 5)."""
    levels = [entry.level for entry in compared.edition.entries if entry.level is not None]
    tops = sum(level == TOP_LEVEL for level in levels)
    if len(levels) >= COMPARABLE and tops / len(levels) > MOST_TOP_LEVEL_SHARE:
        yield Finding("all_at_the_top", tops / len(levels), MOST_TOP_LEVEL_SHARE)
    pairs = [(a.level, b.level) for a, b in compared.pairs() if a.level is not None and b.level is not None]
    if len(pairs) < COMPARABLE:
        return
    old, new = np.array(pairs, dtype=float).T
    shift = abs(float(new.mean() - old.mean()))
    if shift > MOST_LEVEL_SHIFT:
        yield Finding("levels_shifted", shift, MOST_LEVEL_SHIFT)
    if old.std() > 0 and new.std() > 0:
        order = float(np.corrcoef(old, new)[0, 1])
        if order < LEAST_LEVEL_ORDER:
            yield Finding("levels_turned_over", order, LEAST_LEVEL_ORDER)


def _legible(compared: _Compared) -> Iterator[Finding]:
    """Titles that are no words: a wrong encoding, codes or numbers in the column of titles."""
    entries = compared.edition.entries
    illegible = [entry.title for entry in entries if not WORD.search(entry.title)]
    share = 1 - len(illegible) / max(1, len(entries))
    if share < LEAST_WORDS_SHARE:
        yield Finding("illegible_titles", share, LEAST_WORDS_SHARE, _listed(illegible))


def _dated(compared: _Compared) -> Iterator[Finding]:
    """Published before the list it follows, or in another half-year than its code says."""
    edition, previous = compared.edition, compared.previous
    if previous is not None and edition.list_code != previous.list_code:
        gap = (edition.published_on - previous.published_on).days
        if gap < 0:
            yield Finding("published_before_previous", gap, 0, (previous.code,))
        if gap > LONGEST_GAP_DAYS:
            yield Finding("lists_missing_between", gap, LONGEST_GAP_DAYS, (previous.code,))
    named = HALF_YEAR.fullmatch(edition.list_code)
    if named and edition.revision == 1:
        opens = date(int(named["year"]), 1 if named["half"] == "1" else 7, 1)
        away = abs((edition.published_on - opens).days - 91)  # a list is published in its half-year, or near it
        if away > 91 + LONGEST_WAIT_DAYS:
            yield Finding("date_outside_half_year", away - 91, LONGEST_WAIT_DAYS, (edition.code,))


CHECKS: tuple[Callable[[_Compared], Iterator[Finding]], ...] = (
    _size, _carried, _vanished, _needs, _repeated, _matched, _moved_codes, _levels, _legible, _dated,
)  # fmt: skip


def check_edition(edition: DemandEdition, previous: DemandEdition | None, reference: Reference) -> tuple[Finding, ...]:
    """What about an edition is out of the ordinary, beside the list in force before it.

    Parameters
    ----------
    edition : DemandEdition
    previous : DemandEdition or None
        None: the region's first list; only what can be seen in the list itself is checked.
    reference : Reference

    Returns
    -------
    tuple of Finding
        Empty: one person may publish it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> empty = DemandEdition("r-2024H1", "Район", date(2024, 1, 31), (), "", False)
    >>> [finding.code for finding in check_edition(empty, None, read_reference(Path("data/reference")))]
    ['few_entries', 'matched_share']
    """
    compared = _Compared(edition, previous, reference)
    return tuple(finding for check in CHECKS for finding in check(compared))
