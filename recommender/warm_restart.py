"""What a fit measured on choices it had not seen, and what of it the next training of the same years takes over.

Measuring takes most of a training's time: dozens of rankers are fitted to parts of the outcomes. A new list changes
little of what they find, so a warm restart keeps strength, calibration and width, and fits each ranker once, anew.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

from recommender.catalogue import PathwayKind

KNOWLEDGE_ONLY = np.inf  # a pull so strong that outcomes are not believed


@dataclass(frozen=True)
class Measured:
    """What only choices that a fit has not seen can tell of it.

    Attributes
    ----------
    pull : float, > 0
        Towards expert weights; KNOWLEDGE_ONLY = outcomes are not believed.
    slope, level : float
        `fit = logistic(slope * (score - mean score of all offers) + level)`; uncalibrated: of the score itself.
    is_calibrated : bool
    width : float, >= 1, or None
        Of the posterior; None where none is kept.
    """

    pull: float
    slope: float
    level: float
    is_calibrated: bool
    width: float | None = None

    def as_data(self) -> dict[str, Any]:
        """JSON-ready; JSON has no infinity, so a pull of None stands for KNOWLEDGE_ONLY."""
        return asdict(self) | {"pull": None if self.pull == KNOWLEDGE_ONLY else self.pull}

    @classmethod
    def of_data(cls, found: Mapping[str, Any]) -> Self:
        """The same from its data; further keys are left out."""
        pull = KNOWLEDGE_ONLY if found["pull"] is None else found["pull"]
        return cls(pull, found["slope"], found["level"], found["is_calibrated"], found["width"])


@dataclass(frozen=True)
class Kept:
    """What a warm restart takes over from an earlier training, by kind: of all years and of the earlier ones."""

    years: tuple[str, ...] = ()
    of_all: Mapping[PathwayKind, Measured] = field(default_factory=dict)
    of_earlier: Mapping[PathwayKind, Measured] = field(default_factory=dict)

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> Self:
        """What a version measured.

        Parameters
        ----------
        manifest : mapping
            Of the present format, see `artifact.kept_of`.

        Returns
        -------
        Kept
        """
        of_all, of_earlier = (
            {PathwayKind(kind): Measured.of_data(found) for kind, found in manifest[name].items()}
            for name in ("kinds", "earlier_kinds")
        )
        return cls(tuple(manifest["years"]), of_all, of_earlier)


NOTHING_KEPT = Kept()
