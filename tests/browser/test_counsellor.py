"""A counsellor's way: sign in, class, card, slider, accept; what a methodologist sees; what a stranger does not."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pdfplumber
from playwright.sync_api import Page, expect

from tests.browser.steps import open_card, settled, sign_in, sign_out, students
from tests.conftest import District, database_of, let_in, orientir

ENGLISH = re.compile(r"[A-Za-z]{4,}")
KNOWN_LATIN = {
    "Python", "RIASEC", "BIM", "krasnodar", "illustrative", "edition", "published", "region", "position", "level",
    "profession_title", "spo_codes", "demand_level", "title", "demand", "codes", "profession", "DOCX", "Excel",
}  # fmt: skip


def open_ninth_grade(page: Page) -> None:
    row = page.get_by_test_id("stHorizontalBlock").filter(has_text=re.compile(r"^9А"))
    row.get_by_role("button", name="Открыть").click()
    expect(page.get_by_role("heading", name=re.compile("9А, Средняя школа № 1"))).to_be_visible()
    settled(page)


def test_the_model_page_begins_with_whether_to_rely_on_the_lists(
    page: Page, own_district: District, screenshot: Callable[[str], None]
) -> None:
    assert orientir("model", "watch", environment=own_district.environment).returncode == 0
    sign_in(page, own_district, "navigator")
    page.get_by_role("link", name="Модель").click()
    expect(page.get_by_role("status").filter(has_text="Спискам можно доверять")).to_be_visible()
    plot = page.get_by_role("img", name=re.compile(r"^Данные учеников: отметки: \d\d\.\d\d\.\d{4} — 0,00"))
    expect(plot).to_be_visible()
    page.get_by_text("Данные учеников, каждый показатель отдельно").click()
    expect(page.get_by_role("cell", name="отметка: Математика")).to_be_visible()
    settled(page)
    screenshot("model-watching")


def test_a_talk_is_prepared(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    """Sign in, queue, card, slider, why not, accept, sheet: what there is time for before a parent comes."""
    sign_in(page, district, "navigator")
    expect(page.get_by_role("heading", name="Мои классы, 2024-25")).to_be_visible()
    expect(page.get_by_text("данные синтетические")).to_be_visible()
    screenshot("classes")
    page.get_by_role("button", name="Карточка").first.click()
    for heading in ("Интересы", "Отметки", "Профильные классы", "Элективные курсы", "Чего не хватает"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ из 100")).first).to_be_visible()
    expect(page.get_by_text(re.compile("Модель krasnodar-2024H1")).first).to_be_visible()
    settled(page)
    screenshot("card")

    before = page.locator(".o-title").all_inner_texts()
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(25):
        slider.press("ArrowRight")
    expect(slider).to_have_value("30")
    expect(page.locator(".o-title")).not_to_have_text(before)
    expect(page.get_by_text("поднят спросом").first).to_be_visible()
    settled(page)
    expect(page.get_by_text(re.compile("Цена учёта спроса")).first).to_be_visible()

    page.get_by_text("Почему не …?").click()
    choose(page, "Предложение", 0)
    expect(
        page.get_by_text(re.compile("Что отодвинуло его за третье место|не позволяют правила", re.I))
    ).to_be_visible()

    page.get_by_role("button", name="Принять").first.click()
    expect(page.get_by_text("Решение записано.")).to_be_visible()
    expect(page.get_by_text("Принято", exact=True)).to_be_visible()
    settled(page)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Скачать PDF для печати").click()
    assert Path(coming.value.path()).read_bytes().startswith(b"%PDF")
    page.get_by_role("button", name="Вернуть").click()
    expect(page.get_by_text("Решение снято.")).to_be_visible()


def test_another_school_sees_nothing_by_an_address(page: Page, district: District) -> None:
    with database_of(district) as database, database.writing() as session:
        let_in(session, district, "navigator2", "sch02")
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page)
    name, address = page.locator("h1").inner_text().partition(",")[0], page.url
    sign_out(page)
    sign_in(page, district, "navigator2")
    of_the_class = address.partition("&")[0]
    for typed in (address, of_the_class, f"{of_the_class}&student=s0000000"):  # theirs and nobody's: the same answer
        page.goto(typed)
        expect(page.get_by_role("alert")).to_contain_text(re.compile("^Такого (ученика|класса) нет"))
        settled(page)
        assert name not in page.content()
    page.get_by_role("button", name="Все классы").click()
    expect(page.get_by_role("heading", name="Мои классы, 2024-25")).to_be_visible()


def test_a_class_is_sorted_filtered_opened_by_keyboard_and_printed(
    page: Page, district: District, screenshot: Callable[[str], None], tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    by_name = students(page).all_inner_texts()
    assert by_name == sorted(by_name, key=lambda name: name.replace("ё", "е").replace("Ё", "Е"))
    page.get_by_role("button", name="Ученик", exact=True).click()
    page.get_by_role("button", name="Ученик", exact=True).click()  # the other way round
    expect(page.get_by_role("columnheader", name="Ученик")).to_have_attribute("aria-sort", "descending")
    assert students(page).all_inner_texts() == by_name[::-1]
    page.get_by_role("button", name="Ученик", exact=True).click()
    page.get_by_label("Чего нет").select_option("отметок")
    lacking = students(page).count()
    assert 0 < lacking < 30
    expect(page.get_by_text(f"Показано {lacking} из 30")).to_be_visible()
    assert page.get_by_role("cell", name=re.compile("отметок")).count() == lacking
    page.get_by_label("Найти по фамилии").fill("нет такого")
    expect(page.get_by_text("Таких учеников нет.")).to_be_visible()
    page.get_by_label("Найти по фамилии").fill("")

    students(page).first.focus()
    page.keyboard.press("ArrowDown")
    second = students(page).nth(1).inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(f"^{second}, 9А"))).to_be_visible()
    settled(page)
    page.get_by_role("button", name="К классу").click()
    expect(students(page)).to_have_count(lacking)  # what was chosen is still chosen
    page.get_by_label("Чего нет").select_option("")
    expect(students(page)).to_have_count(30)

    printed = tmp_path / "class.pdf"
    page.pdf(path=str(printed), prefer_css_page_size=True)
    with pdfplumber.open(printed) as pdf:
        pages = [sheet.extract_text() for sheet in pdf.pages]
    with_students = [sheet for sheet in pages if re.search(r"\d+ \(от", sheet)]
    assert with_students
    assert all("Профильный класс" in sheet for sheet in with_students)  # its heading on every page of the table
    last_names = [name.split()[0] for name in by_name]
    assert [name for name in last_names if name not in "\n".join(pages)] == []
    assert "Напечатать" not in "\n".join(pages)
    page.get_by_role("button", name="Скачать таблицу").click()
    expect(page.get_by_text("Для чего?")).to_be_visible()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Классный час").click()
    assert coming.value.suggested_filename == "class-sch01-2024-25-9a.xlsx"  # no child is named
    assert Path(coming.value.path()).read_bytes().startswith(b"PK")
    nothing_is_cut(page)


def test_the_picture_of_a_class_and_the_whole_school(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    names = students(page).all_inner_texts()
    page.get_by_role("radio", name="Картина класса").or_(
        page.get_by_role("button", name="Картина класса")
    ).first.click()
    expect(page.get_by_role("heading", name="К чему класс склоняется")).to_be_visible()
    expect(page.get_by_role("cell", name="Практика (R)")).to_be_visible()
    settled(page)
    screenshot("class-picture")
    nothing_is_cut(page)
    assert not [name for name in names if name in page.inner_text("[data-testid=stMain]")]
    page.get_by_role("button", name="Все классы").click()
    page.get_by_role("button", name="Вся школа").click()
    expect(page.locator(".o-sheet tbody tr").nth(150)).to_be_attached()
    settled(page)
    page.get_by_label("Класс").select_option(label="9-е классы")
    expect(page.locator(".o-sheet tbody tr").first).to_contain_text("9А")
    screenshot("school")
    nothing_is_cut(page)
    page.locator(".o-sheet tbody tr").nth(3).locator("td").first.click()  # anywhere on the line
    expect(page.get_by_role("heading", name="Профессиональные пробы")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="К классу").click()
    expect(page.get_by_role("heading", name=re.compile("9А, Средняя школа № 1"))).to_be_visible()


def test_decline_with_a_reason_and_see_why(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 1)
    page.get_by_text("Все причины и баллы").first.click()
    expect(page.get_by_text(re.compile("складываются в общий балл")).first).to_be_visible()
    screenshot("card-reasons")
    page.get_by_role("button", name="Отклонить").first.click()
    page.get_by_text("Далеко или неудобно").click()
    page.get_by_role("button", name="Записать").click()
    expect(page.get_by_text("Отклонено: Далеко или неудобно")).to_be_visible()


def test_the_sheet_to_take_home(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 1)
    page.get_by_role("heading", name="Лист ученику и родителям").scroll_into_view_if_needed()
    screenshot("card-sheet")
    for button, begins in (("Скачать PDF для печати", b"%PDF"), ("Скачать DOCX, чтобы править", b"PK")):
        with page.expect_download() as coming:
            page.get_by_role("button", name=button).click()
        assert re.fullmatch(r"list-s\w+\.(pdf|docx)", coming.value.suggested_filename)  # no child is named
        assert Path(coming.value.path()).read_bytes().startswith(begins)


def choose(page: Page, label: str, number: int) -> None:
    """An option of a select box by its place."""
    box = page.get_by_label(label, exact=True)
    box.scroll_into_view_if_needed()
    settled(page)
    options = page.get_by_role("option")
    for _ in range(8):  # a panel that is still opening closes the list again
        page.wait_for_timeout(900)
        if options.count() == 0:
            box.focus()
            box.press("ArrowDown")
        page.wait_for_timeout(900)
        if options.count() > number:
            break
    options.nth(number).click()
    settled(page)


def test_why_not_this_one_and_which_of_two(page: Page, district: District, screenshot: Callable[[str], None]) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 1)
    page.get_by_text("Почему не …?").click()
    choose(page, "Предложение", 3)
    expect(page.get_by_text(re.compile(r"Место \d+ из \d+\. Соответствие"))).to_be_visible()
    expect(page.get_by_text("Что отодвинуло его за третье место")).to_be_visible()
    page.get_by_text("Сравнить два предложения").click()
    choose(page, "Первое", 0)
    choose(page, "Второе", 1)
    expect(page.get_by_text(re.compile("Лучше подходит|Подходят одинаково"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot("card-questions")


def part(page: Page, name: str) -> None:
    """Another part below the lists of a card."""
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()
    settled(page)


def nothing_is_cut(page: Page) -> None:
    """Nothing runs out of the window, and every word on the page is Russian."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    cut = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] button, [data-testid=stMain] p')]"
        ".filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 2).map(e => e.innerText)"
    )
    assert cut == []
    icons = "document.querySelectorAll('[data-testid=stIconMaterial]').forEach(icon => icon.remove())"
    page.evaluate(icons)  # names of signs in an icon font, drawn as signs
    assert set(ENGLISH.findall(page.inner_text("[data-testid=stMain]"))) <= KNOWN_LATIN


