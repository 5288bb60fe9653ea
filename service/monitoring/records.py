"""What people decided about first places, and what came of what was shown."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from recommender.catalogue import PathwayKind
from recommender.outcomes import LIKED, enrolment_relevance, trial_relevance
from service.access import OPERATOR, learning_students, visible_students
from service.clock import now
from service.installation import Today
from service.tables import DecisionRecord, Enrolment, Showing, Student, TrialAttendance

DECIDED_DAYS = 180
FIRST = 1


@dataclass(frozen=True)
class Decided:
    """Decisions about first places."""

    is_declined: NDArray[np.bool_]
    schools: NDArray[np.str_]


@dataclass(frozen=True)
class ShownOutcomes:
    """Shown pathways of students who afterwards chose something of the kind."""

    fit: NDArray[np.float64]
    is_good: NDArray[np.bool_]
    kinds: NDArray[np.str_]
    schools: NDArray[np.str_]


class Seen(NamedTuple):
    """A list as it was shown: fit, and place, by pathway."""

    shown_on: date
    fits: Mapping[str, float]
    first: frozenset[str]


def read_decided(session: Session, version: str) -> Decided:
    """Decisions of the last half-year, in force, about what a version had put first."""
    since = now() - timedelta(days=DECIDED_DAYS)
    of = visible_students(OPERATOR).with_only_columns(Student.student_id)
    query = (
        sa.select(DecisionRecord, Student.school_code)
        .join(Student, Student.student_id == DecisionRecord.student_id)
        .where(
            DecisionRecord.student_id.in_(of), DecisionRecord.withdrawn_at.is_(None), DecisionRecord.decided_at >= since
        )
        .order_by(DecisionRecord.decision_id)
    )
    rows = session.execute(query).all()
    decided = sa.select(DecisionRecord.student_id).where(DecisionRecord.decided_at >= since)
    seen = _seen(session, version, decided)
    own = [
        (row.decision == "declined", school)
        for row, school in rows
        if any(
            row.pathway_code in each.first and each.shown_on <= row.decided_at.date() for each in seen[row.student_id]
        )
    ]
    return Decided(
        np.array([flag for flag, _ in own], dtype=np.bool_), np.array([code for _, code in own], dtype=np.str_)
    )


def read_shown_outcomes(
    session: Session, version: str, today: Today, kinds: Mapping[str, PathwayKind]
) -> ShownOutcomes:
    """What came after a version's lists, of students who are learned from; `kinds` by pathway are those to look at."""
    of = learning_students(OPERATOR, today.school_year).with_only_columns(Student.student_id)
    schools = dict(
        session.execute(sa.select(Student.student_id, Student.school_code).where(Student.student_id.in_(of))).all()
    )
    seen = _seen(session, version, of)
    chosen: dict[tuple[str, PathwayKind], dict[str, tuple[date, int]]] = defaultdict(dict)
    for student, code, day, relevance in _outcomes(session, of, today):
        if code in kinds:
            chosen[student, kinds[code]][code] = (day, relevance)
    rows = []
    for (student, kind), taken in sorted(chosen.items()):
        first_day = min(day for day, _ in taken.values())
        before = [each for each in seen[student] if each.shown_on < first_day]
        for code, fit in before[-1].fits.items() if before else ():
            _, relevance = taken.get(code, (first_day, 0))
            if kinds.get(code) == kind and (code not in taken or relevance >= LIKED):
                rows.append((fit, code in taken, kind.value, schools[student]))
    return ShownOutcomes(
        np.array([row[0] for row in rows], dtype=float),
        np.array([row[1] for row in rows], dtype=np.bool_),
        np.array([row[2] for row in rows], dtype=np.str_),
        np.array([row[3] for row in rows], dtype=np.str_),
    )


def _seen(session: Session, version: str, of: sa.Select[str]) -> Mapping[str, list[Seen]]:
    """Lists of a version by student, the oldest first."""
    columns = (Showing.student_id, Showing.shown_at, Showing.items)
    query = sa.select(*columns).where(Showing.model_version == version, Showing.student_id.in_(of))
    found: dict[str, list[Seen]] = defaultdict(list)
    for student, moment, items in session.execute(query.order_by(Showing.showing_id)):
        fits = {line["pathway_code"]: float(line["fit"]) for line in items}
        first = frozenset(line["pathway_code"] for line in items if line["rank"] == FIRST)
        found[student].append(Seen(moment.date(), fits, first))
    return found


def _outcomes(session: Session, of: sa.Select[str], today: Today) -> Iterator[tuple[str, str, date, int]]:
    """Student, pathway, day of the choice, relevance; who stays in a class is known when its year has ended."""
    trials = sa.select(TrialAttendance).where(
        TrialAttendance.student_id.in_(of), TrialAttendance.signed_up_on <= today.as_of
    )
    for trial in session.scalars(trials.order_by(TrialAttendance.student_id, TrialAttendance.pathway_code)):
        rating = float("nan") if trial.rating_after is None else float(trial.rating_after)
        relevance = trial_relevance(trial.attended_on is not None, rating)
        yield trial.student_id, trial.pathway_code, trial.signed_up_on, relevance
    enrolments = sa.select(Enrolment).where(Enrolment.student_id.in_(of), Enrolment.school_year < today.school_year)
    for row in session.scalars(enrolments.order_by(Enrolment.student_id, Enrolment.pathway_code)):
        mark = float("nan") if row.final_mark is None else row.final_mark
        yield row.student_id, row.pathway_code, row.enrolled_on, enrolment_relevance(row.left_on is not None, mark)
