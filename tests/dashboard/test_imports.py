"""The page where files come in, without a browser: it opens, says what came in, makes surveys of a class."""

from streamlit.testing.v1 import AppTest

from dashboard import client, session, text_imports
from tests.conftest import District
from tests.dashboard.test_views import service, shown

__all__ = ["service"]


def page() -> None:
    from dashboard.views import imports

    imports.page()


def opened(district: District, login: str) -> AppTest:
    token = client.sign_in(login, district.password).token
    app = AppTest.from_function(page, default_timeout=30)
    app.session_state[session.TOKEN], app.session_state[session.ME] = token, client.me(token)
    return app.run()


def test_the_page_opens_before_anything_came_in(service: District) -> None:
    app = opened(service, "director")
    assert not app.exception
    assert text_imports.NO_HISTORY in shown(app)
    assert len(app.get("file_uploader")) == 1


def test_a_survey_is_made_of_the_catalogue(service: District) -> None:
    app = opened(service, "director")
    app.selectbox(key="kit-survey").set_value("electives").run()
    app.button(key="make-kit").click().run()
    assert not app.exception
    assert not app.error
    assert len(app.get("download_button")) == 2


def test_who_sees_no_names_makes_no_surveys(service: District) -> None:
    app = opened(service, "metodist")
    assert not app.exception
    assert not [box for box in app.selectbox if box.key == "kit-class"]