def test_what_if_years_and_a_note_that_survives_a_reload_and_is_undone(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page)
    before = page.locator(".o-title").all_inner_texts()
    imagine_a_mark(page)
    screenshot("card-what-if")
    nothing_is_cut(page)
    assert page.locator(".o-title").all_inner_texts() == before  # the card itself is as it was

    part(page, "По годам")
    expect(page.get_by_role("columnheader", name="Что советовали и решили")).to_be_visible()
    screenshot("card-years")
    nothing_is_cut(page)

    write_a_note(page)
    page.goto(district.screens)
    expect(page.get_by_text(re.compile("Поговорить просили родители")).first).to_be_visible()
    screenshot("talks-asked")
    open_ninth_grade(page)
    open_card(page)
    expect(page.get_by_text("Следующий шаг — до 12.12.2024: принести результат пробного ОГЭ").first).to_be_visible()
    part(page, "Заметки и шаги")
    expect(page.get_by_text("Склоняется к инженерному классу, боится физики", exact=True)).to_be_visible()
    screenshot("card-notes")
    nothing_is_cut(page)
    page.get_by_role("button", name="Убрать").click()
    expect(page.get_by_text("Заметка убрана.")).to_be_visible()
    expect(page.get_by_text("Заметок о разговорах пока нет.")).to_be_visible()


