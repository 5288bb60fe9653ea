"""Titles of published lists and what they mean; doubtful ones are never accepted."""

import csv
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.spo_titles import FOLDER, LabelledTitle
from benchmarks.title_matching import wilson
from recommender.errors import TableValueError, UnknownCodeError
from recommender.reference import Reference, read_reference
from recommender.spo_titles import SpoTitles
from recommender.title_evidence import ACCEPTED_FROM, CONFIRM_FROM, WEIGHTS, Evidence
from recommender.title_matching import Remembered, TitleMatch, TitleMatcher
from recommender.title_words import Abbreviation, TitleReader, mended, parts_of

REFERENCE_DIR = Path("data/reference")
SHARE = st.floats(0.0, 1.0)
WORDS = "повар, медицинская сестра и (по отраслям) 43.01.09 врач - техник / c/х эл. 4 разряд"


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference(REFERENCE_DIR)


@pytest.fixture(scope="module")
def matcher(reference: Reference) -> TitleMatcher:
    return TitleMatcher(reference)


@pytest.mark.parametrize(
    ("title", "codes", "status", "spo_codes", "ground", "doubt"),
    [
        # by its name in the list in force, in the list of 2013, among the synonyms
        ("Сестринское дело", [], "accepted", ["34.02.01"], "title", None),
        ("Строительство и эксплуатация автомобильных дорог и аэродромов", [], "accepted", ["08.02.12"], "title", None),
        ("Токарь", [], "accepted", ["15.01.38"], "synonym", None),
        # in other cases, numbers and orders, with slips, Latin letters, ё, abbreviations, ranks and numbering
        ("подготовка сварщиков", [], "accepted", ["15.01.05", "15.02.19"], "lemmas", None),
        ("администратор системный", [], "accepted", ["09.02.06"], "lemmas", None),
        ("Информационые системы и програмирование", [], "accepted", ["09.02.07"], "fuzzy", None),
        ("Тoкapь", [], "accepted", ["15.01.38"], "synonym", None),
        ("3. Эл. монтёр по ремонту эл. сетей (4 разряда)", [], "accepted", ["13.01.07"], "title", None),
        ("Оператор БПЛА", [], "accepted", ["25.02.08"], "synonym", None),
        ("Мастер с/х производства", [], "accepted", ["35.01.27"], "lemmas", None),
        # a beginning that says it, whatever follows
        ("Медицинская сестра процедурного кабинета поликлиники", [], "accepted", ["34.02.01"], "synonym", None),
        # several professions; one of them unknown
        ("Каменщик, плотник", [], "accepted", ["08.01.24", "08.01.27"], "synonym", None),
        ("Повар, грузчик", [], "confirm", ["43.01.09", "43.02.15"], "synonym", "part_unknown"),
        # code and title agree; the code is closed, or of six digits, or of another classifier
        ("Повар", ["43.01.09"], "accepted", ["43.01.09"], "code", None),
        ("43.01.09 Повар, кондитер", [], "accepted", ["43.01.09"], "code", None),
        ("Парикмахер", ["43.01.02"], "accepted", ["43.02.17"], "code", None),
        ("Агрономия", ["110401"], "accepted", ["35.02.05"], "code", None),
        ("Повар", ["16675"], "accepted", ["43.01.09", "43.02.15"], "synonym", None),
        # they do not agree, or no list knows the code
        ("Повар", ["08.02.01"], "confirm", ["43.01.09", "43.02.15"], "synonym", "code_names_another"),
        ("Кинология", ["36.02.88"], "confirm", ["36.02.05"], "title", "code_unknown"),
        ("Каменщик, плотник", ["08.01.27"], "confirm", ["08.01.24", "08.01.27"], "synonym", "part_without_code"),
        # one code, two professions: only the title says which list is meant
        ("", ["15.02.09"], "confirm", ["15.02.09"], "code", "code_renamed"),
        ("Аддитивные технологии", ["15.02.09"], "accepted", ["15.02.09"], "code", None),
        ("Системы и средства диспетчерского управления", ["15.02.09"], "accepted", ["27.02.05"], "title", None),
        ("", ["34.02.01"], "accepted", ["34.02.01"], "code", None),
        # nothing that any profession is called by
        ("Итого по Мостовскому району", [], "unknown", [], "nothing", None),
        ("", [], "unknown", [], "nothing", None),
    ],
)
def test_what_titles_and_codes_mean(matcher, title, codes, status, spo_codes, ground, doubt):
    match = matcher.match(title, codes)
    assert (match.status, list(match.spo_codes), match.ground) == (status, spo_codes, ground)
    if doubt or status == "accepted":
        assert match.doubt == doubt


