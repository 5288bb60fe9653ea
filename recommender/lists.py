"""Lists as a card shows them: every line with its fit, its certainty, its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from recommender.catalogue import Pathway, PathwayKind
from recommender.demand_weights import EntryWeight
from recommender.discovery import Ground
from recommender.evidence import NextEvidence
from recommender.explanation import Reason
from recommender.fact_shares import FactShare


class Shown(NamedTuple):
    """A line before it gets its reasons: where it stands and by which figures; fields as in RankedPathway.

    `row` is the pathway's position in the catalogue, `deviation` (log-odds) that of the score.
    """

    rank: int
    row: int
    score: float
    fit: float
    final: float
    deviation: float
    top_chance: float
    band: tuple[int, int]
    discovery: Ground | None = None


@dataclass(frozen=True)
class RankedPathway:
    """One line of a list, with everything a card shows.

    Attributes
    ----------
    rank : int, 1 first
    fit, fit_low, fit_high : float in [0, 1]
        Fit and its 90 % interval from what is not known of the interests and of the weights.
    top_chance : float in [0, 1]
        Chance to belong to the first three if everything were known.
    band : (first, last)
        Places that are a tie with this one, itself included.
    demand_weight : float in [0, 1] or None
        None = the edition names no profession of this pathway.
    final : float
        Fit with the demand nudge: what the list is sorted by.
    score : float, log-odds
    contributions : mapping of str to float
        In log-odds; they sum to `score`.
    fact_shares : tuple of FactShare
        The contributions by fact; empty where only a short list was asked for.
    discovery : "able", "unsure" or None
        Ground of standing in the discovery place; None = it stands there by `final` alone.
    """

    rank: int
    pathway: Pathway
    fit: float
    fit_low: float
    fit_high: float
    top_chance: float
    band: tuple[int, int]
    demand_weight: float | None
    demand_sources: tuple[EntryWeight, ...]
    final: float
    score: float
    contributions: Mapping[str, float]
    reasons: tuple[Reason, ...]
    fact_shares: tuple[FactShare, ...] = ()
    discovery: Ground | None = None


@dataclass(frozen=True)
class RankedList:
    """The list of one kind for one student.

    Attributes
    ----------
    price_of_demand : float, fit units, >= 0
        Mean fit per place given up because of demand.
    offered_count : int
        Pathways of this kind that may be offered to the student.
    is_calibrated : bool
        Whether fit is a probability measured on outcomes.
    sureness : float in [0, 1]
        Expected share of the true first three among the first three listed.
    is_sure : bool
        False = too little is known to tell these pathways from others: a starting point for a talk, not advice.
    """

    kind: PathwayKind
    items: tuple[RankedPathway, ...]
    price_of_demand: float
    offered_count: int
    is_calibrated: bool
    sureness: float
    is_sure: bool


@dataclass(frozen=True)
class StudentRecommendations:
    """All lists of one student, what is missing and what would help most."""

    student_id: str
    lists: tuple[RankedList, ...]
    missing: tuple[str, ...]
    next_evidence: tuple[NextEvidence, ...]
