"""The three surveys of a class, made of what its school offers: a workbook to fill in, and a form to print.

The workbook has the headings that imports know and lists to choose from, so that it is read back as it is.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import docx
import sqlalchemy as sa
from docx.shared import Pt
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from recommender.reference import Reference
from service.access import Actor
from service.errors import NotFoundError
from service.imports.schemas import Survey
from service.installation import Today
from service.students.queries import get_class, members_of, names_of
from service.tables import PathwayOffer, SchoolClass

TITLES: Mapping[Survey, str] = {
    "profile": "Анкета выбора профиля",
    "exams": "Анкета выбора экзаменов",
    "electives": "Анкета спроса на элективные курсы",
}
GRADES: Mapping[Survey, tuple[int, ...]] = {"profile": (9,), "exams": (9, 11), "electives": (6, 7, 8, 9, 10, 11)}
PLANS = ("10 класс", "колледж", "не решил")
YES = ("да",)
LISTS = "Ответы на выбор"
PEOPLE = ("Псевдоним ученика", "ФИО", "Класс", "Дата анкеты")
NOT_FOR = "Эту анкету проводят в других классах: {grades}."
NOTHING_OFFERED = "В каталоге этого учебного года выбирать не из чего: сначала загрузите каталог."
VOLUNTARY = "Отвечать не обязательно: пустая строка — тоже ответ. Это не отметка и не обещание."


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a heading. Of several choices each is a column of its own."""

    text: str
    choices: tuple[str, ...] = ()
    many: bool = False


def questions_of(
    session: Session, reference: Reference, school_class: SchoolClass, survey: Survey, school_year: str
) -> list[Question]:
    """What a class is asked: from its school's own catalogue."""
    if school_class.grade not in GRADES[survey]:
        raise NotFoundError(NOT_FOR.format(grades=", ".join(map(str, GRADES[survey]))))
    if survey == "exams":
        exam = "oge" if school_class.grade <= 9 else "ege"
        subjects = [each.title_ru for each in reference.subjects.values() if getattr(each, exam) == "choice"]
        return [Question("Какие экзамены вы будете сдавать?", tuple(subjects), many=True)]
    if survey == "profile":
        offered = _offers(session, school_class, school_year, "profile_class", school_class.grade + 1)
        codes = {code for offer in offered for code in offer.profiles} or set(reference.profiles)
        profiles = tuple(each.title_ru for code, each in reference.profiles.items() if code in codes)
        return [
            Question("Желаемый профиль", profiles),
            Question("Второй профиль", profiles),
            Question("План после 9 класса", PLANS),
            Question("Желаемые профессии"),
        ]
    offered = _offers(session, school_class, school_year, "elective", school_class.grade)
    if not offered:
        raise NotFoundError(NOTHING_OFFERED)
    titles = tuple(sorted({offer.title_ru for offer in offered}))
    return [Question("Какие элективные курсы вы хотите посещать?", titles, many=True)]


def _offers(session: Session, school_class: SchoolClass, school_year: str, kind: str, grade: int) -> list[PathwayOffer]:
    query = sa.select(PathwayOffer).where(
        PathwayOffer.school_year == school_year,
        PathwayOffer.kind == kind,
        PathwayOffer.host_code == school_class.school_code,
    )
    return [offer for offer in session.scalars(query) if str(grade) in offer.grades]


def survey_book(
    session: Session, *, actor: Actor, reference: Reference, class_id: str, survey: Survey, today: Today
) -> bytes:
    """A workbook with a row for each student of a class."""
    school_class = get_class(session, actor, class_id)
    questions = questions_of(session, reference, school_class, survey, today.school_year)
    members = [member.student_id for member in members_of(session, actor, class_id)]
    names = names_of(session, actor, members)
    workbook = Workbook()
    sheet = workbook.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has a sheet")
    sheet.title = TITLES[survey][:31]
    headings = [*PEOPLE, *(heading for question in questions for heading in _headings(question))]
    sheet.append(headings)
    for student in sorted(members, key=lambda each: names.get(each, each)):
        sheet.append([student, names.get(student), school_class.title, f"{today.as_of:%d.%m.%Y}"])
    _offer_choices(workbook, sheet, questions, len(members) + 1)
    for place, heading in enumerate(headings, start=1):
        cell = sheet.cell(1, place)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(place)].width = 14 if heading in PEOPLE else 24
    sheet.freeze_panes = "C2"
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _headings(question: Question) -> list[str]:
    return [f"{question.text} [{choice}]" for choice in question.choices] if question.many else [question.text]


def _offer_choices(workbook: Workbook, sheet: Worksheet, questions: Sequence[Question], last_row: int) -> None:
    """Lists to choose from: on a hidden sheet, since a list within a cell may not be long."""
    lists = workbook.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    place, number = len(PEOPLE), 0
    for question in questions:
        width = len(_headings(question))
        choices = YES if question.many else question.choices
        if choices:
            number += 1
            letter = get_column_letter(number)
            for row, choice in enumerate(choices, start=1):
                lists.cell(row, number, choice)
            rule = DataValidation("list", formula1=f"'{LISTS}'!${letter}$1:${letter}${len(choices)}", allow_blank=True)
            first, last = get_column_letter(place + 1), get_column_letter(place + width)
            rule.add(f"{first}2:{last}{max(last_row, 2)}")
            sheet.add_data_validation(rule)
        place += width


def survey_form(
    session: Session, *, actor: Actor, reference: Reference, class_id: str, survey: Survey, today: Today
) -> bytes:
    """One page to print and fill in by hand; it holds no name."""
    school_class = get_class(session, actor, class_id)
    questions = questions_of(session, reference, school_class, survey, today.school_year)
    form = docx.Document()
    form.styles["Normal"].font.size = Pt(11)
    form.add_heading(TITLES[survey], level=1)
    form.add_paragraph(f"Класс {school_class.title}, {school_class.school_year}.  {VOLUNTARY}")
    form.add_paragraph("Фамилия, имя: ______________________________   Дата: ____________")
    for question in questions:
        form.add_heading(question.text, level=2)
        for choice in question.choices:
            form.add_paragraph(f"☐ {choice}").paragraph_format.space_after = Pt(0)
        if not question.choices:
            form.add_paragraph("_" * 70)
    file = io.BytesIO()
    form.save(file)
    return file.getvalue()
