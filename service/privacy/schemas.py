"""Wire shapes of consents, of one child's data, of erasures."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from service.wire import Day, Wire, example

Purpose = Literal["testing", "recommending", "learning", "naming"]
Ground = Literal["request", "consent", "retention", "mistake"]
AskedGround = Literal["request", "consent", "mistake"]  # the retention clock has its own command
DocumentNumber = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-zА-Яа-яЁё№./_\- ]+$")]


class ConsentState(Wire):
    """One consent as it is in force today."""

    purpose: Purpose
    title_ru: str
    is_given: bool
    source: Literal["person", "roster"]  # whose word it is
    given_on: date | None
    withdrawn_on: date | None
    document: str | None
    recorded_at: datetime | None
    recorded_by: str | None  # Russian: who; None where it came with a roster and never changed


class ConsentChange(ConsentState):
    """One entry of the history."""

    school_year: str


class StudentConsents(Wire):
    """GET and PUT /v1/students/{student_id}/consents."""

    student_id: str
    revision: int  # `If-Match: "revision"` changes them only as they are now
    school_year: str  # of the roster row that the consents are about
    consents: list[ConsentState]
    history: list[ConsentChange]  # newest first


class SaidConsent(Wire):
    """What the representative said of one purpose: given on a day, or withdrawn on a day."""

    purpose: Purpose
    given_on: Day | None = None
    withdrawn_on: Day | None = None
    document: DocumentNumber | None = None  # number of the paper, without a name

    @model_validator(mode="after")
    def check_days(self) -> Self:
        """Something must have happened, and a consent is withdrawn after it was given."""
        if self.given_on is None and self.withdrawn_on is None:
            raise ValueError("given_on or withdrawn_on")
        if self.given_on is not None and self.withdrawn_on is not None and self.withdrawn_on < self.given_on:
            raise ValueError("withdrawn_on before given_on")
        return self


class SaidConsents(Wire):
    """Body of PUT; purposes that are not named stay as they are."""

    model_config = example(consents=[{"purpose": "naming", "given_on": "2024-09-02", "document": "№ 12"}])

    consents: Annotated[list[SaidConsent], Field(min_length=1, max_length=4)]


class Reading(Wire):
    """Somebody looked at what is kept about a child, or at lists made for it."""

    at: datetime
    actor_id: str
    who: str  # Russian: display name of the person, title of the system
    deed: str  # card.read | decisions.read | lists.shown | student.exported | ...
    title_ru: str


class ReadingList(Wire):
    """GET /v1/students/{student_id}/readings, newest first."""

    student_id: str
    readings: list[Reading]


class ColumnTitle(Wire):
    """What a column of an exported table means."""

    name: str
    title_ru: str


class ExportedTable(Wire):
    """Rows of one table about one child."""

    table: str
    title_ru: str
    columns: list[ColumnTitle]
    rows: list[dict[str, Any]]


class ExportedPurpose(Wire):
    """Tables that are kept for the same purpose."""

    purpose: str
    title_ru: str
    tables: list[ExportedTable]


class StudentExport(Wire):
    """GET /v1/students/{student_id}/export: everything kept about one child."""

    student_id: str
    made_at: datetime
    purposes: list[ExportedPurpose]
    consents: StudentConsents
    readings: list[Reading]
    not_exported: dict[str, str]  # table: the reason, Russian


class ErasureAsked(Wire):
    """Body of POST /v1/students/{student_id}/erasure."""

    model_config = example(ground="request", document="вх. № 12")

    ground: AskedGround
    document: DocumentNumber | None = None  # number of the paper, without a name


class RemovedRows(Wire):
    """How many rows of a table went."""

    table: str
    title_ru: str
    row_count: int


class TrailLine(Wire):
    """A line of the extract of the audit: what was done with the data before they went."""

    at: datetime
    who: str
    deed: str


class ErasureAct(Wire):
    """The act: who, when, on what ground, what; nothing says whose data they were."""

    erasure_id: int
    erased_at: datetime
    erased_by: str
    school_code: str
    ground: Ground
    ground_title: str
    document: str | None
    removed: list[RemovedRows]
    was_learned_from: bool
    is_scrubbed: bool  # the database's file holds no remains of the rows either
    notes: list[str]  # Russian: what this means for the model, the file, backups


class ErasureDone(ErasureAct):
    """The act as it is handed out once, with the extract of the audit that cannot be made again."""

    trail: list[TrailLine]


class ErasureList(Wire):
    """GET /v1/erasures, newest first."""

    erasures: list[ErasureAct]


class RetainedSchool(Wire):
    """Whose term is over, of one school."""

    school_code: str
    school_title: str
    student_ids: list[str]
    row_counts: dict[str, int]  # rows that would go, by table


class RetentionPreview(Wire):
    """GET /v1/retention: what `orientir retention apply` would erase."""

    years: int
    as_of: date
    left_before: str  # students whose last roster is of this school year or earlier
    schools: list[RetainedSchool]
