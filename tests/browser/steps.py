"""What several journeys do on the screens."""

import csv
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.conftest import District

KNOWN_LIST = Path(__file__).parents[2] / "data" / "demand" / "krasnodar-2024H1.csv"


def settled(page: Page) -> None:
    """The script has run to its end: a click before that may be lost."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def sign_in(page: Page, district: District, login: str) -> None:
    """Through the door."""
    page.goto(district.screens)
    page.get_by_label("Логин").fill(login)
    page.get_by_label("Пароль", exact=True).fill(district.password)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("button", name="Выйти")).to_be_visible()
    settled(page)


def students(page: Page) -> Locator:
    """Names in the table of a class, once what is advised has come too."""
    expect(page.locator(".o-sheet td small").first).to_be_visible()
    settled(page)
    return page.locator(".o-sheet tbody button")


def open_card(page: Page, number: int = 0) -> None:
    """A student of the class that is open."""
    students(page).nth(number).click()
    expect(page.get_by_role("heading", name="Профессиональные пробы")).to_be_visible()
    settled(page)


def sign_out(page: Page) -> None:
    """Leave, so that somebody else can come."""
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_label("Логин")).to_be_visible()


def document(half_year: str, *, left_out: str = "", added: str = "") -> bytes:
    """The list of before as a table of text, each title with the first of its codes."""
    rows = list(csv.DictReader(KNOWN_LIST.read_text(encoding="utf-8").splitlines()))
    listed = [
        (row["profession_title"], row["demand_level_illustrative"])
        for row in rows
        if "," not in row["profession_title"] and row["profession_title"] != left_out
    ]
    if added:
        listed.append((added, "4"))
    lines = [f"{number}\t{title}\t{level}" for number, (title, level) in enumerate(listed, start=1)]
    heading = f"Перечень востребованных профессий (Краснодарский край), {half_year}"
    return "\n".join([heading, "", "№\tПрофессия\tУровень спроса", *lines]).encode()


def read(page: Page, content: bytes, name: str) -> None:
    """Have a document read."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
    button = page.locator("button:enabled").filter(has_text="Прочитать документ")
    expect(button).to_have_count(1)
    settled(page)
    button.click()
    expect(page.get_by_role("heading", name=re.compile("Черновик перечня"))).to_be_visible()
    settled(page)


def step(page: Page, name: str) -> None:
    """Another step of a draft."""
    page.get_by_role("radio", name=re.compile(name)).or_(
        page.get_by_role("button", name=re.compile(name))
    ).first.click()
    settled(page)


def publish_it(page: Page, act: str = "Опубликовать") -> None:
    """The last step of a draft: what would happen is told, then it is done."""
    page.locator(".st-key-open-publish button").click()
    expect(page.get_by_text(re.compile("Строк в перечне"))).to_be_visible()
    page.get_by_role("button", name=f"Да, {act.lower()}").click()
