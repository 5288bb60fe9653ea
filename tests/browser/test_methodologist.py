"""A methodologist's way: a document in, what was understood, one title settled, impact, published, remembered."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.steps import document, publish_it, read, settled, sign_in, step
from tests.conftest import District

STRANGE = "Борт-кудесник третьего разряда"


def test_from_upload_to_publish_with_one_title_settled_and_remembered(
    page: Page, own_district: District, screenshot: Callable[[str], None]
) -> None:
    sign_in(page, own_district, "metodist")
    expect(page.get_by_text(re.compile("Перечню больше полугода"))).to_be_visible()
    expect(page.get_by_test_id("stFileUploaderDropzone").locator("button")).to_be_visible()
    screenshot("demand-stale")
    read(page, document("второе полугодие 2024 года", added=STRANGE), "perechen-2024-2.txt")
    expect(page.get_by_role("heading", name="Черновик перечня «krasnodar-2024H2»")).to_be_visible()
    expect(page.get_by_role("cell", name=STRANGE)).to_be_visible()
    screenshot("draft-read")

    step(page, "Решить")
    expect(page.get_by_text(re.compile("Осталось решить"))).to_be_visible()
    expect(page.get_by_role("heading", name=f"Что означает «{STRANGE}»?")).to_be_visible()
    expect(page.get_by_role("button", name="Записать и дальше")).to_be_disabled()
    screenshot("draft-settle")
    page.get_by_text("Другая или несколько").click()
    settled(page)
    box = page.get_by_label("Специальности и профессии СПО")
    box.click()
    box.fill("43.02.16")
    page.get_by_role("option").first.click()
    settled(page)
    page.keyboard.press("Escape")
    screenshot("draft-several")
    page.get_by_role("button", name="Записать и дальше").click()
    expect(page.get_by_text("Все названия поняты или решены")).to_be_visible()

    step(page, "Что изменится")
    expect(page.get_by_text(re.compile("Предложений этого года, у которых изменился вес спроса"))).to_be_visible()
    screenshot("draft-change")
    step(page, "Кого коснётся")
    expect(page.get_by_role("cell", name="Профильные классы")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot("draft-impact")
    step(page, "Опубликовать")
    screenshot("draft-publish")
    publish_it(page)
    expect(page.get_by_text(re.compile("Редакция krasnodar-2024H2 опубликована"))).to_be_visible()
    expect(page.get_by_text(re.compile("Действует перечень «krasnodar-2024H2»"))).to_be_visible()
    settled(page)
    screenshot("demand-published")

    read(page, document("первое полугодие 2025 года", added=STRANGE, left_out="Фельдшер"), "perechen-2025-1.txt")
    row = page.get_by_role("row").filter(has_text=STRANGE)
    expect(row).to_contain_text("как в прежнем перечне или решении")
    expect(row).to_contain_text("43.02.16")
    screenshot("draft-remembered")


def test_a_list_out_of_the_ordinary_waits_for_a_second_person(
    page: Page, own_district: District, screenshot: Callable[[str], None]
) -> None:
    sign_in(page, own_district, "metodist")
    read(page, "Профессия\tКод\nСварщик\t15.01.05\nПовар, кондитер\t43.01.09\n".encode(), "short.txt")
    step(page, "Опубликовать")
    expect(page.get_by_text(re.compile("у перечня региона строк не меньше 5"))).to_be_visible()
    publish_it(page, "Подписать")
    expect(page.get_by_text(re.compile("публикацию должен подтвердить другой человек")).first).to_be_visible()
    settled(page)
    expect(page.get_by_text("Опубликует его другой методист")).to_be_visible()
    expect(page.get_by_role("button", name="Подтвердить и опубликовать")).to_be_disabled()
    screenshot("draft-signed")


def test_the_picture_of_the_district_fits_a_small_laptop(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    sign_in(page, district, "metodist")
    page.get_by_role("link", name="Картина района").click()
    expect(page.get_by_role("heading", name="Где встречаются интерес, спрос и места")).to_be_visible()
    expect(
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    ).to_be_visible()
    expect(page.get_by_text(re.compile("^Спрос есть, интереса мало — "))).to_be_visible()
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot("balance")
    page.get_by_text("Как читать этот график").click()
    page.get_by_text("Все числа по группам").click()
    expect(page.get_by_text(re.compile("Точка — группа специальностей"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot("balance-all")
    page.emulate_media(color_scheme="dark")
    page.get_by_role("link", name="Модель").click()
    page.get_by_role("link", name="Картина района").click()
    settled(page)
    screenshot("balance-dark")
