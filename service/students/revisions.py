"""Which deed last changed what is known about a student: kept answers, ETags and nightly copies go by it.

A revision is the number of the deed's audit record. Records are numbered one transaction after another, so revisions
rise in the order of commits: whoever asks for what changed since one misses nothing.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor, visible_students
from service.errors import NotFoundError
from service.students.queries import NO_STUDENT
from service.tables import Student


def mark_changed(session: Session, student_ids: Iterable[str], revision: int) -> None:
    """Say that a deed changed something about these students; part of the deed's own transaction."""
    changed = [{"changed_id": student_id} for student_id in sorted(set(student_ids))]
    if changed:
        same = sa.update(Student).where(Student.student_id == sa.bindparam("changed_id"))
        session.connection().execute(same.values(revision=revision), changed)


def get_revision(session: Session, actor: Actor, student_id: str) -> int:
    """Revision of a student whom the actor may see; anybody else's is as absent as one that does not exist."""
    of = visible_students(actor).with_only_columns(Student.revision).where(Student.student_id == student_id)
    revision = session.execute(of).scalar_one_or_none()
    if revision is None:
        raise NotFoundError(NO_STUDENT)
    return int(revision)
