"""The terms, student vectors, and how they cross with pathway vectors: the only place where features are made.

Every term is one number per student and pathway: the product of a student vector and a pathway vector (or, for
access, a value looked up by the student's school). Nothing else is allowed, so that every term compiles to arrays.
Missing facts give zero vectors: a student without marks is neither praised nor blamed by them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS
from recommender.instruments import question_places
from recommender.interests import (
    DIMENSIONS,
    InterestModel,
    InterestProfile,
    RatedTrials,
    interest_profile,
)
from recommender.pathway_vectors import PathwayVectors
from recommender.peers import NO_PEERS, Peers
from recommender.students import Facts, StudentFacts, newest_answers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MARK_MIDDLE, MARK_SPREAD = 3.9, 0.6  # typical mean mark of a subject and its spread between students
KNOWLEDGE_MIDDLE, KNOWLEDGE_SPREAD = 0.55, 0.2
EXAM_SPREAD = 0.2  # points beyond the recommended minimum, in shares of the maximum
LIMIT = 2.5  # no single mark or test may say more than this many spreads
HALF_LIFE_YEARS = 1.0  # an older mark or wish weighs half for every year
STUDENT_STEP = 2.0**-20  # entries of student vectors are multiples of it: sums over them are exact (`scoring_layout`)
WEIGHT_STEP = 2.0**-23  # of what they are multiplied by
DENSE = 4  # pairs are worked out all at once where at least a fourth of them is asked for


def on_grid(values: Floats, step: float) -> Floats:
    """The nearest multiples of a step that is a power of two.

    Examples
    --------
    >>> on_grid(np.array([0.3, -0.9]), 0.25).tolist()
    [0.25, -1.0]
    """
    rounded: Floats = np.rint(values / step)
    rounded *= step
    return rounded


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the score.

    Attributes
    ----------
    code : str
        Name in weights, contributions and reasons.
    block : str
        interests | subjects | wishes | experience | peers | access.
    has_shape : bool
        Whether a one-dimensional spline may follow the product.
    """

    code: str
    block: str
    has_shape: bool = False


TERMS = (
    Term("interest_match", "interests", has_shape=True),
    Term("subject_strength", "subjects"),
    Term("subject_level", "subjects", has_shape=True),
    Term("exam_margin", "subjects"),
    Term("knowledge", "subjects"),
    Term("profile_wish", "wishes"),
    Term("exam_wish", "wishes"),
    Term("elective_wish", "wishes"),
    Term("profession_wish", "wishes"),
    Term("trial_experience", "experience"),
    Term("elective_experience", "experience"),
    Term("peer_facts", "peers"),
    Term("peer_answers", "peers"),
    Term("own_school", "access"),
    Term("proximity", "access"),
)
TERM_CODES = tuple(term.code for term in TERMS)
ACCESS_TERMS = tuple(term.code for term in TERMS if term.block == "access")
VECTOR_TERMS = tuple(term.code for term in TERMS if term.block != "access")
SHAPED_TERMS = tuple(term.code for term in TERMS if term.has_shape)
FACT_TERMS = tuple(term for term in VECTOR_TERMS if term not in ("elective_wish", "peer_facts", "peer_answers"))
"""Terms whose student vectors are facts of the student and have the same columns every year: what likeness is judged
by. Those of a programme change with the catalogue."""


