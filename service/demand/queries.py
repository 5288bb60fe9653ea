"""Editions as they are stored, and the one in force."""

from datetime import date
from functools import lru_cache

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import Catalogue
from recommender.demand import DemandEdition as ReadEdition
from recommender.demand import DemandEntry as ReadEntry
from recommender.demand import read_edition
from recommender.demand_weights import demand_weights
from recommender.edition_changes import difference
from recommender.reference import Reference
from service.demand.schemas import ChangedEntry, Edition, EditionChange, EditionRow, Entry
from service.errors import NotFoundError
from service.settings import Settings
from service.tables import DemandEdition, DemandEntry


@lru_cache(maxsize=16)
def _parsed(content: bytes) -> ReadEdition:
    return read_edition(content)


def editions_until(session: Session, settings: Settings, as_of: date) -> list[ReadEdition]:
    """Editions of this installation's region published by a day, oldest first; the last one is in force."""
    query = (
        sa.select(DemandEdition.content)
        .where(DemandEdition.region == settings.demand_region, DemandEdition.published_on <= as_of)
        .order_by(DemandEdition.published_on, DemandEdition.edition_code)
    )
    return [_parsed(content) for content in session.scalars(query)]


def find_code_in_force(session: Session, settings: Settings, as_of: date) -> str | None:
    """Code of the edition in force; None before the first."""
    query = (
        sa.select(DemandEdition.edition_code)
        .where(DemandEdition.region == settings.demand_region, DemandEdition.published_on <= as_of)
        .order_by(DemandEdition.published_on.desc(), DemandEdition.edition_code.desc())
        .limit(1)
    )
    return session.scalar(query)


def get_edition(session: Session, code: str) -> DemandEdition:
    """A stored edition."""
    row = session.get(DemandEdition, code)
    if row is None:
        raise NotFoundError(f"Редакции «{code}» нет.", edition_code=code)
    return row


def list_editions(session: Session, in_force: str | None) -> list[EditionRow]:
    """All editions, newest first."""
    counts = sa.select(DemandEntry.edition_code, sa.func.count()).group_by(DemandEntry.edition_code)
    count_of = dict(session.execute(counts).all())
    query = sa.select(DemandEdition).order_by(DemandEdition.published_on.desc(), DemandEdition.edition_code.desc())
    return [edition_row(row, count_of.get(row.edition_code, 0), in_force) for row in session.scalars(query)]


def edition_row(row: DemandEdition, entry_count: int, in_force: str | None) -> EditionRow:
    """One line of the list of editions."""
    return EditionRow(
        code=row.edition_code,
        region=row.region,
        published_on=row.published_on,
        entry_count=entry_count,
        checksum=row.checksum,
        in_force=row.edition_code == in_force,
        illustrative=row.illustrative,
    )


def show_edition(row: DemandEdition, reference: Reference, in_force: str | None) -> Edition:
    """An edition with its entries."""
    entries = [_entry(entry, reference) for entry in _parsed(row.content).entries]
    return Edition(**edition_row(row, len(entries), in_force).model_dump(), entries=entries)


def _entry(entry: ReadEntry, reference: Reference) -> Entry:
    return Entry(
        position=entry.position,
        title=entry.title,
        spo_codes=list(entry.spo_codes),
        spo_titles=[reference.spo[code].title_ru for code in entry.spo_codes if code in reference.spo],
        level=entry.level,
        horizon=entry.horizon or None,
        vacancies=entry.vacancies,
    )


def _changed(pair: tuple[ReadEntry, ReadEntry]) -> ChangedEntry:
    old, new = pair
    return ChangedEntry(
        title=new.title,
        old_title=old.title,
        spo_codes=list(new.spo_codes),
        old_spo_codes=list(old.spo_codes),
        old_position=old.position,
        position=new.position,
        old_level=old.level,
        level=new.level,
    )


def compare_editions(
    old: DemandEdition, new: DemandEdition, reference: Reference, catalogue: Catalogue
) -> EditionChange:
    """What changed between two editions, and how many pathways of this year it touches."""
    before, after = _parsed(old.content), _parsed(new.content)
    change = difference(before, after)
    was = demand_weights(catalogue, reference, before).weights
    now = demand_weights(catalogue, reference, after).weights
    return EditionChange(
        from_code=old.edition_code,
        to_code=new.edition_code,
        added=[_entry(entry, reference) for entry in change.added],
        dropped=[_entry(entry, reference) for entry in change.dropped],
        renamed=[_changed(pair) for pair in change.renamed],
        recoded=[_changed(pair) for pair in change.recoded],
        raised=[_changed(pair) for pair in change.raised],
        lowered=[_changed(pair) for pair in change.lowered],
        touched_pathway_count=int((~np.isclose(np.nan_to_num(was), np.nan_to_num(now))).sum()),
    )
