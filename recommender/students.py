"""What is known of a group of students on a given day, as plain arrays: one student and a region look alike.

Facts come in as tuples and leave as positions and numbers, sorted by a stable key, so that the same facts give the
same bytes. This is the one place where "as of that day" is decided: a fact dated later does not exist yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Catalogue
from recommender.eligibility import StudentPattern
from recommender.errors import UnknownCodeError
from recommender.interests import Administrations, InterestModel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAYS_PER_YEAR = 365.25
SharedT = TypeVar("SharedT", str, date, float)


class Sharing:
    """Makes equal values one object: a region's rows repeat few pseudonyms, codes, days and numbers.

    Examples
    --------
    >>> share = Sharing()
    >>> share("2023-" + "24") is share("2023" + "-24")
    True
    >>> share(float("nan"))
    nan
    """

    def __init__(self) -> None:
        self._seen: dict[Any, Any] = {}

    def __call__(self, value: SharedT) -> SharedT:
        """The object that stands for the value; of one type, since 1 and 1.0 are equal."""
        if value != value:  # noqa: PLR0124 -- NaN, which no key finds again
            return value
        shared: SharedT = self._seen.setdefault((type(value), value), value)
        return shared


class StudentRow(NamedTuple):
    """A student as the rules see him or her; `student_id` is a pseudonym."""

    student_id: str
    grade: int
    school_code: str
    conditions_needed: tuple[str, ...] = ()
    restriction_tags: tuple[str, ...] = ()


class ReadingRow(NamedTuple):
    """One answer sheet: raw points in the order of the instrument's scales, NaN = not scored; and single answers.

    `answers` are `instruments.answer_values`, in the order of the instrument's questions; empty = only the scores are
    known.
    """

    student_id: str
    method_code: str
    taken_on: date
    scores: tuple[float, ...]
    answers: tuple[float, ...] = ()


class FactRow(NamedTuple):
    """A dated fact about a code: a mark, a share of points, a wish (value = rank, 1 first), a rating, an enrolment."""

    student_id: str
    code: str
    known_on: date
    value: float = 1.0


@dataclass(frozen=True)
class FactRows:
    """Everything known, as rows; each table may be empty.

    Attributes
    ----------
    readings : ReadingRow
    marks : FactRow of (subject, day the term ended, mark 2-5)
    knowledge : FactRow of (subject, day, share of points in [0, 1])
    exam_points : FactRow of (subject, day, OGE primary points)
    profile_wishes, elective_wishes : FactRow of (profile or programme, day, rank)
    exam_wishes, profession_wishes : FactRow of (subject or SPO code, day)
    trials : FactRow of (pathway, day attended, rating after 1-10 or NaN)
    enrolments : FactRow of (pathway, day)
    """

    readings: Sequence[ReadingRow] = ()
    marks: Sequence[FactRow] = ()
    knowledge: Sequence[FactRow] = ()
    exam_points: Sequence[FactRow] = ()
    profile_wishes: Sequence[FactRow] = ()
    exam_wishes: Sequence[FactRow] = ()
    elective_wishes: Sequence[FactRow] = ()
    profession_wishes: Sequence[FactRow] = ()
    trials: Sequence[FactRow] = ()
    enrolments: Sequence[FactRow] = ()


FACT_TABLES = (
    "marks", "knowledge", "exam_points", "profile_wishes", "exam_wishes", "elective_wishes", "profession_wishes",
    "trials", "enrolments",
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """One kind of facts as arrays: student's position, code, value, day, age in years; sorted by student, code, day."""

    student: Ints
    codes: tuple[str, ...]
    values: Floats
    known_on: tuple[date, ...]
    age_years: Floats

    def rows_of(self, student: int) -> range:
        """Rows of one student; they stand together."""
        return range(*(int(edge) for edge in np.searchsorted(self.student, [student, student + 1])))

    def positions(self, index: Mapping[str, int]) -> Ints:
        """Position of each fact's code; -1 where the index does not know it."""
        return np.array([index.get(code, -1) for code in self.codes], dtype=np.int64)


@dataclass(frozen=True)
class StudentFacts:
    """A group of students on a day.

    Attributes
    ----------
    student_ids : tuple of str
    grades : int array (n_students,)
    patterns : tuple of StudentPattern
        Distinct patterns; `pattern_of` (n_students,) points into it.
    school_of : int array (n_students,)
        Position in `catalogue.school_codes`; -1 = a school the catalogue does not know.
    sheets : Administrations
    tables : mapping of str to Facts
        One entry for each of FACT_TABLES.
    """

    as_of: date
    student_ids: tuple[str, ...]
    grades: Ints
    patterns: tuple[StudentPattern, ...]
    pattern_of: Ints
    school_of: Ints
    sheets: Administrations
    tables: Mapping[str, Facts] = field(repr=False)

    def __len__(self) -> int:
        return len(self.student_ids)


