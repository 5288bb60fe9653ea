"""Consents by purpose: one truth, a history, and a withdrawal that no file undoes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from service import access
from service.access import OPERATOR, Actor
from service.db import Database
from service.errors import DeniedError, ImportRefusedError, InvalidInputError, NotFoundError
from service.imports.vocabularies import ImportTools
from service.installation import Today
from service.privacy.consents import read_consents, set_consents
from service.privacy.schemas import SaidConsent, StudentConsents
from service.tables import ClassMember, Student
from tests.service.conftest import Authorization
from tests.service.test_imports import take
from tests.service.test_privacy import DIRECTOR
from tests.service.worked_example import ELSEWHERE, KNOWN, REFUSED, example_text

SignIn = Callable[[str], Authorization]
TODAY = Today(date(2024, 10, 1), "2024-25")
AT = f"/v1/students/{KNOWN}"
PURPOSES = ("testing", "recommending", "learning", "naming")


def say(
    session: Session, purpose: str, *, actor: Actor = DIRECTOR, student_id: str = KNOWN, **days: object
) -> StudentConsents:
    said = [SaidConsent.model_validate({"purpose": purpose, **days})]
    return set_consents(session, actor=actor, student_id=student_id, said=said, today=TODAY)


def allowed(session: Session, year: str = "2024-25", student_id: str = KNOWN) -> dict[str, bool]:
    """What the three queries at the gate let through."""
    queries = {
        "testing": access.tested_students(year),
        "recommending": access.rankable_students(OPERATOR, year).with_only_columns(Student.student_id),
        "learning": access.learning_students(OPERATOR, year).with_only_columns(Student.student_id),
    }
    return {purpose: student_id in set(session.scalars(query)) for purpose, query in queries.items()}


def roster(*years: str, consents: str = "yes,yes,yes") -> str:
    head = example_text("roster", "sch01").splitlines()[0]
    classes = {"2023-24": "8А", "2024-25": "9А", "2025-26": "10А"}
    return "\n".join([head, *(f"{KNOWN},{year},{classes[year]},Ольхина,Вера,f,{consents},," for year in years), ""])


def test_what_the_roster_says_at_first(filled: Database) -> None:
    with filled.reading() as session:
        found = read_consents(session, actor=DIRECTOR, student_id=KNOWN, today=TODAY)
        assert [(each.purpose, each.is_given, each.source) for each in found.consents] == [
            ("testing", True, "roster"),
            ("recommending", True, "roster"),
            ("learning", True, "roster"),
            ("naming", False, "roster"),
        ]
        assert found.history == []


@pytest.mark.parametrize("purpose", ["testing", "recommending", "learning"])
def test_a_withdrawal_blocks_at_the_query_and_no_file_undoes_it(
    filled: Database, tools: ImportTools, purpose: str
) -> None:
    with filled.writing() as session:
        assert allowed(session)[purpose]
        found = say(session, purpose, withdrawn_on="2024-09-30", document="заявл. 7")
        assert {each.purpose: each.is_given for each in found.consents}[purpose] is False
        assert found.history[0].document == "заявл. 7"
    others = {each: True for each in ("testing", "recommending", "learning") if each != purpose}
    with filled.reading() as session:
        assert allowed(session) == {purpose: False, **others}
        assert allowed(session, "2025-26") == {purpose: False, **others}
    for years in (("2023-24",), ("2023-24", "2024-25"), ("2025-26",)):  # older, the same, newer
        with filled.writing() as session:
            take(session, tools, "roster", roster(*years), actor=DIRECTOR)
        with filled.reading() as session:
            assert allowed(session, "2025-26") == {purpose: False, **others}, years
    with filled.writing() as session:
        say(session, purpose, given_on="2024-10-01")
    with filled.reading() as session:
        assert allowed(session)[purpose]


def test_a_consent_of_a_person_stands_over_the_roster_of_its_year(filled: Database, tools: ImportTools) -> None:
    with filled.writing() as session:
        say(session, "recommending", student_id=REFUSED, given_on="2024-09-20")
        assert allowed(session, student_id=REFUSED)["recommending"]
        take(session, tools, "roster", example_text("roster", "sch01"), actor=DIRECTOR)  # says no
        assert allowed(session, student_id=REFUSED)["recommending"]
        head, *rows = example_text("roster", "sch01").splitlines()
        (next_year,) = (row.replace("2024-25,9Б", "2025-26,10Б") for row in rows if row.startswith(REFUSED))
        take(session, tools, "roster", f"{head}\n{next_year}\n", actor=DIRECTOR)
        assert allowed(session, student_id=REFUSED)["recommending"]
        assert not allowed(session, "2025-26", student_id=REFUSED)["recommending"]  # the next roster takes it away


def test_what_a_roster_changes_stands_in_the_history(filled: Database, tools: ImportTools) -> None:
    with filled.writing() as session:
        take(session, tools, "roster", roster("2024-25", consents="yes,no,yes"), actor=DIRECTOR)
    with filled.reading() as session:
        found = read_consents(session, actor=DIRECTOR, student_id=KNOWN, today=TODAY)
        (change,) = found.history
        assert (change.purpose, change.is_given, change.source, change.school_year) == (
            "recommending",
            False,
            "roster",
            "2024-25",
        )
        assert not allowed(session)["recommending"]


def test_a_name_given_to_a_host_outlives_the_next_roster_row_only_as_said(filled: Database, tools: ImportTools) -> None:
    def naming(session: Session) -> dict[str, bool]:
        query = sa.select(ClassMember.school_year, ClassMember.consent_naming)
        return dict(session.execute(query.where(ClassMember.student_id == KNOWN)).all())

    with filled.writing() as session:
        say(session, "naming", given_on="2024-09-02", document="17/2")
        take(session, tools, "roster", roster("2023-24", "2024-25", "2025-26"), actor=DIRECTOR)
        assert naming(session) == {"2023-24": False, "2024-25": True, "2025-26": False}


def test_the_same_word_twice_is_one_entry(filled: Database) -> None:
    with filled.writing() as session:
        say(session, "naming", given_on="2024-09-02")
        say(session, "naming", given_on="2024-09-02")
        found = say(session, "naming", given_on="2024-09-02", withdrawn_on="2024-09-20")
    assert [(each.is_given, each.given_on, each.withdrawn_on) for each in found.history] == [
        (False, date(2024, 9, 2), date(2024, 9, 20)),
        (True, date(2024, 9, 2), None),
    ]


def test_what_is_refused(filled: Database) -> None:
    with filled.writing() as session:
        with pytest.raises(InvalidInputError, match="позже сегодняшнего дня"):
            say(session, "testing", withdrawn_on="2024-10-02")
        with pytest.raises(InvalidInputError, match="не должно быть имени"):
            say(session, "testing", withdrawn_on="2024-09-02", document="от Ольхиной")
        with pytest.raises(NotFoundError):
            say(session, "testing", student_id=ELSEWHERE, withdrawn_on="2024-09-02")
        counsellor = replace(DIRECTOR, permissions=frozenset())
        with pytest.raises(DeniedError):
            say(session, "testing", actor=counsellor, withdrawn_on="2024-09-02")


def test_answers_of_a_child_whose_consent_was_withdrawn_are_not_taken_in(filled: Database, tools: ImportTools) -> None:
    with filled.writing() as session:
        say(session, "testing", withdrawn_on="2024-09-30")
    with pytest.raises(ImportRefusedError), filled.writing() as session:
        take(session, tools, "answers_DDO20", example_text("answers_DDO20", "sch01"), actor=DIRECTOR)


def test_over_http_a_withdrawal_takes_the_lists_away(client: TestClient, sign_in: SignIn) -> None:
    counsellor, director = sign_in("navigator"), sign_in("director")
    assert len(client.get(f"{AT}/recommendations", headers=counsellor).json()["lists"]) == 3
    said = {"consents": [{"purpose": "recommending", "withdrawn_on": "2024-10-01"}]}
    assert client.put(f"{AT}/consents", headers=counsellor, json=said).status_code == 403
    assert client.put(f"{AT}/consents", headers=director, json=said).status_code == 200
    body = client.get(f"{AT}/recommendations", headers=counsellor).json()
    assert (body["lists"], body["refusal"]["code"]) == ([], "consent_recommending_missing")
    state = client.get(f"{AT}/consents", headers=counsellor).json()["consents"][1]
    assert (state["purpose"], state["is_given"], state["source"], state["recorded_by"]) == (
        "recommending",
        False,
        "person",
        "director",
    )
    for wrong in (
        {"consents": []},
        {"consents": [{"purpose": "recommending"}]},
        {"consents": [{"purpose": "recommending", "given_on": "2024-09-02", "withdrawn_on": "2024-09-01"}]},
        {"consents": [{"purpose": "everything", "given_on": "2024-09-02"}]},
    ):
        assert client.put(f"{AT}/consents", headers=director, json=wrong).status_code == 422
