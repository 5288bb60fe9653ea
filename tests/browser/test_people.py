"""An administrator of a school lets a colleague in, who chooses a password of her own and sees one class."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.steps import settled, sign_in, sign_out
from tests.conftest import District


def test_a_colleague_is_let_in_chooses_her_password_and_sees_her_class(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    sign_in(page, district, "director")
    page.get_by_role("link", name="Люди и ключи").click()
    expect(page.get_by_role("heading", name="Люди и ключи")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Добавить человека").click()
    page.get_by_label("Имя и должность").fill("Педагог-навигатор 9А")
    page.get_by_label("Логин").fill("navigator9a")
    page.get_by_text("Только эти классы").click()
    settled(page)
    expect(page.get_by_text("педагог пока не увидит ни одного ученика")).to_be_visible()
    page.get_by_role("button", name="9А", exact=True).click()
    settled(page)
    screenshot("people-new")
    page.get_by_role("button", name="Добавить", exact=True).click()
    told = page.get_by_text("Логин navigator9a")
    expect(told).to_be_visible()
    settled(page)
    screenshot("people-added")
    password = re.search(r"временный пароль (\S+)\. ", told.inner_text())
    assert password is not None
    row = page.locator("tr", has_text="navigator9a")
    expect(row).to_contain_text("только 9А")
    expect(row).to_contain_text("ещё не сменил временный пароль")
    sign_out(page)

    page.get_by_label("Логин").fill("navigator9a")
    page.get_by_label("Пароль", exact=True).fill(password[1])
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", name="Придумайте свой пароль")).to_be_visible()
    settled(page)
    screenshot("own-password")
    page.get_by_label("Нынешний пароль").fill(password[1])
    page.get_by_label("Новый пароль, не короче 8 знаков").fill("svoi-parol-9a")
    page.get_by_label("Новый пароль ещё раз").fill("svoi-parol-9a")
    page.get_by_role("button", name="Сменить пароль").click()
    expect(page.get_by_role("heading", name=re.compile("Мои классы"))).to_be_visible()
    settled(page)
    expect(page.get_by_role("button", name="Открыть")).to_have_count(1)
    expect(page.get_by_role("link", name="Люди и ключи")).to_have_count(0)
    sign_out(page)


def test_a_key_is_shown_once(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "director")
    page.get_by_role("link", name="Люди и ключи").click()
    settled(page)
    page.get_by_role("button", name="Выдать ключ").click()
    page.get_by_label("Какая система").fill("Электронный журнал")
    page.get_by_text("загружать данные школы").click()
    settled(page)
    page.get_by_role("button", name="Выдать", exact=True).click()
    key = page.locator("code", has_text=re.compile("^ori_"))
    expect(key).to_be_visible()
    settled(page)
    screenshot("key-issued")
    page.get_by_role("link", name="Мои классы").click()
    settled(page)
    page.get_by_role("link", name="Люди и ключи").click()
    settled(page)
    expect(page.locator("tr", has_text="Электронный журнал")).to_be_visible()
    expect(page.locator("code", has_text=re.compile("^ori_"))).to_have_count(0)
    sign_out(page)
