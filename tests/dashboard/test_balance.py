"""The picture of the district on the screens: chart and tables say the same, and nothing is said in words too."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import client
from dashboard import text_balance as words
from dashboard.text import HOW_TITLE, NOT_YOURS
from dashboard.widgets.balance_chart import interest_points
from tests.conftest import District
from tests.dashboard.test_data_of_students import at
from tests.dashboard.test_views import opened, service, shown  # noqa: F401 -- `service` is a fixture


@pytest.fixture
def changed(own_district: District, monkeypatch: pytest.MonkeyPatch) -> Iterator[District]:
    """A district of one's own."""
    monkeypatch.setenv(client.SERVICE_URL, own_district.api)
    client.forget_connection()
    yield own_district
    client.forget_connection()


def of(district: District, login: str = "metodist") -> AppTest:
    """The page alone."""

    def view() -> None:
        from dashboard.views import balance

        balance.page()

    app = AppTest.from_function(view, default_timeout=60)
    app.session_state["token"] = client.sign_in(login, district.password).token
    return app.run()


def drawn(app: AppTest) -> list[list[dict[str, Any]]]:
    """What the layers of the chart are drawn from."""
    (chart,) = app.get("vega_lite_chart")
    spec = json.loads(chart.proto.spec)
    return [layer["data"]["values"] for layer in spec["layer"]]


def test_chart_and_tables_say_the_same(service: District) -> None:  # noqa: F811
    app = of(service)
    assert not app.exception
    page = shown(app)
    found = client.balance(client.sign_in("metodist", service.password).token)
    interest, demand, points, labels = drawn(app)
    assert (interest, demand) == ([{"at": 5.0}], [{"at": 50.0}])
    seen = [row for row in found.groups if row.verdict != "quiet" or row.demand_max is not None]
    assert sorted(point["code"] for point in points) == sorted(row.group_code for row in seen)
    assert sorted(code for label in labels for code in label["codes"].split(", ")) == sorted(
        row.group_code for row in seen
    )
    for row in found.groups:  # in its verdict's table and in that of all numbers
        assert page.count(f"<td>{row.title_ru}</td>") == 2
        assert interest_points(row) in page
    for elective in found.electives:
        assert f"<td>{elective.title_ru}</td>" in page
    assert page.index(found.groups[0].title_ru) < page.index(found.groups[-1].title_ru)
    assert HOW_TITLE in {each.label for each in app.expander}
    assert "если вес выше 50" in page


def test_the_counsellor_has_no_such_page(service: District) -> None:  # noqa: F811
    app = at(opened("navigator", service.password), "balance")
    assert not app.exception
    assert NOT_YOURS in shown(app)
    assert words.BALANCE_TITLE not in shown(app)
    assert not app.get("vega_lite_chart")


def test_without_students_it_says_what_to_wait_for(changed: District) -> None:
    with sqlite3.connect(changed.folder / "orientir.sqlite") as database:
        database.execute("UPDATE class_members SET consent_recommending = 0")
    database.close()
    app = of(changed)
    assert not app.exception
    assert words.NOTHING in shown(app)
    assert not app.get("vega_lite_chart")


def test_what_could_not_be_made_is_said_with_its_reason(changed: District) -> None:
    with sqlite3.connect(changed.folder / "orientir.sqlite") as database:
        database.execute("DROP TABLE wishes")
    database.close()
    app = of(changed)
    assert not app.exception
    assert words.UNAVAILABLE.partition("{")[0] in shown(app)
