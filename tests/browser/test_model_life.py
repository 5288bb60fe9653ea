"""The life of a model on the screens: a list is published, a version trained, promoted, taken back; nothing is lost."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
from playwright.sync_api import Page, expect

from tests.browser.steps import document, publish_it, read, settled, sign_in, sign_out, step, students
from tests.conftest import District, orientir

OLD, NEW = "krasnodar-2024H1.1", "krasnodar-2024H2.1"
OLD_LIST, NEW_LIST = "krasnodar-2024H1", "krasnodar-2024H2"
CLASS = "sch01-2024-25-9a"


class School:
    """What the school's system gets, number by number."""

    def __init__(self, district: District) -> None:
        self.address = f"{district.api}/v1"
        sent = {"login": "navigator", "password": district.password}
        token = httpx2.post(f"{self.address}/sessions", json=sent).json()["token"]
        self.header = {"Authorization": f"Bearer {token}"}
        rows = self.get(f"/classes/{CLASS}/students")["students"]
        self.student = next(row for row in rows if row["consent_recommending"])

    def get(self, path: str) -> dict[str, Any]:
        """One answer, every number as it stands there."""
        answer: dict[str, Any] = httpx2.get(f"{self.address}{path}", headers=self.header, timeout=60).json()
        return answer

    def lists(self) -> dict[str, Any]:
        """Three lists of the student."""
        return self.get(f"/students/{self.student['student_id']}/recommendations?k=10")

    def showings(self) -> list[dict[str, Any]]:
        """What was shown so far, newest first, made again."""
        path = f"/students/{self.student['student_id']}/showings"
        return [self.get(f"{path}/{row['showing_id']}") for row in self.get(path)["showings"]]


def have_ranked(district: District) -> None:
    """The district is ranked, so that lists say how many come for each seat."""
    sent = {"login": "region", "password": district.password}
    token = httpx2.post(f"{district.api}/v1/sessions", json=sent).json()["token"]
    header = {"Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{district.api}/v1/policy", headers=header, timeout=60).status_code == 200


def made_with(answer: dict[str, Any]) -> tuple[str, str]:
    """Version and edition of an answer."""
    return answer["model_version"], answer["demand_edition"]["code"]


def see_card(page: Page, district: District, school: School, version: str, edition: str) -> None:
    """The counsellor opens the card and reads which model and which list it was made with."""
    sign_in(page, district, "navigator")
    row = page.get_by_test_id("stHorizontalBlock").filter(has_text=re.compile(r"^9А"))
    row.get_by_role("button", name="Открыть").click()
    expect(page.get_by_role("heading", name=re.compile("9А, Средняя школа № 1"))).to_be_visible()
    settled(page)
    name = school.student["full_name"]
    students(page).filter(has_text=name).click()
    expect(page.get_by_text(f"Модель {version} · перечень {edition}")).to_be_visible()
    settled(page)


def open_model_page(page: Page, district: District) -> None:
    sign_in(page, district, "region")
    page.get_by_role("link", name="Модель").click()
    expect(page.get_by_role("heading", name="Модель", exact=True)).to_be_visible()
    settled(page)


def publish(page: Page, district: District) -> None:
    """The methodologist publishes the next half-year's list."""
    sign_in(page, district, "metodist")
    read(page, document("второе полугодие 2024 года", left_out="Фельдшер"), "perechen-2024-2.txt")
    step(page, "Опубликовать")
    publish_it(page)
    expect(page.get_by_text(re.compile(f"Редакция {NEW_LIST} опубликована"))).to_be_visible()
    settled(page)
    page.get_by_role("link", name="Модель").click()
    expect(page.get_by_text(f"Обучение ждёт очереди: опубликован перечень {NEW_LIST}.")).to_be_visible()
    settled(page)


def promote(page: Page, screenshot: Callable[[str], None]) -> None:
    """The candidate on the page begins to serve."""
    expect(page.get_by_role("heading", name=f"Кандидат {NEW}")).to_be_visible()
    for check in ("Не хуже версии, которая действовала", "Лучше порядка по популярности", "Списки составляются"):
        expect(page.get_by_role("cell", name=re.compile(check)).first).to_be_visible()
    screenshot("model-candidate")
    page.get_by_role("button", name="Сделать действующей").click()
    settled(page)
    reason = page.get_by_label("Причина")
    if reason.count():
        expect(page.get_by_role("button", name="Да, сделать действующей")).to_be_disabled()
        reason.fill("Учебный район")
        reason.press("Enter")
        settled(page)
    screenshot("model-promote")
    page.get_by_role("button", name="Да, сделать действующей").click()
    expect(page.get_by_text(f"Теперь списки строит версия {NEW}.")).to_be_visible()
    settled(page)
    screenshot("model-promoted")


def take_back(page: Page, screenshot: Callable[[str], None]) -> None:
    """The version before serves again."""
    page.get_by_role("button", name="Вернуть прежнюю версию").click()
    settled(page)
    screenshot("model-take-back")
    page.get_by_role("button", name=f"Да, вернуть {OLD}").click()
    expect(page.get_by_text(f"Списки снова строит версия {OLD}.")).to_be_visible()
    settled(page)
    screenshot("model-taken-back")
    expect(page.get_by_role("button", name="Да, вернуть")).to_have_count(0)  # a second click changes nothing


def test_publish_train_promote_and_take_back(
    page: Page, own_district: District, screenshot: Callable[[str], None]
) -> None:
    school = School(own_district)
    assert made_with(school.lists()) == (OLD, OLD_LIST)
    publish(page, own_district)
    screenshot("model-training-waits")
    sign_out(page)
    have_ranked(own_district)
    before = school.lists()
    assert made_with(before) == (OLD, NEW_LIST)
    see_card(page, own_district, school, OLD, NEW_LIST)
    sign_out(page)

    done = orientir("worker", "--once", environment=own_district.environment)
    assert done.returncode == 0, done.stderr
    open_model_page(page, own_district)
    promote(page, screenshot)
    sign_out(page)
    assert made_with(school.lists()) == (NEW, NEW_LIST)
    see_card(page, own_district, school, NEW, NEW_LIST)
    sign_out(page)

    open_model_page(page, own_district)
    take_back(page, screenshot)
    sign_out(page)
    assert school.lists() == before  # to the last bit
    see_card(page, own_district, school, OLD, NEW_LIST)
    made_again = school.showings()
    assert {showing["model_version"] for showing in made_again} == {OLD, NEW}
    assert all(showing["is_same"] for showing in made_again)
