"""Sign-in, lock-out, sessions and keys."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.accounts.actions import DECOY_HASH, hash_password
from service.accounts.identities import get_actor
from service.accounts.keys import issue_key, revoke_key
from service.accounts.people import add_user, dismiss_user, find_user_id, set_classes
from service.clock import now
from service.db import Database
from service.errors import ConflictError, InvalidInputError, NotFoundError, SignInError
from service.settings import Settings, read_secret_key
from service.tables import ApiKey, ClassMember, SchoolClass, User, UserSession
from service.wire import NOT_IN_USE
from tests.service.conftest import PASSWORD, Authorization, sqlite_only
from tests.service.worked_example import CLASS_A, KNOWN

SignIn = Callable[[str], Authorization]


def test_sign_in_me_and_sign_out(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    me = client.get("/v1/me", headers=header).json()
    assert (me["role"], me["school_code"], me["as_of"], me["school_year"]) == (
        "counsellor",
        "sch01",
        "2024-10-01",
        "2024-25",
    )
    assert me["data_are_synthetic"] is True
    assert "models:promote" not in me["permissions"]
    assert client.delete("/v1/sessions/current", headers=header).status_code == 204
    answer = client.get("/v1/me", headers=header)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_wrong_login_and_wrong_password_look_the_same(client: TestClient) -> None:
    wrong = [
        client.post("/v1/sessions", json={"login": login, "password": "ne tot parol"}).json()
        for login in ("navigator", "nobody")
    ]
    assert wrong[0] == wrong[1]
    assert wrong[0]["detail"] == "Логин или пароль не подходят."


def test_lock_out_after_failures_and_its_end(client: TestClient, ready: Database, settings: Settings) -> None:
    for _ in range(settings.failures_before_lock):
        assert client.post("/v1/sessions", json={"login": "navigator", "password": "mimo"}).status_code == 401
    right = {"login": "navigator", "password": PASSWORD}
    locked = client.post("/v1/sessions", json=right)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    with ready.writing() as session:
        past = now() - timedelta(seconds=1)
        session.execute(sa.update(User).where(User.login == "navigator").values(locked_until=past))
    assert client.post("/v1/sessions", json=right).status_code == 201


def test_a_token_is_kept_as_a_hash_and_ends(ready: Database, client: TestClient, sign_in: SignIn) -> None:
    token = sign_in("navigator")["Authorization"].removeprefix("Bearer ")
    with ready.writing() as session:
        row = session.scalars(sa.select(UserSession)).one()
        assert token not in (row.token_hash, str(vars(row)))
        row.expires_at = now() - timedelta(seconds=1)
    assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_session_that_nobody_uses_is_over_before_its_time(
    ready: Database, client: TestClient, sign_in: SignIn
) -> None:
    forgotten, used = sign_in("navigator"), sign_in("navigator")
    with ready.writing() as session:
        session.execute(sa.update(UserSession).values(quiet_until=now() + timedelta(minutes=5)))
    assert client.get("/v1/me", headers=used).status_code == 200
    assert client.get("/v1/me", headers={**forgotten, NOT_IN_USE: "1"}).status_code == 200  # a screen by itself
    with ready.writing() as session:
        first, second = session.scalars(sa.select(UserSession).order_by(UserSession.session_id)).all()
        assert second.quiet_until - now() > timedelta(minutes=59)  # used: an hour again
        assert first.quiet_until - now() < timedelta(minutes=6)
        first.quiet_until = now() - timedelta(seconds=1)
    assert client.get("/v1/me", headers=forgotten).status_code == 401
    assert len(client.get("/v1/me/sessions", headers=used).json()["sessions"]) == 1
    with ready.writing() as session:
        session.execute(sa.update(UserSession).values(expires_at=now() - timedelta(seconds=1)))
    assert client.get("/v1/me", headers=used).status_code == 401  # use does not prolong it beyond its own end


def test_dismissal_ends_everything(ready: Database, client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    with ready.writing() as session:
        dismiss_user(session, actor=OPERATOR, user_id=find_user_id(session, "navigator"))
    assert client.get("/v1/me", headers=header).status_code == 401
    assert client.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD}).status_code == 401


def test_a_key_does_what_its_verbs_say(client: TestClient, give_key: Callable[..., Authorization]) -> None:
    header = give_key("demand:read")
    assert client.get("/v1/demand-editions", headers=header).status_code == 200
    denied = client.get("/v1/classes", headers=header)
    assert (denied.status_code, denied.json()["code"]) == (403, "denied")
    assert client.delete("/v1/sessions/current", headers=header).status_code == 404  # a key has no session


@sqlite_only
def test_keys_expire_and_can_be_revoked(ready: Database, settings: Settings) -> None:
    key = read_secret_key(settings)
    with ready.writing() as session:
        issued = issue_key(
            session, actor=OPERATOR, title="Журнал", school_code="sch01", verbs=("demand:read",), days=1, secret_key=key
        )
        other = issue_key(
            session, actor=OPERATOR, title="Журнал", school_code="sch01", verbs=("demand:read",), days=1, secret_key=key
        )
    with ready.writing() as session:
        row = session.get_one(ApiKey, issued.key_id)
        assert issued.text not in str(vars(row))
        assert get_actor(session, issued.text, key).school_code == "sch01"
        row.expires_at = now() - timedelta(seconds=1)
        revoke_key(session, actor=OPERATOR, key_id=other.key_id)
    for text in (issued.text, other.text, issued.text[:-1], "ori_", "ori_x_y", "другое"):
        with ready.reading() as session, pytest.raises(SignInError):
            get_actor(session, text, key)


@sqlite_only
def test_refusals_of_new_people_and_keys(ready: Database, settings: Settings) -> None:
    person = {
        "login": "new",
        "password": PASSWORD,
        "display_name": "Новый",
        "role": "counsellor",
        "school_code": "sch01",
    }
    for change, error in (
        ({"login": "navigator"}, ConflictError),
        ({"password": "short"}, InvalidInputError),
        ({"role": "operator"}, InvalidInputError),
        ({"school_code": None}, InvalidInputError),
        ({"role": "methodologist"}, InvalidInputError),
        ({"school_code": "sch99"}, NotFoundError),
    ):
        with pytest.raises(error), ready.writing() as session:
            add_user(session, actor=OPERATOR, **{**person, **change})
    for verbs in ((), ("models:promote",)):
        with pytest.raises(InvalidInputError), ready.writing() as session:
            issue_key(session, actor=OPERATOR, title="x", school_code="sch01", verbs=verbs, days=1, secret_key=b"k")
    with pytest.raises(NotFoundError), ready.writing() as session:
        revoke_key(session, actor=OPERATOR, key_id=99)
    with pytest.raises(NotFoundError), ready.writing() as session:
        find_user_id(session, "nobody")


@sqlite_only
def test_a_truth_is_no_number(client: TestClient, sign_in: Callable[[str], Authorization]) -> None:
    header = sign_in("director")
    for path, sent in (
        ("/v1/keys", {"title": "Журнал", "verbs": ["demand:read"], "days": True}),
        ("/v1/keys/1/rotation", {"overlap_hours": False}),
        ("/v1/batches", {"k": True, "reason": "сверка с журналом"}),
    ):
        answer = client.post(path, headers=header, json=sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), path
    assert client.post("/v1/keys/1/rotation", headers=header, json={"overlap_hours": 1}).status_code == 404


def test_a_password_is_not_changed_to_itself(client: TestClient, sign_in: SignIn) -> None:
    answer = client.put("/v1/me/password", headers=sign_in("navigator"), json={"current": PASSWORD, "wanted": PASSWORD})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "Новый пароль такой же, как нынешний: придумайте другой.",
    )


def test_who_moved_on_is_another_counsellors_student(client: TestClient, ready: Database, sign_in: SignIn) -> None:
    """A counsellor of 9А this year; the next roster has one of its students in 10Б."""
    with ready.writing() as session:
        limited = {"user_id": find_user_id(session, "navigator"), "is_limited": True}
        set_classes(session, actor=OPERATOR, class_ids=(CLASS_A,), **limited)
    header = sign_in("navigator")

    def seen() -> tuple[int, set[str], set[str]]:
        listed = client.get(f"/v1/classes/{CLASS_A}/students", headers=header).json()["students"]
        changed = client.get("/v1/students", headers=header).json()["students"]
        card = client.get(f"/v1/students/{KNOWN}", headers=header).status_code
        return card, {row["student_id"] for row in listed}, {row["student_id"] for row in changed}

    card, listed, changed = seen()
    assert (card, listed) == (200, changed)
    assert KNOWN in listed
    with ready.writing() as session:
        term = {"school_code": "sch01", "school_year": "2025-26"}
        session.add(SchoolClass(class_id="sch01-2025-26-10b", title="10Б", grade=10, **term))
        session.flush()
        session.add(
            ClassMember(
                student_id=KNOWN, school_year="2025-26", class_id="sch01-2025-26-10b", conditions_needed=(),
                restriction_tags=(),
            )
        )  # fmt: skip
    assert seen() == (404, listed - {KNOWN}, changed - {KNOWN})
    with ready.writing() as session:
        classes = (CLASS_A, "sch01-2025-26-10b")
        set_classes(session, actor=OPERATOR, class_ids=classes, **limited)
    assert seen() == (200, listed, changed)


def test_a_login_that_does_not_exist_costs_as_much_as_one_that_does() -> None:
    kind, costs = slice(1, 3), 3  # $argon2id$v=19$m=65536,t=3,p=4$salt$digest
    real, decoy = hash_password("dlinnyi-parol").split("$"), DECOY_HASH.split("$")
    assert (decoy[kind], decoy[costs]) == (real[kind], real[costs])