def test_higher_education_is_known_as_such_and_both_levels_stay_spo(matcher):
    doctor, teacher = matcher.match("Врач-терапевт участковый"), matcher.match("Учителя физики")
    assert (doctor.status, doctor.spo_codes, doctor.ground) == ("accepted", (), "higher")
    assert doctor.profiles == ("sci-med", "med-pre")
    assert teacher.profiles == ("hum-psyped", "ped-pre")
    for title in ("Учитель начальных классов", "Бухгалтер", "Программист", "Агроном", "Ветеринар"):
        both = matcher.match(title)
        assert both.status == "accepted", title
        assert both.spo_codes, title
        assert both.profiles, title
    assert matcher.match("Учитель физики", ["44.03.05"]).status == "accepted"
    assert matcher.match("Повар", ["19.03.04"]).doubt == "code_names_another"


def test_what_a_person_decided_is_remembered_in_any_case_but_a_code_may_contradict_it(reference):
    matcher = TitleMatcher(
        reference,
        {
            "Оператор склада": Remembered(("38.02.03",)),
            "Грузчик": Remembered(),
            "Куратор": Remembered((), ("soc-econ",)),
        },
    )
    again = matcher.match("Операторы склада")
    assert (again.status, again.spo_codes, again.ground) == ("accepted", ("38.02.03",), "remembered")
    none = matcher.match("грузчики")
    assert (none.status, none.spo_codes, none.profiles, none.ground) == ("accepted", (), (), "remembered")
    assert matcher.match("Куратор").profiles == ("soc-econ",)
    contradicted = matcher.match("Оператор склада", ["43.01.09"])
    assert (contradicted.status, contradicted.spo_codes) == ("confirm", ("38.02.03",))
    assert (contradicted.doubt, contradicted.doubtful_codes) == ("code_names_another", ("43.01.09",))
    despite_none = matcher.match("Грузчик", ["43.01.09"])
    assert (despite_none.status, despite_none.spo_codes) == ("confirm", ("43.01.09",))


def test_what_the_list_in_force_says_is_not_asked_about_again(matcher, reference):
    title = "Учитель начальных классов"
    by_itself = matcher.match(title)
    both = (*by_itself.spo_codes, "44.02.05")
    listed = TitleMatcher(reference, {title: Remembered(both, by_itself.profiles, is_listed=True)}).match(title)
    assert (listed.status, listed.spo_codes, listed.doubt) == ("accepted", both, None)
    decided = TitleMatcher(reference, {title: Remembered(both, by_itself.profiles)}).match(title)
    assert (decided.status, decided.spo_codes, decided.doubt) == ("confirm", both, "remembered_differs")


def test_twelve_codes_changed_their_profession(matcher, reference):
    renamed = [code for code in reference.spo if matcher.match("", [code]).doubt == "code_renamed"]
    assert len(renamed) == 12
    assert {"09.01.03", "15.02.09", "20.02.01", "51.02.03"} <= set(renamed)


def test_every_title_of_the_lists_leads_to_a_code_in_force(matcher, reference):
    for code, spo in reference.spo.items():
        match = matcher.match(spo.title_ru, [code])
        assert match.status == "accepted", spo
        assert match.spo_codes == (spo.successor_code or code,)


