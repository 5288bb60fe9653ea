"""What a ranker may learn from: past choices of students whose representatives agreed to it."""

import math
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import PathwayKind
from recommender.eligibility import read_rules
from recommender.outcomes import OutcomeRow, ShownRow, enrolment_relevance, trial_relevance
from recommender.reference import Reference
from recommender.splitting import History
from service.access import OPERATOR, learning_students
from service.catalogue.queries import read_pathways, read_places
from service.clock import school_year_of
from service.demand.queries import editions_until
from service.installation import Today, get_today
from service.settings import Settings
from service.students.facts import Ids, read_fact_rows, read_student_rows
from service.tables import Enrolment, Showing, Student, StudentIdentity, TrialAttendance


def read_history(session: Session, reference: Reference, settings: Settings) -> tuple[History, Today]:
    """Everything that past choices are rebuilt from, up to the last complete school year."""
    today = get_today(session, settings)
    of = learning_students(OPERATOR, today.school_year).with_only_columns(Student.student_id)
    pathways = read_pathways(session)
    kinds = {pathway.pathway_code: pathway.kind for pathway in pathways}
    outcomes = [row for row in _outcomes(session, of, kinds) if row.school_year < today.school_year]
    history = History(
        reference=reference,
        places=read_places(session),
        pathways=pathways,
        students=read_student_rows(session, of),
        rows=read_fact_rows(session, of, reference, today.school_year),
        outcomes=outcomes,
        rules=read_rules(settings.reference_dir / "eligibility.toml"),
        editions=editions_until(session, settings, today.as_of),
        as_of=today.as_of,
        shown=list(_shown(session, of)),
    )
    return history, today


def read_sexes(session: Session, school_year: str) -> dict[str, str]:
    """Sex of those who are learned from, for the audit of fairness alone; names are not read."""
    of = learning_students(OPERATOR, school_year).with_only_columns(Student.student_id)
    columns = (StudentIdentity.student_id, StudentIdentity.sex)
    known = sa.select(*columns).where(StudentIdentity.student_id.in_(of), StudentIdentity.sex.is_not(None))
    return {student: sex for student, sex in session.execute(known.order_by(StudentIdentity.student_id)) if sex}


def _shown(session: Session, of: Ids) -> Iterator[ShownRow]:
    """Places of lists that somebody looked at: a choice that followed may have followed the list."""
    columns = (Showing.student_id, Showing.shown_at, Showing.items)
    showings = sa.select(*columns).where(Showing.student_id.in_(of)).order_by(Showing.showing_id)
    for student, moment, items in session.execute(showings):
        for line in items:
            yield ShownRow(student, line["pathway_code"], moment.date(), line["rank"])


def _outcomes(session: Session, of: Ids, kinds: dict[str, PathwayKind]) -> Iterator[OutcomeRow]:
    trials = sa.select(TrialAttendance).where(TrialAttendance.student_id.in_(of))
    for trial in session.scalars(trials.order_by(TrialAttendance.student_id, TrialAttendance.pathway_code)):
        grade = trial_relevance(trial.attended_on is not None, _or_nan(trial.rating_after))
        day = trial.signed_up_on
        year = school_year_of(day)
        yield OutcomeRow(trial.student_id, year, PathwayKind.CAREER_TRIAL, trial.pathway_code, day, grade)
    enrolments = sa.select(Enrolment).where(Enrolment.student_id.in_(of))
    for row in session.scalars(enrolments.order_by(Enrolment.student_id, Enrolment.pathway_code)):
        grade = enrolment_relevance(row.left_on is not None, _or_nan(row.final_mark))
        kind = kinds[row.pathway_code]
        yield OutcomeRow(row.student_id, row.school_year, kind, row.pathway_code, row.enrolled_on, grade)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
