"""Whether alarms of drift keep their word: false alarms of quiet windows, and shifts found.

A made-up region of 30 schools with four classes a grade; a municipality is some of these schools. Quiet windows are of
one piece: two classes of every grade are the reference, the other two the present, so that both have the same teachers
and none of the same students, and which is which is drawn anew each time. Or the present comes from other schools.
Shifts are planted in one input of the whole region, so large that its PSI becomes .25. All data are synthetic.
"""

import csv
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.records import Record
from benchmarks.sample import DEMAND_DIR, REFERENCE_DIR, read_sample
from recommender.catalogue import catalogue_of_year
from recommender.drift import InputChange, InputReference, compare_inputs, psi, reference_inputs, spread_of
from recommender.features import FeatureSpace
from recommender.reliability import FIGURES_RATE, RISE, has_risen, share_of
from recommender.student_inputs import input_values
from recommender.students import student_facts
from recommender.synthetic import write_region
from recommender.synthetic_people import RegionSize
from recommender.training import local_interest_model

SEED = 7
REGION = RegionSize(schools=30, classes=4)
MUNICIPALITIES = (6, 12, 24)  # schools, two classes a grade: 1,100 to 4,500 students
QUIET, SHIFTED = 500, 20  # windows of a municipality; of them shifted in each input
PLANTED = 0.25
RISES = 8  # as many as there are figures of lists in use
RISE_WINDOWS = 4000  # a rate of 1 in 200 takes many to be seen
FALSE_ALARMS, DETECTED = 0.01, 0.95  # the promise

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Students:
    """Inputs of the running year's students, with their school, grade and class."""

    values: dict[str, Floats]
    schools: Ints
    grades: Ints
    classes: Ints

    def __getitem__(self, rows: Ints) -> "Students":
        own = {name: column[rows] for name, column in self.values.items()}
        return Students(own, self.schools[rows], self.grades[rows], self.classes[rows])


