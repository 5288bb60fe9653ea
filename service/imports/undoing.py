"""Undoing the last file of a school: rows go back to what they were, as long as nothing has built on them since."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor, Permission, check_permission
from service.clock import now
from service.db import IMPORT_LOCK, lock_table
from service.errors import ConflictError
from service.imports.storing import Row, core_table, insert_many, store_groups
from service.imports.tables_in import StoredChange
from service.privacy.consents import note_roster
from service.students.revisions import mark_changed
from service.tables import ClassMember, ImportRun, Intake, IntakeChange, Showing, Student, Table
from service.tables.columns import CodeList

NOT_LAST = "Отменить можно только последнюю загрузку школы, и только один раз."
NAMED_BY_OTHERS = "На то, что принёс этот файл, уже ссылаются другие данные: отменить его нельзя."
BUILT_ON = (
    "После этой загрузки данные {count} учеников изменились или по ним показаны рекомендации: отменить её нельзя."
)
TABLES: Mapping[str, type[Table]] = {
    str(mapper.class_.__tablename__): mapper.class_ for mapper in Table.registry.mappers
}


def keep_changes(session: Session, intake: Intake, changes: Sequence[StoredChange]) -> None:
    """Keep what was before, by student; what an earlier file of the school kept goes: it can no longer be undone."""
    _forget_earlier(session, intake)
    turns: dict[tuple[int, str, tuple[str, ...], str | None], list[dict[str, Any]]] = defaultdict(list)
    turn, last = 0, ""
    for change in changes:
        if change.table != last:
            turn, last = turn + 1, change.table
        student = str(change.key[0]) if change.group[0] == "student_id" else None
        rows = [{name: _written(value) for name, value in row.items()} for row in change.before]
        turns[turn, change.table, change.group, student].append(
            {"key": [_written(part) for part in change.key], "rows": rows}
        )
    kept = [
        {
            "intake_id": intake.intake_id, "turn": number, "table_name": table, "key_columns": group,
            "student_id": student, "before": before,
        }
        for (number, table, group, student), before in turns.items()
    ]  # fmt: skip
    if kept:
        insert_many(session.connection(), core_table(IntakeChange), kept)


def _forget_earlier(session: Session, intake: Intake) -> None:
    same = Intake.school_code == intake.school_code if intake.school_code is not None else Intake.school_code.is_(None)
    earlier = sa.select(Intake.intake_id).where(same, Intake.intake_id != intake.intake_id)
    session.execute(sa.delete(IntakeChange).where(IntakeChange.intake_id.in_(earlier)))


def find_undoable(session: Session, school_code: str | None) -> Intake | None:
    """The last file of a school, where it was not undone yet."""
    same = Intake.school_code == school_code if school_code is not None else Intake.school_code.is_(None)
    query = sa.select(Intake).where(same, Intake.applied_at.is_not(None))
    newest = query.order_by(Intake.applied_at.desc(), Intake.intake_id.desc()).limit(1)  # a large one may wait long
    last = session.scalars(newest).one_or_none()
    return last if last is not None and last.undone_at is None and not _has_later_run(session, last) else None


def undo_intake(session: Session, *, actor: Actor, intake: Intake) -> int:
    """Bring back what was before the last file of a school; how many rows went back."""
    check_permission(actor, Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION)
    lock_table(session, IMPORT_LOCK)
    last = find_undoable(session, intake.school_code)
    if last is None or last.intake_id != intake.intake_id:
        raise ConflictError(NOT_LAST, intake_id=intake.intake_id)
    of_file = sa.select(IntakeChange).where(IntakeChange.intake_id == intake.intake_id)
    changes = list(session.scalars(of_file.order_by(IntakeChange.turn.desc(), IntakeChange.change_id.desc())))
    students = {change.student_id for change in changes if change.student_id is not None}
    _check_nothing_built(session, intake, students)
    try:
        with session.begin_nested():
            count = _bring_back(session, actor, intake.intake_id, changes)
    except sa.exc.IntegrityError:  # a school or a class that others name by now
        raise ConflictError(NAMED_BY_OTHERS, intake_id=intake.intake_id) from None
    intake.undone_at = now()
    session.execute(sa.delete(IntakeChange).where(IntakeChange.intake_id == intake.intake_id))
    subject = f"{intake.school_code or 'region'}/intake:{intake.intake_id}"
    revision = audit.record(session, actor=actor, deed="import.undone", subject=subject, rows=count)
    mark_changed(session, students, revision)
    session.expire_all()
    return count


def _has_later_run(session: Session, intake: Intake) -> bool:
    """Whether a table that came in by command changed something of the same school since."""
    same = (
        ImportRun.school_code == intake.school_code
        if intake.school_code is not None
        else ImportRun.school_code.is_(None)
    )
    later = sa.select(ImportRun.import_run_id).where(
        same, ImportRun.applied_at > intake.applied_at, ImportRun.added_count + ImportRun.changed_count > 0
    )
    return session.scalar(later.limit(1)) is not None


def _check_nothing_built(session: Session, intake: Intake, students: set[str]) -> None:
    """Whoever was changed, ranked or decided about since, keeps what the file brought."""
    later = session.execute(
        sa.select(Student.student_id, Student.revision).where(Student.revision > (intake.revision or 0))
    )
    changed = {student for student, _ in later} & students
    shown = sa.select(Showing.student_id).where(Showing.shown_at > intake.applied_at).distinct()
    changed |= set(session.scalars(shown)) & students
    if changed:
        raise ConflictError(BUILT_ON.format(count=len(changed)), intake_id=intake.intake_id, student_count=len(changed))


def _bring_back(session: Session, actor: Actor, intake_id: int, changes: Sequence[IntakeChange]) -> int:
    """From the last table to the first: what was added goes, what was changed is as it was."""
    by_turn: dict[tuple[int, str, tuple[str, ...]], dict[tuple[Any, ...], list[Row]]] = defaultdict(dict)
    for change in changes:
        table = TABLES[change.table_name]
        for group in change.before:
            key = tuple(_read(table, name, part) for name, part in zip(change.key_columns, group["key"], strict=True))
            rows: list[Row] = [
                {name: _read(table, name, value) for name, value in row.items()} for row in group["rows"]
            ]
            by_turn[change.turn, change.table_name, change.key_columns][key] = rows
    count, of_file = 0, sa.select(IntakeChange.student_id).where(IntakeChange.intake_id == intake_id)
    for (_, name, group_columns), wanted in by_turn.items():
        table = TABLES[name]
        where = table.__table__.c.student_id.in_(of_file) if group_columns[0] == "student_id" else None
        stored = store_groups(session, table, group=group_columns, wanted=wanted, where=where)
        count += len(stored.changed) + len(stored.added)
        if table is ClassMember:
            moved = [(stored.before[key][0], wanted[key][0]) for key in sorted(stored.changed) if wanted[key]]
            note_roster(session, actor_id=actor.actor_id, rows=moved)
    return count


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value


def _read(table: type[Table], name: str, value: Any) -> Any:
    kind = table.__table__.c[name].type
    if isinstance(kind, sa.Date) and value is not None:
        return date.fromisoformat(value)
    return tuple(value or ()) if isinstance(kind, CodeList) else value