@dataclass(frozen=True)
class StudentVectors:
    """Vectors of a group of students.

    Attributes
    ----------
    matrix : ndarray of shape (n_students, width)
        Blocks of VECTOR_TERMS side by side, as the served product wants them.
    blocks : mapping of str to ndarray (n_students, block width)
        Views of `matrix`, one for each of VECTOR_TERMS; as wide as the pathway block of the same term.
    school_of : int array (n_students,), -1 = unknown school
    profile : InterestProfile
    """

    matrix: Floats
    blocks: Mapping[str, Floats]
    school_of: Ints
    profile: InterestProfile

    @classmethod
    def side_by_side(cls, blocks: Mapping[str, Floats], school_of: Ints, profile: InterestProfile) -> Self:
        """Lay the blocks of VECTOR_TERMS into one matrix, in multiples of STUDENT_STEP."""
        matrix = on_grid(np.hstack([blocks[term] for term in VECTOR_TERMS]), STUDENT_STEP)
        ends = np.cumsum([0, *(blocks[term].shape[1] for term in VECTOR_TERMS)])
        views = {term: matrix[:, ends[i] : ends[i + 1]] for i, term in enumerate(VECTOR_TERMS)}
        return cls(matrix, views, school_of, profile)

    def __len__(self) -> int:
        return len(self.school_of)


