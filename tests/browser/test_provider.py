"""People come in by the municipality's identity provider: made by an administrator, sent there, back and out again."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import settled, sign_in, sign_out
from tests.conftest import District, Made, copy_installation, free_port, served
from tests.service.openid import CLIENT, SECRET, OpenIdProvider, provider


@pytest.fixture
def there() -> Iterator[OpenIdProvider]:
    """The municipality's provider."""
    with provider() as found:
        yield found


@pytest.fixture
def district_with_provider(made: Made, tmp_path: Path, there: OpenIdProvider) -> Iterator[District]:
    """A district of one's own that knows the provider."""
    folder, port = tmp_path / "district", free_port()
    copy_installation(made.folder, folder)
    settings = {
        "ORIENTIR_DASHBOARD_PORT": str(port),
        "ORIENTIR_OIDC_ISSUER": there.issuer,
        "ORIENTIR_OIDC_CLIENT_ID": CLIENT,
        "ORIENTIR_OIDC_CLIENT_SECRET": SECRET,
        "ORIENTIR_OIDC_RETURN_ADDRESS": f"http://127.0.0.1:{port}/",
        "ORIENTIR_OIDC_CLAIM": "preferred_username",
        "ORIENTIR_OIDC_TITLE": "единый вход района",
        "ORIENTIR_OIDC_PASSWORDS": "False",
    }
    with served(folder, made.printed, settings) as district:
        yield district


def go_there(page: Page, district: District, account: str) -> None:
    """Through the provider's own page."""
    page.goto(district.screens)
    page.get_by_role("link", name="Войти: единый вход района").click()
    expect(page.get_by_role("heading", name="Единый вход района")).to_be_visible()
    page.get_by_label("Учётная запись").fill(account)
    page.get_by_role("button", name="Подтвердить").click()


def test_a_colleague_comes_in_by_the_provider(
    page: Page,
    district_with_provider: District,
    screenshot: Callable[[str], None],
    kept: Callable[[Page, str], None],
) -> None:
    district = district_with_provider
    page.goto(district.screens)
    expect(page.get_by_role("link", name="Войти: единый вход района")).to_be_visible()
    kept(page, "provider-door")
    sign_in(page, district, "director")
    page.get_by_role("link", name="Люди и ключи").click()
    settled(page)
    page.get_by_role("button", name="Добавить человека").click()
    page.get_by_label("Имя и должность").fill("Педагог-навигатор 9А")
    page.get_by_label("Логин").fill("i.ivanova")
    page.get_by_text("Единый вход", exact=True).click()
    settled(page)
    page.get_by_text("Вся школа", exact=True).click()
    settled(page)
    screenshot("provider-new-person")
    page.get_by_role("button", name="Добавить", exact=True).click()
    expect(page.get_by_text("пароль не нужен")).to_be_visible()
    settled(page)
    expect(page.locator("tr", has_text="i.ivanova")).to_contain_text("входит единым входом")
    sign_out(page)

    go_there(page, district, "i.ivanova")
    expect(page.get_by_role("heading", name=re.compile("Мои классы"))).to_be_visible()
    settled(page)
    screenshot("provider-inside")
    assert page.url == f"{district.screens}/"  # neither code nor state stays in the address
    expect(page.get_by_role("button", name="Мой пароль")).to_have_count(0)
    sign_out(page)


def test_whom_the_provider_knows_and_we_do_not_stays_outside(
    page: Page, district_with_provider: District, kept: Callable[[Page, str], None]
) -> None:
    go_there(page, district_with_provider, "navigator")  # a password lets her in, and nothing else
    expect(page.get_by_text("здесь такого человека нет")).to_be_visible()
    kept(page, "provider-unknown")
    expect(page.get_by_role("button", name="Выйти")).to_have_count(0)
    page.goto(f"{district_with_provider.screens}/?error=access_denied&state=x")
    expect(page.get_by_text("не подтвердил, кто вы")).to_be_visible()


def test_a_link_with_a_code_of_another_browser_is_worth_nothing(
    page: Page, district_with_provider: District, there: OpenIdProvider
) -> None:
    begun = page.request.post(f"{district_with_provider.api}/v1/sign-in/requests").json()
    back = there.approve(begun["address"], "navigator")
    page.goto(f"{district_with_provider.screens}/?code={back['code']}&state={back['state']}")
    expect(page.get_by_text("не подтвердил, кто вы")).to_be_visible()
    assert "/token" not in there.calls
