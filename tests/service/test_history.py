"""A student's years on the worked example, by hand: marks, advice, what came of it; what consent closes."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.db import Database
from service.tables import Admission, DecisionRecord, Enrolment
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import ELSEWHERE, KNOWN

SignIn = Callable[[str], Authorization]


def years_of(client: TestClient, header: Authorization, student: str = KNOWN) -> dict[str, dict[str, object]]:
    answer = client.get(f"/v1/students/{student}/history", headers=header)
    assert answer.status_code == 200, answer.text
    found = {year["school_year"]: year for year in answer.json()["years"]}
    assert list(found) == sorted(found, reverse=True)  # newest first
    return found


def test_two_years_by_hand(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    assert client.get(f"/v1/students/{KNOWN}/recommendations", headers=header).status_code == 200
    years = years_of(client, header)
    eighth, ninth = years["2023-24"], years["2024-25"]
    assert (eighth["class_title"], ninth["class_title"], ninth["school_title"]) == ("8А", "9А", "Школа № 1")
    means = {each["subject_code"]: each["mean_mark"] for each in eighth["marks"]}
    assert means == {"rus": 4.0, "math": 5.0, "phys": 4.5, "chem": 3.0}
    assert (eighth["own_mean_mark"], ninth["own_mean_mark"]) == (4.12, None)
    assert eighth["outcomes"] == ["Проба «Собери и настрой школьную сеть» 10.04.2024: оценка 6 → 9 из 10"]
    assert [each["title_ru"] for each in eighth["results"]] == [
        "Математика (алгебра, геометрия, вероятность и статистика)"
    ]
    assert len(eighth["measured"]) == 1
    assert len(eighth["interests"]) == 11
    assert (ninth["measured"], ninth["interests"]) == ([], [])  # nothing was measured in that year
    assert (eighth["advice"], eighth["class_title"]) == ([], "8А")
    assert [(each["kind"], each["title_ru"], each["decision"], each["on"]) for each in ninth["advice"]] == [
        ("profile_class", "Технологический (инженерный)", None, "2024-10-01"),
        ("elective", "Инженерная графика и 3D-моделирование", None, "2024-10-01"),
    ]


@sqlite_only
def test_what_was_decided_stands_before_what_was_only_shown(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("navigator")
    client.get(f"/v1/students/{KNOWN}/recommendations", headers=header)
    for pathway, decision in (("sch02-sci-med", "pinned"), ("sch01-tech-eng", "accepted")):
        wanted = {"pathway_code": pathway, "decision": decision}
        assert client.post(f"/v1/students/{KNOWN}/decisions", headers=header, json=wanted).status_code == 201
    with ready.writing() as session:
        session.execute(sa.update(DecisionRecord).values(decided_at=datetime(2024, 9, 30, 9, tzinfo=UTC)))
    advice = years_of(client, header)["2024-25"]["advice"]
    assert [(each["title_ru"], each["decision"]) for each in advice] == [
        ("Технологический (инженерный)", "accepted"),
        ("Естественно-научный (медицинский)", "pinned"),
        ("Инженерная графика и 3D-моделирование", None),  # of its kind nothing was decided
    ]


@sqlite_only
def test_what_came_of_it(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    rows = [
        Enrolment(student_id=KNOWN, pathway_code="sch01-el003", school_year="2023-24", enrolled_on=date(2023, 9, 4),
                  final_mark=5.0),
        Enrolment(student_id=KNOWN, pathway_code="sch01-tech-eng", school_year="2023-24",
                  enrolled_on=date(2023, 9, 1), left_on=date(2024, 2, 1)),
        Enrolment(student_id=KNOWN, pathway_code="sch01-el003", school_year="2024-25", enrolled_on=date(2024, 9, 2)),
        Admission(student_id=KNOWN, admitted_on=date(2024, 8, 20), destination="college", spo_codes=("09.02.06",)),
    ]  # fmt: skip
    with ready.writing() as session:
        session.add_all(rows)
    years = years_of(client, sign_in("navigator"))
    assert years["2024-25"]["outcomes"] == ["Элективный курс «Инженерная графика и 3D-моделирование»: занимается"]
    assert years["2023-24"]["outcomes"] == [
        "Элективный курс «Инженерная графика и 3D-моделирование»: итоговая отметка 5",
        "Профильный класс «Технологический (инженерный)»: выбыл(а) 01.02.2024",
        "Проба «Собери и настрой школьную сеть» 10.04.2024: оценка 6 → 9 из 10",
        "Поступление 20.08.2024: колледж, «Сетевое и системное администрирование»",
    ]


@pytest.mark.parametrize(
    ("purpose", "closed"), [("testing", {"measured", "interests"}), ("recommending", {"interests", "advice"})]
)
@sqlite_only
def test_what_consent_closes_is_not_told(client: TestClient, sign_in: SignIn, purpose: str, closed: set[str]) -> None:
    header = sign_in("navigator")
    client.get(f"/v1/students/{KNOWN}/recommendations", headers=header)
    said = {"consents": [{"purpose": purpose, "withdrawn_on": "2024-10-01"}]}
    assert client.put(f"/v1/students/{KNOWN}/consents", headers=sign_in("director"), json=said).status_code == 200
    years = years_of(client, header)
    for name in ("measured", "interests", "advice"):
        assert any(year[name] for year in years.values()) == (name not in closed), name
    assert client.get(f"/v1/students/{ELSEWHERE}/history", headers=header).status_code == 404
