"""On a phone, with type twice as large, and on paper: every page can be read, and nothing runs out of it."""

import io
import re
from collections.abc import Callable

import pdfplumber
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from dashboard import text, text_balance, text_imports, text_people, text_privacy
from tests.browser.conftest import FLAGS, chromium_path
from tests.browser.steps import settled, sign_in
from tests.browser.test_counsellor import open_card, open_ninth_grade
from tests.conftest import District

SIZES: dict[str, ViewportSize] = {
    "twice": {"width": 640, "height": 360},  # 1280 x 720 at 200 %
    "phone": {"width": 390, "height": 844},
}
SMALLEST = 14.0  # pixels
PAGES = {
    "navigator": (text.PAGE_MODEL,),
    "metodist": (text.PAGE_DEMAND, text_balance.PAGE_BALANCE),
    "director": (text_imports.PAGE_IMPORTS, text_people.PAGE_PEOPLE, text_privacy.PAGE_PRIVACY),
}
RUNS_OUT = """() => document.documentElement.scrollWidth - innerWidth > 0
  || document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"""
# words that anybody can see, whose letters are too small
TOO_SMALL = """(smallest) => {
  const app = document.querySelector("[data-testid=stApp]"), found = [];
  const walker = document.createTreeWalker(app, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    if (walker.currentNode.data.trim() && element.getClientRects().length && style.visibility !== "hidden"
        && !["STYLE", "SCRIPT"].includes(element.tagName) && parseFloat(style.fontSize) < smallest)
      found.push(style.fontSize + ": " + walker.currentNode.data.trim().slice(0, 60));
  }
  return found;
}"""


def fits(page: Page) -> None:
    """Nothing runs out sideways, no letter is too small."""
    settled(page)
    assert not page.evaluate(RUNS_OUT)
    assert page.evaluate(TOO_SMALL, SMALLEST) == []


def go(page: Page, title: str) -> None:
    """To a page, by the menu that a narrow screen folds away."""
    menu = page.get_by_test_id("stExpandSidebarButton")
    if menu.is_visible():
        menu.click()
    page.get_by_role("link", name=title, exact=True).first.click()
    settled(page)


def look(page: Page, screenshot: Callable[[str], None], name: str) -> None:
    """A page at every size, as it stands."""
    for size, measures in SIZES.items():
        page.set_viewport_size(measures)
        fits(page)
        screenshot(f"{name}-{size}")


def test_classes_class_and_card(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    page.set_viewport_size(SIZES["phone"])
    sign_in(page, district, "navigator")
    look(page, screenshot, "classes")
    open_ninth_grade(page)
    look(page, screenshot, "class")
    open_card(page)
    look(page, screenshot, "card")


@pytest.mark.parametrize("login", PAGES)
def test_the_other_pages(page: Page, district: District, screenshot: Callable[[str], None], login: str) -> None:
    page.set_viewport_size(SIZES["phone"])
    sign_in(page, district, login)
    for title in PAGES[login]:
        go(page, title)
        look(page, screenshot, f"{login}-{title}")


def test_the_readers_own_size_of_type_counts(chromium: Browser, district: District) -> None:
    path = chromium_path()
    large = [*FLAGS, "--blink-settings=defaultFontSize=32"]  # a browser whose reader chose letters twice as large
    browser = chromium.browser_type.launch(executable_path=path, args=large)
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="ru-RU")
        sign_in(page, district, "navigator")
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        fits(page)
    finally:
        browser.close()


def test_a_card_on_paper(page: Page, district: District) -> None:
    page.emulate_media(color_scheme="dark")  # light letters of a dark screen would be invisible on paper
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page)
    page.emulate_media(media="print")
    for gone in (text.ACCEPT, text.SIGN_OUT, text.BACK_TO_CLASS):
        expect(page.get_by_role("button", name=gone).first).to_be_hidden()
    expect(page.get_by_role("slider")).to_be_hidden()
    ink = "[...document.querySelectorAll('.o-title, .o-why li, h1')].map(e => getComputedStyle(e).color)"
    assert set(page.evaluate(ink)) == {"rgb(0, 0, 0)"}
    with pdfplumber.open(io.BytesIO(page.pdf(prefer_css_page_size=True))) as paper:
        words = [sheet.extract_text() for sheet in paper.pages]
        assert len(words) <= 4
        assert {round(sheet.width) for sheet in paper.pages} == {595}  # A4 upright
    for heading in (text.INTERESTS_TITLE, *text.KINDS.values()):
        assert any(heading in sheet for sheet in words)
    for sheet in words:  # a line of a list is not split between sheets: its title, its fit and its reasons
        assert len(re.findall(r"(?m)^\d\. ?[А-ЯЁ]", sheet)) == len(re.findall(r"Соответствие, вероятно", sheet))
    assert sum(sheet.count("Соответствие, вероятно") for sheet in words) == 9  # three lines of three lists
