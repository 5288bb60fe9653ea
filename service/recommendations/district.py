"""What the ranking means for the whole district: the frontier of demand, and how many would come for each seat."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from recommender.catalogue import KINDS
from recommender.congestion import FEW_STUDENTS, Congestion, expected_congestion
from recommender.features import StudentVectors
from recommender.frontier import FrontierPoint, frontier
from recommender.students import StudentFacts
from service.access import OPERATOR, rankable_students
from service.aggregates import in_fives, told_share
from service.catalogue.queries import host_title
from service.recommendations.district_schemas import CrowdedPathway, DistrictPolicy, PolicyPoint
from service.recommendations.facts import read_facts
from service.recommendations.shelf import Serving
from service.tables import Student

MOST_CROWDED = 15


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
    facts = read_facts(session, serving, of)
    usual = serving.model.manifest.get("usual_choices", {})
    vectors = recommender.space.student_vectors(facts)
    points = frontier(recommender, facts, vectors=vectors)
    return District(facts, vectors, usual, points, expected_congestion(recommender, facts, usual, vectors=vectors))


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
