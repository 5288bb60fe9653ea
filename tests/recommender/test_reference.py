"""The reference tables fit together, and broken ones are refused with the place named."""

import csv
import math
import shutil
from collections import Counter
from pathlib import Path

import pytest

from recommender.errors import MissingColumnsError, RecommenderError, TableValueError, UnknownCodeError
from recommender.instruments import Instrument
from recommender.reference import KLIMOV_OBJECTS, RIASEC_TYPES, Reference, read_reference
from recommender.reference_rows import grade_span, read_rows, span, split_codes

FOLDER = Path("data/reference")
DEMAND = Path("data/demand")
CONFIDENCE_OF_KEYS = {
    "two_sources", "one_source", "one_source_design_verified", "design", "disputed", "corrected", "memory",
}  # fmt: skip
# Printed thresholds that do not tile the range of the scale, each with its reason.
LEVELS_NOT_TILING = {
    "HOL42": "printed once for all scales, up to 15, though a scale is asked 12 to 15 times",
    "HOL43": "printed once for all scales, up to 15, though a scale is asked 13 to 15 times",
    "KOS1": "printed as K with two decimals: fractional ends, and nothing is printed for the lowest scores",
    "KOS2": "printed from 1; a score of 0 has no level of its own",
}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference(FOLDER)


def text_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_facts_that_a_reader_can_look_up(reference: Reference) -> None:
    assert reference.subjects["inf"].grades == frozenset({7, 8, 9, 10, 11})
    assert reference.subjects["inf"].oge_mark_min == {3: 5, 4: 11, 5: 16}
    assert reference.subjects["math"].oge_max == 31
    assert reference.subjects["tech"].oge_max is None
    assert reference.profiles["tech-it"].advanced_subjects == ("math", "inf")
    assert reference.profiles["tech-it"].spo_groups == ("09", "10", "11")
    assert reference.profiles["univ"].advanced_subjects == ()
    assert reference.spo["08.02.11"].status == "closed"
    assert reference.spo["08.02.11"].successor_code == "08.02.14"
    assert reference.spo["09.02.07"].study_months == (34, 46)
    assert reference.former_spo["15.02.09"].title_ru != ""
    assert reference.crosswalk["DDO20", "technics"].riasec == (0.8, 0.2, 0, 0, 0, 0)
    assert reference.crosswalk["DDO20", "technics"].klimov == (0, 1, 0, 0, 0)
    assert reference.onet[0].interests == (1.26, 3.05, 2.16, 3.54, 6.96, 4.97)
    assert reference.norms.moments[0][0] == 16.83
    assert {hours.level_min_hours for hours in reference.guidance_minimum} == {40, 60, 80}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.csv")) + sorted(DEMAND.glob("*.csv")), ids=lambda p: p.name)
