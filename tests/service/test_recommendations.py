"""Ranked lists over HTTP, on the worked example."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from recommender.policy import MAX_DEMAND_STRENGTH as BOUND
from service.db import Database
from service.recommendations.schemas import MAX_DEMAND_STRENGTH
from service.tables import AuditRecord, DecisionRecord, Showing
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import BLANK, CLASS_A, CLASS_B, ELSEWHERE, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]


def test_whole_answer_of_a_known_student(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get(f"/v1/students/{KNOWN}/recommendations?k=5", headers=sign_in("navigator"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["model_version"] == "krasnodar-2024H1.1"
    assert body["demand_edition"] == {
        "code": "krasnodar-2024H1",
        "published_on": "2024-01-31",
        "region": "Краснодарский край",
        "illustrative": True,
        "age_days": 244,
        "is_stale": True,
    }
    assert body["as_of"] == "2024-10-01"
    assert body["fit_is_calibrated"] is False  # nothing to calibrate on: an expert's estimate, and it says so
    kinds = {ranked["kind"]: ranked for ranked in body["lists"]}
    # by hand: both profile classes take grade 9; the elective is of her own school; the trial she has attended already
    assert [item["pathway_code"] for item in kinds["profile_class"]["items"]] == ["sch01-tech-eng", "sch02-sci-med"]
    assert [item["pathway_code"] for item in kinds["elective"]["items"]] == ["sch01-el003"]
    assert kinds["career_trial"]["note"] or kinds["career_trial"]["items"]
    first = kinds["profile_class"]["items"][0]
    assert first["distance_km"] == 0.0
    assert kinds["profile_class"]["items"][1]["distance_km"] == 5.0  # sides 3 and 4
    texts = [reason["text"] for reason in first["reasons"]]
    assert "Этот профиль назван первым в анкете от 18.09.2024" in texts


def test_numbers_agree_with_each_other(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    for strength in (0.0, 0.05, 0.3):
        address = f"/v1/students/{KNOWN}/recommendations?demand_strength={strength}"
        for ranked in client.get(address, headers=header).json()["lists"]:
            finals = [item["final"] for item in ranked["items"]]
            assert finals == sorted(finals, reverse=True)
            for item in ranked["items"]:
                assert sum(item["contributions"].values()) == pytest.approx(item["score"], abs=1e-9)
                assert item["final"] == pytest.approx(item["fit"] + strength * (item["demand_weight"] or 0.0))
                assert 0 <= item["fit_low"] <= item["fit"] <= item["fit_high"] <= 1
                assert {reason["term"] for reason in item["reasons"]} <= set(item["contributions"])
                for source in item["in_demand"]:
                    product = source["level_factor"] * source["persistence_factor"] * source["lead_factor"]
                    assert source["weight"] == pytest.approx(product)
            if strength == 0.0 and ranked["items"]:
                assert ranked["price_of_demand"]["price"] == 0.0
                assert [item["rank_by_fit"] for item in ranked["items"]] == [item["rank"] for item in ranked["items"]]


def test_bound_of_demand_is_the_recommenders() -> None:
    assert MAX_DEMAND_STRENGTH == BOUND


def test_without_consent_nothing_is_ranked(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    body = client.get(f"/v1/students/{REFUSED}/recommendations", headers=sign_in("navigator")).json()
    assert body["refusal"]["code"] == "consent_recommending_missing"
    assert body["lists"] == []
    assert [fact["code"] for fact in body["missing"]] == ["no_consent_recommending", "no_consent_testing"]
    card = client.get(f"/v1/students/{REFUSED}", headers=sign_in("navigator")).json()
    assert card["interests"] == []
    assert card["conditions_needed"] == ["mobility"]
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Showing)) == 0


def test_student_without_data_is_ranked_and_told_what_is_missing(client: TestClient, sign_in: SignIn) -> None:
    body = client.get(f"/v1/students/{BLANK}/recommendations", headers=sign_in("navigator")).json()
    assert body["refusal"] is None
    codes = [fact["code"] for fact in body["missing"]]
    assert {"no_diagnostics", "no_marks", "no_profile_survey"} <= set(codes)
    assert all(fact["text"] and fact["remedy"] for fact in body["missing"])
    assert body["measure_next"]


def test_class_and_single_lists_are_the_same(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    whole = client.get(f"/v1/classes/{CLASS_A}/recommendations?k=5", headers=header).json()
    by_student = {student["student_id"]: student for student in whole["students"]}
    assert set(by_student) == {KNOWN, BLANK}
    for student_id, brief in by_student.items():
        single = client.get(f"/v1/students/{student_id}/recommendations?k=5", headers=header).json()
        for one, other in zip(brief["lists"], single["lists"], strict=True):
            assert [(i["pathway_code"], i["final"], i["fit"]) for i in one["items"]] == [
                (i["pathway_code"], i["final"], i["fit"]) for i in other["items"]
            ]
    refused = client.get(f"/v1/classes/{CLASS_B}/recommendations", headers=header).json()["students"]
    assert [(s["student_id"], s["refusal"]["code"]) for s in refused] == [(REFUSED, "consent_recommending_missing")]


def test_what_was_shown_is_recorded_once_a_day(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    for _ in range(2):
        client.get(f"/v1/students/{KNOWN}/recommendations", headers=header)
    client.get(f"/v1/students/{KNOWN}/recommendations?demand_strength=0.2", headers=header)
    with ready.reading() as session:
        rows = session.scalars(sa.select(Showing).order_by(Showing.showing_id)).all()
        assert [(row.student_id, row.demand_strength, row.edition_code) for row in rows] == [
            (KNOWN, 0.05, "krasnodar-2024H1"),
            (KNOWN, 0.2, "krasnodar-2024H1"),
        ]
        assert {"pathway_code", "rank", "fit", "final"} == set(rows[0].items[0])


def test_decisions_come_and_go(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header, address = sign_in("navigator"), f"/v1/students/{KNOWN}/decisions"
    made = client.post(address, headers=header, json={"pathway_code": "sch01-tech-eng", "decision": "pinned"})
    assert made.status_code == 201
    refused = client.post(address, headers=header, json={"pathway_code": "sch01-tech-eng", "decision": "declined"})
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "Отклоняя, назовите причину: она поможет улучшить список.",
    )
    wanted = {"pathway_code": "sch01-tech-eng", "decision": "declined", "reason": "Хочет в колледж"}
    again = client.post(address, headers=header, json=wanted).json()
    shown = client.get(address, headers=header).json()["decisions"]
    assert [(d["decision"], d["reason"], d["decided_by"]) for d in shown] == [
        ("declined", "Хочет в колледж", "navigator")
    ]
    lists = client.get(f"/v1/students/{KNOWN}/recommendations", headers=header).json()["lists"]
    assert lists[0]["items"][0]["decision"]["decision"] == "declined"
    assert client.delete(f"{address}/{again['decision_id']}", headers=header).status_code == 204
    assert client.delete(f"{address}/{again['decision_id']}", headers=header).status_code == 404
    assert client.get(address, headers=header).json()["decisions"] == []
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DecisionRecord)) == 2  # kept, withdrawn
        deeds = session.scalars(sa.select(AuditRecord.deed).where(AuditRecord.deed.like("decision.%"))).all()
        assert deeds == ["decision.made", "decision.made", "decision.withdrawn"]


@sqlite_only
def test_inline_student_gets_the_lists_of_the_stored_one(
    client: TestClient, sign_in: SignIn, give_key: Callable[..., Authorization], ready: Database
) -> None:
    answers = "bbbaaabaabbbbaaabaab"
    student = {
        "student_id": KNOWN,
        "grade": 9,
        "school_code": "sch01",
        "readings": [
            {
                "method_code": "DDO20",
                "taken_on": "2024-02-06",
                "answers": {str(item): answer for item, answer in enumerate(answers, start=1)},
            }
        ],
        "marks": [
            {"subject_code": code, "known_on": day, "mark": mark}
            for day, marks in (("2024-03-25", (5, 5, 4, 3)), ("2024-05-31", (5, 4, 4, 3)))
            for code, mark in zip(("math", "phys", "rus", "chem"), marks, strict=True)
        ],
        "results": [{"kind": "knowledge", "subject_code": "math", "on": "2024-04-16", "points": 15, "points_max": 20}],
        "wishes": [
            {"kind": "profile", "code": "tech-eng", "rank": 1, "stated_on": "2024-09-18"},
            {"kind": "profession", "code": "09.02.06", "rank": 1, "stated_on": "2024-09-18"},
            {"kind": "elective", "code": "el003", "rank": 1, "stated_on": "2024-06-05"},
        ],
        "trials": [{"pathway_code": "col01-tr001", "attended_on": "2024-04-10", "rating_after": 9}],
    }
    with ready.reading() as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(Showing))
    header = give_key("recommendations:inline")
    inline = client.post("/v1/recommendations", headers=header, json={"student": student, "k": 5})
    assert inline.status_code == 200, inline.text
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Showing)) == before
    stored = client.get(f"/v1/students/{KNOWN}/recommendations?k=5", headers=sign_in("navigator")).json()
    assert inline.json()["lists"] == stored["lists"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"grade": 12}, "body.student.grade"),
        ({"surname": "Ольхина"}, "body.student.surname"),
        ({"marks": [{"subject_code": "alchemy", "known_on": "2024-05-31", "mark": 5}]}, "student.marks.0.subject_code"),
        (
            {"readings": [{"method_code": "DDO20", "taken_on": "2024-02-06", "scores": {"nature": 99}}]},
            "student.readings.0.scores.nature",
        ),
        ({"readings": [{"method_code": "DDO20", "taken_on": "2024-02-06"}]}, "student.readings.0"),
        (
            {"readings": [{"method_code": "DDO20", "taken_on": "2024-02-06", "answers": {"1": "ж"}}]},
            "student.readings.0.answers.1",
        ),
    ],
)
@sqlite_only
def test_inline_refusals_name_the_place(
    client: TestClient, give_key: Callable[..., Authorization], change: dict[str, object], where: str
) -> None:
    student = {"grade": 9, "school_code": "sch01", **change}
    answer = client.post("/v1/recommendations", headers=give_key("recommendations:inline"), json={"student": student})
    assert answer.status_code == 422
    assert where in answer.json()["detail"]
    assert "Ольхина" not in answer.text


@sqlite_only
def test_somebody_elses_student_is_as_absent_as_a_missing_one(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    theirs = client.get(f"/v1/students/{ELSEWHERE}/recommendations", headers=header)
    nobodys = client.get("/v1/students/s7777777/recommendations", headers=header)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()
