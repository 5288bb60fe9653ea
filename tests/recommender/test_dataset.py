"""Anybody's table of choices, described by a small TOML file."""

from pathlib import Path

import numpy as np
import pytest

from recommender.dataset import _in_order, read_dataset
from recommender.dataset_contest import OURS, LeftOut, hold_contest
from recommender.errors import TableValueError
from recommender.rivals import PACKAGES

EXAMPLE = Path(__file__).parents[2] / "data" / "bench_example"
FILES = {
    "dataset.toml": """
title = "Two clubs"
data = "synthetic"
[students]
file = "students.csv"
id = "student"
features = ["music"]
[options]
file = "options.csv"
id = "club"
features = ["sings", "fee"]
[choices]
file = "choices.csv"
student = "student"
option = "club"
relevance = "grade"
time = "year"
""",
    "students.csv": "student,music\na,2\nb,\n",
    "options.csv": "club,sings,fee\nchoir,1,3\nchess,0,5\n",
    "choices.csv": (
        "student,club,year,grade\na,choir,2023,2\na,chess,2023,0\nb,choir,2023,0\nb,chess,2023,1\n"
        "a,choir,2024,0\na,chess,2024,1\n"
    ),
}


@pytest.fixture
def write(tmp_path):
    """A folder of FILES with some of them replaced; None = not there."""

    def written(**changed: str | None) -> Path:
        for name, text in (FILES | {key.replace("_", "."): text for key, text in changed.items()}).items():
            if text is not None:
                (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return written


def test_the_last_time_is_held_back_and_terms_are_products(write):
    dataset = read_dataset(write())
    assert dataset.term_names == ("music x sings", "music x fee", "sings", "fee")
    assert dataset.asked.terms.tolist() == [[2, 6, 1, 3], [0, 10, 0, 5]]
    assert dataset.asked.relevance.tolist() == [0, 1]
    assert dataset.known.terms[2:, 0].tolist() == [0, 0]  # nothing is known of b's music
    assert (len(dataset.known), len(dataset.asked)) == (2, 1)


def test_named_terms_replace_all_products(write):
    text = FILES["dataset.toml"] + '[terms]\nsinging = ["music", "sings"]\n'
    dataset = read_dataset(write(dataset_toml=text))
    assert dataset.term_names == ("singing",)
    assert dataset.asked.terms.tolist() == [[2], [0]]


def test_what_is_not_listed_was_passed_over_where_everything_was_offered(write):
    text = FILES["dataset.toml"] + 'offered = "all"\n'
    text = text.replace('relevance = "grade"\n', "")
    choices = "student,club,year\na,choir,2023\nb,chess,2023\na,chess,2024\n"
    dataset = read_dataset(write(dataset_toml=text, choices_csv=choices))
    assert dataset.known.relevance.tolist() == [1, 0, 0, 1]
    assert dataset.known.pathways.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("changed", "fault", "facts"),
    [
        ({"options_csv": None}, "missing_file", {"file": "options.csv"}),
        ({"dataset_toml": None}, "missing_file", {"file": "dataset.toml"}),
        ({"dataset_toml": "title = "}, "not_toml", {"file": "dataset.toml"}),
        ({"dataset_toml": "[students]\nfile = 'x'\n"}, "missing_key", {"column": "students.id"}),
        ({"students_csv": "student\na\nb\n"}, "missing_column", {"file": "students.csv", "column": "music"}),
        (
            {"students_csv": "student,music\na,loud\nb,1\n"},
            "not_a_number",
            {"row": 2, "column": "music", "found": "loud"},
        ),
        ({"students_csv": "student,music\na,1\nb,nan\n"}, "not_a_number", {"row": 3}),
        ({"students_csv": "student,music\na,1\na,2\n"}, "twice", {"row": 3, "found": "a"}),
        ({"students_csv": "student,music\na\n"}, "wrong_length", {"row": 2}),
        ({"students_csv": "student,music\na,1\n"}, "unknown_id", {"file": "choices.csv", "row": 4, "found": "b"}),
        ({"choices_csv": FILES["choices.csv"] + "a,chess,2024,1\n"}, "twice", {"row": 8, "found": "chess"}),
        ({"choices_csv": "student,club,year,grade\na,choir,2024,1\n"}, "nothing_to_judge", {"file": "choices.csv"}),
        ({"choices_csv": FILES["choices.csv"].replace("2024,0", "2024,-1")}, "below_zero", {"row": 6, "found": -1.0}),
        (
            {"dataset_toml": FILES["dataset.toml"].replace('["music"]', '"music"')},
            "not_a_list",
            {"column": "students.features", "found": "music"},
        ),
        (
            {"dataset_toml": FILES["dataset.toml"] + 'offered = "some"\n'},
            "unknown_word",
            {"column": "choices.offered", "found": "some"},
        ),
        ({"choices_csv": "student,club,year,grade\n"}, "nothing_to_judge", {"file": "choices.csv"}),
        (
            {"dataset_toml": FILES["dataset.toml"] + '[terms]\nodd = ["music", "height"]\n'},
            "unknown_feature",
            {"column": "terms.odd", "found": "height"},
        ),
        (
            {"dataset_toml": FILES["dataset.toml"] + '[correlation]\nstudents = ["music"]\noptions = ["sings"]\n'},
            "uneven_correlation",
            {"column": "correlation"},
        ),
    ],
)
def test_refuses_with_file_row_and_column(write, changed, fault, facts):
    with pytest.raises(TableValueError) as caught:
        read_dataset(write(**changed))
    assert caught.value.facts["fault"] == fault
    assert facts.items() <= caught.value.facts.items()