def test_every_row_has_the_cells_of_its_header(path: Path) -> None:
    rows = read_rows(path, [])
    assert rows
    assert len({tuple(row.values()) for row in rows}) == len(rows), "a row stands twice"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("spo_specialties", ["code"]),
        ("spo_2013", ["code"]),
        ("subjects", ["code"]),
        ("profiles", ["code"]),
        ("diagnostics", ["method_code"]),
        ("diagnostics_scales", ["method", "scale"]),
        ("crosswalk_scales", ["method", "scale"]),
        ("onet_interests", ["onet_soc_code"]),
        ("profminimum", ["level_code", "direction_code"]),
        ("electives_examples", ["code"]),
        ("career_trials_examples", ["code"]),
        ("indicators", ["code"]),
    ],
)
def test_no_code_stands_twice(table: str, key: list[str]) -> None:
    counts = Counter(tuple(row[name] for name in key) for row in text_rows(FOLDER / f"{table}.csv"))
    assert [code for code, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(
    ("path", "column", "table"),
    [
        (FOLDER / "electives_examples.csv", "profiles", "profiles"),
        (FOLDER / "electives_examples.csv", "subjects", "subjects"),
        (FOLDER / "career_trials_examples.csv", "spo_codes", "spo"),
        *[(path, "spo_codes", "spo") for path in sorted(DEMAND.glob("*.csv"))],
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_examples_and_demand_name_known_codes(reference: Reference, path: Path, column: str, table: str) -> None:
    known = getattr(reference, table)
    named = {code for row in text_rows(path) for code in split_codes(row[column])}
    assert named
    assert named - set(known) == set()


def test_closed_codes_lead_to_codes_in_force_and_only_they_do(reference: Reference) -> None:
    for spo in reference.spo.values():
        if spo.status == "closed":
            assert reference.spo[spo.successor_code].status == "active", spo.code
        else:
            assert (spo.status, spo.successor_code) == ("active", ""), spo.code


def test_spo_codes_say_their_kind_and_group(reference: Reference) -> None:
    for spo in reference.spo.values():
        assert spo.kind == {"01": "profession", "02": "specialty"}[spo.code[3:5]], spo.code
        assert spo.group_code == f"{spo.code[:2]}.00.00"
        assert spo.klimov
        assert spo.riasec
        assert spo.title_check in {"seen", "memory"}


def test_profiles_name_subjects_that_can_be_examined(reference: Reference) -> None:
    for profile in reference.profiles.values():
        for code in profile.oge_subjects:
            assert reference.subjects[code].oge != "none", (profile.code, code)
        for code in profile.advanced_subjects:
            assert {10, 11} <= reference.subjects[code].grades, (profile.code, code)
        assert len(set(profile.riasec)) == len(profile.riasec)
        assert set(profile.region_scope) <= {"federal", "krasnodar", "kbr"}
        assert profile.confidence


def test_oge_bands_ascend_within_the_maximum(reference: Reference) -> None:
    for subject in reference.subjects.values():
        if subject.oge_max is not None:
            lows = [subject.oge_mark_min[mark] for mark in (3, 4, 5)]
            assert lows == sorted(set(lows))
            assert lows[-1] <= subject.oge_max
            assert subject.oge_profile_class_min is not None
            assert subject.oge_profile_class_min <= subject.oge_max


def test_crosswalk_covers_every_scale_and_only_those(reference: Reference) -> None:
    scales = {(code, scale) for code, method in reference.instruments.items() for scale in method.scale_codes}
    assert set(reference.crosswalk) == scales
    for weights in reference.crosswalk.values():
        assert math.isclose(sum(weights.riasec), 1.0)
        assert math.isclose(sum(weights.klimov), 1.0)
        assert len(weights.riasec) == len(RIASEC_TYPES)
        assert len(weights.klimov) == len(KLIMOV_OBJECTS)


def test_norms_are_a_covariance(reference: Reference) -> None:
    rows = reference.norms.correlation
    for i, row in enumerate(rows):
        assert row[i] == 1.0
        assert all(row[j] == rows[j][i] for j in range(6))
        assert sum(abs(value) for value in row) - 1.0 < 2.0
    means, deviations, alphas = reference.norms.moments
    assert all(8 < mean < 40 for mean in means)
    assert all(0 < sd < 16 for sd in deviations)
    assert all(0 < alpha < 1 for alpha in alphas)


def test_occupations_are_rated_within_the_scale(reference: Reference) -> None:
    assert len(reference.onet) == 923
    for occupation in reference.onet:
        assert all(1 <= value <= 7 for value in occupation.interests), occupation.code
        assert occupation.job_zone in {1, 2, 3, 4, 5, None}, occupation.code


def reachable(method: Instrument, scale: str) -> tuple[float, float]:
    """Lowest and highest score that the key allows: each question once, its least and its best answer."""
    low = high = 0.0
    for item in method.items:
        parts: dict[str, list[float]] = {}
        for answer in method.answers[item]:
            points = dict(method.key[item, answer]).get(scale)
            part = answer.partition("=")[0] if method.code == "OPG50" else ""
            parts.setdefault(part, []).append(points or 0.0)
        low += sum(min(values) for values in parts.values())
        high += sum(max(values) for values in parts.values())
    return low, high


@pytest.mark.parametrize("code", [row["method_code"] for row in text_rows(FOLDER / "diagnostics.csv")])
def test_score_ranges_are_what_the_key_can_reach(reference: Reference, code: str) -> None:
    method = reference.instruments[code]
    for scale in method.scales:
        assert reachable(method, scale.code) == (scale.minimum, scale.maximum), scale.code


@pytest.mark.parametrize("code", [row["method_code"] for row in text_rows(FOLDER / "diagnostics.csv")])
def test_levels_tile_the_range_or_the_exception_is_named(reference: Reference, code: str) -> None:
    method = reference.instruments[code]
    tiles = all(
        scale.levels[0].low == scale.minimum
        and scale.levels[-1].high == scale.maximum
        and all(upper.low == lower.high + 1 for lower, upper in zip(scale.levels, scale.levels[1:], strict=False))
        for scale in method.scales
        if scale.levels
    )
    assert tiles != (code in LEVELS_NOT_TILING)
    assert all(scale.levels for scale in method.scales) != (code == "RIASEC48"), "only RIASEC48 has no thresholds"


def test_keys_are_whole(reference: Reference) -> None:
    for code, method in reference.instruments.items():
        first = method.answers[method.items[0]]
        assert all(method.answers[item] == first for item in method.items), "every item offers the same answers"
        rows = text_rows(
            FOLDER / next(r["key_file"] for r in text_rows(FOLDER / "diagnostics.csv") if r["method_code"] == code)
        )
        assert {row["confidence"] for row in rows} <= CONFIDENCE_OF_KEYS
        assert {scale for awards in method.key.values() for scale, _ in awards} == set(method.scale_codes)


# ---- refusals -------------------------------------------------------------------------------------------------------


def broken_copy(folder: Path, name: str, old: str, new: str) -> Path:
    shutil.copytree(FOLDER, folder / "reference")
    path = folder / "reference" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder / "reference"


@pytest.mark.parametrize(
    ("name", "old", "new", "kind", "message"),
    [
        (
            "profiles.csv",
            "math;phys",
            "math;fisika",
            UnknownCodeError,
            r"profiles.csv, tech-eng: fisika is not in subj",
        ),
        ("profiles.csv", "08;11", "98;11", UnknownCodeError, r"profiles.csv, tech-eng: 98 is not in spo_specialties"),
        ("spo_specialties.csv", "closed,08.01.27", "closed,08.01.99", UnknownCodeError, r"08.01.99 is not in spo_spec"),
        ("spo_specialties.csv", ",22-34,", ",two years,", TableValueError, r"spo_specialties.csv, row 2: "),
        (
            "crosswalk_scales.csv",
            "0.5,0.5,0,0,0,0,1",
            "0.5,0.4,0,0,0,0,1",
            TableValueError,
            r"DDO20 nature: .* up to 1",
        ),
        ("crosswalk_scales.csv", "DDO20,nature", "DDO20,stone", UnknownCodeError, r"DDO20', 'stone'\) is not in diag"),
        (
            "subjects.csv",
            ",oge_max_2023,",
            ",oge_top,",
            MissingColumnsError,
            r"subjects.csv lacks column 'oge_max_2023'",
        ),
        (
            "subjects.csv",
            ",33,15-22,",
            ",many,15-22,",
            TableValueError,
            r"row 2: oge_max_2023 must be a number.*'many'",
        ),
        ("subjects.csv", "rus,", "lit,", TableValueError, r"Subject lit stands twice"),
        (
            "subjects.csv",
            "\nlit,Литература,",
            "\nlit,Литература, русская,",
            TableValueError,
            r"row 3: .* check the quotes",
        ),
        ("keys/ddo20.csv", "DDO20,1,a,nature", "DDO20,1,a,stone", UnknownCodeError, r"ddo20.csv, row 2: DDO20 stone"),
        ("keys/ddo20.csv", "DDO20,1,b,technics,1", "DDO20,1,a,nature,1", TableValueError, r"row 3: item 1, answer a"),
        ("diagnostics.csv", ",20,forced", ",21,forced", TableValueError, r"DDO20: the key has 20 items, .* says 21"),
        ("diagnostics_scales.csv", "0-3 низкая", "0-5 низкая", TableValueError, r"levels must ascend"),
        ("diagnostics_scales.csv", "DDO20,nature", "DDO20,stone", TableValueError, r"DDO20: .* other scales"),
    ],
)
def test_broken_tables_are_refused(
    *, tmp_path: Path, name: str, old: str, new: str, kind: type[RecommenderError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        read_reference(broken_copy(tmp_path, name, old, new))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableValueError, match=r"crosswalk_scales\.csv is missing; restore data/reference"):
        read_reference(tmp_path)


def test_ranges_and_lists_of_cells() -> None:
    assert span("-12..-6") == (-12, -6)
    assert span("0.46-0.55") == (0.46, 0.55)
    assert grade_span("8-11") == frozenset({8, 9, 10, 11})
    assert split_codes(" a ;;b") == ("a", "b")
