"""A published list read line by line: a worked example, the twelve samples, edges, and no row vanishes silently."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.document import Document, DocumentRow, DocumentTable
from recommender.errors import TableValueError
from recommender.published_list import ListedTitle, PublishedList, read_listed
from service.documents.reading import read_document

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "fixtures" / "demand"


def read_column(path: Path, column: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


REFERENCE = ROOT / "data" / "reference"
SPO_TITLES = read_column(REFERENCE / "spo_specialties.csv", "title_ru") + read_column(
    REFERENCE / "spo_2013.csv", "name"
)


def grid(*rows: tuple[str, ...], title: str = "") -> DocumentTable:
    """A table without merged cells; `B3` is the second cell of the third row."""
    width = max((len(row) for row in rows), default=0)
    return DocumentTable(
        title,
        tuple(
            DocumentRow(
                row + ("",) * (width - len(row)), tuple(f"{chr(65 + column)}{number}" for column in range(width))
            )
            for number, row in enumerate(rows, start=1)
        ),
    )


def lines(text: str) -> DocumentTable:
    return grid(*[(line.strip(),) for line in text.strip().splitlines()])


def listed(*tables: DocumentTable) -> PublishedList:
    return read_listed(Document("text", tables), SPO_TITLES)


def named(read: PublishedList) -> list[str]:
    return [title.title for title in read.titles]


def test_a_list_that_a_pencil_can_check() -> None:
    read = listed(
        grid(
            ("Перечень востребованных профессий Тульской области на II полугодие 2024 года",),
            ("№", "Наименование профессии", "Код", "Потребность, чел."),
            ("Строительство",),
            ("1", "Каменщик*", "08.01.27", "1 250"),
            ("2", "Повар, кондитер; пекарь", "", "ок. 300"),
            ("Итого", "", "", "1 550"),
            ("* с учётом вахты",),
        )
    )
    assert read.titles == (
        ListedTitle(1, "Каменщик", ("08.01.27",), "Строительство", "current", None, 1250, "B4"),
        ListedTitle(2, "Повар, кондитер", (), "Строительство", "current", None, 300, "B5"),
        ListedTitle(3, "пекарь", (), "Строительство", "current", None, 300, "B5"),
    )
    assert (read.region, read.half_year) == ("Тульская область", "2024-H2")
    assert [(row.place, row.why) for row in read.ignored] == [
        ("A1", "заголовок документа"),
        ("A2", "шапка таблицы"),
        ("A3", "раздел"),
        ("A6", "итог"),
        ("A7", "примечание"),
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SAMPLES.glob("[01]*")) if not path.name.endswith(".expected.csv")],
    ids=lambda path: path.name,
)
def test_every_row_of_a_sample_is_found_and_none_is_invented(path: Path) -> None:
    read = read_listed(read_document(path.read_bytes(), path.name), SPO_TITLES)
    with path.with_suffix(".expected.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.reader(file))[1:]
    found = [
        [title.position, title.title, ";".join(title.written_codes), title.section, title.horizon, title.level,
         title.vacancies] for title in read.titles
    ]  # fmt: skip
    assert [["" if cell is None else str(cell) for cell in row] for row in found] == expected
    assert 20 <= len(expected) <= 60


def test_there_are_twelve_samples() -> None:
    assert len(list(SAMPLES.glob("*.expected.csv"))) == 12


@pytest.mark.parametrize(
    ("cell", "titles"),
    [
        ("Повар, кондитер", ["Повар, кондитер"]),  # one title of SPO
        ("Официант, бармен, пекарь", ["Официант, бармен", "пекарь"]),
        ("Токарь, фрезеровщик / шлифовщик", ["Токарь", "фрезеровщик", "шлифовщик"]),
        ("Медицинская сестра / медицинский брат", ["Медицинская сестра / медицинский брат"]),  # one, in two genders
        ("Оператор ПК / оператор ЭВМ", ["Оператор ПК", "оператор ЭВМ"]),
        ("Тракторист-машинист с/х производства", ["Тракторист-машинист с/х производства"]),
        (
            "Электромонтажник по сигнализации, централизации и блокировке",
            ["Электромонтажник по сигнализации, централизации и блокировке"],
        ),
        ("Слесарь по ремонту, наладке\nи обслуживанию станков", ["Слесарь по ремонту, наладке и обслуживанию станков"]),
        ("Слесарь-\nремонтник", ["Слесарь-ремонтник"]),
        ("Повар\nОфициант", ["Повар", "Официант"]),
        ("1. Токарь\n2. Фрезеровщик", ["Токарь", "Фрезеровщик"]),
        ("Водитель автомобиля\nкатегории «C»", ["Водитель автомобиля категории «C»"]),
        ("Машинист крана (крановщик; стропальщик)", ["Машинист крана (крановщик; стропальщик)"]),
        ("Сварщик¹)", ["Сварщик"]),
        ("Каменщик, штукатур, маляр, плотник", ["Каменщик", "штукатур", "маляр", "плотник"]),
        (
            "Врачи всех специальностей, средний медицинский персонал",
            ["Врачи всех специальностей, средний медицинский персонал"],
        ),
        ("19756 Электрогазосварщик", ["Электрогазосварщик"]),  # OKPDTR: no code of SPO
        ("Сварщик (код ОКПДТР 19906)", ["Сварщик"]),
    ],
)
def test_professions_of_one_cell(cell: str, titles: list[str]) -> None:
    read = listed(grid(("Профессия", "Чел."), (cell, "5")))
    assert named(read) == titles
    assert [title.written_codes for title in read.titles] == [()] * len(titles)


@pytest.mark.parametrize(
    ("title", "code", "expected"),
    [
        ("Сварщик (15.01.05)", "", ("Сварщик", ("15.01.05",))),
        ("15.01.05 Сварщик", "", ("Сварщик", ("15.01.05",))),
        ("Сварщик", "15. 01.05", ("Сварщик", ("15.01.05",))),
        ("Мастер отделочных работ", "О8.01.28", ("Мастер отделочных работ", ("08.01.28",))),  # a letter for a nought
        ("Мастер отделочных работ", "08.01.2028", ("Мастер отделочных работ", ("08.01.28",))),  # Excel saw a date
        ("Мастер отделочных работ", "8.01.28", ("Мастер отделочных работ", ("08.01.28",))),
        ("Архитектура", "270101.51", ("Архитектура", ("270101.51",))),
        ("", "270101", ("", ("270101",))),  # a code without a title stays a row
        ("Учитель", "44.02.02; 44.02.05", ("Учитель", ("44.02.02", "44.02.05"))),
        ("Грузчик", "—", ("Грузчик", ())),
        ("Сварщик", "19906", ("Сварщик", ())),  # five digits: OKPDTR
    ],
)
def test_codes_as_written(title: str, code: str, expected: tuple[str, tuple[str, ...]]) -> None:
    read = listed(grid(("Код", "Наименование профессии", "Чел."), (code, title, "5")))
    assert [(row.title, row.written_codes) for row in read.titles] == [expected]


def test_as_many_codes_as_titles_are_dealt_out() -> None:
    read = listed(grid(("Профессии", "Коды"), ("Токарь\nМаляр\nШтукатур", "15.01.33; 08.01.28; 08.01.28")))
    assert [(row.title, row.written_codes) for row in read.titles] == [
        ("Токарь", ("15.01.33",)),
        ("Маляр", ("08.01.28",)),
        ("Штукатур", ("08.01.28",)),
    ]


@pytest.mark.parametrize(
    ("header", "cell", "level", "vacancies"),
    [
        ("Потребность", "12,0", None, 12),
        ("Потребность", "более 1000", None, 1000),
        ("Потребность", "двадцать пять", None, 25),
        ("Потребность", "1,5 тыс. чел.", None, 1500),
        ("Потребность", "высокая", 4, None),
        ("Потребность", "единичная", None, None),
        ("Уровень востребованности", "4", 4, None),
        ("Степень востребованности", "очень высокая", 5, None),
        ("Востребованность", "остродефицитная", 5, None),
        ("Востребованность", "+", None, None),
        ("Уровень образования", "5", None, None),  # another level
        ("Средняя зарплата", "45000", None, None),
        ("Количество рабочих мест", "45 (из них 5 временных)", None, 45),
        ("Пoтребность", "высoкая", 4, None),  # Latin o
    ],
)
def test_level_and_need(header: str, cell: str, level: int | None, vacancies: int | None) -> None:
    read = listed(grid(("№", "Профессия", header), ("1", "Сварщик", cell)))
    assert [(row.level, row.vacancies) for row in read.titles] == [(level, vacancies)]


def test_ranks_become_levels() -> None:
    read = listed(grid(("Ранг", "Профессия"), *[(str(rank), f"Оператор станка {rank}") for rank in range(1, 11)]))
    assert [row.level for row in read.titles] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            grid(("Профессия", "Востребованные", "Перспективные"), ("Сварщик", "+", ""), ("Робототехник", "", "+")),
            [("Сварщик", "current"), ("Робототехник", "perspective")],
        ),
        (
            grid(("Востребованные профессии", "Перспективные профессии"), ("Сварщик", "Робототехник")),
            [("Сварщик", "current"), ("Робототехник", "perspective")],
        ),
        (
            grid(("Профессия", "Текущая потребность", "Перспективная потребность"), ("Сварщик", "", "5")),
            [("Сварщик", "perspective")],
        ),
        (
            lines("Сварщик\nПовар\nПерспективные профессии\nОператор БПЛА"),
            [("Сварщик", "current"), ("Повар", "current"), ("Оператор БПЛА", "perspective")],
        ),
    ],
)
def test_now_and_later(table: DocumentTable, expected: list[tuple[str, str]]) -> None:
    assert [(row.title, row.horizon) for row in listed(table).titles] == expected


def test_sections_are_known_by_a_group_code_a_roman_number_and_a_number_that_others_go_into() -> None:
    read = listed(
        grid(
            ("№", "Профессия", "Код"),
            ("08.00.00", "Техника и технологии строительства", ""),
            ("1", "Кровельщик", "08.01.04"),
            ("II", "Медицина", ""),
            ("2", "Фельдшер", "31.02.01"),
            ("3", "Хозяйство", ""),
            ("3.1", "Сантехник", "08.01.29"),
        )
    )
    assert [(row.title, row.section) for row in read.titles] == [
        ("Кровельщик", "Техника и технологии строительства"),
        ("Фельдшер", "Медицина"),
        ("Сантехник", "Хозяйство"),
    ]


def test_a_lone_cell_among_full_rows_is_a_title_only_if_it_sounds_like_one() -> None:
    read = listed(
        grid(
            ("Профессия", "Чел."),
            ("Бытовое обслуживание", ""),
            ("Парикмахер", "5"),
            ("Закройщик", "3"),
            ("Швея", "12"),
            ("Косметик", ""),
            ("Поварское и кондитерское дело", ""),
        )
    )
    assert [(row.title, row.section) for row in read.titles] == [
        (title, "Бытовое обслуживание")
        for title in ("Парикмахер", "Закройщик", "Швея", "Косметик", "Поварское и кондитерское дело")
    ]


def test_a_title_merged_over_rows_is_one_title_with_both_codes() -> None:
    rows = (
        DocumentRow(("Профессия", "Код", "Чел."), ("A1", "B1", "C1")),
        DocumentRow(("Сварщик", "15.01.05", "5"), ("A2", "B2", "C2")),
        DocumentRow(("Сварщик", "15.02.19", "7"), ("A2", "B3", "C3")),
    )
    read = listed(DocumentTable("", rows))
    assert [(row.title, row.written_codes, row.vacancies) for row in read.titles] == [
        ("Сварщик", ("15.01.05", "15.02.19"), 12)
    ]


def test_a_title_that_a_page_cut_is_joined_and_said_so() -> None:
    read = listed(
        grid(
            ("№", "Наименование", "Код"),
            ("1", "Электромонтер по ремонту и", "13.01.10"),
            ("", "обслуживанию электрооборудования", ""),
            ("2", "Повар", "43.01.09"),
        )
    )
    assert named(read) == ["Электромонтер по ремонту и обслуживанию электрооборудования", "Повар"]
    assert ("B3", "продолжение строки выше") in [(row.place, row.why) for row in read.ignored]


def test_a_table_that_goes_on_over_a_page_keeps_its_columns() -> None:
    first = grid(
        ("№", "Чел.", "Наименование", "Код"), ("1", "5", "Токарь", "15.01.33"), ("2", "8", "Электромонтер по", "")
    )
    second = grid(
        ("", "", "ремонту линий", ""), ("3", "4", "Повар", "43.01.09"), ("Медицина",), ("4", "7", "Фельдшер", "")
    )
    read = listed(first, lines("2"), second)
    assert [(row.title, row.vacancies, row.section) for row in read.titles] == [
        ("Токарь", 5, None),
        ("Электромонтер по ремонту линий", 8, None),
        ("Повар", 4, None),
        ("Фельдшер", 7, "Медицина"),
    ]


def test_a_table_without_a_header_is_understood_by_its_cells() -> None:
    read = listed(grid(("1", "Сварщик", "15.01.05", "120"), ("2", "Токарь", "15.01.33", "7"), ("3", "Бармен", "", "3")))
    assert [(row.title, row.written_codes, row.vacancies) for row in read.titles] == [
        ("Сварщик", ("15.01.05",), 120),
        ("Токарь", ("15.01.33",), 7),
        ("Бармен", (), 3),
    ]


def test_two_columns_of_titles_each_with_its_codes() -> None:
    read = listed(
        grid(
            ("Отрасль", "Профессии", "Код", "Специальности", "Код"),
            ("АПК", "Пчеловод", "35.01.20", "Зоотехния", "36.02.03"),
            ("", "Тракторист", "", "Ветеринария", "36.02.01"),
        )
    )
    assert [(row.title, row.written_codes, row.section) for row in read.titles] == [
        ("Пчеловод", ("35.01.20",), "АПК"),
        ("Зоотехния", ("36.02.03",), "АПК"),
        ("Тракторист", (), "АПК"),
        ("Ветеринария", ("36.02.01",), "АПК"),
    ]


def test_a_header_of_two_rows_with_groups_of_spo_and_years() -> None:
    read = listed(
        grid(
            ("№", "Код и наименование УГПС", "Код профессии", "Наименование профессии", "Кадровая потребность, чел."),
            ("", "", "", "", "2024", "2025"),
            ("1", "08.00.00 Техника и технологии строительства", "08.01.27", "Каменщик", "10", "12"),
            ("2", "", "08.01.04", "Кровельщик", "5", "6"),
        )
    )
    section = "Техника и технологии строительства"
    assert [(row.title, row.written_codes, row.section, row.vacancies) for row in read.titles] == [
        ("Каменщик", ("08.01.27",), section, 10),
        ("Кровельщик", ("08.01.04",), section, 5),
    ]


def test_latin_letters_in_a_header_and_in_a_title() -> None:
    read = listed(grid(("№", "Нaименование прoфессии", "Кoд"), ("1", "Пoвар, кондитер", "43.01.O9")))
    assert [(row.title, row.written_codes) for row in read.titles] == [("Пoвар, кондитер", ("43.01.09",))]  # as printed


def test_need_and_level_at_the_end_of_a_line() -> None:
    read = listed(
        lines(
            "Рейтинг профессий Республики Карелия\n1. Врач — очень высокая потребность\n2. Медсестра — высокая\n"
            "3. Водитель кат. B, C - 350 вакансий (остродефицитная)\n"
            "4. Тракторист с/х пр-ва: 120\n5. Пекарь ..... 1 200 чел."
        )
    )
    assert [(row.title, row.level, row.vacancies) for row in read.titles] == [
        ("Врач", 5, None),
        ("Медсестра", 4, None),
        ("Водитель кат. B, C", 5, 350),
        ("Тракторист с/х пр-ва", None, 120),
        ("Пекарь", None, 1200),
    ]
    assert read.region == "Республика Карелия"


def test_a_document_that_is_no_list_is_refused() -> None:
    with pytest.raises(TableValueError, match="more than 10000 rows or 500000 letters; leave nothing but the list"):
        listed(grid(*[("Повар",)] * 20_001))


def test_a_text_too_long_for_a_line_is_ignored_by_name() -> None:
    read = listed(grid(("Профессия", "Код"), ("Повар " * 400, ""), ("Пекарь", "")))
    assert named(read) == ["Пекарь"]
    assert ("A2", "слишком длинный текст для строки перечня") in [(row.place, row.why) for row in read.ignored]


@pytest.mark.parametrize(
    ("heading", "region", "half_year"),
    [
        ("Перечень профессий Краснодарского края на второе полугодие 2023 года", "Краснодарский край", "2023-H2"),
        ("Список профессий Чеченской Республики, 1-е полугодие 2025 г.", "Чеченская Республика", "2025-H1"),
        ("Список профессий Республики Татарстан на 1 июля 2024 года", "Республика Татарстан", "2024-H2"),
        ("Перечень профессий Тульской области, январь–июнь 2026 года", "Тульская область", "2026-H1"),
        ("Перечень профессий, востребованных в Российской Федерации в 2024 году", "Российская Федерация", None),
        ("Перечень востребованных профессий", None, None),
    ],
)  # fmt: skip
def test_what_a_heading_says(heading: str, region: str | None, half_year: str | None) -> None:
    read = listed(lines(f"{heading}\n1. Сварщик\n2. Исполнитель художественно-оформительских работ"))
    assert (read.heading, read.region, read.half_year) == (heading, region, half_year)
    assert len(read.titles) == 2


def test_sheets_of_districts_are_sections() -> None:
    north = grid(("Профессия", "Чел."), ("Сварщик", "2"), title="Северный район")
    south = grid(("Профессия", "Чел."), ("Повар", "3"), title="Южный район")
    read = listed(north, south)
    assert [(row.title, row.section) for row in read.titles] == [
        ("Сварщик", "Северный район"),
        ("Повар", "Южный район"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. Строительство\n- каменщик;\n- маляр.\n2. Медицина\n- фельдшер.", ["каменщик", "маляр", "фельдшер"]),
        ("1. Стройка\n1.1. Каменщик\n1.2. Маляр\n2. Медицина\n2.1. Фельдшер", ["Каменщик", "Маляр", "Фельдшер"]),
        ("1) каменщик\n2) маляр\n3) повар", ["каменщик", "маляр", "повар"]),
        ("15.01.05 Сварщик\n43.01.09 Повар, кондитер", ["Сварщик", "Повар, кондитер"]),
        ("15.01.05\n43.01.09", ["", ""]),
        ("Сварщик - 120\nВодитель категории С - 300\nПекарь", ["Сварщик", "Водитель категории С", "Пекарь"]),
        ("1 Сварщик 15.01.05 120\n2 Повар, кондитер 43.01.09 15", ["Сварщик", "Повар, кондитер"]),
    ],
)  # fmt: skip
def test_lists_without_a_table(text: str, expected: list[str]) -> None:
    assert named(listed(lines(text))) == expected


def test_text_beside_tables_gives_sections_and_numbered_professions_but_no_sentences() -> None:
    read = listed(
        lines("Перечень профессий\nРаздел 1. Строительство"),
        grid(("№", "Профессия", "Код"), ("1", "Каменщик", "08.01.27")),
        lines(
            "Перспективные:\n1. Оператор БПЛА\n2. Робототехник\nПеречень составлен по заявкам работодателей области."
        ),
    )
    assert [(row.title, row.section, row.horizon) for row in read.titles] == [
        ("Каменщик", "Строительство", "current"),
        ("Оператор БПЛА", None, "perspective"),
        ("Робототехник", None, "perspective"),
    ]


def test_our_own_csv_is_read_too() -> None:
    path = ROOT / "data" / "demand" / "krasnodar-2024H1.csv"
    read = read_listed(read_document(path.read_bytes(), path.name), SPO_TITLES)
    assert (read.region, read.half_year) == ("Краснодарский край", "2024-H1")
    assert [";".join(row.written_codes) for row in read.titles] == read_column(path, "spo_codes")


def test_what_was_not_read_of_the_file_is_among_the_ignored() -> None:
    read = read_listed(Document("xlsx", (), (("Лист2", "лист скрыт"),)))
    assert [(row.place, row.why) for row in read.ignored] == [("Лист2", "лист скрыт")]
    assert read.titles == ()


@pytest.mark.parametrize("need", ["1000", "2024"])  # the second reads like a year of a header
def test_a_need_beside_a_title_that_holds_a_header_word_is_no_second_row_of_the_header(need: str) -> None:
    title = "Техническое обслуживание и ремонт радиоэлектронной техники (по отраслям)"
    header = ("Потребность", "Профессия")
    read = listed(grid(header, (need, title), header, (need, title)))
    assert [(row.title, row.vacancies) for row in read.titles] == [(title, int(need))] * 2


TITLE_HEADERS = st.sampled_from(
    ["Профессия", "Наименование профессии", "Наименование профессии (специальности)", "Специальность СПО",
     "Профессия/специальность/должность", "Наименование", "НАИМЕНОВАНИЕ ПРОФЕССИЙ И СПЕЦИАЛЬНОСТЕЙ"]
)  # fmt: skip
CODE_HEADERS = st.sampled_from(["Код", "Код профессии", "Код по перечню", "Коды СПО", "Код специальности"])
NEED_HEADERS = st.sampled_from(
    ["Потребность", "Кол-во вакансий", "Число вакансий, ед.", "Заявленная потребность, чел.", "Требуется, человек"]
)
LEVEL_HEADERS = st.sampled_from(["Уровень востребованности", "Востребованность", "Степень востребованности"])
SECTIONS = st.sampled_from(["Строительство", "Лесное хозяйство", "Северный район", "Пищевая промышленность"])


@st.composite
def layouts(
    draw: st.DrawFn,
) -> tuple[DocumentTable, list[tuple[str, tuple[str, ...], str | None, int | None, int | None]]]:
    """A table as somebody may lay it out, and what it says."""
    columns = ["title", *draw(st.sets(st.sampled_from(["code", "need", "level"]), min_size=1))]
    columns = [*(["number"] if draw(st.booleans()) else []), *draw(st.permutations(sorted(columns)))]
    headers = {"number": "№ п/п", "title": draw(TITLE_HEADERS), "code": draw(CODE_HEADERS),
               "need": draw(NEED_HEADERS), "level": draw(LEVEL_HEADERS)}  # fmt: skip
    header = tuple(headers[column] for column in columns)
    table, said, section = [header], [], None
    for number, title in enumerate(draw(st.lists(st.sampled_from(SPO_TITLES), min_size=1, max_size=12)), start=1):
        if draw(st.integers(0, 4)) == 0:
            section = draw(SECTIONS)
            table.append((section,) * len(columns))
        if draw(st.integers(0, 9)) == 0:
            table.append(header)
        need, level = draw(st.integers(0, 9999)), draw(st.integers(1, 5))
        code = f"{draw(st.integers(8, 54)):02}.{draw(st.sampled_from(['01', '02']))}.{draw(st.integers(1, 40)):02}"
        cells = {"number": f"{number}{draw(st.sampled_from(['', '.', ')']))}", "title": title, "code": code,
                 "need": f"{need:,}".replace(",", draw(st.sampled_from(["", " ", "\u00a0"]))),
                 "level": {5: "очень высокая", 4: "высокая", 3: "средняя", 2: "низкая", 1: "1"}[level]}  # fmt: skip
        table.append(tuple(cells[column] for column in columns))
        said.append(
            (title, (code,) if "code" in columns else (), section, level if "level" in columns else None,
             need if "need" in columns else None)
        )  # fmt: skip
    made = grid(*table)
    rows = tuple(
        DocumentRow(row.cells, (row.places[0],) * len(row.places)) if len(set(row.cells)) == 1 else row
        for row in made.rows
    )
    return DocumentTable("", rows), said


@settings(max_examples=200, deadline=None)
@given(layouts())
def test_any_layout_of_a_table_says_the_same(
    made: tuple[DocumentTable, list[tuple[str, tuple[str, ...], str | None, int | None, int | None]]],
) -> None:
    table, said = made
    read = listed(table)
    assert [(row.title, row.written_codes, row.section, row.level, row.vacancies) for row in read.titles] == said


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(SPO_TITLES), st.integers(1, 9999)), min_size=2, max_size=12),
    st.sampled_from(["{n}. {t} ({c}) — {v} чел.", "{n}) {c} {t} - {v} вакансий;", "{n}. {t} – {v} человек ({c})"]),
)
def test_any_numbered_list_says_the_same(items: list[tuple[str, int]], shape: str) -> None:
    text = "\n".join(shape.format(n=n, t=title, c="08.01.27", v=v) for n, (title, v) in enumerate(items, start=1))
    assert [(row.title, row.written_codes, row.vacancies) for row in listed(lines(text)).titles] == [
        (title, ("08.01.27",), need) for title, need in items
    ]


WORDS = st.sampled_from(
    ["", " ", "Сварщик", "Повар, кондитер", "15.01.05", "270101", "1", "2.", "5", "Итого", "Строительство", "* сноска",
     "Код", "Наименование профессии", "№", "Перспективные", "высокая", "каменщик;\nмаляр", "(", ";", "ок. 300", "I."]
)  # fmt: skip
CELLS = st.one_of(WORDS, st.text(max_size=12))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.integers(1, 5).flatmap(lambda w: st.lists(st.lists(CELLS, min_size=w, max_size=w), max_size=9)), max_size=3
    )
)
def test_any_grid_is_read_and_no_row_vanishes(tables: list[list[list[str]]]) -> None:
    document = Document(
        "text",
        tuple(
            DocumentTable(
                "",
                tuple(
                    DocumentRow(tuple(row), tuple(f"T{number}R{line}C{column}" for column in range(len(row))))
                    for line, row in enumerate(rows)
                ),
            )
            for number, rows in enumerate(tables)
        ),
    )
    read = read_listed(document, SPO_TITLES[:50])
    told = {title.source_cell for title in read.titles} | {row.place for row in read.ignored}
    for table in document.tables:
        for row in table.rows:
            assert not row.printed() or told & set(row.places)
    assert all(title.title or title.written_codes for title in read.titles)
    assert [title.position for title in read.titles] == list(range(1, len(read.titles) + 1))
