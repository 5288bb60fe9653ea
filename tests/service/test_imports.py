"""Files come in whole or not at all; sent again they change nothing; faults name the place and the remedy."""

import csv
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from service.access import GRANTS, OPERATOR, Actor, Role
from service.db import Database
from service.errors import DeniedError, ImportRefusedError, NotFoundError
from service.imports import reading
from service.imports.actions import Mode, import_table
from service.imports.reading import read_table
from service.imports.schemas import ImportReport
from service.imports.vocabularies import ImportTools
from service.students.facts import read_fact_rows
from service.tables import (
    AnswerSheet,
    AuditRecord,
    ClassMember,
    ImportRun,
    ScaleScore,
    SchoolClass,
    Student,
    StudentIdentity,
    TermMark,
    Wish,
)
from tests.service import worked_example
from tests.service.conftest import Authorization
from tests.service.worked_example import ELSEWHERE, KNOWN, example_text

DIRECTOR = Actor("user:1", Role.SCHOOL_ADMIN, "Администратор", GRANTS[Role.SCHOOL_ADMIN], school_code="sch01")
METHODOLOGIST = Actor("user:2", Role.METHODOLOGIST, "Методист", GRANTS[Role.METHODOLOGIST])


NEWCOMER = "s6666666,2024-25,9А,Кедрова,Инна,f,yes,yes,yes,,\n"
SignIn = Callable[[str], Authorization]


def take(
    session: Session,
    tools: ImportTools,
    table: str,
    text: str,
    actor: Actor = DIRECTOR,
    mode: Mode = "apply",
    school: str | None = None,
) -> ImportReport:
    """One file."""
    return import_table(
        session, actor=actor, tools=tools, table=table, content=text.encode(), mode=mode, school_code=school
    )


def count(session: Session, table: type) -> int:
    """Rows of a table."""
    return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_worked_example_by_hand(filled: Database) -> None:
    with filled.reading() as session:
        assert [count(session, table) for table in (Student, ClassMember, SchoolClass)] == [4, 5, 4]
        assert count(session, TermMark) == 10  # 4 + 4 marks of one student, 2 of another
        answers = session.scalars(sa.select(AnswerSheet)).one()
        assert (answers.answered_share, answers.answers["1"], answers.answers["2"]) == (1.0, "b", "b")
        scores = {row.scale: row.score for row in session.scalars(sa.select(ScaleScore))}
        # in every pair she took technics, else signs, else nature, else people; 8 pairs offer each of the five
        assert scores == {"nature": 4, "technics": 8, "human": 2, "sign": 6, "art": 0}
        wishes = session.scalars(sa.select(Wish).order_by(Wish.survey, Wish.kind)).all()
        assert [(wish.survey, wish.kind, wish.rank, wish.code) for wish in wishes] == [
            ("elective_survey", "elective", 1, "el003"),
            ("profile_survey", "plan", 1, "grade10"),
            ("profile_survey", "profession", 1, "09.02.06"),
            ("profile_survey", "profile", 1, "tech-eng"),
        ]
        class_of = sa.select(SchoolClass).join(ClassMember).where(ClassMember.student_id == KNOWN)
        assert {(row.class_id, row.grade) for row in session.scalars(class_of)} == {
            ("sch01-2023-24-8a", 8),
            ("sch01-2024-25-9a", 9),
        }


def test_the_same_files_again_change_nothing(filled: Database, tools: ImportTools) -> None:
    with filled.writing() as session:
        reports = worked_example.load(session, tools)
    assert [(r.added_count, r.changed_count) for r in reports] == [(0, 0)] * len(reports)
    assert (
        sum(report.unchanged_count for report in reports) == 22
    )  # 2+1+5 of the region, 4+3+1+1+2+0+1+1 and 1 of the schools


def test_a_corrected_cell_changes_its_row_only(filled: Database, tools: ImportTools) -> None:
    text = example_text("marks", "sch01").replace("2023-24,4,5,4,4,3", "2023-24,4,5,3,4,")
    with filled.writing() as session:
        report = take(session, tools, "marks", text)
    assert (report.added_count, report.changed_count, report.unchanged_count) == (0, 1, 2)
    with filled.reading() as session:
        rows = session.scalars(sa.select(TermMark).where(TermMark.student_id == KNOWN, TermMark.term == 4))
        assert {row.subject_code: row.mark for row in rows} == {"math": 5, "phys": 3, "rus": 4}  # chem was emptied


