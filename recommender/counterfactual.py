"""The smallest change of something changeable that would bring a pathway into the first places of its list.

Changeable are the mean mark of a subject that the pathway asks for, an OGE result that is still to come, and what a
student names in a survey: an exam, a profile, an elective, a profession. School, sex, health, age and past trials are
not, nothing is ever advised downwards, and evidence of unknown outcome is the business of `evidence`. Every change is
made on the student's facts and the student is ranked again, so what is told has been seen to hold.

Source of the idea: Wachter, Mittelstadt & Russell 2018; actionable changes only: Ustun, Spangher & Liu 2019.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from recommender.catalogue import PathwayKind
from recommender.eligibility import StudentPattern
from recommender.evidence import FACT_KINDS
from recommender.explanation import mean_marks
from recommender.features import EXAM_SPREAD, HALF_LIFE_YEARS, FeatureSpace
from recommender.interests import Administrations
from recommender.pipeline import Recommender
from recommender.reference import OGE_GRADE
from recommender.students import Facts, StudentFacts

PLACES = 3
MARK_STEP, TOP_MARK = 0.5, 5.0
RANKS = (3, 2, 1)
WISH_TERMS = {
    "profile_wishes": "profile_wish",
    "exam_wishes": "exam_wish",
    "elective_wishes": "elective_wish",
    "profession_wishes": "profession_wish",
}
ASKED_IN = {table: about.grades for about in FACT_KINDS.values() if about.asks for table in about.tables}
RANKED = ("profile_wishes", "elective_wishes")  # others are named or not


class Change(NamedTuple):
    """One fact as it would be.

    Attributes
    ----------
    table : str
        "marks", "exam_points" or one of WISH_TERMS.
    code : str
        Of the subject, profile, programme or SPO code.
    before : float or None
        Mean mark, points or rank now; None = no such fact.
    after : float
        The same after the change.
    steps : float, > 0
        Size: marks; points in shares of the maximum over EXAM_SPREAD, counted from the recommended minimum; wishes as
        strong as one named first today.
    """

    table: str
    code: str
    before: float | None
    after: float
    steps: float


class Counterfactual(NamedTuple):
    """A change that was seen to bring the pathway to a place among the first PLACES."""

    change: Change
    rank: int


def counterfactuals(
    recommender: Recommender, facts: StudentFacts, student: int, pathway: int, *, demand_strength: float, count: int = 3
) -> tuple[Counterfactual, ...]:
    """Single changes that would bring a pathway into the first places of its list, smallest first.

    Parameters
    ----------
    recommender : Recommender
    facts : StudentFacts
    student, pathway : int
        Positions.
    demand_strength : float
        Of the list that is talked about.
    count : int
        At most so many; of one fact only the smallest change.

    Returns
    -------
    tuple of Counterfactual
        Empty where no single change would, or a rule refuses the pathway.
    """
    changes = sorted(possible_changes(recommender.space, facts, student, pathway), key=_size)
    if not changes:
        return ()
    made = recommender.recommend(copies(facts, student, changes), k=PLACES, demand_strength=demand_strength)
    places = made.listed.pathways[:, recommender.compiled.kind_of[pathway]] == pathway
    found: dict[tuple[str, str], Counterfactual] = {}
    for change, place in zip(changes, places, strict=True):
        if place.any():
            found.setdefault((change.table, change.code), Counterfactual(change, int(place.argmax()) + 1))
    return tuple(found.values())[:count]


def _size(change: Change) -> tuple[float, str, str]:
    return change.steps, change.table, change.code


# --- what could be changed ---


def possible_changes(space: FeatureSpace, facts: StudentFacts, student: int, pathway: int) -> Iterator[Change]:
    """Every single change that this pathway looks at, in all sizes.

    Parameters
    ----------
    space : FeatureSpace
    facts : StudentFacts
    student, pathway : int
        Positions.

    Yields
    ------
    Change
        A mean mark in steps of MARK_STEP up to TOP_MARK, points one by one up to the maximum, ranks up to the first.
    """
    yield from _marks(space, facts, student, pathway)
    yield from _exam_points(space, facts, student, pathway)
    grade, kind = int(facts.grades[student]), space.catalogue.pathways[pathway].kind
    for table, term in WISH_TERMS.items():
        if grade in ASKED_IN[table] and (table != "elective_wishes" or kind == PathwayKind.ELECTIVE):
            for code in _asked_codes(space, term, pathway):
                if table != "exam_wishes" or space.reference.subjects[code].is_of_choice(grade):
                    yield from _wish(facts, student, table, code)


def _asked_codes(space: FeatureSpace, term: str, pathway: int) -> list[str]:
    """Codes of a term's columns that the pathway asks for; of an SPO group, the pathway's own SPO code or the first."""
    index = {
        "profile_wish": space.profile_index,
        "elective_wish": space.programme_index,
        "profession_wish": space.group_index,
    }.get(term, space.subject_index)
    asked = space.pathway_blocks[term][pathway]
    codes = [code for code, column in index.items() if asked[column] > 0]
    if term != "profession_wish":
        return codes
    every = (*space.catalogue.pathways[pathway].spo_codes, *sorted(space.reference.spo))
    return [next(spo for spo in every if spo.startswith(group)) for group in codes]


def _marks(space: FeatureSpace, facts: StudentFacts, student: int, pathway: int) -> Iterator[Change]:
    means = mean_marks(facts, student)
    for code in _asked_codes(space, "subject_level", pathway):
        if code in means:
            first = math.floor(means[code] / MARK_STEP + 1e-9) + 1
            for step in range(first, round(TOP_MARK / MARK_STEP) + 1):
                level = step * MARK_STEP
                yield Change("marks", code, means[code], level, level - means[code])


def _exam_points(space: FeatureSpace, facts: StudentFacts, student: int, pathway: int) -> Iterator[Change]:
    """Results of the ninth grade's exams that are still to come: mandatory ones and those the student has named."""
    if int(facts.grades[student]) != OGE_GRADE:
        return
    passed, named = (_own_codes(facts.tables[table], student) for table in ("exam_points", "exam_wishes"))
    for code in _asked_codes(space, "exam_margin", pathway):
        subject = space.reference.subjects[code]
        if code in passed or not (subject.oge == "mandatory" or code in named):
            continue
        if subject.oge_max and subject.oge_profile_class_min:
            minimum, step = subject.oge_profile_class_min, EXAM_SPREAD * subject.oge_max
            for points in range(math.floor(minimum) + 1, math.floor(subject.oge_max) + 1):
                yield Change("exam_points", code, None, float(points), (points - minimum) / step)


