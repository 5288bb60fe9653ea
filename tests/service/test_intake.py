"""A file as a school has it: understood, checked, taken in, undone; every complaint names place, code and remedy."""

import io
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from service.access import OPERATOR
from service.db import Database
from service.errors import ConflictError, ImportRefusedError, InvalidInputError
from service.imports.actions import import_table
from service.imports.bringing import get_intake, import_upload, list_intakes
from service.imports.complaints import COMPLAINTS
from service.imports.intake import Brought, mark_intake
from service.imports.meanings import keep_meaning
from service.imports.schemas import Meaning
from service.imports.undoing import undo_intake
from service.imports.vocabularies import ImportTools
from service.tables import (
    AuditRecord,
    ClassMember,
    ConsentRecord,
    Intake,
    IntakeChange,
    SchoolClass,
    Student,
    StudentIdentity,
    Table,
    TermMark,
    Wish,
)
from tests.service.school_files import CLASS_LIST, DIRECTOR, METHODOLOGIST, book, bring_in, check, said, text
from tests.service.worked_example import KNOWN

JOURNAL = [
    ["Сводная ведомость успеваемости, 8 «А», 2023-2024"],
    ["№", "ФИО", "Математика", None, "Физика", None, "Английский язык"],
    [None, None, "3 ч", "4 ч", "3 ч", "4 ч", "4 ч"],
    [1, "Ольхина Вера", "5-", "4", "н", "4+", "осв"],
    [2, "Рябинин Пётр", 3, 3, "б", 3, 4],
    [None, "Средний балл", 4, "3,5", None, None, None],
]


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of tables about students and of the region, but revisions and what imports note themselves."""
    apart = {"intakes", "intake_changes", "audit_records", "audit_head", "events", "deliveries", "import_runs",
             "audit_aliases"}  # fmt: skip
    with database.reading() as session:
        return {
            table.name: sorted(
                tuple(value for name, value in row.items() if name != "revision")
                for row in map(dict, session.execute(sa.select(table)).mappings())
            )
            if table.name not in apart
            else []
            for table in Table.metadata.sorted_tables
            if table.name in ("students", "student_identities", "class_members", "school_classes", "term_marks")
        }


def test_a_class_list_that_a_pencil_can_check(filled: Database, tools: ImportTools) -> None:
    content = book({"Лист1": CLASS_LIST})
    report = check(filled, tools, "spisok.xlsx", content)
    (part,) = report.parts
    assert (part.table, part.row_count, part.added_count, part.unchanged_count) == ("roster", 3, 1, 2)
    assert part.faults == []
    assert said(part.warnings) == [("Лист1", None, "D", "column_not_read")]
    assert report.sheets[0].given == {"class_title": "9А", "school_year": "2024-25"}
    with filled.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Student)) == 4  # nothing was written

    applied = bring_in(filled, tools, "spisok.xlsx", content)
    assert (applied.applied, applied.added_count, applied.changed_count) == (True, 1, 0)
    with filled.reading() as session:
        new = session.scalars(sa.select(StudentIdentity).where(StudentIdentity.last_name == "Кедрова")).one()
        assert (new.first_name, new.sex) == ("Инна", "f")
        member = session.get_one(ClassMember, (new.student_id, "2024-25"))
        assert (member.class_id, member.consent_testing, member.consent_recommending) == (
            "sch01-2024-25-9a", False, False,
        )  # fmt: skip
        assert session.get_one(ClassMember, (KNOWN, "2024-25")).consent_testing  # what the list is silent of stays

    again = bring_in(filled, tools, "spisok.xlsx", content)
    assert (again.added_count, again.changed_count, again.unchanged_count) == (0, 0, 3)


def test_who_is_no_longer_listed_is_named_and_stays(filled: Database, tools: ImportTools) -> None:
    report = bring_in(filled, tools, "9а.csv", text([["ФИО", "Класс"], ["Ольхина Вера", "9а"]]))
    (part,) = report.parts
    assert [(row.student_id, row.key) for row in part.withdrawn] == [("s3333333", "2024-25, 9А")]
    with filled.reading() as session:
        assert session.get(ClassMember, ("s3333333", "2024-25")) is not None


def moved_away(database: Database, student: str = "s3333333") -> None:
    """Since the last roster the student goes to the other school of the region."""
    with database.writing() as session:
        session.execute(sa.update(Student).where(Student.student_id == student).values(school_code="sch02"))


def test_of_a_child_who_went_to_another_school_only_the_class_list_knows(filled: Database, tools: ImportTools) -> None:
    moved_away(filled)
    rows = [["ФИО", "Учебный год", "Четверть", "Химия"], ["Рябинин Пётр", "2023-24", 3, 4]]
    assert said(check(filled, tools, "o.csv", text(rows)).parts[0].faults) == [("", 2, "A", "unknown_student")]
    consents = [["ФИО", "Учебный год", "Согласие на диагностику"], ["Рябинин Пётр", "2024-25", "нет"]]
    assert said(check(filled, tools, "o.csv", text(consents)).parts[0].faults) == [("", 2, "A", "unknown_student")]
    back = [["ФИО", "Класс"], ["Рябинин Пётр", "9А"]]
    assert said(check(filled, tools, "o.csv", text(back)).parts[0].faults) == [("", 2, None, "not_yours")]


def test_what_another_school_knows_of_a_former_classmate_is_not_missed(filled: Database, tools: ImportTools) -> None:
    rows = [["ФИО", "Учебный год", "Четверть", "Химия"], ["Рябинин Пётр", "2023-24", 3, 4]]
    bring_in(filled, tools, "o.csv", text(rows))
    mine = [["ФИО", "Учебный год", "Четверть", "Химия"], ["Ольхина Вера", "2023-24", 3, 5]]
    assert {row.student_id for row in check(filled, tools, "o.csv", text(mine)).parts[0].withdrawn} == {"s3333333"}
    moved_away(filled)
    assert check(filled, tools, "o.csv", text(mine)).parts[0].withdrawn == []


def test_a_roster_of_a_past_year_leaves_the_consents_of_that_year(filled: Database, tools: ImportTools) -> None:
    with filled.writing() as session:
        session.execute(
            sa.update(ClassMember).where(ClassMember.student_id == KNOWN, ClassMember.school_year == "2023-24")
            .values(consent_testing=False)
        )  # fmt: skip
    years = dict(_consents(filled))
    assert set(years) == {"2023-24", "2024-25"}
    report = bring_in(
        filled, tools, "o.csv", text([["ФИО", "Класс", "Учебный год"], ["Ольхина Вера", "8А", "2023-24"]])
    )
    assert (report.changed_count, report.unchanged_count) == (0, 1)
    assert dict(_consents(filled)) == years == {"2023-24": False, "2024-25": True}


def _consents(database: Database) -> list[tuple[str, bool]]:
    with database.reading() as session:
        of = sa.select(ClassMember.school_year, ClassMember.consent_testing).where(ClassMember.student_id == KNOWN)
        return [(year, agreed) for year, agreed in session.execute(of)]


def test_a_journal_with_two_rows_of_headings_and_letters_for_absence(filled: Database, tools: ImportTools) -> None:
    report = bring_in(filled, tools, "vedomost.xlsx", book({"8А": JOURNAL}))
    assert [(part.table, part.row_count, part.fault_count) for part in report.parts] == [("marks", 4, 0)]
    with filled.reading() as session:
        those = sa.select(TermMark).where(TermMark.term >= 3, TermMark.student_id != "s4444444")
        rows = session.scalars(those)
        found = {(row.student_id, row.term, row.subject_code): row.mark for row in rows}
    assert found == {
        (KNOWN, 3, "math"): 5, (KNOWN, 4, "math"): 4, (KNOWN, 4, "phys"): 4, (KNOWN, 3, "phys"): 5,
        (KNOWN, 3, "rus"): 4, (KNOWN, 4, "rus"): 4, (KNOWN, 3, "chem"): 3, (KNOWN, 4, "chem"): 3,
        ("s3333333", 3, "math"): 3, ("s3333333", 4, "math"): 3, ("s3333333", 4, "phys"): 3, ("s3333333", 4, "eng"): 4,
    }  # fmt: skip


def test_a_class_a_sheet_and_two_tables_of_one_file_see_each_other(filled: Database, tools: ImportTools) -> None:
    sheets = {
        "9А": [["ФИО"], ["Ольхина Вера"], ["Кедрова Инна"]],
        "9Б": [["ФИО"], ["Кленова Анна"]],
        "Отметки": [["ФИО", "Учебный год", "Четверть", "Физика"], ["Кедрова Инна", "2023-24", 4, 5]],
    }
    report = check(filled, tools, "школа 2024-2025.xlsx", book(sheets))
    roster, marks = report.parts
    assert (roster.table, roster.row_count, roster.added_count, roster.unchanged_count) == ("roster", 3, 1, 2)
    assert (marks.table, marks.added_count, marks.fault_count) == ("marks", 1, 0)
    with filled.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Student)) == 4


def test_complaints_have_a_place_a_code_and_a_remedy_and_no_name(filled: Database, tools: ImportTools) -> None:
    rows = [
        ["ФИО", "Класс", "Учебный год", "Четверть", "Математика", "Русский язык"],
        ["Ольхина Вера", "9А", "2023-24", 4, 7, 5],
        ["Неизвестный Кто", "9А", "2023-24", 4, 5, 5],
        ["Рябинин", "9А", "2023-24", 4, 5, 5],
        ["Рябинин Пётр", "9А", "2023-24", "112-233-445 95", 5, 5],
    ]
    (part,) = check(filled, tools, "marks.xlsx", book({"Лист1": rows})).parts
    assert said(part.faults) == [
        ("Лист1", 2, "E", "out_of_range"),
        ("Лист1", 3, "A", "unknown_student"),
        ("Лист1", 4, "A", "no_name"),
        ("Лист1", 5, "D", "personal_number"),
    ]
    assert [fault.found for fault in part.faults] == ["7", None, None, "•••"]
    assert part.faults[0].heading == "Математика"
    words = part.model_dump_json()
    assert not any(word in words for word in ("Ольхина", "Неизвестный", "Рябинин", "112-233"))


def test_all_or_nothing_and_good_rows_only(filled: Database, tools: ImportTools) -> None:
    rows = [
        ["ФИО", "Год обучения", "Период", "Химия"],
        ["Ольхина Вера", "2023-24", 3, 5],
        ["Рябинин Пётр", "2023-24", 3, 9],
    ]
    content = text(rows, encoding="cp1251")
    before = everything(filled)
    with pytest.raises(ImportRefusedError, match="строка 3, столбец D: не больше 5") as caught:
        bring_in(filled, tools, "o.csv", content)
    assert caught.value.facts["report"]["fault_count"] == 1
    assert everything(filled) == before
    report = bring_in(filled, tools, "o.csv", content, taking="good")
    assert (report.applied, report.changed_count, report.fault_count) == (True, 1, 1)
    with filled.reading() as session:
        assert session.get_one(TermMark, (KNOWN, "2023-24", 3, "chem")).mark == 5


def test_a_heading_that_is_only_alike_waits_for_a_person_and_is_kept(filled: Database, tools: ImportTools) -> None:
    rows = [["Фамилия обучающегося", "Имя обучающегося", "Класс (литера)", "Пол"], ["Кедрова", "Инна", "9А", "ж"]]
    content = text(rows)
    report = check(filled, tools, "o.csv", content)
    grounds = {heading.heading: (heading.column, heading.ground) for heading in report.sheets[0].headings}
    assert grounds["Пол"] == ("sex", "known")
    assert grounds["Фамилия обучающегося"] == ("last_name", "similar")
    codes = {fault.code for part in report.parts for fault in part.faults}
    assert codes == {"heading_unconfirmed"}
    with pytest.raises(ImportRefusedError, match="подтвердите"):
        bring_in(filled, tools, "o.csv", content, taking="good")
    columns = {"Фамилия обучающегося": "last_name", "Имя обучающегося": "first_name", "Класс (литера)": "class_title",
               "Пол": ""}  # fmt: skip
    with filled.writing() as session:
        keep_meaning(session, actor=DIRECTOR, tools=tools, meaning=Meaning(table="roster", columns=columns))
    report = bring_in(filled, tools, "other.csv", content)
    assert (report.added_count, report.sheets[0].headings[0].ground) == (1, "kept")
    with filled.writing() as session, pytest.raises(InvalidInputError, match="Таких столбцов"):
        keep_meaning(session, actor=DIRECTOR, tools=tools, meaning=Meaning(table="roster", columns={"Имя": "iq"}))


def test_a_form_with_questions_as_headings_and_choices_in_cells_and_columns(
    filled: Database, tools: ImportTools
) -> None:
    one = [
        ["Отметка времени", "Фамилия и имя", "В каком вы классе?", "Какой профиль вы бы хотели выбрать?",
         "Куда вы собираетесь после 9 класса?", "Кем вы хотите стать?"],
        ["18.09.2024 10:11:12", "Ольхина Вера", "9А", "Технологический (инженерный)", "В 10 класс", "сварщик, блогер"],
    ]  # fmt: skip
    report = bring_in(filled, tools, "Анкета.csv", text(one))
    assert [(part.table, part.changed_count) for part in report.parts] == [("profile_survey", 1)]
    assert said(report.parts[0].warnings) == [("", 2, "F", "doubtful")]
    spread = [
        ["Отметка времени", "ФИО", "Какие экзамены вы будете сдавать? [Физика]",
         "Какие экзамены вы будете сдавать? [Информатика]"],
        ["20.09.2024 9:00:00", "Ольхина Вера", "Да", ""],
    ]  # fmt: skip
    bring_in(filled, tools, "Экзамены.csv", text(spread))
    with filled.reading() as session:
        rows = session.execute(
            sa.select(Wish.kind, Wish.code).where(Wish.student_id == KNOWN, Wish.stated_on >= date(2024, 9, 1))
        )
        assert set(map(tuple, rows)) == {
            ("profile", "tech-eng"), ("plan", "grade10"), ("profession", "15.01.05"), ("exam", "phys"),
        }  # fmt: skip


def test_answers_of_a_school_are_told_by_their_items_and_consent_governs(filled: Database, tools: ImportTools) -> None:
    head = ["ФИО", "Дата", *(f"Вопрос {number}" for number in range(1, 21))]
    rows = [head, ["Рябинин Пётр", "30.09.2024", *"абабабабабабабабабаб"], ["Кленова Анна", "30.09.2024", *("б" * 20)]]
    (part,) = check(filled, tools, "ddo.xlsx", book({"ДДО": rows})).parts
    assert part.table == "answers_DDO20"
    assert said(part.faults) == [("ДДО", 3, None, "no_consent")]
    assert said(part.warnings) == [("ДДО", 3, None, "straight_line")]
    report = bring_in(filled, tools, "ddo.xlsx", book({"ДДО": rows}), taking="good")
    assert (report.added_count, report.fault_count) == (1, 1)


def test_the_marked_copy_is_coloured_commented_and_can_be_brought_back(filled: Database, tools: ImportTools) -> None:
    rows = [
        ["ФИО", "Учебный год", "Четверть", "Химия"],
        ["Ольхина Вера", "2023-24", 3, "=2+2"],
        ["Рябинин Пётр", "2023-24", 3, 9],
    ]
    copy = mark_intake(filled, actor=DIRECTOR, tools=tools, brought=Brought("o.csv", text(rows)))
    marked = load_workbook(io.BytesIO(copy))
    assert marked.sheetnames == ["Таблица", COMPLAINTS]
    sheet = marked["Таблица"]
    assert (sheet["D3"].value, sheet["D3"].fill.fgColor.rgb, sheet["D3"].comment.text) == (9, "00FFC7CE", "не больше 5")
    assert (sheet["D2"].value, sheet["D2"].data_type) == ("=2+2", "s")
    assert marked[COMPLAINTS]["G2"].value == "нужно число"
    sheet["D2"].value, sheet["D3"].value = 4, 5
    file = io.BytesIO()
    marked.save(file)
    report = bring_in(filled, tools, "mended.xlsx", file.getvalue())
    assert (report.added_count, report.changed_count, report.fault_count) == (1, 1, 0)


def test_undoing_the_last_file_brings_back_every_row(filled: Database, tools: ImportTools) -> None:
    before = everything(filled)
    rows = [["ФИО", "Класс", "Пол", "Согласие на диагностику"], ["Ольхина-Серова Вера", "9А", "ж", "да"],
            ["Рябинин Пётр", "9А", "м", "нет"], ["Кленова Анна", "9В", "ж", "нет"]]  # fmt: skip
    report = bring_in(filled, tools, "o.csv", text(rows))
    assert (report.added_count, report.changed_count) == (1, 2)
    assert everything(filled) != before
    with filled.writing() as session:
        assert list_intakes(session, DIRECTOR, 10).intakes[0].can_be_undone
        undo_intake(session, actor=DIRECTOR, intake=get_intake(session, DIRECTOR, report.undo_id or 0))
    assert everything(filled) == before
    with filled.writing() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(IntakeChange)) == 0
        with pytest.raises(ConflictError, match="только последнюю"):
            undo_intake(session, actor=DIRECTOR, intake=get_intake(session, DIRECTOR, report.undo_id or 0))
    with filled.reading() as session:
        deeds = list(session.scalars(sa.select(AuditRecord.deed).order_by(AuditRecord.audit_id.desc()).limit(1)))
        assert deeds == ["import.undone"]
        said_of = list(session.scalars(sa.select(ConsentRecord.purpose)))
        assert said_of == ["testing", "testing"]  # taken away by the file, given back with it


def test_what_was_built_on_is_not_undone(filled: Database, tools: ImportTools) -> None:
    first = bring_in(
        filled, tools, "o.csv", text([["ФИО", "Четверть", "Химия", "Учебный год"], ["Ольхина Вера", 3, 5, "2023-24"]])
    )
    second = bring_in(
        filled, tools, "p.csv", text([["ФИО", "Четверть", "Химия", "Учебный год"], ["Рябинин Пётр", 3, 4, "2023-24"]])
    )
    with filled.writing() as session, pytest.raises(ConflictError, match="последнюю"):
        undo_intake(session, actor=DIRECTOR, intake=get_intake(session, DIRECTOR, first.undo_id or 0))
    with filled.writing() as session:
        session.execute(sa.update(Student).where(Student.student_id == "s3333333").values(revision=10_000))
    with filled.writing() as session, pytest.raises(ConflictError, match="данные 1 учеников"):
        undo_intake(session, actor=DIRECTOR, intake=get_intake(session, DIRECTOR, second.undo_id or 0))


def test_what_nobody_can_tell_is_asked_for(filled: Database, tools: ImportTools) -> None:
    report = check(filled, tools, "o.csv", text([["Столбец", "Другой"], ["а", "б"]]))
    assert report.parts == []
    assert report.sheets[0].table is None
    with pytest.raises(ImportRefusedError, match="выберите её вид"):
        bring_in(filled, tools, "o.csv", text([["Столбец", "Другой"], ["а", "б"]]))


def test_a_methodologist_brings_the_catalogue_and_no_school_does(filled: Database, tools: ImportTools) -> None:
    rows = [["Код школы", "Название"], ["sch01", "Школа первая"], ["sch09", "Школа девятая"]]
    report = bring_in(filled, tools, "школы.xlsx", book({"Школы": rows}), actor=METHODOLOGIST)
    assert (report.added_count, report.changed_count) == (1, 1)
    (part,) = check(filled, tools, "школы.xlsx", book({"Школы": rows})).parts
    assert said(part.faults) == [("", None, None, "not_your_table")]
    with filled.writing() as session:
        undo_intake(session, actor=METHODOLOGIST, intake=get_intake(session, METHODOLOGIST, report.undo_id or 0))
        assert session.scalar(sa.select(sa.func.count()).select_from(Intake)) == 1
    with filled.reading() as session:
        assert session.scalar(sa.select(SchoolClass.title).limit(1)) is not None


def test_namesakes_are_asked_for_and_never_guessed(filled: Database, tools: ImportTools) -> None:
    rows = [
        ["ФИО", "Класс"],
        ["Кедрова Инна", "9А"],
        ["Кедрова Инна", "9Б"],
        ["Рябинин Пётр", "9А"],
        ["Рябинин Пётр", "9А"],
    ]
    (part,) = check(filled, tools, "o.csv", text(rows)).parts
    assert said(part.faults) == [("", 3, "A", "twice"), ("", 5, "A", "twice")]


def oneroster(**files: list[list[object]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, rows in files.items():
            archive.writestr(f"{name}.csv", text(rows, separator=","))
    return file.getvalue()


def test_an_archive_of_oneroster_is_a_class_list_and_results(filled: Database, tools: ImportTools) -> None:
    content = oneroster(
        manifest=[["propertyName", "value"], ["oneroster.version", "1.2"]],
        orgs=[["sourcedId", "status", "name", "type"], ["o1", "active", "Школа", "school"]],
        users=[
            ["sourcedId", "status", "enabledUser", "givenName", "familyName"],
            ["u1", "active", "true", "Вера", "Ольхина"],
            ["u2", "active", "true", "Инна", "Кедрова Липова"],
            ["u3", "tobedeleted", "true", "Лев", "Осинкин"],
        ],
        classes=[
            ["sourcedId", "status", "title", "classType", "termSourcedIds", "subjects"],
            ["c1", "active", "9А", "homeroom", "y1", ""],
            ["c2", "active", "Физика 9А", "scheduled", "y1", "Физика"],
        ],
        academicSessions=[["sourcedId", "title", "type", "schoolYear"], ["y1", "24/25", "schoolYear", "2025"]],
        enrollments=[
            ["sourcedId", "status", "classSourcedId", "userSourcedId", "role"],
            ["e1", "active", "c1", "u1", "student"],
            ["e2", "active", "c1", "u2", "student"],
            ["e3", "active", "c1", "u3", "student"],
            ["e4", "active", "c2", "u1", "student"],
        ],
        lineItems=[["sourcedId", "title", "classSourcedId", "resultValueMax"], ["l1", "Контрольная", "c2", "20"]],
        results=[
            ["sourcedId", "status", "lineItemSourcedId", "studentSourcedId", "score", "scoreDate"],
            ["r1", "active", "l1", "u1", "17", "2024-04-17"],
        ],
    )  # fmt: skip
    report = check(filled, tools, "oneroster.zip", content)
    roster, knowledge = report.parts
    assert (roster.table, roster.row_count, roster.added_count, roster.unchanged_count) == ("roster", 2, 1, 1)
    assert roster.faults == []
    assert (knowledge.table, knowledge.row_count, knowledge.added_count) == ("knowledge", 1, 1)
    applied = bring_in(filled, tools, "oneroster.zip", content)
    assert (applied.applied, applied.added_count) == (True, 2)
    with filled.reading() as session:
        named = sa.select(StudentIdentity.first_name).where(StudentIdentity.last_name == "Кедрова Липова")
        assert session.scalars(named).all() == ["Инна"]
    with pytest.raises(InvalidInputError, match="распакуйте"):
        check(filled, tools, "a.zip", oneroster(orgs=[["sourcedId"]]))


def test_a_school_that_others_name_by_now_is_not_taken_away(filled: Database, tools: ImportTools) -> None:
    rows = [["Код школы", "Название"], ["sch09", "Школа девятая"]]
    report = bring_in(filled, tools, "школы.xlsx", book({"Школы": rows}), actor=METHODOLOGIST)
    with filled.writing() as session:
        session.add(
            SchoolClass(class_id="sch09-2024-25-9a", school_code="sch09", school_year="2024-25", title="9А", grade=9)
        )
    with pytest.raises(ConflictError, match="ссылаются другие данные"), filled.writing() as session:
        undo_intake(session, actor=METHODOLOGIST, intake=get_intake(session, METHODOLOGIST, report.undo_id or 0))


def test_a_student_who_moved_is_told_to_the_operator_and_to_no_school(filled: Database, tools: ImportTools) -> None:
    rows = [["ФИО", "Класс"], ["Рябинин Петр", "10А"], ["Ольхина Вера", "5А"], ["Иной Пётр", "9А"]]
    newer = text([[*row, "2025-26" if place else "Учебный год"] for place, row in enumerate(rows)])
    (part,) = check(filled, tools, "o.csv", newer, actor=OPERATOR, school_code="sch02").parts
    assert said(part.warnings) == [("", 2, "A", "moved")]  # of another age is another child
    assert "в школе sch01, 9А, 2024-25" in part.warnings[0].remedy
    assert "псевдоним s3333333" in part.warnings[0].remedy
    of_school = replace(DIRECTOR, school_code="sch02")
    assert check(filled, tools, "o.csv", newer, actor=of_school).parts[0].warnings == []
    with_pseudonym = text(
        [["Псевдоним", "ФИО", "Класс", "Учебный год"], ["s3333333", "Рябинин Пётр", "10А", "2025-26"]]
    )
    report = bring_in(filled, tools, "o.csv", with_pseudonym, actor=OPERATOR, school_code="sch02")
    assert (report.added_count, report.warning_count) == (1, 0)
    with filled.reading() as session:
        assert session.get_one(Student, "s3333333").school_code == "sch02"


def test_a_table_that_a_system_sent_is_undone_like_any_file(filled: Database, tools: ImportTools) -> None:
    before = everything(filled)
    content = f"student_id,school_year,term,math\n{KNOWN},2023-24,4,3\ns3333333,2023-24,3,4\n".encode()
    sent = {"actor": DIRECTOR, "tools": tools, "table": "marks", "content": content}
    assert import_upload(filled, mode="check", **sent).undo_id is None
    report = import_upload(filled, mode="apply", **sent)
    assert (report.added_count, report.changed_count) == (1, 1)
    assert import_upload(filled, mode="apply", **sent).undo_id is None  # the same again changes nothing
    with filled.writing() as session:
        (row,) = list_intakes(session, DIRECTOR, 10).intakes
        assert (row.intake_id, row.file, row.can_be_undone) == (report.undo_id, "marks.csv", True)
        undo_intake(session, actor=DIRECTOR, intake=get_intake(session, DIRECTOR, report.undo_id or 0))
    assert everything(filled) == before


def test_a_table_of_our_own_format_that_came_later_stands_in_the_way(filled: Database, tools: ImportTools) -> None:
    rows = [["Учебный год", "Класс", "Направление", "Проведено"], ["2024-25", "9А", "Урочная деятельность", 3]]
    report = bring_in(filled, tools, "часы.csv", text(rows))
    with filled.writing() as session:
        content = b"school_year,class_title,direction_code,held_hours\n2024-25,9\xd0\x90,lesson,4\n"
        import_table(session, actor=DIRECTOR, tools=tools, table="guidance_hours", content=content, mode="apply")
    with filled.writing() as session, pytest.raises(ConflictError, match="последнюю"):
        undo_intake(session, actor=DIRECTOR, intake=get_intake(session, DIRECTOR, report.undo_id or 0))
