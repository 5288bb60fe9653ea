"""Where interest, demand and seats meet and where they do not: by SPO group, and by programme for electives.

No formula of its own: interest is who has a pathway among the first three that students' lists would hold without
demand, demand is the weight of the titles in the list in force, applicants are those of `congestion`. A pathway
*names* a group by its SPO codes and *leads* there by its profiles too; a class or a course leads to many groups at
once, so interest in a group is counted by the pathways that name it. Counts are exact: whoever tells them rounds them.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS, Catalogue, PathwayKind
from recommender.congestion import Congestion
from recommender.demand_weights import WeighedEntries
from recommender.features import StudentVectors
from recommender.frontier import FIRST
from recommender.pipeline import Recommender
from recommender.reference import GROUP_LETTERS
from recommender.students import Facts, StudentFacts

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

RECENT_YEARS = 1.0  # an older survey says nothing of what is wanted now


@dataclass(frozen=True)
class KindSeats:
    """Pathways of one kind that lead to a group.

    Attributes
    ----------
    pathway_count : int
    seats : int
        As far as stated; a class or a course stands here in every group that it leads to.
    expected_per_seat : float
        NaN = no seats stated, or fewer than 5 students may be offered any of them.
    """

    pathway_count: int
    seats: int
    expected_per_seat: float


@dataclass(frozen=True)
class GroupBalance:
    """One SPO group.

    Attributes
    ----------
    interest_count, leading_count : int
        Students with a pathway that names the group, that leads to it, among the first three of any of their lists.
    wish_count : int
        Students who named a profession of the group in their newest survey, of the last year.
    weights : tuple of float, in (0, 1]
        One a title of the list in force, the highest first.
    seats : int
        In pathways that name the group.
    kinds : tuple of KindSeats, in the order of KINDS
    """

    group_code: str
    interest_count: int
    leading_count: int
    wish_count: int
    weights: tuple[float, ...]
    seats: int
    kinds: tuple[KindSeats, ...]


@dataclass(frozen=True)
class ElectiveBalance:
    """One programme of electives, all its hosts together.

    Attributes
    ----------
    host_count : int
        0 = wished for, not on offer this year.
    seats : int or None
        None = no host states any.
    applicants : float
        Expected; NaN = fewer than 5 students may be offered it.
    wish_count : int
        Students who named it, at whatever rank, in their newest survey of the last year.
    """

    programme_code: str
    title_ru: str
    host_count: int
    seats: int | None
    applicants: float
    wish_count: int


def group_balance(
    recommender: Recommender,
    facts: StudentFacts,
    congestion: Congestion,
    weighed: WeighedEntries | None,
    *,
    vectors: StudentVectors | None = None,
) -> tuple[int, tuple[GroupBalance, ...]]:
    """Interest, wishes, demand and seats of every SPO group.

    Parameters
    ----------
    recommender : Recommender
    facts : StudentFacts
        A district's students.
    congestion : Congestion
        Of the same students.
    weighed : WeighedEntries or None
        Of the edition in force; None = there is none.
    vectors : StudentVectors, optional
        Made of the same facts before, to be used again.

    Returns
    -------
    (int, tuple of GroupBalance)
        How many students have any list; groups in the order of their codes.
    """
    space = recommender.space
    leads = space.own_blocks["profession_wish"] > 0
    names = leads & np.array([bool(p.spo_codes) for p in space.catalogue.pathways], dtype=bool)[:, None]
    listed = recommender.recommend(facts, k=FIRST, demand_strength=0.0, vectors=vectors).listed.pathways
    named, leading = _holders(listed, names), _holders(listed, leads)
    wished = wishers(in_groups(recent_wishes(facts.tables["profession_wishes"])))
    entries = weighed.by_group() if weighed is not None else {}
    seats = np.array([pathway.seats or 0 for pathway in space.catalogue.pathways], dtype=np.int64)
    found = tuple(
        GroupBalance(
            group_code=code,
            interest_count=int(named[column]),
            leading_count=int(leading[column]),
            wish_count=wished[code],
            weights=tuple(sorted((entry.weight for entry in entries.get(code, ())), reverse=True)),
            seats=int(seats[names[:, column]].sum()),
            kinds=_kinds(space.catalogue, leads[:, column], seats, congestion),
        )
        for code, column in space.group_index.items()
    )
    return int((listed >= 0).any(axis=(1, 2)).sum()), found


def _holders(listed: Ints, of_group: Bools) -> Ints:
    """Students who have a pathway of each group in some list, (n_groups,)."""
    padded = np.vstack([of_group, np.zeros((1, of_group.shape[1]), dtype=bool)])  # position -1: an empty place
    return np.array(
        [padded[listed, column].any(axis=(1, 2)).sum() for column in range(padded.shape[1])], dtype=np.int64
    )


def recent_wishes(wishes: Facts) -> frozenset[tuple[int, str]]:
    """What each student named, at whatever rank, in the newest survey of the last year.

    Parameters
    ----------
    wishes : Facts
        A table of wishes.

    Returns
    -------
    frozenset of (int, str)
        Position of the student and code.
    """
    newest = np.full(int(wishes.student.max(initial=-1)) + 1, np.inf)
    np.minimum.at(newest, wishes.student, wishes.age_years)
    counts = (wishes.age_years == newest[wishes.student]) & (wishes.age_years < RECENT_YEARS)
    return frozenset((int(wishes.student[row]), wishes.codes[row]) for row in np.flatnonzero(counts))


def in_groups(wishes: Iterable[tuple[int, str]]) -> frozenset[tuple[int, str]]:
    """Wishes for professions as wishes for SPO groups.

    Parameters
    ----------
    wishes : iterable of (int, str)
        As of `recent_wishes`; the codes are SPO codes.

    Returns
    -------
    frozenset of (int, str)
        Position of the student and two-letter code of the group, once whatever was named of it.

    Examples
    --------
    >>> sorted(in_groups({(0, "08.01.28"), (0, "08.02.01"), (1, "31.02.01")}))
    [(0, '08'), (1, '31')]
    """
    return frozenset((student, code[:GROUP_LETTERS]) for student, code in wishes)


def wishers(wishes: Iterable[tuple[int, str]]) -> Counter[str]:
    """How many students named each code.

    Parameters
    ----------
    wishes : iterable of (int, str)
        Position of the student and code, each pair once.

    Returns
    -------
    Counter of str

    Examples
    --------
    >>> wishers({(0, "08"), (1, "08"), (1, "31")})["08"]
    2
    """
    return Counter(code for _, code in wishes)


def _kinds(catalogue: Catalogue, leads: Bools, seats: Ints, congestion: Congestion) -> tuple[KindSeats, ...]:
    found = []
    for start, end in zip(catalogue.kind_bounds, catalogue.kind_bounds[1:], strict=False):
        rows = np.flatnonzero(leads[start:end]) + start
        told = rows[np.isfinite(congestion.per_seat[rows])]
        per_seat = congestion.applicants[told].sum() / seats[told].sum() if len(told) else math.nan
        found.append(KindSeats(len(rows), int(seats[rows].sum()), float(per_seat)))
    return tuple(found)


def elective_balance(catalogue: Catalogue, facts: StudentFacts, congestion: Congestion) -> tuple[ElectiveBalance, ...]:
    """Wishes, places and expected applicants of every programme of electives.

    Parameters
    ----------
    catalogue : Catalogue
    facts : StudentFacts
    congestion : Congestion
        Of these students and this catalogue.

    Returns
    -------
    tuple of ElectiveBalance
        In the order of programme codes; those that are wished for and not on offer are among them.
    """
    titles = {p.programme_code: p.title_ru for p in catalogue.known.values() if p.kind is PathwayKind.ELECTIVE}
    wished = wishers(recent_wishes(facts.tables["elective_wishes"]))
    first, end = (catalogue.kind_bounds[KINDS.index(PathwayKind.ELECTIVE) + more] for more in (0, 1))
    rows_of: dict[str, list[int]] = {code: [] for code in wished if code in titles}
    for row in range(first, end):
        rows_of.setdefault(catalogue.pathways[row].programme_code, []).append(row)
    found = []
    for code, rows in sorted(rows_of.items()):
        stated = [seats for row in rows if (seats := catalogue.pathways[row].seats) is not None]
        told = [row for row in rows if np.isfinite(congestion.per_seat[row])]
        applicants = float(congestion.applicants[told].sum()) if told else math.nan
        seats = sum(stated) if stated else None
        found.append(ElectiveBalance(code, titles[code], len(rows), seats, applicants, wished[code]))
    return tuple(found)