def imagine_a_mark(page: Page) -> None:
    """What if mathematics were a two."""
    part(page, "Что, если…")
    expect(page.get_by_text("Здесь появится, как изменятся списки и почему.")).to_be_visible()
    page.get_by_role("combobox", name="Отметки по каким предметам изменить").click()
    page.get_by_role("option", name="Математика").click()
    page.keyboard.press("Escape")
    settled(page)
    group = page.get_by_test_id("stRadio").filter(has_text="Математика — сейчас")
    group.locator("label").filter(has_text=re.compile("^2$")).click()
    page.get_by_role("button", name="Показать, что изменится").click()
    expect(page.get_by_text(re.compile("Математика: отметка 2,0 во всех четвертях"))).to_be_visible()
    expect(page.get_by_text(re.compile("Соответствие станет")).first).to_be_visible()
    settled(page)


def write_a_note(page: Page) -> None:
    """What was said, the next step with its day, and that the parents asked."""
    part(page, "Заметки и шаги")
    page.get_by_label(re.compile("О чём говорили")).fill("Склоняется к инженерному классу, боится физики")
    page.get_by_role("textbox", name="Следующий шаг").fill("принести результат пробного ОГЭ")
    page.get_by_role("spinbutton", name=re.compile("До какого дня")).first.click()
    page.keyboard.type("12122024")
    page.keyboard.press("Escape")
    page.get_by_text("Поговорить просили родители").click()
    page.get_by_role("button", name="Записать заметку").click()
    expect(page.get_by_text("Заметка записана.")).to_be_visible()
    settled(page)