def test_withdrawn_wishes_go(filled: Database, tools: ImportTools) -> None:
    text = "student_id,surveyed_on,programme_codes\ns2222222,2024-06-05,\n"
    with filled.writing() as session:
        assert take(session, tools, "elective_survey", text).changed_count == 1
    with filled.reading() as session:
        assert session.scalars(sa.select(Wish).where(Wish.kind == "elective")).all() == []


def test_a_new_name_is_a_change_of_the_newest_row(filled: Database, tools: ImportTools) -> None:
    text = example_text("roster", "sch01").replace("9А,Ольхина", "9А,Ольхина-Серова")
    with filled.writing() as session:
        report = take(session, tools, "roster", text)
    assert (report.added_count, report.changed_count, report.unchanged_count) == (0, 1, 3)
    with filled.reading() as session:
        assert session.get_one(StudentIdentity, KNOWN).last_name == "Ольхина-Серова"


def test_check_leaves_no_trace(filled: Database, tools: ImportTools) -> None:
    text = example_text("marks", "sch01").replace("2023-24,4,5,4,4,3", "2022-23,4,5,4,4,3")
    with filled.writing() as session:
        before = [count(session, table) for table in (TermMark, ImportRun, AuditRecord)]
        report = take(session, tools, "marks", text, mode="check")
        assert (report.applied, report.added_count) == (False, 1)
    with filled.reading() as session:
        assert [count(session, table) for table in (TermMark, ImportRun, AuditRecord)] == before


Fault = tuple[int | None, str | None, str | None, str]
FAULTS: list[tuple[str, str, Fault]] = [
    ("marks", "student_id,school_year,term,math\ns2222222,2023-24,9,5\n", (2, "term", "9", "не больше 4")),
    ("marks", "student_id,school_year,term,math\ns2222222,2023-24,1,6\n", (2, "math", "6", "не больше 5")),
    ("marks", "student_id,school_year,term,math\ns2222222,2023-25,1,5\n", (2, "school_year", "2023-25", "2024-25")),
    ("marks", "student_id,school_year,term,magic\n", (1, "столбец 4", None, "справочнике subjects")),
    ("marks", "student_id;school_year;term\n", (1, None, None, "разделитель столбцов — запятая")),
    ("marks", "student_id,school_year,term\ns2222222,2023-24\n", (2, None, None, "в заголовке 3")),
    ("marks", f"student_id,school_year,term,math\n{ELSEWHERE},2023-24,1,5\n", (2, "student_id", None, "roster")),
    ("marks", "student_id,school_year,term,math\nИванов,2023-24,1,5\n", (2, "student_id", None, "псевдоним")),
    (
        "marks",
        "student_id,school_year,term,math\ns2222222,2023-24,1,5\ns2222222,2023-24,1,4\n",
        (3, "student_id, school_year, term", None, "повтор строки 2"),
    ),
    (
        "knowledge",
        "student_id,taken_on,subject_code,points,points_max\ns2222222,2024-04-17,math,21,20\n",
        (2, "points", "21", "points_max"),
    ),
    (
        "profile_survey",
        "student_id,surveyed_on,first_profile,second_profile,plan,profession_codes\ns2222222,2024-09-18,pirate,,,\n",
        (2, "first_profile", "pirate", "profiles"),
    ),
    (
        "exam_survey",
        "student_id,surveyed_on,subjects\ns2222222,18/09/2024,math\n",
        (2, "surveyed_on", "18/09/2024", "2024-10-01"),
    ),
    ("answers_DDO20", "student_id,taken_on,1,2\ns2222222,2024-02-06,a,ж\n", (2, "2", None, "a, b")),
    # school years and days of an installation's time, in the digits that everybody reads
    ("marks", "student_id,school_year,term,math\ns2222222,1890-91,1,5\n", (2, "school_year", "1890-91", "2024-25")),
    ("marks", "student_id,school_year,term,math\ns2222222,2026-27,1,5\n", (2, "school_year", "2026-27", "до 2025")),
    ("marks", "student_id,school_year,term,math\ns2222222,２０23-24,1,5\n", (2, "school_year", "２０23-24", "2024-25")),
    ("marks", "student_id,school_year,term,math\ns2222222,2024-25,1,5\n", (2, "term", None, "не окончена")),
    (
        "trial_attendance",
        "student_id,pathway_code,signed_up_on,attended_on\ns2222222,col01-tr001,2024-09-20,2024-10-02\n",
        (2, "attended_on", "2024-10-02", "до 01.10.2024"),
    ),
    (
        "trial_attendance",
        "student_id,pathway_code,signed_up_on,rating_after\ns2222222,col01-tr001,2024-09-20,99999999999\n",
        (2, "rating_after", "99999999999", "слишком большое"),
    ),
    ("answers_DDO20", "student_id,taken_on,1\ns2222222,2022-10-01,a\n", (2, "student_id", None, "roster")),
    ("answers_DDO20", "student_id,taken_on,1\ns2222222,2024-10-02,a\n", (2, "taken_on", "2024-10-02", "01.10.2024")),
    (
        "roster",
        "student_id,school_year,class_title,last_name,first_name,consent_testing,consent_recommending,"
        "consent_learning,restriction_tags\ns2222222,2024-25,9А,А,Б,yes,yes,yes,вич\n",
        (2, "restriction_tags", None, "такого фактора нет"),
    ),
    (
        "roster",
        "student_id,school_year,class_title,last_name,first_name,consent_testing,consent_recommending,"
        "consent_learning\ns2222222,2024-25,9А,А\x01,Б,yes,yes,yes\n",
        (2, "last_name", None, "служебные знаки"),
    ),
    (
        "roster",
        "student_id,school_year,class_title,last_name,first_name,consent_testing,consent_recommending,"
        "consent_learning\ns2222222,2024-25,Ольхина,А,Б,yes,yes,yes\n",
        (2, "class_title", None, "9А"),
    ),
    ("answers_DDO20", "student_id,taken_on,1,99\n", (1, "столбец 4", None, "нет в ключе")),
]


