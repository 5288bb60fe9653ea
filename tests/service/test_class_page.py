"""What the page of a class is made of: the table, the school's list, the workbook, the picture without names."""

import io
from collections.abc import Callable
from datetime import date

import numpy as np
import openpyxl
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from recommender.interests import DIMENSIONS, InterestProfile
from service.db import Database
from service.recommendations.leanings import at_a_glance
from service.tables import AuditRecord, ClassMember, Showing, Student, StudentIdentity, Wish
from tests.service.conftest import Authorization, sqlite_only
from tests.service.test_limits import limit
from tests.service.worked_example import BLANK, CLASS_A, CLASS_B, ELSEWHERE, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]
LISTS, WORKBOOK, PICTURE = (f"/v1/classes/{CLASS_A}/{each}" for each in ("recommendations", "workbook", "picture"))
FOR_PARENTS = {"reason": "parents_meeting"}
ASKED_ON = date(2024, 9, 18)


def profile(*, reading_count: int = 1, sd: float = 0.3, **means: float) -> InterestProfile:
    """Interests of one student, as uncertain as each other."""
    mean = np.array([[means.get(code, 0.0) for code in DIMENSIONS]])
    covariance = np.diag([sd**2] * len(DIMENSIONS))[None]
    return InterestProfile(mean, covariance, np.array([reading_count]))


# the error of a difference of two is 0.3 x sqrt(2) = 0.42
@pytest.mark.parametrize(
    ("known", "said"),
    [
        (profile(reading_count=0, R=2.0), "не измерено"),
        (profile(R=0.2, technics=0.3), "ровный"),
        (profile(R=1.0), "работа руками"),
        (profile(R=1.0, I=0.6), "работа руками или исследование"),  # 0.4 apart: a tie
        (profile(R=1.0, I=0.5), "работа руками"),  # 0.5 apart
        (profile(R=1.0, I=0.9, A=0.8), "ведущего нет"),  # three cannot be told apart
        (profile(R=1.0, I=0.9, A=0.8, technics=1.2), "техника"),
        (profile(I=1.0, sign=1.0), "исследование; знаковые системы"),
        (profile(sd=2.0, R=1.0), "ведущего нет"),  # hardly measured
    ],
)
def test_interests_at_a_glance(known: InterestProfile, said: str) -> None:
    assert at_a_glance(known, 0) == said


