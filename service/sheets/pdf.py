"""The sheet as a PDF of one A4 page, black on white."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from service.sheets.content import EXAMS, MEASURE_NEXT, Line, Section, Sheet

FONTS = Path(__file__).parent / "fonts"
LETTERS = {"": FONTS / "DejaVuSansCondensed.ttf", "B": FONTS / "DejaVuSansCondensed-Bold.ttf"}
FAMILY = "sheet"
MARGIN, WIDTH, BOTTOM = 13.0, 184.0, 297.0 - 10.0  # millimetres
FOOT = 29.0  # millimetres for who signs and what the sheet is
MM, LEADING = 0.3528, 1.28  # millimetres in a point; height of a line in letters
SMALL = 8.0
TITLE = "Куда пойти учиться: наш совет"


class Density(NamedTuple):
    """How tightly a sheet is set; the first that fits one page is taken."""

    size: float  # points
    reason_count: int
    with_against: bool
    letters: int | None = None  # longer texts are cut


DENSITIES = (
    Density(10.0, 2, with_against=True),
    Density(9.5, 2, with_against=True),
    Density(9.0, 2, with_against=True),
    Density(8.5, 2, with_against=True),
    Density(8.5, 1, with_against=True),
    Density(8.5, 1, with_against=False),
    Density(8.0, 1, with_against=False),
    Density(8.0, 0, with_against=False),
    Density(8.0, 0, with_against=False, letters=100),  # longer than the titles of any catalogue
)


class TooLongError(Exception):
    """The sheet does not fit one page at this density."""


def draw_pdf(sheet: Sheet, made_at: datetime) -> bytes:
    """The page, at the loosest density that fits."""
    return fitting(sheet, lambda density: _drawn(sheet, density, made_at))[1]


def fitting(sheet: Sheet, draw: Callable[[Density], bytes]) -> tuple[Density, bytes]:
    """The density taken, and the page."""
    for density in DENSITIES:
        try:
            return density, draw(density)
        except TooLongError:
            continue
    raise TooLongError(f"{len(sheet.sections)} sections do not fit a page")


def density_of(sheet: Sheet) -> Density:
    """How tightly one page must be set: a word processor's own letters are narrower than those of the PDF."""
    return fitting(sheet, lambda density: _drawn(sheet, density, datetime(2000, 1, 1, tzinfo=UTC)))[0]


def _drawn(sheet: Sheet, density: Density, made_at: datetime) -> bytes:
    with closing(_Page(density, made_at)) as page:
        _write_down(page, sheet, density)
        return page.finish()


def _write_down(page: "_Page", sheet: Sheet, density: Density) -> None:
    page.write(TITLE, density.size * 1.5, "B")
    page.write(sheet.student, density.size * 1.2, "B")
    page.write(sheet.where, density.size)
    page.rule()
    for section in sheet.sections:
        _draw_section(page, section, density)
    if sheet.exams:
        page.write(EXAMS, density.size * 1.1, "B", above=1.5)
        page.write(sheet.exams, density.size)
    if sheet.measure_next:
        page.write(MEASURE_NEXT, density.size * 1.1, "B", above=1.5)
        page.write(sheet.measure_next, density.size)
    page.foot(sheet)


def _draw_section(page: "_Page", section: Section, density: Density) -> None:
    page.write(section.heading, density.size * 1.15, "B", above=2.0)
    if section.note:
        page.write(section.note, density.size * 0.95)
    for number, line in enumerate(section.lines, start=1):
        _draw_line(page, number, line, density)


def _draw_line(page: "_Page", number: int, line: Line, density: Density) -> None:
    decided = f" [{line.decided}]" if line.decided else ""
    page.write(f"{number}. {line.title}{decided}", density.size, "B", above=0.8)
    page.write(f"{line.where} · {line.fit}", density.size * 0.92, indent=4.0)
    if line.demand:
        page.write(f"▲ {line.demand}", density.size * 0.92, indent=4.0)
    for reason in line.reasons[: density.reason_count]:
        page.write(f"+ {reason}", density.size * 0.92, indent=4.0)
    if line.against and density.with_against:
        page.write(f"− {line.against}", density.size * 0.92, indent=4.0)


class _Page:
    """One page that is written downwards; TooLongError where it would need another."""

    def __init__(self, density: Density, made_at: datetime) -> None:
        self._pdf, self._letters = FPDF(format="A4"), density.letters
        self._pdf.set_creation_date(made_at)
        self._pdf.set_lang("ru")
        self._pdf.set_title(TITLE)  # without a name: titles of files are seen in lists
        self._pdf.set_margins(MARGIN, 12.0)
        self._pdf.set_auto_page_break(auto=False)
        for style, path in LETTERS.items():
            self._pdf.add_font(FAMILY, style, path)
        self._pdf.add_page()

    def write(self, text: str, size: float, style: str = "", *, indent: float = 0.0, above: float = 0.0) -> None:
        """A paragraph below what stands already."""
        if self._letters is not None and len(text) > self._letters:
            text = f"{text[: self._letters].rstrip()}…"
        self._pdf.set_font(FAMILY, style, size)
        self._pdf.set_xy(MARGIN + indent, self._pdf.get_y() + above)
        self._pdf.multi_cell(WIDTH - indent, size * MM * LEADING, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if self._pdf.get_y() > BOTTOM - FOOT:
            raise TooLongError

    def rule(self) -> None:
        """A line across."""
        y = self._pdf.get_y() + 1.0
        self._pdf.line(MARGIN, y, MARGIN + WIDTH, y)
        self._pdf.set_y(y + 0.5)

    def foot(self, sheet: Sheet) -> None:
        """At the bottom: who signs, what the sheet is, what it was made from."""
        top = BOTTOM - FOOT + 9.0
        column = WIDTH / len(sheet.signed_by)
        self._pdf.set_font(FAMILY, "", SMALL)
        for place, who in enumerate(sheet.signed_by):
            left = MARGIN + place * column
            self._pdf.line(left, top, left + column - 6.0, top)
            self._pdf.set_xy(left, top + 0.5)
            self._pdf.cell(column - 6.0, SMALL * MM * LEADING, who)
        self._pdf.set_xy(MARGIN, top + 7.0)
        self._pdf.multi_cell(WIDTH, SMALL * MM * LEADING, f"{sheet.advice}\n{sheet.stamp}", align="L")

    def finish(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def close(self) -> None:
        """Let go of the files of letters."""
        for font in self._pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()
