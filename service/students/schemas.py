"""Wire shapes of classes and of a student's card."""

from datetime import date
from typing import Literal

from service.wire import MissingFact, Wire

WorkbookReason = Literal["class_hour", "parents_meeting", "council", "report"]
"""Why the table of a class is handed out as a file: said by whoever takes it, and told to the families."""
WORKBOOK_REASONS: dict[WorkbookReason, str] = {
    "class_hour": "классный час",
    "parents_meeting": "родительское собрание",
    "council": "педагогический совет",
    "report": "отчёт школы",
}


class ClassRow(Wire):
    """One class with the counts of who lacks what; every count is out of `student_count`."""

    class_id: str
    school_code: str
    school_title: str
    school_year: str
    title: str  # "9А"
    grade: int
    student_count: int
    without_consent_testing_count: int
    without_consent_recommending_count: int
    without_diagnostics_count: int
    without_marks_count: int
    without_profile_survey_count: int | None  # None: this grade is not asked
    without_exam_survey_count: int | None
    decided_count: int  # students with at least one decision in force


class ClassList(Wire):
    """GET /v1/classes."""

    school_year: str
    as_of: date
    classes: list[ClassRow]


class ListedStudent(Wire):
    """A student in a list; nothing about health stands in one."""

    student_id: str
    full_name: str | None  # None where the reader may not see names
    grade: int
    consent_recommending: bool
    accepted_count: int
    pinned_count: int
    declined_count: int
    lacks: list[str]  # Russian, a word or two each, as after «нет»


class StudentRow(ListedStudent):
    """One line of a class."""

    has_diagnostics: bool
    has_marks: bool
    has_profile_survey: bool
    missing: list[MissingFact]


class SchoolStudentRow(ListedStudent):
    """One line of a school."""

    class_id: str
    class_title: str


class SchoolStudents(Wire):
    """GET /v1/school-students: by class and name."""

    school_title: str
    school_year: str
    as_of: date
    students: list[SchoolStudentRow]


class ClassStudents(Wire):
    """GET /v1/classes/{class_id}/students."""

    class_id: str
    school_title: str
    title: str
    grade: int
    school_year: str
    as_of: date
    students: list[StudentRow]


class InterestScale(Wire):
    """One of the 11 coordinates of the interest profile; 0 is the average of the grade, 1 is one standard deviation."""

    code: str  # R I A S E C nature technics human sign art
    title_ru: str
    family: str  # riasec | klimov
    mean: float
    sd: float  # uncertainty of the mean: 1 is nothing known, 0 is certain
    measured: bool


class ScaleScore(Wire):
    """One scale of one reading."""

    scale: str
    title_ru: str
    score: float | None  # None: too many unanswered items
    minimum: float
    maximum: float
    level: str | None  # the instrument's own words, Russian


class Reading(Wire):
    """One diagnostic instrument filled in on one day."""

    method_code: str
    title_ru: str
    ipsative: bool  # scales compare only within the person
    taken_on: date
    age_days: int
    answered_share: float
    scales: list[ScaleScore]


class SubjectMark(Wire):
    """Mean mark of a subject over the last school year with marks."""

    subject_code: str
    title_ru: str
    school_year: str
    mean_mark: float  # 2..5
    mark_count: int


class KnowledgeResult(Wire):
    """One result of the April diagnostics of learning, or of an exam."""

    kind: str  # knowledge | oge | ege
    subject_code: str
    title_ru: str
    on: date
    points: float
    points_max: float | None


class Wish(Wire):
    """One line that the student wrote in a survey."""

    survey: str  # profile_survey | exam_survey | elective_survey
    kind: str  # profile | exam | elective | profession | plan
    code: str
    title_ru: str
    rank: int  # 1 is the first named
    stated_on: date


class Trial(Wire):
    """A career trial that the student signed up for; `attended_on` is None when the student did not come."""

    pathway_code: str
    title_ru: str
    host_title: str
    signed_up_on: date | None
    attended_on: date | None
    rating_before: int | None  # 1..10
    rating_after: int | None


class Enrolment(Wire):
    """A profile class or elective that the student was enrolled in."""

    pathway_code: str
    kind: str
    title_ru: str
    school_year: str
    enrolled_on: date
    left_on: date | None
    final_mark: float | None


class Consents(Wire):
    """Consent of the legal representative, per purpose, as of the last roster."""

    testing: bool
    recommending: bool
    learning: bool


class StudentCard(Wire):
    """GET /v1/students/{student_id}."""

    student_id: str
    full_name: str | None
    school_code: str
    school_title: str
    class_id: str
    class_title: str
    grade: int
    school_year: str
    as_of: date
    consents: Consents
    conditions_needed: list[str]  # mobility | vision | hearing | speech | intellectual
    conditions_needed_titles: list[str]  # the same, Russian
    restriction_tags: list[str]
    interests: list[InterestScale]  # 11 in the fixed order; empty without consent_recommending
    interests_note: str | None  # Russian: tied top, flat profile, nothing measured
    readings: list[Reading]  # newest first
    marks: list[SubjectMark]
    own_mean_mark: float | None
    results: list[KnowledgeResult]
    wishes: list[Wish]  # newest survey first, then by rank
    trials: list[Trial]
    enrolments: list[Enrolment]
    missing: list[MissingFact]


class KnownStudent(Wire):
    """A student by pseudonym, and which change was the last."""

    student_id: str
    school_code: str
    class_id: str | None  # of this school year; None: on no roster of it
    revision: int


class StudentPage(Wire):
    """GET /v1/students, in the order of changes."""

    students: list[KnownStudent]
    next_cursor: str | None  # None: this is the last page
    revision: int  # ask for what changed since it the next time
