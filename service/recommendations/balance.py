"""Where interest, demand and seats of the district meet and where they do not; nothing of fewer than five students.

Verdicts are made of the numbers as told, so that they tell nothing more. Interest is not broken down by school: parts
beside their whole give small parts away even in steps of five (docs/decisions/0033).
"""

import math
from typing import get_args

from recommender.balance import ElectiveBalance, GroupBalance, elective_balance, group_balance
from recommender.catalogue import KINDS
from recommender.congestion import CROWDED, FEW_STUDENTS
from recommender.demand_weights import weigh_entries
from recommender.policy import DEMANDED
from service.aggregates import in_fives, told_share
from service.demand.queries import Lists
from service.recommendations.balance_schemas import (
    BalanceLimits,
    DistrictBalance,
    ElectiveBalanceRow,
    ElectiveVerdict,
    GroupBalanceRow,
    GroupKindSeats,
    GroupVerdict,
)
from service.recommendations.district import District
from service.recommendations.shelf import Serving

LITTLE_INTEREST = 0.05  # of forty groups and three places, an even spread would give each seven in a hundred
EMPTY = 0.5  # a course with fewer wishes than this share of its places will hardly fill
LIMITS = BalanceLimits(
    demanded_weight=DEMANDED, little_interest_share=LITTLE_INTEREST, crowded_per_seat=CROWDED, empty_share=EMPTY
)
GROUP_ORDER: tuple[GroupVerdict, ...] = get_args(GroupVerdict)
ELECTIVE_ORDER: tuple[ElectiveVerdict, ...] = get_args(ElectiveVerdict)


def balance_of(serving: Serving, district: District, lists: Lists) -> DistrictBalance:
    """Every SPO group and every programme of electives, the most pressing mismatch first."""
    edition, follows = lists
    weighed = weigh_entries(edition, follows, serving.reference) if edition is not None else None
    students, found = group_balance(
        serving.recommender, district.facts, district.congestion, weighed, vectors=district.vectors
    )
    groups, electives = [], []
    if students >= FEW_STUDENTS:
        groups = [_group(serving, each, students) for each in found]
        wanted = elective_balance(serving.catalogue, district.facts, district.congestion)
        electives = [_elective(each) for each in wanted if each.host_count or each.wish_count >= FEW_STUDENTS]
    return DistrictBalance(
        model_version=serving.model.version,
        as_of=serving.today.as_of,
        edition_code=edition.code if edition is not None else None,
        edition_is_illustrative=edition is not None and edition.illustrative,
        student_count=in_fives(students),
        limits=LIMITS,
        groups=sorted(groups, key=_group_pressure),
        electives=sorted(electives, key=_elective_pressure),
    )


def _group(serving: Serving, found: GroupBalance, students: int) -> GroupBalanceRow:
    share = told_share(found.interest_count / students, students)
    kinds = [
        GroupKindSeats(
            kind=kind.value,
            pathway_count=each.pathway_count,
            seats=each.seats,
            expected_per_seat=None if math.isnan(each.expected_per_seat) else round(each.expected_per_seat, 1),
        )
        for kind, each in zip(KINDS, found.kinds, strict=True)
    ]
    count = len(found.weights)
    strongest = round(found.weights[0], 3) if count else None
    return GroupBalanceRow(
        group_code=found.group_code,
        title_ru=serving.titles["spo_groups"].get(found.group_code, found.group_code),
        verdict=group_verdict(share, strongest, found.seats, [each.expected_per_seat or 0.0 for each in kinds]),
        interest_count=in_fives(found.interest_count),
        interest_share=share,
        leading_count=in_fives(found.leading_count),
        wish_count=in_fives(found.wish_count),
        title_count=count,
        demand_mean=round(sum(found.weights) / count, 3) if count else None,
        demand_max=strongest,
        seats=found.seats,
        kinds=kinds,
    )


def group_verdict(share: float, strongest: float | None, seats: int, per_seat: list[float]) -> GroupVerdict:
    """What there is to say of a group, by the limits that the answer states.

    >>> [group_verdict(share, 0.8, 30, [0.4]) for share in (0.02, 0.2)], group_verdict(0.2, None, 30, [1.7])
    (['little_interest', 'meet'], 'few_seats')
    """
    is_demanded, is_liked = (strongest or 0.0) > DEMANDED, share >= LITTLE_INTEREST
    if is_demanded and not seats:
        return "no_seats"
    if is_liked and max(per_seat) >= CROWDED:
        return "few_seats"
    if is_demanded:
        return "meet" if is_liked else "little_interest"
    return "no_demand" if is_liked else "quiet"


def _group_pressure(row: GroupBalanceRow) -> tuple[float | str, ...]:
    demand = row.demand_max or 0.0
    return (
        GROUP_ORDER.index(row.verdict),
        row.interest_share - demand if demand else -row.interest_share,
        row.group_code,
    )


def _elective(found: ElectiveBalance) -> ElectiveBalanceRow:
    wishes = in_fives(found.wish_count)
    expected = None if math.isnan(found.applicants) else in_fives(round(found.applicants))
    return ElectiveBalanceRow(
        programme_code=found.programme_code,
        title_ru=found.title_ru,
        verdict=elective_verdict(wishes, expected or 0, found.seats, found.host_count),
        host_count=found.host_count,
        seats=found.seats,
        wish_count=wishes,
        expected_count=expected,
    )


def elective_verdict(wishes: int, expected: int, seats: int | None, hosts: int) -> ElectiveVerdict:
    """What there is to say of a programme; where no places are stated, none are lacking.

    >>> [elective_verdict(wishes, 10, 30, 1) for wishes in (40, 15, 10)], elective_verdict(5, 0, None, 0)
    (['few_seats', 'meet', 'few_wishes'], 'not_offered')
    """
    if not hosts:
        return "not_offered"
    most = max(wishes, expected)
    if seats is None:
        return "meet" if most else "few_wishes"
    if most > seats:
        return "few_seats"
    return "few_wishes" if most < EMPTY * seats else "meet"


def _elective_pressure(row: ElectiveBalanceRow) -> tuple[int | str, ...]:
    lacking = (row.seats or 0) - max(row.wish_count, row.expected_count or 0)
    return ELECTIVE_ORDER.index(row.verdict), lacking if row.verdict != "few_wishes" else -lacking, row.programme_code
