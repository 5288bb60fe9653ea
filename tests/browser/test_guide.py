"""The tasks of docs/counsellor.ru.md, walked as it tells them; its pictures are made here (make pictures).

They are kept where ORIENTIR_GUIDE_PICTURES says; without it the tasks are walked and nothing is kept.
"""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from dashboard import text, text_card, text_imports, text_surveys, text_tour
from tests.browser.steps import settled, sign_in, students
from tests.browser.test_counsellor import imagine_a_mark, open_card, open_ninth_grade, write_a_note
from tests.browser.test_imports import drop, workbook
from tests.conftest import District

LAPTOP, TELEPHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 640}
COLOURS = 96  # enough for letters and charts, a third of the bytes
LISTS = 385  # pixels: right of it stand the lists of a card
Keep = Callable[[str, bytes], None]


@pytest.fixture
def keep() -> Keep:
    """A picture of the guide, in few colours."""

    def kept(name: str, picture: bytes) -> None:
        if folder := os.environ.get("ORIENTIR_GUIDE_PICTURES"):
            image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            image.save(Path(folder) / f"{name}.png", optimize=True)

    return kept


def strip(page: Page, first: Locator, last: Locator | None = None, *, most: int = 560, left: int = 0) -> bytes:
    """The page from the top of one thing to the bottom of another, or so far down; right of `left`."""
    first.evaluate("element => element.scrollIntoView({ block: 'start' })")
    page.get_by_test_id("stMain").evaluate("element => element.scrollBy(0, -90)")  # from under the menu
    page.wait_for_timeout(400)
    above, below = (each.bounding_box() if each is not None else None for each in (first, last))
    assert above is not None
    top = max(above["y"] - 12, 60)
    end = below["y"] + below["height"] + 12 if below is not None else LAPTOP["height"]
    bottom = min(end, top + most, LAPTOP["height"])
    return page.screenshot(clip=FloatRect(x=left, y=top, width=LAPTOP["width"] - left, height=bottom - top))


def from_the_top(page: Page, height: int) -> bytes:
    """The head of a page with its menu."""
    page.get_by_test_id("stMain").evaluate("element => element.scrollTo(0, 0)")
    page.wait_for_timeout(400)
    return page.screenshot(clip=FloatRect(x=0, y=0, width=LAPTOP["width"], height=height))


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, exact=True).first


def class_page(page: Page, keep: Keep) -> None:
    """The page of a class."""
    open_ninth_grade(page)
    keep("class", from_the_top(page, 640))


def test_a_talk_and_a_lesson(page: Page, chromium: Browser, own_district: District, keep: Keep) -> None:
    page.set_viewport_size(LAPTOP)
    sign_in(page, own_district, "navigator")
    page.get_by_role("button", name=text_tour.BEGIN).click()
    expect(page.get_by_text("Шаг 1 из")).to_be_visible()
    settled(page)
    keep("tour", from_the_top(page, 360))
    page.get_by_role("button", name=text_tour.END).click()
    expect(page.get_by_text("Шаг 1 из")).to_have_count(0)
    settled(page)
    keep("talks", strip(page, page.get_by_role("heading", name=re.compile(text.CLASSES_TITLE)), _month(page)))
    class_page(page, keep)
    open_card(page)
    slider = page.get_by_role("slider")
    expect(slider).to_be_visible()
    keep("card", from_the_top(page, 720))
    whole = strip(page, heading(page, text.INTERESTS_TITLE), heading(page, text.MISSING_TITLE))
    keep("interests", _left_column(whole))
    reasons = page.get_by_test_id("stExpander").filter(has_text=text.ALL_REASONS).first
    keep("lists", strip(page, heading(page, text.KINDS["profile_class"]), reasons, left=LISTS))
    slider.focus()
    for _ in range(15):
        slider.press("ArrowRight")
    expect(page.get_by_text(re.compile("Цена учёта спроса")).first).to_be_visible()
    settled(page)
    keep("demand", strip(page, page.get_by_test_id("stSlider"), most=300, left=LISTS))
    pdf = page.get_by_role("button", name=text.SHEET_FORMATS["pdf"][0])
    keep("sheet-buttons", strip(page, heading(page, text.SHEET_TITLE), pdf, left=LISTS))
    with page.expect_download() as coming:
        pdf.click()
    keep("sheet", _first_page(Path(coming.value.path())))
    imagine_a_mark(page)
    keep("what-if", strip(page, page.get_by_text(text_card.MORE), most=620))
    write_a_note(page)
    keep("notes", strip(page, page.get_by_text(text_card.MORE), most=620))
    page.get_by_role("button", name=text.BACK_TO_CLASS).click()
    students(page)  # what is advised has come too: the page runs no more by itself
    telephone = chromium.new_page(viewport=TELEPHONE, locale="ru-RU")
    a_class_answers(page, telephone, own_district, keep)
    telephone.context.close()


def _month(page: Page) -> Locator:
    return page.get_by_text(re.compile("Дорожная карта")).last


def _left_column(whole: bytes) -> bytes:
    """What is known, without the lists."""
    image = Image.open(io.BytesIO(whole))
    made = io.BytesIO()
    image.crop((0, 0, LISTS, image.height)).save(made, "PNG")
    return made.getvalue()


def _first_page(file: Path) -> bytes:
    """The sheet as it comes out of the printer, as wide as a screen shows it."""
    made = io.BytesIO()
    with pypdfium2.PdfDocument(file) as paper:
        paper[0].render(scale=1.3).to_pil().save(made, "PNG")
    return made.getvalue()


def a_class_answers(page: Page, telephone: Page, district: District, keep: Keep) -> None:
    """The code for the blackboard, and what a student sees."""
    page.get_by_text(text_surveys.PANEL).click()
    page.get_by_role("button", name=text_surveys.OPEN).click()
    code = page.locator(".o-code")
    expect(code).to_be_visible()
    settled(page)
    end = page.get_by_role("button", name=text_surveys.END)
    keep("survey", strip(page, page.get_by_text(text_surveys.PANEL), end))
    page.get_by_text(text_surveys.BY_NAME).click()
    listed = page.locator(".o-note", has_text=text_surveys.STATES["not_begun"]).inner_text()
    last, first = listed.partition(": ")[2].split(",")[0].split(" ", 1)
    telephone.goto(district.screens + text_surveys.ADDRESS)
    telephone.get_by_label(text_surveys.CODE_LABEL).fill(code.inner_text())
    telephone.get_by_label(text_surveys.LAST_NAME).fill(last)
    telephone.get_by_label(text_surveys.FIRST_NAME).fill(first)
    telephone.get_by_role("button", name=text_surveys.BEGIN).click()
    expect(telephone.get_by_text("Страница 1 из 6")).to_be_visible()
    keep("survey-telephone", telephone.screenshot())


def test_a_file_of_the_journal(page: Page, district: District, keep: Keep) -> None:
    page.set_viewport_size(LAPTOP)  # checked only: nothing of the district changes
    sign_in(page, district, "director")
    page.get_by_role("link", name=text_imports.PAGE_IMPORTS).click()
    expect(page.get_by_role("heading", name=text_imports.TITLE)).to_be_visible()
    settled(page)
    drop(page, "9Я.xlsx", _russian(workbook()))
    marked = page.get_by_role("button", name=text_imports.MAKE_MARKED)
    keep("import", strip(page, heading(page, text_imports.UNDERSTOOD), marked))


def _russian(content: bytes) -> bytes:
    """The workbook as a Russian program names its sheet."""
    book = load_workbook(io.BytesIO(content))
    book.active.title = "Лист1"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
