"""Wire shapes of drafts."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from service.demand.schemas import EditionAdded, Suspicion
from service.wire import Day, Wire, example

Code = Annotated[str, Field(max_length=64)]


class Candidate(Wire):
    """A specialty that a title may mean."""

    spo_code: str
    title_ru: str
    confidence: float


class DraftLine(Wire):
    """One title of a document and what it was matched to."""

    position: int
    title: str
    section: str
    source_cell: str  # where it stands in the document
    horizon: str
    level: int | None
    vacancies: int | None
    written_codes: list[str]
    spo_codes: list[str]
    spo_titles: list[str]
    profiles: list[str]
    profile_titles: list[str]
    status: str  # accepted | confirm | unknown | decided | left_out
    confidence: float
    ground: str
    ground_text: str
    doubt_text: str | None
    candidates: list[Candidate]


class IgnoredRow(Wire):
    """A row of the document that names no profession: heading, section, note, total."""

    place: str
    text: str
    why: str


class DraftRow(Wire):
    """One draft in the list of drafts."""

    draft_id: int
    state: str  # open | signed | published | discarded
    edition_code: str
    region: str
    published_on: date
    source_name: str
    read_by: str
    read_at: datetime
    signed_by: str | None
    revision: int  # `If-Match: "revision"` changes it only as it is now
    line_count: int  # without those left out
    unsettled_count: int


class DraftList(Wire):
    """GET /v1/demand-drafts: those not closed yet, newest first."""

    drafts: list[DraftRow]


class Draft(DraftRow):
    """GET /v1/demand-drafts/{draft_id}."""

    counts: dict[str, int]  # lines by status
    lines: list[DraftLine]
    ignored: list[IgnoredRow]
    suspicions: list[Suspicion]
    needs_second_person: bool
    signed_by_me: bool


class DraftHead(Wire):
    """PATCH /v1/demand-drafts/{draft_id}."""

    model_config = example(edition_code="krasnodar-2025H1", published_on="2024-10-01")

    edition_code: Annotated[str, Field(max_length=48)]  # what is wrong with it is said in words
    published_on: Day


class TitleMeaning(Wire):
    """PUT /v1/demand-drafts/{draft_id}/lines/{position}: no code, one or several; classes of a higher education.

    What is not listed means nothing: a heading or a total that was read as a title is not published.
    """

    model_config = example(spo_codes=["34.02.01"], profiles=[])

    spo_codes: Annotated[list[Code], Field(max_length=20)]
    profiles: Annotated[list[Code], Field(max_length=20)]
    is_listed: bool = True


class Settled(Wire):
    """How many lines were settled at once."""

    line_count: int


class Publication(Wire):
    """POST /v1/demand-drafts/{draft_id}/publication."""

    published: bool  # false: signed, a second person must agree
    text: str
    added: EditionAdded | None


class SpoChoice(Wire):
    """A specialty in force, to choose from."""

    spo_code: str
    title_ru: str


class ProfileChoice(Wire):
    """A profile class, to choose from."""

    profile: str
    title_ru: str


class MeaningChoices(Wire):
    """GET /v1/demand-meanings: everything that a title may be said to mean."""

    spo: list[SpoChoice]
    profiles: list[ProfileChoice]


class ReadLine(Wire):
    """One object a row of `orientir demand read FILE --json`."""

    title: str
    spo_codes: list[str]
    profiles: list[str]
    confidence: float
    status: str
    source_cell: str
    section: str
    horizon: str
    level: int | None
    vacancies: int | None
