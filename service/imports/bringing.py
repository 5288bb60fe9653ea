"""Bringing a file: checked, taken in, listed; a large one waits for a worker, and its content goes when it is read."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import GRANTS, SCHOOL_ROLES, Actor, Permission, Role, check_permission
from service.clock import now
from service.db import IMPORT_LOCK, Database, UnitsOfWork, lock_table
from service.documents.refusals import shown_name
from service.documents.sheet import Book
from service.errors import ImportRefusedError, InvalidInputError, NotFoundError
from service.imports.actions import retrain_after_outcomes_of
from service.imports.intake import Brought, TakenIn, check_intake, check_taken, read_brought, take_in
from service.imports.schemas import IntakeList, IntakeReport, IntakeRow
from service.imports.undoing import find_undoable, keep_changes
from service.imports.vocabularies import ImportTools
from service.jobs.actions import INTAKE, enqueue_job
from service.jobs.doing import Held
from service.tables import Intake, Job

LARGE_BYTES = 1_000_000
TAKEN_BACK = "Файла больше нет: пока он ждал, данные ученика школы стёрли. Загрузите его снова."
NO_INTAKE = "Такой загрузки нет."


def apply_intake(database: UnitsOfWork, *, actor: Actor, tools: ImportTools, brought: Brought) -> IntakeReport:
    """Take a file in, in one transaction; a refusal carries the report."""
    check_permission(actor, Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION)
    book = read_brought(brought)
    with database.writing() as session:
        taken = take_in(session, actor=actor, tools=tools, brought=brought, book=book, keep=True)
        check_taken(taken)
        intake = _new_intake(session, actor, brought)
        return _settle(session, intake, actor, tools, taken)


def bring(database: UnitsOfWork, *, actor: Actor, tools: ImportTools, brought: Brought) -> IntakeReport:
    """Check or take in at once."""
    does = check_intake if brought.mode == "check" else apply_intake
    return does(database, actor=actor, tools=tools, brought=brought)


def enqueue_intake(session: Session, *, actor: Actor, brought: Brought) -> IntakeRow:
    """Leave a large file to a worker."""
    check_permission(actor, Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION)
    intake = _new_intake(session, actor, brought)
    intake.content = brought.content
    key = f"intake:{intake.intake_id}"
    job = enqueue_job(session, actor=actor, kind=INTAKE, unique_key=key, cause=f"intake {intake.intake_id}")
    intake.job_id = job.job_id
    session.flush()
    return _row(session, intake, job)


def bring_held(database: Database, held: Held, *, tools: ImportTools, intake_id: int) -> str:
    """What the worker does with a file that waits: the effect, the report and the end of the job are one commit."""
    with database.reading() as session:
        intake = session.get_one(Intake, intake_id)
        content = intake.content
        actor, brought = _actor_of(intake), _brought_of(intake, content or b"")
    if content is None:
        with database.writing() as session:
            held.finish(session, result=TAKEN_BACK)
        return TAKEN_BACK
    book = _read_waiting(database, held, intake_id, brought)
    if book is None:
        return "refused"
    held.report(0.3)
    with database.writing() as session:
        lock_table(session, IMPORT_LOCK)
        kept = session.get_one(Intake, intake_id)
        if kept.content is None:  # an erasure came between
            held.finish(session, result=TAKEN_BACK)
            return TAKEN_BACK
        taken = take_in(session, actor=actor, tools=tools, brought=brought, book=book, keep=True)
        refusal = _refusal(taken) if brought.mode == "apply" else None
        if brought.mode == "check" or refusal is not None:
            session.rollback()
        else:
            taken.report = _settle(session, kept, actor, tools, taken)
            kept.content = None
            kept.report = _to_keep(taken.report)
            held.finish(session, result=_said(taken.report))
            return _said(taken.report)
    with database.writing() as session:
        _note(session, intake_id, taken.report)
        held.finish(session, result=_said(taken.report))
    return _said(taken.report)


def _read_waiting(database: Database, held: Held, intake_id: int, brought: Brought) -> Book | None:
    """Sheets of a file that waits; a file that cannot be read ends its job with the reason, and is not tried again."""
    try:
        return read_brought(brought)
    except InvalidInputError as refusal:
        with database.writing() as session:
            intake = session.get_one(Intake, intake_id)
            intake.content = None
            held.finish(session, result=str(refusal))
        return None


def _refusal(taken: TakenIn) -> ImportRefusedError | None:
    try:
        check_taken(taken)
    except ImportRefusedError as refusal:
        return refusal
    return None


def _note(session: Session, intake_id: int, report: IntakeReport) -> None:
    intake = session.get_one(Intake, intake_id)
    intake.content, intake.report = None, _to_keep(report)


def _to_keep(report: IntakeReport) -> dict[str, Any]:
    """A report as it may stay: what stands above a table that nobody recognised may be a row of children."""
    sheets = [
        sheet if sheet.table is not None else sheet.model_copy(update={"headings": [], "given": {}})
        for sheet in report.sheets
    ]
    return report.model_copy(update={"sheets": sheets}).model_dump(mode="json")


def _said(report: IntakeReport) -> str:
    done = "загружено" if report.applied else "проверено"
    return f"{done}: новых {report.added_count}, изменённых {report.changed_count}, ошибок {report.fault_count}"


def _new_intake(session: Session, actor: Actor, brought: Brought) -> Intake:
    intake = Intake(
        school_code=actor.school_code if actor.role in SCHOOL_ROLES else brought.school_code,
        file_name=shown_name(brought.name),
        checksum=brought.checksum,
        mode=brought.mode,
        taking=brought.taking,
        table_name=brought.table,
        actor_id=actor.actor_id,
        role=actor.role.value,
        asked_at=now(),
    )
    session.add(intake)
    session.flush()
    return intake


def _settle(session: Session, intake: Intake, actor: Actor, tools: ImportTools, taken: TakenIn) -> IntakeReport:
    """What was taken in can be undone until the next file; enough new outcomes ask for a training."""
    intake.applied_at, intake.revision = now(), taken.revision
    keep_changes(session, intake, taken.changes)
    added = {part.table for part in taken.report.parts if part.added_count}
    retrain_after_outcomes_of(session, actor=actor, tools=tools, tables=added)
    return taken.report.model_copy(update={"applied": True, "undo_id": intake.intake_id})


def _actor_of(intake: Intake) -> Actor:
    """Whoever brought the file, with the rights of the role to bring files and no more."""
    role = Role(intake.role)
    allowed = GRANTS[role] & {Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION}
    school = intake.school_code if role in SCHOOL_ROLES else None
    return Actor(intake.actor_id, role, "", frozenset(allowed), school_code=school)


def _brought_of(intake: Intake, content: bytes) -> Brought:
    mode = "check" if intake.mode == "check" else "apply"
    taking = "good" if intake.taking == "good" else "all"
    return Brought(intake.file_name, content, mode, taking, intake.table_name, intake.school_code)  # type: ignore[arg-type]


def visible_intakes(actor: Actor) -> sa.Select[Intake]:
    """The beginning of every query about files: those of the actor's school; of the region for who brings its files."""
    query = sa.select(Intake)
    if actor.role is Role.OPERATOR:
        return query
    if actor.role in SCHOOL_ROLES:
        return query.where(Intake.school_code == actor.school_code)
    return query.where(Intake.school_code.is_(None))


