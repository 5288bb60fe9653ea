"""A counsellor's way: sign in, class, card, slider, accept; what a methodologist sees; what a stranger does not."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import settled, sign_in
from tests.conftest import District, orientir

ENGLISH = re.compile(r"[A-Za-z]{4,}")
KNOWN_LATIN = {
    "Python", "RIASEC", "BIM", "krasnodar", "illustrative", "edition", "published", "region", "position", "level",
    "profession_title", "spo_codes", "demand_level", "title", "demand", "codes", "profession", "DOCX",
}  # fmt: skip


def open_ninth_grade(page: Page) -> None:
    row = page.get_by_test_id("stHorizontalBlock").filter(has_text=re.compile(r"^9А"))
    row.get_by_role("button", name="Открыть").click()
    expect(page.get_by_role("heading", name=re.compile("9А, Средняя школа № 1"))).to_be_visible()
    settled(page)


def open_card(page: Page, number: int = 0) -> None:
    page.get_by_role("button", name="Открыть").nth(number).click()
    expect(page.get_by_role("heading", name="Профессиональные пробы")).to_be_visible()
    settled(page)


def test_the_model_page_begins_with_whether_to_rely_on_the_lists(
    page: Page, own_district: District, screenshot: Callable[[str], None]
) -> None:
    assert orientir("model", "watch", environment=own_district.environment).returncode == 0
    sign_in(page, own_district, "navigator")
    page.get_by_role("link", name="Модель").click()
    expect(page.get_by_role("status").filter(has_text="Спискам можно доверять")).to_be_visible()
    plot = page.get_by_role("img", name=re.compile(r"^Данные учеников: отметки: \d\d\.\d\d\.\d{4} — 0,00"))
    expect(plot).to_be_visible()
    page.get_by_text("Данные учеников, каждый показатель отдельно").click()
    expect(page.get_by_role("cell", name="отметка: Математика")).to_be_visible()
    settled(page)
    screenshot("model-watching")


def test_sign_in_class_card_slider_accept(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "navigator")
    expect(page.get_by_role("heading", name="Мои классы, 2024-25")).to_be_visible()
    expect(page.get_by_text("данные синтетические")).to_be_visible()
    screenshot("classes")
    open_ninth_grade(page)
    screenshot("class")
    page.get_by_label("Найти по фамилии").fill("киселёва")
    page.get_by_label("Найти по фамилии").press("Enter")
    expect(page.get_by_role("button", name="Открыть")).to_have_count(1)
    settled(page)
    open_card(page)
    expect(page.get_by_role("heading", name="Киселёва Анастасия, 9А")).to_be_visible()
    for heading in ("Интересы", "Отметки", "Профильные классы", "Элективные курсы", "Чего не хватает"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ из 100")).first).to_be_visible()
    expect(page.get_by_text(re.compile("Модель krasnodar-2024H1")).first).to_be_visible()
    screenshot("card")

    before = page.locator(".o-title").all_inner_texts()
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(25):
        slider.press("ArrowRight")
    expect(slider).to_have_value("30")
    expect(page.locator(".o-title")).not_to_have_text(before)
    expect(page.get_by_text("поднят спросом").first).to_be_visible()
    settled(page)
    expect(page.get_by_text(re.compile("Цена учёта спроса")).first).to_be_visible()

    page.get_by_role("button", name="Принять").first.click()
    expect(page.get_by_text("Решение записано.")).to_be_visible()
    expect(page.get_by_text("Принято", exact=True)).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Вернуть").click()
    expect(page.get_by_text("Решение снято.")).to_be_visible()


def test_decline_with_a_reason_and_see_why(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 1)
    page.get_by_text("Все причины и баллы").first.click()
    expect(page.get_by_text(re.compile("складываются в общий балл")).first).to_be_visible()
    screenshot("card-reasons")
    page.get_by_role("button", name="Отклонить").first.click()
    page.get_by_text("Далеко или неудобно").click()
    page.get_by_role("button", name="Записать").click()
    expect(page.get_by_text("Отклонено: Далеко или неудобно")).to_be_visible()


def test_the_sheet_to_take_home(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 1)
    page.get_by_role("heading", name="Лист ученику и родителям").scroll_into_view_if_needed()
    screenshot("card-sheet")
    for button, begins in (("Скачать PDF для печати", b"%PDF"), ("Скачать DOCX, чтобы править", b"PK")):
        with page.expect_download() as coming:
            page.get_by_role("button", name=button).click()
        assert re.fullmatch(r"list-s\w+\.(pdf|docx)", coming.value.suggested_filename)  # no child is named
        assert Path(coming.value.path()).read_bytes().startswith(begins)


def choose(page: Page, label: str, number: int) -> None:
    """An option of a select box by its place."""
    box = page.get_by_label(label, exact=True)
    box.scroll_into_view_if_needed()
    settled(page)
    options = page.get_by_role("option")
    for _ in range(8):  # a panel that is still opening closes the list again
        page.wait_for_timeout(900)
        if options.count() == 0:
            box.focus()
            box.press("ArrowDown")
        page.wait_for_timeout(900)
        if options.count() > number:
            break
    options.nth(number).click()
    settled(page)


def test_why_not_this_one_and_which_of_two(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 1)
    page.get_by_text("Почему не …?").click()
    choose(page, "Предложение", 3)
    expect(page.get_by_text(re.compile(r"Место \d+ из \d+\. Соответствие"))).to_be_visible()
    expect(page.get_by_text("Что отодвинуло его за третье место")).to_be_visible()
    page.get_by_text("Сравнить два предложения").click()
    choose(page, "Первое", 0)
    choose(page, "Второе", 1)
    expect(page.get_by_text(re.compile("Лучше подходит|Подходят одинаково"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot("card-questions")


def test_no_english_and_nothing_cut_on_a_small_laptop(page: Page, district: District) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 2)
    assert page.evaluate("document.documentElement.lang") == "ru"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    cut = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] button, [data-testid=stMain] p')]"
        ".filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 2).map(e => e.innerText)"
    )
    assert cut == []
    icons = "document.querySelectorAll('[data-testid=stIconMaterial]').forEach(icon => icon.remove())"
    page.evaluate(icons)  # names of signs in an icon font, drawn as signs
    words = set(ENGLISH.findall(page.inner_text("[data-testid=stMain]")))
    assert words <= KNOWN_LATIN


def test_a_page_has_security_headers_and_nothing_personal_in_its_address(page: Page, district: District) -> None:
    answer = httpx2.get(district.screens)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert '<html lang="ru">' in answer.text
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page)
    assert page.url.rstrip("/") in {district.screens, f"{district.screens}/classes"}


def test_a_wrong_password_is_refused_in_russian(page: Page, district: District) -> None:
    page.goto(district.screens)
    page.get_by_label("Логин").fill("navigator")
    page.get_by_label("Пароль", exact=True).fill("ne-tot-parol")
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("alert")).to_contain_text("Логин или пароль")


@pytest.mark.parametrize("name", ["Мои классы", "Вход"])
def test_signing_out_closes_the_door(page: Page, district: District, name: str) -> None:
    sign_in(page, district, "navigator")
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_label("Логин")).to_be_visible()
    assert page.get_by_role("heading", name=name).count() == 0


def test_the_methodologist_sees_the_list_and_no_names(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    sign_in(page, district, "metodist")
    expect(page.get_by_role("heading", name="Перечень востребованных профессий")).to_be_visible()
    expect(page.get_by_text("Действует перечень «krasnodar-2024H1»")).to_be_visible()
    expect(page.get_by_text("Что изменилось")).to_be_visible()
    assert page.get_by_text("Мои классы").count() == 0
    screenshot("demand")
    broken = b"edition,published,region,position,profession_title,spo_codes\n"
    page.locator("input[type=file]").set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": broken})
    page.get_by_role("button", name="Прочитать документ").click()
    expect(page.get_by_role("alert")).to_be_visible()
    screenshot("demand-refused")


def test_the_model_page_says_whether_to_rely_on_it(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    sign_in(page, district, "navigator")
    page.get_by_role("link", name="Модель").click()
    expect(page.get_by_text(re.compile("Проверка пройдена"))).to_be_visible()
    screenshot("model")