@pytest.mark.parametrize(("table", "text", "expected"), FAULTS, ids=[str(number) for number in range(len(FAULTS))])
def test_faults_name_the_place_and_the_remedy(
    filled: Database,
    tools: ImportTools,
    table: str,
    text: str,
    expected: Fault,
) -> None:
    with filled.writing() as session:
        fault = take(session, tools, table, text, mode="check").faults[0]
    assert (fault.row, fault.column, fault.found) == expected[:3]
    assert expected[3] in fault.remedy


def test_a_faulty_file_is_refused_whole_and_names_stay_unsaid(filled: Database, tools: ImportTools) -> None:
    text = example_text("roster", "sch01").replace("Пётр,m", "Пётр,мальчик")
    with pytest.raises(ImportRefusedError) as caught:
        _take_alone(filled, tools, "roster", text)
    said = str(caught.value) + str(caught.value.facts)
    assert "строка 4, столбец sex: допускается одно из: f, m" in str(caught.value)
    assert not any(word in said for word in ("Рябинин", "Пётр", "мальчик"))


def _take_alone(database: Database, tools: ImportTools, table: str, text: str, actor: Actor = DIRECTOR) -> None:
    with database.writing() as session:
        take(session, tools, table, text, actor)


def test_answers_without_consent_are_refused(filled: Database, tools: ImportTools) -> None:
    with filled.writing() as session:
        text = "student_id,taken_on,1\ns4444444,2024-10-01,a\n"
        (fault,) = take(session, tools, "answers_DDO20", text, mode="check").faults
    assert (fault.row, fault.column) == (2, "student_id")
    assert "нет согласия на диагностику" in fault.remedy


def test_a_school_cannot_take_another_schools_student(filled: Database, tools: ImportTools) -> None:
    text = example_text("roster", "sch02")
    with pytest.raises(ImportRefusedError, match="школа записать не может"):
        _take_alone(filled, tools, "roster", text)
    with filled.writing() as session:  # the operator moves the student: a newer roster in another school
        moved = text.replace("2024-25,9А", "2025-26,10А")
        report = take(session, tools, "roster", moved, OPERATOR, school="sch01")
        assert (report.added_count, report.changed_count) == (1, 0)
    with filled.reading() as session:
        assert session.get_one(Student, ELSEWHERE).school_code == "sch01"


