"""The table of a class as a workbook: what the page of the class shows, to be sorted, marked and printed at will."""

import io

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from service.recommendations.schemas import BriefList, BriefStudent, ClassRecommendations
from service.recommendations.words import KIND_TITLES, day, fit_points
from service.students.schemas import ClassStudents, StudentRow
from service.workbooks import keep_texts

ABOUT = "О таблице"
FIT, LOW, HIGH = "Соответствие, 0–100", "от", "до"
HEADINGS = (
    "Ученик", "Псевдоним", "Интересы", "Нет",
    *(heading for title in KIND_TITLES.values() for heading in (title, FIT, LOW, HIGH)),
    "Принято", "К обсуждению", "Отклонено",
)  # fmt: skip
WIDTHS = {"Ученик": 26, "Интересы": 28, "Нет": 26, **dict.fromkeys(KIND_TITLES.values(), 34)}
NARROW = 12
LEGEND = (
    "В графе каждого вида — принятое, а если решения ещё нет, первое из неотклонённого.",
    "Соответствие — от 0 до 100; «от» и «до» — где оно лежит в 9 случаях из 10.",
)


def draw_class_book(listed: ClassStudents, made: ClassRecommendations) -> bytes:
    """A sheet with a row a student, and one that says what it was made of."""
    workbook = Workbook()
    sheet = workbook.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has a sheet")
    sheet.title = listed.title.replace("/", " ")[:31]
    sheet.append(HEADINGS)
    lists = {student.student_id: student for student in made.students}
    for student in listed.students:
        sheet.append(_row(student, lists.get(student.student_id)))
    _lay_out(sheet)
    about = workbook.create_sheet(ABOUT)
    for line in _about(listed, made):
        about.append([line])
    about.column_dimensions["A"].width = 110
    keep_texts(workbook)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _row(student: StudentRow, made: BriefStudent | None) -> list[str | int | None]:
    by_kind: dict[str, BriefList] = {} if made is None else {ranked.kind: ranked for ranked in made.lists}
    places = [cell for kind in KIND_TITLES for cell in _place(by_kind.get(kind))]
    counts = (student.accepted_count, student.pinned_count, student.declined_count)
    return [
        student.full_name,
        student.student_id,
        made.interests if made is not None else None,
        ", ".join(student.lacks),
        *places,
        *(count or None for count in counts),
    ]


def _place(ranked: BriefList | None) -> tuple[str | int | None, ...]:
    item = ranked.find_first() if ranked is not None else None
    if item is None:
        return None, None, None, None
    return item.title_ru, *(fit_points(value) for value in (item.fit, item.fit_low, item.fit_high))


def _about(listed: ClassStudents, made: ClassRecommendations) -> list[str]:
    edition = made.demand_edition.code if made.demand_edition is not None else "нет"
    return [
        f"Класс {listed.title}, {listed.school_title}, {listed.school_year}. Данные на {day(listed.as_of)}.",
        f"Модель {made.model_version}, перечень: {edition}.",
        *LEGEND,
        made.advice_note,
        *([made.degradation] if made.degradation is not None else []),
    ]


def _lay_out(sheet: Worksheet) -> None:
    """A sheet that is printed whole, across, with its headings on every page."""
    for place, heading in enumerate(HEADINGS, start=1):
        cell = sheet.cell(1, place)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(place)].width = WIDTHS.get(heading, NARROW)
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.5)