@dataclass(frozen=True)
class FeatureSpace(PathwayVectors):
    """Makes vectors of students in the columns of one catalogue's pathways, and crosses the two.

    Attributes
    ----------
    reference : Reference
    catalogue : Catalogue
    interest_model : InterestModel
    peers : Peers
        What like students came to choose; none before the first outcomes.
    """

    interest_model: InterestModel
    peers: Peers = NO_PEERS

    @cached_property
    def fields_of(self) -> Floats:
        """Field of each pathway among those of its kind that peers know, (n_pathways, n_fields); one 1 or none."""
        known = [(kind, field) for kind, fields in zip(KINDS, self.peers.fields, strict=False) for field in fields]
        column = {key: position for position, key in enumerate(known)}
        result = np.zeros((len(self.catalogue.pathways), len(known)))
        for row, pathway in enumerate(self.catalogue.pathways):
            if (pathway.kind, pathway.field_code) in column:
                result[row, column[pathway.kind, pathway.field_code]] = 1.0
        return result

    @cached_property
    def pathway_blocks(self) -> dict[str, Floats]:
        """Pathway vectors by term, each (n_pathways, width), multiples of WEIGHT_STEP, in the order of VECTOR_TERMS."""
        own = {term: on_grid(block, WEIGHT_STEP) for term, block in self.own_blocks.items()}
        return {**own, "peer_facts": self.fields_of, "peer_answers": self.fields_of}

    @cached_property
    def fact_codes(self) -> tuple[tuple[str, str], ...]:
        """Term and code of each column of a student's facts, in the order of FACT_TERMS."""
        codes: dict[str, Sequence[str]] = {
            "interest_match": DIMENSIONS,
            "profile_wish": tuple(self.profile_index),
            "elective_experience": tuple(self.profile_index),
            "profession_wish": tuple(self.group_index),
            "trial_experience": tuple(self.group_index),
        }
        return tuple((term, code) for term in FACT_TERMS for code in codes.get(term, tuple(self.subject_index)))

    @cached_property
    def question_places(self) -> Ints:
        """Where the questions that have norms stand, (n_questions, 2): see `instruments.question_places`."""
        return question_places(self.reference.instruments, self.interest_model.answer_norms.questions)

    @cached_property
    def _peer_weights(self) -> tuple[Floats, Floats]:
        peers = self.peers
        return on_grid(peers.fact_weights, WEIGHT_STEP), on_grid(peers.answer_weights, WEIGHT_STEP)

    def answers_of(self, facts: StudentFacts) -> Floats:
        """Newest single answers, (n_students, n_questions), in spreads from the mean; 0 = not answered."""
        return self.interest_model.answer_norms.standardised(newest_answers(facts, self.question_places))

    # --- what a student brings ---

    def student_vectors(self, facts: StudentFacts) -> StudentVectors:
        """Vectors of a group of students.

        Parameters
        ----------
        facts : StudentFacts

        Returns
        -------
        StudentVectors
        """
        tables, count = facts.tables, len(facts)
        profile = interest_profile(self.interest_model, facts.grades, facts.sheets, self._rated_trials(facts))
        marks, taught = _weighted_mean(tables["marks"], self.subject_index, count)
        own_mean = marks.sum(axis=1, keepdims=True) / np.maximum(taught.sum(axis=1, keepdims=True), 1)
        knowledge, tested = _weighted_mean(tables["knowledge"], self.subject_index, count)
        blocks = {
            "interest_match": profile.mean,
            "subject_strength": _bounded(marks - own_mean, MARK_SPREAD) * taught,
            "subject_level": _bounded(marks - MARK_MIDDLE, MARK_SPREAD) * taught,
            "exam_margin": self._exam_margin(tables["exam_points"], count),
            "knowledge": _bounded(knowledge - KNOWLEDGE_MIDDLE, KNOWLEDGE_SPREAD) * tested,
            "profile_wish": _wishes(tables["profile_wishes"], self.profile_index, count),
            "exam_wish": _wishes(tables["exam_wishes"], self.subject_index, count),
            "elective_wish": _wishes(tables["elective_wishes"], self.programme_index, count),
            "profession_wish": self._profession_wish(tables["profession_wishes"], count),
            "trial_experience": self._trial_experience(tables["trials"], count),
            "elective_experience": self._elective_experience(tables["enrolments"], count),
        }
        known = np.hstack([blocks[term] for term in FACT_TERMS])
        fact_weights, answer_weights = self._peer_weights
        blocks["peer_facts"] = leanings(known, fact_weights)
        blocks["peer_answers"] = leanings(self.answers_of(facts), answer_weights)
        return StudentVectors.side_by_side(blocks, facts.school_of, profile)

    def _exam_margin(self, facts: Facts, count: int) -> Floats:
        column = facts.positions(self.subject_index)
        result = np.zeros((count, len(self.subject_index)))
        for row, (student, subject) in enumerate(zip(facts.student, column, strict=True)):
            exam = self.reference.subjects[facts.codes[row]] if subject >= 0 else None
            if exam is not None and exam.oge_max and exam.oge_profile_class_min:
                margin = (facts.values[row] - exam.oge_profile_class_min) / exam.oge_max / EXAM_SPREAD
                result[student, subject] = np.clip(margin, -LIMIT, LIMIT)
        return result

    def _profession_wish(self, facts: Facts, count: int) -> Floats:
        groups = tuple(code[:2] for code in facts.codes)
        return _wishes(replace(facts, codes=groups), self.group_index, count)

    def _rated_trials(self, facts: StudentFacts) -> RatedTrials:
        trials = facts.tables["trials"]
        known = self.known_interests
        rated = [row for row, code in enumerate(trials.codes) if np.isfinite(trials.values[row]) and code in known]
        vectors = [known[trials.codes[row]] for row in rated]
        return RatedTrials(
            trials.student[rated],
            np.array(vectors).reshape(-1, 11),
            trials.values[rated],
            trials.age_years[rated],
        )

    def _trial_experience(self, facts: Facts, count: int) -> Floats:
        """How well trials of each SPO group were liked, drawn towards zero when few; (n_students, n_groups)."""
        liked = np.zeros((count, len(self.group_index)))
        seen = np.zeros_like(liked)
        for row, code in enumerate(facts.codes):
            groups = self.known_groups.get(code)
            if groups is not None and np.isfinite(facts.values[row]):
                liked[facts.student[row]] += groups * (facts.values[row] - 6.5) / 2.0
                seen[facts.student[row]] += groups
        return liked / (seen + 1.0)

    def _elective_experience(self, facts: Facts, count: int) -> Floats:
        """Profiles of what was studied by choice, most often studied = 1; (n_students, n_profiles)."""
        result = np.zeros((count, len(self.profile_index)))
        for row, code in enumerate(facts.codes):
            profiles = self.known_profiles.get(code)
            if profiles is not None:
                result[facts.student[row]] += profiles * 0.5 ** facts.age_years[row]
        return result / np.maximum(result.max(axis=1, keepdims=True), 1.0)

    # --- crossing them ---

    def raw_terms(self, vectors: StudentVectors, students: Ints, pathways: Ints) -> Floats:
        """Terms of given pairs.

        Parameters
        ----------
        vectors : StudentVectors
        students, pathways : int arrays (n_pairs,)
            Positions.

        Returns
        -------
        ndarray of shape (n_pairs, n_terms)
            In the order of TERM_CODES.
        """
        result = np.empty((len(students), len(TERMS)))
        for column, term in enumerate(TERM_CODES):
            if term in ACCESS_TERMS:
                result[:, column] = self.access_tables[term][vectors.school_of[students], pathways]
            else:
                result[:, column] = _row_products(vectors.blocks[term], self.pathway_blocks[term], students, pathways)
        return result