def test_a_school_cannot_rewrite_a_year_in_another_school(filled: Database, tools: ImportTools) -> None:
    moved = example_text("roster", "sch02").replace("2024-25,9А", "2025-26,10А")
    with filled.writing() as session:
        take(session, tools, "roster", moved, OPERATOR, school="sch01")
    with pytest.raises(ImportRefusedError, match="школа записать не может") as caught:
        _take_alone(filled, tools, "roster", example_text("roster", "sch02"))
    assert "sch02" not in str(caught.value.facts)
    with filled.reading() as session:
        member = session.get_one(ClassMember, (ELSEWHERE, "2024-25"))
        assert member.class_id == "sch02-2024-25-9a"


def test_faults_are_bounded_and_so_are_rows(tools: ImportTools, monkeypatch: pytest.MonkeyPatch) -> None:
    shape, head = tools.formats["schools"], "school_code,title_ru\n"
    read = read_table((head + "с,Школа\n" * 12_000).encode(), shape, {}, "schools.csv")
    assert (len(read.faults), read.fault_count, read.rows) == (10_000, 12_000, [])
    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    read = read_table((head + "".join(f"s{n},Школа\n" for n in range(9))).encode(), shape, {}, "schools.csv")
    assert [(fault.row, fault.remedy) for fault in read.faults] == [(5, "строк больше 3: разделите файл")]


def test_one_and_the_same_roster_sent_twice_at_once(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header, text = sign_in("director"), example_text("roster", "sch01") + NEWCOMER
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda _: client.post("/v1/imports/roster?mode=apply", headers=header, content=text.encode()), range(6)
            )
        )
    assert [answer.status_code for answer in answers] == [200] * 6
    assert sorted(answer.json()["added_count"] for answer in answers) == [0, 0, 0, 0, 0, 1]
    with ready.reading() as session:
        assert session.get_one(Student, "s6666666").school_code == "sch01"


def test_rights_of_importers(filled: Database, tools: ImportTools) -> None:
    with pytest.raises(DeniedError):
        _take_alone(filled, tools, "catalogue", example_text("catalogue"))
    with pytest.raises(DeniedError):
        _take_alone(filled, tools, "marks", example_text("marks", "sch01"), METHODOLOGIST)
    with pytest.raises(NotFoundError, match="Таблицы «diaries»"):
        _take_alone(filled, tools, "diaries", "")
    with pytest.raises(NotFoundError, match="Методики «TAROT»"):
        _take_alone(filled, tools, "answers_TAROT", "")
    with filled.writing() as session, pytest.raises(NotFoundError, match="Такой школы нет"):
        take(session, tools, "marks", "", school="sch02")


def test_bytes_that_are_not_a_table(tools: ImportTools) -> None:
    shape = tools.formats["schools"]
    for content, remedy in (
        ("Школа".encode("cp1251"), "UTF-8"),
        (b"PK\x03\x04\0\0", "не текстовый файл"),
        (b"", "нет столбцов school_code, title_ru"),
    ):
        read = read_table(content, shape, {}, "schools.csv")
        assert remedy in read.faults[0].remedy


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_blamed(content: bytes) -> None:
    tools = worked_example.make_tools()
    for table in ("schools", "marks"):
        read = read_table(content, tools.formats[table], {"students": set(), "subjects": {"math"}}, "file.csv")
        assert read.faults or not read.rows


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), st.text(min_size=1, max_size=30)), max_size=8)
)
def test_what_is_written_is_read(rows: list[tuple[str, str]]) -> None:
    wanted = {code: title.strip() for code, title in rows if title.strip() and "\0" not in title}
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["school_code", "title_ru"])
    writer.writerows(wanted.items())
    tools = worked_example.make_tools()
    read = read_table(file.getvalue().encode("utf-8", "surrogatepass"), tools.formats["schools"], {}, "schools.csv")
    if not read.faults:
        assert {row.cells["school_code"]: row.cells["title_ru"] for row in read.rows} == wanted


def test_a_sheet_that_todays_key_no_longer_knows_keeps_its_scores(filled: Database, tools: ImportTools) -> None:
    with filled.writing() as session:
        sheet = session.scalars(sa.select(AnswerSheet)).one()
        sheet.answers = {**sheet.answers, "1": "z"}
    with filled.reading() as session:
        of = sa.select(Student.student_id)
        (reading,) = read_fact_rows(session, of, tools.reference, "2024-25").readings
    assert reading.scores == (4, 8, 2, 6, 0)
    assert reading.answers == ()
