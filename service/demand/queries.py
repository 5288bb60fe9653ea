"""Editions as they are stored, and the one in force."""

from datetime import date
from functools import lru_cache

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import Catalogue
from recommender.demand import DemandEdition as ReadEdition
from recommender.demand import DemandEntry as ReadEntry
from recommender.demand import editions_in_turn, read_edition, split_edition_code
from recommender.demand_weights import EntryWeight, demand_weights
from recommender.edition_changes import difference
from recommender.reference import Reference
from service.demand.schemas import (
    ChangedEntry,
    Edition,
    EditionChange,
    EditionRow,
    Entry,
    PathwayWeight,
    WeightSource,
)
from service.demand.sentences import order_text
from service.errors import NotFoundError
from service.settings import Settings
from service.tables import DemandEdition, DemandEntry

HALF_YEAR_DAYS = 184
Lists = tuple[ReadEdition | None, list[ReadEdition]]


@lru_cache(maxsize=16)
def _parsed(content: bytes) -> ReadEdition:
    return read_edition(content)


def editions_until(session: Session, settings: Settings, as_of: date) -> list[ReadEdition]:
    """Editions of this installation's region published by a day, all revisions, oldest first."""
    query = (
        sa.select(DemandEdition.content)
        .where(DemandEdition.region == settings.demand_region, DemandEdition.published_on <= as_of)
        .order_by(DemandEdition.published_on, DemandEdition.edition_code)
    )
    return [_parsed(content) for content in session.scalars(query)]


def find_code_in_force(session: Session, settings: Settings, as_of: date) -> str | None:
    """Code of the edition in force; None before the first."""
    turn = codes_in_turn(session, settings.demand_region, as_of)
    return turn[-1] if turn else None


def find_newest_list(session: Session, region: str) -> ReadEdition | None:
    """The newest list of a region, in its newest revision; None before the first."""
    turn = codes_in_turn(session, region, date.max)
    return read_lists(session, turn[-1])[0] if turn else None


def codes_in_turn(session: Session, region: str, as_of: date) -> list[str]:
    """Lists of a region published by a day, each in its newest revision, oldest first."""
    query = sa.select(DemandEdition.edition_code, DemandEdition.published_on).where(DemandEdition.region == region)
    return editions_in_turn(((code, day) for code, day in session.execute(query)), as_of)


def age_in_force(session: Session, settings: Settings, as_of: date) -> int | None:
    """Days since the edition in force was published; None without one."""
    code = find_code_in_force(session, settings, as_of)
    return None if code is None else (as_of - get_edition(session, code).published_on).days


def read_lists(session: Session, code: str | None) -> tuple[ReadEdition | None, list[ReadEdition]]:
    """An edition and the lists it follows, as settled when it was published: its weights never change."""
    if code is None:
        return None, []
    row = get_edition(session, code)
    return _parsed(row.content), [_parsed(get_edition(session, before).content) for before in row.follows]


def get_edition(session: Session, code: str) -> DemandEdition:
    """A stored edition."""
    row = session.get(DemandEdition, code)
    if row is None:
        raise NotFoundError(f"Редакции «{code}» нет.", edition_code=code)
    return row


def find_followed(session: Session, code: str) -> str:
    """The list before an edition; NotFoundError for the first one."""
    follows = get_edition(session, code).follows
    if not follows:
        raise NotFoundError(f"Редакция «{code}» — первая: сравнивать не с чем.", edition_code=code)
    return follows[-1]


def list_editions(session: Session, in_force: str | None, as_of: date) -> list[EditionRow]:
    """All editions, newest first."""
    counts = sa.select(DemandEntry.edition_code, sa.func.count()).group_by(DemandEntry.edition_code)
    count_of = dict(session.execute(counts).all())
    query = sa.select(DemandEdition).order_by(DemandEdition.published_on.desc(), DemandEdition.edition_code.desc())
    followed = get_edition(session, in_force).follows[-1:] if in_force is not None else ()
    return [
        edition_row(row, count_of.get(row.edition_code, 0), in_force, as_of, is_followed=row.edition_code in followed)
        for row in session.scalars(query)
    ]


