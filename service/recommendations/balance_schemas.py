"""Wire shapes of the district's balance: interest, demand and seats side by side."""

from datetime import date
from typing import Literal

from service.recommendations.schemas import PathwayKind
from service.wire import Wire

GroupVerdict = Literal["no_seats", "little_interest", "few_seats", "no_demand", "meet", "quiet"]
ElectiveVerdict = Literal["not_offered", "few_seats", "few_wishes", "meet"]


class BalanceLimits(Wire):
    """What verdicts are made by."""

    demanded_weight: float  # in demand: the weight of the strongest title lies above
    little_interest_share: float  # little interest: fewer students
    crowded_per_seat: float  # few seats: so many expected applicants a seat, or more
    empty_share: float  # few wishes: they fill less of the places


class GroupKindSeats(Wire):
    """Pathways of one kind that lead to the group; a class or a course leads to several."""

    kind: PathwayKind
    pathway_count: int
    seats: int
    expected_per_seat: float | None  # None: no seats stated, or open to fewer than 5 students


class GroupBalanceRow(Wire):
    """One SPO group; counts of students in steps of five."""

    group_code: str
    title_ru: str
    verdict: GroupVerdict
    interest_count: int  # a pathway that names the group is among the first three of a list made without demand
    interest_share: float  # of all who have lists
    leading_count: int  # the same of all pathways that lead there, among other groups
    wish_count: int  # named a profession of it in the newest survey of the last year
    title_count: int  # professions of the list in force
    demand_mean: float | None
    demand_max: float | None  # None: the list names nothing of it
    seats: int  # in pathways that name the group
    kinds: list[GroupKindSeats]


class ElectiveBalanceRow(Wire):
    """One programme with all its hosts; counts of students in steps of five."""

    programme_code: str
    title_ru: str
    verdict: ElectiveVerdict
    host_count: int
    seats: int | None  # None: not stated
    wish_count: int  # named it in the newest survey of the last year, at any rank
    expected_count: int | None  # None: open to fewer than 5 students


class DistrictBalance(Wire):
    """GET /v1/balance: aggregates of the district, nothing of fewer than 5 students; the most pressing first."""

    model_version: str
    as_of: date
    edition_code: str | None
    edition_is_illustrative: bool
    student_count: int  # who has lists, in steps of five; 0: nothing is told
    limits: BalanceLimits
    groups: list[GroupBalanceRow]
    electives: list[ElectiveBalanceRow]
