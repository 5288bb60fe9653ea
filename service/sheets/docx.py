"""The sheet as a DOCX, to be changed before it is printed; set as tightly as the PDF."""

import io
from datetime import datetime

from docx import Document
from docx.document import Document as Written
from docx.shared import Mm, Pt

from service.sheets.content import EXAMS, MEASURE_NEXT, Line, Sheet
from service.sheets.pdf import TITLE, Density, density_of

LETTERS = "Arial"


def draw_docx(sheet: Sheet, made_at: datetime) -> bytes:
    """The document."""
    density = density_of(sheet)
    document = _empty(density, made_at)
    _write(document, TITLE, density.size * 1.5, bold=True)
    _write(document, sheet.student, density.size * 1.2, bold=True)
    _write(document, sheet.where, density.size)
    for section in sheet.sections:
        _write(document, section.heading, density.size * 1.15, bold=True, above=5.0)
        if section.note:
            _write(document, section.note, density.size * 0.95)
        for number, line in enumerate(section.lines, start=1):
            _write_line(document, number, line, density)
    for heading, text in (
        (EXAMS, sheet.exams),
        (MEASURE_NEXT, sheet.measure_next),
    ):
        if text:
            _write(document, heading, density.size * 1.1, bold=True, above=4.0)
            _write(document, text, density.size)
    _sign(document, sheet, density)
    _write(document, f"{sheet.advice} {sheet.stamp}", density.size * 0.85, above=4.0)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _empty(density: Density, made_at: datetime) -> Written:
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(13)
    page.top_margin = page.bottom_margin = Mm(11)
    letters = document.styles["Normal"].font
    letters.name, letters.size = LETTERS, Pt(density.size)
    told = document.core_properties
    told.title, told.author, told.language = TITLE, "Ориентир", "ru-RU"  # no name of a child
    told.created = told.modified = made_at.replace(tzinfo=None)
    return document


def _write(
    document: Written, text: str, size: float, *, bold: bool = False, indent: float = 0.0, above: float = 0.0
) -> None:
    paragraph = document.add_paragraph()
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing = Pt(above), Pt(0), 1.0
    shape.left_indent = Mm(indent)
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(size)


def _write_line(document: Written, number: int, line: Line, density: Density) -> None:
    small = density.size * 0.92
    decided = f" [{line.decided}]" if line.decided else ""
    _write(document, f"{number}. {line.title}{decided}", density.size, bold=True, above=2.0)
    _write(document, f"{line.where} · {line.fit}", small, indent=4.0)
    if line.demand:
        _write(document, f"▲ {line.demand}", small, indent=4.0)
    for reason in line.reasons[: density.reason_count]:
        _write(document, f"+ {reason}", small, indent=4.0)
    if line.against and density.with_against:
        _write(document, f"− {line.against}", small, indent=4.0)


def _sign(document: Written, sheet: Sheet, density: Density) -> None:
    table = document.add_table(rows=1, cols=len(sheet.signed_by))
    for cell, who in zip(table.rows[0].cells, sheet.signed_by, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(14), Pt(0)
        run = paragraph.add_run(f"______________________\n{who}")
        run.font.size = Pt(density.size * 0.85)
