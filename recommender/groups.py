"""Gaps between groups on the held-back year: how well lists serve each, how much of what is in demand each is shown.

Groups are known to the audit alone. A group of fewer than FEW students is not told. A gap is too wide when its whole
interval lies beyond the limit: few students say little in either direction; intervals are widened for the number of
gaps looked at (Bonferroni), so that many groups do not refuse a candidate by chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.judging import Judgement
from recommender.metrics import bootstrap_interval

Floats = NDArray[np.float64]
FEW = 5
LIMITS = {"ndcg5": 0.05, "exposure": 0.1}
DRAWS = 4000


@dataclass(frozen=True)
class GroupFigure:
    """One measure of one group.

    Attributes
    ----------
    attribute, group : str
        Such as "sex" and "f".
    measure : "ndcg5" or "exposure"
    value, interval : float, (low, high), 95 %
        Drawing students.
    gap, gap_interval : float, (low, high)
        The group's mean minus that of everybody else whose group is known; 95 % for all gaps together.
    student_count : int
    limit : float
    """

    attribute: str
    group: str
    measure: str
    value: float
    interval: tuple[float, float]
    gap: float
    gap_interval: tuple[float, float]
    student_count: int
    limit: float

    @property
    def is_too_wide(self) -> bool:
        """Whether the whole interval of the gap lies beyond the limit, on either side."""
        low, high = self.gap_interval
        return low > self.limit or high < -self.limit


def group_figures(
    judgements: Sequence[Judgement],
    groups: Mapping[str, Mapping[str, str]],
    limits: Mapping[str, float] = LIMITS,
) -> tuple[GroupFigure, ...]:
    """Figures of every group and measure, all kinds together.

    Parameters
    ----------
    judgements : sequence of Judgement
        Of the audited ranker, one a kind.
    groups : mapping of attribute to mapping of student_id to group
        Only of students whose group is known.
    limits : mapping of measure to float
        Of gaps; an installation may set its own.

    Returns
    -------
    tuple of GroupFigure
        Attributes with fewer than two groups of FEW students are left out.
    """
    if not judgements:
        return ()
    ids = np.concatenate([judged.student_ids for judged in judgements])
    values = {
        "ndcg5": np.concatenate([judged.per_query for judged in judgements]),
        "exposure": np.concatenate([judged.exposure for judged in judgements]),
    }
    told = {attribute: _large_groups(ids, of) for attribute, of in groups.items()}
    told = {attribute: names for attribute, names in told.items() if len(names) > 1}
    count = sum(len(names) for names in told.values()) * len(limits)
    found = []
    for attribute, names in told.items():
        group_of = np.array([groups[attribute].get(student, "") for student in ids], dtype=np.str_)
        for name in names:
            is_in, is_out = group_of == name, np.isin(group_of, names) & (group_of != name)
            students = len(np.unique(ids[is_in]))
            for measure, limit in limits.items():
                known = np.isfinite(values[measure])
                if not (known & is_in).any() or not (known & is_out).any():
                    continue
                own = _gap(values[measure], ids, is_in, is_out, 0.05 / count)
                found.append(GroupFigure(attribute, name, measure, *own, students, limit))
    return tuple(found)


def _large_groups(ids: NDArray[np.str_], of: Mapping[str, str]) -> list[str]:
    names = [of[student] for student in np.unique(ids).tolist() if of.get(student)]
    return [name for name in sorted(set(names)) if names.count(name) >= FEW]


def _gap(
    values: Floats, ids: NDArray[np.str_], is_in: NDArray[np.bool_], is_out: NDArray[np.bool_], doubt: float
) -> tuple[float, tuple[float, float], float, tuple[float, float]]:
    """Mean and interval of a group, gap to the others and its interval."""
    known = np.isfinite(values)
    own, others = known & is_in, known & is_out
    students = np.unique(ids, return_inverse=True)[1]
    interval = bootstrap_interval(values[own], students[own])
    gap = float(values[own].mean() - values[others].mean())
    drawn = drawn_means(values[own], students[own], 1) - drawn_means(values[others], students[others], 2)
    low, high = np.quantile(drawn, [doubt / 2, 1 - doubt / 2])
    return float(values[own].mean()), interval, gap, (float(low), float(high))


def drawn_means(values: Floats, students: NDArray[np.int64], seed: int) -> Floats:
    """Means of samples of students with replacement, (DRAWS,); all choice sets of a student go together."""
    _, row = np.unique(students, return_inverse=True)
    sums, counts = np.bincount(row, values), np.bincount(row).astype(float)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(DRAWS, len(sums)), dtype=np.int32)
    means: Floats = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return means