def leanings(known: Floats, weights: Floats) -> Floats:
    """What is known times what it says of each field: the same bits for a student alone, in a batch and in training.

    Parameters
    ----------
    known : ndarray of shape (n_students, n_known)
        Taken to the nearest multiples of STUDENT_STEP, so that the product is exact.
    weights : ndarray of shape (n_known, n_fields), multiples of WEIGHT_STEP

    Returns
    -------
    ndarray of shape (n_students, n_fields), multiples of STUDENT_STEP
        Zeros where nothing is known or learned.

    Examples
    --------
    >>> leanings(np.array([[0.5, 2.0]]), np.array([[1.0], [0.25]])).tolist()
    [[1.0]]
    """
    if not (known.shape[1] and weights.size):
        return np.zeros((len(known), weights.shape[1]))
    return on_grid(on_grid(known, STUDENT_STEP) @ weights, STUDENT_STEP)


def _row_products(left: Floats, right: Floats, rows: Ints, columns: Ints, chunk: int = 65_536) -> Floats:
    """Products of given pairs; both sides are multiples of a step, so each is exact however it is added up."""
    used = np.flatnonzero(np.bincount(columns, minlength=len(right)))
    if len(rows) * DENSE >= len(left) * len(used):  # most pairs are asked for: all at once is cheaper
        place = np.empty(len(right), dtype=np.int64)
        place[used] = np.arange(len(used))
        return np.asarray((left @ right[used].T)[rows, place[columns]])
    result = np.empty(len(rows))
    for start in range(0, len(rows), chunk):
        part = slice(start, start + chunk)
        result[part] = (left[rows[part]] * right[columns[part]]).sum(axis=1)
    return result


def _bounded(values: Floats, spread: float) -> Floats:
    return np.clip(values / spread, -LIMIT, LIMIT)


def _weighted_mean(facts: Facts, index: Mapping[str, int], count: int) -> tuple[Floats, Floats]:
    """Mean per student and code with newer facts weighing more, and 1 where any fact exists (else both 0)."""
    column = facts.positions(index)
    used = (column >= 0) & np.isfinite(facts.values)
    cell = facts.student[used] * len(index) + column[used]
    weight = 0.5 ** (facts.age_years[used] / HALF_LIFE_YEARS)
    total = np.bincount(cell, weight, count * len(index)).astype(float)
    summed = np.bincount(cell, weight * facts.values[used], count * len(index)).astype(float)
    mean = np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)
    shape = (count, len(index))
    return mean.reshape(shape), (total > 0).astype(float).reshape(shape)


def _wishes(facts: Facts, index: Mapping[str, int], count: int) -> Floats:
    """Strength of the strongest wish: 1 for a first choice, less for later ranks and older surveys."""
    column = facts.positions(index)
    used = column >= 0
    strength = 0.5 ** (facts.age_years[used] / HALF_LIFE_YEARS) / np.sqrt(np.maximum(facts.values[used], 1.0))
    result = np.zeros((count, len(index)))
    np.maximum.at(result, (facts.student[used], column[used]), strength)
    return result
