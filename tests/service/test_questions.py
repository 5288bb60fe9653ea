"""Why not, and two pathways side by side, over HTTP on the worked example; the sentences by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from recommender.counterfactual import Change, Counterfactual
from recommender.eligibility import read_rules
from recommender.reference import read_reference
from service.db import Database
from service.pseudonyms import find_alias
from service.recommendations.comparing import change_text, rule_text
from service.recommendations.schemas import MAX_DEMAND_STRENGTH
from service.tables import AuditRecord
from tests.recommender.worked_region import PATHWAYS
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import BLANK, ELSEWHERE, KNOWN, REFUSED, example_text

SignIn = Callable[[str], Authorization]
WHY_NOT, CONTRAST = "recommendations/why-not", "recommendations/contrast"
MORE = """2024-25,profile_class,sch01-hum-ling,hum-ling,Гуманитарный (языки),sch01,9,hum-ling,lit;eng,,25,,,,,,
2024-25,profile_class,sch01-sci-bio,sci-bio,Естественно-научный (биологический),sch01,9,sci-bio,chem;bio,,25,,,,,,
2024-25,profile_class,sch01-soc-econ,soc-econ,Социально-экономический,sch01,9,soc-econ,math;soc,,0,,,,,,
2024-25,profile_class,sch02-soc-law,soc-law,Правовой,sch02,9,soc-law,hist;soc,,25,,,,,,
"""


def ask(client: TestClient, header: Authorization, student: str, question: str, **params: object) -> dict[str, object]:
    answer = client.get(f"/v1/students/{student}/{question}", headers=header, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def wide(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    """Four profile classes more, so that a list of three leaves some out."""
    rows = example_text("catalogue") + MORE
    answer = client.post("/v1/imports/catalogue?mode=apply", headers=sign_in("metodist"), content=rows.encode())
    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("wide")
def test_place_costs_and_changes_that_hold(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    lists = client.get(f"/v1/students/{KNOWN}/recommendations?k=9", headers=header).json()["lists"]
    items = lists[0]["items"]
    assert len(items) == 5  # the class without seats is not among them
    for item in items[3:]:
        body = ask(client, header, KNOWN, WHY_NOT, pathway_code=item["pathway_code"])
        assert (body["rank"], body["offered_count"], body["rules"]) == (item["rank"], 5, [])
        assert body["against"]["pathway_code"] == items[2]["pathway_code"]
        assert body["text"].startswith(f"Место {item['rank']} из 5. Соответствие ")
        assert all(cost["difference"] < 0 and cost["first_text"] and cost["second_text"] for cost in body["costs"])
        assert [body[name] for name in ("fit", "fit_low", "fit_high")] == pytest.approx(
            [item[name] for name in ("fit", "fit_low", "fit_high")]
        )
        assert body["changes"]
        assert all(1 <= change["rank"] <= 3 for change in body["changes"])
        assert "проверено" in body["changes_text"]
    for item in items[:3]:
        body = ask(client, header, KNOWN, WHY_NOT, pathway_code=item["pathway_code"])
        assert (body["against"], body["costs"], body["changes"]) == (None, [], [])
        assert body["text"] == f"Это предложение и так в первой тройке: место {item['rank']} из 5."


@pytest.mark.usefixtures("wide")
def test_rules_are_told_with_what_they_refuse_by(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    body = ask(client, header, KNOWN, WHY_NOT, pathway_code="sch01-soc-econ")
    assert [(rule["rule_id"], rule["text"]) for rule in body["rules"]] == [("seats", "Мест нет")]
    assert (body["rank"], body["changes"], body["changes_text"]) == (None, [], "")
    attended = ask(client, header, KNOWN, WHY_NOT, pathway_code="col01-tr001")
    assert [rule["text"] for rule in attended["rules"]] == ["Уже проходил или записан"]


def test_two_classes_side_by_side(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    items = client.get(f"/v1/students/{KNOWN}/recommendations", headers=header).json()["lists"][0]["items"]
    body = ask(client, header, KNOWN, CONTRAST, first="sch01-tech-eng", second="sch02-sci-med")
    assert body["difference"] == pytest.approx(items[0]["score"] - items[1]["score"], abs=1e-9)
    assert sum(body["blocks"].values()) == pytest.approx(body["difference"], abs=1e-9)
    assert sum(term["difference"] for term in body["terms"]) == pytest.approx(body["difference"], abs=1e-9)
    said = {term["term"]: (term["first_text"], term["second_text"]) for term in body["terms"]}
    assert said["profile_wish"] == ("Этот профиль назван первым в анкете от 18.09.2024", "Этого профиля в анкете нет")
    assert said["own_school"] == ("Своя школа", "Не своя школа: Школа № 2")
    assert body["text"].startswith("Лучше подходит «Технологический (инженерный)»: ")


def test_blocks_and_facts_of_a_card_add_up(client: TestClient, sign_in: SignIn) -> None:
    lists = client.get(f"/v1/students/{KNOWN}/recommendations", headers=sign_in("navigator")).json()["lists"]
    for item in (item for ranked in lists for item in ranked["items"]):
        assert sum(block["contribution"] for block in item["blocks"]) == pytest.approx(item["score"], abs=1e-9)
        terms = {term["term"]: term for block in item["blocks"] for term in block["terms"]}
        for term in terms.values():
            assert term["contribution"] == item["contributions"][term["term"]]
            if term["facts"]:
                shares = [fact["contribution"] for fact in term["facts"]]
                assert sum(shares) == pytest.approx(term["contribution"], abs=1e-9)
                assert all(fact["label"] for fact in term["facts"])
    labels = {fact["label"] for fact in lists[0]["items"][0]["blocks"][0]["terms"][0]["facts"]}
    assert labels == {"Технологический (инженерный)"}  # the wish weighs most


@pytest.mark.parametrize(
    ("question", "params", "status"),
    [
        (WHY_NOT, {"pathway_code": "nowhere"}, 404),
        (WHY_NOT, {"pathway_code": "Ольхина Вера"}, 422),
        (WHY_NOT, {}, 422),
        (WHY_NOT, {"pathway_code": "sch01-tech-eng", "demand_strength": MAX_DEMAND_STRENGTH + 0.1}, 422),
        (CONTRAST, {"first": "sch01-tech-eng", "second": "nowhere"}, 404),
        (CONTRAST, {"first": "sch01-tech-eng", "second": "sch01-el003"}, 422),
        (CONTRAST, {"first": "sch01-tech-eng", "second": "sch01-tech-eng"}, 422),
    ],
)
@sqlite_only
def test_questions_that_have_no_answer(
    client: TestClient, sign_in: SignIn, question: str, params: dict[str, object], status: int
) -> None:
    answer = client.get(f"/v1/students/{KNOWN}/{question}", headers=sign_in("navigator"), params=params)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert "Ольхина" not in answer.text


@sqlite_only
def test_without_consent_nothing_is_compared(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    body = ask(client, header, REFUSED, WHY_NOT, pathway_code="sch01-tech-eng")
    assert body["refusal"]["code"] == "consent_recommending_missing"
    assert (body["rank"], body["fit"], body["rules"], body["changes"]) == (None, None, [], [])
    body = ask(client, header, REFUSED, CONTRAST, first="sch01-tech-eng", second="sch02-sci-med")
    assert body["refusal"]["code"] == "consent_recommending_missing"
    assert (body["difference"], body["terms"]) == (None, [])


@sqlite_only
def test_a_question_is_in_the_audit_trail_by_codes_alone(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    ask(client, header, BLANK, WHY_NOT, pathway_code="sch01-tech-eng")
    ask(client, header, BLANK, CONTRAST, first="sch01-tech-eng", second="sch02-sci-med")
    with ready.reading() as session:
        rows = session.scalars(sa.select(AuditRecord).where(AuditRecord.subject == find_alias(session, BLANK))).all()
    assert [(row.deed, row.facts) for row in rows] == [
        ("why_not.read", {"pathway_code": "sch01-tech-eng"}),
        ("contrast.read", {"first": "sch01-tech-eng", "second": "sch02-sci-med"}),
    ]


@sqlite_only
def test_somebody_elses_student_is_absent_whatever_is_asked(client: TestClient, sign_in: SignIn) -> None:
    params = {"pathway_code": "nowhere"}
    header = sign_in("navigator")
    theirs = client.get(f"/v1/students/{ELSEWHERE}/{WHY_NOT}", headers=header, params=params)
    nobodys = client.get(f"/v1/students/s7777777/{WHY_NOT}", headers=header, params=params)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


@sqlite_only
def test_what_there_is_to_ask_about(client: TestClient, sign_in: SignIn) -> None:
    body = client.get("/v1/pathways", headers=sign_in("navigator")).json()
    assert body["school_year"] == "2024-25"
    assert {"sch01-tech-eng", "sch02-sci-med", "sch01-el003", "col01-tr001"} == {
        pathway["pathway_code"] for pathway in body["pathways"]
    }


TITLES = {"profiles": {"sci-med": "Медицинский"}, "spo_groups": {"34": "Сестринское дело"}}
CHANGES = [
    (("marks", "phys", 3.8, 4.5), 3, "Если средняя отметка по физике вырастет с 3,8 до 4,5 — станет третьим в списке"),
    (("exam_points", "phys", None, 38.0), 1, "Если результат ОГЭ по физике будет 38 из 45 — станет первым в списке"),
    (("exam_wishes", "chem", None, 1.0), 2, "Если среди выбранных экзаменов появится химия — станет вторым в списке"),
    (
        ("profile_wishes", "sci-med", 3.0, 2.0), 3,
        "Если в анкете профиль «Медицинский» будет назван вторым, а не третьим — станет третьим в списке",
    ),
    (
        ("elective_wishes", "el003", None, 1.0), 1,
        "Если в анкете о курсах этот курс будет назван первым — станет первым в списке",
    ),
    (
        ("profession_wishes", "34.02.01", None, 1.0), 3,
        "Если в анкете будет названа профессия из группы «Сестринское дело» — станет третьим в списке",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "rank", "expected"), CHANGES)
def test_a_change_in_words(change: tuple[str, str, float | None, float], rank: int, expected: str) -> None:
    reference = read_reference(Path("data/reference"))
    assert change_text(Counterfactual(Change(*change, steps=1.0), rank), reference, TITLES) == expected


def test_a_rule_in_words() -> None:
    rules = {rule.rule_id: rule for rule in read_rules(Path("data/reference/eligibility.toml"))}
    told = {
        code: rule_text(rule, PATHWAYS[0], "Школа № 2", ["адаптированная программа"]) for code, rule in rules.items()
    }
    assert told["grade"] == "Предлагается другим классам: 9"
    assert told["own_school_elective"] == "Элективный курс ведёт другая школа: Школа № 2"
    assert told["apply_until"] == "Запись окончена 01.05.2025"
    assert told["conditions"] == "Нет условий, которые нужны ученику: адаптированная программа"
    assert told["seats"] == "Мест нет"
