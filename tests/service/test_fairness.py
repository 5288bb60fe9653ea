"""Who somebody is changes no answer; what an audit refuses serves only for a reason; nothing of few is told."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from recommender.congestion import FEW_STUDENTS
from service.access import OPERATOR
from service.db import Database
from service.errors import ConflictError
from service.model_versions.actions import promote_version
from service.model_versions.history import read_sexes
from service.model_versions.queries import passed_gate
from service.recommendations.answers import crowding_note
from service.settings import Settings
from service.tables import AuditRecord, ModelVersion, StudentIdentity
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import KNOWN

VERSION = "krasnodar-2024H1.1"
SignIn = Callable[[str], Authorization]
REFUSALS = ["gap.sex.f.ndcg5"]


def lists(client: TestClient, header: Authorization, **asked: object) -> list[dict]:
    answer = client.get(f"/v1/students/{KNOWN}/recommendations", headers=header, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["lists"]


@sqlite_only
def test_another_sex_and_another_name_change_nothing(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    before = lists(client, header)
    with ready.writing() as session:
        identity = session.get_one(StudentIdentity, KNOWN)
        identity.sex = "m" if identity.sex == "f" else "f"
        identity.last_name, identity.first_name = "Иванова-Оглы", "Тимур"
    assert lists(client, header) == before


@sqlite_only
def test_the_audit_reads_sex_and_no_name(ready: Database, settings: Settings) -> None:
    with ready.reading() as session:
        sexes = read_sexes(session, "2024-25")
    assert KNOWN in sexes
    assert set(sexes.values()) <= {"f", "m"}


@sqlite_only
def test_a_version_carries_its_audit(client: TestClient, sign_in: SignIn) -> None:
    (row,) = client.get("/v1/model-versions", headers=sign_in("metodist")).json()["versions"]
    twins = row["audits"]["twins"]
    assert set(twins) == {"sex", "name", "school", "village", "needs"}
    assert all(twin["changed"] == twin["limit"] == twin["count"] == 0 for twin in twins.values())  # under five: none
    assert row["audits"]["groups"] == []  # nobody's year could be held back
    assert row["refusals"] == []


@sqlite_only
def test_what_the_audit_refuses_needs_a_reason_that_is_recorded(ready: Database, settings: Settings) -> None:
    with ready.writing() as session:
        row = session.get_one(ModelVersion, VERSION)
        row.manifest = {**row.manifest, "refusals": REFUSALS}
        assert passed_gate(row) is False
    with pytest.raises(ConflictError, match="не прошла проверку"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=settings)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=settings, although="решение методсовета")
    with ready.reading() as session:
        last = session.query(AuditRecord).order_by(AuditRecord.audit_id.desc()).first()
        assert (last.facts["although"], last.facts["refusals"]) == ("решение методсовета", REFUSALS)


@sqlite_only
def test_discovery_is_off_unless_asked_for(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    plain, wide = lists(client, header), lists(client, header, discovery=True)
    assert not any(item["is_discovery"] for ranked in plain for item in ranked["items"])
    for before, after in zip(plain, wide, strict=True):
        labelled = [item["is_discovery"] for item in after["items"]]
        assert not any(labelled[:-1])
        assert [item["pathway_code"] for item in after["items"]][:-1] == [
            item["pathway_code"] for item in before["items"]
        ][:-1]
        for item in after["items"]:
            assert (item["discovery_note"] is not None) == item["is_discovery"]
    assert not any(item["is_discovery"] for item in wide[0]["items"])  # never a class


@sqlite_only
def test_nothing_of_few_students_is_told(client: TestClient, sign_in: SignIn) -> None:
    body = client.get("/v1/policy", headers=sign_in("metodist")).json()
    assert body["student_count"] < FEW_STUDENTS
    assert body["frontier"] == []
    assert body["crowded"] == []
    assert body["demand_strength"] == 0.05


def test_a_key_of_a_school_does_not_see_the_district(
    client: TestClient, give_key: Callable[..., Authorization]
) -> None:
    assert client.get("/v1/policy", headers=give_key("demand:read")).status_code == 403


@pytest.mark.parametrize(
    ("per_seat", "said"),
    [
        (2.9, "На место — примерно 3 желающих"),
        (1.5, "На место — примерно 2 желающих"),
        (1.4, None),
        (float("nan"), None),
    ],
)
def test_crowding_in_words(per_seat: float, said: str | None) -> None:
    assert crowding_note(per_seat) == said
