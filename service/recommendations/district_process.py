"""The district is ranked in a process of its own: the serving one stays small and answers meanwhile.

It ends when nobody has asked for a while, and takes with it what it knew of students.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import BusyError
from service.recommendations.balance_schemas import DistrictBalance
from service.recommendations.district_schemas import DistrictPolicy
from service.settings import ONE_THREAD, Settings
from service.tables import ConsentRecord, Erasure, ImportRun

if TYPE_CHECKING:  # what it is asked for loads there, not here
    from service.recommendations.district_child import Desk

COMMAND = [sys.executable, "-c", "from service.recommendations.district_child import main; main()"]

Wanted = ParamSpec("Wanted")
Found = TypeVar("Found")


Changes = tuple[int | None, ...]


def find_changes(session: Session) -> Changes:
    """Another tuple whenever the district's students, or what may be said of them, have changed."""
    numbers = (ImportRun.import_run_id, ConsentRecord.consent_record_id, Erasure.erasure_id)
    return tuple(session.scalar(sa.select(sa.func.max(number))) for number in numbers)


@dataclass(frozen=True)
class Picture:
    """The district as one layout of the ranker sees it, without students."""

    layout: str
    changes: Changes
    policy: DistrictPolicy
    balance: DistrictBalance
    per_seat: list[float]


class DistrictLostError(BusyError):
    """The process has died twice over one question, or was stopped for good."""

    code = "district_not_ranked"
    title = "Район не рассчитан"
    title_en = "District not ranked"
    detail_en = "The district could not be ranked just now: repeat the request."

    def __init__(self) -> None:
        super().__init__("Район сейчас не удалось рассчитать. Повторите через несколько секунд.")


class DistrictProcess:
    """Asks one question after another; starts the process when there is something to ask."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = threading.Lock()  # one question at a time
        self._child: subprocess.Popen[bytes] | None = None
        self._over = False

    def ask(
        self, question: "Callable[Concatenate[Desk, Wanted], Found]", *wanted: Wanted.args, **named: Wanted.kwargs
    ) -> Found:
        """What the question finds there; its errors are raised here."""
        with self._turn:
            for _ in range(2):  # it may just have ended for want of questions
                try:
                    answered, found = self._exchange((question, wanted, named))
                except (EOFError, OSError, pickle.UnpicklingError):
                    self._end()
                    continue
                if not answered:
                    raise found
                return found
        raise DistrictLostError

    def _exchange(self, asked: object) -> tuple[bool, Any]:
        child = self._running()
        questions, answers = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)
        pickle.dump(asked, questions)
        questions.flush()
        answer: tuple[bool, Any] = pickle.load(answers)  # noqa: S301 -- from our own child over its own pipe
        return answer

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._over:
            raise DistrictLostError
        if self._child is None:
            environment = {**os.environ, **ONE_THREAD}
            pipe = subprocess.PIPE
            self._child = subprocess.Popen(COMMAND, env=environment, stdin=pipe, stdout=pipe)  # noqa: S603 -- ourselves
            pickle.dump(self._settings, cast(IO[bytes], self._child.stdin))
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            with suppress(BrokenPipeError), child:  # closes the pipes and waits
                pass

    def drop(self) -> None:
        """Whatever it knows and does, it ends now; whoever is waiting asks a new one."""
        child = self._child
        if child is not None:
            child.kill()
        if self._turn.acquire(blocking=False):
            self._end()
            self._turn.release()

    def close(self) -> None:
        """End it for good."""
        self._over = True
        self.drop()
        with self._turn:
            self._end()
