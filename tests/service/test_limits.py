"""A counsellor of named classes sees these and nobody else, however few are left: at every door."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import command
from starlette.testclient import TestClient

from service import upgrade
from service.access import OPERATOR
from service.accounts.people import add_user, find_user_id, set_classes
from service.db import WRITES, Database
from service.errors import InvalidInputError
from service.tables import SchoolClass, User, UserClass
from tests.service.conftest import PASSWORD, Authorization, sqlite_only
from tests.service.worked_example import BLANK, CLASS_A, CLASS_B, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]
REASON = "сверка с журналом школы"
CARD = f"/v1/students/{KNOWN}"
ABOUT_ONE = (
    CARD,
    f"{CARD}/consents",
    f"{CARD}/recommendations",
    f"{CARD}/recommendations/why-not?pathway_code=sch01-tech-eng",
    f"{CARD}/recommendations/contrast?first=sch01-tech-eng&second=sch02-sci-med",
    f"{CARD}/decisions",
    f"{CARD}/showings",
    f"{CARD}/sheet",
)
ABOUT_A_CLASS = (
    f"/v1/classes/{CLASS_A}/students",
    f"/v1/classes/{CLASS_A}/recommendations",
    f"/v1/classes/{CLASS_A}/workbook?reason=class_hour",
    f"/v1/classes/{CLASS_A}/picture",
    f"/v1/classes/{CLASS_A}/edition-change?from=krasnodar-2023H2&to=krasnodar-2024H1",
)


def limit(database: Database, *class_ids: str, login: str = "navigator") -> None:
    with database.writing() as session:
        user_id = find_user_id(session, login)
        set_classes(session, actor=OPERATOR, user_id=user_id, is_limited=True, class_ids=class_ids)


def seen(client: TestClient, header: Authorization) -> tuple[list[str], list[str]]:
    """Classes and students that are listed, the students by the changes of them."""
    classes = client.get("/v1/classes", headers=header).json()["classes"]
    students = client.get("/v1/students", headers=header).json()["students"]
    return [row["class_id"] for row in classes], sorted(row["student_id"] for row in students)


def test_who_is_limited_sees_these_classes(client: TestClient, ready: Database, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    assert seen(client, header) == ([CLASS_A, CLASS_B], [KNOWN, BLANK, REFUSED])
    limit(ready, CLASS_B)
    assert seen(client, header) == ([CLASS_B], [REFUSED])
    limit(ready)
    assert seen(client, header) == ([], [])
    with ready.writing() as session:
        set_classes(session, actor=OPERATOR, user_id=find_user_id(session, "navigator"), is_limited=False)
    assert seen(client, header) == ([CLASS_A, CLASS_B], [KNOWN, BLANK, REFUSED])


def test_the_last_class_goes_and_nobody_is_left(client: TestClient, ready: Database, sign_in: SignIn) -> None:
    """A class of one's own without students is taken off the rolls; the school is no more open than before."""
    gone = "sch01-2024-25-9v"
    with ready.writing() as session:
        session.add(SchoolClass(class_id=gone, school_code="sch01", school_year="2024-25", title="9В", grade=9))
        session.flush()
    limit(ready, gone)
    header = sign_in("navigator")
    assert seen(client, header) == ([gone], [])
    with ready.writing() as session:
        session.execute(sa.delete(SchoolClass).where(SchoolClass.class_id == gone))
        assert session.scalars(sa.select(UserClass)).all() == []
    assert seen(client, header) == ([], [])
    assert client.get("/v1/me", headers=header).json()["class_ids"] == []


@pytest.mark.parametrize("path", [*ABOUT_ONE, *ABOUT_A_CLASS])
def test_no_door_opens_without_a_class(client: TestClient, ready: Database, sign_in: SignIn, path: str) -> None:
    header = sign_in("navigator")
    assert client.get(path, headers=header).status_code == 200
    limit(ready)
    assert client.get(path, headers=header).status_code == 404


