"""Wire shapes of demand editions."""

from datetime import date

from service.wire import Wire


class EditionRow(Wire):
    """One edition in the list of editions."""

    code: str
    region: str
    published_on: date
    entry_count: int
    checksum: str  # SHA-256 of the file it came from
    in_force: bool
    illustrative: bool


class EditionList(Wire):
    """GET /v1/demand-editions, newest first."""

    editions: list[EditionRow]


class Entry(Wire):
    """One line of an edition."""

    position: int
    title: str
    spo_codes: list[str]
    spo_titles: list[str]
    level: int | None
    horizon: str | None
    vacancies: int | None


class Edition(EditionRow):
    """GET /v1/demand-editions/{code}."""

    entries: list[Entry]


class ChangedEntry(Wire):
    """A line that stands in both editions but differs."""

    title: str
    old_title: str
    spo_codes: list[str]
    old_spo_codes: list[str]
    old_position: int
    position: int
    old_level: int | None
    level: int | None


class EditionChange(Wire):
    """GET /v1/demand-editions/{code}/difference?from=..."""

    from_code: str
    to_code: str
    added: list[Entry]
    dropped: list[Entry]
    renamed: list[ChangedEntry]
    recoded: list[ChangedEntry]  # same title, other SPO codes
    raised: list[ChangedEntry]
    lowered: list[ChangedEntry]
    touched_pathway_count: int  # pathways of the current school year whose demand weight differs between the two


class EditionAdded(Wire):
    """POST /v1/demand-editions: what was understood."""

    edition: EditionRow
    already_known: bool  # the same file was published before; nothing changed
    unknown_spo_codes: list[str]
    change: EditionChange | None  # against the edition in force before; None for the first
