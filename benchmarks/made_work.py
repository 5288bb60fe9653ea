"""A region made in memory for measuring speed: a catalogue and students of the right widths, and the work of scoring.

Nothing of it is learned or judged; it is only as large and as full as a region is.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from benchmarks.records import ROOT
from recommender import scoring_arrays
from recommender.catalogue import KINDS, Catalogue, Pathway, Place
from recommender.expert import expert_ranker, read_expert_weights
from recommender.features import STUDENT_STEP, VECTOR_TERMS, FeatureSpace, StudentVectors, on_grid
from recommender.interests import InterestProfile, build_interest_model
from recommender.peers import Peers
from recommender.reference import read_reference
from recommender.scoring import CompiledRanker, ServedRanker
from recommender.scoring_layout import Listed

REFERENCE_DIR = ROOT / "data" / "reference"
CHUNK, K = 1_000, 10
FILLED = {
    "interest_match": 0.75, "subject_strength": 0.78, "subject_level": 0.79, "exam_margin": 0.07, "knowledge": 0.03,
    "profile_wish": 0.03, "exam_wish": 0.03, "elective_wish": 0.02, "profession_wish": 0.01, "trial_experience": 0.03,
    "elective_experience": 0.13, "peer_facts": 0.98, "peer_answers": 0.32,
}  # fmt: skip
"""Share of a block's entries that are not zero, counted in the sample region (synthetic) on 2024-10-01."""
PROGRAMMES = 0.63
"""Programmes by pathways, as several hosts offer the same; counted there too."""


def made_catalogue(reference: object, count: int, random: np.random.Generator) -> Catalogue:
    """A catalogue of `count` pathways of all kinds, drawn from the reference data; programmes have several hosts."""
    profiles, spo = list(reference.profiles), [code for code, s in reference.spo.items() if s.status == "active"]
    schools = {f"sch{n:03}": Place(f"sch{n:03}", "", "school", *random.uniform(0, 30, 2)) for n in range(60)}
    programmes = round(count * PROGRAMMES / len(KINDS)) * len(KINDS)
    pathways = []
    for number in range(count):
        programme, kind = number % programmes, KINDS[number % 3]
        content = {"profiles": (profiles[programme % len(profiles)],), "spo_codes": ()}
        if number % 3 == 2:
            content = {"profiles": (), "spo_codes": (spo[programme % len(spo)],)}
        host = f"sch{number % 60:03}"
        pathways.append(
            Pathway("2024-25", kind, f"p{number:04}", f"g{programme:03}", "", host, frozenset({9}), **content,
                    subjects=("math", "phys"), seats=25, hours=34.0, dates=(), apply_until=None,
                    conditions_met=frozenset(), restriction_tags=frozenset(), level="")
        )  # fmt: skip
    return Catalogue(tuple(pathways), schools)


def made_space(reference: object, catalogue: Catalogue) -> FeatureSpace:
    """A space with every term: peers know every field of the catalogue, what leans to it comes with the vectors."""
    fields = tuple(tuple(sorted({p.field_code for p in catalogue.pathways if p.kind == kind})) for kind in KINDS)
    nothing = np.empty((0, sum(map(len, fields))))
    return FeatureSpace(reference, catalogue, build_interest_model(reference), Peers(fields, nothing, nothing, {}))


def bent(ranker: ServedRanker) -> ServedRanker:
    """The expert ranker, with every term and with bends as when trained: nothing is cheaper than in service."""
    knots = np.tile(np.array([-0.5, 0.0, 0.5]), (*ranker.knots.shape[:2], 1))
    weights = np.where(ranker.weights == 0.0, 0.1, ranker.weights)
    return replace(ranker, weights=weights, knots=knots, bend_weights=np.full(knots.shape, 0.1))


