"""When a model is trained again: a new list, enough new outcomes, a schedule, a person."""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import OPERATOR, Actor, Permission, check_permission, learning_students
from service.clock import now, school_year_of, start_of
from service.jobs.actions import REGION, TRAINING, enqueue_job
from service.tables import ActiveModel, Enrolment, Job, ModelVersion, Student, TrialAttendance

BY_HAND = "by hand"
OUTCOME_COUNT = "outcome_count"  # in a version's manifest: how many outcomes it could learn from
OUTCOME_TABLES = frozenset({"trial_attendance", "enrolments"})


def enqueue_training(session: Session, *, actor: Actor, cause: str) -> Job:
    """Ask for a training of the region's model, with its cause."""
    return enqueue_job(session, actor=actor, kind=TRAINING, unique_key=REGION, cause=cause)


def ask_for_training(session: Session, *, actor: Actor) -> Job:
    """A person wants a new version."""
    check_permission(actor, Permission.PROMOTE_MODELS)
    audit.record(session, actor=actor, deed="model.training_asked", subject=REGION)
    return enqueue_training(session, actor=actor, cause=BY_HAND)


def count_outcomes(session: Session, school_year: str) -> int:
    """Outcomes of ended school years of students who are learned from."""
    of = learning_students(OPERATOR, school_year).with_only_columns(Student.student_id)
    ended = (
        (TrialAttendance.student_id, TrialAttendance.signed_up_on < start_of(school_year)),
        (Enrolment.student_id, Enrolment.school_year < school_year),
    )
    queries = (sa.select(sa.func.count(student)).where(student.in_(of), is_over) for student, is_over in ended)
    return sum(session.scalar(query) or 0 for query in queries)


def retrain_after_outcomes(session: Session, *, actor: Actor, as_of: date, enough: int) -> Job | None:
    """Ask for a training once so many outcomes came since the last version; in the transaction that brought them."""
    manifest = session.scalar(sa.select(ModelVersion.manifest).order_by(ModelVersion.trained_at.desc()).limit(1))
    learned = int((manifest or {}).get(OUTCOME_COUNT, 0))
    arrived = count_outcomes(session, school_year_of(as_of)) - learned
    if arrived < enough:
        return None
    return enqueue_training(session, actor=actor, cause=f"outcomes {arrived}")


def is_learned_from(session: Session, student_id: str) -> bool:
    """Whether outcomes of a student may be behind the version that serves: those of years that had ended by then."""
    active = sa.select(ModelVersion.manifest).join(ActiveModel, ActiveModel.version == ModelVersion.version)
    manifest = session.scalar(active) or {}
    as_of = manifest.get("as_of")
    if as_of is None or not manifest.get(OUTCOME_COUNT):
        return False
    year = school_year_of(date.fromisoformat(as_of))
    trials = sa.exists().where(TrialAttendance.student_id == student_id, TrialAttendance.signed_up_on < start_of(year))
    enrolments = sa.exists().where(Enrolment.student_id == student_id, Enrolment.school_year < year)
    return bool(session.scalar(sa.select(sa.or_(trials, enrolments))))


def is_training_due(session: Session, *, days: int | None) -> bool:
    """Whether a training is due: none was made, begun or asked for within so many days."""
    trained_at = session.scalar(sa.select(sa.func.max(ModelVersion.trained_at)))
    if days is None or trained_at is None:  # nothing to do again
        return False
    asked_at = session.scalar(sa.select(sa.func.max(Job.enqueued_at)).where(Job.kind == TRAINING))
    return max(trained_at, asked_at or trained_at) + timedelta(days=days) <= now()
