"""How likely a guess about a title is right: a logistic model of four features (`benchmarks.fit_title_confidence`)."""

import math
from dataclasses import dataclass

WEIGHTS = {"constant": -6.0, "similarity": 6.0, "coverage": 3.0, "margin": 2.0, "exact": 1.0}
"""Log-odds; fitted on the tune half of `tests/fixtures/spo_titles`, each of its names also left out."""
ACCEPTED_FROM, CONFIRM_FROM = 0.9, 0.15
"""Chosen on the same half, on folds that the weights were not fitted on."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a guess, each 0 to 1.

    Attributes
    ----------
    similarity, coverage : float
        Of the nearest name: `recommender.spo_titles.Nearness`.
    margin : float
        Similarity less that of the nearest name that shares no code with it.
    exact : float
        1 = the title is a known name, in any order, case or number.
    """

    similarity: float
    coverage: float
    margin: float
    exact: float = 0.0

    @property
    def features(self) -> dict[str, float]:
        """By the names of `WEIGHTS`."""
        return {
            "constant": 1.0,
            "similarity": self.similarity,
            "coverage": self.coverage,
            "margin": self.margin,
            "exact": self.exact,
        }

    @property
    def confidence(self) -> float:
        """Chance that the guess is right, 0 to 1; grows with each feature whose weight is positive.

        Examples
        --------
        >>> known = Evidence(similarity=1.0, coverage=1.0, margin=1.0, exact=1.0)
        >>> known.confidence > Evidence(similarity=0.5, coverage=0.5, margin=0.1).confidence
        True
        """
        log_odds = sum(WEIGHTS[name] * value for name, value in self.features.items())
        return 1.0 / (1.0 + math.exp(-log_odds))


EXACT = Evidence(similarity=1.0, coverage=1.0, margin=1.0, exact=1.0)
