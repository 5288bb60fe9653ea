"""Imports killed with SIGKILL at random moments: what was acknowledged is there, nothing is there by half, and the same
file sent again completes it."""

import os
import signal
import time
from random import Random

import sqlalchemy as sa

from service.db import Database
from service.imports.bringing import apply_intake
from service.imports.intake import Brought
from service.imports.vocabularies import ImportTools
from service.tables import AuditRecord, ClassMember, Intake, IntakeChange, StudentIdentity, TermMark
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests
from tests.service.school_files import DIRECTOR, book

KILLS = int(os.environ.get("ORIENTIR_KILLS", "5"))
SEED = 20261127
PUPILS = 120
NAMES = "абвгдежзик"


def class_and_marks(number: int) -> Brought:
    """A file with two tables that need each other: a class that nobody knows yet, and its marks."""
    called = [f"Кедров{_letters(number)}{_letters(pupil)} Лев" for pupil in range(PUPILS)]
    roster = [["ФИО", "Класс", "Учебный год"], *([name, "9Я", "2024-25"] for name in called)]
    marks = [
        ["ФИО", "Учебный год", "Четверть", "Математика", "Физика"],
        *([name, "2023-24", 4, 5, 4] for name in called),
    ]
    return Brought("spisok.xlsx", book({"Список": roster, "Отметки": marks}), mode="apply")


def _letters(number: int) -> str:
    return "".join(NAMES[int(digit)] for digit in f"{number:04d}")


def bring_elsewhere(url: str, tools: ImportTools, brought: Brought) -> tuple[int, int]:
    """A process that takes the file in and says so once it is done; its number, and where it says it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            apply_intake(Database(url), actor=DIRECTOR, tools=tools, brought=brought)
            os.write(writing, b"done")
        finally:
            os._exit(0)
    os.close(writing)
    return child, reading


def said(reading: int) -> bool:
    """Whether it said that it was done."""
    told = os.read(reading, 10) == b"done"
    os.close(reading)
    return told


def counted(database: Database, number: int) -> tuple[int, int, int, int]:
    """Names, memberships and marks of the file, and files that were taken in."""
    with database.reading() as session:
        named = StudentIdentity.last_name.like(f"Кедров{_letters(number)}%")
        students = sa.select(StudentIdentity.student_id).where(named)
        of = [sa.select(sa.func.count()).select_from(StudentIdentity).where(named)]
        of += [
            sa.select(sa.func.count()).select_from(table).where(table.student_id.in_(students))
            for table in (ClassMember, TermMark)
        ]
        of.append(sa.select(sa.func.count()).select_from(Intake).where(Intake.applied_at.is_not(None)))
        names, members, marks, intakes = (session.scalar(query) or 0 for query in of)
    return names, members, marks, intakes


def test_killed_at_any_moment(filled: Database, tools: ImportTools) -> None:
    url, random = filled.url.render_as_string(hide_password=False), Random(SEED)
    start = time.monotonic()
    child, reading = bring_elsewhere(url, tools, class_and_marks(0))
    os.waitpid(child, 0)
    longest = (time.monotonic() - start) * 1.3
    assert said(reading)
    assert counted(filled, 0) == (PUPILS, PUPILS, 2 * PUPILS, 1)
    taken, outcomes = 1, {"acknowledged": 0, "done unsaid": 0, "nothing": 0}
    for number in range(1, KILLS + 1):
        brought = class_and_marks(number)
        child, reading = bring_elsewhere(url, tools, brought)
        time.sleep(random.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        is_said = said(reading)
        names, members, marks, intakes = counted(filled, number)
        whole = (PUPILS, PUPILS, 2 * PUPILS, taken + 1)
        assert (names, members, marks, intakes) in ((0, 0, 0, taken), whole)
        assert names == PUPILS or not is_said
        outcomes["acknowledged" if is_said else "done unsaid" if names else "nothing"] += 1
        again = apply_intake(filled, actor=DIRECTOR, tools=tools, brought=brought)
        assert again.added_count + again.unchanged_count == 2 * PUPILS
        taken = counted(filled, number)[3]
        assert counted(filled, number)[:3] == whole[:3]
    with filled.reading() as session:
        deeds = session.scalar(sa.select(sa.func.count()).where(AuditRecord.deed == "import.applied"))
        last = session.scalar(sa.select(sa.func.max(Intake.intake_id)))
        of_earlier = session.scalar(sa.select(sa.func.count()).where(IntakeChange.intake_id != last))
    assert (deeds or 0) >= 2 * taken
    assert of_earlier == 0
    print(outcomes)  # noqa: T201 - shown with -s
