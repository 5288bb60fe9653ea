"""Every hostile or broken file is refused with its reason or read right, by the service, which goes on living."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.documents.books import read_book as parse_book
from service.documents.reading import read_book
from service.documents.refusals import DocumentRefusedError
from service.documents.sheet import Sheet, sheet_of_rows
from service.imports.cells import CellError, is_personal_number, parse_cell
from service.imports.formats import Column
from service.imports.headings import Recogniser
from service.imports.laying import lay_out
from service.imports.reading import ReadTable, read_laid
from service.imports.vocabularies import ImportTools
from tests.service.conftest import AS_OF, Authorization, sqlite_only

FOLDER = Path(__file__).parents[1] / "fixtures" / "hostile"
LINES = (FOLDER / "expected.csv").read_text(encoding="utf-8").splitlines()
EXPECTED = {row["file"]: row["outcome"] for row in csv.DictReader(LINES)}
ENCODED = sorted(name for name in EXPECTED if name.startswith(("utf", "cp", "koi", "tabs", "old-line", "honest")))
MEMORY_MB = 512
SignIn = Callable[[str], Authorization]


def rows_of(sheet: Sheet) -> list[tuple[str, ...]]:
    return [tuple(column[row] for column in sheet.columns) for row in range(sheet.row_count)]


def test_there_are_enough_of_them() -> None:
    assert len(EXPECTED) >= 60
    made = {path.name for path in FOLDER.iterdir()} - {"make.py", "README.md", "expected.csv", "__pycache__"}
    assert made == set(EXPECTED)
    assert set(EXPECTED.values()) >= {
        "bomb",
        "sparse",
        "entities",
        "macros",
        "encrypted",
        "broken",
        "wrong_extension",
        "gave_up",
    }


@sqlite_only
def test_the_service_refuses_or_reads_each_and_lives(client: TestClient, sign_in: SignIn) -> None:
    wrong, header = [], sign_in("director")
    for name, outcome in EXPECTED.items():
        named = header | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        content = (FOLDER / name).read_bytes()
        answer = client.post("/v1/imports", headers=named, content=content or b" ")
        found = answer.json().get("reason", "read") if answer.status_code in (200, 422) else str(answer.status_code)
        if found != outcome:
            wrong.append((name, outcome, answer.status_code, answer.text[:200]))
    assert wrong == []
    assert client.get("/v1/me", headers=header).status_code == 200


LARGEST_CHILD = """
import resource, sys
from pathlib import Path
from service.documents.reading import read_book
from service.documents.refusals import DocumentRefusedError

for path in map(Path, sys.argv[1:]):
    try:
        read_book(path.read_bytes(), path.name)
    except DocumentRefusedError:
        pass
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_no_child_takes_more_memory_than_it_may() -> None:
    """In a process of its own: what this one's children of other tests took is none of it."""
    files = [str(FOLDER / name) for name in EXPECTED]
    done = subprocess.run([sys.executable, "-c", LARGEST_CHILD, *files], check=True, capture_output=True, text=True)
    assert 10 < int(done.stdout) / 1024 < MEMORY_MB


@pytest.mark.parametrize("name", ENCODED)
def test_what_can_be_read_is_read_right(name: str) -> None:
    (sheet,) = read_book((FOLDER / name).read_bytes(), name).sheets
    head, first, second = rows_of(sheet)
    assert head == ("ФИО", "Класс", "Балл")
    assert first in {("Ёлкина Юлия", "9А", "4,5"), ("Елкина Юлия", "9А", "4,5")}
    assert second in {("Щукин — младший Фёдор", "10Б", "5"), ("Щукин Федор", "10Б", "5")}


def test_formulas_are_texts_or_what_they_gave() -> None:
    (sheet,) = read_book((FOLDER / "formulas.csv").read_bytes(), "formulas.csv").sheets
    assert rows_of(sheet)[1:] == [("=HYPERLINK(1)", "+1"), ("@SUM(1)", "-2")]
    (sheet,) = read_book((FOLDER / "formulas.xlsx").read_bytes(), "formulas.xlsx").sheets
    assert rows_of(sheet)[0][:2] == ("7", "а")


@given(st.binary(max_size=600), st.sampled_from(["csv", "text", "xlsx", "ods", "xls", "zip"]))
def test_any_bytes_are_read_or_refused(content: bytes, kind: str) -> None:
    try:
        book = parse_book(content, kind, "файл")
    except DocumentRefusedError:
        return
    assert all(len(column.codes) == sheet.row_count for sheet in book.sheets for column in sheet.columns)


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["ФИО", "Класс", "Математика", "1 четв", "9А", "5-", "н", "2024/2025", "Иванов Пётр", "Дата", "1"]),
)


@settings(max_examples=200)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=8),
    st.sampled_from(["а.csv", "9А 1 четверть.xlsx"]),
)
@example([["ФИО", "Класс", "Математика"], ["²", "³", "¹"]], "9А 1 четверть.xlsx")  # signs that count as digits
@example([["ФИО", "Класс", "Математика"], ["1" * 5_000, "2", "3"]], "9А 1 четверть.xlsx")  # more than int() takes
def test_any_table_is_understood_or_asked_about(tools: ImportTools, rows: list[list[str]], name: str) -> None:
    assert tools.words is not None
    recogniser = Recogniser(tools.formats, tools.words, tools.reference.instruments, {})
    sheet = sheet_of_rows("Лист1", rows)
    found = recogniser.recognise(sheet, name)
    if found.table is None or found.missing:
        return
    shape = tools.formats["answers" if found.table.startswith("answers_") else found.table].relaxed()
    read = ReadTable(name)
    for laid in lay_out(found):
        read_laid(read, laid, shape, {}, AS_OF, more=recogniser.people_of(shape))
    assert all(fault.code and fault.remedy for fault in read.faults)


TYPES = (
    "text", "date", "number", "whole", "yes_no", "codes", "school_year", "grades", "class_title", "dates", "student",
    "code",
)  # fmt: skip


@given(st.text(max_size=40), st.sampled_from(TYPES))
def test_any_cell_is_a_value_or_a_remedy(cell: str, kind: str) -> None:
    try:
        parse_cell(Column("x", kind, "Столбец"), cell, {}, AS_OF)
    except CellError as error:
        said = (error.code, str(error))
    else:
        said = ("fine", "") if not is_personal_number(cell.strip()) else ("", "")
    assert said[0]
