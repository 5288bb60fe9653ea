"""Reference data, places and pathways as the recommender wants them."""

import math
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import Catalogue, Pathway, PathwayKind, Place, catalogue_of_year
from recommender.errors import RecommenderError
from recommender.reference import Reference, read_reference
from service.errors import NotReadyError
from service.settings import Settings
from service.tables import Host, PathwayOffer, School

SCHOOL = "school"


@lru_cache(maxsize=2)
def _read(folder: Path, _stamp: float) -> Reference:
    try:
        return read_reference(folder)
    except (RecommenderError, OSError) as error:
        raise NotReadyError(f"Справочники в папке {folder.name} не читаются: {error}") from error


def get_reference(settings: Settings) -> Reference:
    """Reference data; read once, and again after the folder changes."""
    folder = settings.reference_dir
    if not folder.is_dir():
        raise NotReadyError(f"Нет папки справочников {folder}: проверьте ORIENTIR_DATA_DIR.")
    return _read(folder, max(path.stat().st_mtime for path in folder.rglob("*.*")))


def read_places(session: Session) -> dict[str, Place]:
    """Schools and hosts by code."""
    places = {
        row.school_code: Place(row.school_code, row.title_ru, SCHOOL, _km(row.x_km), _km(row.y_km))
        for row in session.scalars(sa.select(School))
    }
    for row in session.scalars(sa.select(Host)):
        places[row.host_code] = Place(row.host_code, row.title_ru, row.host_kind, _km(row.x_km), _km(row.y_km))
    return places


def _km(value: float | None) -> float:
    return math.nan if value is None else value


def pathway_of(row: PathwayOffer) -> Pathway:
    """A pathway on offer as the recommender knows it."""
    return Pathway(
        school_year=row.school_year,
        kind=PathwayKind(row.kind),
        pathway_code=row.pathway_code,
        programme_code=row.programme_code,
        title_ru=row.title_ru,
        host_code=row.host_code,
        grades=frozenset(int(grade) for grade in row.grades),
        profiles=row.profiles,
        subjects=row.subjects,
        spo_codes=row.spo_codes,
        seats=row.seats,
        hours=row.hours,
        dates=tuple(date.fromisoformat(day) for day in row.dates),
        apply_until=row.apply_until,
        conditions_met=frozenset(row.conditions_met),
        restriction_tags=frozenset(row.restriction_tags),
        level=row.level or "",
    )


def read_pathways(session: Session) -> list[Pathway]:
    """Pathways of all school years."""
    return [pathway_of(row) for row in session.scalars(sa.select(PathwayOffer))]


def read_catalogue(session: Session, school_year: str) -> Catalogue:
    """What is on offer in a school year; earlier years stay known by code."""
    return catalogue_of_year(read_pathways(session), read_places(session), school_year)


def pathway_titles(session: Session) -> dict[str, tuple[str, str, str]]:
    """Kind, title and host of every pathway ever offered; the newest year's words win."""
    rows = session.execute(
        sa.select(PathwayOffer.pathway_code, PathwayOffer.kind, PathwayOffer.title_ru, PathwayOffer.host_code).order_by(
            PathwayOffer.school_year
        )
    )
    return {code: (kind, title, host) for code, kind, title, host in rows}


def host_title(places: Mapping[str, Place], code: str) -> str:
    """Title of a school or host; the code itself where it is not known."""
    return places[code].title_ru if code in places else code
