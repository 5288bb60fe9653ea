"""A class fills a survey in the browser: the code, the sheet of each student, what is taken in, what nobody learns."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.clock import now
from service.db import Database
from service.imports.vocabularies import ImportTools
from service.settings import Settings
from service.surveys.sheets import GUESSES_A_MINUTE, plain_code
from service.surveys.sweeping import end_late_rounds
from service.tables import (
    AnswerSheet,
    AuditRecord,
    ClassMember,
    ScaleScore,
    StudentIdentity,
    SurveyRound,
    SurveySheet,
    Wish,
)
from tests.service.conftest import Authorization
from tests.service.worked_example import CLASS_A, CLASS_B, KNOWN

SignIn = Callable[[str], Authorization]
ROUNDS = f"/v1/classes/{CLASS_A}/survey-rounds"
SHEET = "/v1/survey-sheets/current"
VERA, PETR = ("Ольхина", "Вера"), ("Рябинин", "Петр")


def open_survey(client: TestClient, header: Authorization, survey: str) -> dict[str, object]:
    answer = client.post(ROUNDS, headers=header, json={"survey": survey})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def begin(client: TestClient, code: object, name: tuple[str, str]) -> Authorization:
    """A student at a telephone."""
    body = {"class_code": code, "last_name": name[0], "first_name": name[1]}
    answer = client.post("/v1/survey-sheets", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def refusal(client: TestClient, code: object, name: tuple[str, str]) -> tuple[int, str]:
    answer = client.post("/v1/survey-sheets", json={"class_code": code, "last_name": name[0], "first_name": name[1]})
    return answer.status_code, answer.json()["detail"]


def states(survey_round: dict[str, object]) -> dict[str, str]:
    sheets: list[dict[str, str]] = survey_round["sheets"]  # type: ignore[assignment]
    return {sheet["full_name"]: sheet["state"] for sheet in sheets}


def test_the_48_markers_from_the_code_to_the_scales(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    opened = open_survey(client, header, "interests")
    assert states(opened) == {"Ольхина Вера": "not_begun", "Рябинин Пётр": "not_begun"}
    vera = begin(client, opened["code"], VERA)
    form = client.get(SHEET, headers=vera).json()
    items = [question["question_id"] for question in form["questions"]]
    assert (len(items), items[:7], form["questions"][0]["choices"]) == (
        48, ["R1", "I1", "A1", "S1", "E1", "C1", "R2"], ["1", "2", "3", "4", "5"],
    )  # fmt: skip
    assert len({question["text"] for question in form["questions"]}) == 48
    # page by page; what was answered is there after a reload
    first = {item: ["5" if item.startswith("R") else "1"] for item in items[:8]}
    client.put(SHEET, headers=vera, json={"answers": first})
    assert client.get(SHEET, headers=vera).json()["answers"] == first
    rest = {item: ["5" if item.startswith("R") else "1"] for item in items[8:]}
    done = client.put(SHEET, headers=vera, json={"answers": rest, "submitted": True}).json()
    assert (done["is_submitted"], len(done["answers"])) == (True, 48)
    begin(client, opened["code"], PETR)
    (going,) = client.get(ROUNDS, headers=header).json()["rounds"]
    assert states(going) == {"Ольхина Вера": "submitted", "Рябинин Пётр": "begun"}

    ended = client.post(f"/v1/survey-rounds/{opened['round_id']}/end", headers=header).json()
    assert (ended["round"]["taken_count"], ended["round"]["code"], ended["report"]["fault_count"]) == (1, None, 0)
    with ready.reading() as session:
        scores = dict(
            session.execute(
                sa.select(ScaleScore.scale, ScaleScore.score).where(
                    ScaleScore.student_id == KNOWN, ScaleScore.method_code == "RIASEC48"
                )
            ).all()
        )
        assert scores == {"R": 40, "I": 8, "A": 8, "S": 8, "E": 8, "C": 8}
        assert session.scalar(sa.select(sa.func.count()).select_from(SurveySheet)) == 0
        deeds = list(session.scalars(sa.select(AuditRecord.deed).order_by(AuditRecord.audit_id)))
        assert deeds[-3:] == ["survey.opened", "import.applied", "survey.ended"]
    assert client.get(SHEET, headers=vera).status_code == 401
    assert client.post(f"/v1/survey-rounds/{opened['round_id']}/end", headers=header).status_code == 409
    # like any file of the school, it can be undone
    director = sign_in("director")
    (intake, *_) = client.get("/v1/intakes", headers=director).json()["intakes"]
    assert (intake["file"], intake["can_be_undone"]) == ("Что тебе интересно: 48 занятий, 9А", True)
    assert client.post(f"/v1/intakes/{intake['intake_id']}/undo", headers=director).status_code == 200
    with ready.reading() as session:
        assert session.get(AnswerSheet, (KNOWN, "RIASEC48", date(2024, 10, 1))) is None


def test_the_surveys_of_the_school_become_wishes(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("director")
    asked = {}
    for survey in ("profile", "exams", "electives"):
        opened = open_survey(client, header, survey)
        petr = begin(client, opened["code"], PETR)
        form = client.get(SHEET, headers=petr).json()
        asked[survey] = form["questions"]
        answers = {
            question["question_id"]: ["повар, кондитер"] if question["kind"] == "text" else question["choices"][:1]
            for question in form["questions"]
        }
        kept = client.put(SHEET, headers=petr, json={"answers": answers, "submitted": True})
        assert kept.status_code == 200, kept.text
        ended = client.post(f"/v1/survey-rounds/{opened['round_id']}/end", headers=header).json()
        assert (ended["round"]["taken_count"], ended["report"]["fault_count"]) == (1, 0)
    assert [question["kind"] for question in asked["profile"]] == ["one", "one", "one", "text"]
    assert [question["kind"] for question in asked["exams"]] == ["many"]
    with ready.reading() as session:
        of = sa.select(Wish.kind).where(Wish.student_id == "s3333333", Wish.stated_on == date(2024, 10, 1))
        assert set(session.scalars(of)) == {"profile", "plan", "profession", "exam", "elective"}


def test_nobody_learns_by_a_name_who_is_in_the_class(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    opened = open_survey(client, header, "interests")
    begin(client, opened["code"], VERA)
    with ready.writing() as session:
        of_petr = sa.update(ClassMember).where(ClassMember.student_id == "s3333333")
        session.execute(of_petr.values(consent_testing=False))
    said = {refusal(client, opened["code"], name) for name in (VERA, PETR, ("Кленова", "Анна"), ("Никто", "Нигде"))}
    assert len(said) == 1
    ((status, detail),) = said
    assert (status, "подойдите к педагогу" in detail) == (404, True)
    (going,) = client.get(ROUNDS, headers=header).json()["rounds"]
    assert states(going) == {"Ольхина Вера": "begun", "Рябинин Пётр": "no_consent"}
    assert refusal(client, "AAAA-AAAA", VERA)[1].startswith("Такого кода нет")
    with ready.writing() as session:
        twin = sa.update(StudentIdentity).where(StudentIdentity.student_id == "s3333333")
        session.execute(twin.values(last_name="Ольхина", first_name="Вера"))
        session.execute(sa.delete(SurveySheet))
        session.execute(sa.update(ClassMember).values(consent_testing=True))
    assert refusal(client, opened["code"], VERA) == (404, detail)  # of namesakes nobody is guessed


def test_wrong_names_are_few_a_minute_and_right_ones_cost_nothing(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    opened = open_survey(client, sign_in("navigator"), "exams")
    with ready.writing():  # who guesses keeps no writer waiting, and waits for none
        for _ in range(GUESSES_A_MINUTE):
            assert refusal(client, opened["code"], ("Кленова", "Анна"))[0] == 404
        status, detail = refusal(client, opened["code"], ("Кленова", "Анна"))
    assert (status, "30" in detail) == (429, True)
    begin(client, opened["code"], VERA)
    assert refusal(client, "AAAA-AAAA", VERA)[0] == 404  # codes are counted apart


def test_a_sheet_begun_by_another_is_begun_again(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    opened = open_survey(client, header, "exams")
    stranger = begin(client, opened["code"], VERA)
    client.put(SHEET, headers=stranger, json={"answers": {"Какие экзамены вы будете сдавать?": ["Физика"]}})
    at = f"/v1/survey-rounds/{opened['round_id']}/sheets"
    assert states(client.delete(f"{at}/{KNOWN}", headers=header).json())["Ольхина Вера"] == "not_begun"
    assert client.delete(f"{at}/{KNOWN}", headers=header).status_code == 404
    assert client.delete(f"{at}/s5555555", headers=header).status_code == 404
    assert client.get(SHEET, headers=stranger).status_code == 401
    assert client.get(SHEET, headers=begin(client, opened["code"], VERA)).json()["answers"] == {}


def test_what_nobody_asked_is_refused(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    vera = begin(client, open_survey(client, header, "profile")["code"], VERA)
    for answers, said in (
        ({"Рост": ["180"]}, "Такого вопроса"),
        ({"Желаемый профиль": ["Волшебный"]}, "Такого ответа"),
        ({"План после 9 класса": ["10 класс", "колледж"]}, "один ответ"),
        ({"Желаемые профессии": ["112-233-445 95"]}, "Номер документа"),
    ):
        answer = client.put(SHEET, headers=vera, json={"answers": answers})
        assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text
    assert client.get(SHEET, headers=vera).json()["answers"] == {}
    for token in ("", "1", "1.x", f"1.{'0' * 64}", f"999999999.{'0' * 64}"):
        assert client.get(SHEET, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert client.get(SHEET, headers=header).status_code == 401  # a person's session is no sheet


def test_one_survey_at_a_time_and_only_of_this_year(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    open_survey(client, header, "exams")
    again = client.post(ROUNDS, headers=header, json={"survey": "exams"})
    assert (again.status_code, "уже идёт" in again.json()["detail"]) == (409, True)
    past = client.post("/v1/classes/sch01-2023-24-8a/survey-rounds", headers=header, json={"survey": "interests"})
    assert (past.status_code, "прошлого года" in past.json()["detail"]) == (409, True)
    wrong = client.post(ROUNDS, headers=header, json={"survey": "exams", "hours": 0})
    assert wrong.status_code == 422


def test_a_survey_that_nobody_ends_is_ended_by_the_worker(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, tools: ImportTools
) -> None:
    header = sign_in("navigator")
    opened = open_survey(client, header, "exams")
    vera = begin(client, opened["code"], VERA)
    answers = {"Какие экзамены вы будете сдавать?": ["Физика"]}
    client.put(SHEET, headers=vera, json={"answers": answers, "submitted": True})
    assert end_late_rounds(ready, settings) == 0
    with ready.writing() as session:
        session.execute(sa.update(SurveyRound).values(ends_at=now() - timedelta(minutes=30)))
    assert refusal(client, opened["code"], PETR)[0] == 404  # nobody begins
    assert client.put(SHEET, headers=vera, json={"answers": answers}).status_code == 200  # who has begun goes on
    assert end_late_rounds(ready, settings) == 0
    with ready.writing() as session:
        session.execute(sa.update(SurveyRound).values(ends_at=now() - timedelta(minutes=61)))
    assert (end_late_rounds(ready, settings), end_late_rounds(ready, settings)) == (1, 0)
    with ready.reading() as session:
        of = sa.select(Wish.code).where(Wish.student_id == KNOWN, Wish.stated_on == date(2024, 10, 1))
        assert list(session.scalars(of)) == ["phys"]


def test_consent_withdrawn_meanwhile_keeps_the_answers_out(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("navigator")
    opened = open_survey(client, header, "interests")
    vera = begin(client, opened["code"], VERA)
    client.put(SHEET, headers=vera, json={"answers": {"R1": ["5"]}, "submitted": True})
    with ready.writing() as session:
        session.execute(sa.update(ClassMember).values(consent_testing=False))
    ended = client.post(f"/v1/survey-rounds/{opened['round_id']}/end", headers=header).json()
    assert (ended["round"]["taken_count"], ended["report"]["applied"]) == (0, False)
    assert [fault["code"] for fault in ended["report"]["parts"][0]["faults"]] == ["no_consent"]
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SurveySheet)) == 0


def test_a_limited_counsellor_holds_surveys_of_the_own_class_only(client: TestClient, sign_in: SignIn) -> None:
    other = client.post(f"/v1/classes/{CLASS_B}/survey-rounds", headers=sign_in("navigator2"), json={"survey": "exams"})
    assert other.status_code == 404


@pytest.mark.parametrize("written", ["KTMP-4867", "ktmp4867", "КТМР 4867", " ктмр-4867 "])
def test_a_code_is_known_on_any_keyboard(written: str) -> None:
    assert plain_code(written) == "KTMP-4867"
