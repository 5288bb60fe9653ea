"""Two people at one thing: whoever names what was seen overwrites nobody; whoever names nothing works as before."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.db import Database
from service.tables import AuditRecord, UserClass
from tests.service.conftest import Authorization
from tests.service.test_drafts import DRAFTS, next_list, settle_all, upload
from tests.service.worked_example import CLASS_A, CLASS_B, KNOWN

SignIn = Callable[[str], Authorization]
CONSENTS = f"/v1/students/{KNOWN}/consents"


def said(purpose: str, **days: str) -> dict[str, Any]:
    """What a representative said of one purpose."""
    return {"consents": [{"purpose": purpose, **days}]}


def seen(header: Authorization, etag: str) -> dict[str, str]:
    """Headers of whoever changes what was seen."""
    return {**header, "If-Match": etag}


def person(client: TestClient, header: Authorization, login: str = "navigator") -> dict[str, Any]:
    """A person as the list shows it."""
    people = client.get("/v1/people", headers=header).json()["people"]
    return dict(next(each for each in people if each["login"] == login))


def test_the_second_of_two_is_told_and_reads_again(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    director = sign_in("director")
    first = client.get(CONSENTS, headers=director)
    assert first.headers["etag"] == f'"{first.json()["revision"]}"'

    given = client.put(
        CONSENTS, headers=seen(director, first.headers["etag"]), json=said("naming", given_on="2024-09-02")
    )
    assert given.status_code == 200, given.text
    assert given.headers["etag"] != first.headers["etag"]
    late = client.put(
        CONSENTS, headers=seen(director, first.headers["etag"]), json=said("naming", withdrawn_on="2024-09-03")
    )
    problem = late.json()
    assert (late.status_code, problem["code"]) == (412, "changed_meanwhile")
    assert "Прочитайте заново" in problem["detail"]
    with ready.reading() as session:
        deed = session.scalars(sa.select(AuditRecord).where(AuditRecord.deed == "consents.set")).one()
        assert (problem["revision"], problem["changed_by"]) == (deed.audit_id, deed.actor_id)
        assert problem["changed_at"] == deed.recorded_at.isoformat()

    now = client.get(CONSENTS, headers=director)
    assert now.headers["etag"] == given.headers["etag"] == f'"{problem["revision"]}"'
    done = client.put(
        CONSENTS, headers=seen(director, now.headers["etag"]), json=said("naming", withdrawn_on="2024-09-03")
    )
    assert done.status_code == 200


@pytest.mark.parametrize("etag", [None, "*", '"0", "{revision}"', '"{revision}"'])
def test_without_a_name_for_it_any_state_will_do(client: TestClient, sign_in: SignIn, etag: str | None) -> None:
    director = sign_in("director")
    revision = client.get(CONSENTS, headers=director).json()["revision"]
    header = director if etag is None else seen(director, etag.replace("{revision}", str(revision)))
    assert client.put(CONSENTS, headers=header, json=said("naming", given_on="2024-09-02")).status_code == 200


@pytest.mark.parametrize("etag", ['W/"{revision}"', "{revision}", '"another"', '"0"', '"{revision}0"', ""])
def test_a_tag_that_is_not_its_own_changes_nothing(client: TestClient, sign_in: SignIn, etag: str) -> None:
    """A weak tag is never enough to change something by (RFC 9110)."""
    director = sign_in("director")
    before = client.get(CONSENTS, headers=director)
    header = seen(director, etag.replace("{revision}", str(before.json()["revision"])))
    assert client.put(CONSENTS, headers=header, json=said("naming", given_on="2024-09-02")).status_code == 412
    assert client.get(CONSENTS, headers=director).content == before.content


def test_classes_of_a_person(client: TestClient, sign_in: SignIn) -> None:
    director = sign_in("director")
    known = person(client, director)
    at = f"/v1/people/{known['user_id']}/classes"
    only_a, nobody = {"is_limited": True, "class_ids": [CLASS_A]}, {"is_limited": True, "class_ids": []}
    first = client.put(at, headers=seen(director, f'"{known["revision"]}"'), json=only_a)
    assert first.status_code == 204, first.text
    assert first.headers["etag"] == f'"{person(client, director)["revision"]}"'
    late = client.put(at, headers=seen(director, f'"{known["revision"]}"'), json=nobody)
    assert late.status_code == 412
    assert [each["class_id"] for each in person(client, director)["classes"]] == [CLASS_A]
    assert client.put(at, headers=seen(director, first.headers["etag"]), json=nobody).status_code == 204


def test_what_else_changes_a_person_is_noticed(client: TestClient, sign_in: SignIn) -> None:
    director = sign_in("director")
    user_id = person(client, director)["user_id"]
    revisions = [person(client, director)["revision"]]
    for deed in ("password", "dismissal"):
        assert client.post(f"/v1/people/{user_id}/{deed}", headers=director).is_success
        revisions.append(person(client, director)["revision"])
    assert revisions == sorted(set(revisions))


def test_a_list_is_published_as_it_was_looked_at(client: TestClient, sign_in: SignIn) -> None:
    one, other = sign_in("metodist"), sign_in("metodist2")
    draft = settle_all(client, one, upload(client, one, next_list()).json())
    at = f"{DRAFTS}/{draft['draft_id']}"
    looked_at = client.get(at, headers=one).headers["etag"]
    assert looked_at == f'"{draft["revision"]}"'

    meaning = {"spo_codes": ["09.02.07"], "profiles": []}
    settled = client.put(f"{at}/lines/1", headers=other, json=meaning)
    assert settled.status_code == 200, settled.text
    refused = [
        client.post(f"{at}/publication", headers=seen(one, looked_at)),
        client.post(f"{at}/rest", headers=seen(one, looked_at)),
        client.put(f"{at}/lines/2", headers=seen(one, looked_at), json=meaning),
        client.patch(at, headers=seen(one, looked_at), json={"edition_code": "x-1", "published_on": "2024-09-30"}),
        client.delete(at, headers=seen(one, looked_at)),
    ]
    assert [answer.status_code for answer in refused] == [412] * 5
    assert client.get(at, headers=one).headers["etag"] == settled.headers["etag"]

    head = {"edition_code": draft["edition_code"], "published_on": "2024-09-30"}
    changed = client.patch(at, headers=seen(one, settled.headers["etag"]), json=head)
    assert (changed.status_code, changed.headers["etag"]) == (200, f'"{changed.json()["revision"]}"')
    done = client.post(f"{at}/publication", headers=seen(one, changed.headers["etag"]))
    assert done.status_code == 200, done.text
    assert client.get(at, headers=one).headers["etag"] != changed.headers["etag"]


def test_of_eight_at_once_one_is_heard(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    director = sign_in("director")
    known = person(client, director)
    header = seen(director, f'"{known["revision"]}"')
    at, choices = f"/v1/people/{known['user_id']}/classes", [[CLASS_A], [CLASS_B]] * 4

    def limit(class_ids: list[str]) -> int:
        return client.put(at, headers=header, json={"is_limited": True, "class_ids": class_ids}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(limit, choices))
    assert sorted(statuses) == [204] + [412] * 7
    with ready.reading() as session:
        assert [[each] for each in session.scalars(sa.select(UserClass.class_id))] == [choices[statuses.index(204)]]


def test_of_eight_consents_at_once_one_is_heard(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    director = sign_in("director")
    header = seen(director, client.get(CONSENTS, headers=director).headers["etag"])
    words = [said("naming", given_on=f"2024-09-{day:02}") for day in range(2, 10)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda word: client.put(CONSENTS, headers=header, json=word).status_code, words))
    assert sorted(statuses) == [200] + [412] * 7
    with ready.reading() as session:
        made = sa.select(sa.func.count()).where(AuditRecord.deed == "consents.set")
        assert session.scalar(made) == 1