def made_vectors(
    space: FeatureSpace, count: int, random: np.random.Generator, *, everything_known: bool = False
) -> StudentVectors:
    """Random student vectors of the right widths and as full as the sample region's, made in place.

    The dense product of the peer takes the same matrix and does not depend on how full it is.
    """
    widths = [space.pathway_blocks[term].shape[1] for term in VECTOR_TERMS]
    ends = np.cumsum([0, *widths])
    matrix = on_grid(random.standard_normal((count, int(ends[-1]))), STUDENT_STEP)
    for row, term in enumerate(() if everything_known else VECTOR_TERMS):
        matrix[:, ends[row] : ends[row + 1]] *= random.random((count, widths[row])) < FILLED[term]
    return vectors_of(matrix, random.integers(0, 60, count), ends)


def vectors_of(matrix: np.ndarray, school_of: np.ndarray, ends: np.ndarray) -> StudentVectors:
    """A matrix as student vectors, in the memory it stands in."""
    blocks = {term: matrix[:, ends[row] : ends[row + 1]] for row, term in enumerate(VECTOR_TERMS)}
    profile = InterestProfile(blocks["interest_match"], np.empty((0, 11, 11)), np.ones(len(matrix), dtype=np.int64))
    return StudentVectors(matrix, blocks, school_of, profile)


@dataclass(frozen=True)
class Work:
    """One region to score: the laid-out ranker, the students, who is refused what, demand, what was taken before."""

    compiled: CompiledRanker
    vectors: StudentVectors
    words: np.ndarray
    word_of: np.ndarray
    demand: np.ndarray
    taken: tuple[np.ndarray, np.ndarray] | None = None

    def served(self, strength: float, *, reasons: bool = False, threads: int = 1, into: Listed | None = None) -> Listed:
        """Score and list as the service does."""
        return self.compiled.best(
            self.vectors, self.words, self.word_of, k=K, demand_weight=self.demand, demand_strength=strength,
            taken=self.taken, reasons=reasons, threads=threads, into=into,
        )  # fmt: skip

    @cached_property
    def dense(self) -> np.ndarray:
        """One column a pathway, for the bare product."""
        return np.ascontiguousarray(self.compiled.layout.rows[:, self.compiled.layout.content_of])

    def bare(self, width: int | None = None) -> None:
        """The least that any matrix form has to do: product, mask, argpartition of each kind, in chunks."""
        matrix, dense = self.vectors.matrix[:, :width], self.dense[:width]
        bounds = self.compiled.space.catalogue.kind_bounds
        for start in range(0, len(matrix), CHUNK):
            scores = matrix[start : start + CHUNK] @ dense
            scores[self.words[self.word_of[start : start + CHUNK]] != 0] = -np.inf
            for first, last in pairwise(bounds):
                np.argpartition(scores[:, first:last], -min(K, last - first), axis=1)

    def parts(self, count: int) -> list["Work"]:
        """The students in so many parts."""
        ends = np.cumsum([0, *(self.vectors.blocks[term].shape[1] for term in VECTOR_TERMS)])
        return [
            replace(self, vectors=vectors_of(matrix, school_of, ends), word_of=word_of)
            for matrix, school_of, word_of in zip(
                *(np.array_split(a, count) for a in (self.vectors.matrix, self.vectors.school_of, self.word_of)),
                strict=True,
            )
        ]

    def without_numba(self) -> "Work":
        """The same work for the form that needs numpy only."""
        compiled = CompiledRanker(self.compiled.ranker, self.compiled.space, scoring_arrays.list_students)
        return replace(self, compiled=compiled)

    @property
    def size(self) -> str:
        """For the records."""
        return f"{len(self.vectors):,} students x {len(self.compiled.kind_of)} pathways, k = {K}"


def made_work(students: int, pathways: int, random: np.random.Generator) -> Work:
    """A region made in memory."""
    reference = read_reference(REFERENCE_DIR)
    space = made_space(reference, made_catalogue(reference, pathways, random))
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    compiled = CompiledRanker(bent(expert_ranker(expert)), space)
    words = (random.random((360, pathways)) < 0.2).astype(np.uint16)
    word_of = random.integers(0, len(words), students)
    return Work(compiled, made_vectors(space, students, random), words, word_of, random.random(pathways))
