"""Expert weights: prior knowledge as a data file, and the ranker that it makes on day one without a single outcome."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS, PathwayKind
from recommender.errors import TableValueError
from recommender.features import SHAPED_TERMS, TERM_CODES
from recommender.scoring import ServedRanker

Floats = NDArray[np.float64]

KNOTS = 3


@dataclass(frozen=True)
class ExpertWeights:
    """Prior knowledge of one kind: weights (n_terms,) in the order of TERM_CODES, and an uncalibrated fit."""

    weights: Floats
    slope: float
    intercept: float


def read_expert_weights(path: Path) -> dict[PathwayKind, ExpertWeights]:
    """Read `data/reference/expert_weights.toml`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of PathwayKind to ExpertWeights

    Raises
    ------
    TableValueError
        A kind or a term is missing or unknown.
    """
    with path.open("rb") as file:
        tables = tomllib.load(file)
    result = {}
    for kind in KINDS:
        table = dict(tables.get(kind, {}))
        calibration = table.pop("calibration", {})
        if set(table) != set(TERM_CODES) or set(calibration) != {"slope", "intercept"}:
            odd = sorted(set(table) ^ set(TERM_CODES))
            raise TableValueError(f"expert weights of {kind}: check {', '.join(odd) or 'calibration'}", terms=odd)
        weights = np.array([float(table[term]) for term in TERM_CODES])
        result[kind] = ExpertWeights(weights, float(calibration["slope"]), float(calibration["intercept"]))
    return result


def expert_ranker(expert: Mapping[PathwayKind, ExpertWeights]) -> ServedRanker:
    """The ranker of day one: knowledge only, fit uncalibrated."""
    empty: tuple[dict[str, float], ...] = tuple({} for _ in KINDS)
    shape = (len(KINDS), len(SHAPED_TERMS), KNOTS)
    return ServedRanker(
        weights=np.array([expert[kind].weights for kind in KINDS]),
        knots=np.zeros(shape),
        bend_weights=np.zeros(shape),
        programme_bias=empty,
        host_bias=empty,
        calibration=np.array([(expert[kind].slope, expert[kind].intercept) for kind in KINDS]),
        is_calibrated=np.zeros(len(KINDS), dtype=bool),
    )
