"""Choice sets: what each student could choose from at one time, with the facts as they were the day before.

Splits follow school years, never single rows: what is learned on earlier years is judged on a later one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Catalogue, Pathway, PathwayKind, Place, catalogue_of_year
from recommender.demand import DemandEdition, edition_in_force
from recommender.demand_weights import demand_weights
from recommender.eligibility import EligibilityRule, refusal_words
from recommender.features import FACT_TERMS, TERM_CODES, FeatureSpace
from recommender.interests import RIASEC, InterestModel
from recommender.outcomes import OutcomeRow, ShownRow
from recommender.reference import Reference
from recommender.students import FactRows, StudentFacts, StudentRow, student_facts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COVARIATES = ("demand", "shown")
"""What moved a choice without speaking for the pathway: demand of that day, and how high a list had shown it. Learned
beside the terms so that their weights are not polluted by it, and left out when served."""

COLUMNS = (*TERM_CODES, *COVARIATES)
"""Columns of ChoiceSets.terms."""

SHOWN_DAYS = 365  # a list looked at longer ago no longer moves anybody

PER_STUDENT_CHECKS = ("apply_until", "already_taken", "seats")
"""Rules not asked as rules when a past choice set is rebuilt: the first two are judged on each student's own day, and
how many seats were left at that minute nobody recorded."""


@dataclass(frozen=True)
class History:
    """Everything that past choices are rebuilt from.

    Attributes
    ----------
    students : mapping of school_year to sequence of StudentRow
        As they were in that year.
    rows : FactRows
    outcomes : sequence of OutcomeRow
    as_of : date
        Outcomes of a school year count once it has ended: before that nobody knows who stayed.
    pathways : sequence of Pathway, all years
    editions : sequence of DemandEdition of the region
    shown : sequence of ShownRow
        Lists that students or those who advise them had looked at.
    """

    reference: Reference
    places: Mapping[str, Place]
    pathways: Sequence[Pathway]
    students: Mapping[str, Sequence[StudentRow]]
    rows: FactRows
    outcomes: Sequence[OutcomeRow]
    rules: tuple[EligibilityRule, ...]
    as_of: date
    editions: Sequence[DemandEdition] = ()
    shown: Sequence[ShownRow] = ()

    @cached_property
    def _rows_by_student(self) -> dict[str, dict[str, list[Any]]]:
        """Rows of each table by student; made once, as every kind and year asks for some students only."""
        found: dict[str, dict[str, list[Any]]] = {}
        for table in fields(FactRows):
            by_student: dict[str, list[Any]] = defaultdict(list)
            for row in getattr(self.rows, table.name):
                by_student[row.student_id].append(row)
            found[table.name] = dict(by_student)
        return found

    def rows_of(self, student_ids: Iterable[str]) -> FactRows:
        """What is known of some students."""
        ids = list(student_ids)
        tables: dict[str, Any] = {
            name: [row for student_id in ids for row in by_student.get(student_id, ())]
            for name, by_student in self._rows_by_student.items()
        }
        return FactRows(**tables)

    def years(self) -> tuple[str, ...]:
        """Ended school years with outcomes, oldest first."""
        years = {outcome.school_year for outcome in self.outcomes}
        return tuple(sorted(year for year in years if school_year_end(year) < self.as_of))


class OfferedPathways(NamedTuple):
    """What was on offer, one line a pathway and year; arrays of str (n_pathways,)."""

    codes: NDArray[np.str_]
    programmes: NDArray[np.str_]
    hosts: NDArray[np.str_]
    fields: NDArray[np.str_]


@dataclass(frozen=True)
class ChoiceSets:
    """Choice sets of one kind in one or more years, one row per student and pathway on offer.

    Attributes
    ----------
    terms : ndarray of shape (n_rows, n_columns), in the order of COLUMNS
    correlation : ndarray of shape (n_rows,), in [-1, 1]
        O*NET's rule: correlation of six interests of student and pathway; 0 where either is flat.
    relevance : ndarray of shape (n_rows,), 0-3
    queries : int array (n_rows,)
    schools : array of str (n_queries,)
        School of each query's student.
    offered : int array (n_rows,)
        Line of each row's pathway in `pathways`; few pathways stand behind many rows.
    pathways : OfferedPathways
    is_measured : bool array (n_queries,)
        Whether interests of the student had been measured.
    student_ids : array of str (n_queries,)
    years : int array (n_queries,)
        In which the school year of each query began.
    days : int array (n_queries,), ordinals
        What was known on this day, the one before the choice, is in the terms.
    students : ndarray of shape (n_queries, width)
        What was known of each query's student: blocks of FACT_TERMS side by side, interests first.
    answers : ndarray of shape (n_queries, n_questions)
        Newest single answers of each query's student, in spreads from the mean of all; 0 = not answered.
    """

    kind: PathwayKind
    terms: Floats
    correlation: Floats
    relevance: Floats
    queries: Ints
    offered: Ints
    pathways: OfferedPathways
    schools: NDArray[np.str_]
    is_measured: NDArray[np.bool_]
    student_ids: NDArray[np.str_]
    years: Ints
    days: Ints
    students: Floats
    answers: Floats

    def __len__(self) -> int:
        return len(self.schools)

    @property
    def programmes(self) -> NDArray[np.str_]:
        """Programme of each row, (n_rows,)."""
        return self.pathways.programmes[self.offered]

    @property
    def hosts(self) -> NDArray[np.str_]:
        """Host of each row, (n_rows,)."""
        return self.pathways.hosts[self.offered]

    @property
    def pathway_codes(self) -> NDArray[np.str_]:
        """Pathway of each row, (n_rows,)."""
        return self.pathways.codes[self.offered]

    def of_years(self, wanted: Callable[[Ints], NDArray[np.bool_]]) -> Self:
        """Choice sets of the years that are wanted."""
        return self.of_queries(np.flatnonzero(wanted(self.years)))

    def of_queries(self, wanted: Ints) -> Self:
        """Some of the choice sets, numbered anew.

        Parameters
        ----------
        wanted : int array (n_wanted,), ascending

        Returns
        -------
        ChoiceSets
        """
        rows = np.isin(self.queries, wanted)
        own: dict[str, Any] = {name: getattr(self, name)[rows] for name in ROW_COLUMNS}
        own["queries"] = np.searchsorted(wanted, own["queries"])
        own |= {name: getattr(self, name)[wanted] for name in QUERY_COLUMNS}
        return replace(self, **own)


ROW_COLUMNS = ("terms", "correlation", "relevance", "queries", "offered")
QUERY_COLUMNS = ("schools", "is_measured", "student_ids", "years", "days", "students", "answers")


def school_year_end(school_year: str) -> date:
    """Last day of a school year.

    Examples
    --------
    >>> school_year_end("2023-24")
    datetime.date(2024, 8, 31)
    """
    return date(int(school_year[:4]) + 1, 8, 31)


def choice_days(history: History, kind: PathwayKind, school_year: str) -> dict[str, date]:
    """The day before each student's first choice of a kind in a year: what was known then may explain the choice."""
    first: dict[str, date] = {}
    for outcome in history.outcomes:
        if outcome.kind == kind and outcome.school_year == school_year:
            first[outcome.student_id] = min(outcome.chosen_on, first.get(outcome.student_id, date.max))
    return {student: day - timedelta(days=1) for student, day in first.items()}


