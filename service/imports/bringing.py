"""Bringing a file: checked, taken in, listed; a large one waits for a worker, and its content goes when it is read."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import GRANTS, SCHOOL_ROLES, Actor, Permission, Role, check_permission
from service.clock import now
from service.db import IMPORT_LOCK, Database, UnitsOfWork, lock_table
from service.documents.refusals import shown_name
from service.documents.sheet import Book
from service.errors import ImportRefusedError, InvalidInputError, NotFoundError
from service.imports.actions import (
    Mode,
    compare_import,
    prepare_import,
    retrain_after_import,
    store_import,
)
from service.imports.intake import Brought, TakenIn, check_intake, check_taken, read_brought, take_in
from service.imports.schemas import CellFault, ImportReport, IntakeList, IntakeReport, IntakeRow
from service.imports.tables_in import StoredChange
from service.imports.undoing import find_undoable, keep_changes
from service.imports.vocabularies import ImportTools
from service.jobs.actions import INTAKE, enqueue_job
from service.jobs.doing import Held
from service.tables import Intake, Job

LARGE_BYTES = 1_000_000
TAKEN_BACK = "Файла больше нет: пока он ждал, данные ученика школы стёрли. Загрузите его снова."
NO_INTAKE = "Такой загрузки нет."
UNREAD_HEADINGS = {  # without the words of the file
    "column_not_read": "столбец не нужен или не узнан: он не прочитан",
    "heading_unconfirmed": "столбец похож на нужный: подтвердите это или выберите другой, проверив файл ещё раз",
}


def apply_intake(database: UnitsOfWork, *, actor: Actor, tools: ImportTools, brought: Brought) -> IntakeReport:
    """Take a file in, in one transaction; a refusal carries the report."""
    check_permission(actor, Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION)
    book = read_brought(brought)
    with database.writing() as session:
        return apply_book(session, actor=actor, tools=tools, brought=brought, book=book)


def apply_book(session: Session, *, actor: Actor, tools: ImportTools, brought: Brought, book: Book) -> IntakeReport:
    """Take in sheets that were read already, in the caller's transaction."""
    taken = take_in(session, actor=actor, tools=tools, brought=brought, book=book, keep=True)
    check_taken(taken)
    return _settle(session, _new_intake(session, actor, brought), actor, tools, taken)


def bring(database: UnitsOfWork, *, actor: Actor, tools: ImportTools, brought: Brought) -> IntakeReport:
    """Check or take in at once."""
    does = check_intake if brought.mode == "check" else apply_intake
    return does(database, actor=actor, tools=tools, brought=brought)


def import_upload(
    units: UnitsOfWork, *, actor: Actor, tools: ImportTools, table: str, content: bytes, mode: Mode
) -> ImportReport:
    """A table of our own format: whoever reads it keeps nobody from writing; only the storing holds the write lock."""
    with units.reading() as session:
        prepared = prepare_import(session, actor=actor, tools=tools, table=table, content=content)
        if mode == "check" or prepared.read.is_refused:
            return compare_import(session, prepared, mode)
    with units.writing() as session:
        changes: list[StoredChange] = []
        report, revision = store_import(session, prepared, changes)
        retrain_after_import(session, actor=actor, tools=tools, reports=[report])
        if not changes:
            return report
        intake = _new_intake(session, actor, Brought(report.file, content, mode, table=table))
        intake.applied_at, intake.revision = now(), revision
        keep_changes(session, intake, changes)
        return report.model_copy(update={"undo_id": intake.intake_id})


def enqueue_intake(session: Session, *, actor: Actor, brought: Brought) -> IntakeRow:
    """Leave a large file to a worker."""
    check_permission(actor, Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION)
    intake = _new_intake(session, actor, brought)
    intake.content = brought.content
    key = f"intake:{intake.intake_id}"
    job = enqueue_job(session, actor=actor, kind=INTAKE, unique_key=key, cause=f"intake {intake.intake_id}")
    intake.job_id = job.job_id
    session.flush()
    return _row(intake, job, None)


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
            held.finish(session, result=str(refusal).removeprefix(f"{shown_name(brought.name)}: "))  # may be a child's
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
    """A report as it may stay: a heading that nobody recognised may be a row of children, so its words go."""
    sheets = [
        sheet.model_copy(update={"headings": [each for each in sheet.headings if each.column is not None]})
        if sheet.table is not None
        else sheet.model_copy(update={"headings": [], "given": {}})
        for sheet in report.sheets
    ]
    parts = [
        part.model_copy(update={"faults": _without_words(part.faults), "warnings": _without_words(part.warnings)})
        for part in report.parts
    ]
    return report.model_copy(update={"sheets": sheets, "parts": parts}).model_dump(mode="json")


def _without_words(faults: Sequence[CellFault]) -> list[CellFault]:
    """Complaints about headings say which column; what stands in it is in the file."""
    return [
        fault.model_copy(update={"heading": None, "column": None, "found": None, "remedy": UNREAD_HEADINGS[fault.code]})
        if fault.code in UNREAD_HEADINGS
        else fault
        for fault in faults
    ]


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
    retrain_after_import(session, actor=actor, tools=tools, reports=taken.report.parts)
    report = taken.report.model_copy(update={"applied": True, "undo_id": intake.intake_id})
    intake.report = _to_keep(report)
    return report


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
    listed = session.scalars(query).all()
    jobs = {
        job.job_id: job for job in session.scalars(sa.select(Job).where(Job.job_id.in_({i.job_id for i in listed})))
    }
    undoable = {school: find_undoable(session, school) for school in {intake.school_code for intake in listed}}
    return IntakeList(
        intakes=[_row(intake, jobs.get(intake.job_id or 0), undoable[intake.school_code]) for intake in listed]
    )


def get_intake(session: Session, actor: Actor, intake_id: int) -> Intake:
    """A file of the actor's school; anybody else's is absent."""
    intake = session.scalars(visible_intakes(actor).where(Intake.intake_id == intake_id)).one_or_none()
    if intake is None:
        raise NotFoundError(NO_INTAKE)
    return intake


def show_intake(session: Session, actor: Actor, intake_id: int) -> IntakeRow:
    """One file with its report."""
    intake = get_intake(session, actor, intake_id)
    job = session.get(Job, intake.job_id) if intake.job_id is not None else None
    row = _row(intake, job, find_undoable(session, intake.school_code))
    report = IntakeReport.model_validate(intake.report) if intake.report is not None else None
    return row.model_copy(update={"report": report})


def _row(intake: Intake, job: Job | None, undoable: Intake | None) -> IntakeRow:
    done = "undone" if intake.undone_at is not None else "applied" if intake.applied_at is not None else "done"
    is_unread = job is not None and job.state == "done" and intake.report is None
    state = "failed" if is_unread else job.state if job is not None and job.state != "done" else done
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
