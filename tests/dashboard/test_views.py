"""Every view opens, shows the facts, and survives an empty answer and a service that is down; without a browser."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import client, door, session, text, text_class
from dashboard.views import classes
from service.accounts.schemas import Me
from service.recommendations.words import fit_points
from tests.conftest import District, free_port, orientir

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")


@pytest.fixture
def service(district: District, monkeypatch: pytest.MonkeyPatch) -> Iterator[District]:
    """Screens of this process speak to the district's service."""
    monkeypatch.setenv(client.SERVICE_URL, district.api)
    client.forget_connection()
    yield district
    client.forget_connection()


def opened(login: str, password: str) -> AppTest:
    """The screens, as somebody who has come in sees them first."""
    app = AppTest.from_file(APP, default_timeout=30)
    app.session_state[session.TOKEN] = client.sign_in(login, password).token
    return app.run()


def shown(app: AppTest) -> str:
    """Everything a person reads on the page."""
    kinds = (app.title, app.subheader, app.markdown, app.error, app.warning, app.success, app.caption)
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*(element.value for kind in kinds for element in kind), *html])


def test_sign_in_shows_the_classes(service: District) -> None:
    app = opened("navigator", service.password)
    assert not app.exception
    assert "Мои классы, 2024-25" in shown(app)
    assert "<b>9А</b>" in shown(app)


def test_whom_to_talk_to_leads_to_the_card_and_back(service: District) -> None:
    app = opened("navigator", service.password)
    assert "С кем поговорить" in shown(app)
    assert "Дорожная карта, октябрь:" in shown(app)
    waiting = [button.key for button in app.button if (button.key or "").startswith("talk-")]
    assert len(waiting) == 5
    app.toggle[0].set_value(True).run()
    everybody = [button.key for button in app.button if (button.key or "").startswith("talk-")]
    app.selectbox(key="talks-class").set_value("sch01-2024-25-9b").run()
    of_one = [button.key for button in app.button if (button.key or "").startswith("talk-")]
    assert 0 < len(of_one) < len(everybody)
    app.selectbox(key="talks-class").set_value(None).run()
    assert everybody[:5] == waiting
    assert len(everybody) > 5
    app.button(key=waiting[0]).click().run()
    assert not app.exception
    assert "Лист ученику и родителям" in shown(app)
    next(button for button in app.button if button.label == text.BACK_TO_CLASS).click().run()
    assert "учеников" in shown(app)  # the class of that student


def test_what_must_be_known_stands_first_with_the_way_to_its_page(service: District) -> None:
    app = opened("navigator", service.password)
    assert "Перечню востребованных профессий больше полугода, он от 31.01.2024" in shown(app)
    (way,) = app.get("page_link")
    assert (way.proto.label, way.proto.page) == ("К перечню", "demand")


def test_each_chart_has_its_help_and_its_numbers(service: District) -> None:
    app = opened_card(service)
    titles = [expander.label for expander in app.expander]
    assert text.HOW_TITLE in titles
    assert text.IN_NUMBERS in titles
    assert "<td>Человек — природа</td>" in shown(app)
    app = opened("metodist", service.password)
    assert text.HOW_TITLE in [expander.label for expander in app.expander]


def students_in(app: AppTest) -> dict[str, Any]:
    """The table of students, as the browser is given it."""
    (table,) = app.get("bidi_component")
    told: dict[str, Any] = json.loads(table.proto.json)
    return told


def open_card(app: AppTest, number: int = 0) -> AppTest:
    """As a click on a name does; the click itself is for a browser to try."""
    app.query_params[session.STUDENT] = students_in(app)["rows"][number]["id"]
    return app.run()


def test_a_class_is_there_at_once_and_what_stands_first_a_moment_later(service: District) -> None:
    app = opened("navigator", service.password)
    app.button(key="class-sch01-2024-25-9b").click().run()
    table = students_in(app)
    place = table["columns"].index("Профильный класс")
    assert (len(table["rows"]), table["unfinished"]) == (35, True)  # the whole class, those without consent too
    assert {row["cells"][place]["text"] for row in table["rows"]} == {"…"}
    app.session_state[session.LISTS_OF] = "sch01-2024-25-9b"  # as the table says when it stands
    app.run()
    assert not app.exception
    table = students_in(app)
    assert table["unfinished"] is False
    closed = [row for row in table["rows"] if row["cells"][1]["text"] == "нет согласия"]
    assert [row["cells"][place]["text"] for row in closed] == ["—"] * 3
    for row in (row for row in table["rows"] if row not in closed):
        fit, low, high = (int(each) for each in re.findall(r"\d+", row["cells"][place]["more"]))
        assert 1 <= low <= fit <= high <= 99
    assert "записывается" in shown(app)


