"""The sample region «Учебный район»: six schools, four school years, made up from a seed. No real person is in it.

`python -m recommender.synthetic data/samples` writes the files that schools really have, in the formats of
`data/samples/README.md`. The same seed gives the same bytes. The truth behind the files (latent spheres of interest,
item responses, utilities with friends, seats, fashion and fear) stands in the modules `synthetic_*` and shares no
formula with the ranker.
"""

import csv
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from recommender.columns import CATALOGUE
from recommender.reference import read_reference
from recommender.synthetic_catalogue import (
    HOSTS,
    SCHOOL_PLACES,
    SCHOOL_TITLES,
    Offer,
    elective_offers,
    electives,
    profile_offers,
    profile_programmes,
    school_codes,
    travel_minutes,
    trial_offers,
    trials,
)
from recommender.synthetic_choices import Taken, choose_electives, choose_profile_classes, choose_trials
from recommender.synthetic_people import (
    AS_OF,
    CURRENT,
    SCHOOL_YEARS,
    Floats,
    Ints,
    RegionSize,
    create_people,
    next_interests,
    random_day,
    year_day,
)
from recommender.synthetic_records import (
    Region,
    write_answers,
    write_elective_survey,
    write_exam_survey,
    write_exams,
    write_knowledge,
    write_marks,
    write_profile_survey,
    write_roster,
)
from recommender.synthetic_spheres import SPHERE_INDEX
from recommender.synthetic_tastes import SUBJECTS, add_reputations, create_tastes

SEED = 20241001
LEAVE_AFTER_9 = 0.42  # go to a college of their own will; a few more find no class
PRACTICAL = ("trade", "transport", "service", "agro", "build", "elec")
METHODS = ("DDO20", "HOL43", "PROFIL50", "RIASEC48")

HEADERS = {
    "roster": (
        "school_year,class_title,last_name,first_name,sex,consent_testing,consent_recommending,consent_learning,"
        "conditions_needed,restriction_tags"
    ),
    "marks": "school_year,term," + ",".join(SUBJECTS),
    "knowledge": "taken_on,subject_code,points,points_max",
    "profile_survey": "surveyed_on,first_profile,second_profile,plan,profession_codes",
    "exam_survey": "surveyed_on,subjects",
    "elective_survey": "surveyed_on,programme_codes",
    "trial_attendance": "pathway_code,signed_up_on,attended_on,rating_before,rating_after",
    "enrolments": "pathway_code,school_year,enrolled_on,left_on,final_mark",
    "exam_results": "exam,passed_on,subject_code,points",
}


def create_region(seed: int, size: RegionSize, reference_folder: Path, demand_folder: Path) -> Region:
    """Students, programmes, hosts and the catalogue of every year, before anything happens."""
    reference = read_reference(reference_folder)
    people = create_people(np.random.default_rng([seed, 1]), size)
    programmes = [*profile_programmes(reference).values(), *electives(reference_folder)]
    programmes += trials(reference_folder, size.trials)
    tastes = create_tastes(np.random.default_rng([seed, 2]), people, reference, programmes, demand_folder)
    rng = np.random.default_rng([seed, 3])
    offers = []
    before: list[Offer] = []
    for year in range(len(SCHOOL_YEARS)):
        before = elective_offers(rng, size, electives(reference_folder), before, year)
        trial_list = trial_offers(rng, trials(reference_folder, size.trials), tastes.popular, year)
        offers.append([*profile_offers(size, reference, year), *before, *trial_list])
        add_reputations(rng, tastes, offers[-1])
    return Region(size, reference, people, tastes, offers, travel_minutes(size, rng))


def _minutes(region: Region, students: Ints, hosts: Sequence[str], year: int) -> Floats:
    """Way of each student to each host, shape (n_students, n_hosts)."""
    schools = school_codes(region.size)
    table = np.array([[region.minutes[school, host] for host in hosts] for school in schools])
    way: Floats = table[region.people.school[students, year]]
    return way


def live_year(seed: int, region: Region, year: int, tried: dict[int, set[str]]) -> None:
    """One school year from September to August; ends with the rosters of the next one."""
    rng = np.random.default_rng([seed, 10 + year])
    write_roster(region, year)
    write_elective_survey(rng, region, year)
    write_marks(rng, region, year)
    write_answers(rng, region, year)
    leaning = _college_leaning(rng, region, year)
    write_profile_survey(rng, region, year, leaning)
    write_exam_survey(rng, region, year)
    _take_electives(rng, region, year)
    _take_trials(rng, region, year, tried)
    write_knowledge(rng, region, year)
    shares = write_exams(rng, region, year)
    if year < CURRENT:
        _finish_year(rng, region, year, leaning, shares)


