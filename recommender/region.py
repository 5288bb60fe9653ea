"""A region as its schools' files hold it, read for training and measuring without a service.

The same formats that the service imports (`data/formats`); here read trustingly, for files that the project ships.
"""

import csv
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from recommender.catalogue import PathwayKind, read_pathways, read_places, split_list
from recommender.demand import read_edition
from recommender.eligibility import read_rules
from recommender.instruments import answer_values, score_table
from recommender.outcomes import OutcomeRow, enrolment_relevance, trial_relevance
from recommender.reference import Reference, read_reference
from recommender.splitting import History
from recommender.students import FactRow, FactRows, ReadingRow, Sharing, StudentRow

TERM_ENDS = {"1": (0, 10, 31), "2": (0, 12, 30), "3": (1, 3, 25), "4": (1, 5, 31)}
"""Last day of each term: year of the school year's start (0) or end (1), month, day."""


@dataclass(frozen=True)
class Region:
    """A region's history and the year that is running.

    Attributes
    ----------
    history : History
        Students who consented to learning from their outcomes; facts and outcomes of all of them.
    as_of : date
    current_school_year : str
    """

    history: History
    as_of: date
    current_school_year: str


def term_end(school_year: str, term: str) -> date:
    """Day on which marks of a term are known.

    Examples
    --------
    >>> term_end("2023-24", "3")
    datetime.date(2024, 3, 25)
    """
    later, month, day = TERM_ENDS[term]
    return date(int(school_year[:4]) + later, month, day)


def read_region(folder: Path, reference_dir: Path, demand_files: list[Path]) -> Region:
    """Read a region's files.

    Parameters
    ----------
    folder : Path
        With region.toml, schools.csv, hosts.csv, catalogue.csv and one folder per school.
    reference_dir : Path
    demand_files : list of Path
        Editions of this region.

    Returns
    -------
    Region
    """
    about = tomllib.loads((folder / "region.toml").read_text(encoding="utf-8"))
    reference = read_reference(reference_dir)
    places = read_places(folder / "schools.csv", folder / "hosts.csv")
    pathways = read_pathways(folder / "catalogue.csv", reference)
    students: dict[str, list[StudentRow]] = {}
    consents: dict[str, tuple[str, str]] = {}  # the latest roster decides, as in the service
    tables: dict[str, list[FactRow]] = {}
    readings: list[ReadingRow] = []
    share = Sharing()
    outcomes: list[OutcomeRow] = []
    kinds = {pathway.pathway_code: pathway.kind for pathway in pathways}
    for school in sorted(path for path in (folder / "schools").iterdir() if path.is_dir()):
        for row in _rows(school / "roster.csv"):
            needs, avoids = split_list(row["conditions_needed"]), split_list(row["restriction_tags"])
            grade = int(row["class_title"].rstrip("АБВГДЕ"))
            student = StudentRow(row["student_id"], grade, school.name, needs, avoids)
            students.setdefault(row["school_year"], []).append(student)
            latest = consents.get(student.student_id, ("", ""))
            consents[student.student_id] = max(latest, (row["school_year"], row["consent_learning"]))
        readings += _readings(school, reference, share)
        _read_facts(school, tables, share)
        outcomes += _outcomes(school, kinds)
    learning = {student_id for student_id, (_, consent) in consents.items() if consent == "yes"}
    students = {
        year: [student for student in rows if student.student_id in learning] for year, rows in students.items()
    }
    as_of = about["as_of"] if isinstance(about["as_of"], date) else date.fromisoformat(about["as_of"])
    history = History(
        reference,
        places,
        pathways,
        students,
        FactRows(readings=readings, **tables),
        [outcome for outcome in outcomes if outcome.student_id in learning],
        read_rules(reference_dir / "eligibility.toml"),
        as_of,
        [read_edition(path) for path in demand_files],
    )
    return Region(history, as_of, about["current_school_year"])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)


def _float(cell: str) -> float:
    return float(cell) if cell else math.nan


