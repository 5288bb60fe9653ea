"""Reading what a region offers, and what is refused with which remedy."""

import csv
from datetime import date
from pathlib import Path

import pytest

from recommender.catalogue import (
    Catalogue,
    PathwayKind,
    catalogue_of_year,
    current_spo_code,
    parse_pathway,
    read_pathways,
)
from recommender.columns import CATALOGUE
from recommender.errors import MissingColumnsError, TableValueError, UnknownCodeError
from tests.recommender.worked_region import CATALOGUE as WORKED
from tests.recommender.worked_region import PATHWAYS, PLACES, REFERENCE

ROW = dict(zip(CATALOGUE, (
    "2024-25", "career_trial", "col01-tr005", "tr005", "Каменная кладка", "col01", "8-10", "", "", "08.01.27", "10",
    "2", "2024-10-15;2025-02-11", "2025-02-08", "mobility;speech", "physical", "intro",
), strict=True))  # fmt: skip


def test_a_row_becomes_a_pathway():
    pathway = parse_pathway(ROW, REFERENCE)
    assert pathway.kind is PathwayKind.CAREER_TRIAL
    assert pathway.grades == {8, 9, 10}
    assert pathway.dates == (date(2024, 10, 15), date(2025, 2, 11))
    assert pathway.seats == 10
    assert pathway.conditions_met == {"mobility", "speech"}


def test_empty_cells_are_not_known():
    pathway = parse_pathway({**ROW, "seats": "", "apply_until": "", "dates": ""}, REFERENCE)
    assert pathway.seats is None
    assert pathway.apply_until is None
    assert pathway.dates == ()


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("kind", "club", "kind must be one of profile_class, elective, career_trial"),
        ("seats", "ten", "seats: 'ten' cannot be read"),
        ("dates", "15.10.2024", "dates: '15.10.2024' cannot be read"),
        ("spo_codes", "99.99.99", "spo_codes: code 99.99.99 is not in the reference data"),
        ("subjects", "magic", "subjects: code magic is not in the reference data"),
    ],
)
def test_refuses_a_cell_by_name(column, cell, message):
    with pytest.raises(TableValueError, match=message) as caught:
        parse_pathway({**ROW, column: cell}, REFERENCE)
    assert caught.value.facts["column"] == column


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_file_names_the_row(tmp_path):
    path = write(tmp_path / "catalogue.csv", [ROW, {**ROW, "seats": "ten"}])
    with pytest.raises(TableValueError, match="catalogue, row 3: seats"):
        read_pathways(path, REFERENCE)


def test_a_file_without_a_column_says_where_the_format_is(tmp_path):
    short = {name: cell for name, cell in ROW.items() if name != "seats"}
    with pytest.raises(MissingColumnsError, match=r"lacks columns seats; see data/formats/catalogue\.toml"):
        read_pathways(write(tmp_path / "catalogue.csv", [short]), REFERENCE)


def test_order_is_kind_then_code_whatever_the_file_says():
    shuffled = Catalogue(tuple(reversed(PATHWAYS)), PLACES)
    assert shuffled.pathways == WORKED.pathways
    assert WORKED.kind_bounds == (0, 2, 4, 7)


def test_one_year_is_offered_other_years_stay_known():
    last_year = parse_pathway({**ROW, "school_year": "2023-24", "pathway_code": "col01-tr006"}, REFERENCE)
    catalogue = catalogue_of_year([*PATHWAYS, last_year], PLACES, "2024-25")
    assert "col01-tr006" not in catalogue.position
    assert catalogue.known["col01-tr006"] == last_year


def test_a_pathway_named_twice_is_refused():
    with pytest.raises(TableValueError, match="twice: sch01-tech-eng"):
        Catalogue((*PATHWAYS, PATHWAYS[0]), PLACES)


def test_an_unknown_pathway_is_named():
    with pytest.raises(UnknownCodeError, match="no pathway nowhere-x"):
        WORKED.get_pathway("nowhere-x")


def test_closed_codes_lead_to_their_successors():
    assert REFERENCE.spo["08.01.07"].status == "closed"
    assert current_spo_code(REFERENCE, "08.01.07") == "08.01.27"
    assert current_spo_code(REFERENCE, "08.01.27") == "08.01.27"
