"""Erasing one child: every row, and what leads to it from the audit; an act stays that does not say whose."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import SCHOOL_ROLES, Actor, Permission, Role, check_permission
from service.clock import now
from service.db import IMPORT_LOCK, Database, lock_table
from service.errors import DeniedError
from service.privacy.holdings import HOLDINGS
from service.privacy.papers import check_paper
from service.privacy.readings import names_of_actors, subjects_of
from service.privacy.schemas import ErasureAct, ErasureDone, ErasureList, Ground, RemovedRows, TrailLine
from service.pseudonyms import digest_of
from service.retraining import enqueue_training, is_learned_from
from service.students.queries import get_student
from service.tables import AuditRecord, Batch, Erasure, Intake, Student, StudentIdentity

GROUNDS = {
    "request": "требование законного представителя или ученика",
    "consent": "отзыв согласия на обработку",
    "retention": "истёк срок хранения",
    "mistake": "внесён по ошибке",
}
LEARNED = (
    "Действующая модель обучена и на исходах этого ученика: самих исходов в ней нет, но веса их учли. "
    "Обучение без них поставлено в очередь; прежние версии можно удалить с диска."
)
# of a file that may name the child: its own name may too
NOT_TOLD = {"content": None, "report": sa.null(), "file_name": "—"}
NOT_LEARNED = "На исходах этого ученика действующая модель не обучалась."
NOT_SCRUBBED = "В файле базы ещё могут быть остатки строк: базу читали. Повторите: orientir db scrub."
BACKUPS = (
    "В прежних резервных копиях данные остаются до конца их срока; "
    "при восстановлении из копии (orientir restore) стирание повторяется само."
)
TITLES = {holding.name: holding.title_ru for holding in HOLDINGS}


def erase_student(
    session: Session, *, actor: Actor, student_id: str, ground: Ground, document: str | None = None
) -> ErasureDone:
    """Erase a student whom the actor may see, in one transaction; `scrub_erased` then looks after the file."""
    check_permission(actor, Permission.ERASE_STUDENTS)
    lock_table(session, IMPORT_LOCK)  # a file that names the student waits, and is then refused
    student = get_student(session, actor, student_id)
    session.execute(sa.select(Student.student_id).where(Student.student_id == student_id).with_for_update())
    check_paper(document, session.get(StudentIdentity, student_id))
    was_learned_from, school = is_learned_from(session, student_id), student.school_code
    trail = _trail(session, student_id)
    removed = count_rows(session, student_id)
    act = Erasure(
        erased_at=now(),
        actor_id=actor.actor_id,
        school_code=school,
        ground=ground,
        document=document,
        pseudonym_digest=digest_of(session, student_id),
        removed=removed,
        was_learned_from=was_learned_from,
    )
    session.add(act)
    session.flush()
    _remove_files(session, school)
    session.execute(sa.delete(Student).where(Student.student_id == student_id))  # every other row hangs on this one
    session.expire_all()
    audit.record(
        session,
        actor=actor,
        deed="student.erased",
        subject=f"erasure:{act.erasure_id}",
        ground=ground,
        school_code=school,
        removed=removed,
        was_learned_from=was_learned_from,
    )
    if was_learned_from:
        enqueue_training(session, actor=actor, cause=f"erasure {act.erasure_id}")
    return ErasureDone(**_told(act, names_of_actors(session, {act.actor_id})), trail=trail)


def _remove_files(session: Session, school_code: str) -> None:
    """Files that may name the child: the worker takes batches off the disk; what waits to be read is brought again."""
    may_name = sa.or_(Batch.school_code == school_code, Batch.school_code.is_(None))
    session.execute(sa.update(Batch).where(may_name, Batch.removed_at.is_(None)).values(removed_at=now()))
    brought = sa.or_(Intake.school_code == school_code, Intake.school_code.is_(None))
    session.execute(sa.update(Intake).where(brought).values(**NOT_TOLD))


def count_rows(session: Session, student_id: str) -> dict[str, int]:
    """Rows of a student by table, where there are any."""
    counts = {}
    for holding in HOLDINGS:
        of = holding.core.c.student_id == student_id
        counts[holding.name] = session.scalar(sa.select(sa.func.count()).select_from(holding.table).where(of)) or 0
    return {name: count for name, count in counts.items() if count}


def _trail(session: Session, student_id: str) -> list[TrailLine]:
    """The extract of the audit: once the student is gone, nobody can say which records were about whom."""
    query = sa.select(AuditRecord.recorded_at, AuditRecord.actor_id, AuditRecord.deed)
    query = query.where(AuditRecord.subject.in_(subjects_of(session, student_id))).order_by(AuditRecord.audit_id)
    rows = session.execute(query).all()
    who = names_of_actors(session, {actor_id for _, actor_id, _ in rows})
    return [TrailLine(at=at, who=who[actor_id], deed=deed) for at, actor_id, deed in rows]


def scrub_erased(database: Database) -> bool:
    """Take what erasures left in the database's file out of it; said of every act that still waits for it."""
    if not database.scrub([*(holding.name for holding in HOLDINGS), Intake.__tablename__]):
        return False
    with database.writing() as session:
        waiting = sa.update(Erasure).where(Erasure.scrubbed_at.is_(None))
        session.execute(waiting.values(scrubbed_at=now()))
    return True


def list_erasures(session: Session, *, actor: Actor) -> ErasureList:
    """Acts of the actor's school; of all schools for the operator."""
    check_permission(actor, Permission.ERASE_STUDENTS)
    query = sa.select(Erasure).order_by(Erasure.erasure_id.desc())
    if actor.role in SCHOOL_ROLES:
        query = query.where(Erasure.school_code == actor.school_code)
    elif actor.role is not Role.OPERATOR:
        raise DeniedError("Акты о стирании читает школа.")
    rows = list(session.scalars(query))
    who = names_of_actors(session, {row.actor_id for row in rows})
    return ErasureList(erasures=[ErasureAct(**_told(row, who)) for row in rows])


def _told(row: Erasure, who: Mapping[str, str]) -> dict[str, Any]:
    notes = [LEARNED if row.was_learned_from else NOT_LEARNED, BACKUPS]
    if row.scrubbed_at is None:
        notes.append(NOT_SCRUBBED)
    return {
        "erasure_id": row.erasure_id,
        "erased_at": row.erased_at,
        "erased_by": who[row.actor_id],
        "school_code": row.school_code,
        "ground": row.ground,
        "ground_title": GROUNDS[row.ground],
        "document": row.document,
        "removed": [RemovedRows(table=t, title_ru=TITLES.get(t, t), row_count=n) for t, n in row.removed.items()],
        "was_learned_from": row.was_learned_from,
        "is_scrubbed": row.scrubbed_at is not None,
        "notes": notes,
    }


def after_scrub(act: ErasureDone, *, is_scrubbed: bool) -> ErasureDone:
    """The act as it is once the file was looked after."""
    notes = [note for note in act.notes if note != NOT_SCRUBBED or not is_scrubbed]
    return act.model_copy(update={"is_scrubbed": is_scrubbed, "notes": notes})


def erased_among(session: Session, student_ids: set[str]) -> set[str]:
    """Pseudonyms of a file that belong to somebody erased: they must not come back with it."""
    known = set(session.scalars(sa.select(Erasure.pseudonym_digest)))
    return {each for each in student_ids if digest_of(session, each) in known} if known else set()
