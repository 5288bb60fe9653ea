"""Every page of every role, as a screen reader and a reader of Russian meet it."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from dashboard import text, text_balance, text_class, text_surveys
from tests.browser.steps import settled, sign_in, students
from tests.conftest import District

GRAVE = {"serious", "critical"}
# everything that is read out or seen: texts, labels, hints
READ = """() => {
  const found = [];
  const walk = (node) => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) found.push(child.textContent);
      else if (child.nodeType === Node.ELEMENT_NODE && !["SCRIPT", "STYLE", "NOSCRIPT"].includes(child.tagName)
               && getComputedStyle(child).display !== "none") {
        for (const name of ["aria-label", "placeholder", "title", "alt"]) found.push(child.getAttribute(name) || "");
        if (child.getAttribute("data-testid") !== "stIconMaterial") walk(child);
      }
    }
  };
  walk(document.body);
  return found.map((each) => each.trim()).filter(Boolean);
}"""
# colours on their way to others are nobody's to read; an animation that is paused never comes to its end
AT_REST = """() => Promise.race([
  Promise.all(document.getAnimations()
    .filter((each) => each.playState === "running" && each.effect.getComputedTiming().iterations !== Infinity)
    .map((each) => each.finished.catch(() => null))).then(() => null),
  new Promise((enough) => setTimeout(enough, 3000)),
])"""
ENGLISH = re.compile(r"[A-Za-z]{3,}")
# codes, versions, addresses and what formats are called
NO_ENGLISH = re.compile(
    r"[a-z]+[-_][a-z0-9_-]+(\.[0-9]+)?|krasnodar-[0-9A-Z.]+|https?://\S+|\b(XLSX?|ODS|CSV|TSV|PDF|DOCX|OneRoster|JSON|API|Python"
    r"|RIASEC|SHA-256|HTTPS?|OIDC|DDO\w+|HOL\w+|GOL\w+|YOV\w+|PROFIL\w+|KOS\w+|OPG\w+|DevOps|Web|web|Scratch|Arduino"
    r"|JavaScript|Blender|Unity|Minecraft|LEGO|Lego|UX|3D|CAD|VR|SMM|IT|navigator|director|Word|Excel|TXT|ZIP|sch[0-9]+)\b|\bs[a-z2-7]{7}\b|[A-Z0-9]{4}-[A-Z0-9]{4}"
)
PAGES = {
    "navigator": (text.PAGE_CLASSES, text.PAGE_DEMAND, text.PAGE_MODEL),
    "director": (text.PAGE_CLASSES, "Загрузка файлов", "Люди и ключи", "Данные учеников"),
    "metodist": (text.PAGE_DEMAND, text_balance.PAGE_BALANCE, text.PAGE_MODEL, "Загрузка файлов"),
    "region": (text.PAGE_DEMAND, text_balance.PAGE_BALANCE, text.PAGE_MODEL),
}


class Looker:
    """What is amiss on the pages that were looked at."""

    def __init__(self, page: Page) -> None:
        self.page, self.amiss = page, list[str]()

    def look(self, where: str) -> None:
        """One page, as it stands."""
        self.page.evaluate(AT_REST)
        for rule in Axe().run(self.page).response["violations"]:
            if rule["impact"] in GRAVE:
                at = "; ".join(node["html"][:160] for node in rule["nodes"][:3])
                self.amiss.append(f"{where}: {rule['id']} ({len(rule['nodes'])}): {at}")
        if self.page.locator("html").get_attribute("lang") != "ru":
            self.amiss.append(f"{where}: not marked as Russian")
        for words in self.page.evaluate(READ):
            if ENGLISH.search(NO_ENGLISH.sub("", words)):
                self.amiss.append(f"{where}: English: {words[:80]}")


@pytest.fixture
def looker(page: Page) -> Iterator[Looker]:
    """Looks, and tells at the end."""
    found = Looker(page)
    yield found
    assert not found.amiss, "\n".join(dict.fromkeys(found.amiss))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_class_and_a_card(
    looker: Looker, page: Page, district: District, screenshot: Callable[[str], None], scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    sign_in(page, district, "navigator")
    page.get_by_role("button", name=text.OPEN, exact=True).first.click()
    settled(page)
    page.get_by_text(text_surveys.PANEL).click()
    students(page)
    looker.look("class")
    screenshot(f"class-{scheme}")
    for part in (text_class.PARTS["change"], text_class.PARTS["picture"]):
        page.get_by_role("radio", name=part).or_(page.get_by_role("button", name=part)).first.click()
        settled(page)
        looker.look(part)
    screenshot(f"class-picture-{scheme}")
    page.get_by_role("button", name=text.BACK_TO_CLASSES).click()
    page.get_by_role("button", name=text_class.SCHOOL).click()
    expect(page.locator(".o-sheet tbody tr").first).to_be_visible()
    settled(page)
    looker.look("school")
    page.locator(".o-sheet tbody button").first.click()
    expect(page.get_by_text(text.DEMAND_SLIDER)).to_be_visible()
    settled(page)
    looker.look("card")
    screenshot(f"card-{scheme}")


@pytest.mark.parametrize("login", PAGES)
def test_every_page_of_a_role(looker: Looker, page: Page, district: District, login: str) -> None:
    sign_in(page, district, login)
    for title in PAGES[login]:
        page.get_by_role("link", name=title).click()
        settled(page)
        looker.look(f"{login}, {title}")


def test_the_door_and_the_students_page(looker: Looker, page: Page, district: District) -> None:
    page.goto(district.screens)
    looker.look("door")
    page.get_by_role("link", name=text_surveys.STUDENTS_HERE).click()
    expect(page.get_by_label(text_surveys.CODE_LABEL)).to_be_visible()
    looker.look("survey")
