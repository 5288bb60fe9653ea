"""The three surveys of a class, made of what its school offers: a workbook to fill in, and a form to print.

The workbook has the headings that imports know and lists to choose from, so that it is read back as it is.
"""

import io
from collections.abc import Sequence

import docx
from docx.shared import Pt
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from recommender.reference import Reference
from service.access import Actor
from service.imports.questionnaires import TITLES, VOLUNTARY, YES, Question, questions_of
from service.imports.schemas import Survey
from service.installation import Today
from service.students.queries import get_class, members_of, names_of
from service.workbooks import keep_texts

LISTS = "Ответы на выбор"
PEOPLE = ("Псевдоним ученика", "ФИО", "Класс", "Дата анкеты")


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
    headings = [*PEOPLE, *(heading for question in questions for heading in question.headings)]
    sheet.append(headings)
    for student in sorted(members, key=lambda each: names.get(each, each)):
        sheet.append([student, names.get(student), school_class.title, f"{today.as_of:%d.%m.%Y}"])
    _offer_choices(workbook, sheet, questions, len(members) + 1)
    for place, heading in enumerate(headings, start=1):
        cell = sheet.cell(1, place)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(place)].width = 14 if heading in PEOPLE else 24
    keep_texts(workbook)
    sheet.freeze_panes = "C2"
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _offer_choices(workbook: Workbook, sheet: Worksheet, questions: Sequence[Question], last_row: int) -> None:
    """Lists to choose from: on a hidden sheet, since a list within a cell may not be long."""
    lists = workbook.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    place, number = len(PEOPLE), 0
    for question in questions:
        width = len(question.headings)
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
