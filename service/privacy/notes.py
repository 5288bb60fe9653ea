"""Erasures noted beside the database: a copy from before them, put back, has the same children erased again.

One sealed line an erasure: its day, ground and the keyed digest of the pseudonym. Whose data they were cannot be read
from it.
"""

from collections.abc import Mapping
from typing import cast

import sqlalchemy as sa
import structlog

from service.access import OPERATOR
from service.db import Database
from service.errors import ConflictError
from service.privacy.erasure import erase_student
from service.privacy.schemas import Ground
from service.pseudonyms import digest_of
from service.sealed_lines import add_lines, read_lines
from service.settings import Settings, read_secret_key
from service.tables import Erasure, Student

log = structlog.get_logger()

PURPOSE, PART_COUNT = "erasure", 3  # day, ground, digest
AGAIN = "повторно, после восстановления из копии"


def note_erasures(database: Database, settings: Settings) -> int:
    """Add what is not noted yet; how many lines were added.

    What hinders it is only logged: the erasure stands and its act must be told; the worker tries again every day.
    """
    with database.reading() as session:
        acts = session.execute(
            sa.select(Erasure.erased_at, Erasure.ground, Erasure.pseudonym_digest).order_by(Erasure.erasure_id)
        ).all()
    if not acts:
        return 0
    try:
        noted = read_notes(settings)
        texts = [f"{at.date().isoformat()} {ground} {digest}" for at, ground, digest in acts if digest not in noted]
        if texts:
            add_lines(settings.erasure_notes_file, read_secret_key(settings), PURPOSE, texts)
    except (OSError, ConflictError) as error:
        log.error("erasures not noted", error=type(error).__name__, file=settings.erasure_notes_file.name)
        return 0
    return len(texts)


def read_notes(settings: Settings) -> dict[str, Ground]:
    """Ground by digest; ConflictError names a line that this installation did not write."""
    lines = read_lines(settings.erasure_notes_file, read_secret_key(settings), PURPOSE, PART_COUNT)
    return {digest: cast(Ground, ground) for _, ground, digest in lines}


def repeat_erasures(database: Database, notes: Mapping[str, Ground]) -> int:
    """Erase again whoever was erased after the copy that was put back; how many there were."""
    if not notes:
        return 0
    with database.reading() as session:
        students = session.scalars(sa.select(Student.student_id).order_by(Student.student_id))
        digests = ((student_id, digest_of(session, student_id)) for student_id in students)
        back = [(student_id, notes[digest]) for student_id, digest in digests if digest in notes]
    for student_id, ground in back:
        with database.writing() as session:
            erase_student(session, actor=OPERATOR, student_id=student_id, ground=ground, document=AGAIN)
    return len(back)