def test_candidates_are_three_at_most_the_likeliest_first(matcher, reference):
    match = matcher.match("Оператор котлов и турбин")
    assert match.status != "accepted"
    sure = [candidate.confidence for candidate in match.candidates]
    assert 1 <= len(sure) <= 3
    assert sure == sorted(sure, reverse=True)
    assert all(reference.spo[c.spo_code].title_ru == c.title_ru for c in match.candidates)


def is_sound(match: TitleMatch, reference: Reference) -> bool:
    in_force = all(reference.spo[code].status == "active" for code in match.spo_codes)
    sure = match.status != "accepted" or (match.confidence >= ACCEPTED_FROM and match.doubt is None)
    empty = match.status != "unknown" or not (match.spo_codes or match.profiles)
    return in_force and sure and empty and 0.0 <= match.confidence <= 1.0


@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_only_codes_in_force_come_out(title, codes):
    assert is_sound(ANY.match(title, codes), ANY_REFERENCE)


@given(
    st.lists(st.sampled_from(WORDS.split())),
    st.lists(
        st.sampled_from(["43.01.09", "43.01.02", "15.02.09", "060501", "16675", "44.03.01", "99.99.99", "21.01.13"])
    ),
)
@settings(max_examples=200, deadline=None)
def test_any_words_of_lists_are_read_and_alone_as_among_others(words, codes):
    title = " ".join(words)
    match = ANY.match(title, codes)
    assert is_sound(match, ANY_REFERENCE)
    assert ANY.match_all([("Токарь", ()), (title, codes), ("Токарь", ()), (title, codes)])[1::2] == [match, match]


ANY_REFERENCE = read_reference(REFERENCE_DIR)
ANY = TitleMatcher(ANY_REFERENCE)


def test_the_same_in_a_process_with_other_hashes(matcher):
    titles = ["Сварщик", "Техник-механик", "Информационые системы", "Повар, официант", "Оператор котлов"]
    command = (
        "import sys; from pathlib import Path; from recommender.reference import read_reference;"
        "from recommender.title_matching import TitleMatcher;"
        "m = TitleMatcher(read_reference(Path('data/reference')));"
        "print([m.match(t) for t in sys.argv[1:]])"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", command, *titles],
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8", "PATH": "/usr/bin"},
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        assert done.stdout.strip() == str([matcher.match(title) for title in titles])


def test_matching_loads_neither_pandas_nor_scikit_learn_and_reading_no_dictionary():
    command = (
        "import sys; import recommender.title_matching;"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'pandas', 'sklearn', 'scipy', 'joblib', 'pymorphy3'}))"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


@given(SHARE, SHARE, SHARE, SHARE, st.sampled_from(["of_title", "of_name", "margin", "exact"]))
def test_more_evidence_is_never_less_sure(of_title, of_name, margin, more, name):
    before = {"of_title": of_title, "of_name": of_name, "margin": margin, "exact": 0.0}
    after = before | {name: max(before[name], more)}
    assert Evidence(**after).confidence >= Evidence(**before).confidence


def test_thresholds_ascend_and_weights_but_the_constant_speak_for_a_guess():
    assert 0.0 < CONFIRM_FROM < ACCEPTED_FROM < 1.0
    assert WEIGHTS["constant"] < 0.0
    assert all(weight >= 0.0 for name, weight in WEIGHTS.items() if name != "constant")
    assert Evidence(1.0, 1.0, 1.0, 1.0).confidence > ACCEPTED_FROM


def test_confidence_by_hand():
    log_odds = WEIGHTS["constant"] + 0.25 * WEIGHTS["of_title"] + WEIGHTS["of_name"] + 0.5 * WEIGHTS["margin"]
    confidence = Evidence(of_title=0.5, of_name=1.0, margin=0.15).confidence
    assert confidence / (1.0 - confidence) == pytest.approx(2.718281828459045**log_odds)