def student_facts(
    students: Sequence[StudentRow],
    rows: FactRows,
    *,
    as_of: date | Mapping[str, date],
    catalogue: Catalogue,
    model: InterestModel,
) -> StudentFacts:
    """Arrange rows as arrays, leaving out what was not yet known.

    Parameters
    ----------
    students : sequence of StudentRow
        Their order is the order of every result.
    rows : FactRows
        Facts of these students; a fact of somebody else is ignored.
    as_of : date, or mapping of student_id to date
        The day of the question; in training, the day of each student's own choice.
    catalogue : Catalogue
    model : InterestModel
        Instruments that sheets may name.

    Returns
    -------
    StudentFacts

    Raises
    ------
    UnknownCodeError
        A sheet of an instrument that the reference data do not have.
    """
    position = {student.student_id: row for row, student in enumerate(students)}
    days = as_of if isinstance(as_of, Mapping) else dict.fromkeys(position, as_of)
    patterns: dict[StudentPattern, int] = {}
    pattern_of = []
    for student in students:
        pattern = StudentPattern(
            student.grade,
            student.school_code,
            frozenset(student.conditions_needed),
            frozenset(student.restriction_tags),
        )
        pattern_of.append(patterns.setdefault(pattern, len(patterns)))
    schools = {code: row for row, code in enumerate(catalogue.school_codes)}
    return StudentFacts(
        as_of=max(days.values(), default=date.min),
        student_ids=tuple(position),
        grades=np.array([student.grade for student in students], dtype=np.int64),
        patterns=tuple(patterns),
        pattern_of=np.array(pattern_of, dtype=np.int64),
        school_of=np.array([schools.get(student.school_code, -1) for student in students], dtype=np.int64),
        sheets=_sheets(rows.readings, position, days, model),
        tables={name: _facts(getattr(rows, name), position, days) for name in FACT_TABLES},
    )


def _facts(rows: Iterable[FactRow], position: Mapping[str, int], days: Mapping[str, date]) -> Facts:
    known = [
        (position[row.student_id], row.code, row.known_on, row.value, (days[row.student_id] - row.known_on).days)
        for row in rows
        if row.student_id in position and row.known_on <= days[row.student_id]
    ]
    known.sort(key=lambda fact: fact[:3])
    return Facts(
        np.array([fact[0] for fact in known], dtype=np.int64),
        tuple(fact[1] for fact in known),
        np.array([fact[3] for fact in known], dtype=float),
        tuple(fact[2] for fact in known),
        np.array([fact[4] for fact in known], dtype=float) / DAYS_PER_YEAR,
    )


def _sheets(
    rows: Iterable[ReadingRow], position: Mapping[str, int], days: Mapping[str, date], model: InterestModel
) -> Administrations:
    index = model.method_index
    known: list[tuple[Any, ...]] = []
    for row in rows:
        if row.student_id in position and row.taken_on <= days[row.student_id]:
            if row.method_code not in index:
                message = f"no instrument {row.method_code} in the reference data"
                raise UnknownCodeError(message, method_code=row.method_code)
            age = (days[row.student_id] - row.taken_on).days / DAYS_PER_YEAR
            known.append((position[row.student_id], index[row.method_code], row.taken_on, age, row.scores, row.answers))
    known.sort(key=lambda sheet: sheet[:3])
    width = max((len(reading.mean) for _, reading in model.methods), default=1)
    scores = np.full((len(known), width), np.nan)
    for line, sheet in enumerate(known):
        scores[line, : len(sheet[4])] = sheet[4]
    answers = np.full((len(known), max((len(sheet[5]) for sheet in known), default=0)), np.nan)
    for line, sheet in enumerate(known):
        answers[line, : len(sheet[5])] = sheet[5]
    return Administrations(
        np.array([sheet[0] for sheet in known], dtype=np.int64),
        np.array([sheet[1] for sheet in known], dtype=np.int64),
        np.array([sheet[3] for sheet in known], dtype=float),
        scores,
        answers,
    )


def answered_methods(facts: StudentFacts, student: int) -> frozenset[int]:
    """Positions of the instruments whose single answers a student has given."""
    sheets = facts.sheets
    own = (sheets.student == student) & np.isfinite(sheets.answers).any(axis=1)
    return frozenset(sheets.method[own].tolist())


def newest_answers(facts: StudentFacts, places: Ints) -> Floats:
    """The newest answer of each student to some questions.

    Parameters
    ----------
    facts : StudentFacts
    places : int array (n_questions, 2)
        Instrument and question: `instruments.question_places`; -1 = a question nobody is asked any more.

    Returns
    -------
    ndarray of shape (n_students, n_questions), in points; NaN = not answered
        A sheet of which only the scale scores are known says nothing here.
    """
    sheets = facts.sheets
    result = np.full((len(facts), len(places)), np.nan)
    for method in sorted(set(sheets.method.tolist())):
        columns = np.flatnonzero((places[:, 0] == method) & (places[:, 1] < sheets.answers.shape[1]))
        rows = np.flatnonzero(sheets.method == method)  # of one student, the oldest first
        given = sheets.answers[np.ix_(rows, places[columns, 1])]
        has_answers = np.isfinite(given).any(axis=1)
        result[np.ix_(sheets.student[rows[has_answers]], columns)] = given[has_answers]
    return result
