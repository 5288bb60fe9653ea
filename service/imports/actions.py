"""Taking files in: one file or a folder, checked or applied, by the API and by the command line alike."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.instruments import Instrument
from service import audit
from service.access import SCHOOL_ROLES, Actor, Permission, check_permission
from service.clock import now, school_year_of
from service.db import IMPORT_LOCK, lock_table
from service.errors import ImportRefusedError, InvalidInputError, NotFoundError
from service.events.announcing import IMPORT_FINISHED, announce
from service.imports.cells import UNKNOWN
from service.imports.formats import SCORES, Format, format_name, get_format
from service.imports.reading import ReadTable, read_table
from service.imports.roster import take_members, take_roster
from service.imports.schemas import ImportReport, TablePart
from service.imports.storing import Difference
from service.imports.tables_in import (
    PLAIN,
    SURVEYS,
    Incoming,
    StoredChange,
    check_answers,
    check_points,
    check_scores,
    check_terms,
    take_answers,
    take_hours,
    take_marks,
    take_plain,
    take_scores,
    take_survey,
)
from service.imports.vocabularies import ImportTools, read_vocabularies, students_of
from service.installation import Today, today_of
from service.retraining import OUTCOME_TABLES, retrain_after_outcomes
from service.students.revisions import mark_changed
from service.tables import ClassMember, ImportRun, School

Mode = Literal["check", "apply"]
NO_CONSENT = "нет согласия на диагностику в этом учебном году: уберите строку или исправьте roster"
NOT_ON_ROSTER = "в списках этого учебного года ученика нет: сначала загрузите roster"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that was read and checked, ready to be stored."""

    actor: Actor
    table: str
    shape: Format
    school_code: str | None
    instrument: Instrument | None
    read: ReadTable
    today: Today
    checksum: str
    is_of_school: bool = False  # a file as a school has it, not of our own format

    @property
    def is_operators(self) -> bool:
        """An operator brings history: students that moved, marks that they got in a former school."""
        return self.actor.role not in SCHOOL_ROLES

    @property
    def is_about_students(self) -> bool:
        """Whether its rows begin with a student."""
        return self.shape.is_about_students

    @property
    def students(self) -> sa.Select[str]:
        """Students whom the file may name."""
        return students_of(self.school_code, former=self.is_operators)


def retrain_after_import(
    session: Session, *, actor: Actor, tools: ImportTools, reports: Sequence[ImportReport | TablePart]
) -> None:
    """Ask for a training where these files brought enough outcomes; once for all of them, since counting takes time."""
    tables = {report.table for report in reports if report.added_count}
    if tables & set(OUTCOME_TABLES):
        today = today_of(session, tools.as_of)
        retrain_after_outcomes(session, actor=actor, as_of=today.as_of, enough=tools.retrain_after)


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
    """Check one file and, in mode "apply", take it in, inside the caller's transaction."""
    prepared = prepare_import(
        session, actor=actor, tools=tools, table=table, content=content, school_code=school_code, file=file
    )
    if mode == "check" or prepared.read.is_refused:
        return compare_import(session, prepared, mode)
    return store_import(session, prepared)[0]


def prepare_import(
    session: Session,
    *,
    actor: Actor,
    tools: ImportTools,
    table: str,
    content: bytes,
    school_code: str | None = None,
    file: str | None = None,
) -> Prepared:
    """Read a file and check its cells; changes nothing."""
    shape = get_format(tools.formats, table)
    school = school_of(session, actor, shape, school_code)
    instrument, today = tools.find_instrument(table), today_of(session, tools.as_of)
    students = students_of(school, former=actor.role not in SCHOOL_ROLES)
    vocabularies = read_vocabularies(session, tools, instrument, students)
    if not content:
        raise InvalidInputError(f"{file or table}: файл пуст; проверьте, что сохранили его, и пришлите снова.")
    read = read_table(content, shape, vocabularies, file or f"{table}.csv", today.as_of)
    return Prepared(actor, table, shape, school, instrument, read, today, hashlib.sha256(content).hexdigest())


def compare_import(session: Session, prepared: Prepared, mode: Mode) -> ImportReport:
    """What a file would change; nothing is written."""
    return _answer(prepared, store(session, prepared, keep=False), mode)


def store_import(
    session: Session, prepared: Prepared, changes: list[StoredChange] | None = None
) -> tuple[ImportReport, int]:
    """Take a checked file in, and the revision; what may have changed since it was checked is looked at again."""
    lock_table(session, IMPORT_LOCK)
    school_of(session, prepared.actor, prepared.shape, prepared.school_code)
    _check_students_again(session, prepared)
    difference = store(session, prepared, keep=True, changes=changes)
    report = _answer(prepared, difference, "apply")
    return report, note_store(session, prepared, difference)


def note_store(session: Session, prepared: Prepared, difference: Difference) -> int:
    """Say in the audit, to systems of the school and with each student that a file was taken in; the revision."""
    revision = _note_run(session, prepared, _report(prepared.read, difference, prepared.table, "apply"))
    if prepared.is_about_students:
        mark_changed(session, (key[0] for key in difference.added | difference.changed), revision)
    return revision


