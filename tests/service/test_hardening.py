"""What an attack review found: each test fails without its fix."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service import audit
from service.access import OPERATOR, learning_students, rankable_students
from service.accounts.keys import issue_key
from service.accounts.people import add_user
from service.app import create_app
from service.db import Database, open_database
from service.doctor import check_installation
from service.errors import InvalidInputError
from service.pseudonyms import find_alias
from service.settings import BrokenKeyError, Settings, read_secret_key
from service.students.queries import last_membership
from service.tables import (
    AuditRecord,
    ClassMember,
    DecisionRecord,
    DemandEdition,
    KnowledgeResult,
    ModelVersion,
    SchoolClass,
    TermMark,
    Wish,
)
from tests.service.conftest import PASSWORD, Authorization, sqlite_only
from tests.service.worked_example import CLASS_A, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]
LISTS = f"/v1/students/{KNOWN}/recommendations"
DECISIONS = f"/v1/students/{KNOWN}/decisions"


def _next_year(database: Database) -> None:
    """A roster of next year, without any consent."""
    with database.writing() as session:
        head = {"school_code": "sch01", "school_year": "2025-26"}
        session.add(SchoolClass(class_id="sch01-2025-26-10a", title="10А", grade=10, **head))
        session.flush()
        session.add(
            ClassMember(
                student_id=KNOWN, school_year="2025-26", class_id="sch01-2025-26-10a", consent_testing=False,
                consent_recommending=False, consent_learning=False, conditions_needed=(), restriction_tags=(),
            )
        )  # fmt: skip


def test_next_years_roster_waits_for_september(ready: Database, client: TestClient, sign_in: SignIn) -> None:
    _next_year(ready)
    with ready.reading() as session:
        for students in (rankable_students, learning_students):
            ids = {student.student_id for student in session.scalars(students(OPERATOR, "2024-25"))}
            assert KNOWN in ids
            assert KNOWN not in {student.student_id for student in session.scalars(students(OPERATOR, "2025-26"))}
        assert last_membership(session, KNOWN, "2024-25")[1].title == "9А"
    assert client.get(f"/v1/students/{KNOWN}", headers=sign_in("navigator")).json()["class_title"] == "9А"
    assert client.get(LISTS, headers=sign_in("navigator")).json()["refusal"] is None


def test_withdrawn_consent_hides_the_answers(ready: Database, client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    assert client.get(f"/v1/students/{KNOWN}", headers=header).json()["readings"]
    with ready.writing() as session:
        session.get_one(ClassMember, (KNOWN, "2024-25")).consent_testing = False
    card = client.get(f"/v1/students/{KNOWN}", headers=header).json()
    assert card["readings"] == []
    assert not any(scale["measured"] for scale in card["interests"])
    (row,) = [s for s in client.get(f"/v1/classes/{CLASS_A}/students", headers=header).json()["students"]
              if s["student_id"] == KNOWN]  # fmt: skip
    assert row["has_diagnostics"] is False


@pytest.mark.parametrize(
    ("student", "pathway", "status", "words"),
    [
        (REFUSED, "sch01-tech-eng", 409, "Нет согласия"),
        (KNOWN, "col01-tr001", 409, "по правилам: "),  # attended already
        (KNOWN, "nowhere-x", 404, "каталоге нет"),
    ],
)
def test_decisions_only_about_what_may_be_offered(
    client: TestClient, sign_in: SignIn, student: str, pathway: str, status: int, words: str
) -> None:
    wanted = {"pathway_code": pathway, "decision": "accepted"}
    answer = client.post(f"/v1/students/{student}/decisions", headers=sign_in("navigator"), json=wanted)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_two_people_deciding_at_once_leave_one_decision(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    wanted = {"pathway_code": "sch01-tech-eng", "decision": "accepted"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post(DECISIONS, headers=header, json=wanted).status_code, range(8)))
    assert answers == [201] * 8
    with ready.reading() as session:
        in_force = sa.select(sa.func.count()).select_from(DecisionRecord).where(DecisionRecord.withdrawn_at.is_(None))
        assert session.scalar(in_force) == 1


@sqlite_only
def test_a_swapped_model_folder_does_not_serve(ready: Database, settings: Settings, tmp_path: Path) -> None:
    own = settings.model_copy(update={"models_dir": tmp_path / "models"})
    shutil.copytree(settings.models_dir, own.models_dir)
    with ready.writing() as session:
        session.scalars(sa.select(ModelVersion)).one().checksum = "0" * 64  # another version was trained here
    client = TestClient(create_app(own, ready), raise_server_exceptions=False)
    login = client.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD}).json()
    answer = client.get(LISTS, headers={"Authorization": f"Bearer {login['token']}"})
    assert (answer.status_code, answer.json()["model_version"]) == (200, "expert-weights")
    assert "составлены по экспертным весам" in answer.json()["degradation"]
    (check,) = [check for check in check_installation(ready, own) if check.title == "Модель"]
    assert (check.fine, "не та, что была обучена" in check.text) == (False, True)


@sqlite_only
def test_an_earlier_edition_that_comes_late_changes_no_ranking(ready: Database, application: FastAPI) -> None:
    """What an edition follows is settled when it is published: docs/decisions/0026."""
    shelf = application.state.shelf
    with ready.reading() as session:
        before = shelf.take(session)
        assert shelf.take(session) is before
    with ready.writing() as session:
        content = Path("data/demand/krasnodar-2023H1.csv").read_bytes()
        session.add(
            DemandEdition(
                edition_code="krasnodar-2023H1", region="Краснодарский край", published_on=date(2023, 1, 31),
                checksum="x", content=content, added_at=datetime(2024, 9, 30, tzinfo=UTC),
            )
        )  # fmt: skip
    with ready.reading() as session:
        assert shelf.take(session) is before


@sqlite_only
def test_a_busy_database_is_503(settings: Settings, ready: Database) -> None:
    lone = Database(settings.database_url, pool_size=1, max_overflow=0)
    lone.engine.pool._timeout = 0.1  # nobody waits five seconds in a test
    client = TestClient(create_app(settings, lone), raise_server_exceptions=False)
    with lone.engine.connect():
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "5")
    lone.close()
    hasty = Database(settings.database_url)
    sa.event.listen(hasty.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50"))
    client = TestClient(create_app(settings, hasty), raise_server_exceptions=False)
    with ready.writing() as session:
        session.execute(sa.text("UPDATE users SET display_name = 'x'"))
        answer = client.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    hasty.close()


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("GET", "/v1/students/s22%0022222", None, 404),
        ("GET", "/v1/demand-editions/x/difference?from=%00", None, 404),
        ("GET", "/v1/classes/", None, 404),  # and no redirect to whatever Host came
        ("DELETE", f"{DECISIONS}/99999999999", None, 422),
        ("POST", "/v1/sessions", {"login": "a\u0000", "password": "x"}, 422),
        ("POST", "/v1/sessions", {"login": "navigator", "password": "\ud800"}, 422),
        ("POST", DECISIONS, {"pathway_code": "sch01-tech-eng", "decision": "declined", "reason": "\u0000"}, 422),
        ("POST", DECISIONS, {"pathway_code": "x" * 65, "decision": "accepted"}, 422),
    ],
)
def test_unwritable_input_is_refused(
    client: TestClient, sign_in: SignIn, method: str, address: str, body: dict[str, str] | None, status: int
) -> None:
    content = None if body is None else json.dumps(body)
    headers = {**sign_in("navigator"), "content-type": "application/json", "host": "evil.example"}
    answer = client.request(method, address, headers=headers, content=content, follow_redirects=False)
    assert answer.status_code == status, answer.text
    assert "location" not in answer.headers


DAY = "2024-02-06"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"school_code": "sch99"}, "student.school_code"),
        ({"conditions_needed": ["money"]}, "student.conditions_needed.0"),
        ({"restriction_tags": ["вич"]}, "student.restriction_tags.0"),
        ({"restriction_tags": ["dust"] * 21}, "student.restriction_tags"),
        ({"results": [{"kind": "oge", "subject_code": "math", "on": DAY, "points": 101}]}, "results.0.points"),
        ({"results": [{"kind": "oge", "subject_code": "math", "on": DAY, "points": float("nan")}]}, "0.points"),
        ({"marks": [{"subject_code": "math", "known_on": "1889-02-06", "mark": 5}]}, "marks.0.known_on"),
        ({"marks": [{"subject_code": "math", "known_on": "2024-10-02", "mark": 5}]}, "marks.0.known_on"),
        ({"trials": [{"pathway_code": "nowhere-x", "attended_on": DAY}]}, "trials.0.pathway_code"),
        ({"wishes": [{"kind": "elective", "code": "el999", "stated_on": DAY}]}, "wishes.0.code"),
        ({"readings": [{"method_code": "DDO20", "taken_on": DAY, "scores": {}}] * 51}, "student.readings"),
    ],
)
@sqlite_only
def test_a_request_without_storing_is_bounded(
    client: TestClient, give_key: Callable[..., Authorization], change: dict[str, object], where: str
) -> None:
    student = {"grade": 9, "school_code": "sch01", **change}
    headers = {**give_key("recommendations:inline"), "content-type": "application/json"}
    answer = client.post("/v1/recommendations", headers=headers, content=json.dumps({"student": student}))
    assert answer.status_code == 422, answer.text
    assert where in answer.json()["detail"]


def test_reading_about_children_is_recorded(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    for address in (f"/v1/classes/{CLASS_A}/students", f"/v1/classes/{CLASS_A}/recommendations", DECISIONS):
        assert client.get(address, headers=header).status_code == 200
    with ready.reading() as session:
        deeds = session.execute(sa.select(AuditRecord.deed, AuditRecord.subject).order_by(AuditRecord.audit_id)).all()
        alias = find_alias(session, KNOWN)
    assert deeds[-3:] == [("class.read", CLASS_A), ("class.recommended", CLASS_A), ("decisions.read", alias)]


def test_the_chain_needs_the_installations_key(ready: Database, settings: Settings) -> None:
    keyed = open_database(settings)
    with ready.reading() as session:
        assert audit.verify(session).first_broken is None
    with keyed.reading() as session:  # the very same rows do not fit another key
        assert audit.verify(session).first_broken == 1
    keyed.close()


def test_the_audit_can_be_neither_replaced_nor_emptied(ready: Database) -> None:
    replace = "INSERT OR REPLACE INTO audit_records SELECT * FROM audit_records"
    statement = replace if ready.is_sqlite else "TRUNCATE audit_records"
    with pytest.raises(sa.exc.DBAPIError, match="only added to"), ready.writing() as session:
        session.execute(sa.text(statement))


def test_the_log_says_who_asked(
    ready: Database, settings: Settings, sign_in: SignIn, capfd: pytest.CaptureFixture[str]
) -> None:
    header = sign_in("navigator")
    client = TestClient(create_app(settings.model_copy(update={"log_level": "INFO"}), ready))
    client.get("/v1/me", headers=header)
    entry = json.loads(capfd.readouterr().err.strip().splitlines()[-1])
    assert entry["actor_id"].startswith("user:")


def test_the_card_knows_nothing_of_tomorrow(ready: Database, client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    before = client.get(f"/v1/students/{KNOWN}", headers=header).json()
    with ready.writing() as session:
        tomorrow = {"student_id": KNOWN}
        session.add_all([
            TermMark(**tomorrow, school_year="2024-25", term=1, subject_code="math", mark=2),
            KnowledgeResult(**tomorrow, taken_on=date(2024, 10, 2), subject_code="math", points=1, points_max=2),
            Wish(**tomorrow, survey="exam_survey", stated_on=date(2024, 10, 2), kind="exam", rank=1, code="math"),
        ])  # fmt: skip
    after = client.get(f"/v1/students/{KNOWN}", headers=header).json()
    for part in ("marks", "own_mean_mark", "results", "wishes", "trials", "enrolments"):
        assert after[part] == before[part], part


def test_a_short_key_file_is_refused(tmp_path: Path) -> None:
    settings = Settings(secret_key_file=tmp_path / "var" / "secret.key")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read_secret_key(settings), range(16)))
    assert [len(key) for key in keys] == [32]
    assert [path.name for path in settings.secret_key_file.parent.iterdir()] == ["secret.key"]
    assert settings.secret_key_file.stat().st_mode & 0o077 == 0
    settings.secret_key_file.write_bytes(b"")
    with pytest.raises(BrokenKeyError, match="ключ короче"):
        read_secret_key(settings)


@sqlite_only
def test_keys_end_in_two_years_at_most(ready: Database) -> None:
    for days in (0, 731, 10**9):
        with pytest.raises(InvalidInputError, match="Срок ключа"), ready.writing() as session:
            issue_key(
                session,
                actor=OPERATOR,
                title="x",
                school_code="sch01",
                verbs=("imports:school",),
                days=days,
                secret_key=b"k" * 32,
            )


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n", ""), (",1,", ",99999999999,"), ("Краснодарский край", "Край\x07"), ("Краснодарский край", "К" * 999)],
)
def test_an_edition_that_no_database_keeps_is_refused(client: TestClient, sign_in: SignIn, old: str, new: str) -> None:
    text = Path("data/demand/krasnodar-2023H1.csv").read_text(encoding="utf-8")
    assert old in text
    answer = client.post("/v1/demand-editions", headers=sign_in("metodist"), content=text.replace(old, new).encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@sqlite_only
def test_people_and_keys_have_bounded_names(ready: Database) -> None:
    person = {"password": "dlinnyi-parol", "display_name": "Имя", "role": "methodologist"}
    for login in ("", "x" * 65, "a\x00"):
        with pytest.raises(InvalidInputError, match="без служебных"), ready.writing() as session:
            add_user(session, actor=OPERATOR, login=login, **person)


@sqlite_only
def test_an_edition_with_a_path_for_a_code_is_refused(client: TestClient, sign_in: SignIn) -> None:
    text = Path("data/demand/krasnodar-2024H1.csv").read_text(encoding="utf-8")
    evil = text.replace("krasnodar-2024H1", "../../evil")
    answer = client.post("/v1/demand-editions", headers=sign_in("metodist"), content=evil.encode())
    assert answer.status_code == 422
