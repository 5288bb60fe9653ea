"""Every table that a school or a municipality has: one file as it really looks, and what becomes of it."""

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from recommender.instruments import Instrument
from service.access import Actor
from service.db import Database
from service.imports.vocabularies import ImportTools
from service.tables import (
    Admission,
    AnswerSheet,
    ClassMember,
    Enrolment,
    ExamResult,
    GuidanceHoursHeld,
    KnowledgeResult,
    PathwayOffer,
    ScaleScore,
    Table,
    TrialAttendance,
    Wish,
)
from tests.service.conftest import sqlite_only
from tests.service.school_files import DIRECTOR, METHODOLOGIST, book, bring_in, check, said, text
from tests.service.worked_example import KNOWN, make_tools

INSTRUMENTS = sorted(make_tools().reference.instruments)
Rows = list[list[object]]
# name of the file, its rows, table that it is, rows that come in, who brings it
FILES: list[tuple[str, Rows, str, int, Actor]] = [
    (
        "Список 9А 2024-2025.xlsx",
        [["№", "Фамилия", "Имя", "Отчество"], [1, "Кедрова", "Инна", "Олеговна"]],
        "roster", 1, DIRECTOR,
    ),
    (
        "Четверть.xlsx",
        [["8А класс, 2023-2024 учебный год, III четверть"], ["Ф.И.О.", "Алгебра", "Рус. яз."],
         ["Ольхина Вера", "4-", "осв"]],
        "marks", 1, DIRECTOR,
    ),
    (
        "Диагностика.xlsx",
        [["Предмет: Физика, максимальный балл 20, 17.04.2024"], ["ФИО", "Баллы"], ["Ольхина Вера", "17,5"]],
        "knowledge", 1, DIRECTOR,
    ),
    (
        "Результаты ОГЭ.csv",
        [["ФИО", "Предмет", "Дата экзамена", "Первичный балл"], ["Ольхина Вера", "Математика", "06.06.2024", "21"]],
        "exam_results", 1, DIRECTOR,
    ),
    (
        "ЕГЭ 2024.xlsx",
        [["Форма экзамена", "ФИО", "Учебный предмет", "Дата", "Тестовый балл"],
         ["ЕГЭ", "Ольхина Вера", "Химия", "27.05.2024", 70]],
        "exam_results", 1, DIRECTOR,
    ),
    (
        "Выбор профиля.csv",
        [["Отметка времени", "Ученик", "Класс", "Желаемый профиль", "План после 9 класса", "Кем вы хотите стать?"],
         ["18.09.2024", "Рябинин Пётр", "9А", "ничего из этого", "колледж", "Повар, кондитер; сварщик"]],
        "profile_survey", 1, DIRECTOR,
    ),
    (
        "Экзамены.xlsx",
        [["Дата", "ФИО", "Экзамены по выбору"], ["20.09.2024", "Рябинин Пётр", "Физика, Информатика"]],
        "exam_survey", 1, DIRECTOR,
    ),
    (
        "Спрос на курсы.csv",
        [["Дата", "ФИО", "Какие элективные курсы вы хотите посещать?"], ["05.06.2024", "Рябинин Пётр", "el003"]],
        "elective_survey", 1, DIRECTOR,
    ),
    (
        "Пробы.xlsx",
        [["ФИО", "Профессиональная проба", "Дата записи", "Дата участия", "Оценка до пробы", "Оценка после пробы"],
         ["Рябинин Пётр", "col01-tr001", "20.09.2024", "30.09.2024", 5, 9]],
        "trial_attendance", 1, DIRECTOR,
    ),
    (
        "Зачисление.xlsx",
        [["ФИО", "Профильный класс", "Дата зачисления"], ["Рябинин Пётр", "sch01-tech-eng", "01.09.2024"]],
        "enrolments", 1, DIRECTOR,
    ),
    (
        "Согласия.xlsx",
        [["ФИО", "Согласие на диагностику", "Согласие на обучение модели"], ["Рябинин Пётр", "нет", "да"]],
        "consents", 1, DIRECTOR,
    ),
    (
        "Условия.xlsx",
        [["ФИО", "Нужные условия", "Ограничения"], ["Рябинин Пётр", "mobility; крупный шрифт", ""]],
        "conditions", 1, DIRECTOR,
    ),
    (
        "Поступление.xlsx",
        [["ФИО", "Дата зачисления", "Куда поступил", "Специальность", "По профилю"],
         ["Ольхина Вера", "20.08.2024", "колледж", "15.01.05", "да"]],
        "admissions", 1, DIRECTOR,
    ),
    (
        "Профминимум.csv",
        [["Класс", "Направление", "План", "Проведено"], ["9А", "Урочная деятельность", "4", "3,5"]],
        "guidance_hours", 1, DIRECTOR,
    ),
    (
        "Каталог.xlsx",
        [["Учебный год", "Вид", "Код предложения", "Код программы", "Название", "Код школы или площадки", "Классы",
          "Предметы", "Мест"],
         ["2024-2025", "элективный курс", "sch01-el900", "el900", "Черчение для инженеров", "Школа № 1", "9-11",
          "Черчение, Математика", 15]],
        "catalogue", 1, METHODOLOGIST,
    ),
]  # fmt: skip
LOOK: dict[str, tuple[type[Table], Callable[[], sa.ColumnElement[bool]]]] = {
    "knowledge": (KnowledgeResult, lambda: sa.and_(KnowledgeResult.points == 17.5, KnowledgeResult.points_max == 20)),
    "exam_survey": (Wish, lambda: sa.and_(Wish.student_id == "s3333333", Wish.code == "inf")),
    "elective_survey": (Wish, lambda: sa.and_(Wish.student_id == "s3333333", Wish.code == "el003")),
    "profile_survey": (Wish, lambda: sa.and_(Wish.student_id == "s3333333", Wish.code == "43.01.09")),
    "trial_attendance": (TrialAttendance, lambda: TrialAttendance.rating_after == 9),
    "enrolments": (Enrolment, lambda: Enrolment.enrolled_on == date(2024, 9, 1)),
    "exam_results": (
        ExamResult,
        lambda: sa.and_(ExamResult.student_id == KNOWN, ExamResult.passed_on > date(2024, 5, 1)),
    ),
    "consents": (ClassMember, lambda: sa.and_(ClassMember.student_id == "s3333333", ClassMember.consent_learning)),
    "conditions": (ClassMember, lambda: ClassMember.conditions_needed == ("mobility", "vision")),
    "admissions": (Admission, lambda: sa.and_(Admission.spo_codes == ("15.01.05",), Admission.by_profile)),
    "guidance_hours": (
        GuidanceHoursHeld,
        lambda: sa.and_(GuidanceHoursHeld.held_hours == 3.5, GuidanceHoursHeld.direction_code == "lesson"),
    ),
    "catalogue": (PathwayOffer, lambda: PathwayOffer.subjects == ("draw", "math")),
}


