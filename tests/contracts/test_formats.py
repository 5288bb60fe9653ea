"""The descriptions in data/formats are what the importers take and what the sample region holds."""

import csv
from pathlib import Path

import pytest

from service.imports.cells import EMPTY, PARSERS, UNKNOWN
from service.imports.folders import REGION_TABLES, SCHOOL_TABLES, find_files
from service.imports.formats import OF_INSTRUMENTS, get_format, read_formats
from service.imports.reading import read_table
from service.imports.storing import core_table
from service.imports.tables_in import PLAIN, SURVEYS
from tests.service.worked_example import make_tools

FORMATS = read_formats(Path("data/formats"))
SAMPLES = Path("data/samples")


@pytest.mark.parametrize("table", sorted(FORMATS))
def test_every_description_can_be_read_and_obeyed(table: str) -> None:
    shape = FORMATS[table]
    assert shape.scope in ("region", "school")
    names = [column.name for column in shape.columns]
    assert len(set(names)) == len(names)
    assert set(shape.key) <= set(names)
    for column in [*shape.columns, *([shape.wide] if shape.wide else [])]:
        assert column.type in PARSERS
        assert column.vocabulary in {None, *UNKNOWN}
        assert column.text_ru


def test_every_importer_has_its_description() -> None:
    imported = {*REGION_TABLES, *(name.removesuffix("_*") for name in SCHOOL_TABLES)}
    assert imported | {"demand"} == set(FORMATS)
    assert {
        *PLAIN,
        *SURVEYS,
        "roster",
        "consents",
        "conditions",
        "guidance_hours",
        "marks",
        *OF_INSTRUMENTS,
    } == imported


@pytest.mark.parametrize("table", sorted(PLAIN))
def test_plain_tables_take_every_column_described(table: str) -> None:
    names = [column.name for column in FORMATS[table].columns]
    assert sorted(PLAIN[table].columns) == sorted(names)
    columns = core_table(PLAIN[table].table).columns
    assert set(names) <= set(columns.keys())
    for column in FORMATS[table].columns:
        can_be_empty = not column.required and column.type not in EMPTY
        assert columns[column.name].nullable or not can_be_empty, column.name


@pytest.mark.parametrize("file", find_files(SAMPLES), ids=lambda file: f"{file.school_code or 'region'}-{file.table}")
def test_files_of_the_sample_region_follow_their_description(file) -> None:
    tools = make_tools()
    shape, instrument = get_format(FORMATS, file.table), tools.find_instrument(file.table)
    with file.path.open(encoding="utf-8", newline="") as lines:
        head = [row for row, _ in zip(csv.reader(lines), range(40), strict=False)]
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in head)
    codes = {**tools.codes, "items": set(instrument.items) if instrument else set()}
    assert read_table(text.encode(), shape, codes, file.path.name).faults == []
