"""Answers kept as they left: made once for a student's revision and a layout of the ranker, then only looked up.

An answer depends on nothing else: whatever changes what is known or decided about a student moves the revision,
whatever changes the ranker or the list in force lays it out anew.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from service.db import Database
from service.recommendations.answers import Crowding
from service.recommendations.schemas import EditionStamp, StudentRecommendations
from service.recommendations.shelf import Serving
from service.recommendations.showings import Shown, shown_in
from service.standing import Standing

ETAG_SIGNS = 32
MEGABYTE = 1024 * 1024
Outside = tuple[object, ...]  # what an answer depends on beside the database
REMEMBERED_READERS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything of a request that an answer depends on."""

    student_id: str
    k: int
    demand_strength: float
    discovery: bool
    edition: str | None


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """Everything else that an answer depends on: compared as the very same objects."""

    serving: Serving
    crowding: Crowding | None
    revision: int

    def is_same(self, other: "MadeFrom") -> bool:
        """Whether nothing has changed."""
        return self.revision == other.revision and self.serving is other.serving and self.crowding is other.crowding


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it goes over the wire, and what of it is recorded as shown."""

    made_from: MadeFrom
    body: bytes
    etag: str
    edition: EditionStamp | None
    shown: Shown | None

    def digest(self, day: date) -> tuple[str, bool, date]:
        """What tells a showing from another: a list without room for anything new reads the same, asked for or not."""
        return (self.etag, self.shown is not None and self.shown.discovery, day)


class KeptAnswers:
    """The answers asked for last, as many as fit."""

    def __init__(self, database: Database, megabytes: int) -> None:
        self._room = megabytes * MEGABYTE
        self._lock = threading.Lock()
        self._kept: OrderedDict[Asked, KeptAnswer] = OrderedDict()
        self._size = 0
        self._laid_out: Serving | None = None
        self._recorded: OrderedDict[tuple[str, str], tuple[str, bool, date]] = OrderedDict()  # digests
        self._standing: Standing[tuple[str, Asked], tuple[MadeFrom, Outside]] = Standing(database)

    def find_standing(self, reader: str, asked: Asked, outside: Outside) -> KeptAnswer | None:
        """What this reader was answered, looked up and recorded since the last commit of anybody."""
        found = self._standing.find((reader, asked))
        if found is None or found[1] != outside:
            return None
        with self._lock:
            kept = self._kept.get(asked)
            if kept is None or kept.made_from is not found[0]:
                return None
            self._kept.move_to_end(asked)
            return kept

    def note_standing(self, reader: str, asked: Asked, outside: Outside, commits: int | None, kept: KeptAnswer) -> None:
        """All that an answer needs was just looked up, and the reader may have it."""
        self._standing.keep((reader, asked), commits, (kept.made_from, outside))

    def take(self, asked: Asked, made_from: MadeFrom, make: Callable[[], StudentRecommendations]) -> KeptAnswer:
        """The kept answer, or one made now; two who ask at once may both make it."""
        with self._lock:
            if self._laid_out is not made_from.serving:  # what was made from another layout is of no more use
                self._forget()
                self._laid_out = made_from.serving
            kept = self._kept.get(asked)
            if kept is not None and kept.made_from.is_same(made_from):
                self._kept.move_to_end(asked)
                return kept
        answer = make()
        body = answer.model_dump_json().encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:ETAG_SIGNS]}"'
        shown = next(iter(shown_in(answer, discovery=asked.discovery)), None)
        made = KeptAnswer(made_from, body, etag, answer.demand_edition, shown)
        with self._lock:
            self._drop(asked)
            self._kept[asked] = made
            self._size += len(body)
            while self._size > self._room:
                self._drop(next(iter(self._kept)))
        return made

    def _drop(self, asked: Asked) -> None:
        gone = self._kept.pop(asked, None)
        if gone is not None:
            self._size -= len(gone.body)

    def is_recorded(self, reader: str, student_id: str, kept: KeptAnswer, day: date) -> bool:
        """Whether the last that this process recorded for this reader about the student, today, is this very answer."""
        with self._lock:
            return self._recorded.get((reader, student_id)) == kept.digest(day)

    def note_recorded(self, reader: str, student_id: str, kept: KeptAnswer, day: date) -> None:
        """It stands in the table now."""
        with self._lock:
            self._recorded[reader, student_id] = kept.digest(day)
            self._recorded.move_to_end((reader, student_id))
            if len(self._recorded) > REMEMBERED_READERS:
                self._recorded.popitem(last=False)

    def forget(self) -> None:
        """Keep nothing about anybody."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._kept.clear()
        self._recorded.clear()
        self._size = 0