def test_filters_find_who_lacks_what(service: District) -> None:
    app = opened("navigator", service.password)
    app.button(key="class-sch01-2024-25-9a").click().run()
    table = students_in(app)
    lacks, decisions = table["filters"]
    offered = [value for value, _ in lacks["choices"]]
    assert (offered[0], offered[-1]) == ("any", "none")
    assert set(offered) >= {tag for row in table["rows"] for tag in row["tags"]["lacks"]}
    assert {tag for row in table["rows"] for tag in row["tags"]["decisions"]} <= {
        each for each, _ in decisions["choices"]
    }
    for row in table["rows"]:
        said = row["cells"][2]["text"]
        assert row["tags"]["lacks"] == ([*said.split(", "), "any"] if said else ["none"])


def test_the_school_is_one_table_by_class_and_name(service: District) -> None:
    app = opened("navigator", service.password)
    app.button(key="school").click().run()
    assert not app.exception
    table = students_in(app)
    classes = [row["cells"][0]["text"] for row in table["rows"]]
    assert len(classes) > 150
    assert classes == sorted(classes, key=lambda title: (int(title[:-1]), title))
    assert ["9", "9-е классы"] in table["filters"][0]["choices"]
    place = classes.index("9Б")
    name = table["rows"][place]["name"]
    app = open_card(app, place)
    assert name in shown(app)


def test_who_is_limited_to_a_class_is_offered_no_school() -> None:
    me = Me.model_construct(class_ids=["sch01-2024-25-9a"], school_title="Школа", permissions=[])
    assert not classes.sees_school(me)
    assert classes.sees_school(me.model_copy(update={"class_ids": None}))
    assert not classes.sees_school(me.model_copy(update={"class_ids": None, "school_title": None}))


def test_the_picture_of_a_class_names_nobody(service: District) -> None:
    app = opened("navigator", service.password)
    app.button(key="class-sch01-2024-25-9a").click().run()
    names = [row["name"] for row in students_in(app)["rows"]]
    part_of(app, "picture").run()
    assert not app.exception
    page = shown(app)
    assert text_class.LEANINGS_TITLE in page
    assert text_class.WISHES_TITLE in page
    assert "<td>Практика (R)</td>" in page
    assert not [name for name in names if name in page]
    assert not set(re.findall(r'<td class="n">(\d+)</td>', page)) - {"5", "10", "15", "20", "25", "30"}


def part_of(app: AppTest, part: str) -> Any:
    """Another part of the page of a class."""
    group = next(each for each in app.get("button_group") if each.label == text_class.PARTS_LABEL)
    return group.set_value(part)


def test_class_and_card_show_the_facts(service: District) -> None:
    app = opened("navigator", service.password)
    app.button(key="class-sch01-2024-25-9a").click().run()
    assert "9А, Средняя школа № 1" in shown(app)
    app = open_card(app)
    assert not app.exception
    for heading in ("Интересы", "Профильные классы", "Профессиональные пробы", "Чего не хватает"):
        assert heading in shown(app)
    assert "из 100" in shown(app)
    assert app.slider[0].value == 5


def opened_card(service: District, number: int = 0) -> AppTest:
    app = opened("navigator", service.password)
    app.button(key="class-sch01-2024-25-9a").click().run()
    return open_card(app, number)


