"""How demand may move a list: `final = fit + demand_strength * demand_weight`, bounded by construction.

With weights in [0, 1] the sum cannot put a pathway over one that fits better by more than `demand_strength`, and a
higher weight cannot lower a pathway. Both are property tests. The counsellor moves `demand_strength`; the price of
demand says what it cost.
"""

import math

import numpy as np
from numpy.typing import NDArray

from recommender.errors import TableValueError

Floats = NDArray[np.float64]

MAX_DEMAND_STRENGTH = 0.3
DEMANDED = 0.5  # a pathway with more demand weight counts as in demand


def check_demand_strength(strength: float) -> float:
    """The strength itself when it is allowed.

    Parameters
    ----------
    strength : float
        In fit units, [0, MAX_DEMAND_STRENGTH].

    Raises
    ------
    TableValueError

    Examples
    --------
    >>> check_demand_strength(0.05)
    0.05
    """
    if not (math.isfinite(strength) and 0.0 <= strength <= MAX_DEMAND_STRENGTH):
        message = f"demand_strength must lie between 0 and {MAX_DEMAND_STRENGTH}, found {strength}"
        raise TableValueError(message, column="demand_strength", found=strength)
    return strength


def with_demand(fit: Floats, demand_weight: Floats, strength: float) -> Floats:
    """`final` for arrays of one shape; a pathway that the list does not name (NaN) gets no lift.

    Examples
    --------
    >>> with_demand(np.array([0.6, 0.58]), np.array([np.nan, 1.0]), 0.05).round(2).tolist()
    [0.6, 0.63]
    """
    final: Floats = fit + strength * np.nan_to_num(demand_weight)
    return final


def price_of_demand(best_fit: Floats, shown_fit: Floats) -> Floats:
    """Fit given up in the first k places, per student.

    Parameters
    ----------
    best_fit : ndarray of shape (n_students, k)
        Fit of the list without demand; NaN = empty place.
    shown_fit : ndarray of shape (n_students, k)
        Fit of the list as shown.

    Returns
    -------
    ndarray of shape (n_students,), in fit units, >= 0; 0 where the list is empty

    Examples
    --------
    >>> price_of_demand(np.array([[0.7, 0.6]]), np.array([[0.7, 0.56]])).round(3).tolist()
    [0.02]
    """
    known = np.isfinite(best_fit)  # a list is as long with demand as without
    count = np.maximum(known.sum(axis=1), 1)
    price: Floats = np.where(known, best_fit - shown_fit, 0.0).sum(axis=1) / count
    return np.maximum(price, 0.0)  # rounding of equal lists must not read as a gain
