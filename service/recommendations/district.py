"""What the ranking means for the whole district: the frontier of demand, and how many would come for each seat."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from recommender.catalogue import KINDS
from recommender.congestion import FEW_STUDENTS, Congestion, expected_congestion
from recommender.features import StudentVectors
from recommender.frontier import FrontierPoint, frontier
from recommender.students import StudentFacts, student_facts
from service.access import OPERATOR, rankable_students
from service.aggregates import in_fives, told_share
from service.catalogue.queries import host_title
from service.db import Database
from service.log import frames_of
from service.recommendations.district_schemas import CrowdedPathway, DistrictPolicy, PolicyPoint
from service.recommendations.shelf import Serving
from service.students.facts import read_fact_rows, read_student_rows
from service.tables import ConsentRecord, Erasure, ImportRun, Student

log = structlog.get_logger()

MOST_CROWDED = 15
CROWDING_SECONDS = 600.0  # so old may be what a card says about applicants per seat
RETRY_SECONDS = 5.0
REMEMBERED_LAYOUTS = 4


@dataclass(frozen=True)
class District:
    """Everybody whose representative agreed to recommendations, and aggregates of them."""

    facts: StudentFacts
    vectors: StudentVectors
    usual_choices: Mapping[str, float]
    frontier: tuple[FrontierPoint, ...]
    congestion: Congestion


def read_district(session: Session, serving: Serving) -> District:
    """Rank the whole district once; linear in its students."""
    recommender, today = serving.recommender, serving.today
    of = rankable_students(OPERATOR, today.school_year).with_only_columns(Student.student_id)
    students = read_student_rows(session, of).get(today.school_year, [])
    rows = read_fact_rows(session, of, serving.reference, today.school_year)
    facts = student_facts(
        students, rows, as_of=today.as_of, catalogue=serving.catalogue, model=serving.model.interest_model
    )
    usual = serving.model.manifest.get("usual_choices", {})
    vectors = recommender.space.student_vectors(facts)
    points = frontier(recommender, facts, vectors=vectors)
    return District(facts, vectors, usual, points, expected_congestion(recommender, facts, usual, vectors=vectors))


class DistrictKeeper:
    """Keeps the district of the current `Serving`; a new layout is ranked anew when first asked about.

    `take` is exact and may take seconds for a region. `crowding`, which every card glances at, waits for nobody: it is
    what was last known, and is looked after beside the requests.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._of: tuple[Serving, tuple[int | None, ...], District] | None = None
        self._crowding: OrderedDict[str, list[float]] = OrderedDict()  # of the last layouts
        self._turn = threading.Lock()  # one refreshing at a time
        self._refreshing: threading.Thread | None = None
        self._tried: tuple[Serving | None, float] = (None, -math.inf)

    def take(self, session: Session, serving: Serving) -> District:
        """The district as the current ranker sees it."""
        changed = (ImportRun.import_run_id, ConsentRecord.consent_record_id, Erasure.erasure_id)
        last = tuple(session.scalar(sa.select(sa.func.max(number))) for number in changed)
        with self._lock:
            if self._of is None or self._of[0] is not serving or self._of[1] != last:
                self._of = (serving, last, read_district(session, serving))
                self._tried = (serving, time.monotonic())
                self._crowding[serving.layout] = self._of[2].congestion.per_seat.tolist()
                self._crowding.move_to_end(serving.layout)
                if len(self._crowding) > REMEMBERED_LAYOUTS:
                    self._crowding.popitem(last=False)
            return self._of[2]

    def crowding(self, serving: Serving) -> list[float] | None:
        """Expected applicants per seat, at most a while old; None until such a ranker has seen the district.

        A version that is taken back finds what it knew: its lists are the same again.
        """
        found = self._crowding.get(serving.layout)
        tried, moment = self._tried
        pause = CROWDING_SECONDS if found is not None else RETRY_SECONDS
        if tried is not serving or time.monotonic() - moment > pause:
            self._refresh_beside(serving)
        return found

    def _refresh_beside(self, serving: Serving) -> None:
        with self._turn:
            if self._refreshing is not None and self._refreshing.is_alive():
                return
            self._tried = (serving, time.monotonic())
            self._refreshing = threading.Thread(target=self._refresh, args=[serving], name="district")
            self._refreshing.start()

    def _refresh(self, serving: Serving) -> None:
        try:
            with self._database.reading() as session:
                self.take(session, serving)
        except Exception as error:
            log.error("district not ranked", error=type(error).__name__, frames=frames_of(error))

    def close(self) -> None:
        """Wait until nothing is read any more."""
        with self._turn:
            if self._refreshing is not None:
                self._refreshing.join()

    def forget(self) -> None:
        """Let go of everybody at once: somebody was erased."""
        with self._lock:
            self._of = None
            self._crowding.clear()


def policy_of(serving: Serving, district: District, demand_strength: float) -> DistrictPolicy:
    """Frontier and the most crowded pathways; nothing about fewer than five students, nor by difference."""
    return DistrictPolicy(
        model_version=serving.model.version,
        as_of=serving.today.as_of,
        demand_strength=demand_strength,
        student_count=in_fives(len(district.facts)),
        frontier=[point for each in district.frontier for point in _points(each)],
        crowded=_crowded(serving, district.congestion),
    )


def _points(found: FrontierPoint) -> list[PolicyPoint]:
    return [
        PolicyPoint(
            kind=kind.value,
            demand_strength=found.strength,
            demanded_share=told_share(float(found.demanded_share[row]), int(found.student_counts[row])),
            price=round(float(found.price[row]), 3),
            student_count=in_fives(int(found.student_counts[row])),
        )
        for row, kind in enumerate(KINDS)
        if found.student_counts[row] >= FEW_STUDENTS
    ]


def _crowded(serving: Serving, found: Congestion) -> list[CrowdedPathway]:
    pathways = serving.catalogue.pathways
    told = np.flatnonzero(np.isfinite(found.per_seat)).tolist()
    told.sort(key=lambda row: (-found.per_seat[row], pathways[row].pathway_code))
    return [
        CrowdedPathway(
            pathway_code=pathways[row].pathway_code,
            kind=pathways[row].kind.value,
            title_ru=pathways[row].title_ru,
            host_title=host_title(serving.catalogue.places, pathways[row].host_code),
            seats=pathways[row].seats or 0,
            expected_per_seat=round(float(found.per_seat[row]), 1),
        )
        for row in told[:MOST_CROWDED]
    ]