def _readings(school: Path, reference: Reference, share: Sharing) -> Iterator[ReadingRow]:
    for path in sorted(school.glob("answers_*.csv")):
        method = path.stem.removeprefix("answers_")
        instrument = reference.instruments[method]
        rows = list(_rows(path))
        sheets = [{item: row[item] for item in instrument.items} for row in rows]
        scores, answers = score_table(instrument, sheets).scores, answer_values(instrument, sheets)
        for row, own_scores, own_answers in zip(rows, scores.tolist(), answers.tolist(), strict=True):
            who, day = share(row["student_id"]), share(date.fromisoformat(row["taken_on"]))
            yield ReadingRow(who, method, day, tuple(map(share, own_scores)), tuple(map(share, own_answers)))


def _read_facts(school: Path, tables: dict[str, list[FactRow]], share: Sharing) -> None:
    """All dated facts of one school, appended table by table."""

    def add(table: str, row: dict[str, str], code: str, day: date, value: float = 1.0) -> None:
        fact = FactRow(share(row["student_id"]), share(code), share(day), share(float(value)))
        tables.setdefault(table, []).append(fact)

    for row in _rows(school / "marks.csv"):
        day = term_end(row["school_year"], row["term"])
        for code in row.keys() - {"student_id", "school_year", "term"}:
            if row[code]:
                add("marks", row, code, day, float(row[code]))
    for row in _rows(school / "knowledge.csv"):
        add(
            "knowledge",
            row,
            row["subject_code"],
            _day(row, "taken_on"),
            float(row["points"]) / float(row["points_max"]),
        )
    for row in _rows(school / "exam_results.csv"):
        if row["exam"] == "oge":
            add("exam_points", row, row["subject_code"], _day(row, "passed_on"), float(row["points"]))
    for row in _rows(school / "trial_attendance.csv"):
        if row["attended_on"]:
            add("trials", row, row["pathway_code"], _day(row, "attended_on"), _float(row["rating_after"]))
    for row in _rows(school / "enrolments.csv"):
        add("enrolments", row, row["pathway_code"], _day(row, "enrolled_on"))
    wishes = (
        ("profile_survey.csv", "profile_wishes", ("first_profile", "second_profile")),
        ("profile_survey.csv", "profession_wishes", ("profession_codes",)),
        ("exam_survey.csv", "exam_wishes", ("subjects",)),
        ("elective_survey.csv", "elective_wishes", ("programme_codes",)),
    )
    for file, table, columns in wishes:
        for row in _rows(school / file):
            wished = [code for column in columns for code in split_list(row[column])]
            for rank, code in enumerate(wished, start=1):
                add(table, row, code, _day(row, "surveyed_on"), rank)


def _day(row: dict[str, str], column: str) -> date:
    return date.fromisoformat(row[column])


def _outcomes(school: Path, kinds: dict[str, PathwayKind]) -> Iterator[OutcomeRow]:
    for row in _rows(school / "trial_attendance.csv"):
        day = date.fromisoformat(row["signed_up_on"])
        grade = trial_relevance(bool(row["attended_on"]), _float(row["rating_after"]))
        yield OutcomeRow(
            row["student_id"], school_year_of(day), PathwayKind.CAREER_TRIAL, row["pathway_code"], day, grade
        )
    for row in _rows(school / "enrolments.csv"):
        grade = enrolment_relevance(bool(row["left_on"]), _float(row["final_mark"]))
        day = date.fromisoformat(row["enrolled_on"])
        yield OutcomeRow(
            row["student_id"], row["school_year"], kinds[row["pathway_code"]], row["pathway_code"], day, grade
        )


def school_year_of(day: date) -> str:
    """School year of a day; it begins on 1 September.

    Examples
    --------
    >>> school_year_of(date(2024, 8, 31)), school_year_of(date(2024, 9, 1))
    ('2023-24', '2024-25')
    """
    start = day.year if day.month >= 9 else day.year - 1
    return f"{start}-{(start + 1) % 100:02d}"
