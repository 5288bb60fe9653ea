"""Numbers about many people, told so that no four of them stand out: in steps of five, alone and by difference.

A count is told to the nearest five and fewer than five as none; a share is told as one such count over another. So two
told numbers differ by nothing or by a step, and what lies behind a step may be one person or nine. "None" may be none.
"""

import math
from collections.abc import Sequence

from recommender.congestion import FEW_STUDENTS

STEP = FEW_STUDENTS


def in_fives(count: int) -> int:
    """A count as it is told.

    >>> [in_fives(count) for count in (0, 4, 5, 7, 8, 102)]
    [0, 0, 5, 5, 10, 100]
    """
    return 0 if count < FEW_STUDENTS else STEP * round(count / STEP)


def told_share(share: float, of: int) -> float:
    """A share of so many people as it is told; who is missing from it counts like who is in it.

    >>> [told_share(count / 20, 20) for count in (0, 3, 7, 12, 17, 20)]
    [0.0, 0.0, 0.25, 0.5, 1.0, 1.0]
    """
    count, whole = round(share * of), in_fives(of)
    if not whole:
        raise ValueError("fewer than five: nothing is told")
    if of - count < FEW_STUDENTS and 2 * count >= of:
        return 1.0
    return min(in_fives(count), whole) / whole


def told_interval(interval: Sequence[float], of: int) -> tuple[float, float]:
    """Ends of a share's interval, outwards to the steps that shares are told in: its middle would tell the share.

    >>> told_interval((0.04, 0.26), 20)
    (0.0, 0.5)
    """
    whole, (low, high) = in_fives(of) / STEP, interval
    return max(0.0, math.floor(low * whole) / whole), min(1.0, math.ceil(high * whole) / whole)
