"""Taking files in: one file or a folder, checked or applied, by the API and by the command line alike."""

import hashlib
from collections.abc import Callable
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import SCHOOL_ROLES, Actor, Permission, check_permission
from service.clock import now, school_year_of
from service.errors import ImportRefusedError, InvalidInputError, NotFoundError
from service.imports.formats import Format, get_format
from service.imports.reading import ReadTable, read_table
from service.imports.roster import take_roster
from service.imports.schemas import ImportReport
from service.imports.storing import Difference
from service.imports.tables_in import (
    PLAIN,
    SURVEYS,
    Incoming,
    check_points,
    take_answers,
    take_marks,
    take_plain,
    take_survey,
)
from service.imports.vocabularies import ImportTools, read_vocabularies, students_of
from service.tables import ClassMember, ImportRun, School

Mode = Literal["check", "apply"]
SHOWN_FAULTS = 200


def import_table(
    session: Session,
    *,
    actor: Actor,
    tools: ImportTools,
    table: str,
    content: bytes,
    mode: Mode,
    school_code: str | None = None,
    file: str | None = None,
) -> ImportReport:
    """Check one file and, in mode "apply", take it in; a file with faults is refused whole."""
    shape = get_format(tools.formats, table)
    school = _school_of(session, actor, shape, school_code)
    instrument = tools.find_instrument(table)
    is_operator = actor.role not in SCHOOL_ROLES
    # an operator brings history: marks that a student got in a former school stand in that school's file
    vocabularies = read_vocabularies(session, tools, instrument, students_of(school, former=is_operator))
    read = read_table(content, shape, vocabularies, file or f"{table}.csv")
    incoming = Incoming(session, read, school, instrument, may_move_students=is_operator)
    difference = _store(session, incoming, table, keep=mode == "apply")
    report = _report(read, difference, table, mode)
    if mode == "check":
        return report
    if read.faults:
        raise ImportRefusedError(_refusal(report), report=report.model_dump())
    _note_run(session, actor, report, school, content)
    return report


def _school_of(session: Session, actor: Actor, shape: Format, school_code: str | None) -> str | None:
    """School whose file this is; None for files of the region."""
    if shape.scope == "region":
        check_permission(actor, Permission.IMPORT_REGION)
        return None
    check_permission(actor, Permission.IMPORT_SCHOOL)
    if actor.role in SCHOOL_ROLES:
        if school_code is not None and school_code != actor.school_code:
            raise NotFoundError("Такой школы нет.")
        school_code = actor.school_code
    if school_code is None:
        raise InvalidInputError("Не указана школа: положите файл в папку schools/<код школы> или задайте её код.")
    if session.get(School, school_code) is None:
        raise NotFoundError(f"Школы «{school_code}» нет: сначала загрузите schools.csv.")
    return school_code


def _store(session: Session, incoming: Incoming, table: str, *, keep: bool) -> Difference:
    """Inside a savepoint: what turns out to be faulty, or is only checked, leaves no trace."""
    read = incoming.read
    if not read.faults and incoming.instrument is not None:
        _check_consent(incoming)
    if not read.faults and table == "knowledge":
        check_points(incoming)
    if read.faults:
        return Difference()
    savepoint = session.begin_nested()
    difference = _taker(table)(incoming)
    if keep and not read.faults:
        savepoint.commit()
    else:
        savepoint.rollback()
    session.expire_all()  # rows were written past the session's own copies
    return difference


def _taker(table: str) -> Callable[[Incoming], Difference]:
    if table in PLAIN:
        return lambda incoming: take_plain(incoming, PLAIN[table])
    if table in SURVEYS:
        return lambda incoming: take_survey(incoming, table)
    return {"roster": take_roster, "marks": take_marks}.get(table, take_answers)


def _check_consent(incoming: Incoming) -> None:
    """Answers of a student whose representative did not agree to testing in that year must not be kept."""
    query = sa.select(ClassMember.student_id, ClassMember.school_year, ClassMember.consent_testing)
    consents = {
        (student, year): agreed
        for student, year, agreed in incoming.session.execute(query.where(incoming.of_school(ClassMember)))
    }
    for row in incoming.read.rows:
        year = school_year_of(row.cells["taken_on"])
        if consents.get((row.cells["student_id"], year)) is False:
            remedy = "нет согласия на диагностику в этом учебном году: уберите строку или исправьте roster"
            incoming.read.blame(row.line, "student_id", None, remedy)


def _report(read: ReadTable, difference: Difference, table: str, mode: Mode) -> ImportReport:
    return ImportReport(
        table=table,
        file=read.file,
        mode=mode,
        row_count=len(read.rows),
        added_count=len(difference.added),
        changed_count=len(difference.changed),
        unchanged_count=len(difference.unchanged),
        applied=mode == "apply" and not read.faults,
        faults=read.faults[:SHOWN_FAULTS],
        fault_count=len(read.faults),
    )


def _refusal(report: ImportReport) -> str:
    first = report.faults[0]
    place = ", ".join(
        part
        for part in (f"строка {first.row}" if first.row else "", first.column and f"столбец {first.column}")
        if part
    )
    found = f", найдено «{first.found}»" if first.found else ""
    more = f" Всего ошибок: {report.fault_count}." if report.fault_count > 1 else ""
    return f"{report.file}: {place + ': ' if place else ''}{first.remedy}{found}.{more}"


def _note_run(session: Session, actor: Actor, report: ImportReport, school: str | None, content: bytes) -> None:
    checksum = hashlib.sha256(content).hexdigest()
    session.add(
        ImportRun(
            table_name=report.table,
            school_code=school,
            checksum=checksum,
            row_count=report.row_count,
            added_count=report.added_count,
            changed_count=report.changed_count,
            applied_at=now(),
            actor_id=actor.actor_id,
        )
    )
    subject = f"{school or 'region'}/{report.table}"
    counts = {"added": report.added_count, "changed": report.changed_count}
    audit.record(session, actor=actor, deed="import.applied", subject=subject, checksum=checksum, **counts)