def test_no_english_and_nothing_cut_on_a_small_laptop(page: Page, district: District) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page, 2)
    assert page.evaluate("document.documentElement.lang") == "ru"
    nothing_is_cut(page)


def test_a_page_has_security_headers_and_nothing_personal_in_its_address(page: Page, district: District) -> None:
    answer = httpx2.get(district.screens, follow_redirects=True)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert '<html lang="ru">' in answer.text
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    open_card(page)
    assert re.fullmatch(r"\?class=sch01-2024-25-9a&student=s[a-z0-9]{7}", page.url.removeprefix(f"{district.screens}/"))


def test_a_wrong_password_is_refused_in_russian(page: Page, district: District) -> None:
    page.goto(district.screens)
    page.get_by_label("Логин").fill("navigator")
    page.get_by_label("Пароль", exact=True).fill("ne-tot-parol")
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("alert")).to_contain_text("Логин или пароль")


def test_signing_out_closes_the_door(page: Page, district: District) -> None:
    sign_in(page, district, "navigator")
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_label("Логин")).to_be_visible()
    assert page.get_by_role("heading", name="Мои классы").count() == 0
    page.go_back()
    expect(page.get_by_label("Логин")).to_be_visible()


def test_an_address_holds_ids_and_finds_the_card_again(page: Page, district: District) -> None:
    sign_in(page, district, "navigator")
    open_ninth_grade(page)
    of_the_class = page.url
    assert of_the_class == f"{district.screens}/?class=sch01-2024-25-9a"
    open_card(page, 29)  # the last of the class: read far down
    of_the_card = page.url
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    assert re.fullmatch(re.escape(of_the_class) + r"&student=s[a-z0-9]{7}", of_the_card)
    name = page.locator("h1").inner_text()
    page.reload()
    expect(page.locator("h1")).to_have_text(name)  # and nobody was asked for a password
    page.go_back()
    expect(page.get_by_role("heading", name=re.compile("^9А, "))).to_be_visible()
    page.go_forward()
    expect(page.locator("h1")).to_have_text(name)
    settled(page)
    sign_out(page)
    page.goto(of_the_card)
    page.get_by_label("Логин").fill("metodist")
    page.get_by_label("Пароль", exact=True).fill(district.password)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("button", name="Выйти")).to_be_visible()
    settled(page)
    expect(page.get_by_text(name)).to_have_count(0)  # who sees no students sees none by an address


def test_the_methodologist_sees_the_list_and_no_names(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    sign_in(page, district, "metodist")
    expect(page.get_by_role("heading", name="Перечень востребованных профессий")).to_be_visible()
    expect(page.get_by_text("Действует перечень «krasnodar-2024H1»")).to_be_visible()
    expect(page.get_by_text("Что изменилось")).to_be_visible()
    assert page.get_by_text("Мои классы").count() == 0
    screenshot("demand")
    broken = b"edition,published,region,position,profession_title,spo_codes\n"
    page.locator("input[type=file]").set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": broken})
    page.get_by_role("button", name="Прочитать документ").click()
    expect(page.get_by_role("alert")).to_be_visible()
    screenshot("demand-refused")


def test_the_model_page_says_whether_to_rely_on_it(
    page: Page, district: District, screenshot: Callable[[str], None]
) -> None:
    sign_in(page, district, "navigator")
    page.get_by_role("link", name="Модель").click()
    expect(page.get_by_text(re.compile("Проверка пройдена"))).to_be_visible()
    screenshot("model")
