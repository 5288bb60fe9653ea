"""Everything that is kept about a child, table by table: what is exported, what is erased. A test walks all tables."""

from dataclasses import dataclass

import sqlalchemy as sa

from service.tables import (
    Admission,
    AnswerSheet,
    AuditAlias,
    ClassMember,
    ConsentRecord,
    DecisionRecord,
    Enrolment,
    ExamResult,
    IntakeChange,
    KnowledgeResult,
    ScaleScore,
    Showing,
    Student,
    StudentIdentity,
    SurveySheet,
    Table,
    TalkNote,
    TermMark,
    TrialAttendance,
    Wish,
)

PURPOSES = {
    "identity": "Кто это: имя и школа",
    "classes": "Классы, согласия и нужные условия",
    "testing": "Диагностика интересов",
    "learning_results": "Учёба: отметки, диагностика обученности, экзамены",
    "wishes": "Пожелания из анкет",
    "experience": "Пробы, курсы и профильные классы",
    "recommending": "Рекомендации и решения",
    "talks": "Разговоры",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """A table with rows of a child; `why_not_exported` is the reason where the rows themselves are not handed out."""

    table: type[Table]
    purpose: str
    title_ru: str
    why_not_exported: str | None = None

    @property
    def name(self) -> str:
        """Name of the table."""
        return str(self.table.__tablename__)

    @property
    def core(self) -> sa.Table:
        """The table behind the class."""
        return Table.metadata.tables[self.name]


HOLDINGS = (
    Holding(Student, "identity", "Псевдоним и школа"),
    Holding(StudentIdentity, "identity", "Имя"),
    Holding(ClassMember, "classes", "Классы по учебным годам"),
    Holding(ConsentRecord, "classes", "История согласий"),
    Holding(AnswerSheet, "testing", "Бланки ответов"),
    Holding(ScaleScore, "testing", "Баллы по шкалам"),
    Holding(TermMark, "learning_results", "Отметки по четвертям"),
    Holding(KnowledgeResult, "learning_results", "Диагностика обученности"),
    Holding(ExamResult, "learning_results", "Экзамены"),
    Holding(Wish, "wishes", "Строки анкет"),
    Holding(SurveySheet, "wishes", "Анкеты, которые ещё заполняются"),
    Holding(TrialAttendance, "experience", "Профессиональные пробы"),
    Holding(Enrolment, "experience", "Зачисления"),
    Holding(Admission, "experience", "Поступление после школы"),
    Holding(Showing, "recommending", "Показанные списки"),
    Holding(DecisionRecord, "recommending", "Решения"),
    Holding(TalkNote, "talks", "Заметки о разговорах и следующие шаги"),
    Holding(
        IntakeChange,
        "classes",
        "Прежний вид строк",
        "те же данные, какими они были до последней загрузки: хранятся, пока её можно отменить",
    ),
    Holding(
        AuditAlias,
        "recommending",
        "Обозначение в журнале",
        "ключ к журналу: действия с данными ученика выданы разделом «Кто читал»",
    ),
)
EXPORTED = tuple(holding for holding in HOLDINGS if holding.why_not_exported is None)

COLUMNS = {
    "student_id": "Псевдоним",
    "school_code": "Код школы",
    "revision": "Номер последней правки",
    "last_name": "Фамилия",
    "first_name": "Имя",
    "sex": "Пол (только для проверки справедливости)",
    "school_year": "Учебный год",
    "class_id": "Код класса",
    "consent_testing": "Согласие на диагностику",
    "consent_recommending": "Согласие на рекомендации",
    "consent_learning": "Согласие на обучение модели",
    "consent_naming": "Согласие на передачу имени организатору",
    "conditions_needed": "Нужные условия",
    "restriction_tags": "Факторы, которых избегать",
    "consent_record_id": "Номер записи",
    "purpose": "На что",
    "origin": "Откуда (person — записал человек, roster — список класса)",
    "given_on": "Дано",
    "withdrawn_on": "Отозвано",
    "document": "Номер документа",
    "recorded_at": "Записано",
    "recorded_by": "Кем",
    "method_code": "Методика",
    "taken_on": "День",
    "answers": "Ответы",
    "answered_share": "Доля отвеченного",
    "scale": "Шкала",
    "score": "Балл",
    "term": "Четверть",
    "subject_code": "Предмет",
    "mark": "Отметка",
    "points": "Баллы",
    "points_max": "Из скольких",
    "exam": "Экзамен",
    "passed_on": "День",
    "survey": "Анкета",
    "stated_on": "День",
    "sheet_id": "Номер анкеты",
    "round_id": "Номер опроса",
    "begun_at": "Начато",
    "submitted_at": "Сдано",
    "kind": "Что названо",
    "rank": "Место",
    "code": "Код",
    "pathway_code": "Код предложения",
    "signed_up_on": "Записан(а)",
    "attended_on": "Был(а)",
    "rating_before": "Оценка до",
    "rating_after": "Оценка после",
    "admitted_on": "Поступил(а)",
    "destination": "Куда (college — колледж, university — вуз, other — другое)",
    "spo_codes": "Специальности СПО",
    "by_profile": "По профилю",
    "enrolled_on": "Зачислен(а)",
    "left_on": "Выбыл(а)",
    "final_mark": "Итоговая отметка",
    "showing_id": "Номер показа",
    "shown_at": "Показано",
    "actor_id": "Кому или кем",
    "as_of": "На день",
    "model_version": "Версия модели",
    "edition_code": "Редакция перечня",
    "demand_strength": "Сила учёта спроса",
    "k": "Мест в списке",
    "discovery": "С местом для нового",
    "items": "Строки списка",
    "decision_id": "Номер решения",
    "decision": "Решение",
    "reason": "Причина",
    "decided_by": "Кто решил",
    "decided_at": "Когда",
    "withdrawn_at": "Отменено",
    "note_id": "Номер заметки",
    "text": "Заметка",
    "next_step": "Следующий шаг",
    "due_on": "До какого дня",
    "asked_by_parents": "О разговоре просили родители",
    "written_by": "Кто записал",
    "written_at": "Когда записано",
    "done_by": "Кто отметил сделанным",
    "done_at": "Когда сделано",
}
