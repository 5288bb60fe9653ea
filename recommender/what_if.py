"""One student's lists with some facts otherwise: which pathways move, and what moves them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Pathway
from recommender.explanation import quoted_facts
from recommender.pipeline import Recommendations, Recommender
from recommender.scoring import CONTRIBUTIONS

Ints = NDArray[np.int64]
ALONE = 0  # the only student of what is compared


@dataclass(frozen=True, slots=True)
class Cause:
    """The term that moved a pathway's score most, in the direction in which the score moved.

    Attributes
    ----------
    term : str
    is_for : bool
        Whether it speaks for the pathway more than before.
    facts : dict
        The student's own facts as they would be, as a reason quotes them.
    """

    term: str
    is_for: bool
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a pathway stood and where it would stand.

    Attributes
    ----------
    rank_before, rank_after : int or None
        Places among all pathways of its kind that may be offered, with the demand nudge; None = may not be offered.
    fit_before, fit_after : float in [0, 1]
    cause : Cause or None
        None = the score stays.
    passed : Pathway or None
        The foremost pathway that changes sides with it: overtakes it where it falls, falls behind it where it rises.
    """

    pathway: Pathway
    rank_before: int | None
    rank_after: int | None
    fit_before: float
    fit_after: float
    cause: Cause | None
    passed: Pathway | None


def moves(
    recommender: Recommender, before: Recommendations, after: Recommendations, pathway_codes: Iterable[str]
) -> list[Move]:
    """What changed facts do to some pathways.

    Parameters
    ----------
    recommender : Recommender
    before, after : Recommendations
        Of one student alone, with the facts as they are and as they would be; long enough to list all that is offered.
    pathway_codes : iterable of str
        Whose moves are told.

    Returns
    -------
    list of Move
        In the order of `pathway_codes`.
    """
    position = recommender.space.catalogue.position
    return [_move(recommender, before, after, position[code]) for code in pathway_codes]


def _move(recommender: Recommender, before: Recommendations, after: Recommendations, row: int) -> Move:
    catalogue, kind = recommender.space.catalogue, int(recommender.compiled.kind_of[row])
    one, rows = np.array([ALONE]), np.array([row])
    added = [recommender.compiled.contributions(made.vectors, one, rows)[0] for made in (before, after)]
    differences = added[1] - added[0]
    scores = [float(each.sum()) for each in added]
    cause = None
    if scores[0] != scores[1]:
        is_for = scores[1] > scores[0]
        column = int(np.argmax(differences if is_for else -differences))
        term = CONTRIBUTIONS[column]
        facts = quoted_facts(recommender.space, after.facts, after.vectors, ALONE, row, term, is_for=is_for)
        cause = Cause(term, is_for, facts)
    orders = [made.listed.pathways[ALONE, kind] for made in (before, after)]
    passed = _passed(orders[0], orders[1], row)
    return Move(
        pathway=catalogue.pathways[row],
        rank_before=_rank(orders[0], row),
        rank_after=_rank(orders[1], row),
        fit_before=recommender.fit(scores[0], kind),
        fit_after=recommender.fit(scores[1], kind),
        cause=cause,
        passed=catalogue.pathways[passed] if passed is not None else None,
    )


def _rank(order: Ints, row: int) -> int | None:
    found = np.flatnonzero(order == row)
    return int(found[0]) + 1 if len(found) else None


def _passed(before: Ints, after: Ints, row: int) -> int | None:
    """The foremost that has changed sides with a pathway, as its own move has it."""
    was, would = _rank(before, row), _rank(after, row)
    if was is None or would is None:
        return None
    ahead_before, ahead_after = before[: was - 1], after[: would - 1]
    changed = [each for each in ahead_after.tolist() if each not in ahead_before]
    if would < was:
        changed = [each for each in ahead_before.tolist() if each not in ahead_after]
    return changed[0] if changed else None
