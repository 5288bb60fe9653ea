"""The queue of talks: whom and why, by hand; what settles a talk; who sees whom."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.db import Database
from service.demand.queries import read_lists
from service.recommendations.schemas import Decision
from service.recommendations.shelf import Serving
from service.settings import Settings
from service.tables import AuditRecord, DecisionRecord, SchoolClass, TermMark, Wish
from service.talks.queue import NEWS, Known, _of_decision, _of_wish
from service.talks.roadmap import due_in
from service.talks.routes import _before
from service.talks.schemas import TalkReason
from tests.service.conftest import Authorization, sqlite_only
from tests.service.test_drafts import DRAFTS, next_list, settle_all, upload
from tests.service.worked_example import BLANK, CLASS_A, CLASS_ELSEWHERE, ELSEWHERE, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]
ELECTIVE = "sch01-el003"


def reasons_of(client: TestClient, header: Authorization, student: str) -> list[tuple[str, str]]:
    answer = client.get("/v1/talks", headers=header)
    assert answer.status_code == 200, answer.text
    return [
        (reason["code"], reason["text"])
        for talk in answer.json()["talks"]
        if talk["student_id"] == student
        for reason in talk["reasons"]
    ]


def decide(client: TestClient, header: Authorization, pathway: str, decision: str) -> None:
    wanted = {"pathway_code": pathway, "decision": decision}
    assert client.post(f"/v1/students/{KNOWN}/decisions", headers=header, json=wanted).status_code == 201


def test_whom_to_talk_to_in_the_worked_example(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    queue = client.get("/v1/talks", headers=sign_in("navigator")).json()
    # s2222222 wants what suits best: nothing to talk about; s4444444 did not agree; s5555555 is of another school
    assert [(talk["student_id"], talk["class_title"]) for talk in queue["talks"]] == [(BLANK, "9А")]
    assert queue["talks"][0]["reasons"] == [
        {"code": "nothing_known", "text": "Нет ни диагностики, ни отметок: совет держится на словах ученика"}
    ]
    assert queue["waiting_count"] == 1
    assert queue["as_of"] == "2024-10-01"
    assert [item["item"] for item in queue["due"]] == ["3.4", "4.2"]
    with ready.reading() as session:
        read = session.scalars(sa.select(AuditRecord).where(AuditRecord.deed == "talks.read")).one()
    assert (read.subject, read.facts) == ("sch01", {"student_count": 1})


def test_decisions_are_reasons_and_settle_others(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    decide(client, header, "sch02-sci-med", "pinned")
    decide(client, header, ELECTIVE, "accepted")
    assert reasons_of(client, header, KNOWN) == [  # the most pressing first
        ("apply_soon", "Принято «Инженерная графика и 3D-моделирование»: подать заявление до 15.10.2024"),
        ("to_discuss", "Отложено для разговора: «Естественно-научный (медицинский)»"),
    ]


def test_decisions_of_past_years_are_history(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    decide(client, header, ELECTIVE, "accepted")
    assert reasons_of(client, header, KNOWN) != []
    with ready.writing() as session:
        session.execute(sa.update(DecisionRecord).values(decided_at=datetime(2024, 8, 31, 12, tzinfo=UTC)))
    assert reasons_of(client, header, KNOWN) == []


def test_a_mark_of_an_earlier_year_or_a_term_to_come_is_not_counted(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    with ready.writing() as session:
        for year, term, subject in (("2022-23", 4, "phys"), ("2022-23", 4, "inf"), ("2024-25", 1, "math")):
            session.add(TermMark(student_id=KNOWN, school_year=year, term=term, subject_code=subject, mark=2))
    assert reasons_of(client, sign_in("navigator"), KNOWN) == []


@sqlite_only
def test_a_list_is_compared_with_the_one_before_it(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("metodist")
    draft = settle_all(client, header, upload(client, header, next_list()).json())
    assert client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header).json()["published"]
    with ready.reading() as session:
        serving = client.app.state.shelf.take(session)  # type: ignore[attr-defined] # of the application under test
        edition, follows = read_lists(session, "krasnodar-2024H2")
        assert edition is not None
        assert len(follows) == 2
        fresh = replace(serving, edition=edition, today=replace(serving.today, as_of=edition.published_on))
        before = _before(session, fresh)
    assert before is not None
    assert before[0] is not None
    assert before[0].code == "krasnodar-2024H1"
    with ready.reading() as session:
        assert (
            _before(session, replace(fresh, today=replace(fresh.today, as_of=edition.published_on + NEWS * 2))) is None
        )


def wish(ready: Database, code: str) -> None:
    with ready.writing() as session:
        session.execute(sa.update(Wish).where(Wish.student_id == KNOWN, Wish.kind == "profile").values(code=code))


def test_marks_against_a_wish_until_a_class_is_accepted(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    with ready.writing() as session:
        session.execute(
            sa.update(TermMark).where(TermMark.student_id == KNOWN, TermMark.subject_code == "phys").values(mark=2)
        )
        session.execute(
            sa.update(TermMark).where(TermMark.student_id == KNOWN, TermMark.subject_code == "math").values(mark=4)
        )
    assert reasons_of(client, header, KNOWN) == [  # (2 + 4) / 2
        (
            "marks_against_wish",
            "Хочет профиль «Технологический (инженерный)», а средняя отметка по математике и физике — 3,0",
        )
    ]
    decide(client, header, "sch01-tech-eng", "accepted")  # they have talked
    assert reasons_of(client, header, KNOWN) == []


@sqlite_only
def test_a_wish_that_nobody_offers(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    wish(ready, "soc-econ")
    assert reasons_of(client, sign_in("navigator"), KNOWN) == [
        ("wish_not_offered", "Хочет профиль «Социально-экономический», а таких классов в этом году не набирают")
    ]


@sqlite_only
def test_one_class_and_a_limit(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    decide(client, header, ELECTIVE, "accepted")
    one = client.get("/v1/talks", params={"limit": 1}, headers=header).json()
    assert ([talk["student_id"] for talk in one["talks"]], one["waiting_count"]) == ([KNOWN], 2)
    of_class = client.get("/v1/talks", params={"class_id": CLASS_A}, headers=header).json()
    assert {talk["class_id"] for talk in of_class["talks"]} == {CLASS_A}
    assert client.get("/v1/talks", params={"class_id": CLASS_ELSEWHERE}, headers=header).status_code == 404


@sqlite_only
def test_nobody_elses_students_and_no_names_for_keys(
    client: TestClient, sign_in: SignIn, give_key: Callable[..., Authorization]
) -> None:
    other = client.get("/v1/talks", headers=sign_in("navigator2")).json()["talks"]
    assert {talk["student_id"] for talk in other} <= {ELSEWHERE}
    by_key = client.get("/v1/talks", headers=give_key("recommendations:read")).json()["talks"]
    assert [(talk["student_id"], talk["full_name"]) for talk in by_key] == [(BLANK, None)]
    assert REFUSED not in {talk["student_id"] for talk in by_key}


# --- single reasons, by hand ---


@pytest.fixture
def serving(application: FastAPI, ready: Database) -> Serving:
    """What the worked example is ranked with."""
    with ready.reading() as session:
        found: Serving = application.state.shelf.take(session)
    return found


def decided(code: str, word: str) -> Decision:
    return Decision(
        decision_id=1, pathway_code=code, title_ru="Проба", decision=word, reason=None, decided_by="Я",
        decided_at="2024-09-30T10:00:00Z",
    )  # fmt: skip


def codes(found: Iterable[TalkReason]) -> list[str]:
    return [reason.code for reason in found]


@sqlite_only
@pytest.mark.parametrize(("days", "found"), [(-1, []), (0, ["apply_soon"]), (14, ["apply_soon"]), (15, [])])
def test_an_application_is_pressing_for_two_weeks(serving: Serving, days: int, found: list[str]) -> None:
    until = serving.catalogue.pathways[serving.catalogue.position[ELECTIVE]].apply_until
    assert until is not None
    then = replace(serving, today=replace(serving.today, as_of=until - timedelta(days=days)))
    assert codes(_of_decision(decided(ELECTIVE, "accepted"), then, None)) == found


@sqlite_only
def test_what_was_accepted_may_be_gone_or_full(serving: Serving) -> None:
    assert codes(_of_decision(decided("sch09-none", "accepted"), serving, None)) == ["place_gone"]
    assert codes(_of_decision(decided("sch09-none", "declined"), serving, None)) == []
    code = "sch01-tech-eng"
    crowding = [0.0] * len(serving.catalogue.pathways)
    crowding[serving.catalogue.position[code]] = 1.6
    (full,) = _of_decision(decided(code, "accepted"), serving, crowding)
    assert full.text == "Принято «Проба», а желающих ждут 1,6 на место: нужен запасной"
    nobody_knows = [float("nan")] * len(crowding)
    assert codes(_of_decision(decided(code, "accepted"), serving, nobody_knows)) == []


@sqlite_only
def test_a_wish_beyond_the_first_three(serving: Serving) -> None:
    profile = serving.reference.profiles["tech-eng"]
    school_class = SchoolClass(class_id="c", title="9А")
    nothing = Known({"s": school_class}, {}, frozenset({"s"}), {}, {}, {}, frozenset(), {}, frozenset())
    assert codes(_of_wish("s", profile, serving, replace(nothing, first={"s": frozenset({"sch02-sci-med"})}))) == [
        "wish_not_first"
    ]
    assert codes(_of_wish("s", profile, serving, replace(nothing, first={"s": frozenset({"sch01-tech-eng"})}))) == []
    assert codes(_of_wish("s", profile, serving, replace(nothing, first={"s": frozenset({ELECTIVE})}))) == []  # grade 8


@pytest.mark.parametrize(
    ("month", "items"),
    [(4, ["3.4", "6.10"]), (7, ["6.2", "6.4", "6.7"]), (12, ["3.4", "6.9"])],
)
def test_what_is_due_in_a_month(month: int, items: list[str]) -> None:
    assert [item.item for item in due_in(Settings(), date(2025, month, 15))] == items
