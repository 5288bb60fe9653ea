"""Exports of electronic journals: a page a subject, a class a sheet, marks with signs, totals below the table."""

import pytest
import sqlalchemy as sa

from recommender.reference import read_reference
from service.db import Database
from service.documents.sheet import sheet_of_rows
from service.imports.headings import Recognised, Recogniser
from service.imports.vocabularies import ImportTools
from service.imports.words import mark_of
from service.tables import TermMark
from tests.service.conftest import sqlite_only
from tests.service.school_files import book, bring_in, check, said
from tests.service.worked_example import DATA, KNOWN, make_tools

DAYS = ["04.09", "11.09", "18.09"]


def page(subject: str, *rows: list[object]) -> list[list[object]]:
    """A page of a journal as it is printed: what it is about above, days, and the terms at the end."""
    return [
        ["Классный журнал"],
        [f"Предмет: {subject}"],
        ["Класс: 8А", None, "Учебный год: 2023/2024"],
        [],
        ["№", "Список учащихся", *DAYS, "3 четверть", "4 четверть", "Год"],
        *rows,
        [None, "Средний балл", None, None, None, "4,2", "4,1", None],
        [None, "Учитель: ___________"],
    ]


@sqlite_only
def test_a_page_a_subject_and_their_terms_are_one_row(filled: Database, tools: ImportTools) -> None:
    content = book(
        {
            "Физика": page(
                "Физика", [1, "Ольхина В.", "н", "5", None, 5, "4+", 5], [2, "Рябинин Пётр", 3, "б", 4, "3-", 3, 3]
            ),
            "Химия": page(
                "Химия", [1, "Ольхина Вера", 4, None, "н", "5-", "осв", 5], [2, "Рябинин Пётр", None, 3, 3, 3, 3, 3]
            ),
        }
    )
    (part,) = check(filled, tools, "journal.xlsx", content).parts
    assert said(part.faults) == [("Физика", 6, "B", "unknown_student")]  # initials name nobody
    report = bring_in(filled, tools, "journal.xlsx", content, taking="good")
    assert report.applied
    with filled.reading() as session:
        rows = session.scalars(sa.select(TermMark).where(TermMark.student_id == "s3333333"))
        found = {(row.term, row.subject_code): row.mark for row in rows}
        chem = session.get_one(TermMark, (KNOWN, "2023-24", 3, "chem"))
    assert found == {(3, "phys"): 3, (4, "phys"): 3, (3, "chem"): 3, (4, "chem"): 3}
    assert chem.mark == 5


@sqlite_only
def test_two_pages_that_contradict_each_other_are_told(filled: Database, tools: ImportTools) -> None:
    content = book(
        {
            "1": page("Физика", [1, "Рябинин Пётр", None, None, None, 3, 3, 3]),
            "2": page("Физика", [1, "Рябинин Пётр", None, None, None, 4, 3, 3]),
        }
    )
    (part,) = check(filled, tools, "journal.xlsx", content).parts
    assert said(part.faults) == [("2", 6, None, "two_marks")]
    assert "листа «1»" in part.faults[0].remedy


@pytest.mark.parametrize(
    ("written", "mark"),
    [("5", "5"), ("5-", "5"), ("4 +", "4"), ("3−", "3"), ("4,0", "4"), ("н", ""), ("Б", ""), ("осв", ""), ("зач", ""),
     ("—", ""), ("", ""), ("1", "1"), ("отл", "отл"), ("55", "55")],
)  # fmt: skip
def test_marks_as_teachers_write_them(written: str, mark: str) -> None:
    assert mark_of(written) == mark


HEADERS = [
    (["ФИО", "Математика", "Физика"], "marks", "9А 2 четверть.xlsx"),
    (["№", "Фамилия, имя", "Класс"], "roster", "a.xlsx"),
    (["Фамилия", "Имя", "Отчество", "Дата рождения", "Класс"], "roster", "a.csv"),
    (["Ученик", "Дата", "Предмет", "Баллы", "Максимальный балл"], "knowledge", "a.xlsx"),
    (["ФИО", "Форма ГИА", "Предмет", "Дата экзамена", "Балл"], "exam_results", "a.xlsx"),
    (["ФИО", "Дата", *map(str, range(1, 44))], "answers_HOL43", "a.xlsx"),
    (["ФИО", "Дата", *map(str, range(1, 31))], None, "a.xlsx"),  # several instruments have thirty items
    (["ФИО", "Дата", *map(str, range(1, 31))], "answers_HOL30", "HOL30 9А.xlsx"),
    (["Имя файла", "Размер"], None, "a.xlsx"),
]


@pytest.mark.parametrize(("headings", "table", "file"), HEADERS, ids=[str(number) for number in range(len(HEADERS))])
def test_which_table_a_header_is_of(headings: list[str], table: str | None, file: str) -> None:
    assert recognised(headings, file).table == table


def recognised(headings: list[str], file: str) -> Recognised:
    tools = make_tools()
    assert tools.words is not None
    recogniser = Recogniser(tools.formats, tools.words, read_reference(DATA / "reference").instruments, {})
    return recogniser.recognise(sheet_of_rows("Лист1", [headings, ["x"] * len(headings)]), file)
