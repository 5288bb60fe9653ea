"""A class fills a survey: the counsellor opens it, students answer on telephones, the answers come into the card."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import text_surveys
from tests.browser.steps import settled, sign_in, students
from tests.conftest import District

TELEPHONE = {"width": 390, "height": 844}


@pytest.fixture
def telephone(chromium: Browser) -> Page:
    """A student's own device, without a script."""
    context = chromium.new_context(viewport=TELEPHONE, locale="ru-RU", java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def test_a_class_fills_the_markers(
    page: Page,
    telephone: Page,
    own_district: District,
    screenshot: Callable[[str], None],
    kept: Callable[[Page, str], None],
) -> None:
    sign_in(page, own_district, "navigator")
    page.get_by_role("button", name="Открыть").first.click()
    students(page)  # what is advised has come too: the page runs no more by itself
    page.get_by_text(text_surveys.PANEL).click()
    page.get_by_role("button", name=text_surveys.OPEN).click()
    code = page.locator(".o-code").inner_text()
    assert re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", code)
    settled(page)
    screenshot("survey-opened")
    page.get_by_text(text_surveys.BY_NAME).click()
    listed = page.locator(".o-note", has_text=text_surveys.STATES["not_begun"]).inner_text()
    last, first = listed.partition(": ")[2].split(",")[0].split(" ", 1)

    telephone.goto(own_district.screens + text_surveys.ADDRESS)
    assert telephone.locator("html").get_attribute("lang") == "ru"
    kept(telephone, "survey-entry")
    telephone.get_by_label(text_surveys.CODE_LABEL).fill(code.lower())
    telephone.get_by_label(text_surveys.LAST_NAME).fill("Несуществующая")
    telephone.get_by_label(text_surveys.FIRST_NAME).fill("Имя")
    telephone.get_by_role("button", name=text_surveys.BEGIN).click()
    expect(telephone.get_by_role("alert")).to_contain_text("подойдите к педагогу")
    telephone.get_by_label(text_surveys.LAST_NAME).fill(last)
    telephone.get_by_label(text_surveys.FIRST_NAME).fill(first)
    telephone.get_by_role("button", name=text_surveys.BEGIN).click()
    expect(telephone.get_by_text("Страница 1 из 6")).to_be_visible()
    kept(telephone, "survey-first-page")
    _answer_all(telephone)
    telephone.get_by_role("button", name=text_surveys.SUBMIT).click()
    expect(telephone.get_by_role("heading", name=text_surveys.DONE_TITLE)).to_be_visible()
    kept(telephone, "survey-done")
    assert not telephone.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert telephone.context.cookies() == []  # whoever has the telephone next finds nothing
    telephone.go_back()
    expect(telephone.get_by_label(text_surveys.CODE_LABEL)).to_be_visible()

    expect(page.locator(".o-note", has_text=text_surveys.STATES["submitted"])).to_contain_text(f"(1): {last} {first}.")
    settled(page)
    page.get_by_role("button", name=text_surveys.END).click()
    expect(page.get_by_text(text_surveys.ENDED.format(count=1))).to_be_visible()
    settled(page)
    screenshot("survey-ended")
    telephone.goto(own_district.screens + text_surveys.ADDRESS)
    telephone.get_by_label(text_surveys.CODE_LABEL).fill(code)
    telephone.get_by_label(text_surveys.LAST_NAME).fill(last)
    telephone.get_by_label(text_surveys.FIRST_NAME).fill(first)
    telephone.get_by_role("button", name=text_surveys.BEGIN).click()
    expect(telephone.get_by_role("alert")).to_contain_text("Такого кода нет")


def _answer_all(telephone: Page) -> None:
    """Six pages; after the third the page is loaded anew, and looked back at."""
    for step in range(1, 7):
        expect(telephone.get_by_text(f"Страница {step} из 6")).to_be_visible()
        for group in telephone.locator("fieldset").all():
            group.locator("input").nth(step % 5).check()
        if step == 3:
            telephone.get_by_role("button", name=text_surveys.NEXT).click()
            expect(telephone.get_by_text("Страница 4 из 6")).to_be_visible()
            telephone.reload()
            expect(telephone.get_by_text("Страница 4 из 6")).to_be_visible()
            telephone.get_by_role("button", name=text_surveys.BACK).click()
            expect(telephone.locator("input:checked")).to_have_count(8)  # nothing was lost
            telephone.get_by_role("button", name=text_surveys.NEXT).click()
            continue
        if step < 6:
            telephone.get_by_role("button", name=text_surveys.NEXT).click()
