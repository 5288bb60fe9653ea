"""What the roadmap of career guidance has schools do, month by month: `data/reference/roadmap.csv`."""

import csv
from datetime import date
from functools import lru_cache
from pathlib import Path

from service.settings import Settings
from service.talks.schemas import DueItem

FILE = "roadmap.csv"


@lru_cache(maxsize=1)
def _read(path: Path) -> tuple[tuple[frozenset[int], DueItem], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            (frozenset(map(int, row["months"].split(";"))), DueItem(item=row["item"], title_ru=row["title_ru"]))
            for row in csv.DictReader(file)
        )


def due_in(settings: Settings, day: date) -> list[DueItem]:
    """Items of the month, in the roadmap's order."""
    return [item for months, item in _read(settings.reference_dir / FILE) if day.month in months]
