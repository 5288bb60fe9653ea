"""Who may what: every route, every kind of actor, every kind of object; then twenty faults, each of which must show.

The tables below are the page on threats written out by hand; they know nothing of how the product decides.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.orm.attributes import set_committed_value
from starlette.testclient import TestClient

from service import access
from service.access import OPERATOR, Actor, Permission, Role
from service.accounts import actions as sign_in_actions
from service.accounts import identities, keys, people
from service.accounts.actions import hash_token
from service.accounts.identities import Identities
from service.app import create_app
from service.batches import actions as batch_actions
from service.batches.actions import ask_for_batch
from service.batches.schemas import NewBatch
from service.catalogue.queries import get_reference
from service.clock import now
from service.db import Database
from service.events import actions as webhook_actions
from service.events.actions import make_webhook, ping_webhook
from service.events.schemas import NewWebhook
from service.installation import get_today
from service.recommendations import card_routes
from service.sections import declared_routes
from service.settings import Settings, read_secret_key
from service.students import queries as student_queries
from service.surveys.rounds import open_round
from service.surveys.schemas import RoundOpening
from service.tables import ApiKey, Batch, BrokenGlass, Student, User, UserSession, Webhook
from service.web import OpenToAll
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests
from tests.service.conftest import PASSWORD, PEOPLE, Authorization
from tests.service.worked_example import CLASS_A, CLASS_B, CLASS_ELSEWHERE, ELSEWHERE, KNOWN, REFUSED

# who may see an object asks before who may not: what was made for the one must not be handed to the other
ACTORS = (
    "navigator2", "in_need", "navigator", "of_9a", "director", "metodist", "region", "auditor", "journal", "of_none",
)  # fmt: skip
SCHOOL = {"navigator", "of_9a", "of_none", "director", "journal", "navigator2"}  # the last one in another school
REGION = {"region", "in_need"}  # the second has access in need open
# what a deed takes -> who may do it
MAY = {
    "be signed in": set(ACTORS),
    "see students": SCHOOL | {"in_need"},
    "take lists of many": SCHOOL | {"in_need"},  # whom no batch is open to: see ABSENT_TO below
    "decide": {"navigator", "of_9a", "of_none", "director", "navigator2"},
    "hold a survey": {"navigator", "of_9a", "of_none", "director", "navigator2"},
    "write consents": {"director"},
    "hand out or erase a child's data": {"director"},
    "ask without storing": {"journal"},
    "bring school files": {"director", "journal"},
    "take a survey with names": {"of_none", "navigator", "of_9a", "director", "navigator2", "in_need"},
    "bring files of a school or of the region": {"director", "journal", "metodist"},
    "read lists": SCHOOL | REGION | {"metodist"},
    "publish lists": {"metodist"},
    "see models": set(ACTORS) - {"journal"},
    "move models": REGION,
    "look after people and keys": {"director"},
    "be told of events": {"director", "journal"},
    "look after webhooks": {"director"},
    "read the audit": {"auditor"},
    "see students in need": REGION,
}
ROUTES = {
    "be signed in": """
        DELETE /v1/sessions/current
        GET /v1/me
        PUT /v1/me/password
        GET /v1/me/sessions
        DELETE /v1/me/sessions/{session_id}""",
    "see students": """
        GET /v1/classes
        GET /v1/classes/{class_id}/students
        GET /v1/classes/{class_id}/recommendations
        GET /v1/classes/{class_id}/edition-change
        GET /v1/classes/{class_id}/workbook
        GET /v1/classes/{class_id}/picture
        GET /v1/school-students
        GET /v1/students
        GET /v1/students/{student_id}
        GET /v1/students/{student_id}/consents
        GET /v1/students/{student_id}/recommendations
        GET /v1/students/{student_id}/recommendations/why-not
        GET /v1/students/{student_id}/recommendations/contrast
        GET /v1/students/{student_id}/history
        GET /v1/students/{student_id}/what-if
        POST /v1/students/{student_id}/what-if
        GET /v1/students/{student_id}/sheet
        GET /v1/talks
        GET /v1/students/{student_id}/decisions
        GET /v1/students/{student_id}/showings
        GET /v1/students/{student_id}/showings/{showing_id}
        GET /v1/pathways""",
    "take lists of many": """
        POST /v1/batches
        GET /v1/batches
        GET /v1/batches/{batch_id}
        GET /v1/batches/{batch_id}/file
        DELETE /v1/batches/{batch_id}""",
    "decide": """
        POST /v1/students/{student_id}/decisions
        DELETE /v1/students/{student_id}/decisions/{decision_id}
        GET /v1/students/{student_id}/notes
        POST /v1/students/{student_id}/notes
        PUT /v1/students/{student_id}/notes/{note_id}/done
        DELETE /v1/students/{student_id}/notes/{note_id}""",
    "hold a survey": """
        GET /v1/classes/{class_id}/survey-rounds
        POST /v1/classes/{class_id}/survey-rounds
        POST /v1/survey-rounds/{round_id}/end
        DELETE /v1/survey-rounds/{round_id}/sheets/{student_id}""",
    "write consents": "PUT /v1/students/{student_id}/consents",
    "hand out or erase a child's data": """
        GET /v1/students/{student_id}/readings
        GET /v1/students/{student_id}/export
        POST /v1/students/{student_id}/erasure
        GET /v1/erasures
        GET /v1/retention""",
    "ask without storing": "POST /v1/recommendations",
    "bring school files": "POST /v1/imports/{table}",
    "take a survey with names": "GET /v1/classes/{class_id}/survey-kit",
    "bring files of a school or of the region": """
        GET /v1/intakes
        POST /v1/imports
        POST /v1/marked-copies
        GET /v1/intakes/{intake_id}
        POST /v1/intakes/{intake_id}/undo
        PUT /v1/column-meanings""",
    "read lists": """
        GET /v1/demand-editions
        GET /v1/demand-editions/{code}
        GET /v1/demand-editions/{code}/weights
        GET /v1/demand-editions/{code}/source
        GET /v1/demand-editions/{code}/difference""",
    "publish lists": """
        POST /v1/demand-editions
        GET /v1/demand-drafts
        POST /v1/demand-drafts
        GET /v1/demand-meanings
        GET /v1/demand-drafts/{draft_id}
        PATCH /v1/demand-drafts/{draft_id}
        PUT /v1/demand-drafts/{draft_id}/lines/{position}
        POST /v1/demand-drafts/{draft_id}/rest
        GET /v1/demand-drafts/{draft_id}/difference
        GET /v1/demand-drafts/{draft_id}/impact
        POST /v1/demand-drafts/{draft_id}/publication
        DELETE /v1/demand-drafts/{draft_id}""",
    "see models": """
        GET /v1/policy
        GET /v1/balance
        GET /v1/demand-editions/{code}/impact
        GET /v1/jobs
        GET /v1/jobs/{job_id}
        GET /v1/model-versions
        GET /v1/observations""",
    "move models": """
        POST /v1/jobs/{job_id}/cancellation
        POST /v1/model-versions
        POST /v1/model-versions/{version}/promotion
        POST /v1/model-versions/rollback""",
    "look after people and keys": """
        GET /v1/people
        POST /v1/people
        PUT /v1/people/{user_id}/classes
        POST /v1/people/{user_id}/password
        POST /v1/people/{user_id}/dismissal
        GET /v1/keys
        POST /v1/keys
        POST /v1/keys/{key_id}/rotation
        DELETE /v1/keys/{key_id}""",
    "be told of events": "GET /v1/events",
    "look after webhooks": """
        GET /v1/webhooks
        POST /v1/webhooks
        GET /v1/webhooks/{webhook_id}
        PATCH /v1/webhooks/{webhook_id}
        DELETE /v1/webhooks/{webhook_id}
        POST /v1/webhooks/{webhook_id}/rotation
        POST /v1/webhooks/{webhook_id}/ping
        GET /v1/webhooks/{webhook_id}/deliveries
        POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay""",
    "read the audit": """
        GET /v1/audit
        GET /v1/audit/verdict""",
    "see students in need": "POST /v1/broken-glass",
}
TAKES = {route.strip(): deed for deed, routes in ROUTES.items() for route in routes.strip().splitlines()}
# class of the object, as the first school has it -> who of those who may do the deed at all may do it to that object
REACH = {
    "own": SCHOOL - {"navigator2", "of_none"} | {"in_need"},  # who is limited and has no class sees nobody
    "other class": SCHOOL - {"navigator2", "of_9a", "of_none"} | {"in_need"},
    "other school": {"navigator2", "in_need"},
    "missing": set(),
}
ABSENT_TO = {
    ("in_need", "/v1/batches/{batch_id}"),
    ("in_need", "POST /v1/batches"),
    ("in_need", "GET /v1/school-students"),  # belongs to no school
    ("navigator2", "POST /v1/batches"),  # of a class of the first school
    ("of_none", "POST /v1/batches"),
}
QUESTION = {"pathway_code": "sch01-tech-eng", "first": "sch01-tech-eng", "second": "sch02-sci-med"}
PARAMS = {**QUESTION, "survey": "exams", "from": "krasnodar-2023H2", "to": "krasnodar-2024H1", "reason": "class_hour"}
HOOK = {"url": "https://journal.example/hook", "event_types": ["orientir.edition.published"]}
BODIES = {
    "POST /v1/students/{student_id}/decisions": {"pathway_code": "sch01-tech-eng", "decision": "pinned"},
    "PUT /v1/students/{student_id}/consents": {"consents": [{"purpose": "naming", "given_on": "2024-09-02"}]},
    # who may erase is told that names are no document: everybody stays for the rest of the matrix
    "POST /v1/students/{student_id}/erasure": {"ground": "request", "document": "Ольхина Кленова"},
    "POST /v1/students/{student_id}/what-if": {"marks": [{"subject_code": "phys", "mark": 4}]},
    "POST /v1/students/{student_id}/notes": {"text": "Говорили о выборе"},
    "PUT /v1/students/{student_id}/notes/{note_id}/done": {"is_done": True},
    "POST /v1/batches": {"class_id": CLASS_A, "reason": "сверка с журналом школы"},
    "PUT /v1/me/password": {"current": "not the password", "wanted": "drugoi-parol"},
    "PUT /v1/people/{user_id}/classes": {"is_limited": False},
    "POST /v1/people": {"login": "navigator", "display_name": "x", "role": "counsellor", "is_limited": False},
    "POST /v1/keys/{key_id}/rotation": {"overlap_hours": 1},
    "POST /v1/broken-glass": {"reason": "проверка обращения родителей", "minutes": 0},
    "POST /v1/webhooks": HOOK,
    "POST /v1/classes/{class_id}/survey-rounds": {"survey": "exams"},
    "PUT /v1/column-meanings": {"table": "roster", "columns": {"Фамилия ребёнка": "last_name"}},
    "PATCH /v1/webhooks/{webhook_id}": {"state": "active"},
    "POST /v1/webhooks/{webhook_id}/rotation": {"overlap_hours": 1},
}
OTHERS = {"code": "krasnodar-2024H1", "version": "none.1", "table": "marks", "decision_id": "77", "note_id": "77",
          "draft_id": "77", "position": "1", "showing_id": "77", "job_id": "77", "delivery_id": "1",
          "intake_id": "77", "round_id": "77"}  # fmt: skip
ENDED, DENIED, ABSENT, BROKEN = 401, 403, 404, 500
PASSING = ("x-request-id", "ratelimit")  # of every answer its own


@pytest.fixture
def backend() -> str:
    """Rights do not depend on the kind of database."""
    return "sqlite"


@dataclass
class Town:
    """The worked example with everybody in it."""

    client: TestClient
    database: Database
    secret_key: bytes
    headers: dict[str, Authorization]
    objects: dict[str, dict[str, str]]  # path parameter -> class of object -> value

    def call(self, actor: str, route: str, values: dict[str, str]) -> int:
        """Status of one call."""
        method, path = route.split(" ")
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, f"teach the matrix about {path}"
        answer = self.client.request(
            method,
            path,
            headers=self.headers[actor],
            json=BODIES.get(route),
            content=b"student_id\n" if route.startswith(("POST /v1/imports", "POST /v1/marked")) else None,
            params=PARAMS if method == "GET" else None,
        )
        return answer.status_code

    def matrix(self, routes: Iterator[str] | list[str]) -> list[tuple[str, str, str, int]]:
        """Answers that the tables do not expect: actor, route, class of the object, status."""
        found = []
        for route in routes:
            name = next((name for name in self.objects if f"{{{name}}}" in route), None)
            for kind in REACH if name is not None else ("own",):
                values = {**OTHERS, **({name: self.objects[name][kind]} if name is not None else {})}
                for actor in ACTORS:
                    status = self.call(actor, route, values)
                    if not _is_expected(actor, route, name, kind, status):
                        found.append((actor, route, kind, status))
        return found


def _is_expected(actor: str, route: str, name: str | None, kind: str, status: int) -> bool:
    if status >= BROKEN or actor not in MAY[TAKES[route]]:
        return status == DENIED
    if any(actor == whom and what in route for whom, what in ABSENT_TO):
        return status == ABSENT
    if name in ("user_id", "key_id", "webhook_id"):
        is_gone = route == "DELETE /v1/webhooks/{webhook_id}" and kind == "other class"  # the same one, a moment ago
        is_there = kind in ("own", "other class") and not is_gone
        return status not in (ENDED, DENIED, ABSENT) if is_there else status == ABSENT
    if name == "session_id":
        return status == ABSENT  # sessions of others; one's own is tried elsewhere
    if name is not None and actor not in REACH[kind]:
        return status == ABSENT
    # a decision, a note, a showing or a file may be lacking, and a batch given up once is gone
    may_lack = (
        "{decision_id}",
        "{note_id}",
        "{showing_id}",
        "{round_id}/sheets",
        "{batch_id}/file",
        "DELETE /v1/batches",
    )
    is_found = name is not None and not any(each in route for each in may_lack)
    return status not in ((ENDED, DENIED, ABSENT) if is_found else (ENDED, DENIED))


def open_town(database: Database, settings: Settings) -> tuple[FastAPI, TestClient]:
    """An application of its own: what a fault spoils must not be remembered by the next."""
    application = create_app(settings, database)
    return application, TestClient(application, raise_server_exceptions=False)


@pytest.fixture
def town(ready: Database, settings: Settings) -> Iterator[Town]:
    """Everybody is signed in; a spare person and a spare key stand in each school to be worked on."""
    secret_key = read_secret_key(settings)
    settings = settings.model_copy(update={"webhook_hosts": "journal.example"})
    with ready.writing() as session:
        stored = session.scalars(sa.select(User.password_hash).limit(1)).one()
        spare = {}
        for login, school, role in (
            ("of_9a", "sch01", "counsellor"), ("of_none", "sch01", "counsellor"), ("auditor", None, "auditor"),
            ("in_need", None, "regional_admin"),
            ("spare1", "sch01", "counsellor"), ("spare2", "sch02", "counsellor"),
        ):  # fmt: skip
            user = User(login=login, password_hash=stored, display_name=login, role=role, school_code=school)
            session.add(user)
            session.flush()
            spare[login] = str(user.user_id)
        for login, class_ids in (("of_9a", (CLASS_A,)), ("of_none", ())):
            limited = {"user_id": int(spare[login]), "is_limited": True, "class_ids": class_ids}
            people.set_classes(session, actor=OPERATOR, **limited)
        issued = {
            name: keys.issue_key(
                session, actor=OPERATOR, title=name, school_code=school, days=30, secret_key=secret_key,
                verbs=("classes:read", "students:read", "recommendations:read", "recommendations:inline",
                       "imports:school", "demand:read", "events:read"),
            )
            for name, school in (("journal", "sch01"), ("spare1", "sch01"), ("spare2", "sch02"))
        }  # fmt: skip
        batches = {}
        for number, (kind, school, class_id) in enumerate(
            (("own", "sch01", CLASS_A), ("other class", "sch01", CLASS_B), ("other school", "sch02", CLASS_ELSEWHERE)),
            1,
        ):
            wanted = NewBatch(class_id=class_id, reason="сверка с журналом школы")
            batch = ask_for_batch(session, actor=OPERATOR, wanted=wanted, settings=settings)
            assert (batch.batch_id, batch.school_code) == (number, school)
            batches[kind] = str(batch.batch_id)
        rounds = {}
        opening, today = RoundOpening(survey="interests"), get_today(session, settings)
        for kind, class_id in (("own", CLASS_A), ("other class", CLASS_B), ("other school", CLASS_ELSEWHERE)):
            opened = open_round(
                session, actor=OPERATOR, settings=settings, reference=get_reference(settings), class_id=class_id,
                opening=opening, today=today,
            )  # fmt: skip
            rounds[kind] = str(opened.round_id)
        webhooks = {}
        for number, school in enumerate(("sch01", "sch02"), 1):  # a delivery to each, of its own number
            admin = Actor("user:2", Role.SCHOOL_ADMIN, "", access.GRANTS[Role.SCHOOL_ADMIN], school_code=school)
            hook = NewWebhook.model_validate(HOOK)
            made = make_webhook(session, actor=admin, wanted=hook, settings=settings, secret_key=secret_key)
            delivery = ping_webhook(session, actor=admin, webhook_id=made.webhook.webhook_id)
            assert (made.webhook.webhook_id, delivery.delivery_id) == (number, number)
            webhooks[school] = str(number)
        users = dict(session.execute(sa.select(User.login, User.user_id)).all())
        soon = now() + timedelta(hours=1)
        term = {"opened_at": now(), "expires_at": soon, "quiet_until": soon}
        for login in (*set(ACTORS) - {"journal"}, "spare2"):
            token = hash_token(secret_key, f"token of {login}")
            session.add(UserSession(user_id=users[login], token_hash=token, **term))
        minute = timedelta(minutes=1)
        session.add(
            BrokenGlass(user_id=users["in_need"], reason="проверка", opened_at=now(), until=now() + 30 * minute)
        )
        session.flush()
        of_another = sa.select(UserSession.session_id).where(UserSession.user_id == users["spare2"])
        other_session = str(session.scalars(of_another).one())
    _, client = open_town(ready, settings)
    with client:
        headers = {login: {"Authorization": f"Bearer token of {login}"} for login in ACTORS}
        headers["journal"] = {"Authorization": f"Bearer {issued['journal'].text}"}
        objects = {
            "student_id": {"own": KNOWN, "other class": REFUSED, "other school": ELSEWHERE, "missing": "s9999999"},
            "class_id": {
                "own": CLASS_A, "other class": CLASS_B, "other school": CLASS_ELSEWHERE, "missing": "sch01-2024-25-9z",
            },
            "user_id": {"own": spare["spare1"], "other class": spare["spare1"], "other school": spare["spare2"],
                        "missing": "99"},
            "key_id": {"own": str(issued["spare1"].key_id), "other class": str(issued["spare1"].key_id),
                       "other school": str(issued["spare2"].key_id), "missing": "9"},
            "batch_id": batches | {"missing": "99"},
            "webhook_id": {"own": webhooks["sch01"], "other class": webhooks["sch01"],
                           "other school": webhooks["sch02"], "missing": "99"},
            "round_id": rounds | {"missing": "99"},
            "session_id": dict.fromkeys(REACH, other_session),
        }  # fmt: skip
        yield Town(client, ready, secret_key, headers, objects)


def routes_of(application: FastAPI) -> set[str]:
    """Method and template of every route that is not open to all."""
    return {
        f"{method} {context.path}"
        for context, (declaration,) in declared_routes(application)
        for method in (context.methods or ()) - {"HEAD"}
        if not isinstance(declaration, OpenToAll)
    }


LAST = (
    "DELETE /v1/batches/{batch_id}",
    "DELETE /v1/keys/{key_id}",
    "DELETE /v1/webhooks/{webhook_id}",
    "POST /v1/people/{user_id}/dismissal",
    "DELETE /v1/sessions/current",
)  # they end


def in_order(routes: set[str]) -> list[str]:
    """What ends something comes last."""
    return sorted(routes - set(LAST)) + [route for route in LAST if route in routes]


def test_the_tables_know_every_route(application: FastAPI) -> None:
    assert routes_of(application) == set(TAKES)


def test_no_answer_is_unexpected(town: Town) -> None:
    # whatever else is answered (a conflict, a fault of the body) is of the deed, not of rights
    assert town.matrix(in_order(set(TAKES))) == []


def test_files_of_the_region_are_the_methodologists(town: Town) -> None:
    statuses = {actor: town.call(actor, "POST /v1/imports/{table}", {"table": "catalogue"}) for actor in ACTORS}
    assert {actor for actor, status in statuses.items() if status != DENIED} == {"metodist"}


def test_somebody_elses_object_answers_like_one_that_is_not_there(town: Town) -> None:
    for route, name in (
        ("GET /v1/students/{student_id}", "student_id"),
        ("GET /v1/classes/{class_id}/students", "class_id"),
        ("POST /v1/people/{user_id}/password", "user_id"),
        ("DELETE /v1/keys/{key_id}", "key_id"),
    ):
        method, path = route.split(" ")
        answers = []
        for kind in ("other school", "missing"):
            value = town.objects[name][kind]
            answer = town.client.request(method, path.replace(f"{{{name}}}", value), headers=town.headers["director"])
            told = {k: v for k, v in answer.json().items() if not k.endswith("_id")}
            answers.append((answer.status_code, told, {k: v for k, v in answer.headers.items() if k not in PASSING}))
        assert answers[0] == answers[1]


# -- credentials: each probe names what is let in that should not be -------------------------------------------------


def probe_credentials(town: Town) -> list[str]:
    """Ended, expired, dismissed, revoked, rotated away, temporary."""
    found: list[str] = []
    client, database = town.client, town.database

    def sign_in(login: str = "navigator", password: str = PASSWORD) -> Authorization:
        answer = client.post("/v1/sessions", json={"login": login, "password": password})
        return {"Authorization": f"Bearer {answer.json().get('token', 'none')}"}

    def check(what: str, header: Authorization, path: str = "/v1/classes", expected: int = ENDED) -> None:
        if (status := client.get(path, headers=header).status_code) != expected:
            found.append(f"{what}: {status}")

    ended = sign_in()
    client.delete("/v1/sessions/current", headers=ended)
    check("signed out", ended)
    expired = sign_in()
    with database.writing() as session:
        newest = session.scalars(sa.select(UserSession).order_by(UserSession.session_id.desc()).limit(1)).one()
        newest.expires_at = now() - timedelta(seconds=1)
    check("expired session", expired)
    for title, change in (
        ("expired key", {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}), ("revoked key", {"revoked_at": now()}),
    ):  # fmt: skip
        with database.writing() as session:
            issued = keys.issue_key(
                session, actor=OPERATOR, title=title, school_code="sch01", verbs=("classes:read",), days=1,
                secret_key=town.secret_key,
            )  # fmt: skip
            session.execute(sa.update(ApiKey).where(ApiKey.key_id == issued.key_id).values(change))
        check(title, {"Authorization": f"Bearer {issued.text}"})
    with database.writing() as session:
        narrow = keys.issue_key(
            session, actor=OPERATOR, title="narrow", school_code="sch01", verbs=("demand:read",), days=1,
            secret_key=town.secret_key,
        )  # fmt: skip
    check("key beyond its verbs", {"Authorization": f"Bearer {narrow.text}"}, expected=DENIED)
    check("key of one letter less", {"Authorization": f"Bearer {narrow.text[:-1]}"})
    # a password given by somebody else opens nothing but the choice of another
    admitted = client.post(
        "/v1/people", headers=town.headers["director"],
        json={"login": f"new{len(found)}", "display_name": "Новая", "role": "counsellor", "is_limited": False},
    ).json()  # fmt: skip
    fresh = sign_in(admitted["login"], admitted["temporary_password"])
    check("temporary password", fresh, expected=DENIED)
    again = {"current": admitted["temporary_password"], "wanted": admitted["temporary_password"]}
    client.put("/v1/me/password", headers=fresh, json=again)
    check("temporary password chosen again", fresh, expected=DENIED)
    wanted = {"current": admitted["temporary_password"], "wanted": "svoi-parol-9"}
    second = sign_in(admitted["login"], admitted["temporary_password"])
    client.put("/v1/me/password", headers=fresh, json=wanted)
    check("own password", fresh, expected=200)
    check("another session after the password changed", second)
    client.post(f"/v1/people/{admitted['user_id']}/dismissal", headers=town.headers["director"])
    check("dismissed", fresh)
    check("dismissed, signed in again", sign_in(admitted["login"], wanted["wanted"]))
    with database.writing() as session:  # as if dismissal had not ended it
        session.execute(sa.update(UserSession).values(ended_at=None))
    check("dismissed, session not ended", fresh)
    return found


def probe_names(town: Town) -> list[str]:
    """A key never sees a name."""
    answer = town.client.get(f"/v1/classes/{CLASS_A}/students", headers=town.headers["journal"])
    return ["names"] if "Ольхина" in answer.text else []


def probe_glass(town: Town) -> list[str]:
    """Access in need opens for a reason and a while, and closes by itself."""
    found, card = [], f"/v1/students/{KNOWN}"
    if town.client.get(card, headers=town.headers["region"]).status_code != DENIED:
        found.append("without asking")
    wanted = {"reason": "проверка обращения родителей", "minutes": 30}
    if town.client.post("/v1/broken-glass", headers=town.headers["region"], json=wanted).status_code == 201:
        if town.client.get(card, headers=town.headers["region"]).status_code != 200:
            found.append("did not open")
        with town.database.writing() as session:
            session.execute(sa.update(BrokenGlass).values(until=now() - timedelta(seconds=1)))
        if town.client.get(card, headers=town.headers["region"]).status_code != DENIED:
            found.append("did not close")
    return found


def probe_sessions(town: Town) -> list[str]:
    """Nobody ends the session of another."""
    status = town.call(
        "navigator", "DELETE /v1/me/sessions/{session_id}", {"session_id": town.objects["session_id"]["own"]}
    )
    return [] if status == ABSENT else [f"session of another: {status}"]


Probe = Callable[[Town], list[str]]
PROBES: tuple[Probe, ...] = (probe_credentials, probe_names, probe_glass, probe_sessions)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: str(probe.__name__))
def test_nothing_is_let_in_that_should_not_be(town: Town, probe: Probe) -> None:
    assert probe(town) == []


# -- twenty faults, each of which the tables above must show ---------------------------------------------------------

STUDENT = ["GET /v1/students/{student_id}", "GET /v1/students/{student_id}/recommendations"]


def _with(role: Role, permission: Permission) -> dict[Role, frozenset[Permission]]:
    return {**access.GRANTS, role: access.GRANTS[role] | {permission}}


def _any_key(**change: object) -> Callable[..., Actor]:
    real = identities._actor_of_key

    def identify(session: sa.orm.Session, credentials: str, secret_key: bytes) -> Actor:
        prefix = credentials.split("_", 2)[1]
        row = session.scalars(sa.select(ApiKey).where(ApiKey.prefix == prefix)).one()
        session.expunge(row)
        for name, value in change.items():
            setattr(row, name, value)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session, "scalars", lambda _query: _One(row))
            return real(session, credentials, secret_key)

    return identify


@dataclass
class _One:
    row: ApiKey

    def one_or_none(self) -> ApiKey:
        """The doctored row."""
        return self.row


def _session_like(session: sa.orm.Session, credentials: str, secret_key: bytes) -> Actor:
    """Whoever has ever had this token."""
    if credentials.startswith("ori_"):
        return identities._actor_of_key(session, credentials, secret_key)
    token = sign_in_actions.hash_token(secret_key, credentials)
    query = sa.select(UserSession, User).join(User, User.user_id == UserSession.user_id)
    row, user = session.execute(query.where(UserSession.token_hash == token)).one()
    return sign_in_actions.actor_of(user, row)


def _blind_to_dismissal(session: sa.orm.Session, credentials: str, secret_key: bytes) -> Actor:
    users = session.scalars(sa.select(User)).all()
    for user in users:
        set_committed_value(user, "dismissed_at", None)
    return REAL_GET_ACTOR(session, credentials, secret_key)


def _forever_open(session: sa.orm.Session, actor: Actor, user_id: int) -> Actor:
    until = session.scalar(sa.select(sa.func.max(BrokenGlass.until)).where(BrokenGlass.user_id == user_id))
    if until is None:
        return actor
    return replace(actor, permissions=actor.permissions | access.THROUGH_BROKEN_GLASS, has_broken_glass=True)


def _always_open(_session: sa.orm.Session, actor: Actor, _user_id: int) -> Actor:
    return replace(actor, permissions=actor.permissions | access.THROUGH_BROKEN_GLASS, has_broken_glass=True)


def _any_student(session: sa.orm.Session, _actor: Actor, student_id: str) -> Student:
    return session.get_one(Student, student_id)


def _any_webhook(session: sa.orm.Session, _actor: Actor, webhook_id: int) -> Webhook:
    return session.get_one(Webhook, webhook_id)


def _whole_school(visible: Callable[[Actor], sa.Select[tuple[object]]]) -> Callable[[Actor], object]:
    return lambda actor: visible(replace(actor, class_ids=None))


def _if_any(actor: Actor) -> Actor:
    return actor if actor.class_ids else replace(actor, class_ids=None)


Patches = list[tuple[object, str, object]]
FAULTS: dict[str, tuple[Callable[[], Patches], list[str] | Probe]] = {
    "every school in reach": (lambda: [(access, "_school_in_reach", lambda *_: sa.true())], STUDENT),
    "a school where nobody was named": (
        lambda: [(identities, "_actor_of_key", _any_key(school_code="sch02"))], STUDENT),
    "classes of a counsellor forgotten": (lambda: [(identities, "_limited", lambda _s, actor, _u: actor)], STUDENT),
    "no classes taken for the whole school": (
        lambda: [(identities, "_limited", lambda *asked: _if_any(REAL_LIMITED(*asked)))],
        STUDENT),
    "classes asked of students only": (
        lambda: [(student_queries, "visible_classes", _whole_school(access.visible_classes))],
        ["GET /v1/classes/{class_id}/students"]),
    "classes asked of classes only": (
        lambda: [(student_queries, "visible_students", _whole_school(access.visible_students))],
        STUDENT[:1]),
    "permissions not checked": (lambda: [("service.web.check_permission", "", lambda *_: None)], ["GET /v1/audit"]),
    "a counsellor looks after people": (
        lambda: [(sign_in_actions, "GRANTS", _with(Role.COUNSELLOR, Permission.MANAGE_ACCOUNTS))], ["GET /v1/people"]),
    "a methodologist sees students": (
        lambda: [(sign_in_actions, "GRANTS", _with(Role.METHODOLOGIST, Permission.READ_STUDENTS))], STUDENT[:1]),
    "an auditor moves models": (
        lambda: [(sign_in_actions, "GRANTS", _with(Role.AUDITOR, Permission.PROMOTE_MODELS))],
        ["POST /v1/model-versions/{version}/promotion"]),
    "a school publishes lists": (
        lambda: [(sign_in_actions, "GRANTS", _with(Role.SCHOOL_ADMIN, Permission.PUBLISH_DEMAND))],
        ["GET /v1/demand-drafts"]),
    "the region reads the audit": (
        lambda: [(sign_in_actions, "GRANTS", _with(Role.REGIONAL_ADMIN, Permission.READ_AUDIT))], ["GET /v1/audit"]),
    "ended sessions live on": (lambda: [(identities, "get_actor", _session_like)], probe_credentials),
    "a dismissed person whose session did not end": (
        lambda: [(identities, "get_actor", _blind_to_dismissal)], probe_credentials),
    "in need, one may decide": (
        lambda: [(identities, "THROUGH_BROKEN_GLASS", access.THROUGH_BROKEN_GLASS | {Permission.DECIDE})],
        ["POST /v1/students/{student_id}/decisions"]),
    "batches of every class": (
        lambda: [(batch_actions, "visible_batches", _whole_school(batch_actions.visible_batches))],
        ["GET /v1/batches/{batch_id}"]),
    "batches of every school": (
        lambda: [(batch_actions, "visible_batches", lambda _actor: sa.select(Batch))],
        ["GET /v1/batches/{batch_id}"]),
    "a route that breaks": (
        lambda: [(student_queries, "tested_students", lambda _year: None)], ["GET /v1/classes/{class_id}/students"]),
    "a key without end": (
        lambda: [(identities, "_actor_of_key", _any_key(expires_at=datetime(2100, 1, 1, tzinfo=UTC)))],
        probe_credentials),
    "a revoked key": (lambda: [(identities, "_actor_of_key", _any_key(revoked_at=None))], probe_credentials),
    "verbs of a key not asked": (
        lambda: [(identities, "key_permissions", lambda _row: access.GRANTS[Role.SCHOOL_CLIENT])], probe_credentials),
    "a temporary password is a password": (
        lambda: [(identities, "actor_of", lambda user, row: replace(
            sign_in_actions.actor_of(user, row), permissions=access.GRANTS[Role(user.role)]))], probe_credentials),
    "sessions survive a change of password": (
        lambda: [(sign_in_actions, "end_sessions", lambda *_args, **_kw: None)], probe_credentials),
    "access in need never closes": (lambda: [(identities, "_through_broken_glass", _forever_open)], probe_glass),
    "access in need without asking": (lambda: [(identities, "_through_broken_glass", _always_open)], STUDENT),
    "people of every school": (lambda: [(people, "visible_people", lambda _actor: sa.select(User))],
                               ["POST /v1/people/{user_id}/password"]),
    "keys of every school": (lambda: [(keys, "visible_keys", lambda _actor: sa.select(ApiKey))],
                             ["POST /v1/keys/{key_id}/rotation"]),
    "webhooks of every school": (lambda: [(webhook_actions, "get_webhook", _any_webhook)],
                                 ["POST /v1/webhooks/{webhook_id}/ping"]),
    "a counsellor looks after webhooks": (
        lambda: [(sign_in_actions, "GRANTS", _with(Role.COUNSELLOR, Permission.MANAGE_WEBHOOKS))],
        ["GET /v1/webhooks"]),
    "a route that forgets whose student it is": (
        lambda: [(card_routes, "get_student", _any_student)], ["GET /v1/students/{student_id}/decisions"]),
    "names for a key": (
        lambda: [(student_queries, "names_of", lambda session, _actor, ids: REAL_NAMES(session, OPERATOR, ids))],
        probe_names),
    "remembered though somebody committed": (
        lambda: [("service.db.Database.commit_count", "", lambda _self: 1)], probe_credentials),
}  # fmt: skip
REAL_NAMES = student_queries.names_of
REAL_GET_ACTOR = identities.get_actor
REAL_LIMITED = identities._limited


@contextmanager
def planted(patches: Patches) -> Iterator[None]:
    """The product with a fault in it."""
    with pytest.MonkeyPatch.context() as patch:
        for target, name, value in patches:
            if isinstance(target, str):
                patch.setattr(target, value)
            else:
                patch.setattr(target, name, value)
        yield


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_planted_fault_shows(town: Town, fault: str) -> None:
    plant, shown_by = FAULTS[fault]
    with planted(plant()):
        found = shown_by(town) if callable(shown_by) else town.matrix(shown_by)
    assert found, f"nobody notices: {fault}"


def test_there_are_twenty_faults_at_least() -> None:
    assert len(FAULTS) >= 20
    assert set(PEOPLE) >= set(ACTORS) - {"of_9a", "of_none", "in_need", "auditor", "journal"}
    assert Identities.identify  # the one way from credentials to an actor
