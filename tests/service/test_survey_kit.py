"""Surveys made of a school's catalogue: filled in, they come back through the same import; the form holds no name."""

import io
from collections.abc import Callable
from datetime import date

import docx
import sqlalchemy as sa
from openpyxl import load_workbook
from starlette.testclient import TestClient

from service.db import Database
from service.imports.vocabularies import ImportTools
from service.tables import StudentIdentity, Wish
from tests.service.conftest import Authorization, sqlite_only
from tests.service.school_files import bring_in
from tests.service.worked_example import CLASS_A, CLASS_ELSEWHERE

SignIn = Callable[[str], Authorization]


def filled_in(content: bytes, cells: dict[str, str]) -> bytes:
    workbook = load_workbook(io.BytesIO(content))
    for place, value in cells.items():
        workbook.worksheets[0][place].value = value
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


@sqlite_only
def test_the_surveys_of_a_class_come_back(
    client: TestClient, sign_in: SignIn, ready: Database, tools: ImportTools
) -> None:
    header, at = sign_in("director"), f"/v1/classes/{CLASS_A}/survey-kit"
    book = client.get(at, params={"survey": "profile"}, headers=header).content
    sheet = load_workbook(io.BytesIO(book)).worksheets[0]
    assert [cell.value for cell in sheet[1]][:5] == [
        "Псевдоним ученика",
        "ФИО",
        "Класс",
        "Дата анкеты",
        "Желаемый профиль",
    ]
    assert [sheet["B2"].value, sheet["B3"].value] == ["Ольхина Вера", "Рябинин Пётр"]
    choices = load_workbook(io.BytesIO(book))["Ответы на выбор"]
    first = str(choices["A1"].value)
    answers = {"E3": first, "G3": "колледж", "H3": "повар, кондитер"}
    report = bring_in(ready, tools, "anketa.xlsx", filled_in(book, answers))
    assert [(part.table, part.row_count, part.fault_count) for part in report.parts] == [("profile_survey", 2, 0)]

    book = client.get(at, params={"survey": "exams"}, headers=header).content
    sheet = load_workbook(io.BytesIO(book)).worksheets[0]
    physics = next(cell.coordinate for cell in sheet[1] if "[Физика]" in str(cell.value))
    report = bring_in(ready, tools, "anketa.xlsx", filled_in(book, {physics.replace("1", "3"): "да"}))
    assert [(part.table, part.added_count) for part in report.parts] == [("exam_survey", 1)]

    book = client.get(at, params={"survey": "electives"}, headers=header).content
    sheet = load_workbook(io.BytesIO(book)).worksheets[0]
    course = sheet["E1"].coordinate.replace("1", "3")
    report = bring_in(ready, tools, "anketa.xlsx", filled_in(book, {course: "да"}))
    assert [(part.table, part.added_count) for part in report.parts] == [("elective_survey", 1)]
    with ready.reading() as session:
        of = sa.select(Wish.kind, Wish.code).where(Wish.student_id == "s3333333", Wish.stated_on == date(2024, 10, 1))
        kinds = dict(session.execute(of).all())
    assert set(kinds) == {"profile", "plan", "profession", "exam", "elective"}
    assert (kinds["exam"], kinds["plan"]) == ("phys", "college")


@sqlite_only
def test_a_name_that_looks_like_a_formula_stays_a_text(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    with ready.writing() as session:
        named = sa.update(StudentIdentity).where(StudentIdentity.student_id == "s3333333")
        session.execute(named.values(last_name='=HYPERLINK("x")'))
    at = f"/v1/classes/{CLASS_A}/survey-kit"
    book = client.get(at, params={"survey": "exams"}, headers=sign_in("director")).content
    cells = [cell for row in load_workbook(io.BytesIO(book)).worksheets[0] for cell in row if cell.value]
    assert sum(str(cell.value).startswith("=HYPERLINK") for cell in cells) == 1
    assert {cell.data_type for cell in cells} == {"s"}


@sqlite_only
def test_the_form_to_print_has_boxes_and_no_name(client: TestClient, sign_in: SignIn) -> None:
    at = f"/v1/classes/{CLASS_A}/survey-kit"
    answer = client.get(at, params={"survey": "exams", "form": True}, headers=sign_in("navigator"))
    words = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(answer.content)).paragraphs)
    assert "☐ Физика" in words
    assert "Ольхина" not in words
    elsewhere = client.get(
        at.replace(CLASS_A, CLASS_ELSEWHERE), params={"survey": "exams"}, headers=sign_in("navigator")
    )
    assert elsewhere.status_code == 404
