"""A draft list on the screens, without a browser: pasted, understood, settled, compared, given up."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import client, text
from dashboard.widgets.elements import literal
from tests.conftest import District
from tests.dashboard.test_views import opened, part_of, service, shown

__all__ = ["service"]
PASTED = "Профессия\tУровень\nФельдшер\t5\nПовар\t4\nБорт-кудесник\t4\nМастер ЖКХ\t3\nВрач-терапевт\t5\n"


@pytest.fixture
def draft(service: District) -> Iterator[AppTest]:
    """A methodologist has pasted a list; it is given up afterwards."""
    yield pasted(service, PASTED)
    token = client.sign_in("metodist", service.password).token
    for row in client.drafts(token).drafts:
        client.discard_draft(token, row.draft_id)


def pasted(service: District, content: str) -> AppTest:
    """The page after a list was pasted and read."""
    app = opened("metodist", service.password)
    app.text_area[0].set_value(content).run()
    return next(button for button in app.button if button.label == text.READ).click().run()


def step(app: AppTest, name: str) -> AppTest:
    return app.segmented_control[0].set_value(name).run()


def test_what_was_understood_is_told_line_by_line(draft: AppTest) -> None:
    page = shown(draft)
    assert not draft.exception
    assert "Черновик перечня" in page
    assert "31.02.01 Лечебное дело" in page
    assert "высшее образование" in page
    assert "меньше 5" not in page
    assert "Борт-кудесник" in page


def test_a_person_settles_what_is_not_found(service: District) -> None:
    """A title of its own: what is settled is remembered for everybody."""
    draft = pasted(service, PASTED.replace("Борт-кудесник", "Укротитель облаков"))
    step(draft, "settle")
    page = shown(draft)
    assert "Что означает «Укротитель облаков»?" in page
    assert draft.radio[0].options[-3:] == [literal(each) for each in (text.NONE_OF_THEM, text.SEVERAL, text.LEAVE_OUT)]
    settle = next(button for button in draft.button if button.label == text.SETTLE)
    assert settle.disabled  # nothing is chosen for a person
    draft.radio[0].set_value(text.NONE_OF_THEM).run()
    next(button for button in draft.button if button.label == text.SETTLE).click().run()
    assert not draft.exception
    assert literal("Записано: «Укротитель облаков».") in shown(draft)


def test_what_is_no_profession_is_left_out(service: District) -> None:
    draft = step(pasted(service, PASTED.replace("Борт-кудесник", "Сведения по форме 7-У")), "settle")
    draft.radio[0].set_value(text.LEAVE_OUT).run()
    next(button for button in draft.button if button.label == text.SETTLE).click().run()
    step(draft, "read")
    assert not draft.exception
    assert text.LEFT_OUT_MEANING in shown(draft)
    assert text.STATUSES["left_out"] in shown(draft)


def test_markup_of_a_stranger_is_shown_as_it_stands(service: District) -> None:
    image = "![x](http://stranger.example/p.png) кудесник"
    draft = step(pasted(service, PASTED.replace("Борт-кудесник", image)), "settle")
    assert not draft.exception
    assert f"<h3>Что означает «{image}»?</h3>" in shown(draft)


def test_change_and_impact_are_told_before_publishing(draft: AppTest) -> None:
    step(draft, "change")
    assert "Исчезли" in shown(draft)
    assert any("Утвердить перечень" in code.value for code in draft.code)
    step(draft, "impact")
    assert not draft.exception
    assert text.IMPACT_HINT in shown(draft)
    assert "Профессиональные пробы" in shown(draft)


def test_an_unsettled_list_cannot_be_published(draft: AppTest) -> None:
    step(draft, "publish")
    assert not draft.exception
    assert any("Сначала решите" in warning.value for warning in draft.warning)
    button = next(button for button in draft.button if button.label in (text.SIGN, text.PUBLISH))
    assert button.disabled


def test_what_is_no_list_is_refused_in_russian(service: District) -> None:
    assert "не нашлось ни одной профессии" in shown(pasted(service, "2024"))


def test_a_counsellor_sees_whom_a_new_list_touched(service: District) -> None:
    app = opened("navigator", service.password)
    app.button(key="class-sch01-2024-25-9a").click().run()
    part_of(app, "change").run()
    assert not app.exception
    assert "Перечень krasnodar-2024H1" in shown(app)
