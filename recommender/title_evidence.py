"""How likely a guess about a title is right: a logistic model of three features (`benchmarks.fit_title_confidence`)."""

import math
from dataclasses import dataclass

WEIGHTS = {"constant": -1.42, "similarity": 3.86, "margin": 2.01, "exact": 3.17}
"""Log-odds; fitted on the tune half of `tests/fixtures/spo_titles`, each of its names also left out."""
ENOUGH_MARGIN = 0.3
"""A rival farther behind than this says no more."""
ACCEPTED_FROM, CONFIRM_FROM = 0.925, 0.25
"""Chosen on the same half, on folds that the weights were not fitted on: the first from which no reading was wrong."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a guess, each 0 to 1.

    Attributes
    ----------
    similarity : float
        Of the nearest name: `recommender.spo_titles.Nearness`.
    margin : float
        Similarity less that of the nearest name that shares no code with it.
    exact : float
        1 = the title is a known name, in any order, case or number.
    """

    similarity: float
    margin: float
    exact: float = 0.0

    @property
    def features(self) -> dict[str, float]:
        """By the names of `WEIGHTS`: the square of similarity, the share of a margin that is enough."""
        return {
            "constant": 1.0,
            "similarity": self.similarity**2,
            "margin": min(self.margin / ENOUGH_MARGIN, 1.0),
            "exact": self.exact,
        }

    @property
    def confidence(self) -> float:
        """Chance that the guess is right, 0 to 1; grows with each feature whose weight is positive.

        Examples
        --------
        >>> known = Evidence(similarity=1.0, margin=1.0, exact=1.0)
        >>> known.confidence > Evidence(similarity=0.5, margin=0.1).confidence
        True
        """
        log_odds = sum(WEIGHTS[name] * value for name, value in self.features.items())
        return 1.0 / (1.0 + math.exp(-log_odds))


EXACT = Evidence(similarity=1.0, margin=1.0, exact=1.0)
