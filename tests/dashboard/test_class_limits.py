"""Whom a counsellor sees is chosen, never left open: the page of people, without a browser."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import client
from dashboard import text as common
from dashboard import text_people as text
from service.accounts.schemas import ClassLimit, Person
from tests.conftest import District
from tests.dashboard.test_views import opened, shown


@pytest.fixture
def school(own_district: District, monkeypatch: pytest.MonkeyPatch) -> Iterator[District]:
    """A district of one's own, for it is changed."""
    monkeypatch.setenv(client.SERVICE_URL, own_district.api)
    client.forget_connection()
    yield own_district
    client.forget_connection()


def people_page(token: str) -> AppTest:
    def view() -> None:
        from dashboard.views import people

        people.page()

    app = AppTest.from_function(view, default_timeout=30)
    app.session_state["token"] = token
    app.session_state["me"] = client.me(token)
    return app.run()


def navigator(token: str) -> Person:
    return next(person for person in client.people(token).people if person.login == "navigator")


def test_no_class_chosen_is_asked_about_and_never_means_everybody(school: District) -> None:
    token = client.sign_in("director", school.password).token
    person = navigator(token)
    app = people_page(token)
    assert text.WHOLE_SCHOOL in shown(app)
    reach = f"person-{person.user_id}-reach"
    assert app.radio(key=reach).value is False
    app.radio(key=reach).set_value(True).run()
    app.button(key="limit-person").click().run()
    assert text.SAY_WHOM in shown(app)
    assert navigator(token).is_limited is False
    app.checkbox(key=f"person-{person.user_id}-nobody").check().run()
    app.button(key="limit-person").click().run()
    assert not app.exception
    assert (navigator(token).is_limited, navigator(token).classes) == (True, [])
    assert text.SEES_NOBODY in shown(app)
    assert common.NO_OWN_CLASSES in shown(opened("navigator", school.password))
    next(group for group in app.get("button_group") if group.label == text.CLASSES).set_value(["sch01-2024-25-9a"])
    app.run()
    app.button(key="limit-person").click().run()
    assert text.ONLY_CLASSES.format(classes="9А") in shown(app)
    client.limit_person(token, person.user_id, ClassLimit(is_limited=False))


def test_of_a_new_counsellor_it_is_asked_whom_she_sees(school: District) -> None:
    token = client.sign_in("director", school.password).token
    app = people_page(token)
    app.text_input(key="new-name").set_value("Педагог-навигатор 8Б")
    app.text_input(key="new-login").set_value("navigator8b")
    app.button(key="add-person").click().run()
    assert text.SAY_WHOM in shown(app)
    app.radio(key="new-reach").set_value(True).run()
    app.button(key="add-person").click().run()
    assert text.SAY_WHOM in shown(app)
    assert "navigator8b" not in {person.login for person in client.people(token).people}
    app.radio(key="new-reach").set_value(False).run()
    app.button(key="add-person").click().run()
    assert not app.exception
    added = next(person for person in client.people(token).people if person.login == "navigator8b")
    assert added.is_limited is False