def _college_leaning(rng: np.random.Generator, region: Region, year: int) -> Floats:
    """Towards a college after grade 9 (> 0) or towards grade 10: marks, practical interests, and the rest of life."""
    people = region.people
    general = region.marks(year)[:, [SUBJECTS.index(code) for code in ("rus", "math", "eng", "hist")]].mean(axis=1)
    practical = people.interests[year][:, [SPHERE_INDEX[name] for name in PRACTICAL]].mean(axis=1)
    leaning: Floats = 1.4 * (3.72 - general) + 0.5 * practical + rng.normal(0.0, 0.7, len(general))
    return leaning


def _take_electives(rng: np.random.Generator, region: Region, year: int) -> None:
    people = region.people
    for school, code in enumerate(school_codes(region.size)):
        offers = [offer for offer in region.offers_of(year, "elective") if offer.host == code]
        students = np.flatnonzero(people.present(year) & (people.school[:, year] == school))
        chosen = choose_electives(
            rng,
            people=people,
            tastes=region.tastes,
            offers=offers,
            students=students,
            stated=region.elective_wishes,
            year=year,
        )
        for taken in chosen:
            left = rng.random() < 1.0 / (1.0 + np.exp(1.5 + 1.1 * taken.match + 0.9 * taken.success))
            left_on = random_day(rng, year_day(year, 10, 20), year_day(year, 3, 20)) if left else None
            graded = not left and rng.random() < 0.75 and year < CURRENT
            _write_enrolment(rng, region, year, taken, left_on, graded)


def _write_enrolment(
    rng: np.random.Generator, region: Region, year: int, taken: Taken, left_on: object, graded: bool
) -> None:
    """A row of enrolments; the final mark depends on success and liking more than on the choice itself."""
    worth_of_work = 3.85 + 0.85 * taken.success + 0.35 * taken.match + rng.normal(0.0, 0.4)
    mark = int(np.clip(round(worth_of_work), 2, 5)) if graded else ""
    cells = [taken.offer.pathway_code, SCHOOL_YEARS[year], taken.on, _known(left_on), mark]
    region.add("enrolments", year, taken.student, cells, taken.on)


def _known(day: object) -> object:
    return "" if day is None or str(day) > AS_OF.isoformat() else day


def _take_trials(rng: np.random.Generator, region: Region, year: int, tried: dict[int, set[str]]) -> None:
    people = region.people
    offers = region.offers_of(year, "career_trial")
    students = np.flatnonzero(people.present(year))
    minutes = _minutes(region, students, [offer.host for offer in offers], year)
    visits = choose_trials(
        rng,
        people=people,
        tastes=region.tastes,
        offers=offers,
        students=students,
        minutes=minutes,
        tried=tried,
        year=year,
    )
    columns = region.tastes.columns([visit.taken.offer.programme.code for visit in visits])
    for visit, column in zip(visits, columns, strict=True):
        taken = visit.taken
        if visit.rating_after is not None and visit.rating_after >= 8:
            people.interests[year, taken.student] += 0.5 * region.tastes.mixture[column]
        cells: list[object] = [taken.offer.pathway_code, taken.on, visit.attended_on or "", visit.rating_before or ""]
        day = next(day for day in taken.offer.dates if day >= taken.on + timedelta(days=3))
        region.add("trial_attendance", year, taken.student, [*cells, visit.rating_after or ""], day)


def _finish_year(rng: np.random.Generator, region: Region, year: int, leaning: Floats, shares: Floats) -> None:
    """After the exams: who goes on where, and how interests move until next September."""
    people = region.people
    students = region.in_grade(year, 9)
    pull = leaning[students] + rng.normal(0.0, 0.35, len(students))
    staying = students[pull <= np.quantile(pull, 1.0 - LEAVE_AFTER_9)]
    offers = region.offers_of(year, "profile_class")
    chosen = choose_profile_classes(
        rng,
        people=people,
        tastes=region.tastes,
        offers=offers,
        students=staying,
        priority=_priority(rng, region, year, staying, shares),
        minutes=_minutes(region, staying, [offer.host for offer in offers], year),
        stated=region.profile_wishes,
        year=year,
    )
    schools = school_codes(region.size)
    for taken in chosen:
        school = schools.index(taken.offer.host)
        here = [offer.programme.code for offer in offers if offer.host == taken.offer.host]
        people.school[taken.student, year + 1] = school
        people.letter[taken.student, year + 1] = (
            here.index(taken.offer.programme.code) * region.size.classes // len(here)
        )
        region.profile_of[taken.student] = taken.offer.programme.code
        _follow_up(rng, region, year, taken)
    _promote_tenth_grade(rng, region, year)
    rooms = np.where(
        people.present(year), people.school[:, year] * 100 + people.grade(year) * 10 + people.letter[:, year], -1
    )
    people.interests[year + 1] = next_interests(rng, people.interests[year], rooms, people.differentiation)