def test_nothing_is_decided_without_a_class(client: TestClient, ready: Database, sign_in: SignIn) -> None:
    limit(ready)
    wanted = {"pathway_code": "sch01-tech-eng", "decision": "pinned"}
    answer = client.post(f"{CARD}/decisions", headers=sign_in("navigator"), json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_no_batch_is_made_or_handed_out_without_a_class(client: TestClient, ready: Database, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    made = client.post("/v1/batches", headers=header, json={"reason": REASON}).json()["batch_id"]
    limit(ready)
    assert client.post("/v1/batches", headers=header, json={"reason": REASON}).status_code == 422
    of_class = client.post("/v1/batches", headers=header, json={"class_id": CLASS_A, "reason": REASON})
    assert of_class.status_code == 404
    assert client.get("/v1/batches", headers=header).json()["batches"] == []
    for path in (f"/v1/batches/{made}", f"/v1/batches/{made}/file"):  # asked for while the school was still open
        assert client.get(path, headers=header).status_code == 404
    assert client.delete(f"/v1/batches/{made}", headers=header).status_code == 404


def test_what_names_nobody_stays_as_it_was(client: TestClient, ready: Database, sign_in: SignIn) -> None:
    """Aggregates and counts of the district are the same for all; events of the school never were a counsellor's."""
    header = sign_in("navigator")
    paths = ("/v1/policy", "/v1/observations", "/v1/demand-editions", "/v1/pathways")
    before = {path: client.get(path, headers=header).json() for path in paths}
    limit(ready)
    assert {path: client.get(path, headers=header).json() for path in paths} == before
    assert client.get("/v1/events", headers=header).status_code == 403


def test_a_limit_counts_at_once_in_an_open_session(client: TestClient, ready: Database, sign_in: SignIn) -> None:
    director, header = sign_in("director"), sign_in("navigator")
    with ready.reading() as session:
        user_id = find_user_id(session, "navigator")
    at = f"/v1/people/{user_id}/classes"
    for said, status in (
        ({"is_limited": True, "class_ids": [CLASS_A]}, 200),
        ({"is_limited": True}, 404),
        ({"is_limited": False}, 200),
    ):
        assert client.put(at, headers=director, json=said).status_code == 204
        assert client.get(CARD, headers=header).status_code == status


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"class_ids": []},
        *({"is_limited": value} for value in (None, 0, "off", "false")),
        {"is_limited": False, "class_ids": [CLASS_A]},
    ],
)
def test_a_limit_that_is_not_said_changes_nothing(client: TestClient, sign_in: SignIn, said: dict[str, object]) -> None:
    director = sign_in("director")
    before = client.get("/v1/people", headers=director).json()
    user_id = next(row["user_id"] for row in before["people"] if row["login"] == "navigator")
    answer = client.put(f"/v1/people/{user_id}/classes", headers=director, json=said)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert client.get("/v1/people", headers=director).json() == before


def test_of_a_new_counsellor_it_is_said_whom_she_sees(client: TestClient, sign_in: SignIn) -> None:
    director = sign_in("director")
    person = {"login": "new", "display_name": "Новая", "role": "counsellor"}
    for said in ({}, {"class_ids": []}, {"is_limited": False, "class_ids": [CLASS_A]}):
        assert client.post("/v1/people", headers=director, json={**person, **said}).status_code == 422, said
    assert client.post("/v1/people", headers=director, json={**person, "is_limited": True}).status_code == 201
    administrator = {"login": "second", "display_name": "Второй", "role": "school_admin"}
    assert client.post("/v1/people", headers=director, json={**administrator, "is_limited": True}).status_code == 422
    assert client.post("/v1/people", headers=director, json=administrator).status_code == 201
    rows = {row["login"]: row for row in client.get("/v1/people", headers=director).json()["people"]}
    assert (rows["new"]["is_limited"], rows["new"]["classes"]) == (True, [])
    assert (rows["second"]["is_limited"], rows["navigator"]["is_limited"]) == (False, False)


@sqlite_only
def test_the_operator_says_it_too(ready: Database) -> None:
    person = {"login": "new", "password": PASSWORD, "display_name": "Н", "role": "counsellor", "school_code": "sch01"}
    with pytest.raises(InvalidInputError, match="кого видит педагог"), ready.writing() as session:
        add_user(session, actor=OPERATOR, **person)


def test_only_a_counsellor_can_be_limited_in_the_database_either(ready: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), ready.writing() as session:
        session.execute(sa.update(User).where(User.login == "director").values(is_limited=True))


def test_people_of_before_see_what_they_saw(database_url: str) -> None:
    database = Database(database_url)
    upgrade.upgrade_database(database, "0015")
    people = "INSERT INTO users (login, password_hash, display_name, role, school_code) VALUES "
    with database.writing() as session:
        for statement in (
            "INSERT INTO schools (school_code, title_ru) VALUES ('sch01', 'Школа № 1')",
            "INSERT INTO school_classes (class_id, school_code, school_year, title, grade) "
            "VALUES ('a', 'sch01', '2024-25', '9А', 9)",
            people + "('of_a', 'x', 'А', 'counsellor', 'sch01')",
            people + "('of_all', 'x', 'Б', 'counsellor', 'sch01')",
            people + "('head', 'x', 'В', 'school_admin', 'sch01')",
            "INSERT INTO user_classes (user_id, class_id) SELECT user_id, 'a' FROM users WHERE login = 'of_a'",
        ):
            session.execute(sa.text(statement))
    upgrade.upgrade_database(database)
    with database.writing() as session:
        limited = dict(session.execute(sa.select(User.login, User.is_limited)).all())
        assert limited == {"of_a": True, "of_all": False, "head": False}
        assert session.scalars(sa.select(UserClass.class_id)).all() == ["a"]
        session.execute(sa.delete(UserClass))
    _downgrade(database, "0015")  # there, who has no class sees the whole school: the door is closed instead
    with database.reading() as session:
        closed = session.execute(sa.text("SELECT login FROM users WHERE dismissed_at IS NOT NULL")).scalars().all()
        assert closed == ["of_a"]
    upgrade.upgrade_database(database)
    database.close()


def _downgrade(database: Database, revision: str) -> None:
    config = upgrade._config()
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
