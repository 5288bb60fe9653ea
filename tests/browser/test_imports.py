"""An administrator's way with a bad workbook: report, marked copy, the mended one, the class list, undo."""

import io
import re
from collections.abc import Callable
from pathlib import Path

from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from tests.browser.steps import settled, sign_in
from tests.conftest import District

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook() -> bytes:
    """A class list with two bad cells."""
    made = Workbook()
    sheet = made.active
    for row in (
        ["Список класса 9Я, 2024/2025 учебный год"],
        ["№", "ФИО", "Пол", "Согласие на рекомендации"],
        [1, "Кедрова-Новая Инна", "ж", "да"],
        [2, "Липин Егор", "мальчишка", "да"],
        [3, "Осинкин", "м", "нет"],
    ):
        sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def drop(page: Page, name: str, content: bytes) -> None:
    """Put a file where files are dropped, and have it checked."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": XLSX, "buffer": content})
    button = page.get_by_role("button", name="Проверить", exact=True)
    expect(button).to_be_visible()
    settled(page)
    button.click()
    expect(page.get_by_role("heading", name="Как понят файл")).to_be_visible()
    settled(page)


def test_from_a_bad_workbook_to_the_class_list_and_back(
    page: Page, own_district: District, screenshot: Callable[[str], None], tmp_path: Path
) -> None:
    sign_in(page, own_district, "director")
    page.get_by_role("link", name="Загрузка файлов").click()
    expect(page.get_by_role("heading", name="Загрузка файлов")).to_be_visible()
    settled(page)
    drop(page, "9Я.xlsx", workbook())
    expect(page.get_by_role("heading", name="Ошибки: 2")).to_be_visible()
    expect(page.get_by_role("cell", name="нужны фамилия и имя ученика")).to_be_visible()
    expect(page.get_by_role("button", name="Загрузить", exact=True)).to_be_disabled()
    screenshot("import-report")

    page.get_by_role("button", name="Подготовить копию с пометками").click()
    link = page.get_by_role("button", name="Скачать копию с пометками")
    expect(link).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        link.click()
    copy = tmp_path / "copy.xlsx"
    download.value.save_as(copy)
    marked = load_workbook(copy)
    sheet = marked["Sheet"]
    assert "допускается одно из" in sheet["C4"].comment.text
    assert sheet["B5"].comment.text == "нужны фамилия и имя ученика"
    sheet["C4"].value, sheet["B5"].value = "м", "Осинкин Лев"
    marked.save(copy)

    drop(page, "9Я исправлен.xlsx", copy.read_bytes())
    expect(page.get_by_text("Ошибок нет: файл можно загружать.")).to_be_visible()
    page.get_by_role("button", name="Загрузить", exact=True).click()
    expect(page.get_by_text(re.compile("Загружено: новых строк 3"))).to_be_visible()
    settled(page)
    screenshot("import-applied")

    page.get_by_role("link", name="Мои классы").click()
    expect(page.get_by_role("heading", name=re.compile("Мои классы"))).to_be_visible()
    settled(page)
    page.locator(".st-key-class-sch01-2024-25-9ya button").click()
    expect(page.get_by_text(re.compile("Кедрова-Новая"))).to_be_visible()
    settled(page)

    page.get_by_role("link", name="Загрузка файлов").click()
    undo = page.get_by_role("button", name=re.compile("Отменить загрузку"))
    expect(undo).to_be_visible()
    settled(page)
    undo.click()
    expect(page.get_by_text("Загрузка отменена: строки стали прежними.")).to_be_visible()
    settled(page)
    page.get_by_role("link", name="Мои классы").click()
    expect(page.get_by_role("heading", name=re.compile("Мои классы"))).to_be_visible()
    settled(page)
    expect(page.locator(".st-key-class-sch01-2024-25-9ya")).to_have_count(0)
