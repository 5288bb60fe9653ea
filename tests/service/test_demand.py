"""Demand editions: immutable, compared, in force by date and region."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.db import Database
from service.tables import DemandEdition, DemandEntry
from tests.service.conftest import Authorization
from tests.service.worked_example import DATA

SignIn = Callable[[str], Authorization]
HEADER = "edition,published,region,position,profession_title,spo_codes,demand_level,vacancies,horizon"
KNOWN_LIST = (DATA / "demand" / "krasnodar-2024H1.csv").read_bytes()


def edition(code: str, published: str, *rows: str, region: str = "Краснодарский край") -> bytes:
    """A small list: rows are position,title,codes,level,vacancies,horizon."""
    return "\n".join([HEADER, *(f"{code},{published},{region},{row}" for row in rows)]).encode()


def post(client: TestClient, header: Authorization, content: bytes):
    """Publish."""
    return client.post("/v1/demand-editions", headers={**header, "content-type": "text/csv"}, content=content)


def test_the_newest_published_by_the_day_is_in_force(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    post(client, header, edition("next", "2024-11-01", "1,Сварщик,15.01.05,5,,current"))  # after the day of today
    post(client, header, edition("kbr", "2024-09-01", "1,Сварщик,15.01.05,5,,current", region="Другой край"))
    rows = client.get("/v1/demand-editions", headers=header).json()["editions"]
    assert [(row["code"], row["in_force"]) for row in rows] == [
        ("next", False),
        ("kbr", False),
        ("krasnodar-2024H1", True),
        ("krasnodar-2023H2", False),
    ]
    assert [row["illustrative"] for row in rows] == [False, False, True, True]


def test_publishing_tells_what_changed(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    first = edition("a", "2024-08-01", "1,Сварщик,15.01.05,3,,current", "2,Повар,43.01.09,4,,current")
    second = edition(
        "b",
        "2024-09-01",
        "1,Сварщик,15.01.05,5,10,current",
        "2,Фельдшер,31.02.01,5,,current",
        "3,Маг,99.99.99,1,,current",
    )
    assert post(client, header, first).status_code == 201
    added = post(client, header, second).json()
    assert added["edition"]["in_force"] is True
    assert added["unknown_spo_codes"] == ["99.99.99"]
    change = added["change"]
    assert (change["from_code"], change["to_code"]) == ("a", "b")
    assert [entry["title"] for entry in change["added"]] == ["Фельдшер", "Маг"]
    assert [entry["title"] for entry in change["dropped"]] == ["Повар"]
    assert [(e["title"], e["old_level"], e["level"]) for e in change["raised"]] == [("Сварщик", 3, 5)]
    assert change["touched_pathway_count"] >= 1
    back = client.get("/v1/demand-editions/a/difference?from=b", headers=header).json()
    assert [entry["title"] for entry in back["added"]] == ["Повар"]


def test_the_same_file_again_changes_nothing_and_another_is_refused(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("metodist")
    again = post(client, header, KNOWN_LIST).json()
    assert (again["already_known"], again["change"]) == (True, None)
    other = post(client, header, edition("krasnodar-2024H1", "2024-01-31", "1,Сварщик,15.01.05,5,,current"))
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DemandEdition)) == 2
        in_table = sa.select(sa.func.count()).where(DemandEntry.edition_code == "krasnodar-2024H1")
        assert session.scalar(in_table.select_from(DemandEntry)) == 59


def test_one_edition_whole(client: TestClient, sign_in: SignIn) -> None:
    body = client.get("/v1/demand-editions/krasnodar-2024H1", headers=sign_in("navigator")).json()
    assert (body["entry_count"], len(body["entries"])) == (59, 59)
    assert body["entries"][0]["spo_titles"]
    missing = client.get("/v1/demand-editions/none", headers=sign_in("navigator"))
    assert (missing.status_code, missing.json()["edition_code"]) == (404, "none")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "нет столбцов edition"),
        (b"\xff\xfe", "CSV в UTF-8"),
        (edition("x", "2024-13-01", "1,Сварщик,15.01.05,5,,current"), "столбец published"),
        (edition("x", "2024-01-01", "1,Сварщик,15.01.05,7,,current"), "строка 2"),
        (edition("x", "2024-01-01", "1,Сварщик,,5,,current", "1,Повар,,5,,current"), "не повторяется"),
    ],
)
def test_refusals(client: TestClient, sign_in: SignIn, content: bytes, said: str) -> None:
    answer = post(client, sign_in("metodist"), content)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_new_edition_reaches_the_next_ranking(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    address = "/v1/students/s3333333/recommendations?demand_strength=0.1"
    before = client.get(address, headers=header).json()
    post(client, sign_in("metodist"), edition("b", "2024-09-30", "1,Фельдшер,31.02.01,5,,perspective"))
    after = client.get(address, headers=header).json()
    assert (before["demand_edition"]["code"], after["demand_edition"]["code"]) == ("krasnodar-2024H1", "b")
    lines = {item["pathway_code"]: item for item in after["lists"][0]["items"]}
    assert [source["title"] for source in lines["sch02-sci-med"]["in_demand"]] == ["Фельдшер"]
    assert lines["sch01-tech-eng"]["demand_weight"] is None