def test_a_line_of_the_table(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    known, blank = client.get(f"/v1/classes/{CLASS_A}/students", headers=header).json()["students"]
    assert known["lacks"] == []
    assert blank["lacks"] == ["диагностики", "отметок", "анкеты профиля"]
    lists = {row["student_id"]: row for row in client.get(LISTS, headers=header).json()["students"]}
    assert lists[BLANK]["interests"] == "не измерено"
    assert lists[KNOWN]["interests"] not in ("не измерено", None)
    (refused,) = client.get(f"/v1/classes/{CLASS_B}/recommendations", headers=header).json()["students"]
    assert (refused["interests"], refused["lists"]) == (None, [])  # no consent: no profile either


def test_what_stands_first_is_what_was_accepted_or_not_declined(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")

    def first() -> int | None:
        (row,) = [row for row in client.get(LISTS, headers=header).json()["students"] if row["student_id"] == KNOWN]
        classes = next(each for each in row["lists"] if each["kind"] == "profile_class")
        assert [item["pathway_code"] for item in classes["items"]] == ["sch01-tech-eng", "sch02-sci-med"]
        rank: int | None = classes["first_rank"]
        return rank

    def decide(pathway_code: str, decision: str) -> None:
        sent = {"pathway_code": pathway_code, "decision": decision, "reason": "далеко"}
        assert client.post(f"/v1/students/{KNOWN}/decisions", headers=header, json=sent).status_code == 201

    assert first() == 1
    decide("sch01-tech-eng", "declined")
    assert first() == 2
    decide("sch02-sci-med", "declined")
    assert first() is None
    decide("sch02-sci-med", "accepted")
    assert first() == 2


def test_a_class_seen_twice_is_one_showing_a_student(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    for address, asked in ((LISTS, {}), (LISTS, {}), (WORKBOOK, FOR_PARENTS)):
        assert client.get(address, headers=header, params=asked).status_code == 200
    client.get(LISTS, headers=sign_in("director"))
    with ready.reading() as session:
        shown = session.execute(sa.select(Showing.student_id, Showing.actor_id, Showing.k)).all()
        assert sorted(shown) == sorted((each, f"user:{who}", 3) for each in (KNOWN, BLANK) for who in (1, 2))
        deeds = sa.select(AuditRecord.deed).where(AuditRecord.subject == CLASS_A, AuditRecord.deed.like("class.%"))
        told = ["class.recommended", "class.recommended", "class.exported", "class.recommended"]
        assert session.scalars(deeds.order_by(AuditRecord.audit_id)).all() == told


@sqlite_only
def test_the_workbook_by_hand(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    with ready.writing() as session:
        session.get_one(StudentIdentity, BLANK).last_name = "=1+1"
    header = sign_in("navigator")
    assert client.get(WORKBOOK, headers=header).status_code == 422  # what for is to be said
    answer = client.get(WORKBOOK, headers=header, params=FOR_PARENTS)
    assert answer.headers["content-disposition"].endswith(f"class-{CLASS_A}.xlsx")  # no child is named
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet, about = book.worksheets
    heading, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert heading[:5] == ["Ученик", "Псевдоним", "Интересы", "Нет", "Профильный класс"]
    formula, known = rows
    assert formula[:4] == ["=1+1 Пётр", BLANK, "не измерено", "диагностики, отметок, анкеты профиля"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s", "n"}
    assert known[:2] == ["Ольхина Вера", KNOWN]
    assert known[4].startswith("Технологический (инженерный)")
    fit, low, high = known[5:8]
    assert 1 <= low <= fit <= high <= 99
    assert about["A1"].value == "Класс 9А, Школа № 1, 2024-25. Данные на 01.10.2024."
    for student_id in (KNOWN, BLANK):  # every family of the class can see that it left the program, and what for
        read = client.get(f"/v1/students/{student_id}/readings", headers=sign_in("director")).json()["readings"]
        assert "Таблица класса файлом: родительское собрание" in {each["title_ru"] for each in read}


@sqlite_only
def test_a_key_without_names_gets_none_in_the_workbook(
    client: TestClient, give_key: Callable[..., Authorization]
) -> None:
    header = give_key("classes:read", "students:read", "recommendations:read")
    sheet = openpyxl.load_workbook(
        io.BytesIO(client.get(WORKBOOK, headers=header, params=FOR_PARENTS).content)
    ).worksheets[0]
    assert [cell.value for cell in sheet["A"]] == ["Ученик", None, None]
    assert client.get(WORKBOOK, headers=give_key("recommendations:read"), params=FOR_PARENTS).status_code == 403


def test_the_school_by_class_and_name(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    body = client.get("/v1/school-students", headers=sign_in("navigator")).json()
    assert (body["school_title"], body["school_year"]) == ("Школа № 1", "2024-25")
    assert [(row["class_title"], row["full_name"], row["student_id"]) for row in body["students"]] == [
        ("9А", "Ольхина Вера", KNOWN),
        ("9А", "Рябинин Пётр", BLANK),
        ("9Б", "Кленова Анна", REFUSED),
    ]
    assert body["students"][2]["lacks"][:2] == ["согласия на рекомендации", "согласия на диагностику"]
    assert not {"conditions_needed", "restriction_tags"} & set(body["students"][0])
    (other,) = client.get("/v1/school-students", headers=sign_in("navigator2")).json()["students"]
    assert other["student_id"] == ELSEWHERE
    limit(ready, CLASS_B)
    (own,) = client.get("/v1/school-students", headers=sign_in("navigator")).json()["students"]
    assert own["student_id"] == REFUSED  # whose classes are limited sees these
    with ready.reading() as session:
        read = sa.select(AuditRecord.subject, AuditRecord.facts).where(AuditRecord.deed == "school.read")
        assert [tuple(row) for row in session.execute(read)] == [
            ("sch01", {"student_count": 3}),
            ("sch02", {"student_count": 1}),
            ("sch01", {"student_count": 1}),
        ]


@sqlite_only
def test_of_fewer_than_five_no_picture_is_told(client: TestClient, sign_in: SignIn) -> None:
    body = client.get(PICTURE, headers=sign_in("navigator")).json()
    assert (body["title"], body["student_count"], body["leanings"], body["wishes"]) == ("9А", 0, [], [])


@pytest.fixture
def grown(ready: Database) -> Database:
    """Ten more students of 9А: seven want to be engineers, three doctors; six name a profession."""
    with ready.writing() as session:
        for number in range(10):
            student = f"s99999{number:02}".replace("0", "a").replace("1", "b").replace("8", "c").replace("9", "d")
            profiles = "tech-eng" if number < 7 else "sci-med"
            session.add(Student(student_id=student, school_code="sch01"))
            session.flush()
            session.add(
                ClassMember(
                    student_id=student, class_id=CLASS_A, school_year="2024-25", consent_testing=True,
                    consent_recommending=True, consent_learning=True, conditions_needed=[], restriction_tags=[],
                )
            )  # fmt: skip
            wishes = [("profile", profiles), *([("profession", "15.01.05")] if number < 6 else [])]
            for kind, code in wishes:
                session.add(
                    Wish(
                        student_id=student, survey="profile_survey", kind=kind, code=code, rank=1, stated_on=ASKED_ON
                    )
                )  # fmt: skip
    return ready


@pytest.mark.usefixtures("grown")
def test_a_picture_by_hand(client: TestClient, sign_in: SignIn) -> None:
    body = client.get(PICTURE, headers=sign_in("navigator")).json()
    assert body["edition_code"] == "krasnodar-2024H1"
    assert body["student_count"] == 10  # twelve
    assert body["measured_count"] == 0  # one
    assert {row["student_count"] for row in body["leanings"]} == {0}
    assert len(body["leanings"]) == len(DIMENSIONS)
    engineers, workers = body["wishes"]  # three doctors are not told
    assert (engineers["kind"], engineers["code"], engineers["student_count"]) == ("profile", "tech-eng", 10)  # eight
    assert (workers["kind"], workers["code"], workers["student_count"]) == ("profession", "15", 5)  # six
    assert workers["listed"]
    assert body["profession_count"] == 5  # seven
    assert "full_name" not in str(body)
    assert KNOWN not in str(body)
