"""Answers that are kept: the very bytes again while nothing changed, never a byte of what has changed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.clock import now
from service.db import Database
from service.privacy.erasure import erase_student
from service.recommendations.kept import Asked, KeptAnswers, MadeFrom
from service.recommendations.schemas import StudentRecommendations
from service.standing import Standing
from service.students.revisions import get_revision
from service.tables import AuditRecord, ImportRun, Showing, Student
from tests.service.conftest import Authorization
from tests.service.worked_example import BLANK, ELSEWHERE, KNOWN, example_text

SignIn = Callable[[str], Authorization]
LISTS = f"/v1/students/{KNOWN}/recommendations"


def take_in(client: TestClient, header: Authorization, table: str, text: str) -> dict[str, int]:
    """One file of school 1."""
    answer = client.post(f"/v1/imports/{table}?mode=apply", headers=header, content=text.encode())
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()
    return counts


def revision_of(database: Database, student: str) -> int:
    """As stored."""
    with database.reading() as session:
        return get_revision(session, OPERATOR, student)


def test_asked_twice_the_answer_is_the_same_bytes_and_can_be_left_out(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    first = client.get(LISTS, headers=header)
    again = client.get(LISTS, headers=header)
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    saved = client.get(LISTS, headers=header | {"If-None-Match": f'W/"other", {first.headers["etag"]}'})
    assert (saved.status_code, saved.content) == (304, b"")
    assert saved.headers["etag"] == first.headers["etag"]
    assert saved.headers["orientir-demand-stale"] == "true"
    assert client.get(LISTS, headers=header | {"If-None-Match": '"other"'}).content == first.content


def test_a_new_mark_makes_a_new_answer_at_once(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("director")
    before = client.get(LISTS, headers=header)
    others = revision_of(ready, BLANK)
    marks = example_text("marks", "sch01").replace("s2222222,2023-24,4,5,4,4,3", "s2222222,2023-24,4,5,2,4,3")
    assert take_in(client, header, "marks", marks)["changed_count"] == 1
    after = client.get(LISTS, headers=header | {"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    scores = [
        [item["score"] for each in answer.json()["lists"] for item in each["items"]] for answer in (before, after)
    ]
    assert scores[0] != scores[1]
    with ready.reading() as session:
        number = session.scalars(
            sa.select(sa.func.max(AuditRecord.audit_id)).where(AuditRecord.deed == "import.applied")
        )
        assert revision_of(ready, KNOWN) == number.one()  # the deed that changed it
    assert revision_of(ready, BLANK) == others  # the file says nothing new of anybody else


@pytest.mark.parametrize(
    "table", ["roster", "marks", "knowledge", "profile_survey", "answers_DDO20", "trial_attendance"]
)
def test_the_same_file_again_moves_no_revision(
    client: TestClient, sign_in: SignIn, ready: Database, table: str
) -> None:
    before = revision_of(ready, KNOWN)
    assert take_in(client, sign_in("director"), table, example_text(table, "sch01"))["changed_count"] == 0
    assert revision_of(ready, KNOWN) == before


ROWS_OF = {
    "roster": ["class_members"],
    "marks": ["term_marks"],
    "knowledge": ["knowledge_results"],
    "profile_survey": ["wishes"],
    "elective_survey": ["wishes"],
    "trial_attendance": ["trial_attendances"],
    "answers_DDO20": ["scale_scores", "answer_sheets"],
}


@pytest.mark.parametrize("table", sorted(ROWS_OF))
def test_whatever_is_taken_in_about_a_student_moves_the_revision(
    client: TestClient, sign_in: SignIn, ready: Database, table: str
) -> None:
    text = example_text(table, "sch01")
    student = text.splitlines()[1].partition(",")[0]
    before = revision_of(ready, student)
    with ready.writing() as session:  # as if the file had never come
        for gone in ROWS_OF[table]:
            session.execute(sa.text(f"DELETE FROM {gone} WHERE student_id = '{student}'"))  # noqa: S608 -- our own words
    assert take_in(client, sign_in("director"), table, text)["added_count"] >= 1
    assert revision_of(ready, student) > before


def test_a_decision_stands_in_the_next_answer_and_goes_with_it(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    plain = client.get(LISTS, headers=header)
    wanted = {"pathway_code": "sch01-tech-eng", "decision": "pinned"}
    decision = client.post(f"/v1/students/{KNOWN}/decisions", headers=header, json=wanted).json()
    first = client.get(LISTS, headers=header).json()["lists"][0]["items"][0]
    assert first["decision"]["decision"] == "pinned"
    client.delete(f"/v1/students/{KNOWN}/decisions/{decision['decision_id']}", headers=header)
    assert client.get(LISTS, headers=header).content == plain.content


def test_a_kept_answer_is_nobody_elses(client: TestClient, sign_in: SignIn) -> None:
    assert client.get(f"/v1/students/{ELSEWHERE}/recommendations", headers=sign_in("navigator2")).status_code == 200
    stranger = client.get(f"/v1/students/{ELSEWHERE}/recommendations", headers=sign_in("navigator"))
    assert stranger.status_code == 404


def test_consent_withdrawn_ends_the_kept_answer(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("director")
    assert client.get(LISTS, headers=header).json()["refusal"] is None
    roster = example_text("roster", "sch01").replace(
        "2024-25,9А,Ольхина,Вера,f,yes,yes", "2024-25,9А,Ольхина,Вера,f,yes,no"
    )
    take_in(client, header, "roster", roster)
    assert client.get(LISTS, headers=header).json()["refusal"]["code"] == "consent_recommending_missing"


def test_each_reader_is_recorded_once_a_day_and_list(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    for login in ("navigator", "director", "navigator"):
        header = sign_in(login)
        for k in (5, 5, 3):
            assert client.get(f"{LISTS}?k={k}", headers=header).status_code == 200
    with ready.reading() as session:
        shown = session.execute(sa.select(Showing.actor_id, Showing.k).order_by(Showing.showing_id)).all()
    readers = list(dict.fromkeys(actor for actor, _ in shown))
    # what was shown last and is shown again is one showing
    assert [(readers.index(actor), k) for actor, k in shown] == [(0, 5), (0, 3), (1, 5), (1, 3), (0, 5), (0, 3)]


def test_a_new_catalogue_lays_out_anew(client: TestClient, sign_in: SignIn) -> None:
    before = client.get(LISTS, headers=sign_in("navigator"))
    catalogue = example_text("catalogue").replace("sch01-tech-eng", "sch01-tech-new")
    answer = client.post("/v1/imports/catalogue?mode=apply", headers=sign_in("metodist"), content=catalogue.encode())
    assert answer.status_code == 200, answer.text
    assert client.get(LISTS, headers=sign_in("navigator")).headers["etag"] != before.headers["etag"]


def test_no_more_is_kept_than_fits(application: FastAPI, client: TestClient, sign_in: SignIn) -> None:
    whole = client.get(LISTS, headers=sign_in("navigator"))
    answer = StudentRecommendations.model_validate_json(whole.content)
    serving = application.state.shelf._serving
    room = KeptAnswers(application.state.database, megabytes=1)
    made: list[int] = []

    def make() -> StudentRecommendations:
        made.append(1)
        return answer

    fits = 1024 * 1024 // len(whole.content)
    for number in range(fits + 1):  # one more than fits: the first goes
        room.take(Asked(f"s{number}", 5, 0.05, False, None), MadeFrom(serving, None, 1), make)
    assert len(made) == fits + 1
    room.take(Asked(f"s{fits}", 5, 0.05, False, None), MadeFrom(serving, None, 1), make)
    assert len(made) == fits + 1
    room.take(Asked("s0", 5, 0.05, False, None), MadeFrom(serving, None, 1), make)
    assert len(made) == fits + 2


def test_crowding_waits_for_nobody(application: FastAPI, client: TestClient, sign_in: SignIn, ready: Database) -> None:
    districts, shelf = application.state.districts, application.state.shelf
    with ready.reading() as session:
        serving = shelf.take(session)
        assert districts.crowding(serving) is None  # nobody has had the district ranked yet
        districts.picture(session, serving)
    known = districts.crowding(serving)
    assert known is not None
    with ready.writing() as session:
        run = {"table_name": "marks", "checksum": "x", "row_count": 1, "added_count": 1, "changed_count": 0}
        session.add(ImportRun(**run, school_code="sch01", applied_at=now(), actor_id="key:1"))
    assert districts.crowding(serving) is known  # a while old, and at once
    with ready.reading() as session:
        districts.picture(session, serving)  # what the district's own page asks for
    assert districts.crowding(serving) is not known


def test_only_whose_row_is_there_has_a_revision(ready: Database) -> None:
    with ready.reading() as session:
        revisions = dict(session.execute(sa.select(Student.student_id, Student.revision)).all())
    assert all(number > 0 for number in revisions.values())


@pytest.mark.parametrize("backend", ["sqlite"])
def test_without_commits_a_kept_answer_asks_the_database_nothing(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("navigator")
    first = client.get(LISTS, headers=header)
    client.get(LISTS, headers=header)  # the first one's showing was a commit; now all is looked up once more
    asked: list[str] = []
    sa.event.listen(ready.engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    assert client.get(LISTS, headers=header).content == first.content
    assert asked == []
    assert client.delete("/v1/sessions/current", headers=header).status_code == 204
    assert client.get(LISTS, headers=header).status_code == 401  # signed out: at once


@pytest.mark.parametrize("backend", ["sqlite"])
def test_credentials_end_though_nobody_commits(
    client: TestClient, give_key: Callable[..., Authorization], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = give_key("recommendations:read", days=1)
    for _ in range(3):
        assert client.get(LISTS, headers=key).status_code == 200
    later = now() + timedelta(days=1)
    monkeypatch.setattr("service.accounts.identities.now", lambda: later)
    assert client.get(LISTS, headers=key).status_code == 401


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_read_stands_until_somebody_commits(ready: Database) -> None:
    standing: Standing[str, int] = Standing(ready)
    commits = ready.commit_count()
    standing.keep("one", commits, 1)
    with ready.reading() as session:
        session.execute(sa.text("SELECT 1"))
    assert standing.find("one") == 1  # reading is no commit
    assert standing.find("two") is None
    with ready.writing() as session:
        session.execute(sa.update(Student).values(revision=Student.revision + 1))
        assert standing.find("one") == 1  # not committed yet
    assert standing.find("one") is None
    standing.keep("late", commits, 2)  # read before that commit
    assert standing.find("late") is None


def test_where_nothing_tells_of_commits_nothing_stands(ready: Database, backend: str) -> None:
    if backend == "sqlite":
        assert ready.commit_count() is not None
        return
    standing: Standing[str, int] = Standing(ready)
    standing.keep("one", ready.commit_count(), 1)
    assert standing.find("one") is None


def test_who_was_erased_elsewhere_is_kept_nowhere(
    application: FastAPI, client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("director")
    client.get(LISTS, headers=header)
    kept = application.state.kept_answers._kept
    assert [asked.student_id for asked in kept] == [KNOWN]
    with ready.writing() as session:  # the operator's command line: another process
        erase_student(session, actor=OPERATOR, student_id=KNOWN, ground="request")
    client.get(f"/v1/students/{BLANK}/recommendations", headers=header)
    assert [asked.student_id for asked in kept] == [BLANK]
