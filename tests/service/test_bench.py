"""`orientir bench rank` as an operator meets it."""

import json
from pathlib import Path

import pytest

from recommender.dataset import read_dataset
from recommender.dataset_contest import hold_contest
from recommender.errors import TableValueError
from recommender.rivals import rivals
from service.bench import RANKERS, REMEDIES, as_data, print_contest, read_for_bench
from service.cli import main
from service.errors import InvalidInputError

EXAMPLE = Path(__file__).parents[2] / "data" / "bench_example"


@pytest.fixture(scope="module")
def contest():
    """The example, judged once."""
    dataset = read_dataset(EXAMPLE)
    return dataset, hold_contest(dataset)


def test_prints_a_line_a_ranker_and_who_was_left_out(contest, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    print_contest(*contest)
    printed = capsys.readouterr().out
    assert "синтетические данные" in printed
    assert "наш ранжировщик" in printed
    assert "Не участвует: соседи по вариантам — никто из проверяемых раньше не выбирал." in printed


def test_json_holds_every_measure_of_every_ranker(contest):
    told = json.loads(json.dumps(as_data(*contest)))
    ours = told["rankers"]["pathway_ranker"]
    assert ours["ndcg5_interval"][0] <= ours["ndcg5"] <= ours["ndcg5_interval"][1]
    assert {lead["over"] for lead in told["leads"]} == set(told["rankers"]) - {"pathway_ranker"}
    assert told["choice_sets"] == {"known": 160, "asked": 80}


def test_every_rival_has_a_russian_name():
    assert set(rivals()) <= set(RANKERS)


def test_says_file_row_column_and_what_to_do(tmp_path):
    for file in EXAMPLE.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    lines = (tmp_path / "students.csv").read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].rsplit(",", 1)[0] + ",пять"
    (tmp_path / "students.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        read_for_bench(tmp_path)
    assert str(caught.value).startswith("students.csv: строка 4, столбец math, найдено пять: нужно число")


def test_every_fault_has_a_remedy():
    source = Path(read_dataset.__code__.co_filename).read_text(encoding="utf-8")
    faults = {part.split('"')[1] for part in source.split("_fault(")[1:] if part.startswith('"')}
    assert faults == set(REMEDIES)


def test_a_folder_without_a_description_is_one_sentence_and_an_exit_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["orientir", "bench", "rank", "--dataset", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == InvalidInputError.exit_code
    assert capsys.readouterr().err.startswith("dataset.toml: файла нет")


def test_errors_of_the_reader_are_the_recommenders():
    with pytest.raises(TableValueError, match=r"see docs/bench\.md"):
        read_dataset(Path("nowhere"))
