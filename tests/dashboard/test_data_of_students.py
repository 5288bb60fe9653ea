"""The administrator's page about data: whose page it is, and what the service refuses told in words; no browser."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import client
from dashboard import text as common
from dashboard import text_privacy as text
from dashboard.text_balance import BALANCE_TITLE
from service.privacy.schemas import SaidConsents
from tests.conftest import District
from tests.dashboard.test_views import opened, shown

CLASS = "sch01-2024-25-9a"
PAGES = {
    "classes": "Мои классы",
    "demand": "Перечень",
    "balance": BALANCE_TITLE,
    "model": "Модель",
    "people": "Люди и ключи",
    "privacy": text.PRIVACY_TITLE,
}
OPEN_TO = {
    "navigator": {"classes", "demand", "model"},
    "director": {"classes", "demand", "model", "people", "privacy"},
    "metodist": {"demand", "balance", "model"},
    "region": {"demand", "balance", "model"},
}


@pytest.fixture
def school(own_district: District, monkeypatch: pytest.MonkeyPatch) -> Iterator[District]:
    """A district of one's own, for it is changed."""
    monkeypatch.setenv(client.SERVICE_URL, own_district.api)
    client.forget_connection()
    yield own_district
    client.forget_connection()


def at(app: AppTest, path: str) -> AppTest:
    """The page at an address."""
    pages = {info["url_pathname"]: each for each, info in app._registered_pages.items()}
    app._page_hash = pages[path]
    return app.run()


def about_data(token: str, **state: str) -> AppTest:
    """The page alone, with widgets as a person has set them."""

    def view() -> None:
        from dashboard.views import privacy

        privacy.page()

    app = AppTest.from_function(view, default_timeout=30)
    app.session_state["token"] = token
    app.session_state["me"] = client.me(token)
    for key, value in state.items():
        app.session_state[key.replace("_", "-")] = value
    return app.run()


def first_student(token: str) -> str:
    return client.class_students(token, CLASS).students[0].student_id


def labelled(app: AppTest, kind: str, label: str) -> object:
    return next(each for each in app.get(kind) if each.label == label)


@pytest.mark.parametrize("login", sorted(OPEN_TO))
def test_each_role_has_its_pages_and_is_told_of_the_others(
    district: District, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv(client.SERVICE_URL, district.api)
    client.forget_connection()
    app = opened(login, district.password)
    for path, title in PAGES.items():
        page = shown(at(app, path))
        assert not app.exception
        assert (common.NOT_YOURS in page) is (path not in OPEN_TO[login]), path
        assert title in page or path not in OPEN_TO[login], path
    client.forget_connection()


def test_nothing_is_asked_before_a_student_is_chosen(school: District) -> None:
    token = client.sign_in("director", school.password).token
    app = about_data(token)
    assert text.WHOM_FIRST in shown(app)
    assert "Согласие" not in shown(app).replace("Согласия", "")


def test_somebody_who_is_not_there_is_a_sentence(school: District) -> None:
    token = client.sign_in("director", school.password).token
    for section in text.SECTIONS:
        app = about_data(token, privacy_pseudonym="s0000000", privacy_section=section)
        if section == "export":
            app.button(key="prepare-export").click().run()
        if section != "erasure":
            assert "Такого ученика нет" in shown(app).replace("\\", ""), section
        assert not app.exception


def test_of_two_administrators_the_second_is_told(school: District) -> None:
    token = client.sign_in("director", school.password).token
    student_id = first_student(token)
    app = about_data(token, privacy_pseudonym=student_id)
    seen = client.consents(token, student_id)
    other = [{"purpose": "naming", "given_on": "2024-09-02", "document": "№ 1"}]

    def someone_else(asked: str, pseudonym: str) -> object:
        """Between the reading and the writing of this run, somebody else writes."""
        found = real(asked, pseudonym)
        client.set_consents(token, found, SaidConsents.model_validate({"consents": other}))
        return found

    real = client.consents
    labelled(app, "text_input", text.PAPER).set_value("№ 2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "consents", someone_else)
        labelled(app, "button", text.RECORD).click().run()
    assert "Пока вы смотрели, это изменилось" in shown(app).replace("\\", "")
    assert app.button(key="read-again")
    assert [change.document for change in client.consents(token, student_id).history[:1]] == ["№ 1"]
    assert client.consents(token, student_id).revision != seen.revision


def test_a_paper_with_a_name_or_a_strange_sign_is_refused_in_words(school: District) -> None:
    token = client.sign_in("director", school.password).token
    student = client.class_students(token, CLASS).students[0]
    app = about_data(token, privacy_pseudonym=student.student_id)
    for document, sentence in (
        (f"вх. № 3 {(student.full_name or '').split()[0]}", "не должно быть имени ученика"),
        ("<b>№ 3</b>", text.BAD_PAPER),
    ):
        labelled(app, "text_input", text.PAPER).set_value(document)
        labelled(app, "button", text.RECORD).click().run()
        assert sentence in shown(app).replace("\\", "")
    assert client.consents(token, student.student_id).history == []


def test_nothing_is_erased_unless_it_is_confirmed(school: District) -> None:
    token = client.sign_in("director", school.password).token
    student_id = first_student(token)
    app = about_data(token, privacy_pseudonym=student_id, privacy_section="erasure")
    labelled(app, "button", text.ERASE).click().run()
    assert text.NO_PAPER in shown(app)
    labelled(app, "text_input", text.PAPER).set_value("№ 4")
    labelled(app, "checkbox", text.UNDERSTOOD).check()
    labelled(app, "button", text.ERASE).click().run()
    assert text.NOT_CONFIRMED in shown(app)
    assert client.erasures(token).erasures == []
    typed = next(each for each in app.text_input if "введите псевдоним" in each.label)
    typed.set_value(student_id)
    labelled(app, "button", text.ERASE).click().run()
    assert not app.exception
    act = client.erasures(token).erasures[0]
    assert text.ACT_TITLE.format(number=act.erasure_id) in shown(app)
    kept = repr(app.session_state)
    assert student_id not in kept  # neither in the choice nor in the act
    app.button(key="close-act").click().run()
    assert text.WHOM_FIRST in shown(app)


def test_the_clock_says_whose_term_is_over(school: District) -> None:
    token = client.sign_in("director", school.password).token
    page = shown(about_data(token, privacy_part="retention"))
    assert "Данные хранятся 3 года" in page
    assert text.TERM_NOBODY in page
