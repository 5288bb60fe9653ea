"""Asking for a batch, giving it up, and who may have its file."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import SCHOOL_ROLES, Actor, Permission, Role, check_permission
from service.batches.schemas import BatchList, BatchRow, NewBatch
from service.clock import now
from service.errors import InvalidInputError, NotFoundError, TooManyBatchesError
from service.jobs.actions import BATCH, enqueue_job
from service.settings import Settings
from service.students.queries import get_class
from service.tables import Batch, Job

AT_ONCE = 3  # batches of one school that wait or run
NO_BATCH = "Такой выгрузки нет."


def batch_folder(settings: Settings, batch_id: int) -> Path:
    """Where a batch is made and stays."""
    return settings.batches_dir / str(batch_id)


def batch_file(settings: Settings, batch: Batch) -> Path:
    """The file of a batch."""
    return batch_folder(settings, batch.batch_id) / f"orientir-{batch.batch_id}.{batch.file_format}"


def visible_batches(actor: Actor) -> sa.Select[Batch]:
    """The beginning of every query about batches: those of the actor's school and classes."""
    query = sa.select(Batch)
    if actor.role is Role.OPERATOR:
        return query
    if actor.role not in SCHOOL_ROLES:
        return query.where(sa.false())
    query = query.where(Batch.school_code == actor.school_code)
    return query if actor.class_ids is None else query.where(Batch.class_id.in_(sorted(actor.class_ids)))


def get_batch(session: Session, actor: Actor, batch_id: int) -> Batch:
    """A batch that the actor may see; anybody else's is absent."""
    batch = session.scalars(visible_batches(actor).where(Batch.batch_id == batch_id)).one_or_none()
    if batch is None:
        raise NotFoundError(NO_BATCH)
    return batch


def ask_for_batch(session: Session, *, actor: Actor, wanted: NewBatch, settings: Settings) -> Batch:
    """Ask for the lists of a class or of a school; the operator without a class asks for the region."""
    check_permission(actor, Permission.RANK_STUDENTS)
    if actor.role not in (*SCHOOL_ROLES, Role.OPERATOR):
        raise NotFoundError("Выгрузку берёт школа: у этой роли учеников нет.")
    if actor.role is not Role.SCHOOL_CLIENT and wanted.reason is None:
        raise InvalidInputError("Назовите, зачем нужна выгрузка: причина останется в журнале.")
    school_code = actor.school_code
    if wanted.class_id is not None:
        school_code = get_class(session, actor, wanted.class_id).school_code
    elif actor.class_ids is not None:
        raise InvalidInputError("Вам открыты отдельные классы: назовите класс.")
    _check_quota(session, school_code)
    batch = Batch(
        scope="class" if wanted.class_id is not None else "school" if school_code is not None else "region",
        school_code=school_code,
        class_id=wanted.class_id,
        file_format=wanted.file_format,
        k=wanted.k,
        demand_strength=settings.demand_strength if wanted.demand_strength is None else wanted.demand_strength,
        since_revision=wanted.since_revision,
        reason=wanted.reason,
        requested_by=actor.actor_id,
        requested_at=now(),
    )
    number = (session.scalar(sa.select(sa.func.max(Batch.batch_id))) or 0) + 1
    facts = {"scope": batch.scope, "format": wanted.file_format, "reason": wanted.reason}
    audit.record(session, actor=actor, deed="batch.asked", subject=f"batch:{number}", **facts)
    batch.batch_id = number  # the audit's lock has been taken: nobody else counts meanwhile
    batch.job_id = enqueue_job(
        session, actor=actor, kind=BATCH, unique_key=f"batch:{number}", cause=f"batch {number}"
    ).job_id
    session.add(batch)
    session.flush()
    return batch


def _check_quota(session: Session, school_code: str | None) -> None:
    mine = Batch.school_code == school_code if school_code is not None else Batch.school_code.is_(None)
    query = sa.select(sa.func.count()).select_from(Batch).join(Job, Job.job_id == Batch.job_id)
    count = session.scalar(query.where(mine, Batch.removed_at.is_(None), Job.state.in_(["queued", "running"])))
    if (count or 0) >= AT_ONCE:
        raise TooManyBatchesError(f"Уже готовятся выгрузки этой школы: {count}. Дождитесь их или отмените.")


def give_up_batch(session: Session, *, actor: Actor, batch_id: int) -> None:
    """Take a batch back: what waits is not begun, what runs stops at its next step, its file goes."""
    batch = get_batch(session, actor, batch_id)
    if batch.removed_at is not None:
        raise NotFoundError(NO_BATCH)
    moment = now()
    audit.record(session, actor=actor, deed="batch.given_up", subject=f"batch:{batch_id}")
    waiting = sa.update(Job).where(Job.job_id == batch.job_id)
    session.execute(waiting.where(Job.state == "queued").values(state="cancelled", finished_at=moment))
    session.execute(waiting.where(Job.state == "running").values(cancel_asked_at=moment))
    batch.removed_at = moment


def list_batches(session: Session, actor: Actor, limit: int) -> BatchList:
    """The newest batches that the actor may see."""
    query = visible_batches(actor).order_by(Batch.batch_id.desc()).limit(limit)
    return BatchList(batches=[batch_row(session, batch) for batch in session.scalars(query)])


def batch_row(session: Session, batch: Batch) -> BatchRow:
    """A batch as it is shown."""
    job = session.get_one(Job, batch.job_id)
    return BatchRow.model_validate(
        {
            "state": "removed" if batch.removed_at is not None else job.state,
            "progress": job.progress,
            "error": job.error,
            "demand_edition": batch.edition_code,
            **{name: getattr(batch, name) for name in BatchRow.model_fields if hasattr(Batch, name)},
        }
    )
