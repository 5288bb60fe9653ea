"""Scoring 100,000 students x 500 pathways against a bare matrix product + mask + argpartition of the same size."""

import resource
import time
import tracemalloc
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.records import ROOT, Record
from recommender.catalogue import KINDS, Catalogue, Pathway, Place
from recommender.expert import expert_ranker, read_expert_weights
from recommender.features import VECTOR_TERMS, FeatureSpace, StudentVectors
from recommender.interests import InterestProfile, build_interest_model
from recommender.reference import read_reference
from recommender.scoring import CompiledRanker, ServedRanker

REFERENCE_DIR = ROOT / "data" / "reference"
CHUNK, K, DEMAND_STRENGTH = 1_000, 5, 0.05
LIMIT, ROUNDS, DENSE_STUDENTS = 1.3, 5, 10_000
FILLED = {
    "interest_match": 0.75, "subject_strength": 0.78, "subject_level": 0.79, "exam_margin": 0.07, "knowledge": 0.03,
    "profile_wish": 0.03, "exam_wish": 0.03, "elective_wish": 0.02, "profession_wish": 0.01, "trial_experience": 0.03,
    "elective_experience": 0.13,
}  # fmt: skip
"""Share of a block's entries that are not zero, counted in the sample region (synthetic) on 2024-10-01."""


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


def made_vectors(
    space: FeatureSpace, count: int, random: np.random.Generator, *, everything_known: bool = False
) -> StudentVectors:
    """Random student vectors of the right widths and as full as the sample region's, made in place.

    The dense product of the peer takes the same matrix and does not depend on how full it is.
    """
    widths = [space.pathway_blocks[term].shape[1] for term in VECTOR_TERMS]
    ends = np.cumsum([0, *widths])
    matrix = random.standard_normal((count, int(ends[-1])))
    for row, term in enumerate(() if everything_known else VECTOR_TERMS):
        matrix[:, ends[row] : ends[row + 1]] *= random.random((count, widths[row])) < FILLED[term]
    blocks = {term: matrix[:, ends[row] : ends[row + 1]] for row, term in enumerate(VECTOR_TERMS)}
    profile = InterestProfile(blocks["interest_match"], np.empty((0, 11, 11)), np.ones(count, dtype=np.int64))
    return StudentVectors(matrix, blocks, random.integers(0, 60, count), profile)


@dataclass(frozen=True)
class Work:
    """One region to score: the laid-out ranker, the students, who is refused what, demand, what was taken before."""

    compiled: CompiledRanker
    vectors: StudentVectors
    words: np.ndarray
    word_of: np.ndarray
    demand: np.ndarray
    taken: tuple[np.ndarray, np.ndarray] | None = None

    def served(self, strength: float) -> None:
        """Score and list as the service does."""
        self.compiled.best(
            self.vectors, self.words, self.word_of, k=K, demand_weight=self.demand, demand_strength=strength,
            taken=self.taken,
        )  # fmt: skip

    def bare(self) -> None:
        """The least that any matrix form has to do: product, mask, argpartition of each kind, in chunks."""
        matrix = self.vectors.matrix
        bounds = self.compiled.space.catalogue.kind_bounds
        for start in range(0, len(matrix), CHUNK):
            scores = matrix[start : start + CHUNK] @ self.compiled.linear
            scores[self.words[self.word_of[start : start + CHUNK]] != 0] = -np.inf
            for first, last in pairwise(bounds):
                np.argpartition(scores[:, first:last], -K, axis=1)


def compared(name: str, work: Work, rounds: int, data: Literal["synthetic", "none"]) -> list[Record]:
    """Seconds, ratios to the bare product, and the memory that scoring adds.

    Processor seconds of one thread; the runs alternate and a ratio is the median of the rounds' ratios, so that a
    busy machine burdens both sides. Every run of ours gives the list without demand too: the price of demand is the
    difference between the two.
    """
    runs = {
        "bare": work.bare,
        "plain": lambda: work.served(0.0),
        "nudged": lambda: work.served(DEMAND_STRENGTH),
    }
    work.served(DEMAND_STRENGTH)  # compile
    seconds = {run: np.empty(rounds) for run in runs}
    with threadpool_limits(limits=1):
        for turn in range(rounds):
            for run, call in runs.items():
                start = time.thread_time()
                call()
                seconds[run][turn] = time.thread_time() - start
    size = f"{len(work.vectors):,} students x {work.compiled.linear.shape[1]} pathways"
    found = []
    for run, spent in seconds.items():
        figure = f"{name}.{run}_seconds"
        found.append(Record(figure, float(np.median(spent)), _span(spent), None, "lower", data, size, rounds))
        if run != "bare":
            ratios = spent / seconds["bare"]
            figure = f"{name}.{run}_ratio"
            against = f"bare product + mask + argpartition, {size}"
            found.append(Record(figure, float(np.median(ratios)), _span(ratios), LIMIT, "lower", data, against, rounds))
    added = f"on top of the students' matrix of {work.vectors.matrix.nbytes / 2**20:.0f} MB"
    found.append(Record(f"{name}.added_megabytes", _added(work), None, None, "lower", data, added))
    return found


def _added(work: Work) -> float:
    """Peak of what one scoring with demand allocates, megabytes."""
    tracemalloc.start()
    work.served(DEMAND_STRENGTH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def _densest(work: Work, random: np.random.Generator) -> Record:
    """The worst case: students without a single zero, as no school has them."""
    vectors = made_vectors(work.compiled.space, DENSE_STUDENTS, random, everything_known=True)
    full = replace(work, vectors=vectors, word_of=work.word_of[:DENSE_STUDENTS])
    ratio = next(record for record in compared("", full, ROUNDS, "none") if record.figure == ".plain_ratio")
    return replace(ratio, figure="scoring_speed.dense_ratio", limit=None)


def _span(values: np.ndarray) -> tuple[float, float]:
    """Where nine of ten runs lay."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)


def records(students: int = 100_000, pathways: int = 500) -> list[Record]:
    """A region made in memory."""
    random = np.random.default_rng(0)
    reference = read_reference(REFERENCE_DIR)
    catalogue = made_catalogue(reference, pathways, random)
    space = FeatureSpace(reference, catalogue, build_interest_model(reference))
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    compiled = CompiledRanker(bent(expert_ranker(expert)), space)
    vectors = made_vectors(space, students, random)
    words = (random.random((360, pathways)) < 0.2).astype(np.uint16)
    word_of = random.integers(0, len(words), students)
    work = Work(compiled, vectors, words, word_of, random.random(pathways))
    found = compared("scoring_speed", work, ROUNDS, "none")
    found.append(_densest(work, random))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*found, Record("scoring_speed.process_megabytes", peak, None, None, "lower", "none", "peak, all included")]
