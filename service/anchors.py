"""Where the audit ended, day by day, noted beside the database: an old copy put in its place is noticed.

One line a day: number of the last record, its hash, and a seal that only this installation's key makes.
"""

import hashlib
import hmac
from pathlib import Path

from sqlalchemy.orm import Session

from service import audit
from service.clock import now
from service.db import Database
from service.errors import ConflictError

PARTS = 4  # day, number, hash, seal


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
    text = f"{day} {end[0]} {end[1]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{text} {_seal(secret_key, text)}\n")
    return True


def read_anchors(path: Path, secret_key: bytes) -> dict[int, str]:
    """Hash by number of record; ConflictError names a line that this installation did not write."""
    found: dict[int, str] = {}
    if not path.is_file():
        return found
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        text, _, seal = line.rpartition(" ")
        parts = line.split(" ")
        if len(parts) != PARTS or not hmac.compare_digest(seal.encode(), _seal(secret_key, text).encode()):
            raise ConflictError(f"{path.name}: строка {number} написана не этой установкой или повреждена.")
        found.setdefault(int(parts[1]), parts[2])  # what was noted first counts
    return found


def check_audit(session: Session, path: Path, secret_key: bytes) -> audit.ChainCheck:
    """Walk the audit and hold it against what was noted beside the database."""
    return audit.verify(session, read_anchors(path, secret_key))


def _seal(secret_key: bytes, text: str) -> str:
    return hmac.new(secret_key, f"anchor {text}".encode(), hashlib.sha256).hexdigest()
