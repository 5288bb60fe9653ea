"""Names of the columns that cross a module border, and the named shapes of tables."""

from collections.abc import Iterable

from recommender.errors import MissingColumnsError

STUDENT_ID = "student_id"
SCHOOL_YEAR = "school_year"
KIND = "kind"
PATHWAY_CODE = "pathway_code"
PROGRAMME_CODE = "programme_code"
CHOSEN_ON = "chosen_on"
RELEVANCE = "relevance"

CATALOGUE = (
    SCHOOL_YEAR, KIND, PATHWAY_CODE, PROGRAMME_CODE, "title_ru", "host_code", "grades", "profiles", "subjects",
    "spo_codes", "seats", "hours", "dates", "apply_until", "conditions_met", "restriction_tags", "level",
)  # fmt: skip
DEMAND = ("edition", "published", "region", "position", "profession_title", "spo_codes")


def check_columns(columns: Iterable[str], required: Iterable[str], table: str) -> None:
    """Refuse a table that lacks columns.

    Parameters
    ----------
    columns : iterable of str
        The columns the table came with.
    required : iterable of str
        One of the shapes above.
    table : str
        The table's name, for the message.

    Raises
    ------
    MissingColumnsError
        Names what lacks and where the format is described.

    Examples
    --------
    >>> check_columns(["student_id", "kind"], ["student_id"], "outcomes")
    """
    present = set(columns)
    missing = [name for name in required if name not in present]
    if missing:
        message = f"{table} lacks columns {', '.join(missing)}; see data/formats/{table}.toml"
        raise MissingColumnsError(message, table=table, columns=missing)
