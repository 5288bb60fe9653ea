"""What changed from one edition of the demand list to the next."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from recommender.demand import DemandEdition, DemandEntry


@dataclass(frozen=True)
class EditionDifference:
    """What changed from one edition to the next; entries in the order of the newer list.

    Attributes
    ----------
    added, dropped : tuple of DemandEntry
    renamed : tuple of (old, new)
        Same SPO codes under another title.
    recoded : tuple of (old, new)
        Same title with other SPO codes.
    raised, lowered : tuple of (old, new)
        Level changed.
    """

    added: tuple[DemandEntry, ...]
    dropped: tuple[DemandEntry, ...]
    renamed: tuple[tuple[DemandEntry, DemandEntry], ...]
    recoded: tuple[tuple[DemandEntry, DemandEntry], ...]
    raised: tuple[tuple[DemandEntry, DemandEntry], ...]
    lowered: tuple[tuple[DemandEntry, DemandEntry], ...]


def same_titles(old: DemandEdition, new: DemandEdition) -> list[tuple[DemandEntry, DemandEntry]]:
    """Entries of two editions under one title, each taken once: of the same section and horizon first.

    Parameters
    ----------
    old, new : DemandEdition

    Returns
    -------
    list of (old entry, new entry)
        In the order of the newer list.
    """
    keys: tuple[Callable[[DemandEntry], Hashable], ...] = (
        lambda entry: (entry.title_key, entry.section, entry.horizon),
        lambda entry: entry.title_key,
    )
    pairs: dict[int, DemandEntry] = {}
    taken: set[int] = set()
    for key in keys:
        waiting: dict[Hashable, list[DemandEntry]] = {}
        for entry in old.entries:
            if id(entry) not in taken:
                waiting.setdefault(key(entry), []).append(entry)
        for entry in new.entries:
            if id(entry) not in pairs and waiting.get(key(entry)):
                pairs[id(entry)] = waiting[key(entry)].pop(0)
                taken.add(id(pairs[id(entry)]))
    return [(pairs[id(entry)], entry) for entry in new.entries if id(entry) in pairs]


def difference(old: DemandEdition, new: DemandEdition) -> EditionDifference:
    """Compare two editions by title first, then by codes; never by code alone.

    Parameters
    ----------
    old, new : DemandEdition

    Returns
    -------
    EditionDifference
    """
    same = same_titles(old, new)
    kept_old, kept_new = ({id(pair[side]) for pair in same} for side in (0, 1))
    unmatched = [entry for entry in new.entries if id(entry) not in kept_new]
    left = [entry for entry in old.entries if id(entry) not in kept_old]
    orphans = {frozenset(entry.spo_codes): entry for entry in left if entry.spo_codes}
    renamed = []
    for entry in unmatched:
        predecessor = orphans.pop(frozenset(entry.spo_codes), None) if entry.spo_codes else None
        if predecessor is not None:
            renamed.append((predecessor, entry))
    matched = same + renamed
    old_of_renamed, new_of_renamed = ({id(pair[side]) for pair in renamed} for side in (0, 1))
    levels = [(a, b) for a, b in matched if a.level is not None and b.level is not None]
    return EditionDifference(
        added=tuple(entry for entry in unmatched if id(entry) not in new_of_renamed),
        dropped=tuple(entry for entry in left if id(entry) not in old_of_renamed),
        renamed=tuple(renamed),
        recoded=tuple((a, b) for a, b in same if set(a.spo_codes) != set(b.spo_codes)),
        raised=tuple((a, b) for a, b in levels if (b.level or 0) > (a.level or 0)),
        lowered=tuple((a, b) for a, b in levels if (b.level or 0) < (a.level or 0)),
    )
