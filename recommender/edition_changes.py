"""What changed from one edition of the demand list to the next."""

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


def difference(old: DemandEdition, new: DemandEdition) -> EditionDifference:
    """Compare two editions by title first, then by codes; never by code alone.

    Parameters
    ----------
    old, new : DemandEdition

    Returns
    -------
    EditionDifference
    """
    before = {entry.title_key: entry for entry in old.entries}
    same = [(before[entry.title_key], entry) for entry in new.entries if entry.title_key in before]
    kept = {entry.title_key for _, entry in same}
    unmatched = [entry for entry in new.entries if entry.title_key not in kept]
    orphans = {frozenset(e.spo_codes): e for e in old.entries if e.title_key not in kept and e.spo_codes}
    renamed = []
    for entry in unmatched:
        predecessor = orphans.pop(frozenset(entry.spo_codes), None) if entry.spo_codes else None
        if predecessor is not None:
            renamed.append((predecessor, entry))
    matched = same + renamed
    old_of_renamed = {pair[0].title_key for pair in renamed}
    new_of_renamed = {pair[1].title_key for pair in renamed}
    levels = [(a, b) for a, b in matched if a.level is not None and b.level is not None]
    return EditionDifference(
        added=tuple(entry for entry in unmatched if entry.title_key not in new_of_renamed),
        dropped=tuple(e for e in old.entries if e.title_key not in kept and e.title_key not in old_of_renamed),
        renamed=tuple(renamed),
        recoded=tuple((a, b) for a, b in same if set(a.spo_codes) != set(b.spo_codes)),
        raised=tuple((a, b) for a, b in levels if (b.level or 0) > (a.level or 0)),
        lowered=tuple((a, b) for a, b in levels if (b.level or 0) < (a.level or 0)),
    )
