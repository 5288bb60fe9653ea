"""What a family asks of a school: a consent is withdrawn, the reader found, a copy handed out, everything erased."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import settled, sign_in, sign_out
from tests.conftest import District

SMALLEST = {"width": 1280, "height": 720}
PAPER = "Номер и дата документа, без имени"
Screenshot = Callable[[str], None]


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> str:
    """Take one of a list; what it is called."""
    page.get_by_label(label, exact=True).click()
    found = page.get_by_role("option", name=option).first
    name = found.inner_text()
    found.click()
    settled(page)
    return name


def section(page: Page, name: str) -> None:
    """Another part of the page."""
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()
    settled(page)


def open_child(page: Page, district: District, screenshot: Screenshot) -> str:
    """The administrator's page, with the first student of 9А; the name."""
    page.set_viewport_size(SMALLEST)
    sign_in(page, district, "director")
    page.get_by_role("link", name="Данные учеников").click()
    expect(page.get_by_role("heading", name="Данные учеников")).to_be_visible()
    settled(page)
    screenshot("privacy-whom")
    choose(page, "Класс", "9А")
    name = choose(page, "Ученик", re.compile("."))
    expect(page.get_by_role("row", name=re.compile("На рекомендации"))).to_be_visible()
    return name


def copy_of_everything(page: Page, folder: Path) -> tuple[str, str]:
    """Pseudonym and last name as the file has them."""
    page.get_by_role("button", name="Подготовить файл").click()
    settled(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Скачать файл (JSON)").click()
    waiting.value.save_as(folder / "export.json")
    export = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    tables = {table["table"]: table for purpose in export["purposes"] for table in purpose["tables"]}
    return export["student_id"], tables["student_identities"]["rows"][0]["last_name"]


def test_a_consent_is_withdrawn_and_the_reader_found(
    page: Page, own_district: District, screenshot: Screenshot
) -> None:
    name = open_child(page, own_district, screenshot)
    screenshot("privacy-consents")
    choose(page, "Какое согласие", "На рекомендации")
    choose(page, "Что сказано", "Согласие отозвано")
    page.get_by_label(PAPER).fill(f"вх. № 7 {name.split()[0]}")
    page.get_by_role("button", name="Записать").click()
    expect(page.get_by_text("не должно быть имени ученика")).to_be_visible()
    settled(page)
    page.get_by_label(PAPER).fill("вх. № 7 от 01.10.2024")
    page.get_by_role("button", name="Записать").click()
    expect(page.get_by_text("Записано и уже действует.")).to_be_visible()
    settled(page)
    expect(page.get_by_role("row", name=re.compile("На рекомендации отозвано"))).to_be_visible()
    page.get_by_text("История согласий").click()
    settled(page)
    screenshot("privacy-withdrawn")
    section(page, "Кто читал")
    expect(page.get_by_role("row", name=re.compile("Администратор школы № 1 Согласия")).first).to_be_visible()
    screenshot("privacy-readings")
    sign_out(page)


def test_a_copy_is_handed_out_and_everything_erased(
    page: Page, own_district: District, screenshot: Screenshot, tmp_path: Path
) -> None:
    name = open_child(page, own_district, screenshot)
    section(page, "Копия данных")
    screenshot("privacy-export")
    student_id, last_name = copy_of_everything(page, tmp_path)
    assert last_name in name

    section(page, "Стирание")
    page.get_by_label(PAPER).fill("вх. № 8 от 01.10.2024")
    page.get_by_role("button", name="Стереть навсегда").click()
    expect(page.get_by_text("ничего не стёрто")).to_be_visible()
    settled(page)
    screenshot("privacy-erasure")
    page.get_by_label(re.compile("введите псевдоним ученика")).fill(student_id)
    page.get_by_text("данные этого ученика исчезнут навсегда").click()
    page.get_by_role("button", name="Стереть навсегда").click()
    expect(page.get_by_text("Данные стёрты.")).to_be_visible()
    settled(page)
    screenshot("privacy-act")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Скачать акт").click()
    waiting.value.save_as(tmp_path / "act.txt")
    act = (tmp_path / "act.txt").read_text(encoding="utf-8-sig")
    assert "Выписка из журнала" in act
    assert "вх. № 8 от 01.10.2024" in act
    assert student_id not in act
    assert last_name not in act
    page.get_by_role("button", name="Акт сохранён, закрыть").click()
    page.get_by_label("Класс", exact=True).wait_for()
    settled(page)
    expect(page.get_by_text(name)).to_have_count(0)
    assert not re.search(f"{student_id}|{last_name}", page.url)

    section(page, "Акты о стирании")
    expect(page.get_by_role("row", name=re.compile("вх. № 8 от 01.10.2024"))).to_be_visible()
    screenshot("privacy-acts")
    section(page, "Срок хранения")
    expect(page.get_by_text("последнего учебного года")).to_be_visible()
    screenshot("privacy-retention")
    sign_out(page)


@pytest.mark.parametrize("login", ["navigator", "metodist", "region"])
def test_the_page_is_another_roles(page: Page, district: District, login: str) -> None:
    page.goto(f"{district.screens}/privacy")
    page.get_by_label("Логин").fill(login)
    page.get_by_label("Пароль", exact=True).fill(district.password)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", name="Эта страница вам не открыта")).to_be_visible()
    settled(page)
    expect(page.get_by_role("link", name="Данные учеников")).to_have_count(0)
    sign_out(page)
