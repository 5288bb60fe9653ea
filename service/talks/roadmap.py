"""What the roadmap of career guidance has schools do, month by month: `data/reference/roadmap.csv`."""

from datetime import date
from functools import lru_cache
from pathlib import Path

from recommender.reference_rows import read_rows, split_codes
from service.settings import Settings
from service.talks.schemas import DueItem

FILE = "roadmap.csv"


@lru_cache(maxsize=1)
def _read(path: Path) -> tuple[tuple[frozenset[int], DueItem], ...]:
    return tuple(
        (frozenset(map(int, split_codes(row["months"]))), DueItem(item=row["item"], title_ru=row["title_ru"]))
        for row in read_rows(path, ["item", "title_ru", "months"])
    )


def due_in(settings: Settings, day: date) -> list[DueItem]:
    """Items of the month, in the roadmap's order."""
    return [item for months, item in _read(settings.reference_dir / FILE) if day.month in months]
