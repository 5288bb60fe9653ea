"""Classes and cards, on the worked example."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.db import Database
from service.imports.vocabularies import ImportTools
from service.pseudonyms import find_alias
from service.tables import AuditRecord
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import BLANK, CLASS_A, CLASS_B, KNOWN

SignIn = Callable[[str], Authorization]


def test_classes_with_who_lacks_what(client: TestClient, sign_in: SignIn) -> None:
    body = client.get("/v1/classes", headers=sign_in("navigator")).json()
    assert (body["school_year"], body["as_of"]) == ("2024-25", "2024-10-01")
    a, b = body["classes"]  # last year's 8А is not shown
    assert (a["class_id"], a["title"], a["grade"], a["student_count"]) == (CLASS_A, "9А", 9, 2)
    assert (a["without_diagnostics_count"], a["without_marks_count"], a["without_profile_survey_count"]) == (1, 1, 1)
    assert (a["without_exam_survey_count"], a["without_consent_recommending_count"]) == (2, 0)
    assert (b["class_id"], b["without_consent_testing_count"], b["without_consent_recommending_count"]) == (
        CLASS_B,
        1,
        1,
    )
    assert b["without_marks_count"] == 0


def test_students_of_a_class_by_name(client: TestClient, sign_in: SignIn) -> None:
    body = client.get(f"/v1/classes/{CLASS_A}/students", headers=sign_in("navigator")).json()
    assert [(s["full_name"], s["student_id"]) for s in body["students"]] == [
        ("Ольхина Вера", KNOWN),
        ("Рябинин Пётр", BLANK),
    ]
    known, blank = body["students"]
    assert (known["has_diagnostics"], known["has_marks"], known["has_profile_survey"]) == (True, True, True)
    assert [fact["code"] for fact in known["missing"]] == ["no_exam_survey"]
    assert [fact["code"] for fact in blank["missing"]] == [
        "no_diagnostics",
        "no_marks",
        "no_profile_survey",
        "no_exam_survey",
    ]
    assert not {"conditions_needed", "restriction_tags"} & set(known)  # special-category fields never in lists


def test_a_key_without_names_sees_none(client: TestClient, give_key: Callable[..., Authorization]) -> None:
    header = give_key("classes:read", "students:read")
    students = client.get(f"/v1/classes/{CLASS_A}/students", headers=header).json()["students"]
    assert [student["full_name"] for student in students] == [None, None]
    assert client.get(f"/v1/students/{KNOWN}", headers=header).json()["full_name"] is None


def test_card_by_hand(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    card = client.get(f"/v1/students/{KNOWN}", headers=sign_in("navigator")).json()
    assert (card["full_name"], card["class_title"], card["grade"], card["school_title"]) == (
        "Ольхина Вера",
        "9А",
        9,
        "Школа № 1",
    )
    assert card["consents"] == {"testing": True, "recommending": True, "learning": True}
    marks = {mark["subject_code"]: mark["mean_mark"] for mark in card["marks"]}
    assert marks == {"rus": 4.0, "math": 5.0, "phys": 4.5, "chem": 3.0}
    assert list(marks) == ["rus", "math", "phys", "chem"]  # in the order of the reference
    assert card["own_mean_mark"] == 4.12  # (4 + 5 + 4.5 + 3) / 4 = 4.125
    (reading,) = card["readings"]
    assert (reading["method_code"], reading["ipsative"], reading["age_days"]) == ("DDO20", True, 238)
    assert sum(scale["score"] for scale in reading["scales"]) == 20
    assert [(w["kind"], w["title_ru"]) for w in card["wishes"]] == [
        ("profile", "Технологический (инженерный)"),
        ("profession", "Сетевое и системное администрирование"),
        ("plan", "10 класс"),
        ("elective", "Инженерная графика и 3D-моделирование"),
    ]
    (trial,) = card["trials"]
    assert (trial["title_ru"], trial["host_title"], trial["rating_after"]) == (
        "Собери и настрой школьную сеть",
        "Политехнический колледж",
        9,
    )
    assert [result["points"] for result in card["results"]] == [15.0]
    with ready.reading() as session:
        deeds = session.execute(sa.select(AuditRecord.deed, AuditRecord.subject, AuditRecord.actor_id)).all()
        assert ("card.read", find_alias(session, KNOWN)) in [(deed, subject) for deed, subject, _ in deeds]


def test_interests_on_the_card(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    known = client.get(f"/v1/students/{KNOWN}", headers=header).json()
    blank = client.get(f"/v1/students/{BLANK}", headers=header).json()
    assert [scale["code"] for scale in known["interests"]] == [
        "R", "I", "A", "S", "E", "C", "nature", "technics", "human", "sign", "art",
    ]  # fmt: skip
    by_code = {scale["code"]: scale for scale in known["interests"]}
    assert by_code["technics"]["measured"]
    klimov = {scale["code"]: scale["mean"] for scale in known["interests"] if scale["family"] == "klimov"}
    assert sorted(klimov, key=klimov.__getitem__) == ["art", "human", "nature", "sign", "technics"]
    assert all(0 < scale["sd"] <= 1 for scale in known["interests"])
    assert not any(scale["measured"] for scale in blank["interests"])
    assert all(scale["sd"] == pytest.approx(1.0, abs=0.05) for scale in blank["interests"])
    assert "не измерены" in blank["interests_note"]


@sqlite_only
def test_no_name_reaches_what_ranks(ready: Database, tools: ImportTools) -> None:
    """Facts for the recommender hold pseudonyms and codes; names stand in their own table only."""
    from service.students.facts import read_fact_rows, read_student_rows
    from service.tables import Student

    with ready.reading() as session:
        everyone = sa.select(Student.student_id)
        rows = read_fact_rows(session, everyone, tools.reference, "2024-25")
        text = repr(rows) + repr(read_student_rows(session, everyone))
    assert KNOWN in text
    assert not any(name in text for name in ("Ольхина", "Вера", "Рябинин", "Осинин"))
