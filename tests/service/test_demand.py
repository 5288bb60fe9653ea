"""Demand editions: immutable, compared, in force by date and region."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from recommender.demand import read_edition, write_edition
from service.access import OPERATOR
from service.catalogue.queries import get_reference
from service.db import Database
from service.demand.actions import publish_edition
from service.demand.schemas import EditionAdded
from service.errors import ConflictError
from service.jobs.actions import TRAINING
from service.jobs.leases import claim_job, finish_job
from service.settings import Settings
from service.tables import AuditRecord, ClassMember, DemandEdition, DemandEntry, Job
from tests.service.conftest import Authorization, sqlite_only
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


def publish(ready: Database, settings: Settings, content: bytes) -> EditionAdded:
    """The operator publishes a list far too short for a region, and says why."""
    with ready.writing() as session:
        return publish_edition(
            session, actor=OPERATOR, content=content, reference=get_reference(settings), settings=settings,
            although="проба",
        )  # fmt: skip


def test_the_newest_published_by_the_day_is_in_force(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    header = sign_in("metodist")
    publish(ready, settings, edition("next", "2024-11-01", "1,Сварщик,15.01.05,5,,current"))  # after the day of today
    rows = client.get("/v1/demand-editions", headers=header).json()["editions"]
    assert [(row["code"], row["in_force"]) for row in rows] == [
        ("next", False),
        ("krasnodar-2024H1", True),
        ("krasnodar-2023H2", False),
    ]
    assert [row["illustrative"] for row in rows] == [False, True, True]
    assert [(row["age_days"], row["is_stale"]) for row in rows] == [(0, False), (244, True), (428, True)]


def test_publishing_tells_what_changed(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    header = sign_in("metodist")
    first = edition("a", "2024-08-01", "1,Сварщик,15.01.05,3,,current", "2,Повар,43.01.09,4,,current")
    second = edition(
        "b",
        "2024-09-01",
        "1,Сварщик,15.01.05,5,10,current",
        "2,Фельдшер,31.02.01,5,,current",
        "3,Маг,99.99.99,1,,current",
    )
    assert publish(ready, settings, first).already_known is False
    added = publish(ready, settings, second).model_dump(mode="json")
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


def test_a_new_edition_reaches_the_next_ranking(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    header = sign_in("navigator")
    address = "/v1/students/s3333333/recommendations?demand_strength=0.1"
    before = client.get(address, headers=header).json()
    publish(ready, settings, edition("b", "2024-09-30", "1,Фельдшер,31.02.01,5,,perspective"))
    after = client.get(address, headers=header).json()
    assert (before["demand_edition"]["code"], after["demand_edition"]["code"]) == ("krasnodar-2024H1", "b")
    lines = {item["pathway_code"]: item for item in after["lists"][0]["items"]}
    assert [source["title"] for source in lines["sch02-sci-med"]["in_demand"]] == ["Фельдшер"]
    assert lines["sch01-tech-eng"]["demand_weight"] is None


def test_a_list_out_of_the_ordinary_is_not_published_by_one_person(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    short = edition("krasnodar-2024H2", "2024-09-01", "1,Сварщик,15.01.05,5,,current")
    answer = post(client, sign_in("metodist"), short)
    findings = ["few_entries", "list_shrank", "carried_share", "group_vanished"]
    assert (answer.status_code, answer.json()["findings"]) == (409, findings)
    assert "подтвердит второй человек" in answer.json()["detail"]
    with pytest.raises(ConflictError, match="назовите причину"), ready.writing() as session:
        publish_edition(session, actor=OPERATOR, content=short, reference=get_reference(settings), settings=settings)
    publish(ready, settings, short)
    with ready.reading() as session:
        record = session.scalars(sa.select(AuditRecord).order_by(AuditRecord.audit_id.desc()).limit(1)).one()
        assert (record.deed, record.facts["although"]) == ("demand.published", "проба")
        assert record.facts["findings"] == findings


def test_publishing_enqueues_training_once(ready: Database, settings: Settings) -> None:
    publish(ready, settings, edition("a", "2024-09-01", "1,Сварщик,15.01.05,5,,current"))
    publish(ready, settings, edition("b", "2024-09-02", "1,Сварщик,15.01.05,5,,current"))
    with ready.reading() as session:
        (job,) = session.scalars(sa.select(Job).where(Job.state == "queued"))
        assert (job.kind, job.unique_key, job.cause) == ("training", "region", "edition b")


def test_a_refused_list_enqueues_nothing(ready: Database, settings: Settings) -> None:
    with ready.reading() as session:
        before = session.scalars(sa.select(Job.cause)).all()
    with pytest.raises(ConflictError), ready.writing() as session:
        publish_edition(
            session, actor=OPERATOR, content=edition("a", "2024-09-01", "1,Сварщик,15.01.05,5,,current"),
            reference=get_reference(settings), settings=settings,
        )  # fmt: skip
    with ready.reading() as session:
        assert session.scalars(sa.select(Job.cause)).all() == before


def test_a_correction_is_a_revision(client: TestClient, sign_in: SignIn, ready: Database, settings: Settings) -> None:
    corrected = KNOWN_LIST.replace(b"krasnodar-2024H1,2024-01-31", b"krasnodar-2024H1.2,2024-02-15").replace(
        "Фельдшер".encode(), "Фельдшер скорой помощи".encode()
    )
    answer = post(client, sign_in("metodist"), corrected)
    assert answer.status_code == 201, answer.text
    assert answer.json()["edition"]["revision"] == 2
    rows = client.get("/v1/demand-editions", headers=sign_in("metodist")).json()["editions"]
    assert [row["code"] for row in rows if row["in_force"]] == ["krasnodar-2024H1.2"]
    with ready.reading() as session:
        assert session.get_one(DemandEdition, "krasnodar-2024H1.2").follows == ("krasnodar-2023H2",)


def test_every_weight_shows_its_sources(client: TestClient, sign_in: SignIn) -> None:
    body = client.get("/v1/demand-editions/krasnodar-2024H1/weights", headers=sign_in("navigator")).json()
    assert body["pathways"]
    for pathway in body["pathways"]:
        products = [s["level_factor"] * s["persistence_factor"] * s["lead_factor"] for s in pathway["sources"]]
        assert [source["weight"] for source in pathway["sources"]] == pytest.approx(products)
        roads = 1 if pathway["kind"] == "career_trial" else 3
        assert pathway["demand_weight"] == pytest.approx(sum(products) / roads)
        assert 0 <= pathway["demand_weight"] <= 1


def test_an_old_list_is_told_in_headers_and_metrics(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get("/v1/students/s3333333/recommendations", headers=sign_in("navigator"))
    assert answer.headers["Orientir-Demand-Age-Days"] == "244"
    assert answer.headers["Orientir-Demand-Stale"] == "true"
    assert answer.json()["demand_edition"]["is_stale"] is True
    assert "orientir_demand_list_age_days 244.0" in client.get("/metrics").text


def test_the_text_for_an_order(client: TestClient, sign_in: SignIn) -> None:
    address = "/v1/demand-editions/krasnodar-2024H1/difference?from=krasnodar-2023H2"
    text = client.get(address, headers=sign_in("metodist")).json()["order_text"]
    assert text.startswith("1. Утвердить перечень востребованных и перспективных профессий")
    assert "2. Считать утратившей силу редакцию krasnodar-2023H2 от 31.07.2023." in text


def test_a_past_list_is_made_again_bit_for_bit(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    header, student = sign_in("navigator"), "/v1/students/s3333333"
    shown = client.get(f"{student}/recommendations?demand_strength=0.2", headers=header).json()
    publish(ready, settings, edition("late", "2023-01-31", "1,Швея,29.01.33,5,,current"))  # older, and came later
    publish(ready, settings, edition("b", "2024-09-30", "1,Фельдшер,31.02.01,5,,perspective"))
    now = client.get(f"{student}/recommendations?demand_strength=0.2", headers=header).json()
    assert now["demand_edition"]["code"] == "b"
    assert now["lists"] != shown["lists"]
    address = f"{student}/recommendations?demand_strength=0.2&edition=krasnodar-2024H1"
    again = client.get(address, headers=header).json()
    assert again["lists"] == shown["lists"]
    showings = client.get(f"{student}/showings", headers=header).json()["showings"]
    codes = [showing["edition_code"] for showing in showings]
    assert codes == ["krasnodar-2024H1", "b", "krasnodar-2024H1"]
    for showing in showings:
        found = client.get(f"{student}/showings/{showing['showing_id']}", headers=header).json()
        assert found["items"]
        assert found["is_same"], found["note"]
    missing = client.get(f"{student}/showings/999", headers=header)
    assert missing.status_code == 404


def test_whose_list_changes_is_told_to_those_who_may_see_them(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    publish(ready, settings, edition("b", "2024-09-30", "1,Фельдшер,31.02.01,5,,perspective"))
    header = sign_in("navigator")
    classes = client.get("/v1/classes", headers=header).json()["classes"]
    address = f"/v1/classes/{classes[0]['class_id']}/edition-change?from=krasnodar-2024H1&to=b"
    found = client.get(address, headers=header).json()
    assert found["student_count"] >= len(found["changed"])
    assert client.get(address, headers=sign_in("navigator2")).status_code == 404
    assert client.get(address, headers=sign_in("metodist")).status_code == 403


def test_impact_tells_nothing_of_fewer_than_five(client: TestClient, sign_in: SignIn) -> None:
    address = "/v1/demand-editions/krasnodar-2024H1/impact?from=krasnodar-2023H2"
    found = client.get(address, headers=sign_in("metodist")).json()
    assert (found["from_code"], found["to_code"]) == ("krasnodar-2023H2", "krasnodar-2024H1")
    assert found["student_count"] == 0
    assert (found["kinds"], found["gaining"], found["losing"], found["filling"]) == ([], [], [], [])
    assert {"title", "lacking"} <= set(found["gaps"][0])


POISON = tuple(f"{place},Яд {place},43.02.1{place},5,,perspective" for place in range(1, 7))


@pytest.mark.parametrize(
    ("code", "day", "status", "said"),
    [
        ("krasnodar-2024H1.2", "2020-01-01", 409, "не раньше 31.01.2024"),
        ("krasnodar-2023H2.2", "2019-01-01", 409, "не раньше 31.07.2023"),
        ("krasnodar-2024H1.9", "2024-09-01", 409, "«krasnodar-2024H1.2»"),
        ("krasnodar-2020H1", "2020-01-31", 409, "необычно"),
        ("krasnodar-2024H1.2", "2024-09-01", 409, "необычно"),
    ],
)
@sqlite_only
def test_no_date_or_number_lets_one_person_put_a_poisoned_list_in_force(
    client: TestClient, sign_in: SignIn, code: str, day: str, status: int, said: str
) -> None:
    header = sign_in("metodist")
    answer = post(client, header, edition(code, day, *POISON))
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    rows = client.get("/v1/demand-editions", headers=header).json()["editions"]
    assert [row["code"] for row in rows if row["in_force"]] == ["krasnodar-2024H1"]


@sqlite_only
def test_small_corrections_do_not_add_up_to_another_list(client: TestClient, sign_in: SignIn) -> None:
    header, first = sign_in("metodist"), read_edition(KNOWN_LIST)
    entries, answers = list(first.entries), []
    for step in range(6):
        for place in range(10 * step, min(10 * step + 10, len(entries))):
            entries[place] = replace(entries[place], title=f"Другое {place}", spo_codes=(f"43.02.{10 + place % 8}",))
        code = f"krasnodar-2024H1.{step + 2}"
        content = write_edition(code, first.region, date(2024, 9, 1), entries, illustrative=True)
        answers.append(post(client, header, content))
        if answers[-1].status_code != 201:
            break
    assert 1 < len(answers) <= 4
    assert "carried_share" in answers[-1].json()["findings"]


@sqlite_only
def test_another_regions_list_is_refused(client: TestClient, sign_in: SignIn) -> None:
    other = KNOWN_LIST.replace(b"krasnodar-2024H1", b"rostov-2024H2").replace(
        "Краснодарский край".encode(), "Ростовская область".encode()
    )
    answer = post(client, sign_in("metodist"), other)
    assert (answer.status_code, "другого региона" in answer.json()["detail"]) == (422, True)
    same = KNOWN_LIST.replace(b"krasnodar-2024H1,2024-01-31", b"krasnodar-2024H1.2,2024-02-01").replace(
        "Краснодарский край".encode(), "краснодарский  край".encode()
    )
    answer = post(client, sign_in("metodist"), same.replace("Фельдшер".encode(), "Фельдшер скорой".encode()))
    assert answer.status_code == 201, answer.text
    assert answer.json()["edition"]["in_force"] is True


@sqlite_only
def test_a_training_that_began_before_a_list_does_not_take_it_along(ready: Database, settings: Settings) -> None:
    publish(ready, settings, edition("a", "2024-09-01", "1,Сварщик,15.01.05,5,,current"))
    with ready.writing() as session:
        lease = claim_job(session, kinds=(TRAINING,), seconds=60)
        assert lease is not None
    publish(ready, settings, edition("b", "2024-09-02", "1,Сварщик,15.01.05,5,,current"))
    with ready.writing() as session:
        finish_job(session, lease, result="v")
    with ready.reading() as session:
        left = session.scalars(sa.select(Job.cause).where(Job.state == "queued")).all()
    assert (lease.cause, left) == ("edition a", ["edition b"])


@sqlite_only
def test_a_list_with_a_discovery_place_is_made_again_too(client: TestClient, sign_in: SignIn) -> None:
    header, student = sign_in("navigator"), "/v1/students/s3333333"
    client.get(f"{student}/recommendations?discovery=true&k=3", headers=header)
    client.get(f"{student}/recommendations?discovery=false&k=3", headers=header)
    showings = client.get(f"{student}/showings", headers=header).json()["showings"]
    assert len(showings) == 2
    for showing in showings:
        assert client.get(f"{student}/showings/{showing['showing_id']}", headers=header).json()["is_same"]


@sqlite_only
def test_past_lists_are_not_shown_once_consent_is_withdrawn(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header, student = sign_in("navigator"), "/v1/students/s3333333"
    client.get(f"{student}/recommendations", headers=header)
    (showing,) = client.get(f"{student}/showings", headers=header).json()["showings"]
    with ready.writing() as session:
        session.execute(
            sa.update(ClassMember).where(ClassMember.student_id == "s3333333").values(consent_recommending=False)
        )
    found = client.get(f"{student}/showings/{showing['showing_id']}", headers=header).json()
    assert (found["items"], found["items_again"]) == ([], [])
    assert "Согласия" in found["note"]
