"""What goes over a weak line: a slider sends again only what moved."""

import pytest

from benchmarks.visitor import Answer, cookie_of, visiting
from dashboard import client, text
from tests.conftest import District

CLASS = "sch01-2024-25-9a"
CHARTS = ("<table", "o-scale")


def charts(answer: Answer) -> set[str]:
    """Tables and charts that were sent."""
    html = (each.delta.new_element.html.body for each in answer.elements() if each.delta.new_element.HasField("html"))
    return {body for body in html if any(chart in body for chart in CHARTS)}


def known_student(cookie: str) -> str:
    """Somebody of the class about whom there is something to show."""
    students = client.class_students(cookie, CLASS).students
    known = (each for each in students if each.has_diagnostics and each.has_marks and each.consent_recommending)
    return next(known).student_id


def test_a_slider_sends_no_table_that_stays_as_it_is(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = cookie_of(district.screens, "navigator", district.password)
    monkeypatch.setenv(client.SERVICE_URL, district.api)
    client.forget_connection()
    known = known_student(cookie)
    client.forget_connection()
    with visiting(district.screens, cookie) as visitor:
        card = visitor.open(f"class={CLASS}&student={known}")
        moved = visitor.slide(text.DEMAND_SLIDER, 25)
    assert len(charts(card)) >= 2  # interests, marks
    assert not charts(card) & charts(moved)
    assert moved.kinds().count("html") < card.kinds().count("html")


def test_a_part_that_runs_by_itself_finds_the_door_when_the_session_has_ended(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = cookie_of(district.screens, "navigator", district.password)
    monkeypatch.setenv(client.SERVICE_URL, district.api)
    client.forget_connection()
    student_id = known_student(cookie)
    with visiting(district.screens, cookie) as visitor:
        visitor.open(f"class={CLASS}&student={student_id}")
        client.sign_out(cookie)
        said = visitor.slide(text.DEMAND_SLIDER, 10).words()
    client.forget_connection()
    assert text.SIGNED_OUT in said
    assert student_id not in said
