"""Below the lists of a card: what if, notes with a next step, years; and the price of demand beside the slider."""

import re

from streamlit.testing.v1 import AppTest

from dashboard import client, session, text, text_card
from tests.conftest import District
from tests.dashboard.test_views import opened_card, service, shown

__all__ = ["service"]


def part_of(app: AppTest, part: str) -> AppTest:
    """Another part below the lists."""
    return next(group for group in app.get("button_group") if group.label == text_card.MORE).set_value(part).run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_the_price_of_demand_stands_by_the_slider(service: District) -> None:
    app = opened_card(service)
    app.slider[0].set_value(0).run()
    assert text_card.PRICE_NONE in shown(app)
    app.slider[0].set_value(30).run()
    assert "Цена учёта спроса: предложения в списке подходят в среднем хуже на столько пунктов: " in shown(app)


def test_a_mark_an_exam_set_and_a_test_are_imagined(service: District) -> None:
    app = part_of(opened_card(service), "what-if")
    assert not app.exception
    assert text_card.NOT_YET in shown(app)
    assert text_card.NOTHING_CHANGED in shown(press(app, text_card.SHOW))
    subjects = next(each for each in app.multiselect if each.label == text_card.CHANGE_MARKS)
    subjects.set_value(["math", "phys"]).run()
    for radio in (each for each in app.radio if each.key.startswith("what-if")):
        radio.set_value(2)
    read = shown(press(app, text_card.SHOW))
    assert not app.exception
    assert "Математика: отметка 2,0 во всех четвертях 2023-24 учебного года; сейчас в среднем" in read
    assert "Соответствие станет " in read
    assert text.KINDS["profile_class"] in read
    exams = next(each for each in app.multiselect if each.label == text_card.EXAMS)
    exams.set_value(["chem", "bio"])
    assert "Экзамены: химия и биология" in shown(press(app, text_card.SHOW))
    next(box for box in app.selectbox if box.label == text_card.CHANGE_TEST).set_value("DDO20").run()
    for number in app.number_input:
        number.set_value(8.0 if "природа" in number.label else 0.0)
    assert "Новый тест «ДДО" in shown(press(app, text_card.SHOW))
    assert not app.exception


def test_a_note_is_written_stands_above_is_done_and_taken_back(service: District) -> None:
    app = part_of(opened_card(service, 3), "notes")
    assert text_card.NO_NOTES in shown(app)
    assert "Напишите, о чём говорили" in shown(press(app, text_card.NOTE_SAVE))
    app.text_area[0].set_value("Склоняется к *инженерному* классу")
    step = next(each for each in app.text_input if each.label == text_card.NOTE_STEP)
    step.set_value("принести <b>результат</b>")
    day = app.date_input[0].min
    app.date_input[0].set_value(day)
    app.checkbox[0].set_value(True)
    app = press(app, text_card.NOTE_SAVE)
    assert not app.exception
    read = shown(app)
    assert text_card.NOTE_SAVED in read
    assert app.text_area[0].value == ""  # ready for the next one
    assert f"Следующий шаг — до {text.day(day)}: принести &lt;b&gt;результат&lt;/b&gt;" in read
    assert "Поговорить просили родители: Склоняется к *инженерному* классу" in read
    above = next(button for button in app.button if (button.key or "").startswith("done-above-"))
    app = above.click().run()
    assert text_card.NOTE_DONE in shown(app)
    assert "Сделано " in shown(app)
    app = press(app, text_card.REOPEN)
    assert text_card.NOTE_REOPENED in shown(app)
    token = app.session_state["token"]
    waiting = {talk.student_id: talk.reasons for talk in client.talks(token, 500).talks}
    codes = [reason.code for reason in waiting[app.query_params[session.STUDENT]]]
    assert codes[:2] == ["parents_asked", "step_due"]
    app = press(app, text_card.TAKE_BACK)
    assert text_card.NOTE_TAKEN_BACK in shown(app)
    assert text_card.NO_NOTES in shown(app)


def test_years_stand_beside_each_other(service: District) -> None:
    app = part_of(opened_card(service), "years")
    assert not app.exception
    read = shown(app)
    for words in (*text_card.YEAR_COLUMNS, text_card.MARKS_BY_YEAR, text_card.MEAN_ROW, "2024-25, 9А", "2023-24, 8А"):
        assert words in read
    assert re.search(r"Профильный класс «[^»]+» — (первое в списке|принято)", read)


def test_who_refused_has_notes_and_years_and_nothing_of_the_lists(service: District) -> None:
    app = opened_card(service)
    token = app.session_state["token"]
    for row in client.classes(token).classes:
        refused = [
            each for each in client.class_students(token, row.class_id).students if not each.consent_recommending
        ]
        if refused:
            break
    app.query_params.update({session.CLASS: row.class_id, session.STUDENT: refused[0].student_id})
    app.run()
    assert not app.exception
    group = next(each for each in app.get("button_group") if each.label == text_card.MORE)
    assert group.options == [text_card.NOTES, text_card.YEARS]
    assert text_card.NOTE_SAVE in [button.label for button in app.button]
