"""The one row about this installation, and the day it takes for today."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from service.clock import now, school_year_of
from service.settings import Settings
from service.tables import Installation

ONLY_ROW = 1


@dataclass(frozen=True, slots=True)
class Today:
    """The day of the question and its school year."""

    as_of: date
    school_year: str


def find_installation(session: Session) -> Installation | None:
    """The row; None before the first import."""
    return session.get(Installation, ONLY_ROW)


def get_today(session: Session, settings: Settings) -> Today:
    """ORIENTIR_AS_OF, else the sample region's own day, else today."""
    return today_of(session, settings.as_of)


def today_of(session: Session, chosen: date | None) -> Today:
    """The chosen day, else the region's own day, else today."""
    installation = find_installation(session)
    stored = installation.as_of if installation is not None else None
    return on_day(chosen or stored or now().date())


def on_day(as_of: date) -> Today:
    """A day with its school year."""
    return Today(as_of, school_year_of(as_of))


def save_installation(
    session: Session, *, region_code: str, region_title: str, as_of: date | None, synthetic: bool
) -> None:
    """Write the region's row, or change it."""
    row = session.get(Installation, ONLY_ROW)
    if row is None:
        row = Installation(installation_id=ONLY_ROW, region_code=region_code, region_title=region_title)
        session.add(row)
    row.region_code, row.region_title = region_code, region_title
    row.as_of, row.synthetic = as_of, synthetic
