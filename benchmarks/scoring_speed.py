"""Scoring 100,000 students x 500 pathways against a bare matrix product + mask + argpartition of the same size."""

import resource
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from recommender.catalogue import KINDS, Catalogue, Pathway, Place
from recommender.features import VECTOR_TERMS, FeatureSpace, StudentVectors
from recommender.interests import InterestProfile, build_interest_model
from recommender.reference import read_reference
from recommender.scoring import CompiledRanker, ServedRanker
from recommender.training import expert_ranker, read_expert_weights

REFERENCE_DIR = Path(__file__).parents[1] / "data" / "reference"
CHUNK, K = 1_000, 5


def made_catalogue(reference: object, count: int, random: np.random.Generator) -> Catalogue:
    """A catalogue of `count` pathways of all kinds, drawn from the reference data."""
    profiles, spo = list(reference.profiles), [code for code, s in reference.spo.items() if s.status == "active"]
    schools = {f"sch{n:03}": Place(f"sch{n:03}", "", "school", *random.uniform(0, 30, 2)) for n in range(60)}
    pathways = []
    for number in range(count):
        kind = KINDS[number % 3]
        content = {"profiles": (profiles[number % len(profiles)],), "spo_codes": ()}
        if number % 3 == 2:
            content = {"profiles": (), "spo_codes": (spo[number % len(spo)],)}
        host = f"sch{number % 60:03}"
        pathways.append(
            Pathway("2024-25", kind, f"p{number:04}", f"g{number % 150:03}", "", host, frozenset({9}), **content,
                    subjects=("math", "phys"), seats=25, hours=34.0, dates=(), apply_until=None,
                    conditions_met=frozenset(), restriction_tags=frozenset(), level="")
        )  # fmt: skip
    return Catalogue(tuple(pathways), schools)


def bent(ranker: ServedRanker) -> ServedRanker:
    """The expert ranker with bends as a trained one has them, so that nothing is cheaper than in service."""
    knots = np.tile(np.array([-0.5, 0.0, 0.5]), (*ranker.knots.shape[:2], 1))
    return replace(ranker, knots=knots, bend_weights=np.full(knots.shape, 0.1))


def made_vectors(space: FeatureSpace, count: int, random: np.random.Generator) -> StudentVectors:
    """Random student vectors of the right widths."""
    blocks = {term: random.normal(size=(count, space.pathway_blocks[term].shape[1])) for term in VECTOR_TERMS}
    profile = InterestProfile(blocks["interest_match"], np.empty((0, 11, 11)), np.ones(count, dtype=np.int64))
    return StudentVectors.side_by_side(blocks, random.integers(0, 60, count), profile)


def best_of(run: Callable[[], object], times: int) -> float:
    """Shortest wall time in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def measure(students: int = 100_000, pathways: int = 500, times: int = 3) -> dict[str, float]:
    """Seconds of the served scoring (without and with the demand nudge), of the bare product, and their ratios."""
    random = np.random.default_rng(0)
    reference = read_reference(REFERENCE_DIR)
    catalogue = made_catalogue(reference, pathways, random)
    space = FeatureSpace(reference, catalogue, build_interest_model(reference))
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    compiled = CompiledRanker(bent(expert_ranker(expert)), space)
    vectors = made_vectors(space, students, random)
    words = (random.random((360, pathways)) < 0.2).astype(np.uint16)
    word_of = random.integers(0, len(words), students)
    demand = random.random(pathways)
    matrix = vectors.matrix

    def served(strength: float) -> None:
        compiled.best(vectors, words, word_of, k=K, demand_weight=demand, demand_strength=strength)

    def bare() -> None:
        bounds = catalogue.kind_bounds
        for start in range(0, students, CHUNK):
            scores = matrix[start : start + CHUNK] @ compiled.linear
            scores[words[word_of[start : start + CHUNK]] != 0] = -np.inf
            for first, last in pairwise(bounds):
                np.argpartition(scores[:, first:last], -K, axis=1)

    served(0.05)
    bare_seconds = best_of(bare, times)
    plain, nudged = best_of(lambda: served(0.0), times), best_of(lambda: served(0.05), times)
    return {
        "students": students,
        "pathways": pathways,
        "width": matrix.shape[1],
        "bare_seconds": bare_seconds,
        "served_seconds": plain,
        "nudged_seconds": nudged,
        "ratio": plain / bare_seconds,
        "ratio_nudged": nudged / bare_seconds,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:16} {value:.3f}")