def test_a_file_of_another_encoding_is_refused(write):
    folder = write()
    (folder / "students.csv").write_bytes("student,music\nа,1\n".encode("cp1251"))
    with pytest.raises(TableValueError) as caught:
        read_dataset(folder)
    assert caught.value.facts["fault"] == "not_csv"


def test_correlation_of_the_same_interests_on_both_sides(write):
    text = FILES["dataset.toml"].replace('features = ["music"]', 'features = ["music", "money"]')
    text += '[correlation]\nstudents = ["music", "money"]\noptions = ["sings", "fee"]\n'
    dataset = read_dataset(write(dataset_toml=text, students_csv="student,music,money\na,2,5\nb,0,0\n"))
    assert dataset.asked.rules["interest_correlation"].tolist() == pytest.approx([1.0, 1.0])  # both rise
    assert dataset.known.rules["interest_correlation"][2:].tolist() == [0.0, 0.0]  # b is flat


def test_the_example_is_judged_and_the_learned_ranker_leads_chance(monkeypatch):
    monkeypatch.setitem(PACKAGES, "lambda_mart", "a_package_that_nobody_has")
    told: list[str] = []
    contest = hold_contest(read_dataset(EXAMPLE), told.append)
    assert contest.left_out["lambda_mart"] == LeftOut("package", "a_package_that_nobody_has")
    assert contest.left_out["item_knn"] == LeftOut("no_past")
    assert set(contest.standings) | set(contest.left_out) == set(told)
    lead = next(lead for lead in contest.leads if lead.over == "random")
    assert lead.interval[0] > 0
    assert 0 < contest.standings[OURS].mean("ndcg5") < 1
    assert np.isnan(contest.standings[OURS].calibration_error)  # 40 choice sets are too few to calibrate on


@pytest.mark.parametrize(("times", "held"), [(("9", "10", "11"), "11"), (("2022-23", "2021-22", "2023-24"), "2023-24")])
def test_the_latest_time_is_held_back_whatever_it_looks_like_as_text(times, held):
    order = _in_order(times, "choices.csv", "year")
    assert max(order, key=order.__getitem__) == held


def test_a_time_that_has_no_order_is_refused_with_its_row():
    with pytest.raises(TableValueError) as refused:
        _in_order(["2023-24", "25.12.2023"], "choices.csv", "year")
    assert refused.value.facts["fault"] == "not_a_time"
    assert refused.value.facts["row"] == 3
