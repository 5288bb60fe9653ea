"""Wire shapes of what the ranking means for the whole district."""

from datetime import date

from service.recommendations.schemas import PathwayKind
from service.wire import Wire


class PolicyPoint(Wire):
    """One strength of demand for one kind."""

    kind: PathwayKind
    demand_strength: float
    demanded_share: float  # students with a demanded pathway (weight above 0.5) in the first three; steps of five
    price: float  # mean fit given up per place
    student_count: int  # students who have a list of this kind, in steps of five


class CrowdedPathway(Wire):
    """Expected applicants per seat, of a pathway that at least 5 students may be offered."""

    pathway_code: str
    kind: PathwayKind
    title_ru: str
    host_title: str
    seats: int
    expected_per_seat: float


class DistrictPolicy(Wire):
    """GET /v1/policy: aggregates of the district, nothing of fewer than 5 students."""

    model_version: str
    as_of: date
    demand_strength: float  # what is set for the district
    student_count: int  # in steps of five
    frontier: list[PolicyPoint]
    crowded: list[CrowdedPathway]  # most crowded first, at most 15
