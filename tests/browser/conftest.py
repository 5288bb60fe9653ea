"""A real Chromium. Its screenshots are kept where ORIENTIR_SCREENSHOTS says, for people to look at."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 30_000  # milliseconds; a busy machine is slow, not wrong
SMALL_LAPTOP = {"width": 1366, "height": 768}


def chromium_path() -> str:
    """Where the browser is."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "no chromium: run tests/install_system_packages.sh as root, or install it by hand"
    return path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh visitor on a small laptop; a script error or a call to a foreign address fails the test."""
    context = chromium.new_context(viewport=SMALL_LAPTOP, locale="ru-RU")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on("request", lambda request: complaints.append(request.url) if _is_foreign(request.url) else None)
    yield page
    context.close()
    assert complaints == []


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


@pytest.fixture
def screenshot(page: Page) -> Callable[[str], None]:
    """Keep the whole page under a name."""

    def keep(name: str) -> None:
        folder = os.environ.get("ORIENTIR_SCREENSHOTS")
        if folder:
            before = page.viewport_size or SMALL_LAPTOP
            height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": before["width"], "height": min(int(height) + 80, 4000)})
            page.wait_for_timeout(700)
            page.screenshot(path=str(Path(folder) / f"{name}.png"))
            page.set_viewport_size(before)

    return keep


@pytest.fixture
def kept() -> Callable[[Page, str], None]:
    """Keep a page that is no screen of the dashboard under a name."""

    def keep(page: Page, name: str) -> None:
        if folder := os.environ.get("ORIENTIR_SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    return keep
