"""Wire shapes of a survey that a class fills in the browser."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from service.imports.schemas import IntakeReport
from service.wire import Flag, Wire, Writable, example

ClassSurvey = Literal["profile", "exams", "electives", "interests"]
QuestionKind = Literal["one", "many", "text", "scale"]
SheetState = Literal["not_begun", "begun", "submitted", "no_consent"]

LONGEST_HOURS = 14 * 24
Name = Annotated[Writable, Field(min_length=1, max_length=100)]
Heading = Annotated[Writable, Field(max_length=200)]
Answer = Annotated[Writable, Field(max_length=300)]


class RoundOpening(Wire):
    """POST /v1/classes/{class_id}/survey-rounds: what is asked, and for how many hours the code holds."""

    model_config = example(survey="interests", hours=3)
    survey: ClassSurvey
    hours: int = Field(default=3, ge=1, le=LONGEST_HOURS, strict=True)


class StudentSheet(Wire):
    """How far one student is."""

    student_id: str
    full_name: str | None  # None where the reader may not see names
    state: SheetState


class SurveyRound(Wire):
    """One survey of one class; `code` is None once it has ended."""

    round_id: int
    class_id: str
    survey: ClassSurvey
    title_ru: str
    code: str | None
    surveyed_on: date
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    taken_count: int | None  # sheets that were taken in when it ended
    sheets: list[StudentSheet]  # empty once it has ended


class SurveyRounds(Wire):
    """GET /v1/classes/{class_id}/survey-rounds: the newest first."""

    rounds: list[SurveyRound]


class RoundEnded(Wire):
    """POST /v1/survey-rounds/{round_id}/end: the report is None where nobody submitted a sheet."""

    round: SurveyRound
    report: IntakeReport | None


class SheetBeginning(Wire):
    """POST /v1/survey-sheets: the code on the blackboard, and who fills the sheet."""

    model_config = example(class_code="KTMP-4867", last_name="Ольхина", first_name="Вера")
    class_code: Annotated[Writable, Field(max_length=40)]
    last_name: Name
    first_name: Name


class SheetBegun(Wire):
    """The token of one sheet; it opens nothing else."""

    token: str


class SurveyQuestion(Wire):
    """What is asked; an answer is one of the choices, several, a text, or a grade of the scale."""

    question_id: str
    text: str
    kind: QuestionKind
    choices: list[str]


class SheetForm(Wire):
    """GET /v1/survey-sheets/current: the questions and what was answered so far."""

    title_ru: str
    hint_ru: str
    questions: list[SurveyQuestion]
    answers: dict[str, list[str]]
    is_submitted: bool


class SheetAnswers(Wire):
    """PUT /v1/survey-sheets/current: answers to these questions; others stay as they are."""

    model_config = example(answers={"R1": ["5"]}, submitted=True)
    answers: Annotated[dict[Heading, Annotated[list[Answer], Field(max_length=60)]], Field(max_length=100)]
    submitted: Flag = False  # done: the sheet may be taken in
