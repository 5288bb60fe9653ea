"""The region's half-yearly list of in-demand professions: read, compare two editions, weigh the pathways.

A pathway's `demand_weight` is made of the list entries its SPO codes lead to:
`entry weight = level x persistence x lead time`, each factor in (0, 1] and each explained in `EntryWeight`.
A career trial takes its strongest entry; a profile class or an elective the mean of its three strongest, because it
opens several roads. Raising a level never lowers a weight.
"""

import csv
import hashlib
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Catalogue, Pathway, PathwayKind, current_spo_code, split_list
from recommender.columns import DEMAND, check_columns
from recommender.errors import TableValueError
from recommender.reference import Reference

EDITION_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}", re.ASCII)  # becomes a folder and an address
MAX_ROWS, MAX_TEXT, MAX_NUMBER = 5_000, 300, 2**31 - 1
HORIZONS = ("current", "perspective")
TOP_LEVEL = 5
PRESENCE_LEVEL = 3  # a list without levels and order says only "in demand"
FIRST_EDITION_FACTOR, EDITION_STEP, FULL_RUN = 0.7, 0.1, 4
LEAD_DISCOUNT_PER_YEAR = 0.08  # "needed now" says less about the year in which a student graduates
ROADS_OF_A_CLASS = 3


@dataclass(frozen=True, slots=True)
class DemandEntry:
    """One row of a published list. `level` 1-5 (5 highest) or None; `horizon` "current" or "perspective"."""

    position: int
    title: str
    spo_codes: tuple[str, ...]
    level: int | None
    horizon: str
    vacancies: int | None

    @property
    def title_key(self) -> str:
        """Title for comparing editions: case, spaces and ё/е do not matter."""
        return " ".join(self.title.lower().replace("ё", "е").split())


@dataclass(frozen=True)
class DemandEdition:
    """An immutable list as published.

    Attributes
    ----------
    code : str
        Such as "krasnodar-2024H1".
    checksum : str
        SHA-256 of the file it was read from.
    illustrative : bool
        Levels and order were made up for demonstration; wherever such an edition is shown, that is said.
    """

    code: str
    region: str
    published_on: date
    entries: tuple[DemandEntry, ...]
    checksum: str
    illustrative: bool


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


@dataclass(frozen=True, slots=True)
class EntryWeight:
    """Where a pathway's weight comes from: the entry and its three factors in (0, 1]."""

    entry: DemandEntry
    level_factor: float
    persistence_factor: float
    lead_factor: float

    @property
    def weight(self) -> float:
        """Product of the factors."""
        return self.level_factor * self.persistence_factor * self.lead_factor


@dataclass(frozen=True)
class DemandWeights:
    """Demand of every pathway of a catalogue by one edition.

    Attributes
    ----------
    weights : ndarray of shape (n_pathways,), in [0, 1]; NaN where the edition names no profession of the pathway
    sources : tuple of tuple of EntryWeight
        The entries that make the weight, nearest to the pathway's profile first; empty where NaN.
    """

    edition: DemandEdition | None
    weights: NDArray[np.float64]
    sources: tuple[tuple[EntryWeight, ...], ...]


