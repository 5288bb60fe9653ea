"""The service over HTTP, for a school's system and for the screens: asked again where that helps, and done once.

Needs httpx2 and the wire schemas, and nothing else of the service: docs/decisions/0040.
"""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2

from service.batches.schemas import BatchRow, NewBatch
from service.imports.schemas import ImportReport
from service.recommendations.schemas import StudentRecommendations
from service.students.schemas import ClassList, ClassStudents, KnownStudent, StudentPage
from service.wire import Wire

__all__ = ["NewBatch", "Orientir", "RefusedError", "connect"]

TIMEOUT_SECONDS = 20.0
LONGEST_WAIT_SECONDS = 120  # that a service may ask for and be waited for
FIRST_PAUSE_SECONDS = 0.5  # after a line that broke; twice as long each time
PAGE = 500
NO_ANSWER, DAMAGED = "no_answer", "damaged"
UNENDED = ("queued", "running")
A = TypeVar("A", bound=Wire)


class RefusedError(Exception):
    """The service refused, with its stable `code`, or did not answer: `no_answer`. What is said is for people."""

    def __init__(self, code: str, sentence: str, *, status: int | None = None, facts: Mapping[str, Any] | None = None):
        super().__init__(sentence)
        self.code, self.status, self.facts = code, status, dict(facts or {})


class Orientir:
    """One caller of a service. A call is repeated, under one Idempotency-Key, up to `attempts` times in all."""

    def __init__(self, connection: httpx2.Client, credentials: str | None, *, attempts: int = 5) -> None:
        self._connection, self._credentials, self._attempts = connection, credentials, attempts

    def import_table(self, table: str, content: bytes, *, check: bool = False) -> ImportReport:
        """Send a CSV file such as `roster` or `marks`; with `check` nothing is taken in."""
        path, mode = f"/v1/imports/{table}", {"mode": "check" if check else "apply"}
        headers = {"Content-Type": "text/csv"}
        return self.post(ImportReport, path, params=mode, content=content, headers=headers)

    def classes(self) -> ClassList:
        """Classes that may be seen, with the counts of who lacks what."""
        return self.get(ClassList, "/v1/classes")

    def class_students(self, class_id: str) -> ClassStudents:
        """Students of a class."""
        return self.get(ClassStudents, f"/v1/classes/{quote(class_id, safe='')}/students")

    def changed_since(self, revision: int, *, page: int = PAGE) -> Iterator[KnownStudent]:
        """Students of whom something changed, the earliest change first; keep the last one's `revision`."""
        cursor: str | None = None
        while True:
            found = self.get(StudentPage, "/v1/students", changed_since=revision, cursor=cursor, limit=page)
            yield from found.students
            cursor = found.next_cursor
            if cursor is None:
                return

    def lists_of(
        self, student_id: str, *, k: int | None = None, demand_strength: float | None = None
    ) -> StudentRecommendations:
        """Three ranked lists of a student, with reasons."""
        path = f"/v1/students/{quote(student_id, safe='')}/recommendations"
        return self.get(StudentRecommendations, path, k=k, demand_strength=demand_strength)

    def ask_for_batch(self, wanted: NewBatch, *, request_key: str | None = None) -> BatchRow:
        """Lists of a class or of the school in one file; a `request_key` of one's own outlives the caller."""
        return self.post(BatchRow, "/v1/batches", request_key=request_key, json=wanted.model_dump(mode="json"))

    def batch(self, batch_id: int) -> BatchRow:
        """How far a batch is."""
        return self.get(BatchRow, f"/v1/batches/{batch_id}")

    def wait_for_batch(self, batch_id: int, *, seconds: float = 3600.0, pause: float = 1.0) -> BatchRow:
        """The batch once it is done; RefusedError with its state as the code where it will not be, or not in time."""
        end = time.monotonic() + seconds
        while (batch := self.batch(batch_id)).state in UNENDED and time.monotonic() < end:
            time.sleep(pause)
        if batch.state != "done":
            raise RefusedError(batch.state, batch.error or f"Выгрузка № {batch_id} не готова: {batch.state}.")
        return batch

    def file_of(self, batch: BatchRow) -> bytes:
        """The file of a batch, as whole as it was made."""
        content: bytes = self.ask("GET", f"/v1/batches/{batch.batch_id}/file").content
        if hashlib.sha256(content).hexdigest() != batch.checksum:
            raise RefusedError(DAMAGED, f"Файл выгрузки № {batch.batch_id} дошёл не таким, каким был.")
        return content

    def get(self, answer: type[A], path: str, **params: Any) -> A:
        """Ask for something; parameters that are None are left out."""
        known = {name: value for name, value in params.items() if value is not None}
        return answer.model_validate_json(self.ask("GET", path, params=known).content)

    def post(self, answer: type[A], path: str, **sent: Any) -> A:
        """Have something done, once."""
        return answer.model_validate_json(self.ask("POST", path, **sent).content)

    def ask(self, method: str, path: str, *, request_key: str | None = None, **sent: Any) -> httpx2.Response:
        """One call, repeated while the service says to wait or the line breaks; RefusedError where it is of no use."""
        headers = dict(sent.pop("headers", {}))
        if self._credentials is not None:
            headers["Authorization"] = f"Bearer {self._credentials}"
        if method == "POST":
            headers["Idempotency-Key"] = request_key or str(uuid.uuid4())
        for attempt in range(1, self._attempts + 1):
            wait: float | None = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
            try:
                response = self._connection.request(method, path, headers=headers, **sent)
            except httpx2.HTTPError as error:
                refused = RefusedError(NO_ANSWER, f"Сервис не ответил: {type(error).__name__}.")
                wait = None if method == "DELETE" else wait  # perhaps it is gone: then it would not be found
            else:
                if not response.is_error:
                    return response
                refused, wait = _refusal(response), _wait_of(response)
            if wait is None or attempt == self._attempts:
                raise refused
            time.sleep(wait)
        raise ValueError("attempts: at least one")


def _refusal(response: httpx2.Response) -> RefusedError:
    """What the service said of a refusal; what is no problem of its own is named by its status."""
    try:
        problem = dict(json.loads(response.content))
    except (TypeError, ValueError):
        problem = {}
    code, sentence = problem.pop("code", f"http_{response.status_code}"), problem.pop("detail", "")
    return RefusedError(code, sentence or f"Отказ {response.status_code}.", status=response.status_code, facts=problem)


def _wait_of(response: httpx2.Response) -> float | None:
    """Seconds after which the same may be asked again; None where that is of no use, or too long."""
    said = response.headers.get("Retry-After", "")
    return float(said) if re.fullmatch("[0-9]{1,4}", said) and int(said) <= LONGEST_WAIT_SECONDS else None


def open_connection(address: str) -> httpx2.Client:
    """Connections to a service, never through a proxy: it stands in the same network."""
    return httpx2.Client(base_url=address, timeout=TIMEOUT_SECONDS, trust_env=False)


@contextmanager
def connect(address: str, key: str, *, attempts: int = 5) -> Iterator[Orientir]:
    """A school's system signed in with its key."""
    with open_connection(address) as connection:
        yield Orientir(connection, key, attempts=attempts)
