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
    is_followed: bool  # the list that the one in force follows
    illustrative: bool
    revision: int  # 1 = as first published; a correction adds one
    published_by: str  # actor, as in the audit
    approved_by: str | None  # second person, where the list looked suspicious
    source_name: str | None  # the ministry's document, where it was read from one
    age_days: int
    is_stale: bool  # older than half a year: the next list is due


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
    section: str
    profiles: list[str]  # profile classes that lead to a profession of higher education
    profile_titles: list[str]


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
    order_text: str  # paragraphs for the order that puts the new list into force


class WeightSource(Wire):
    """An entry that speaks for a pathway: weight = level x persistence x lead."""

    position: int
    title: str
    weight: float
    level_factor: float
    persistence_factor: float  # 0.7 in its first list, 1.0 from the fourth in a row on
    lead_factor: float  # discount for the length of the road


class PathwayWeight(Wire):
    """A pathway's weight and where it comes from."""

    pathway_code: str
    kind: str
    title_ru: str
    demand_weight: float
    sources: list[WeightSource]


class PathwayWeights(Wire):
    """GET /v1/demand-editions/{code}/weights, strongest first; a pathway not there has none."""

    edition_code: str
    pathways: list[PathwayWeight]


class Suspicion(Wire):
    """What about a list is out of the ordinary."""

    code: str
    text: str
    figure: float
    limit: float
    examples: list[str]


class EditionAdded(Wire):
    """POST /v1/demand-editions: what was understood."""

    edition: EditionRow
    already_known: bool  # the same file was published before; nothing changed
    unknown_spo_codes: list[str]
    change: EditionChange | None  # against the edition in force before; None for the first
