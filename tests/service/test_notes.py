"""Notes of talks and next steps: written, done, taken back; who reads them; what stands in the queue of talks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import GRANTS, Actor, Permission, Role
from service.db import Database
from service.tables import AuditRecord, TalkNote
from service.talks.notes import NEAR, reasons_to_talk
from service.talks.schemas import TalkReason
from tests.service.conftest import AS_OF, Authorization, sqlite_only
from tests.service.test_talks import reasons_of
from tests.service.worked_example import BLANK, ELSEWHERE, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]
STEP = {"text": "Склоняется к инженерному классу", "next_step": "принести результат пробного ОГЭ"}
ASKED = {"text": "Мама просит обсудить колледж", "asked_by_parents": True}


def write(client: TestClient, header: Authorization, student: str, **note: object) -> dict[str, object]:
    answer = client.post(f"/v1/students/{student}/notes", headers=header, json=note)
    assert answer.status_code == 201, answer.text
    return answer.json()


def notes_of(client: TestClient, header: Authorization, student: str) -> list[dict[str, object]]:
    answer = client.get(f"/v1/students/{student}/notes", headers=header)
    assert answer.status_code == 200, answer.text
    return answer.json()["notes"]


def test_a_note_is_written_done_reopened_and_taken_back(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    first = write(client, header, KNOWN, text="  Говорили о выборе  ")
    second = write(client, header, KNOWN, **STEP, due_on="2024-12-12")
    assert (first["text"], first["is_open"], second["is_open"]) == ("Говорили о выборе", False, True)
    assert (second["next_step"], second["due_on"], second["written_by"]) == (
        STEP["next_step"],
        "2024-12-12",
        "navigator",
    )
    assert notes_of(client, header, KNOWN) == [second, first]  # the newest first

    at = f"/v1/students/{KNOWN}/notes/{second['note_id']}"
    done = client.put(f"{at}/done", headers=sign_in("director"), json={"is_done": True}).json()
    assert (done["is_open"], done["done_by"]) == (False, "director")
    assert client.put(f"{at}/done", headers=header, json={"is_done": True}).json() == done  # once more changes nothing
    assert client.put(f"{at}/done", headers=header, json={"is_done": False}).json() == second
    assert client.delete(at, headers=header).status_code == 204
    assert notes_of(client, header, KNOWN) == [first]
    assert client.delete(at, headers=header).status_code == 404
    assert client.put(f"{at}/done", headers=header, json={"is_done": True}).status_code == 404
    with ready.reading() as session:
        assert session.get_one(TalkNote, second["note_id"]).withdrawn_at is not None  # it stays in the records
        told = sa.select(AuditRecord).where(AuditRecord.deed.startswith("note.")).order_by(AuditRecord.audit_id)
        records = [(row.deed, row.facts) for row in session.scalars(told)]
    numbers = [{"note_id": first["note_id"]}, *[{"note_id": second["note_id"]}] * 4]
    deeds = ["note.written", "note.written", "note.done", "note.reopened", "note.withdrawn"]
    assert records == list(zip(deeds, numbers, strict=True))  # numbers, no words


@sqlite_only
def test_a_repeated_request_writes_one_note(client: TestClient, sign_in: SignIn) -> None:
    header = {**sign_in("navigator"), "Idempotency-Key": "one-and-the-same"}
    first, again = (write(client, header, KNOWN, **STEP, due_on="2024-12-12") for _ in range(2))
    assert first == again
    assert notes_of(client, sign_in("navigator"), KNOWN) == [first]


@sqlite_only
def test_what_is_refused_says_what_to_do(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    for note, sentence in (
        ({"text": "   "}, "Напишите, о чём говорили."),
        (STEP, "Следующему шагу нужен день, а дню — шаг: заполните оба или ни одного."),
        ({"text": "Говорили", "due_on": "2024-12-12"}, "Следующему шагу нужен день, а дню — шаг"),
        ({**STEP, "due_on": "2024-09-30"}, "День следующего шага уже прошёл"),
        ({"text": "СНИЛС 112-233-445 95"}, "Похоже на СНИЛС или паспорт"),
    ):
        answer = client.post(f"/v1/students/{KNOWN}/notes", headers=header, json=note)
        assert answer.status_code == 422, note
        assert sentence in answer.json()["detail"]
    plain = write(client, header, KNOWN, text="Говорили")
    answer = client.put(f"/v1/students/{KNOWN}/notes/{plain['note_id']}/done", headers=header, json={"is_done": True})
    assert "делать нечего" in answer.json()["detail"]


@sqlite_only
def test_notes_are_of_those_who_talk_with_the_student(
    client: TestClient, sign_in: SignIn, give_key: Callable[..., Authorization]
) -> None:
    mine = write(client, sign_in("navigator"), KNOWN, **STEP, due_on="2024-10-01")
    assert notes_of(client, sign_in("director"), KNOWN) == [mine]
    at = f"/v1/students/{KNOWN}/notes"
    for who, status in (
        (sign_in("navigator2"), 404),
        (sign_in("metodist"), 403),
        (give_key("recommendations:read"), 403),
    ):
        assert client.get(at, headers=who).status_code == status
        assert client.post(at, headers=who, json={"text": "Говорили"}).status_code == status
    # nor does a number of one student open a note of another
    elsewhere = f"/v1/students/{BLANK}/notes/{mine['note_id']}"
    assert client.delete(elsewhere, headers=sign_in("navigator")).status_code == 404
    assert client.get(f"/v1/students/{ELSEWHERE}/notes", headers=sign_in("navigator")).status_code == 404


@sqlite_only
def test_parents_who_ask_and_steps_whose_day_comes_stand_in_the_queue(
    client: TestClient, sign_in: SignIn, ready: Database, give_key: Callable[..., Authorization]
) -> None:
    header = sign_in("navigator")
    far = write(client, header, KNOWN, **STEP, due_on=(AS_OF + NEAR).replace(day=5).isoformat())
    assert reasons_of(client, header, KNOWN) == []
    step = write(client, header, KNOWN, **STEP, due_on="2024-10-04")
    asked = write(client, header, KNOWN, **ASKED)
    with ready.writing() as session:
        session.execute(sa.update(TalkNote).values(written_at=datetime(2024, 9, 30, 9, tzinfo=UTC)))
    due = ("step_due", "Следующий шаг, до 04.10.2024: принести результат пробного ОГЭ")
    assert reasons_of(client, header, KNOWN) == [
        ("parents_asked", "Поговорить просили родители (записано 30.09.2024)"), due,
    ]  # fmt: skip
    assert reasons_of(client, give_key("recommendations:read"), KNOWN) == []  # a system reads no notes
    for note in (asked, step):
        at = f"/v1/students/{KNOWN}/notes/{note['note_id']}/done"
        assert client.put(at, headers=header, json={"is_done": True}).status_code == 200
    assert reasons_of(client, header, KNOWN) == []
    assert [each["note_id"] for each in notes_of(client, header, KNOWN) if each["is_open"]] == [far["note_id"]]


@sqlite_only
def test_a_family_that_did_not_agree_may_still_ask_for_a_talk(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    assert reasons_of(client, header, REFUSED) == []
    write(client, header, REFUSED, **ASKED)
    assert [code for code, _ in reasons_of(client, header, REFUSED)] == ["parents_asked"]


@sqlite_only
def test_a_day_that_is_over_is_said_so(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    write(client, sign_in("navigator"), KNOWN, **STEP, due_on="2024-10-02")
    actor = Actor("user:1", Role.COUNSELLOR, "", GRANTS[Role.COUNSELLOR], school_code="sch01")
    of = sa.select(TalkNote.student_id)
    with ready.reading() as session:
        found = reasons_to_talk(session, actor=actor, of=of, as_of=date(2024, 10, 3))
        reader = replace(actor, permissions=actor.permissions - {Permission.DECIDE})
        assert reasons_to_talk(session, actor=reader, of=of, as_of=date(2024, 10, 3)) == {}
    said = "Следующий шаг, срок прошёл 02.10.2024: принести результат пробного ОГЭ"
    assert found == {KNOWN: [TalkReason(code="step_due", text=said)]}


def test_a_step_without_a_day_cannot_be_stored(ready: Database) -> None:
    row = {"student_id": KNOWN, "text": "x", "next_step": "y", "actor_id": "user:1", "written_by": "x"}
    with pytest.raises(sa.exc.IntegrityError), ready.writing() as session:
        session.execute(sa.insert(TalkNote).values(**row, written_at=datetime(2024, 10, 1, tzinfo=UTC)))
