"""What demand may and may not do: two properties that hold by construction, tested on arbitrary numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import TableValueError
from recommender.policy import MAX_DEMAND_STRENGTH, check_demand_strength, price_of_demand, with_demand

shares = st.floats(0, 1)
pathways = st.lists(st.tuples(shares, shares), min_size=2, max_size=30)
strengths = st.floats(0, MAX_DEMAND_STRENGTH)


def test_by_hand():
    final = with_demand(np.array([0.60, 0.57, 0.50]), np.array([0.0, 1.0, 1.0]), 0.05)
    assert final == pytest.approx([0.60, 0.62, 0.55])


@given(pathways, strengths)
def test_demand_never_lifts_a_pathway_over_one_that_fits_better_by_more_than_its_strength(rows, strength):
    fit, weight = np.array(rows).T
    final = with_demand(fit, weight, strength)
    better = fit[:, None] > fit[None, :] + strength
    assert (final[:, None] >= final[None, :])[better].all()


@given(pathways, strengths, st.integers(0, 29), shares)
def test_raising_demand_never_lowers_a_pathway(rows, strength, position, raised):
    fit, weight = np.array(rows).T
    position %= len(fit)
    more = weight.copy()
    more[position] = max(weight[position], raised)
    before, after = with_demand(fit, weight, strength), with_demand(fit, more, strength)
    assert (after > after[position]).sum() <= (before > before[position]).sum()


@pytest.mark.parametrize("strength", [-0.01, MAX_DEMAND_STRENGTH + 0.01, float("nan")])
def test_refuses_a_strength_outside_its_range(strength):
    with pytest.raises(TableValueError, match="demand_strength must lie between 0 and"):
        check_demand_strength(strength)


def test_price_is_the_fit_given_up_per_place():
    best, shown = np.array([[0.9, 0.8, np.nan]]), np.array([[0.9, 0.7, np.nan]])
    assert price_of_demand(best, shown) == pytest.approx([0.05])
