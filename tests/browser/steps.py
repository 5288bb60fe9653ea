"""What several journeys do on the screens."""

from playwright.sync_api import Page, expect

from tests.conftest import District


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
