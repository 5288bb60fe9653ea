"""What if: the list that an import of the same facts would make, bit for bit; what moves and why; what is refused."""

import random
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from recommender.catalogue import PathwayKind
from recommender.what_if import Cause, Move
from service.db import Database
from service.pseudonyms import find_alias
from service.recommendations.moving import list_text, why_it_moves
from service.tables import AuditRecord, ScaleScore, Showing, TermMark, Wish
from tests.recommender.worked_region import PATHWAYS
from tests.service.conftest import Authorization, sqlite_only
from tests.service.test_questions import MORE
from tests.service.worked_example import BLANK, ELSEWHERE, KNOWN, REFUSED, example_text

SignIn = Callable[[str], Authorization]
Known = dict[str, dict[str, float]]  # term -> subject -> mark
MARKS: Known = {
    "3": {"math": 5, "phys": 5, "rus": 4, "chem": 3},
    "4": {"math": 5, "phys": 4, "rus": 4, "chem": 3},
}
ENGINEER, MEDIC = PATHWAYS[0], PATHWAYS[1]


@pytest.fixture
def wide(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    """Four profile classes more, so that there is something to move among."""
    rows = example_text("catalogue") + MORE
    answer = client.post("/v1/imports/catalogue?mode=apply", headers=sign_in("metodist"), content=rows.encode())
    assert answer.status_code == 200, answer.text


def imagine(client: TestClient, header: Authorization, student: str, **facts: object) -> dict[str, object]:
    answer = client.post(f"/v1/students/{student}/what-if", headers=header, json=facts)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ranked(answer: dict[str, object]) -> list[object]:
    return [each["ranked"] for each in answer["lists"]]


def listed(client: TestClient, header: Authorization, student: str, k: int = 5) -> list[object]:
    return client.get(f"/v1/students/{student}/recommendations", headers=header, params={"k": k}).json()["lists"]


def bring(client: TestClient, header: Authorization, table: str, text: str) -> None:
    answer = client.post(f"/v1/imports/{table}?mode=apply", headers=header, content=text.encode())
    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("wide")
def test_a_mark_moves_the_list_at_once_and_says_why(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    answer = imagine(client, header, KNOWN, marks=[{"subject_code": "chem", "mark": 5}], k=3)
    assert answer["understood"] == ["Химия: отметка 5,0 во всех четвертях 2023-24 учебного года; сейчас в среднем 3,0"]
    classes = answer["lists"][0]
    told = [(each["move"], each["rank_before"], each["rank_after"], each["title_ru"]) for each in classes["moves"]]
    assert told == [
        ("stayed", 1, 1, "Технологический (инженерный)"),
        ("stayed", 2, 2, "Естественно-научный (биологический)"),
        ("entered", 5, 3, "Естественно-научный (медицинский)"),
        ("left", 3, 4, "Гуманитарный (языки)"),
    ]
    texts = [each["text"] for each in classes["moves"]]
    assert texts[2] == "Соответствие станет 22 вместо 9: средняя за все годы по химии будет 5,0."
    assert texts[3] == "Соответствие то же — 22 из 100; впереди окажется «Естественно-научный (медицинский)»."
    assert classes["text"] == "Появится 1 предложение, уйдёт 1 предложение."
    assert [item["pathway_code"] for item in classes["ranked"]["items"]][2] == "sch02-sci-med"


@sqlite_only
@pytest.mark.usefixtures("wide")
def test_nothing_changed_is_exactly_the_list(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    for student in (KNOWN, BLANK):
        for k in (1, 3, 5):
            answer = imagine(client, header, student, k=k)
            assert ranked(answer) == listed(client, header, student, k)
            assert {each["move"] for kind in answer["lists"] for each in kind["moves"]} <= {"stayed"}
            assert {kind["text"] for kind in answer["lists"]} == {"Первые места не изменятся."}


def table_of(marks: Known) -> str:
    subjects = sorted({subject for own in marks.values() for subject in own})
    lines = [
        f"{KNOWN},2023-24,{term},{','.join(str(own.get(each, '')) for each in subjects)}" for term, own in marks.items()
    ]
    return "\n".join([f"student_id,school_year,term,{','.join(subjects)}", *lines]) + "\n"


@sqlite_only
@pytest.mark.usefixtures("wide")
def test_a_changed_fact_is_exactly_the_list_with_that_fact_imported(client: TestClient, sign_in: SignIn) -> None:
    """Marks, exam sets and tests drawn by lot, one after another: imagined first, then brought as files."""
    chance, header, director = random.Random(8), sign_in("navigator"), sign_in("director")
    marks, moved = {term: dict(own) for term, own in MARKS.items()}, 0
    for turn in range(9):
        if turn % 3 == 0:
            subject, mark = chance.choice(["math", "phys", "chem", "bio", "lit"]), chance.choice([2, 3, 3.5, 4, 5])
            facts = {"marks": [{"subject_code": subject, "mark": mark}]}
            marks = {term: {**own, subject: mark} for term, own in marks.items()}
            table, text = "marks", table_of(marks)
        elif turn % 3 == 1:
            exams = chance.sample(["phys", "chem", "bio", "inf", "soc"], chance.randint(1, 3))
            facts = {"exams": exams}
            table = "exam_survey"
            text = f"student_id,surveyed_on,subjects\n{KNOWN},2024-10-01,{';'.join(exams)}\n"
        else:
            scores = {scale: chance.randint(0, 8) for scale in ("nature", "technics", "human", "sign")}
            facts = {"tests": [{"method_code": "DDO20", "scores": scores}]}
            table = "scores_DDO20"
            heads, points = ",".join(scores), ",".join(map(str, scores.values()))
            text = f"student_id,taken_on,{heads}\n{KNOWN},2024-10-01,{points}\n"
        imagined = imagine(client, header, KNOWN, **facts)
        before = listed(client, header, KNOWN)
        bring(client, director, table, text)
        assert ranked(imagined) == listed(client, header, KNOWN), (turn, facts)
        moved += ranked(imagined) != before
    assert moved >= 7  # by lot, a fact may be what it was


@sqlite_only
@pytest.mark.usefixtures("wide")
def test_exams_take_the_place_of_those_in_this_years_survey(client: TestClient, sign_in: SignIn) -> None:
    header, survey = sign_in("navigator"), f"student_id,surveyed_on,subjects\n{KNOWN},2024-09-20,"
    without = listed(client, header, KNOWN)
    bring(client, sign_in("director"), "exam_survey", f"{survey}phys;inf\n")
    changeable = client.get(f"/v1/students/{KNOWN}/what-if", headers=header).json()
    assert [each["subject_code"] for each in changeable["exams"] if each["is_named"]] == ["inf", "phys"]
    answer = imagine(client, header, KNOWN, exams=[])
    assert answer["understood"] == ["Экзамены: ни одного; сейчас в анкете от 20.09.2024: физика и информатика"]
    assert ranked(answer) == without  # named no more
    assert ranked(answer) != listed(client, header, KNOWN)


@sqlite_only
@pytest.mark.usefixtures("ready")
def test_what_can_be_changed_stands_beside_what_is_known(client: TestClient, sign_in: SignIn) -> None:
    found = client.get(f"/v1/students/{KNOWN}/what-if", headers=sign_in("navigator")).json()
    means = {each["subject_code"]: each["mean_mark"] for each in found["marks"]}
    assert (means["phys"], means["math"], means["hist"]) == (4.5, 5.0, None)
    assert found["marks_text"] == "во всех четвертях 2023-24 учебного года"
    assert "math" not in {each["subject_code"] for each in found["exams"]}  # nobody chooses it: all take it
    scales = next(each["scales"] for each in found["tests"] if each["method_code"] == "DDO20")
    assert {each["scale"]: each["score"] for each in scales}["technics"] == 8.0
    assert {(each["minimum"], each["maximum"]) for each in scales} == {(0.0, 8.0)}


@sqlite_only
@pytest.mark.usefixtures("ready")
def test_who_has_no_marks_would_have_them_in_the_last_term(client: TestClient, sign_in: SignIn) -> None:
    answer = imagine(client, sign_in("navigator"), BLANK, marks=[{"subject_code": "math", "mark": 4}])
    assert answer["understood"] == ["Математика: отметка 4,0 за 4 четверть 2023-24 учебного года; сейчас отметок нет"]


@sqlite_only
@pytest.mark.usefixtures("ready")
def test_what_an_import_refuses_is_refused_in_the_same_words(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    phys = {"subject_code": "phys", "mark": 3}
    nature = {"method_code": "DDO20", "scores": {"nature": 8}}
    for facts, code, sentence in (
        ({"marks": [{**phys, "mark": 7}]}, "out_of_range", "phys: не больше 5, найдено «7.0»."),
        ({"marks": [{**phys, "subject_code": "magic"}]}, "unknown_column", "такого кода предмета нет"),
        ({"marks": [phys, phys]}, "column_twice", "столбец назван дважды"),
        ({"exams": ["magic"]}, "unknown_subjects", "такого кода предмета нет"),
        ({"tests": [{**nature, "scores": {"nature": 80}}]}, "out_of_range", "балл шкалы — от 0 до 8"),
        ({"tests": [{**nature, "scores": {"magic": 8}}]}, "unknown_column", "такой шкалы у методики нет"),
        ({"tests": [nature, nature]}, "repeated", "повтор строки 2"),
    ):
        answer = client.post(f"/v1/students/{KNOWN}/what-if", headers=header, json=facts)
        assert answer.status_code == 422, facts
        assert sentence in answer.json()["detail"]
        assert answer.json()["report"]["faults"][0]["code"] == code


@sqlite_only
def test_consent_is_asked_for_here_too(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    refused = imagine(client, header, REFUSED, marks=[{"subject_code": "math", "mark": 5}])
    assert (refused["refusal"]["code"], refused["lists"]) == ("consent_recommending_missing", [])
    found = client.get(f"/v1/students/{REFUSED}/what-if", headers=header).json()
    assert (found["marks"], found["exams"], found["tests"]) == ([], [], [])
    untested = {"consents": [{"purpose": "testing", "withdrawn_on": "2024-10-01"}]}
    answer = client.put(f"/v1/students/{KNOWN}/consents", headers=sign_in("director"), json=untested)
    assert answer.status_code == 200, answer.text
    assert client.get(f"/v1/students/{KNOWN}/what-if", headers=header).json()["tests"] == []
    test = {"tests": [{"method_code": "DDO20", "scores": {"nature": 8}}]}
    answer = client.post(f"/v1/students/{KNOWN}/what-if", headers=header, json=test)
    assert answer.json()["report"]["faults"][0]["code"] == "no_consent"
    assert client.post(f"/v1/students/{ELSEWHERE}/what-if", headers=header, json=test).status_code == 404


@sqlite_only
def test_nothing_is_stored_and_the_record_says_only_that_it_was_read(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    def everything() -> dict[str, int]:
        with ready.reading() as session:
            counted = (TermMark, Wish, ScaleScore, Showing)
            return {
                each.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(each)) for each in counted
            }

    header, before = sign_in("navigator"), everything()
    imagine(client, header, KNOWN, marks=[{"subject_code": "chem", "mark": 5}], exams=["chem"])
    assert everything() == before
    with ready.reading() as session:
        record = session.scalars(sa.select(AuditRecord).where(AuditRecord.deed == "what_if.read")).one()
        assert (record.subject, record.facts) == (find_alias(session, KNOWN), {})


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        (
            Move(
                MEDIC, 5, 3, 0.09, 0.22, Cause("exam_wish", True, {"wishes": [{"code": "bio"}, {"code": "chem"}]}), None
            ),
            "Соответствие станет 22 вместо 9: среди выбранных экзаменов — биология и химия.",
        ),
        (
            Move(MEDIC, 1, 4, 0.5, 0.41, Cause("exam_wish", False, {"wishes": []}), ENGINEER),
            "Соответствие станет 41 вместо 50: нужных для этого класса экзаменов среди выбранных станет меньше.",
        ),
        (
            Move(ENGINEER, 2, 1, 0.5, 0.6, Cause("interest_match", True, {}), MEDIC),
            "Соответствие станет 60 вместо 50: измеренные интересы ближе к содержанию этого класса.",
        ),
        (
            Move(ENGINEER, 2, 1, 0.5, 0.6, Cause("peer_facts", True, {}), MEDIC),
            "Соответствие станет 60 вместо 50: ученики с такими данными чаще выбирали это направление.",
        ),
        (
            Move(ENGINEER, 2, 1, 0.5, 0.5, None, MEDIC),
            "Соответствие то же — 50 из 100; позади останется «sci-med».",
        ),
        (Move(ENGINEER, 1, 1, 0.5, 0.5, None, None), "Соответствие то же — 50 из 100."),
    ],
)
def test_why_a_pathway_moves(move: Move, sentence: str) -> None:
    assert why_it_moves(move, PathwayKind.PROFILE_CLASS.value) == sentence


def test_what_happens_to_a_list() -> None:
    assert list_text(["stayed", "entered", "left", "rose", "rose"]) == (
        "Появится 1 предложение, уйдёт 1 предложение, поднимутся 2 предложения."
    )
    assert list_text(["fell"] * 5 + ["rose"] * 21) == "Поднимется 21 предложение, опустятся 5 предложений."