def records() -> list[Record]:
    """False alarms and detection of every size of a municipality."""
    with tempfile.TemporaryDirectory() as folder:
        size = {"reference_folder": REFERENCE_DIR, "demand_folder": DEMAND_DIR, "size": REGION}
        write_region(Path(folder), seed=SEED, **size)
        everybody = read_students(Path(folder))
    known = reference_inputs(everybody.values, everybody.schools, everybody.grades)
    shifted = {name: planted(everybody, name, known[name]) for name in sorted(known)}
    random, found = np.random.default_rng(SEED), []
    for schools in MUNICIPALITIES:
        found += _quiet(everybody, schools, random, same=True)
        found += _detection(everybody, shifted, schools, random)
    found += _quiet(everybody, REGION.schools // 2, random, same=False)
    found += _rises(everybody, random)
    return [*found, *_together(found)]


def read_students(folder: Path) -> Students:
    """Everybody of the running year who may be learned from."""
    region = read_sample(folder)
    history, year = region.history, region.current_school_year
    model = local_interest_model(history)
    catalogue = catalogue_of_year(history.pathways, history.places, year)
    students = sorted(history.students[year], key=lambda row: row.student_id)
    facts = student_facts(students, history.rows, as_of=history.as_of, catalogue=catalogue, model=model)
    vectors = FeatureSpace(history.reference, catalogue, model).student_vectors(facts)
    titles = {}
    for path in sorted(folder.glob("schools/*/roster.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            titles |= {
                row["student_id"]: row["class_title"] for row in csv.DictReader(file) if row["school_year"] == year
            }
    letters = sorted({title[-1] for title in titles.values()})
    classes = np.array([letters.index(titles[student.student_id][-1]) for student in students])
    return Students(input_values(facts, vectors, model), facts.school_of, facts.grades, classes)


def halves(students: Students, schools: Ints, random: np.random.Generator) -> tuple[Students, Students]:
    """Reference and present of the same schools: of each grade half of the classes, drawn."""
    own = students[np.flatnonzero(np.isin(students.schools, schools))]
    cell = own.schools * 12 + own.grades
    lots = random.random((int(cell.max()) + 1, REGION.classes)).argsort(axis=1)
    is_reference = lots[cell, own.classes] < REGION.classes // 2
    return own[np.flatnonzero(is_reference)], own[np.flatnonzero(~is_reference)]


def planted(students: Students, name: str, reference: InputReference) -> Floats:
    """One input moved for everybody so that its PSI against what it was is PLANTED, by way of a lever found by halving.

    Numbers move up by a share of their spread, marks and flags for a drawn share of the students.
    """
    before = students.values[name]
    known = np.isfinite(before)
    edges = reference.edges
    lots = np.random.default_rng(SEED).random(len(before))
    is_stepped = len(np.unique(before[known])) <= len(edges) + 2
    top, bottom = (1.0, 0.0) if name.startswith("has.") else (before[known].max(), before[known].min())

    def moved(lever: float) -> Floats:
        if not is_stepped:
            return before + lever * before[known].std()
        up = np.where(lots < lever, np.minimum(before + 1.0, top), before)
        return (
            up
            if before[known].mean() < (top + bottom) / 2
            else np.where(lots < lever, np.maximum(before - 1, bottom), before)
        )

    def shares(values: Floats) -> Floats:
        found = spread_of(values[known], students.schools[known], students.grades[known], edges).shares
        return np.maximum(found, 0.5 / known.sum())

    low, high = 0.0, 1.0
    for _ in range(40):
        lever = (low + high) / 2
        low, high = (low, lever) if psi(reference.spread.shares, shares(moved(lever))) >= PLANTED else (lever, high)
    return moved(high)


def _compared(reference: Students, present: Students, *, same: bool) -> dict[str, InputChange]:
    references = reference_inputs(reference.values, reference.schools, reference.grades)
    return compare_inputs(references, present.values, present.schools, present.grades, same_schools=same)


def _quiet(everybody: Students, count: int, random: np.random.Generator, *, same: bool) -> list[Record]:
    """Windows with any alarm, and how many inputs could be told at all."""
    alarms, told = 0, []
    for _ in range(QUIET):
        drawn = random.permutation(REGION.schools)
        if same:
            reference, present = halves(everybody, drawn[:count], random)
        else:
            reference, _ = halves(everybody, drawn[:count], random)
            _, present = halves(everybody, drawn[count:], random)
        changes = _compared(reference, present, same=same)
        alarms += any(change.is_alarm for change in changes.values())
        told.append(float(np.mean([change.is_alarm is not None for change in changes.values()])))
    name = f"drift_alarms.{'same' if same else 'other'}_schools.{count}"
    return [
        _share(f"{name}.false_alarm_share", alarms, QUIET, FALSE_ALARMS, "lower"),
        Record(f"{name}.told_share", float(np.mean(told)), None, None, "higher", "synthetic", "", QUIET),
    ]


def _detection(
    everybody: Students, shifted: dict[str, Floats], count: int, random: np.random.Generator
) -> list[Record]:
    """Planted shifts found among those that the window could tell of."""
    found, told, asked = 0, 0, 0
    missed: Counter[str] = Counter()
    for name, values in shifted.items():
        moved = replace(everybody, values=everybody.values | {name: values})
        for _ in range(SHIFTED):
            drawn, lots = random.permutation(REGION.schools)[:count], int(random.integers(2**31))
            reference, _ = halves(everybody, drawn, np.random.default_rng(lots))
            _, present = halves(moved, drawn, np.random.default_rng(lots))
            change = _compared(reference, present, same=True).get(name)
            asked += 1
            if change is not None and change.is_alarm is not None:
                told += 1
                found += change.is_alarm
                missed[name] += not change.is_alarm
    name = f"drift_alarms.same_schools.{count}"
    return [
        _share(f"{name}.detected_share", found, told, DETECTED, "higher"),
        Record(f"{name}.tellable_share", told / asked, None, None, "higher", "synthetic", "", asked),
    ]


def _rises(everybody: Students, random: np.random.Generator) -> list[Record]:
    """Eight shares that go by class and school, quiet, and one of them raised: what lists in use are watched by."""
    flags = [
        name
        for name, column in sorted(everybody.values.items())
        if name.startswith("has.") and 0.1 < column.mean() < 0.8
    ]
    flags, rate = flags[:RISES], FIGURES_RATE / RISES
    alarms, found, told = 0, 0, 0
    for _ in range(RISE_WINDOWS):
        reference, present = halves(everybody, random.permutation(REGION.schools)[:12], random)
        before = {name: share_of(reference.values[name] > 0, reference.schools) for name in flags}
        verdicts = [
            has_risen(before[name], share_of(present.values[name] > 0, present.schools), rate) for name in flags
        ]
        alarms += any(verdict.is_alarm for verdict in verdicts)
        raised = flags[int(random.integers(len(flags)))]
        has = present.values[raised] > 0
        more = ~has & (random.random(len(has)) < 2 * RISE / (~has).mean())
        verdict = has_risen(before[raised], share_of(has | more, present.schools), rate)
        told += verdict.is_alarm is not None
        found += verdict.is_alarm is True
    return [
        _share("drift_alarms.rises.false_alarms", alarms, RISE_WINDOWS, FIGURES_RATE, "lower"),
        _share("drift_alarms.rises.detected", found, told, DETECTED, "higher"),
        Record(
            "drift_alarms.rises.told_share", told / RISE_WINDOWS, None, None, "higher", "synthetic", "", RISE_WINDOWS
        ),
    ]


def _share(name: str, hits: int, count: int, limit: float, better: Literal["higher", "lower"]) -> Record:
    """A share of independent windows with its Wilson interval (95 %, Wilson 1927)."""
    z = 1.96
    middle = (hits + z * z / 2) / (count + z * z)
    reach = z / (count + z * z) * float(np.sqrt(hits * (count - hits) / count + z * z / 4))
    interval = (max(middle - reach, 0.0), min(middle + reach, 1.0))
    return Record(name, hits / count, interval, limit, better, "synthetic", "", count)


def _together(found: list[Record]) -> list[Record]:
    """All sizes together: what is promised."""
    made = []
    for what, limit, better in (("false_alarm_share", FALSE_ALARMS, "lower"), ("detected_share", DETECTED, "higher")):
        own = [record for record in found if record.figure.endswith(what)]
        hits = sum(round(record.value * record.runs) for record in own)
        made.append(_share(f"drift_alarms.{what}", hits, sum(record.runs for record in own), limit, better))
    return made
