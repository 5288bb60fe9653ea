"""Moments, days and school years."""

from datetime import UTC, date, datetime

SCHOOL_YEAR_START_MONTH = 9


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(tz=UTC)


def school_year_of(day: date) -> str:
    """School year of a day: 1 September 2024 and 31 August 2025 are both of "2024-25"."""
    start = day.year if day.month >= SCHOOL_YEAR_START_MONTH else day.year - 1
    return f"{start}-{(start + 1) % 100:02d}"


def start_of(school_year: str) -> date:
    """First day of a school year."""
    return date(int(school_year[:4]), SCHOOL_YEAR_START_MONTH, 1)