def test_why_not_says_the_place_and_what_would_help_or_the_rule(service: District) -> None:
    app = opened_card(service)
    assert text.WHY_NOT_HINT in shown(app)
    choices = app.selectbox(key="why-not-profile_class").options
    listed = [html for html in shown(app).splitlines() if "o-title" in html]
    assert choices == sorted(choices)
    assert len(choices) > 5
    assert listed
    told = []
    for place in range(0, len(choices), max(len(choices) // 6, 1)):
        app.selectbox(key="why-not-profile_class").select_index(place).run()
        assert not app.exception
        told.append(shown(app))
    assert any(text.COSTS_TITLE in page and "Место " in page for page in told)
    assert all(text.RULES_TITLE in page or text.CHANGES_TITLE_OF in page or "Ни одна отметка" in page for page in told)


def test_a_rule_that_refuses_is_told_in_plain_words(service: District) -> None:
    app = opened_card(service)
    kinds = next(group for group in app.get("button_group") if group.label == text.WHICH_KIND)
    kinds.set_value("elective").run()
    choices = app.selectbox(key="why-not-elective").options
    place = next(place for place, choice in enumerate(choices) if "школа № 1" not in choice.lower())
    app.selectbox(key="why-not-elective").select_index(place).run()
    assert not app.exception
    assert text.RULES_TITLE in shown(app)
    assert "Элективный курс ведёт другая школа: " in shown(app)
    assert text.COSTS_TITLE not in shown(app)


def test_two_of_a_list_are_compared(service: District) -> None:
    app = opened_card(service)
    app.selectbox(key="contrast-profile_class-0").select_index(0).run()
    assert text.CONTRAST_COLUMN not in shown(app)  # one alone is no pair
    app.selectbox(key="contrast-profile_class-1").select_index(0).run()
    assert text.CONTRAST_COLUMN not in shown(app)  # nor is one twice
    app.selectbox(key="contrast-profile_class-1").select_index(1).run()
    assert not app.exception
    assert text.CONTRAST_COLUMN in shown(app)
    assert "Вместе — " in shown(app)


def test_all_reasons_show_blocks_and_facts(service: District) -> None:
    app = opened_card(service)
    assert f"<th>{text.BLOCKS['subjects']}</th>" not in shown(app)  # nothing of it before somebody looks
    first = next(button.key for button in app.button if (button.key or "").startswith("accept-"))
    app.session_state[f"why-{first.removeprefix('accept-')}"] = True
    page = shown(app.run())
    assert f"<th>{text.BLOCKS['subjects']}</th>" in page
    assert "Уровень отметок: " in page


def test_a_session_that_ended_leads_back_to_the_door(service: District) -> None:
    app = opened("navigator", service.password)
    client.sign_out(app.session_state["token"])
    app.run()
    assert text.SIGNED_OUT in shown(app)
    assert f'href="{door.AT}?said=ended"' in shown(app)
    assert not app.text_input


def test_a_service_that_is_down_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(client.SERVICE_URL, f"http://127.0.0.1:{free_port()}")
    client.forget_connection()
    app = AppTest.from_file(APP, default_timeout=30)
    app.session_state[session.TOKEN] = "any"
    app.run()
    client.forget_connection()
    assert not app.exception
    assert text.SERVICE_DOWN in shown(app)


def test_the_methodologist_lands_on_the_list(service: District) -> None:
    app = opened("metodist", service.password)
    assert "krasnodar-2024H1" in shown(app)
    assert text.CHANGES_TITLE in shown(app)
    assert "Мои классы" not in shown(app)


def test_the_methodologist_sees_what_demand_costs_and_where_seats_will_not_do(service: District) -> None:
    app = opened("metodist", service.password)
    assert not app.exception
    page = shown(app)
    for sentence in (text.POLICY_TITLE, text.POLICY_NOW, text.CROWDED_TITLE, text.KINDS["elective"]):
        assert sentence in page
    assert "Учеников со списком" in page


def test_the_model_page_shows_twins_and_groups(service: District) -> None:
    def view() -> None:
        from dashboard.views import model

        model.page()

    app = AppTest.from_function(view, default_timeout=30)
    app.session_state["token"] = client.sign_in("metodist", service.password).token
    page = shown(app.run())
    assert not app.exception
    assert text.FAIRNESS_TITLE in page
    assert "изменился в 0 случаях из" in page
    for group in ("девочки", "сельские школы", "с особыми условиями"):
        assert group in page


def shown_model_page(password: str) -> str:
    def view() -> None:
        from dashboard.views import model

        model.page()

    app = AppTest.from_function(view, default_timeout=30)
    app.session_state["token"] = client.sign_in("metodist", password).token
    page = shown(app.run())
    assert not app.exception
    return page


def add_candidate(district: District, *, unmet: str) -> None:
    """A second version, like the one that serves but for one check."""
    with sqlite3.connect(district.folder / "orientir.sqlite") as database:
        version, gate = database.execute("SELECT version, gate FROM model_versions").fetchone()
        checks = [check | {"is_met": check["code"] != unmet} for check in json.loads(gate)["checks"]]
        database.execute(
            "INSERT INTO model_versions (version, trained_at, checksum, manifest, gate) "
            "SELECT 'krasnodar-2024H1.2', '2099-01-01 00:00:00', checksum, manifest, ? FROM model_versions",
            (json.dumps({"against": version, "held_back": "2023-24", "checks": checks}),),
        )
    database.close()


@pytest.mark.parametrize(("login", "may_promote"), [("region", True), ("metodist", False)])
def test_a_refused_candidate_says_why_and_asks_for_a_reason(
    own_district: District, monkeypatch: pytest.MonkeyPatch, login: str, may_promote: bool
) -> None:
    def view() -> None:
        from dashboard.views import model

        model.page()

    add_candidate(own_district, unmet="twins.sex")
    monkeypatch.setenv(client.SERVICE_URL, own_district.api)
    client.forget_connection()
    app = AppTest.from_function(view, default_timeout=30)
    app.session_state["token"] = token = client.sign_in(login, own_district.password).token
    app.session_state["me"] = client.me(token)
    page = shown(app.run())
    assert not app.exception
    assert "Не выполнено: список не зависит от пола" in page.replace("\\", "")
    assert "Не хуже экспертных весов" in page
    keys = {button.key for button in app.button}
    assert ("promote-krasnodar-2024H1.2" in keys) is may_promote
    if may_promote:
        assert app.button(key="promote-krasnodar-2024H1.2").disabled
        app.text_input(key="although-krasnodar-2024H1.2").set_value("решение методсовета").run()
        assert not app.button(key="promote-krasnodar-2024H1.2").disabled
    client.forget_connection()


def test_the_model_page_says_whether_to_rely_and_draws_what_was_seen(
    own_district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(client.SERVICE_URL, own_district.api)
    client.forget_connection()
    before = shown_model_page(own_district.password)
    assert "Спискам можно доверять с оговоркой: за этой версией ещё не наблюдали." in before
    assert text.WATCHING_TITLE not in before
    seen = orientir("model", "watch", environment=own_district.environment)
    assert seen.returncode == 0, seen.stderr
    after = shown_model_page(own_district.password)
    assert "Спискам можно доверять: " in after.partition("<table")[0]
    assert text.WATCHING_TITLE in after
    assert after.count('class="o-plot"') >= 5
    assert 'role="img" aria-label="Данные учеников: интересы: ' in after  # read aloud, a plot says its figures
    assert "отметка: Русский язык" in after
    with sqlite3.connect(own_district.folder / "orientir.sqlite") as database:
        database.execute("UPDATE term_marks SET mark = 5 WHERE subject_code = 'math' AND mark = 4")
    database.close()
    assert orientir("model", "watch", environment=own_district.environment).returncode == 0
    drifted = shown_model_page(own_district.password)
    told = "Спискам можно доверять с оговоркой: отметки уже не такие, как при обучении"
    assert told in drifted.partition("<table")[0]
    assert "o-plot bad" in drifted
    metrics = httpx2.get(f"{own_district.api}/metrics").text
    assert 'orientir_model_alarm{figure="inputs.marks"} 1.0' in metrics
    assert 'orientir_model_alarm{figure="inputs.grades"} 0.0' in metrics
    client.forget_connection()


def test_the_model_page_tells_of_a_training(own_district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(client.SERVICE_URL, own_district.api)
    client.forget_connection()
    assert "бучение" not in shown_model_page(own_district.password).partition("<table")[0]
    region = {"Authorization": f"Bearer {client.sign_in('region', own_district.password).token}"}
    job = httpx2.post(f"{own_district.api}/v1/model-versions", headers=region).json()["job_id"]
    assert "Обучение ждёт очереди: по просьбе человека." in shown_model_page(own_district.password)
    for change, told in (
        ("state = 'running', progress = 0.4, lease_until = '9999-01-01'", "готово 40 %"),
        ("lease_until = '2020-01-01'", text.TRAINING_STUCK.format(percent=40)),
        ("state = 'queued', error = 'ValueError: место — в журнале.'", "повторится само"),
        ("state = 'failed'", "устраните причину и выполните «orientir train». Причина: ValueError: место — в журнале."),
        ("state = 'done'", text.MODEL_TITLE),
    ):
        with sqlite3.connect(own_district.folder / "orientir.sqlite") as database:
            database.execute(f"UPDATE jobs SET {change} WHERE job_id = {job}")  # noqa: S608 -- our own words
        database.close()
        assert told in shown_model_page(own_district.password)
    client.forget_connection()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("edition krasnodar-2024H1", "опубликован перечень krasnodar-2024H1"),
        ("outcomes 512", "новых исходов 512"),
        ("schedule", "по расписанию"),
        ("by hand", "по просьбе человека"),
    ],
)
def test_causes_in_words(code: str, words: str) -> None:
    assert text.cause(code) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 ученик"), (3, "3 ученика"), (11, "11 учеников"), (22, "22 ученика"), (25, "25 учеников")],
)
def test_numbers_take_the_right_form(count: int, words: str) -> None:
    assert text.plural(count, "ученик", "ученика", "учеников") == words


def test_numbers_are_written_as_in_russian() -> None:
    assert text.decimal(4.25) == "4,2"
    assert text.signed(-0.5) == "−0,50"
    assert text.hundredths(0.624) == 62


def test_no_fit_reads_as_certain() -> None:
    assert [fit_points(fit) for fit in (0.999, 0.5, 0.001)] == [99, 50, 1]
