"""The command line as an operator meets it: in a process of its own."""

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

import service.migrations
from service.cli import API_ONLY, NO_WORKER, main
from service.commands import app
from service.errors import EXIT_CODES, ServiceError
from service.settings import get_settings
from tests.service.worked_example import FOLDER, KNOWN, REFUSED

MIGRATIONS = Path(service.migrations.__path__[0]) / "versions"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


class Operator:
    """Runs commands through the program's own entry point, against an installation of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capture = monkeypatch, capture
        for name, value in {
            "ORIENTIR_DATABASE_URL": f"sqlite:///{folder}/orientir.sqlite",
            "ORIENTIR_MODELS_DIR": str(folder / "models"),
            "ORIENTIR_SECRET_KEY_FILE": str(folder / "secret.key"),
            "COLUMNS": "120",
        }.items():
            monkeypatch.setenv(name, value)

    def run(self, *command: str) -> Done:
        """One command."""
        get_settings.cache_clear()
        self.monkeypatch.setattr(sys, "argv", ["orientir", *command])
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capture.readouterr()
        get_settings.cache_clear()
        return Done(int(ended.value.code or 0), said.out, said.err)

    def do(self, *command: str) -> str:
        """One command that must succeed."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    """An operator with nothing set up."""
    return Operator(tmp_path, monkeypatch, capsys)


def test_the_first_journey(operator: Operator) -> None:
    newest = max(path.name for path in MIGRATIONS.glob("[0-9]*.py"))[:4]
    assert f"ревизия {newest}" in operator.do("db", "upgrade")
    assert "Справочники проверены" in operator.do("reference", "load")
    assert "новых строк 21" in operator.do("import", str(FOLDER), "--check")
    assert "новых строк 21, изменённых 0, прежних 1" in operator.do("import", str(FOLDER))
    assert "новых строк 0, изменённых 0, прежних 22" in operator.do("import", str(FOLDER))
    single = FOLDER / "schools" / "sch01" / "marks.csv"
    assert "прежних 3" in operator.do("import", str(single))
    read = operator.do("demand", "read", "data/demand/krasnodar-2024H1.csv", "--json").splitlines()
    assert [json.loads(line)["spo_codes"] for line in read[:2]] == [["34.02.01"], ["31.02.01"]]
    assert set(json.loads(read[0])) >= {"title", "spo_codes", "confidence", "status", "source_cell"}
    operator.do("demand", "publish", "data/demand/krasnodar-2023H2.csv")
    published = operator.do("demand", "publish", "data/demand/krasnodar-2024H1.csv")
    assert "опубликована: 59 строк, действует" in published
    assert "Обучение на новом перечне ждёт" in published
    assert "уже была" in operator.do("demand", "publish", "data/demand/krasnodar-2024H1.csv")
    assert "Утвердить перечень" in operator.do("demand", "diff", "krasnodar-2024H1")
    assert "krasnodar-2024H1.1" in operator.do("train")
    assert "Действует версия" in operator.do("model", "promote", "krasnodar-2024H1.1")
    operator.do("train")
    operator.do("model", "promote", "krasnodar-2024H1.2")
    assert "krasnodar-2024H1.1" in operator.do("model", "rollback")
    versions = operator.do("model", "list")
    assert versions.index("krasnodar-2024H1.2") < versions.index("krasnodar-2024H1.1")
    assert "действовала" in versions
    assert "krasnodar-2024H1.1" in operator.do("model", "show", "krasnodar-2024H1.1")
    assert "Возражения" in operator.do("model", "diff", "krasnodar-2024H1.1", "krasnodar-2024H1.2")
    assert "подпись и состав верны" in operator.do("model", "verify")
    answer = json.loads(operator.do("rank", "--student", KNOWN, "--json"))
    assert answer["lists"][0]["items"][0]["pathway_code"] == "sch01-tech-eng"
    table = operator.do("rank", "--student", KNOWN)
    assert "Профильные классы" in table
    assert "Этот профиль назван первым" in " ".join(table.split())
    assert "Ольхина" not in table
    assert "Нет согласия" in operator.do("rank", "--student", REFUSED)
    assert KNOWN in operator.do("rank", "--class", "sch01-2024-25-9a")
    impact = operator.do("demand", "impact", "krasnodar-2023H2")
    assert "krasnodar-2023H2 вместо krasnodar-2024H1" in " ".join(impact.split())
    doctor = operator.do("doctor")
    assert "нужно внимание" not in doctor
    assert "Журнал цел" in operator.do("audit", "verify")
    assert "Логин metodist добавлен" in operator.do(
        "user", "add", "metodist", "--role", "methodologist", "--name", "Методист", "--password", "dlinnyi-parol"
    )
    key = operator.do("key", "add", "--school", "sch01", "--title", "Журнал", "--verb", "imports:school")
    assert "ori_" in key


def test_of_a_counsellor_it_is_said_whom_she_sees(operator: Operator) -> None:
    for command in (("db", "upgrade"), ("reference", "load"), ("import", str(FOLDER))):
        operator.do(*command)
    limited = ("--role", "counsellor", "--school", "sch01", "--name", "Педагог", "--class", "sch01-2024-25-9a")
    assert "Временный пароль: " in operator.do("user", "add", "pedagog", *limited)
    assert "классы: 9А" in operator.do("user", "list")
    assert "Назовите классы" in operator.run("user", "classes", "pedagog").stderr
    assert "кого видит педагог" in operator.run("user", "add", "other", *limited[:-2]).stderr
    assert "вся школа" in operator.do("user", "classes", "pedagog", "--whole-school")
    assert "классы: 9А" not in operator.do("user", "list")


def test_the_life_of_a_model(operator: Operator) -> None:
    """A list is published, its job done, the candidate promoted and taken back: the old list again, bit for bit."""

    def ranked() -> dict[str, object]:
        found: dict[str, object] = json.loads(operator.do("rank", "--student", KNOWN, "--json"))
        return found

    def made_with(answer: dict[str, object]) -> tuple[object, object]:
        edition = answer["demand_edition"]
        assert isinstance(edition, dict)
        return answer["model_version"], edition["code"]

    operator.do("db", "upgrade")
    operator.do("reference", "load")
    operator.do("import", str(FOLDER))
    operator.do("demand", "publish", "data/demand/krasnodar-2023H2.csv")
    operator.do("train")
    operator.do("model", "promote", "krasnodar-2023H2.1")
    operator.do("demand", "publish", "data/demand/krasnodar-2024H1.csv")
    before = ranked()
    assert made_with(before) == ("krasnodar-2023H2.1", "krasnodar-2024H1")
    assert "edition krasnodar-2024H1" in operator.do("job", "list").replace("\n", " ")
    worker = [sys.executable, "-m", "service.cli", "worker", "--once"]  # apart: it lowers its own priority
    subprocess.run(worker, check=True, capture_output=True, timeout=120)
    assert "кандидат" in operator.do("model", "list")
    shown = " ".join(operator.do("model", "show", "krasnodar-2024H1.1").replace("│", " ").split())
    assert "Проверка на" in shown
    assert "рядом с: krasnodar-2023H2.1" in shown
    assert "Список не зависит от пола" in shown
    operator.do("model", "promote", "krasnodar-2024H1.1")
    assert made_with(ranked()) == ("krasnodar-2024H1.1", "krasnodar-2024H1")
    assert "krasnodar-2023H2.1" in operator.do("model", "rollback")
    assert ranked() == before


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["doctor"], 5, "выполните orientir db upgrade"),
        (["import", str(FOLDER)], 5, "выполните orientir db upgrade"),
        (["rank", "--student", KNOWN], 5, "выполните orientir db upgrade"),
        (["rank"], 3, "--student или --class"),
        (["rank", "--k", "0"], 2, ""),
        (["demand", "publish", "data/none.csv"], 2, ""),
    ],
)
def test_errors_are_a_sentence_and_a_code(operator: Operator, command: list[str], code: int, said: str) -> None:
    done = operator.run(*command)
    assert done.returncode == code
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_document_with_titles_in_doubt_is_not_published_blindly(operator: Operator, tmp_path: Path) -> None:
    operator.do("db", "upgrade")
    operator.do("reference", "load")
    document = tmp_path / "perechen.txt"
    document.write_text("Профессия\tУровень\nФельдшер\t5\nБорт-кудесник\t4\n", encoding="utf-8")
    shown = " ".join(operator.do("demand", "read", str(document)).split())
    assert "понято: 1" in shown
    assert "не найдено: 1" in shown
    done = operator.run("demand", "publish", str(document), "--edition", "krasnodar-2024H1")
    assert done.returncode == 7
    assert "«Борт-кудесник» (строка 3, столбец 1)" in done.stderr
    document.write_text("Профессия\tУровень\nФельдшер\t5\nПовар\t4\n", encoding="utf-8")
    short = ["demand", "publish", str(document), "--edition", "krasnodar-2024H1", "--published", "2024-01-31"]
    done = operator.run(*short)
    assert done.returncode == 7
    assert "меньше 5" in done.stderr
    assert "krasnodar-2024H1 опубликована: 2 строк" in operator.do(*short, "--although", "проба")


def test_a_faulty_file_is_told_by_row_and_column(operator: Operator, tmp_path: Path) -> None:
    operator.do("db", "upgrade")
    schools = tmp_path / "schools.csv"
    schools.write_text("school_code,title_ru,x_km,y_km\nsch01,Школа № 1,нет,0\n", encoding="utf-8")
    done = operator.run("import", str(schools))
    assert (done.returncode, done.stdout) == (3, "")
    assert "schools.csv: строка 2, столбец x_km: нужно число, найдено «нет»" in done.stderr


def test_a_touched_model_is_named_by_verify(operator: Operator) -> None:
    operator.do("db", "upgrade")
    operator.do("reference", "load")
    operator.do("import", str(FOLDER))
    operator.do("train")
    assert "другая не действовала" in operator.run("model", "rollback").stderr
    (card,) = Path(os.environ["ORIENTIR_MODELS_DIR"]).glob("*/card.md")
    card.write_text("Всё хорошо.", encoding="utf-8")
    done = operator.run("model", "verify")
    assert done.returncode == 5
    assert "нужно внимание" in done.stdout
    assert operator.run("model", "show", card.parent.name).returncode == 5


def test_unknown_database_is_a_sentence(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORIENTIR_DATABASE_URL", "nowhere")
    done = operator.run("db", "upgrade")
    assert done.returncode == 1
    assert "не похож на адрес базы" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_answers_at_once() -> None:
    """Half a second of work at most, best of three (waiting for a busy machine is not the program's), nothing heavy."""
    times, command = [], [sys.executable, "-m", "service.cli", "--help"]
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "Ориентир" in subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.5
    script = "import service.commands, sys; print([m for m in ('sqlalchemy', 'fastapi', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_exit_codes_stand_in_one_table() -> None:
    def family(root: type[ServiceError]) -> list[type[ServiceError]]:
        return [root, *(each for child in root.__subclasses__() for each in family(child))]

    assert {error.exit_code for error in family(ServiceError)} <= set(EXIT_CODES)
    assert len({error.code for error in family(ServiceError)}) == len(family(ServiceError))


def test_a_server_is_started_by_the_same_words_without_the_other_commands() -> None:
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    assert {word for option in serve.params for word in option.opts} == {API_ONLY, NO_WORKER}
