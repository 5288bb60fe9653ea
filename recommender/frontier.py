"""What demand brings and what it costs, for every strength of the nudge: the frontier a municipality chooses on.

Along the grid the share can only rise and the price can only rise: pathways enter the first places only by more
demand than those they push out, and each such exchange gives up fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.features import StudentVectors
from recommender.pipeline import Recommender
from recommender.policy import DEMANDED, MAX_DEMAND_STRENGTH
from recommender.students import StudentFacts

Floats = NDArray[np.float64]

FIRST = 3  # places that people read
STRENGTHS = tuple(round(step * 0.025, 3) for step in range(round(MAX_DEMAND_STRENGTH / 0.025) + 1))


@dataclass(frozen=True)
class FrontierPoint:
    """One strength of the nudge.

    Attributes
    ----------
    strength : float, fit units
    demanded_share : ndarray of shape (n_kinds,), in [0, 1]
        Students with a demanded pathway among the first places, of those who have a list; NaN = nobody has one.
    price : ndarray of shape (n_kinds,), fit units, >= 0
        Mean fit given up per place, over the same students.
    student_counts : int array (n_kinds,)
        Students who have a list of this kind.
    """

    strength: float
    demanded_share: Floats
    price: Floats
    student_counts: NDArray[np.int64]


def frontier(
    recommender: Recommender,
    facts: StudentFacts,
    strengths: Sequence[float] = STRENGTHS,
    *,
    vectors: StudentVectors | None = None,
) -> tuple[FrontierPoint, ...]:
    """Share of students with a demanded pathway in the first places, and its price, by strength.

    Parameters
    ----------
    recommender : Recommender
    facts : StudentFacts
        A district's students.
    strengths : sequence of float, in [0, MAX_DEMAND_STRENGTH]
    vectors : StudentVectors, optional
        Made of the same facts before, to be used again.

    Returns
    -------
    tuple of FrontierPoint, in the order of strengths
    """
    demanded = np.append(np.nan_to_num(recommender.demand.weights) > DEMANDED, False)  # position -1: an empty place
    vectors = recommender.space.student_vectors(facts) if vectors is None else vectors
    points = []
    for strength in strengths:
        made = recommender.recommend(facts, k=FIRST, demand_strength=strength, vectors=vectors)
        has_list = made.listed.pathways[:, :, 0] >= 0
        counts = has_list.sum(axis=0)
        of = np.where(counts > 0, counts, np.nan)
        found = (demanded[made.listed.pathways].any(axis=2) & has_list).sum(axis=0) / of
        price = np.where(has_list, made.price_of_demand, 0.0).sum(axis=0) / of
        points.append(FrontierPoint(float(strength), found, price, counts))
    return tuple(points)
