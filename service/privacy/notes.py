"""Erasures noted beside the database: a copy from before them, put back, has the same children erased again.

One line an erasure: its day, ground, the keyed digest of the pseudonym, and a seal that only this installation's key
makes. Whose data they were cannot be read from it.
"""

import hashlib
import hmac
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import OPERATOR
from service.db import Database
from service.errors import ConflictError
from service.privacy.erasure import erase_student
from service.privacy.schemas import Ground
from service.pseudonyms import digest_of
from service.settings import Settings, read_secret_key
from service.tables import Erasure, Student

PARTS = 4  # day, ground, digest, seal
AGAIN = "повторно, после восстановления из копии"


def note_erasures(database: Database, settings: Settings) -> int:
    """Add what is not noted yet; how many lines were added."""
    path, key = settings.erasure_notes_file, read_secret_key(settings)
    with database.reading() as session:
        acts = session.execute(
            sa.select(Erasure.erased_at, Erasure.ground, Erasure.pseudonym_digest).order_by(Erasure.erasure_id)
        ).all()
    if not acts:
        return 0
    noted = read_notes(path, key)
    texts = [f"{at.date().isoformat()} {ground} {digest}" for at, ground, digest in acts if digest not in noted]
    if texts:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.writelines(f"{text} {_seal(key, text)}\n" for text in texts)
    return len(texts)


def read_notes(path: Path, key: bytes) -> dict[str, Ground]:
    """Ground by digest; ConflictError names a line that this installation did not write."""
    found: dict[str, Ground] = {}
    if not path.is_file():
        return found
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        text, _, seal = line.rpartition(" ")
        parts = line.split(" ")
        if len(parts) != PARTS or not hmac.compare_digest(seal.encode(), _seal(key, text).encode()):
            raise ConflictError(f"{path.name}: строка {number} написана не этой установкой или повреждена.")
        found[parts[2]] = cast(Ground, parts[1])
    return found


def repeat_erasures(database: Database, settings: Settings) -> int:
    """Erase again whoever was erased after the copy that was put back; how many there were."""
    notes = read_notes(settings.erasure_notes_file, read_secret_key(settings))
    if not notes:
        return 0
    with database.reading() as session:
        back = _came_back(session, notes)
    for student_id, ground in back:
        with database.writing() as session:
            erase_student(session, actor=OPERATOR, student_id=student_id, ground=ground, document=AGAIN)
    return len(back)


def _came_back(session: Session, notes: dict[str, Ground]) -> list[tuple[str, Ground]]:
    students = session.scalars(sa.select(Student.student_id).order_by(Student.student_id))
    digests = ((student_id, digest_of(session, student_id)) for student_id in students)
    return [(student_id, notes[digest]) for student_id, digest in digests if digest in notes]


def _seal(key: bytes, text: str) -> str:
    return hmac.new(key, f"erasure {text}".encode(), hashlib.sha256).hexdigest()
