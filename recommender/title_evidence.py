"""How likely a guess about a title is right: a logistic model of four features (`benchmarks.fit_title_confidence`)."""

import math
from dataclasses import dataclass

WEIGHTS = {"constant": -2.57, "of_title": 0.96, "of_name": 2.67, "margin": 2.32, "exact": 4.71}
"""Log-odds; fitted on the titles of `tests/fixtures/spo_titles` that are for tuning, each known name also left out."""
ENOUGH_MARGIN = 0.3
"""A rival farther behind than this says no more."""
ACCEPTED_FROM, CONFIRM_FROM = 0.94, 0.25
"""Chosen on the same titles, on folds without them in the fit: just above where readings were last wrong (0.925)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a guess, each 0 to 1.

    Attributes
    ----------
    of_title, of_name : float
        Of the nearest name: `recommender.spo_titles.Nearness`.
    margin : float
        Similarity less that of the nearest name that shares no code with it.
    exact : float
        1 = the title is a known name, in any order, case or number.
    """

    of_title: float
    of_name: float
    margin: float
    exact: float = 0.0

    @property
    def features(self) -> dict[str, float]:
        """By the names of `WEIGHTS`: the squares of shares, the share of a margin that is enough."""
        return {
            "constant": 1.0,
            "of_title": self.of_title**2,
            "of_name": self.of_name**2,
            "margin": min(self.margin / ENOUGH_MARGIN, 1.0),
            "exact": self.exact,
        }

    @property
    def confidence(self) -> float:
        """Chance that the guess is right, 0 to 1; grows with each feature whose weight is positive.

        Examples
        --------
        >>> known = Evidence(of_title=1.0, of_name=1.0, margin=1.0, exact=1.0)
        >>> known.confidence > Evidence(of_title=0.5, of_name=0.5, margin=0.1).confidence
        True
        """
        log_odds = sum(WEIGHTS[name] * value for name, value in self.features.items())
        return 1.0 / (1.0 + math.exp(-log_odds))


EXACT = Evidence(of_title=1.0, of_name=1.0, margin=1.0, exact=1.0)
