"""What exists is documented: settings, commands, routes, terms, rules; every link in the documents leads somewhere."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer.main

from benchmarks import document
from benchmarks.records import is_met, read_results
from recommender.eligibility import read_rules
from recommender.features import TERM_CODES
from recommender.scoring import CONTRIBUTIONS
from service.app import create_app
from service.commands import app as command_line
from service.db import Database
from service.imports.complaints import CODES
from service.sections import declared_routes
from service.settings import Settings
from service.web import OpenToAll
from tests.spec.__main__ import DOCUMENT, RULES_FILE
from tests.spec.__main__ import document as rules_document

ROOT = Path(__file__).parents[1]
OPERATING, API, MEASURED = (ROOT / "docs" / name for name in ("operating.md", "api.md", "measured.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("README.md")])
# a tracked file must not say where it was made: registry hosts as a lock file writes them, home and work folders
BINARY = (".png", ".npz", ".woff2", ".ttf", ".docx", ".xlsx", ".xls", ".ods", ".pdf")
ADDRESSES = re.compile(
    r"--(?:extra-)?index-url|--find-links|files\.pythonhosted|pypi\.org/simple|/home/\w+/|/Users/\w+/|/root/"
    r"|(?<![\w.$}])/work/|/shared/"
)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*words, name))
    else:
        yield words


def rows_of_table(text: str, first: str) -> Iterator[list[str]]:
    """Cells of the table rows whose first cell begins so."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and cells[0].startswith(first):
            yield cells


def test_every_setting_with_its_default():
    documented = {cells[0].strip("`"): cells[1].strip("`") for cells in rows_of_table(read(OPERATING), "`ORIENTIR_")}
    settings = Settings.model_construct()
    defaults = {f"ORIENTIR_{name.upper()}": getattr(settings, name) for name in Settings.model_fields}
    assert documented == {name: "empty" if value is None else str(value) for name, value in defaults.items()}


def test_every_command():
    text = read(OPERATING)
    told = {cells[0] for cells in rows_of_table(text, "`orientir")}
    for words in commands(typer.main.get_command(command_line)):
        name = " ".join(["orientir", *words])
        assert any(re.match(rf"`{name}[` ]", cell) for cell in told), name


def test_every_route_with_its_permission(tmp_path):
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/o.sqlite", secret_key_file=tmp_path / "key", data_dir=ROOT / "data"
    )
    database = Database(settings.database_url)
    documented = {cells[0].strip("`"): cells[1] for cells in rows_of_table(read(API), "`")}
    exist = {}
    for context, (declaration,) in declared_routes(create_app(settings, database)):
        if isinstance(declaration, OpenToAll):
            permission = "open"
        else:
            permission = ", ".join(f"`{p.value}`" for p in declaration.any_of) or "anyone signed in"
        for method in set(context.methods or ()) - {"HEAD"}:
            exist[f"{method} {context.path}"] = permission
    database.close()
    assert {route: permission for route, permission in documented.items() if " /" in route} == exist


def test_every_term():
    told = {cells[0].strip("`") for cells in rows_of_table(read(API), "`")}
    assert set(CONTRIBUTIONS) <= told
    assert set(TERM_CODES) <= set(CONTRIBUTIONS)


def test_every_rule_and_the_document_is_the_one_that_is_made():
    text = read(DOCUMENT)
    assert all(f"| `{rule.rule_id}` |" in text for rule in read_rules(RULES_FILE))
    assert text == rules_document(), "run make docs"


def test_the_figures_are_those_of_the_results():
    results = read_results()
    assert read(MEASURED) == document.measured(results), "run make docs"
    for name, drawn in document.DRAWINGS.items():
        assert read(ROOT / "docs" / "images" / name) == drawn(results), "run make docs"
    for name, words in document.READMES.items():
        text = read(ROOT / name)
        assert text == document.with_figures(text, results, words), f"{name}: run make docs"


def test_records_have_their_shape():
    keys = [
        "figure",
        "value",
        "interval",
        "limit",
        "better",
        "data",
        "against",
        "runs",
        "commit",
        "machine",
        "versions",
    ]
    results = read_results()
    assert all(list(record) == keys for record in results)
    assert len({record["figure"] for record in results}) == len(results)
    assert {record["data"] for record in results} <= {"real", "synthetic", "none"}
    assert all(record["better"] in ("lower", "higher") for record in results)