def _priority(rng: np.random.Generator, region: Region, year: int, students: Ints, shares: Floats) -> Floats:
    """How classes rank applicants: mean mark, and OGE in the subjects of the profile."""
    marks = region.marks(year)[students]
    core = marks[:, [SUBJECTS.index(code) for code in ("rus", "math", "eng", "hist", "bio")]].mean(axis=1)
    columns = []
    for offer in region.offers_of(year, "profile_class"):
        subjects = region.reference.profiles[offer.programme.code].oge_subjects or ("rus", "math")
        columns_of = np.array([SUBJECTS.index(code) for code in subjects], dtype=np.int64)
        points = shares[np.ix_(students, columns_of)]
        columns.append(core + 2.0 * np.nan_to_num(points).max(axis=1))
    return np.column_stack(columns) + rng.normal(0.0, 0.1, (len(students), len(columns)))


def _follow_up(rng: np.random.Generator, region: Region, year: int, taken: Taken) -> None:
    """What becomes of a profile class within its first year, as far as it is known on the day of the sample."""
    left = rng.random() < 1.0 / (1.0 + np.exp(1.5 + 1.2 * taken.match + 1.6 * taken.success))
    left_on = random_day(rng, year_day(year + 1, 10, 5), year_day(year + 1, 5, 20)) if left else None
    graded = not left and year + 1 < CURRENT
    _write_enrolment(rng, region, year, taken, left_on, graded)
    if left:
        region.profile_of[taken.student] = "univ"


def _promote_tenth_grade(rng: np.random.Generator, region: Region, year: int) -> None:
    """Nearly all of grade 10 go on to grade 11 in the same class."""
    people = region.people
    for student in region.in_grade(year, 10).tolist():
        if rng.random() < 0.96:
            people.school[student, year + 1] = people.school[student, year]
            people.letter[student, year + 1] = people.letter[student, year]


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_files(folder: Path, region: Region) -> None:
    codes = school_codes(region.size)
    places = [SCHOOL_PLACES[i % len(SCHOOL_PLACES)] for i in range(len(codes))]
    titles = [SCHOOL_TITLES[i % len(SCHOOL_TITLES)] for i in range(len(codes))]
    schools = [[code, title, *place] for code, title, place in zip(codes, titles, places, strict=True)]
    _write_csv(folder / "schools.csv", ["school_code", "title_ru", "x_km", "y_km"], schools)
    hosts = [[code, title, kind, *(place or ("", ""))] for code, (title, kind, place, _) in HOSTS.items()]
    _write_csv(folder / "hosts.csv", ["host_code", "title_ru", "host_kind", "x_km", "y_km"], hosts)
    _write_csv(folder / "catalogue.csv", CATALOGUE, [offer.as_row() for year in region.offers for offer in year])
    headers = {file: header.split(",") for file, header in HEADERS.items()}
    for method in METHODS:
        headers[f"answers_{method}"] = ["taken_on", *region.reference.instruments[method].items]
    for school, code in enumerate(codes):
        for file, header in headers.items():
            rows = sorted([str(cell) for cell in row] for row in region.rows.get((school, file), []))
            _write_csv(folder / "schools" / code / f"{file}.csv", ["student_id", *header], rows)
    region_file = (
        'code = "uchebny"\ntitle_ru = "Учебный район"\n'
        f'as_of = {AS_OF.isoformat()}\ncurrent_school_year = "{SCHOOL_YEARS[CURRENT]}"\nsynthetic = true\n'
    )
    (folder / "region.toml").write_text(region_file, encoding="utf-8")


def write_region(
    folder: Path,
    *,
    seed: int = SEED,
    size: RegionSize | None = None,
    reference_folder: Path = Path("data/reference"),
    demand_folder: Path = Path("data/demand"),
) -> Region:
    """Make the sample region and write its files.

    Parameters
    ----------
    folder : Path
        Receives `region.toml`, `schools.csv`, `hosts.csv`, `catalogue.csv` and `schools/<code>/*.csv`; files of an
        earlier run are replaced, a README there is kept.
    seed : int
        The same seed and size give the same bytes.
    size : RegionSize, optional
    reference_folder, demand_folder : Path

    Returns
    -------
    Region
        The truth behind the files, for tests and benchmarks; a real region has none.
    """
    region = create_region(seed, size or RegionSize(), reference_folder, demand_folder)
    tried: dict[int, set[str]] = {}
    for year in range(len(SCHOOL_YEARS)):
        live_year(seed, region, year, tried)
    shutil.rmtree(folder / "schools", ignore_errors=True)
    _write_files(folder, region)
    return region


if __name__ == "__main__":
    write_region(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("data/samples"))
