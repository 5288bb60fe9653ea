"""Batch recommendation of implicit and of RecTools on the arrays of `scoring_speed`.

Both multiply factors of users and of items in single precision, pass over refused pairs and keep the best k, one call a
kind: no bends, no lookup by school, no calibration, no demand, no reasons. A rival that is not installed is left out.
"""

from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix

INSTALLED = {"implicit": find_spec("implicit") is not None, "rectools": find_spec("rectools") is not None}


def rival_runs(
    matrix: np.ndarray, dense: np.ndarray, refused: np.ndarray, bounds: tuple[int, ...], k: int
) -> dict[str, Callable[[], object]]:
    """One call for each installed rival: best k of `matrix @ dense` in each kind, refused pairs passed over."""
    users = matrix.astype(np.float32)
    kinds = [
        (
            np.ascontiguousarray(dense[:, first:last].T, dtype=np.float32),
            csr_matrix(refused[:, first:last], dtype=np.int8),
        )
        for first, last in pairwise(bounds)
    ]
    runs: dict[str, Callable[[], object]] = {}
    if INSTALLED["implicit"]:
        from implicit.cpu.topk import topk  # noqa: PLC0415 -- optional

        runs["implicit"] = lambda: [
            topk(items, users, k, filter_query_items=pairs, num_threads=1) for items, pairs in kinds
        ]
    if INSTALLED["implicit"] and INSTALLED["rectools"]:
        from rectools.models.rank import Distance, ImplicitRanker  # noqa: PLC0415 -- optional

        everyone = np.arange(len(users))
        rankers = [(ImplicitRanker(Distance.DOT, users, items, num_threads=1), pairs) for items, pairs in kinds]
        runs["rectools"] = lambda: [ranker.rank(everyone, k=k, filter_pairs_csr=pairs) for ranker, pairs in rankers]
    return runs
