"""Lines kept beside the database, each under a seal that only this installation's key makes."""

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

from service.errors import ConflictError


def add_lines(path: Path, key: bytes, purpose: str, texts: Iterable[str]) -> None:
    """Write texts at the end, each with its seal; parts of a text are parted by one space."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.writelines(f"{text} {_seal(key, purpose, text)}\n" for text in texts)


def read_lines(path: Path, key: bytes, purpose: str, part_count: int) -> list[list[str]]:
    """Parts of every text, without the seals; ConflictError names a line that this installation did not write."""
    found: list[list[str]] = []
    if not path.is_file():
        return found
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        text, _, seal = line.rpartition(" ")
        parts = text.split(" ")
        if len(parts) != part_count or not hmac.compare_digest(seal.encode(), _seal(key, purpose, text).encode()):
            raise ConflictError(f"{path.name}: строка {number} написана не этой установкой или повреждена.")
        found.append(parts)
    return found


def _seal(key: bytes, purpose: str, text: str) -> str:
    return hmac.new(key, f"{purpose} {text}".encode(), hashlib.sha256).hexdigest()