@sqlite_only
@pytest.mark.parametrize(("name", "rows", "table", "count", "actor"), FILES, ids=[file[0] for file in FILES])
def test_a_file_as_it_really_looks(
    filled: Database, tools: ImportTools, name: str, rows: Rows, table: str, count: int, actor: Actor
) -> None:
    content = text(rows, encoding="cp1251") if name.endswith("csv") else book({"Лист1": rows})
    report = bring_in(filled, tools, name, content, actor=actor)
    (part,) = report.parts
    assert (part.table, part.row_count, part.fault_count) == (table, count, 0)
    assert report.added_count + report.changed_count == count
    again = bring_in(filled, tools, name, content, actor=actor)
    assert (again.added_count, again.changed_count, again.unchanged_count) == (0, 0, count)
    if table in LOOK:
        looked, where = LOOK[table]
        with filled.reading() as session:
            assert session.scalars(sa.select(looked).where(where())).first() is not None


def answers_of(instrument: Instrument) -> list[str]:
    """The first answer that the key knows to each item."""
    known: dict[str, str] = {}
    for item, answer in instrument.key:
        known.setdefault(item, answer)
    return [known.get(item, "") for item in instrument.items]


@sqlite_only
@pytest.mark.parametrize("code", INSTRUMENTS)
def test_raw_answers_and_ready_scores_of_every_instrument(filled: Database, tools: ImportTools, code: str) -> None:
    instrument = tools.reference.instruments[code]
    rows: Rows = [["ФИО", "Дата", *instrument.items], ["Рябинин Пётр", "30.09.2024", *answers_of(instrument)]]
    report = bring_in(filled, tools, f"{code}.xlsx", book({"Лист1": rows}))
    assert [(part.table, part.added_count) for part in report.parts] == [(f"answers_{code}", 1)]
    with filled.reading() as session:
        sheet = session.get_one(AnswerSheet, ("s3333333", code, date(2024, 9, 30)))
        assert sheet.answered_share > 0.5
    scales = [scale.title_ru for scale in instrument.scales]
    ready: Rows = [
        ["ФИО", "Дата", *scales],
        ["Ольхина Вера", "29.09.2024", *(scale.maximum for scale in instrument.scales)],
    ]
    report = bring_in(filled, tools, f"{code} баллы.xlsx", book({"Лист1": ready}))
    assert [(part.table, part.added_count) for part in report.parts] == [(f"scores_{code}", 1)]
    with filled.reading() as session:
        of = sa.select(ScaleScore).where(ScaleScore.student_id == KNOWN, ScaleScore.taken_on == date(2024, 9, 29))
        found = {row.scale: row.score for row in session.scalars(of.where(ScaleScore.method_code == code))}
    assert found == {scale.code: scale.maximum for scale in instrument.scales}


@sqlite_only
def test_a_score_beyond_its_scale_and_a_sheet_of_another_instrument(filled: Database, tools: ImportTools) -> None:
    instrument = tools.reference.instruments["DDO20"]
    rows: Rows = [
        ["ФИО", "Дата", *(scale.title_ru for scale in instrument.scales)],
        ["Ольхина Вера", "29.09.2024", 9, 1, 1, 1, 1],
    ]
    (part,) = check(filled, tools, "DDO20.xlsx", book({"Лист1": rows})).parts
    assert said(part.faults) == [("Лист1", 2, "C", "out_of_range")]
    wrong: Rows = [["ФИО", "Дата", *instrument.items], ["Ольхина Вера", "29.09.2024", *(["+"] * 20)]]
    (part,) = check(filled, tools, "DDO20.xlsx", book({"Лист1": wrong})).parts
    assert {fault.code for fault in part.faults} == {"unknown_answer"}
    assert "another_instrument" in {odd.code for odd in part.warnings}
