"""A workbook of 100,000 rows of marks with 5,000 bad ones: checked and taken in, against bare reading of its cells.

Bare reading is calamine's `to_python()` of the same bytes in this process, without guards, child or places. The bad
cells are known beforehand: each must be named by row, column and code, and nothing else. Each run is a process of its
own, so that its peak memory is its own; the child's is asked of the operating system.
"""

import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import numpy as np
import sqlalchemy as sa
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from benchmarks.records import ROOT, Record
from recommender.reference import read_reference
from service.access import GRANTS, Actor, Role
from service.db import Database
from service.errors import ImportRefusedError
from service.imports.bringing import apply_intake
from service.imports.formats import read_formats
from service.imports.intake import Brought, check_intake
from service.imports.schemas import IntakeReport
from service.imports.vocabularies import ImportTools
from service.imports.words import read_words
from service.installation import save_installation
from service.tables import ClassMember, School, SchoolClass, Student
from service.upgrade import upgrade_database

STUDENTS, TERMS, BAD_ROWS, RUNS = 25_000, 4, 5_000, 3
RATIO_LIMIT, MEMORY_LIMIT_MB, CHILD_LIMIT_MB = 4.0, 400.0, 512.0
SUBJECTS = ("rus", "lit", "math", "inf", "phys", "chem", "bio", "geo", "soc", "hist")
HEADER = ("student_id", "school_year", "term", *SUBJECTS)
SIGNS = "abcdefghijklmnopqrstuvwxyz234567"
# column -> what is written there and by which code it is to be named
SPOILT = {
    "student_id": ("s2zzzzzz", "unknown_students"),
    "school_year": ("2023-25", "school_year"),
    "term": ("5", "out_of_range"),
    "math": ("9", "out_of_range"),
    "phys": ("хорошо", "number"),
}
ACTOR = Actor("user:1", Role.SCHOOL_ADMIN, "", GRANTS[Role.SCHOOL_ADMIN], school_code="sch01")
Place = tuple[int, str, str]  # row, letter, code


def records() -> list[Record]:
    """Ratios to a bare reading right before, memory, and whether exactly what was spoilt was named."""
    names = ("check", "good", "all")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        make_workbook(Path(folder))
        for _ in range(RUNS):
            for name in names:
                bare = _run("bare", folder)["seconds"]
                runs[name].append(_run(name, folder))
                ratios[name].append(runs[name][-1]["seconds"] / bare)
    rows = f"{STUDENTS * TERMS:,} rows x {len(HEADER)} columns, {BAD_ROWS:,} bad"
    about = f"bare reading of the same workbook; {rows}"
    every = [run for name in names for run in runs[name]]
    limits = {"check": RATIO_LIMIT, "good": None, "all": RATIO_LIMIT}
    found = [
        Record(f"intake_rows.{name}_ratio", *_middle(ratios[name]), limits[name], "lower", "none", about, RUNS)
        for name in names
    ]
    for name, limit in (("memory_mb", MEMORY_LIMIT_MB), ("child_mb", CHILD_LIMIT_MB)):
        most = max(run[name] for run in every)
        found.append(Record(f"intake_rows.{name}", most, None, limit, "lower", "none", rows, len(every)))
    wrong = sum(run["wrong"] for run in every)
    found.append(Record("intake_rows.wrong", wrong, None, 0.0, "lower", "none", rows, len(every)))
    return found


def _middle(values: list[float]) -> tuple[float, tuple[float, float]]:
    return float(np.median(values)), (min(values), max(values))


def _run(name: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.intake_rows", name, folder]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- ourselves
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def make_workbook(folder: Path) -> None:
    """The workbook, its students, and the places of what is bad in it."""
    random = Random(7)
    students = sorted({"s" + "".join(random.choices(SIGNS, k=7)) for _ in range(STUDENTS + 50)})[:STUDENTS]
    bad = dict(
        zip(random.sample(range(STUDENTS * TERMS), BAD_ROWS), random.choices(list(SPOILT), k=BAD_ROWS), strict=True)
    )
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("marks")
    sheet.append(HEADER)
    places = []
    for number in range(STUDENTS * TERMS):
        row = [students[number // TERMS], "2023-24", number % TERMS + 1, *(random.randint(2, 5) for _ in SUBJECTS)]
        if number in bad:
            column = HEADER.index(bad[number])
            row[column], code = SPOILT[bad[number]]
            places.append((number + 2, "ABCDEFGHIJKLM"[column], code))
        sheet.append(row)
    workbook.save(folder / "marks.xlsx")
    (folder / "made.json").write_text(json.dumps({"students": students, "places": places}))


def _database(folder: Path) -> Database:
    """One school with all these students in one class."""
    students = json.loads((folder / "made.json").read_text())["students"]
    database = Database(f"sqlite:///{tempfile.mkdtemp(dir=folder)}/o.sqlite")
    upgrade_database(database)
    with database.writing() as session:
        save_installation(session, region_code="r", region_title="r", as_of=None, synthetic=True)
        session.execute(sa.insert(School), [{"school_code": "sch01", "title_ru": "Школа"}])
        one = {
            "class_id": "sch01-2023-24-9a",
            "school_code": "sch01",
            "school_year": "2023-24",
            "title": "9А",
            "grade": 9,
        }
        session.execute(sa.insert(SchoolClass), [one])
        session.execute(sa.insert(Student), [{"student_id": each, "school_code": "sch01"} for each in students])
        member = {
            "school_year": "2023-24",
            "class_id": one["class_id"],
            "conditions_needed": (),
            "restriction_tags": (),
        }
        session.execute(sa.insert(ClassMember), [{"student_id": each, **member} for each in students])
    return database


def measure(name: str, folder: Path) -> dict[str, float]:
    """One run: seconds, memory of this process and of its child, complaints that are wrong."""
    content = (folder / "marks.xlsx").read_bytes()
    if name == "bare":
        start = time.perf_counter()
        CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        return {"seconds": time.perf_counter() - start}
    reference, formats = read_reference(ROOT / "data/reference"), read_formats(ROOT / "data/formats")
    tools = ImportTools(reference, formats, words=read_words(ROOT / "data/formats/words", reference))
    database = _database(folder)
    start = time.perf_counter()
    report = _bring(name, database, tools, content)
    seconds = time.perf_counter() - start
    wanted = {tuple(place) for place in json.loads((folder / "made.json").read_text())["places"]}
    found = [(fault.row, fault.letter, fault.code) for part in report.parts for fault in part.faults]
    with database.reading() as session:
        stored = session.scalar(sa.text("SELECT COUNT(DISTINCT student_id || term) FROM term_marks")) or 0
    database.close()
    kept = STUDENTS * TERMS - BAD_ROWS if name == "good" else 0
    peak, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    wrong = len(wanted.symmetric_difference(found)) + abs(len(found) - BAD_ROWS) + abs(stored - kept)
    return {"seconds": seconds, "memory_mb": peak, "child_mb": child, "wrong": wrong}


def _bring(name: str, database: Database, tools: ImportTools, content: bytes) -> IntakeReport:
    if name == "check":
        return check_intake(database, actor=ACTOR, tools=tools, brought=Brought("marks.xlsx", content))
    brought = Brought("marks.xlsx", content, "apply", "good" if name == "good" else "all")
    try:
        return apply_intake(database, actor=ACTOR, tools=tools, brought=brought)
    except ImportRefusedError as refusal:
        return IntakeReport.model_validate(refusal.facts["report"])


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
