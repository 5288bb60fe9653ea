"""Where the audit ended, day by day, noted beside the database: an old copy put in its place is noticed.

One line a day: number of the last record, its hash, and a seal that only this installation's key makes.
"""

from pathlib import Path

from sqlalchemy.orm import Session

from service import audit
from service.clock import now
from service.db import Database
from service.sealed_lines import add_lines, read_lines

PURPOSE, PART_COUNT = "anchor", 3  # day, number, hash


def note_anchor(database: Database, path: Path, secret_key: bytes) -> bool:
    """Add today's line, if there is none and the audit has grown; whether one was added."""
    day = now().date().isoformat()
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    if lines and lines[-1].startswith(day):
        return False
    with database.reading() as session:
        end = audit.find_end(session)
    if end is None or (lines and lines[-1].split(" ")[1:2] == [str(end[0])]):
        return False
    add_lines(path, secret_key, PURPOSE, [f"{day} {end[0]} {end[1]}"])
    return True


def read_anchors(path: Path, secret_key: bytes) -> dict[int, str]:
    """Hash by number of record; ConflictError names a line that this installation did not write."""
    found: dict[int, str] = {}
    for _, number, digest in read_lines(path, secret_key, PURPOSE, PART_COUNT):
        found.setdefault(int(number), digest)  # what was noted first counts
    return found


def check_audit(session: Session, path: Path, secret_key: bytes) -> audit.ChainCheck:
    """Walk the audit and hold it against what was noted beside the database."""
    return audit.verify(session, read_anchors(path, secret_key))