def test_words_of_a_title():
    reader = TitleReader(
        [Abbreviation("с/х", "сельскохозяйственный", "anywhere"), Abbreviation("эл.", "электро", "glued")]
    )
    assert reader.read("2.3. Требуются тракторист-машинист с/х производства*").lemmas == (
        "тракторист", "машинист", "сельскохозяйственный", "производство",
    )  # fmt: skip
    assert reader.read("Эл. монтажник 5 разряда").text == "электромонтажник"
    assert reader.read("Сестринское дело (060501)").codes == ("060501",)
    assert mended("Kpовельщик WEB") == "Кровельщик WEB"
    assert parts_of("повар; пекарь, кондитер / официант") == ("повар", "пекарь", "кондитер", "официант")


def test_a_word_of_russian_is_no_slip_of_another(reference):
    titles = SpoTitles(reference, TitleReader(reference.titles.abbreviations))
    assert titles.known_as("сваршик", "сваршик") == ("сварщик", pytest.approx(1 - 0.5 / 7))
    assert titles.known_as("кассета", "кассета") is None  # one letter from кассир is another word
    assert titles.known_as("трактор", "трактор") != ("тракторист", 1.0)


def broken(tmp_path: Path, table: str, old: str, new: str) -> Path:
    folder = tmp_path / "reference"
    shutil.copytree(REFERENCE_DIR, folder)
    text = (folder / table).read_text(encoding="utf-8")
    assert old in text
    (folder / table).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("table", "old", "new", "error", "message"),
    [
        ("profession_synonyms.csv", "15.01.38", "15.01.99", UnknownCodeError, "15.01.99 is not in the codes in force"),
        ("profession_synonyms.csv", "\nавтослесарь,", "\nавтомеханик,", TableValueError, "автомеханик stands twice"),
        ("profession_synonyms.csv", ",whole,", ",part,", TableValueError, "match must be one of whole, first"),
        ("higher_professions.csv", ",both,", ",all,", TableValueError, "level must be one of higher, both"),
        ("higher_professions.csv", "sci-med", "sci-none", UnknownCodeError, "sci-none is not in profiles.csv"),
        ("title_abbreviations.csv", ",glued", ",near", TableValueError, "place must be one of anywhere, end, glued"),
    ],
)
def test_broken_tables_are_refused_with_the_place(tmp_path, table, old, new, error, message):
    with pytest.raises(error, match=message) as caught:
        read_reference(broken(tmp_path, table, old, new))
    assert table in str(caught.value)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.csv")), ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_labelled_titles_are_whole_and_split_by_their_hash(path, reference):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({(row["title"], row["written_codes"]) for row in rows}) == len(rows)
    for row in rows:
        codes = row.get("spo_codes", "").replace("&", ";").split(";")
        assert all(reference.spo[code].status == "active" for code in codes if code), row
        assert all(profile in reference.profiles for profile in row.get("profiles", "").split(";") if profile), row
        if path.parent == FOLDER:
            first = hashlib.sha256(f"{row['title']}|{row['written_codes']}".encode()).digest()[0]
            assert row["half"] == ("tune" if first % 2 == 0 else "hold"), row


def test_enough_titles_are_labelled():
    counts = {name: len((FOLDER / name).read_text().splitlines()) - 1 for name in ("labelled.csv", "not_spo.csv")}
    assert counts["labelled.csv"] >= 360
    assert counts["not_spo.csv"] >= 100


def test_right_is_all_that_a_title_names_and_nothing_else():
    parts = (frozenset({"43.01.09", "43.02.15"}), frozenset({"43.01.01"}))
    labelled = LabelledTitle("Повар, официант", (), parts, "spo", "several", False, frozenset())
    assert labelled.is_meant(("43.01.01", "43.01.09"))
    assert not labelled.is_meant(("43.01.09",))
    assert not labelled.is_meant(("43.01.01", "43.01.09", "08.01.27"))
    assert not labelled.is_meant(())


def test_wilson_by_hand():
    low, high = wilson(8, 10)  # a textbook's example
    assert (round(low, 2), round(high, 2)) == (0.49, 0.94)
    assert wilson(0, 0) == (0.0, 1.0)
