"""Every ranker and baseline keeps scikit-learn's estimator contract; a new one is added to this list, nowhere else."""

from functools import partial

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from recommender.baselines import BoostedRanker, PopularityRanker, RandomRanker, WeightedTermsRanker
from recommender.ranking import PathwayRanker

ESTIMATORS = (
    PathwayRanker(),
    RandomRanker(),
    PopularityRanker(),
    WeightedTermsRanker(),
    BoostedRanker(max_iter=5),
)

DO_NOT_APPLY = {"check_array_api_input": "no ranker claims the array API; scikit-learn skips the check itself"}


def named(check) -> str:
    return check.func.__name__ if isinstance(check, partial) else check.__name__


CASES = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{number}-{named(check)}")
    for prototype in ESTIMATORS
    for number, (estimator, check) in enumerate(estimator_checks_generator(prototype))
    if named(check) not in DO_NOT_APPLY
]


@pytest.mark.parametrize(("estimator", "check"), CASES)
def test_keeps_the_estimator_contract(estimator, check):
    check(estimator)
