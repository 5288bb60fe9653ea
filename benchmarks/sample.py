"""The sample region as the benchmarks use it: read once, ranked by whatever ranker is asked for."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.records import ROOT, Record
from recommender.catalogue import KINDS, PathwayKind, catalogue_of_year
from recommender.demand import edition_in_force
from recommender.demand_weights import demand_weights
from recommender.expert import ExpertWeights, read_expert_weights
from recommender.features import FeatureSpace
from recommender.interests import InterestModel
from recommender.pipeline import Recommender
from recommender.region import Region, read_region
from recommender.splitting import ChoiceSets, History, choice_sets
from recommender.students import FactRows, StudentFacts, StudentRow, student_facts
from recommender.training import Training, local_interest_model

REFERENCE_DIR, DEMAND_DIR, SAMPLES_DIR = (ROOT / "data" / name for name in ("reference", "demand", "samples"))
K, DEMAND_STRENGTH = 5, 0.05  # places and nudge as the service ships


def read_sample(folder: Path = SAMPLES_DIR) -> Region:
    """A region of the sample's format with the district's editions."""
    return read_region(folder, REFERENCE_DIR, sorted(DEMAND_DIR.glob("krasnodar-*.csv")))


def choice_sets_by_kind(history: History, model: InterestModel) -> dict[PathwayKind, list[ChoiceSets]]:
    """Choice sets of every kind, one a year, oldest first."""
    found = {kind: [choice_sets(history, kind, year, model) for year in history.years()] for kind in KINDS}
    return {kind: [part for part in parts if part is not None] for kind, parts in found.items()}


Judging = Callable[[PathwayKind, list[ChoiceSets], ChoiceSets, ExpertWeights], list[Record]]


def of_every_kind(judging: Judging) -> list[Record]:
    """What is judged kind by kind on one thread: earlier years, the held-back year and expert weights go in."""
    history = read_sample().history
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    found = []
    with threadpool_limits(limits=1):
        for kind, parts in choice_sets_by_kind(history, local_interest_model(history)).items():
            found += judging(kind, parts[:-1], parts[-1], expert[kind])
    return found


@dataclass(frozen=True)
class Current:
    """The school year that is running: its students, and a recommender for its catalogue."""

    recommender: Recommender
    students: tuple[StudentRow, ...]
    history: History

    def facts(self, students: tuple[StudentRow, ...], rows: FactRows) -> StudentFacts:
        """Facts of some students as of the region's day."""
        space = self.recommender.space
        model = space.interest_model
        return student_facts(students, rows, as_of=self.history.as_of, catalogue=space.catalogue, model=model)

    def rows_by_student(self) -> dict[str, FactRows]:
        """Facts of each student apart, as a service would fetch them for one card."""
        own: dict[str, dict[str, list[object]]] = {row.student_id: {} for row in self.students}
        for table in fields(FactRows):
            for row in getattr(self.history.rows, table.name):
                if row.student_id in own:
                    own[row.student_id].setdefault(table.name, []).append(row)
        return {student_id: FactRows(**tables) for student_id, tables in own.items()}


def current_year(region: Region, training: Training) -> Current:
    """A recommender laid out for the running year, as the service does it."""
    history = region.history
    catalogue = catalogue_of_year(history.pathways, history.places, region.current_school_year)
    edition, earlier = edition_in_force(history.editions, region.as_of)
    demand = demand_weights(catalogue, history.reference, edition, earlier)
    space = FeatureSpace(history.reference, catalogue, training.model, training.peers)
    students = tuple(history.students[region.current_school_year])
    return Current(
        Recommender(space, training.served, history.rules, demand, DEMAND_STRENGTH, training.doubts, training.usual),
        students,
        history,
    )


def taken_pairs(facts: StudentFacts, recommender: Recommender) -> tuple[np.ndarray, np.ndarray]:
    """Students and pathways already attended or enrolled in, as arrays of positions."""
    students, pathways = [], []
    for table in ("trials", "enrolments"):
        rows = facts.tables[table].positions(recommender.space.catalogue.position)
        students.append(facts.tables[table].student[rows >= 0])
        pathways.append(rows[rows >= 0])
    return np.concatenate(students), np.concatenate(pathways)
