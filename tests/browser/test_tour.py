"""Five minutes with the sample district, by keyboard alone; left at any time and begun again; each role has its own."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard import text, text_balance, text_tour
from dashboard.views.tour import STEPS
from tests.browser.steps import settled, sign_in
from tests.browser.test_every_page import Looker
from tests.conftest import District

# what a visitor sees of the page at each step
PLACES = {
    "queue": text.TALKS_TITLE,
    "class": re.compile("учеников$"),
    "card": "Интересы",
    "list": text.DEMAND_TITLE,
    "model": text.MODEL_TITLE,
    "balance": text_balance.BALANCE_TITLE,
}
COUNSELLOR = ("queue", "class", "card", "slider", "questions", "decision", "sheet", "model")
METHODOLOGIST = ("list", "draft", "impact", "publish", "model", "balance")


def at_step(page: Page, number: int, key: str, count: int) -> None:
    title = text_tour.STEPS[key][0]
    expect(page.get_by_text(text_tour.STEP.format(number=number, count=count, title=title))).to_be_visible()
    if key in PLACES:
        expect(page.get_by_role("heading", name=PLACES[key]).first).to_be_visible()
    settled(page)


@pytest.mark.parametrize(("login", "keys"), [("navigator", COUNSELLOR), ("metodist", METHODOLOGIST)])
def test_every_step_shows_its_place_and_enter_alone_leads_to_the_end(
    page: Page, district: District, screenshot: Callable[[str], None], login: str, keys: tuple[str, ...]
) -> None:
    looker = Looker(page)
    sign_in(page, district, login)
    begin = page.get_by_role("button", name=text_tour.BEGIN)
    begin.focus()
    page.keyboard.press("Enter")
    at_step(page, 1, keys[0], len(keys))
    expect(page.get_by_text(text_tour.HONEST)).to_be_visible()
    looker.look("tour")
    assert looker.amiss == []
    page.get_by_role("button", name=text_tour.NEXT).focus()
    for number, key in enumerate(keys[1:], start=2):
        page.keyboard.press("Enter")  # the focus stays where it is, from page to page
        at_step(page, number, key, len(keys))
        screenshot(f"tour-{login}-{number}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Шаг ")).to_have_count(0)
    expect(begin).to_be_visible()


def test_it_waits_where_one_was_is_left_at_any_time_and_begun_again(page: Page, district: District) -> None:
    sign_in(page, district, "navigator")
    page.get_by_role("button", name=text_tour.BEGIN).click()
    at_step(page, 1, "queue", 8)
    page.get_by_role("button", name=text_tour.NEXT).click()
    at_step(page, 2, "class", 8)
    page.get_by_role("link", name=text.PAGE_MODEL).click()  # one looks about on one's own
    expect(page.get_by_role("heading", name=text.MODEL_TITLE)).to_be_visible()
    expect(page.get_by_text("Шаг 2 из 8. Класс")).to_be_visible()
    settled(page)
    page.get_by_role("button", name=text_tour.SHOW).click()
    at_step(page, 2, "class", 8)
    page.get_by_role("button", name=text_tour.END).click()
    expect(page.get_by_text("Шаг 2 из 8")).to_have_count(0)
    settled(page)
    page.get_by_role("button", name=text_tour.BEGIN).click()
    at_step(page, 1, "queue", 8)


def test_every_step_has_its_words_and_no_words_are_left_over() -> None:
    assert {key for key, _, _ in STEPS} == set(text_tour.STEPS)