@pytest.mark.parametrize(
    ("figure", "value", "interval", "limit", "better", "met"),
    [
        ("a.seconds", 59.0, [50.0, 70.0], 60.0, "lower", True),
        ("a.seconds", 61.0, None, 60.0, "lower", False),
        ("a.share", 1.0, None, 1.0, "higher", True),
        ("a.lead", 0.05, [0.01, 0.09], 0.0, "higher", True),
        ("a.lead", 0.05, [-0.01, 0.09], 0.0, "higher", False),
        ("a.lead", 0.05, [-0.01, 0.09], None, "higher", None),
    ],
)
def test_met_by_hand(figure, value, interval, limit, better, met):
    record = {"figure": figure, "value": value, "interval": interval, "limit": limit, "better": better}
    assert is_met(record) is met


def test_synthetic_is_said_beside_every_synthetic_figure():
    for line in read(MEASURED).splitlines():
        if line.startswith("| "):
            assert line.rstrip(" |").endswith(("synthetic", "real", "none", "data", "---")), line


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_relative_link_leads_to_a_file(path):
    for target in LINK.findall(read(path)):
        if not re.match(r"[a-z]+:|#", target):
            assert (path.parent / target.partition("#")[0]).exists(), f"{named(path)} links to {target}"


def test_decisions_are_numbered_and_have_their_parts():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = read(page)
        assert text.startswith(f"# {int(page.name[:4])}. ")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences", "Tried")), page.name
        assert "**Status:**" in text


def test_decisions_that_the_code_names_exist():
    numbers = {page.name[:4] for page in (ROOT / "docs" / "decisions").glob("*.md")}
    for path in tracked():
        if path.suffix in (".py", ".toml", ".md", "") and path.is_file() and "decisions/0" in read(path):
            assert set(re.findall(r"decisions/(\d{4})", read(path))) <= numbers, named(path)


def test_no_tracked_file_names_a_registry_or_a_folder_of_a_machine():
    for path in tracked():
        if path == Path(__file__) or not path.is_file() or path.suffix in BINARY:
            continue
        found = ADDRESSES.search(path.read_text(encoding="utf-8", errors="replace"))  # samples in cp1251 and UTF-16
        assert found is None, f"{named(path)}: {found.group() if found else ''}"


def test_results_name_no_machine():
    for record in json.loads(read(ROOT / "benchmarks" / "results.json")):
        assert "/" not in record["machine"], record["machine"]


def test_every_complaint_about_a_file():
    documented = {cells[0].strip("`"): cells[2] for cells in rows_of_table(read(API), "`") if len(cells) == 3}
    assert CODES.items() <= documented.items()


GUIDE, PICTURES = ROOT / "docs" / "counsellor.ru.md", ROOT / "docs" / "images" / "guide"
MOST_BYTES, MOST_BYTES_IN_ALL = 120_000, 1_500_000
# in «…» and yet not on a screen
SAID_OTHERWISE = {
    "Ориентир", "всё хорошо", "сырым", "у тебя выражен такой-то тип",
}  # fmt: skip


def test_every_picture_of_the_guide_is_there_and_none_is_left_over():
    named_there = set(re.findall(r"\]\(images/guide/([^)]+)\)", read(GUIDE)))
    sizes = {path.name: path.stat().st_size for path in PICTURES.iterdir()}
    assert named_there == set(sizes)
    assert max(sizes.values()) < MOST_BYTES
    assert sum(sizes.values()) < MOST_BYTES_IN_ALL


def test_what_the_guide_quotes_stands_on_the_screens():
    said = {_plain(sentence) for sentence in _sentences(ROOT / "dashboard", ROOT / "service")}
    quoted = set(re.findall(r"«([^«»]+)»", read(GUIDE))) - SAID_OTHERWISE
    assert [words for words in sorted(quoted) if not any(_plain(words) in sentence for sentence in said)] == []


def _sentences(*folders: Path) -> Iterator[str]:
    """Every Russian string that code holds; what is filled in later is left open."""
    for folder in folders:
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(read(path))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
                elif isinstance(node, ast.JoinedStr):
                    yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def _plain(words: str) -> str:
    """Numbers, gaps and what is filled in are alike, so are the letters' cases and the kinds of spaces."""
    return re.sub(r"\{[^}]*\}|…|\d+", "#", " ".join(words.split())).casefold().rstrip(".,")