def _own_codes(facts: Facts, student: int) -> set[str]:
    return {facts.codes[row] for row in facts.rows_of(student)}


def _wish(facts: StudentFacts, student: int, table: str, code: str) -> Iterator[Change]:
    """Naming a code, or naming it earlier than before."""
    own = facts.tables[table]
    length = 2 if table == "profession_wishes" else None  # of professions the SPO group counts
    rows = [row for row in own.rows_of(student) if own.codes[row][:length] == code[:length]]
    strength = [0.5 ** (own.age_years[row] / HALF_LIFE_YEARS) / math.sqrt(max(own.values[row], 1.0)) for row in rows]
    before = min((float(own.values[row]) for row in rows), default=None)
    for rank in RANKS if table in RANKED else RANKS[-1:]:
        if before is None or rank < before:
            yield Change(table, code, before, float(rank), 1.0 / math.sqrt(rank) - max(strength, default=0.0))


# --- what the facts would be then ---


def copies(facts: StudentFacts, student: int, changes: Sequence[Change | None]) -> StudentFacts:
    """One student again and again, each time with one change; None = as he or she is.

    Parameters
    ----------
    facts : StudentFacts
    student : int
        Position.
    changes : sequence of Change or None (n,)
        A mean mark takes the place of the subject's marks; everything else is one more fact, dated today.

    Returns
    -------
    StudentFacts
        Of n students.
    """
    count = len(changes)
    pattern: StudentPattern = facts.patterns[facts.pattern_of[student]]
    return StudentFacts(
        as_of=facts.as_of,
        student_ids=tuple(f"copy{number}" for number in range(count)),
        grades=np.repeat(facts.grades[student], count),
        patterns=(pattern,),
        pattern_of=np.zeros(count, dtype=np.int64),
        school_of=np.repeat(facts.school_of[student], count),
        sheets=_copied_sheets(facts.sheets, student, count),
        tables={
            name: _copied(facts, name, student, [c if c and c.table == name else None for c in changes])
            for name in facts.tables
        },
    )


def _copied_sheets(sheets: Administrations, student: int, count: int) -> Administrations:
    own = np.flatnonzero(sheets.student == student)
    every = np.tile(own, count)
    return replace(
        sheets,
        student=np.repeat(np.arange(count), len(own)),
        method=sheets.method[every],
        age_years=sheets.age_years[every],
        scores=sheets.scores[every],
        answers=sheets.answers[every],
    )


def _copied(facts: StudentFacts, table: str, student: int, changes: Sequence[Change | None]) -> Facts:
    source = facts.tables[table]
    own = [
        (source.codes[row], source.known_on[row], float(source.values[row]), float(source.age_years[row]))
        for row in source.rows_of(student)
    ]
    rows = []
    for number, change in enumerate(changes):
        kept = own
        if change is not None:
            kept = [fact for fact in own if table != "marks" or fact[0] != change.code]
            kept = sorted([*kept, (change.code, facts.as_of, change.after, 0.0)], key=lambda fact: fact[:2])
        rows += [(number, *fact) for fact in kept]
    return Facts(
        student=np.array([row[0] for row in rows], dtype=np.int64),
        codes=tuple(row[1] for row in rows),
        values=np.array([row[3] for row in rows], dtype=float),
        known_on=tuple(row[2] for row in rows),
        age_years=np.array([row[4] for row in rows], dtype=float),
    )