def choice_sets(history: History, kind: PathwayKind, school_year: str, model: InterestModel) -> ChoiceSets | None:
    """Rebuild the choice sets of one kind in one year.

    Parameters
    ----------
    history : History
    kind : PathwayKind
    school_year : str
    model : InterestModel

    Returns
    -------
    ChoiceSets or None
        None when nobody chose. A student's facts are those known the day before the first choice of that kind.
    """
    chosen = _chosen(history, kind, school_year)
    every_day = choice_days(history, kind, school_year)
    students = [row for row in history.students.get(school_year, ()) if row.student_id in chosen]
    students.sort(key=lambda row: row.student_id)
    if not students:
        return None
    days = {row.student_id: every_day[row.student_id] for row in students}
    catalogue = catalogue_of_year(history.pathways, history.places, school_year)
    facts = student_facts(students, history.rows_of(days), as_of=days, catalogue=catalogue, model=model)
    space = FeatureSpace(history.reference, catalogue, model)
    vectors = space.student_vectors(facts)
    rules = tuple(rule for rule in history.rules if rule.check not in PER_STUDENT_CHECKS)
    offered = refusal_words(rules, facts.patterns, catalogue, facts.as_of)[facts.pattern_of] == 0
    offered &= np.array([pathway.kind == kind for pathway in catalogue.pathways])
    offered &= _still_open(catalogue, list(days.values())) & ~_taken_before(facts, catalogue)
    relevance = np.zeros(offered.shape)
    for row, student in enumerate(students):
        for code, grade in chosen[student.student_id].items():
            if code in catalogue.position:
                relevance[row, catalogue.position[code]] = grade
                offered[row, catalogue.position[code]] = True
    rows, columns = np.nonzero(offered)
    typical_day = sorted(days.values())[len(days) // 2]
    edition, earlier = edition_in_force(history.editions, typical_day)
    demand = np.nan_to_num(demand_weights(catalogue, history.reference, edition, earlier).weights)
    shown = _shown_before(history.shown, days, catalogue)
    pathways = catalogue.pathways
    return ChoiceSets(
        kind=kind,
        terms=np.column_stack([space.raw_terms(vectors, rows, columns), demand[columns], shown[rows, columns]]),
        correlation=_correlation(vectors.profile.mean, space.pathway_blocks["interest_match"], rows, columns),
        relevance=relevance[rows, columns],
        queries=rows,
        schools=np.array([student.school_code for student in students]),
        offered=columns,
        pathways=OfferedPathways(
            np.array([pathway.pathway_code for pathway in pathways], dtype=np.str_),
            np.array([pathway.programme_code for pathway in pathways], dtype=np.str_),
            np.array([pathway.host_code for pathway in pathways], dtype=np.str_),
            np.array([pathway.field_code for pathway in pathways], dtype=np.str_),
        ),
        is_measured=vectors.profile.reading_count > 0,
        student_ids=np.array([student.student_id for student in students]),
        years=np.full(len(students), int(school_year[:4])),
        days=np.array([days[student.student_id].toordinal() for student in students]),
        students=np.hstack([vectors.blocks[term] for term in FACT_TERMS]),
        answers=space.answers_of(facts),
    )


def _chosen(history: History, kind: PathwayKind, school_year: str) -> dict[str, dict[str, int]]:
    """Best relevance of each pathway that a student chose, by student and pathway code."""
    chosen: dict[str, dict[str, int]] = {}
    for outcome in history.outcomes:
        if outcome.kind == kind and outcome.school_year == school_year:
            grades = chosen.setdefault(outcome.student_id, {})
            grades[outcome.pathway_code] = max(outcome.relevance, grades.get(outcome.pathway_code, 0))
    return chosen


def _still_open(catalogue: Catalogue, days: Sequence[date]) -> NDArray[np.bool_]:
    """Whether one could still apply on each student's day, (n_students, n_pathways)."""
    last_days = np.array([(pathway.apply_until or date.max).toordinal() for pathway in catalogue.pathways])
    return last_days[None, :] >= np.array([day.toordinal() for day in days])[:, None]


def _taken_before(facts: StudentFacts, catalogue: Catalogue) -> NDArray[np.bool_]:
    """What each student had attended or was enrolled in before the choice, (n_students, n_pathways)."""
    taken = np.zeros((len(facts), len(catalogue.pathways)), dtype=bool)
    for table in ("trials", "enrolments"):
        rows = facts.tables[table].positions(catalogue.position)
        taken[facts.tables[table].student[rows >= 0], rows[rows >= 0]] = True
    return taken


def _shown_before(shown: Sequence[ShownRow], days: Mapping[str, date], catalogue: Catalogue) -> Floats:
    """How high a list had shown each pathway before the choice, (n_students, n_pathways): 1 = first, 0 = not shown."""
    position = {student_id: row for row, student_id in enumerate(days)}
    height = np.zeros((len(days), len(catalogue.pathways)))
    for seen in shown:
        row, column = position.get(seen.student_id), catalogue.position.get(seen.pathway_code)
        if row is None or column is None or not 0 <= (days[seen.student_id] - seen.shown_on).days <= SHOWN_DAYS:
            continue
        height[row, column] = max(height[row, column], 1.0 / np.log2(seen.rank + 1.0))
    return height


def _correlation(mean: Floats, vectors: Floats, rows: Ints, columns: Ints) -> Floats:
    left = mean[:, : len(RIASEC)] - mean[:, : len(RIASEC)].mean(axis=1, keepdims=True)
    right = vectors[:, : len(RIASEC)]
    lengths = np.outer(np.sqrt((left**2).sum(axis=1)), np.sqrt((right**2).sum(axis=1)))
    products = left @ right.T
    found: Floats = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 1e-9)[rows, columns]
    return found


def joined(parts: Sequence[ChoiceSets]) -> ChoiceSets:
    """Several years as one table, query ids made distinct."""
    shifts = np.cumsum([0, *(len(part) for part in parts[:-1])])
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*ROW_COLUMNS, *QUERY_COLUMNS)
    }
    columns["queries"] = np.concatenate([part.queries + shift for part, shift in zip(parts, shifts, strict=True)])
    lines = np.cumsum([0, *(len(part.pathways.codes) for part in parts[:-1])])
    columns["offered"] = np.concatenate([part.offered + line for part, line in zip(parts, lines, strict=True)])
    columns["pathways"] = OfferedPathways(*map(np.concatenate, zip(*(part.pathways for part in parts), strict=True)))
    return replace(parts[0], **columns)