def edition_row(
    row: DemandEdition, entry_count: int, in_force: str | None, as_of: date, *, is_followed: bool = False
) -> EditionRow:
    """One line of the list of editions."""
    return EditionRow(
        code=row.edition_code,
        region=row.region,
        published_on=row.published_on,
        entry_count=entry_count,
        checksum=row.checksum,
        in_force=row.edition_code == in_force,
        is_followed=is_followed,
        illustrative=row.illustrative,
        revision=split_edition_code(row.edition_code)[1],
        published_by=row.published_by,
        approved_by=row.approved_by,
        source_name=row.source_name,
        age_days=max(0, (as_of - row.published_on).days),
        is_stale=is_stale(row.published_on, as_of),
    )


def is_stale(published_on: date, as_of: date) -> bool:
    """Whether a list is older than half a year: the next one is due."""
    return (as_of - published_on).days > HALF_YEAR_DAYS


def show_edition(row: DemandEdition, reference: Reference, in_force: str | None, as_of: date) -> Edition:
    """An edition with its entries."""
    entries = [_entry(entry, reference) for entry in _parsed(row.content).entries]
    return Edition(**edition_row(row, len(entries), in_force, as_of).model_dump(), entries=entries)


def _entry(entry: ReadEntry, reference: Reference) -> Entry:
    return Entry(
        position=entry.position,
        title=entry.title,
        spo_codes=list(entry.spo_codes),
        spo_titles=[reference.spo[code].title_ru for code in entry.spo_codes if code in reference.spo],
        level=entry.level,
        horizon=entry.horizon or None,
        vacancies=entry.vacancies,
        section=entry.section,
        profiles=list(entry.profiles),
        profile_titles=[reference.profiles[code].title_ru for code in entry.profiles if code in reference.profiles],
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
    session: Session, old_code: str, new_code: str, reference: Reference, catalogue: Catalogue
) -> EditionChange:
    """What changed between two stored editions, and how many pathways of this year it touches."""
    return change_between(read_lists(session, old_code), read_lists(session, new_code), reference, catalogue)


def change_between(old: Lists, new: Lists, reference: Reference, catalogue: Catalogue) -> EditionChange:
    """What changed from one edition to another; each with the lists it follows."""
    before, after = old[0], new[0]
    if before is None or after is None:
        raise NotFoundError("Сравнивать не с чем: прежней редакции нет.")
    change = difference(before, after)
    was, now = (demand_weights(catalogue, reference, *lists).weights for lists in (old, new))
    return EditionChange(
        from_code=before.code,
        to_code=after.code,
        added=[_entry(entry, reference) for entry in change.added],
        dropped=[_entry(entry, reference) for entry in change.dropped],
        renamed=[_changed(pair) for pair in change.renamed],
        recoded=[_changed(pair) for pair in change.recoded],
        raised=[_changed(pair) for pair in change.raised],
        lowered=[_changed(pair) for pair in change.lowered],
        touched_pathway_count=int((~np.isclose(np.nan_to_num(was), np.nan_to_num(now))).sum()),
        order_text=order_text(before, after, change),
    )


def weigh_pathways(session: Session, code: str, reference: Reference, catalogue: Catalogue) -> list[PathwayWeight]:
    """Weight of every pathway of the catalogue by an edition, with what it is made of; strongest first."""
    found = demand_weights(catalogue, reference, *read_lists(session, code))
    rows = [row for row in range(len(catalogue.pathways)) if np.isfinite(found.weights[row])]
    rows.sort(key=lambda row: (-found.weights[row], catalogue.pathways[row].pathway_code))
    return [
        PathwayWeight(
            pathway_code=catalogue.pathways[row].pathway_code,
            kind=catalogue.pathways[row].kind.value,
            title_ru=catalogue.pathways[row].title_ru,
            demand_weight=float(found.weights[row]),
            sources=[_source(source) for source in found.sources[row]],
        )
        for row in rows
    ]


def _source(source: EntryWeight) -> WeightSource:
    return WeightSource(
        position=source.entry.position,
        title=source.entry.title,
        weight=source.weight,
        level_factor=source.level_factor,
        persistence_factor=source.persistence_factor,
        lead_factor=source.lead_factor,
    )