def _check_students_again(session: Session, prepared: Prepared) -> None:
    vocabulary = {column.name: column.vocabulary for column in prepared.shape.columns}.get("student_id")
    if vocabulary is None or not prepared.read.rows:
        return
    known = set(session.scalars(prepared.students))
    for row in prepared.read.rows:
        if row.cells["student_id"] not in known:
            prepared.read.blame(row, "student_id", None, UNKNOWN[vocabulary], f"unknown_{vocabulary}")


def _answer(prepared: Prepared, difference: Difference, mode: Mode) -> ImportReport:
    """Report; a file with faults is refused whole."""
    report = _report(prepared.read, difference, prepared.table, mode)
    if mode == "apply" and prepared.read.is_refused:
        raise ImportRefusedError(_refusal(report), report=report.model_dump())
    return report


def school_of(session: Session, actor: Actor, shape: Format, school_code: str | None) -> str | None:
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


def store(session: Session, prepared: Prepared, *, keep: bool, changes: list[StoredChange] | None = None) -> Difference:
    """Compare with what is stored and, with `keep`, change it: inside a savepoint, since faults may still turn up."""
    read = prepared.read
    incoming = Incoming(
        session,
        read,
        prepared.school_code,
        prepared.actor.actor_id,
        prepared.instrument,
        may_move_students=prepared.is_operators,
        is_kept=keep,
        keeps_others=prepared.is_of_school,
        changes=changes,
    )
    if not read.is_broken:
        check_rows(incoming, prepared)
    if read.is_refused:
        return Difference()
    read.drop_bad()
    if not keep:
        return _taker(prepared.table)(incoming)
    with session.begin_nested() as savepoint:
        difference = _taker(prepared.table)(incoming)
        if read.is_refused:
            savepoint.rollback()
    session.expire_all()  # rows were written past the session's own copies
    return difference


def check_rows(incoming: Incoming, prepared: Prepared) -> None:
    """What one cell alone cannot tell."""
    if incoming.instrument is not None:
        _check_consent(incoming)
        check = check_scores if format_name(prepared.table) == SCORES else check_answers
        check(incoming)
    if prepared.table == "knowledge":
        check_points(incoming)
    if prepared.table == "marks":
        check_terms(incoming, prepared.today.as_of)


def _taker(table: str) -> Callable[[Incoming], Difference]:
    if table in PLAIN:
        return lambda incoming: take_plain(incoming, PLAIN[table])
    if table in SURVEYS:
        return lambda incoming: take_survey(incoming, table)
    takers = {
        "roster": take_roster,
        "consents": take_members,
        "conditions": take_members,
        "marks": take_marks,
        "guidance_hours": take_hours,
        SCORES: take_scores,
    }
    return takers.get(format_name(table), take_answers)


def _check_consent(incoming: Incoming) -> None:
    """Answers of a student whose representative did not agree to testing in that year must not be kept."""
    query = sa.select(ClassMember.student_id, ClassMember.school_year, ClassMember.consent_testing)
    consents = {
        (student, year): agreed
        for student, year, agreed in incoming.session.execute(query.where(incoming.of_school(ClassMember)))
    }
    for row in incoming.read.rows:
        agreed = consents.get((row.cells["student_id"], school_year_of(row.cells["taken_on"])))
        if agreed is None:
            incoming.read.blame(row, "student_id", None, NOT_ON_ROSTER, "not_on_roster")
        elif not agreed:
            incoming.read.blame(row, "student_id", None, NO_CONSENT, "no_consent")


def _report(read: ReadTable, difference: Difference, table: str, mode: Mode) -> ImportReport:
    return ImportReport(
        table=table,
        file=read.file,
        mode=mode,
        row_count=len(read.rows),
        added_count=len(difference.added),
        changed_count=len(difference.changed),
        unchanged_count=len(difference.unchanged),
        applied=mode == "apply" and not read.is_refused,
        faults=read.faults,
        fault_count=read.fault_count,
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


def _note_run(session: Session, prepared: Prepared, report: ImportReport) -> int:
    session.add(
        ImportRun(
            table_name=report.table,
            school_code=prepared.school_code,
            checksum=prepared.checksum,
            row_count=report.row_count,
            added_count=report.added_count,
            changed_count=report.changed_count,
            applied_at=now(),
            actor_id=prepared.actor.actor_id,
        )
    )
    subject = f"{prepared.school_code or 'region'}/{report.table}"
    facts = {"checksum": prepared.checksum, "added": report.added_count, "changed": report.changed_count}
    number = audit.record(session, actor=prepared.actor, deed="import.applied", subject=subject, **facts)
    if prepared.school_code is not None:  # files of the region are nobody's in particular
        counts = report.model_dump(include={"table", "row_count", "added_count", "changed_count", "unchanged_count"})
        announce(
            session, number=number, event_type=IMPORT_FINISHED, subject=subject, data=counts,
            school_code=prepared.school_code,
        )  # fmt: skip
    return number