def _rows(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of the file, each row whole and of bearable size."""
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = list(reader.fieldnames or ())
        check_columns(columns, DEMAND, "demand")
        rows = list(islice(reader, MAX_ROWS + 1))
    except csv.Error:
        raise TableValueError("the list cannot be read as CSV; check the quotation marks") from None
    if not rows:
        raise TableValueError("the list has no rows; it must name at least one profession")
    if len(rows) > MAX_ROWS:
        raise TableValueError(f"the list has more than {MAX_ROWS} rows")
    for line, row in enumerate(rows, start=2):
        cells = list(row.values())
        if None in row or None in cells:
            raise TableValueError(
                f"row {line}: as many cells as columns are needed; check the quotation marks", row=line
            )
        if any(len(cell) > MAX_TEXT or not cell.isprintable() for cell in cells):
            message = f"row {line}: a cell is longer than {MAX_TEXT} characters or holds unprintable ones"
            raise TableValueError(message, row=line)
    return columns, rows


def _number(row: dict[str, str], column: str, line: int) -> int | None:
    cell = (row.get(column) or "").strip()
    if not cell:
        return None
    if not cell.isascii() or not cell.isdigit() or int(cell[:12]) > MAX_NUMBER:
        message = f"row {line}: {column} must be a whole number or empty, found {cell[:40]!r}"
        raise TableValueError(message, row=line, column=column, found=cell[:40])
    return int(cell)


def read_edition(source: bytes | Path) -> DemandEdition:
    """Read one published list.

    Parameters
    ----------
    source : bytes or Path
        CSV, UTF-8, columns of `columns.DEMAND` and optionally `demand_level` (or `demand_level_illustrative`),
        `vacancies`, `horizon`. One file holds one edition.

    Returns
    -------
    DemandEdition

    Raises
    ------
    MissingColumnsError, TableValueError
        Name row and column and what to do.
    """
    content = source if isinstance(source, bytes) else source.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableValueError("the list must be a CSV file in UTF-8; save it again as «CSV UTF-8»") from None
    columns, rows = _rows(text)
    level_column = "demand_level" if "demand_level" in columns else "demand_level_illustrative"
    entries = []
    for line, row in enumerate(rows, start=2):
        level = _number(row, level_column, line)
        if level is not None and not 1 <= level <= TOP_LEVEL:
            message = f"row {line}: {level_column} must be 1-5, found {level}"
            raise TableValueError(message, row=line, column=level_column, found=level)
        title = (row["profession_title"] or "").strip()
        if not title:
            raise TableValueError(f"row {line}: profession_title is empty", row=line, column="profession_title")
        horizon = (row.get("horizon") or "current").strip()
        if horizon not in HORIZONS:
            message = f"row {line}: horizon must be one of {', '.join(HORIZONS)} or empty"
            raise TableValueError(message, row=line, column="horizon", found=horizon)
        entries.append(
            DemandEntry(
                _number(row, "position", line) or line - 1,
                title,
                split_list(row["spo_codes"] or ""),
                level,
                horizon,
                _number(row, "vacancies", line),
            )
        )
    code = _same(rows, "edition")
    if not EDITION_CODE.fullmatch(code):
        message = "edition must be 1-48 Latin letters, digits, dots, hyphens, such as krasnodar-2024H1"
        raise TableValueError(message, column="edition", found=code[:60])
    return DemandEdition(
        code,
        _same(rows, "region"),
        _published(_same(rows, "published")),
        tuple(entries),
        hashlib.sha256(content).hexdigest(),
        level_column == "demand_level_illustrative" and level_column in columns,
    )


def _same(rows: Sequence[dict[str, str]], column: str) -> str:
    values = sorted({(row[column] or "").strip() for row in rows})
    if len(values) != 1 or not values[0]:
        message = f"{column} must be the same in every row of a list and not empty, found {', '.join(values[:3])!r}"
        raise TableValueError(message, column=column, found=values[:3])
    return values[0]


def _published(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        message = f"published must be a date such as 2024-01-31, found {cell!r}"
        raise TableValueError(message, column="published", found=cell) from None


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


def _persistence(entry: DemandEntry, earlier: Sequence[DemandEdition]) -> float:
    """0.7 in its first edition, 0.1 more for each edition in a row, 1.0 from the fourth on."""
    run = 1
    codes = set(entry.spo_codes)
    for edition in sorted(earlier, key=lambda e: e.published_on, reverse=True)[: FULL_RUN - 1]:
        if not any(other.title_key == entry.title_key or codes & set(other.spo_codes) for other in edition.entries):
            break
        run += 1
    return min(1.0, FIRST_EDITION_FACTOR + EDITION_STEP * (run - 1))


def _level(entry: DemandEntry, count: int, ordered: bool) -> float:
    """Level of 5; without levels the position (first 1.0, last 0.5); without order mere presence."""
    if entry.level is not None:
        return entry.level / TOP_LEVEL
    if ordered:
        return 1.0 - 0.5 * (entry.position - 1) / max(count, 1)
    return PRESENCE_LEVEL / TOP_LEVEL


def _lead(entry: DemandEntry, reference: Reference) -> float:
    """Discount of a current need by the shortest road to it; needs called "perspective" are not discounted."""
    months = [reference.spo[c].study_months for c in entry.spo_codes if c in reference.spo]
    known = [span[0] for span in months if span is not None]
    if entry.horizon != "current" or not known:
        return 1.0
    return 1.0 - LEAD_DISCOUNT_PER_YEAR * min(known) / 12


def weigh_entries(
    edition: DemandEdition, earlier: Sequence[DemandEdition], reference: Reference
) -> dict[str, EntryWeight]:
    """Strongest entry of each SPO code in force.

    Parameters
    ----------
    edition : DemandEdition
    earlier : sequence of DemandEdition
        Editions of the same region before it.
    reference : Reference

    Returns
    -------
    dict of str to EntryWeight
        Closed codes are followed to their successors.
    """
    leveled = any(entry.level is not None for entry in edition.entries)
    alphabetical = [e.title_key for e in edition.entries] == sorted(e.title_key for e in edition.entries)
    ordered = not leveled and not alphabetical
    strongest: dict[str, EntryWeight] = {}
    for entry in edition.entries:
        weighed = EntryWeight(
            entry,
            _level(entry, len(edition.entries), ordered),
            _persistence(entry, earlier),
            _lead(entry, reference),
        )
        for code in entry.spo_codes:
            current = current_spo_code(reference, code)
            if current not in strongest or weighed.weight > strongest[current].weight:
                strongest[current] = weighed
    return strongest


def _roads(pathway: Pathway, weighed: dict[str, EntryWeight], reference: Reference) -> list[EntryWeight]:
    if pathway.spo_codes:
        codes = [current_spo_code(reference, code) for code in pathway.spo_codes]
    else:
        groups = {group for profile in pathway.profiles for group in reference.profiles[profile].spo_groups}
        codes = [code for code in weighed if code[:2] in groups]
    found = {id(weighed[code].entry): weighed[code] for code in codes if code in weighed}
    return sorted(found.values(), key=lambda road: (-road.weight, road.entry.position))


def _closeness(road: EntryWeight, pathway: Pathway, reference: Reference) -> int:
    """Place of an entry's SPO group among those of the pathway's profiles: a class names its nearest group first."""
    groups = [group for profile in pathway.profiles for group in reference.profiles[profile].spo_groups]
    found = [groups.index(code[:2]) for code in road.entry.spo_codes if code[:2] in groups]
    return min(found, default=0)


def demand_weights(
    catalogue: Catalogue, reference: Reference, edition: DemandEdition | None, earlier: Sequence[DemandEdition] = ()
) -> DemandWeights:
    """Weigh every pathway of a catalogue by an edition.

    Parameters
    ----------
    catalogue : Catalogue
    reference : Reference
    edition : DemandEdition or None
        None: no list in force; all weights NaN.
    earlier : sequence of DemandEdition
        For persistence.

    Returns
    -------
    DemandWeights
    """
    weights = np.full(len(catalogue.pathways), math.nan)
    sources: list[tuple[EntryWeight, ...]] = [()] * len(catalogue.pathways)
    if edition is not None:
        weighed = weigh_entries(edition, earlier, reference)
        for row, pathway in enumerate(catalogue.pathways):
            count = 1 if pathway.kind == PathwayKind.CAREER_TRIAL else ROADS_OF_A_CLASS
            roads = _roads(pathway, weighed, reference)[:count]
            if roads:
                weights[row] = sum(road.weight for road in roads) / count
                sources[row] = tuple(sorted(roads, key=lambda road: _closeness(road, pathway, reference)))
    return DemandWeights(edition, weights, tuple(sources))
