"""What was read from the database and still stands, because nobody has committed anything since."""

import threading
from typing import Generic, TypeVar

from service.db import Database

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
MOST = 10_000


class Standing(Generic[KeyT, ValueT]):
    """Findings by key, each good until the next commit of anybody; on PostgreSQL nothing stands, all is read again.

    The count of commits is taken before the reading, so that a finding is never older than it says.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._at: int | None = None
        self._found: dict[KeyT, ValueT] = {}

    def find(self, key: KeyT) -> ValueT | None:
        """The finding, if it stands."""
        commits = self._database.commit_count()
        with self._lock:
            return self._found.get(key) if commits is not None and commits == self._at else None

    def keep(self, key: KeyT, commits: int | None, value: ValueT) -> None:
        """A finding, with the count of commits from before it was read."""
        if commits is None:
            return
        with self._lock:
            if commits != self._at or len(self._found) >= MOST:  # whatever was found before has fallen
                self._found.clear()
                self._at = commits
            self._found[key] = value
