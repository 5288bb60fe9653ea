"""The sample region: its rules by hand, its files, and that it is as untidy as schools are."""

import csv
import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from recommender.catalogue import Pathway, PathwayKind, Place, read_pathways, read_places
from recommender.columns import CATALOGUE
from recommender.instruments import score_table
from recommender.reference import Reference, read_reference
from recommender.synthetic import HEADERS, METHODS, write_region
from recommender.synthetic_answers import item_bank
from recommender.synthetic_catalogue import travel_cost
from recommender.synthetic_choices import admit
from recommender.synthetic_people import AS_OF, SCHOOL_YEARS, RegionSize, year_day
from recommender.synthetic_records import Region
from recommender.synthetic_spheres import (
    GROUP_SPHERES,
    PROFILE_SPHERES,
    SCALE_SPHERES,
    SPHERE_INDEX,
    SUBJECT_SPHERES,
    factor_loadings,
    programme_vector,
    sphere_vector,
)
from recommender.synthetic_tastes import liking, worth

SAMPLES = Path("data/samples")
SMALL = RegionSize(schools=2, classes=1, class_size=16, trials=25)
Row = dict[str, str]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference(Path("data/reference"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Region]:
    folder = tmp_path_factory.mktemp("small")
    return folder, write_region(folder, seed=5, size=SMALL)


@pytest.fixture(scope="module", params=["committed", "small"])
def folder(request: pytest.FixtureRequest, small: tuple[Path, Region]) -> Path:
    return SAMPLES if request.param == "committed" else small[0]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_all_schools(folder: Path, name: str) -> Iterator[tuple[str, Row]]:
    for school in sorted((folder / "schools").iterdir()):
        for row in read(school / f"{name}.csv"):
            yield school.name, row


def school_year(day: str) -> str:
    year, month = int(day[:4]), int(day[5:7])
    first = year if month >= 9 else year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def catalogue(folder: Path, reference: Reference) -> dict[tuple[str, str], Pathway]:
    return {(p.school_year, p.pathway_code): p for p in read_pathways(folder / "catalogue.csv", reference)}


def checksums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# ---- by hand --------------------------------------------------------------------------------------------------------


def test_by_hand_a_school_year_turns_in_september() -> None:
    assert year_day(0, 9, 1) == date(2021, 9, 1)
    assert year_day(0, 8, 31) == date(2022, 8, 31)
    assert year_day(3, 9, 1) < AS_OF < year_day(3, 10, 2)


def test_by_hand_the_way_costs_nothing_up_to_a_quarter_of_an_hour_and_no_more_after_an_hour() -> None:
    assert travel_cost(np.array([0.0, 15.0, 60.0, 90.0])).tolist() == [0.0, 0.0, 1.0, 1.0]
    assert 0 < travel_cost(np.array([30.0]))[0] < 1


def test_by_hand_admission() -> None:
    """Class 0 has one seat: A, B and C want it, B ranks highest. A falls to class 1; C named nothing else: nowhere."""
    priority = np.array([[1.0, 1.0], [3.0, 3.0], [2.0, 2.0]])
    assert admit([[0, 1], [0, 1], [0]], priority, [1, 2]) == {1: 0, 0: 1}


def test_by_hand_liking_follows_the_best_sphere_and_levels_off() -> None:
    code_and_art = np.array([[0.5, 0.5]])
    flat, one, both, mad = liking(np.array([[0.0, 0.0], [2.0, -2.0], [2.0, 2.0], [4.0, 4.0]]), code_and_art)[:, 0]
    assert flat == pytest.approx(0.0)
    mean_of_exponents = (np.exp(2.4) + np.exp(-2.4)) / 2
    assert one == pytest.approx(1.8 * np.tanh(np.log(mean_of_exponents) / 1.2 / 1.8))
    assert flat < one < both < mad < 1.8
    assert mad - both < both - flat  # saturation: not additive in the interests


def test_spheres_of_every_programme_add_up_to_one(reference: Reference) -> None:
    assert set(PROFILE_SPHERES) == set(reference.profiles)
    assert set(GROUP_SPHERES) >= {code[:2] for code in reference.spo}
    assert set(SUBJECT_SPHERES) == set(reference.subjects) - {"natlang"}
    for cells in (PROFILE_SPHERES, GROUP_SPHERES, SUBJECT_SPHERES, SCALE_SPHERES):
        for cell in cells.values():
            assert sphere_vector(cell).sum() == pytest.approx(1.0)
    assert programme_vector(("tech-it",), ("inf",), ()).argmax() == SPHERE_INDEX["code"]
    assert programme_vector((), (), ("34.02.01",)).argmax() == SPHERE_INDEX["med"]
    assert ((factor_loadings() ** 2).sum(axis=1) < 0.8).all(), "every sphere keeps something of its own"


def test_statements_are_the_same_whatever_region(reference: Reference) -> None:
    first, again = (item_bank(reference.instruments["HOL43"]) for _ in range(2))
    np.testing.assert_array_equal(first.sharpness, again.sharpness)
    assert all(len(statements) == 2 for statements in first.statements)
    graded = item_bank(reference.instruments["RIASEC48"])
    assert graded.answers[0] == ("1", "2", "3", "4", "5")
    assert item_bank(reference.instruments["PROFIL50"]).answers[0] == ("-", "+"), "the last answer is the most"


# ---- the files ------------------------------------------------------------------------------------------------------


def test_same_seed_same_bytes(small: tuple[Path, Region], tmp_path: Path) -> None:
    write_region(tmp_path / "again", seed=5, size=SMALL)
    write_region(tmp_path / "other", seed=6, size=SMALL)
    assert checksums(tmp_path / "again") == checksums(small[0])
    assert checksums(tmp_path / "other") != checksums(small[0])


def test_an_earlier_run_is_replaced_and_a_readme_kept(tmp_path: Path) -> None:
    (tmp_path / "schools" / "sch09").mkdir(parents=True)
    (tmp_path / "README.md").write_text("kept", encoding="utf-8")
    write_region(tmp_path, seed=5, size=replace(SMALL, class_size=4, schools=1))
    assert [path.name for path in (tmp_path / "schools").iterdir()] == ["sch01"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "kept"


def test_files_and_their_columns(folder: Path, reference: Reference) -> None:
    region = tomllib.loads((folder / "region.toml").read_text(encoding="utf-8"))
    assert region == {
        "code": "uchebny",
        "title_ru": "Учебный район",
        "as_of": AS_OF,
        "current_school_year": "2024-25",
        "synthetic": True,
    }
    with (folder / "catalogue.csv").open(encoding="utf-8") as file:
        assert file.readline().strip().split(",") == list(CATALOGUE)
    headers = {name: f"student_id,{header}".split(",") for name, header in HEADERS.items()}
    headers |= {f"answers_{m}": ["student_id", "taken_on", *reference.instruments[m].items] for m in METHODS}
    for school in (folder / "schools").iterdir():
        assert {path.stem for path in school.iterdir()} == set(headers)
        for name, header in headers.items():
            with (school / f"{name}.csv").open(encoding="utf-8") as file:
                assert file.readline().strip().split(",") == header


def test_the_catalogue_can_be_read_and_fits_its_places(folder: Path, reference: Reference) -> None:
    places = read_places(folder / "schools.csv", folder / "hosts.csv")
    pathways = catalogue(folder, reference)
    assert {place.host_kind for place in places.values()} == {"school", "college", "enterprise", "online"}
    assert len(pathways) == len(read(folder / "catalogue.csv")), "no pathway twice in a year"
    for (year, code), pathway in pathways.items():
        assert code == f"{pathway.host_code}-{pathway.programme_code}"
        assert pathway.host_code in places
        assert pathway.seats is not None
        assert pathway.seats > 0
        assert pathway.apply_until is not None
        assert school_year(pathway.apply_until.isoformat()) == year
        assert pathway.apply_until < max(pathway.dates)
        _check_kind(pathway, places)


def _check_kind(pathway: Pathway, places: dict[str, Place]) -> None:
    at_school = places[pathway.host_code].host_kind == "school"
    assert at_school == (pathway.kind != PathwayKind.CAREER_TRIAL)
    if pathway.kind == PathwayKind.PROFILE_CLASS:
        assert pathway.grades == {9}
        assert pathway.profiles == (pathway.programme_code,)
        assert pathway.spo_codes == ()
    elif pathway.kind == PathwayKind.CAREER_TRIAL:
        assert pathway.spo_codes
        assert 1 <= len(pathway.dates) <= 5
        assert all(school_year(day.isoformat()) == pathway.school_year for day in pathway.dates)


def test_raw_answers_are_those_of_the_keys_and_only_with_consent(folder: Path, reference: Reference) -> None:
    refused = {row["student_id"] for _, row in of_all_schools(folder, "roster") if row["consent_testing"] == "no"}
    for method in METHODS:
        instrument = reference.instruments[method]
        rows = [row for _, row in of_all_schools(folder, f"answers_{method}")]
        assert not refused & {row["student_id"] for row in rows}
        scored = score_table(instrument, [{item: row[item] for item in instrument.items} for row in rows])
        assert np.isfinite(scored.scores).any(axis=1).mean() > 0.8


def test_rows_belong_to_students_of_the_school_and_lie_before_the_day(folder: Path) -> None:
    rosters = {(school, row["student_id"]) for school, row in of_all_schools(folder, "roster")}
    days = ("taken_on", "surveyed_on", "signed_up_on", "attended_on", "enrolled_on", "left_on", "passed_on")
    for name in [*HEADERS, *(f"answers_{method}" for method in METHODS)]:
        for school, row in of_all_schools(folder, name):
            assert (school, row["student_id"]) in rosters, name
            for column in days:
                assert (row.get(column) or "") <= AS_OF.isoformat(), (name, column)
            if name == "marks":
                assert row["school_year"] < "2024-25"
                assert {row[code] for code in SUBJECT_SPHERES} <= {"", "2", "3", "4", "5"}


def test_rosters_are_sound(folder: Path) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    names: dict[str, set[tuple[str, str]]] = {}
    for _, row in of_all_schools(folder, "roster"):
        seen[row["student_id"], row["school_year"]] += 1
        names.setdefault(row["student_id"], set()).add((row["last_name"], row["first_name"]))
        assert row["school_year"] in SCHOOL_YEARS
        assert row["class_title"][:-1] in {"8", "9", "10", "11"}
        assert row["student_id"][0] == "s"
        assert len(row["student_id"]) == 8
    assert set(seen.values()) == {1}
    assert all(len(known) == 1 for known in names.values())


def test_seats_grades_and_days_of_what_was_taken(folder: Path, reference: Reference) -> None:
    pathways = catalogue(folder, reference)
    people = {
        (row["student_id"], row["school_year"]): (school, row) for school, row in of_all_schools(folder, "roster")
    }
    taken = [(row["school_year"], row["enrolled_on"], row) for _, row in of_all_schools(folder, "enrolments")]
    taken += [
        (school_year(row["signed_up_on"]), row["signed_up_on"], row)
        for _, row in of_all_schools(folder, "trial_attendance")
    ]
    count: Counter[tuple[str, str]] = Counter()
    for year, on, row in taken:
        pathway = pathways[year, row["pathway_code"]]
        school, student = people[row["student_id"], year]
        count[year, row["pathway_code"]] += 1
        assert int(student["class_title"][:-1]) in pathway.grades
        assert on <= str(pathway.apply_until)
        assert school_year(on) == year
        assert set(filter(None, student["conditions_needed"].split(";"))) <= pathway.conditions_met
        assert not set(filter(None, student["restriction_tags"].split(";"))) & pathway.restriction_tags
        if pathway.kind == PathwayKind.ELECTIVE:
            assert pathway.host_code == school
        if row.get("attended_on"):
            assert date.fromisoformat(row["attended_on"]) in pathway.dates
        if row.get("left_on"):
            assert row["left_on"] > on
    assert all(number <= (pathways[key].seats or 0) for key, number in count.items())
    keys = [(row["student_id"], row["pathway_code"], year) for year, _, row in taken]
    assert len(set(keys)) == len(keys)
    classes = [key for key in keys if pathways[key[2], key[1]].kind == PathwayKind.PROFILE_CLASS]
    assert len({student for student, _, _ in classes}) == len(classes), "one profile class a student"


def test_who_chose_a_class_is_on_its_schools_next_roster(folder: Path, reference: Reference) -> None:
    pathways = catalogue(folder, reference)
    people = {
        (row["student_id"], row["school_year"]): (school, row) for school, row in of_all_schools(folder, "roster")
    }
    for _, row in of_all_schools(folder, "enrolments"):
        pathway = pathways[row["school_year"], row["pathway_code"]]
        if pathway.kind == PathwayKind.PROFILE_CLASS:
            following = SCHOOL_YEARS[SCHOOL_YEARS.index(row["school_year"]) + 1]
            school, student = people[row["student_id"], following]
            assert school == pathway.host_code
            assert student["class_title"].startswith("10")


def test_surveys_and_exams_name_known_codes(folder: Path, reference: Reference) -> None:
    programmes = {row["programme_code"] for row in read(folder / "catalogue.csv")}
    for _, row in of_all_schools(folder, "profile_survey"):
        assert {row["first_profile"], row["second_profile"]} <= {"", *reference.profiles}
        assert row["plan"] in {"grade10", "college", "undecided", ""}
        assert {code for code in row["profession_codes"].split(";") if code} <= set(reference.spo)
    for _, row in of_all_schools(folder, "elective_survey"):
        assert set(row["programme_codes"].split(";")) <= programmes
    for _, row in of_all_schools(folder, "exam_survey"):
        assert set(row["subjects"].split(";")) <= set(reference.subjects)
    for _, row in of_all_schools(folder, "exam_results"):
        top = reference.subjects[row["subject_code"]].oge_max if row["exam"] == "oge" else 100
        assert 0 <= int(row["points"]) <= (top or 0)
    for _, row in of_all_schools(folder, "knowledge"):
        assert 0 <= int(row["points"]) <= int(row["points_max"])


# ---- as untidy as schools are (the committed region) ----------------------------------------------------------------


@pytest.fixture(scope="module")
def current() -> dict[str, Row]:
    """Students on the rosters of the current year."""
    return {row["student_id"]: row for _, row in of_all_schools(SAMPLES, "roster") if row["school_year"] == "2024-25"}


def test_size() -> None:
    years = Counter(row["school_year"] for _, row in of_all_schools(SAMPLES, "roster"))
    assert set(years) == set(SCHOOL_YEARS)
    assert all(1120 <= count <= 1280 for count in years.values())
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*.csv")) < 8_000_000
    assert len(list((SAMPLES / "schools").iterdir())) == 6


def test_gaps(current: dict[str, Row]) -> None:
    tested = {row["student_id"] for method in METHODS for _, row in of_all_schools(SAMPLES, f"answers_{method}")}
    marked = {row["student_id"] for _, row in of_all_schools(SAMPLES, "marks")}
    assert 0.28 <= np.mean([student not in tested for student in current]) <= 0.42
    assert 0.05 <= np.mean([student not in marked for student in current]) <= 0.11
    rows = list(current.values())
    assert 0.02 <= np.mean([row["consent_recommending"] == "no" for row in rows]) <= 0.06
    assert 0.04 <= np.mean([row["consent_testing"] == "no" for row in rows]) <= 0.08
    assert 0.02 <= np.mean([row["conditions_needed"] != "" for row in rows]) <= 0.06
    ninth = Counter(r["school_year"] for _, r in of_all_schools(SAMPLES, "roster") if r["class_title"].startswith("9"))
    answered = Counter(school_year(row["surveyed_on"]) for _, row in of_all_schools(SAMPLES, "profile_survey"))
    assert all(0.58 <= answered[year] / ninth[year] <= 0.76 for year in SCHOOL_YEARS)


def test_profiles_are_tied_or_flat_as_often_as_in_schools(reference: Reference) -> None:
    """About half have no clear first type (it leads by a point at most), about a fifth a nearly flat profile."""
    unclear, flat = {}, {}
    for method in ("HOL43", "RIASEC48"):
        instrument = reference.instruments[method]
        sheets = [
            {item: row[item] for item in instrument.items} for _, row in of_all_schools(SAMPLES, f"answers_{method}")
        ]
        scores = score_table(instrument, sheets).scores
        scores = np.sort(np.floor(scores[np.isfinite(scores).all(axis=1)] + 0.5), axis=1)
        unclear[method] = float(np.mean(scores[:, -1] - scores[:, -2] <= 1))
        width = instrument.scales[0].maximum - instrument.scales[0].minimum
        flat[method] = float(np.mean(scores[:, -1] - scores[:, 0] <= 0.27 * width))
        assert 0.12 <= np.mean(scores[:, -1] == scores[:, -2]) <= 0.35, "exact ties"
    assert 0.45 <= np.mean(list(unclear.values())) <= 0.6
    assert 0.15 <= np.mean(list(flat.values())) <= 0.32


def test_some_sheets_are_straight_lines(reference: Reference) -> None:
    straight = [
        len({row[item] for item in reference.instruments[method].items} - {""}) == 1
        for method in METHODS
        for _, row in of_all_schools(SAMPLES, f"answers_{method}")
    ]
    assert 0.02 <= np.mean(straight) <= 0.06


def test_choices_a_year(reference: Reference) -> None:
    pathways = catalogue(SAMPLES, reference)
    students = Counter(row["school_year"] for _, row in of_all_schools(SAMPLES, "roster"))
    ninth = Counter(r["school_year"] for _, r in of_all_schools(SAMPLES, "roster") if r["class_title"].startswith("9"))
    taken = Counter(
        (row["school_year"], pathways[row["school_year"], row["pathway_code"]].kind.value)
        for _, row in of_all_schools(SAMPLES, "enrolments")
    )
    trials = Counter(school_year(row["signed_up_on"]) for _, row in of_all_schools(SAMPLES, "trial_attendance"))
    for year in SCHOOL_YEARS[:-1]:
        assert 0.5 <= taken[year, "profile_class"] / ninth[year] <= 0.62
        assert 1.2 <= taken[year, "elective"] / students[year] <= 1.7
        assert 1.0 <= trials[year] / students[year] <= 1.5
    assert taken["2024-25", "profile_class"] == 0
    assert 0 < taken["2024-25", "elective"] < 300
    electives = [p for (year, _), p in pathways.items() if year == "2024-25" and p.kind == PathwayKind.ELECTIVE]
    assert np.mean([p.apply_until is not None and p.apply_until >= AS_OF for p in electives]) > 0.85


def test_wishes_inform_but_do_not_decide(reference: Reference) -> None:
    pathways = catalogue(SAMPLES, reference)
    wish = {
        (row["student_id"], school_year(row["surveyed_on"])): row["first_profile"]
        for _, row in of_all_schools(SAMPLES, "profile_survey")
    }
    chosen = [
        (school, row, pathways[row["school_year"], row["pathway_code"]])
        for school, row in of_all_schools(SAMPLES, "enrolments")
        if pathways[row["school_year"], row["pathway_code"]].kind == PathwayKind.PROFILE_CLASS
    ]
    stated = [(wish.get((r["student_id"], r["school_year"])), p.programme_code) for _, r, p in chosen]
    assert 0.3 <= np.mean([said == took for said, took in stated if said]) <= 0.6
    assert 0.7 <= np.mean([p.host_code == school for school, _, p in chosen]) <= 0.93, "most stay in their school"


# ---- what there is to learn -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Region]:
    folder = tmp_path_factory.mktemp("full")
    return folder, write_region(folder, seed=3, size=RegionSize(schools=3))


def test_interest_shows_in_trials_and_in_what_is_said_afterwards(full: tuple[Path, Region]) -> None:
    folder, region = full
    offers = region.offers_of(2, "career_trial")
    row_of = {student: row for row, student in enumerate(region.people.student_id)}
    column_of = {offer.pathway_code: column for column, offer in enumerate(offers)}
    everybody = np.arange(len(row_of))
    truth = worth(region.tastes, region.people, 2, everybody, [offer.programme.code for offer in offers])
    visits = [
        row for _, row in of_all_schools(folder, "trial_attendance") if school_year(row["signed_up_on"]) == "2023-24"
    ]
    students = np.array([row_of[row["student_id"]] for row in visits])
    columns = np.array([column_of[row["pathway_code"]] for row in visits])
    place = (truth.match[students] > truth.match[students, columns][:, None]).mean(axis=1)
    assert place.mean() < 0.3, "half would be chance"
    rated = np.array([bool(row["rating_after"]) for row in visits])
    ratings = np.array([float(row["rating_after"] or 0) for row in visits])[rated]
    assert np.corrcoef(truth.match[students, columns][rated], ratings)[0, 1] > 0.35


def test_interests_and_abilities_are_about_half_of_what_decides(full: tuple[Path, Region]) -> None:
    region = full[1]
    students = np.flatnonzero(region.people.present(2))
    for kind in ("profile_class", "elective", "career_trial"):
        codes = [offer.programme.code for offer in region.offers_of(2, kind)]
        truth = worth(region.tastes, region.people, 2, students, codes)
        merit, other = truth.merit.var(axis=1).mean(), truth.other.var(axis=1).mean()
        rest = 0.35**2 * np.pi**2 / 6 + 0.25**2  # chance at the moment of choice, reputation of the host
        assert 0.4 < merit / (merit + other + rest) < 0.72


def test_later_outcomes_depend_on_ability(full: tuple[Path, Region]) -> None:
    folder, region = full
    row_of = {student: row for row, student in enumerate(region.people.student_id)}
    points = [
        (region.people.ability[row_of[row["student_id"]], 0], float(row["points"]))
        for _, row in of_all_schools(folder, "exam_results")
        if (row["exam"], row["subject_code"]) == ("oge", "math")
    ]
    assert np.corrcoef(np.array(points).T)[0, 1] > 0.6