def list_intakes(session: Session, actor: Actor, limit: int) -> IntakeList:
    """The newest files that were applied or are waited for."""
    query = visible_intakes(actor).order_by(Intake.intake_id.desc()).limit(limit)
    return IntakeList(intakes=[_row(session, intake) for intake in session.scalars(query)])


def get_intake(session: Session, actor: Actor, intake_id: int) -> Intake:
    """A file of the actor's school; anybody else's is absent."""
    intake = session.scalars(visible_intakes(actor).where(Intake.intake_id == intake_id)).one_or_none()
    if intake is None:
        raise NotFoundError(NO_INTAKE)
    return intake


def show_intake(session: Session, actor: Actor, intake_id: int) -> IntakeRow:
    """One file with its report."""
    intake = get_intake(session, actor, intake_id)
    row = _row(session, intake)
    report = IntakeReport.model_validate(intake.report) if intake.report is not None else None
    return row.model_copy(update={"report": report})


def _row(session: Session, intake: Intake, job: Job | None = None) -> IntakeRow:
    job = job if job is not None or intake.job_id is None else session.get(Job, intake.job_id)
    done = "undone" if intake.undone_at is not None else "applied" if intake.applied_at is not None else "done"
    is_unread = job is not None and job.state == "done" and intake.report is None
    state = "failed" if is_unread else job.state if job is not None and job.state != "done" else done
    undoable = find_undoable(session, intake.school_code)
    return IntakeRow(
        intake_id=intake.intake_id,
        file=intake.file_name,
        mode="check" if intake.mode == "check" else "apply",
        taking="good" if intake.taking == "good" else "all",
        state=state,  # type: ignore[arg-type] # words of the database and the three above
        progress=job.progress if job is not None else 1.0,
        asked_at=intake.asked_at,
        applied_at=intake.applied_at,
        undone_at=intake.undone_at,
        can_be_undone=undoable is not None and undoable.intake_id == intake.intake_id,
        error=None if job is None else job.result if is_unread else job.error,
        report=None,
    )
