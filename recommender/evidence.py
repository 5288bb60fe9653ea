"""What is missing of a student, and which of it would sharpen the lists most.

Evidence is worth what it is expected to change: told beforehand what it might say, how much better would the first
places be on the average? It is the expected value of sample information of decision theory. Everything is linear and
Gaussian: an instrument or a trial narrows the interests by a known amount, marks and surveys not seen yet scatter as
they usually do among students. Values are told as shares of what knowing everything would be worth.

Source of the form: Raiffa & Schlaifer 1961, chapter 5; ranking and selection with it: Chick & Inoue 2001.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.features import FACT_TERMS, SHAPED_TERMS, TERM_CODES, FeatureSpace, StudentVectors
from recommender.interests import TRIAL_NOISE, TRIAL_SPREAD, interest_information
from recommender.peers import root
from recommender.scoring import CompiledRanker
from recommender.students import StudentFacts, answered_methods
from recommender.uncertainty import answer_moves, interest_gradients, normal_draws

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING_CODES = ("diagnostics", "marks", "profile_survey", "exam_survey", "elective_survey", "trials")
"""What may be missing in a card, in the order it is told."""


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of evidence that is facts: the terms it fills, the tables it stands in, the grades it is asked in."""

    terms: tuple[str, ...]
    tables: tuple[str, ...]
    grades: tuple[int, ...] = (6, 7, 8, 9, 10, 11)


FACT_KINDS: Mapping[str, FactKind] = {
    "marks": FactKind(("subject_strength", "subject_level"), ("marks",)),
    "knowledge": FactKind(("knowledge",), ("knowledge",)),
    "profile_survey": FactKind(("profile_wish", "profession_wish"), ("profile_wishes", "profession_wishes"), (9,)),
    "exam_survey": FactKind(("exam_wish",), ("exam_wishes",), (9, 11)),
    "elective_survey": FactKind(("elective_wish",), ("elective_wishes",)),
}
VALUE_DRAWS = 128
PLACES = 5
TRIALS_TRIED = 5
FIRST_TRIAL = 0.5  # the term of a first rated trial is drawn half-way towards zero
MIN_KNOWN = 20  # students; of fewer nobody knows how the evidence usually scatters


@dataclass(frozen=True, slots=True)
class NextEvidence:
    """Evidence that is not there yet.

    Attributes
    ----------
    kind : str
        "instrument", "trial" or one of FACT_KINDS.
    code : str
        Of the instrument or the pathway; "" otherwise.
    expected_gain : float in [0, 1]
        Share of what knowing everything would be worth.
    """

    kind: str
    code: str
    expected_gain: float


@dataclass(frozen=True)
class UsualFacts:
    """How facts scatter among the students who have them.

    Attributes
    ----------
    roots : mapping of str to ndarray (n_columns, n_directions)
        By FACT_KINDS; columns of its terms side by side; times its transpose it is their covariance.
    elective_variance : float
        Of the wish for one programme; their columns change with the catalogue.
    rating_deviation : float
        Standard deviation of the ratings of trials, in units of `interests.TRIAL_SPREAD`; 0 = none are known.
    """

    roots: Mapping[str, Floats]
    elective_variance: float
    rating_deviation: float


NOTHING_USUAL = UsualFacts({}, 0.0, 0.0)


def usual_facts(facts: StudentFacts, vectors: StudentVectors) -> UsualFacts:
    """Measure how facts scatter.

    Parameters
    ----------
    facts, vectors
        Of everybody whose facts may be learned from.

    Returns
    -------
    UsualFacts
        Without the kinds that fewer than MIN_KNOWN students have.
    """
    roots, variance = {}, 0.0
    for kind, about in FACT_KINDS.items():
        rows = np.hstack([vectors.blocks[term] for term in about.terms])
        rows = rows[rows.any(axis=1)]
        if len(rows) < MIN_KNOWN:
            continue
        if kind == "elective_survey":
            variance = float(rows.var())
        else:
            roots[kind] = root(np.cov(rows.T))
    ratings = facts.tables["trials"].values
    ratings = ratings[np.isfinite(ratings)]
    deviation = float(ratings.std()) / TRIAL_SPREAD if len(ratings) >= MIN_KNOWN else 0.0
    return UsualFacts(roots, variance, deviation)


def missing_evidence(facts: StudentFacts, student: int) -> tuple[str, ...]:
    """Kinds of evidence that the student has none of and that the grade usually has.

    Parameters
    ----------
    facts : StudentFacts
    student : int
        Position.

    Returns
    -------
    tuple of str
        Some of MISSING_CODES.
    """
    has = {
        "diagnostics": bool((facts.sheets.student == student).any()),
        "trials": bool(facts.tables["trials"].rows_of(student)),
        **{kind: not _is_missing(facts, student, kind) for kind in FACT_KINDS},
    }
    return tuple(code for code in MISSING_CODES if not has[code])


def _is_missing(facts: StudentFacts, student: int, kind: str) -> bool:
    """Whether evidence that the student's grade has is not there."""
    about = FACT_KINDS[kind]
    known = any(facts.tables[table].rows_of(student) for table in about.tables)
    return not known and int(facts.grades[student]) in about.grades


@dataclass(frozen=True)
class Candidates:
    """Pathways of one kind that the first places are among.

    Attributes
    ----------
    kind : int
    pathways : int array (n,)
    scores : ndarray of shape (n,), log-odds
    """

    kind: int
    pathways: Ints
    scores: Floats


def next_evidence(
    compiled: CompiledRanker,
    usual: UsualFacts,
    facts: StudentFacts,
    vectors: StudentVectors,
    student: int,
    lists: Sequence[Candidates],
    trials: Ints,
    count: int = 3,
) -> tuple[NextEvidence, ...]:
    """Evidence that would sharpen a student's lists most.

    Parameters
    ----------
    compiled : CompiledRanker
    usual : UsualFacts
    facts, vectors
        The student's group; `student` is a position.
    lists : sequence of Candidates
        At most one a kind; the value of evidence is summed over them.
    trials : int array (n_trials,)
        Trials that may be offered.
    count : int

    Returns
    -------
    tuple of NextEvidence
        Largest gain first; empty when there is nothing to tell apart.
    """
    told = [one for one in lists if len(one.pathways) > 1]
    if not told:
        return ()
    slopes = [interest_gradients(compiled, vectors, student, one.kind, one.pathways) for one in told]
    certain = root(vectors.profile.covariance[student])
    instruments = _by_instruments(compiled, facts, vectors, student, told, slopes)
    others = {
        (kind, ""): [_by_facts(compiled, usual, kind, one) for one in told] for kind in _askable(usual, facts, student)
    }
    others |= _by_trials(compiled, usual, vectors, student, trials, told, slopes)
    everything = [
        np.hstack([slope @ certain, *(moves[place] for moves in others.values())]) for place, slope in enumerate(slopes)
    ]
    best = _value(told, everything)
    if best < 1e-9:
        return ()
    found = [
        NextEvidence(*name, min(_value(told, moves) / best, 1.0)) for name, moves in (instruments | others).items()
    ]
    found.sort(key=lambda evidence: (-evidence.expected_gain, evidence.kind, evidence.code))
    best_trial = next((evidence for evidence in found if evidence.kind == "trial"), None)
    told_of = [e for e in found if e.expected_gain > 0 and (e.kind != "trial" or e is best_trial)]
    return tuple(told_of[:count])


def _value(lists: Sequence[Candidates], moves: Sequence[Floats]) -> float:
    return sum(value_of(one.scores, move) for one, move in zip(lists, moves, strict=True))


def value_of(scores: Floats, move: Floats) -> float:
    """How much the first places are expected to gain from what will move scores.

    Parameters
    ----------
    scores : ndarray of shape (n,), log-odds
    move : ndarray of shape (n, n_directions)
        Times its transpose it is the covariance of the change.

    Returns
    -------
    float, >= 0, log-odds
        Discounted as in DCG, over PLACES places.

    Examples
    --------
    What moves two scores alike changes no list; what moves them apart does.

    >>> value_of(np.zeros(2), np.ones((2, 1))) < 1e-9, value_of(np.zeros(2), np.array([[1.0], [-1.0]])) > 0.2
    (True, True)
    """
    places = min(PLACES, len(scores))
    discount = 1.0 / np.log2(np.arange(2, places + 2))
    moved = scores + normal_draws(VALUE_DRAWS, move.shape[1]) @ move.T
    after = -np.sort(-moved, axis=1)[:, :places]
    now = -np.sort(-scores)[:places]
    return max(float((after @ discount).mean() - now @ discount), 0.0)


Moves = dict[tuple[str, str], list[Floats]]  # by kind and code; of each list, (n, n_directions)


def _by_instruments(
    compiled: CompiledRanker, facts: StudentFacts, vectors: StudentVectors, student: int,
    lists: Sequence[Candidates], slopes: Sequence[Floats],
) -> Moves:  # fmt: skip
    """How each instrument for the student's grade would move the scores: by its scales, and by its single answers."""
    space, grade = compiled.space, int(facts.grades[student])
    covariance = vectors.profile.covariance[student]
    precision = np.linalg.inv(covariance)
    answered = answered_methods(facts, student)
    moves: Moves = {}
    for position, (code, reading) in enumerate(space.interest_model.methods):
        if grade in space.reference.instruments[code].grades and reading.is_interest.any():
            narrowed = root(covariance - np.linalg.inv(precision + interest_information(reading)))
            moves["instrument", code] = [
                slope @ narrowed
                if position in answered
                else np.hstack([slope @ narrowed, answer_moves(compiled, code, one.kind, one.pathways)])
                for one, slope in zip(lists, slopes, strict=True)
            ]
    return moves


def _askable(usual: UsualFacts, facts: StudentFacts, student: int) -> list[str]:
    known = {*usual.roots, *(("elective_survey",) if usual.elective_variance > 0 else ())}
    return [kind for kind in FACT_KINDS if kind in known and _is_missing(facts, student, kind)]


def _by_facts(compiled: CompiledRanker, usual: UsualFacts, kind: str, one: Candidates) -> Floats:
    """(n, n_directions): what facts not seen yet would add, as they usually scatter."""
    slopes = np.hstack([fact_gradients(compiled, term, one.kind, one.pathways) for term in FACT_KINDS[kind].terms])
    if kind == "elective_survey":
        wished: Floats = slopes[:, slopes.any(axis=0)] * np.sqrt(usual.elective_variance)
        return wished
    moved: Floats = slopes @ usual.roots[kind]
    return moved


def fact_gradients(compiled: CompiledRanker, term: str, kind: int, pathways: Ints) -> Floats:
    """Change of scores per unit of each column of a term of which nothing is known yet, (n, width)."""
    space: FeatureSpace = compiled.space
    ranker = compiled.ranker
    weight = ranker.weights[kind, TERM_CODES.index(term)]
    if term in SHAPED_TERMS:
        shape = SHAPED_TERMS.index(term)
        weight = weight + ranker.bend_weights[kind, shape][ranker.knots[kind, shape] < 0].sum()
    gradient: Floats = weight * space.pathway_blocks[term][pathways]
    if term in FACT_TERMS and space.peers.fact_weights.size:
        leaning = space.peers.fact_weights[[own == term for own, _ in space.fact_codes]]
        told = ranker.weights[kind, TERM_CODES.index("peer_facts")]
        gradient = gradient + told * space.pathway_blocks["peer_facts"][pathways] @ leaning.T
    return gradient


def _by_trials(
    compiled: CompiledRanker, usual: UsualFacts, vectors: StudentVectors, student: int, trials: Ints,
    lists: Sequence[Candidates], slopes: Sequence[Floats],
) -> Moves:  # fmt: skip
    """How the ratings of the few trials that would move most would move the scores."""
    if not len(trials) or usual.rating_deviation == 0.0:
        return {}
    space = compiled.space
    asked = space.pathway_blocks["interest_match"][trials]
    read = asked @ vectors.profile.covariance[student]
    gain = read / ((read * asked).sum(axis=1) + TRIAL_NOISE)[:, None]
    groups = FIRST_TRIAL * space.pathway_blocks["trial_experience"][trials]
    moved = [
        usual.rating_deviation
        * (gain @ slope.T + groups @ fact_gradients(compiled, "trial_experience", one.kind, one.pathways).T)
        for one, slope in zip(lists, slopes, strict=True)
    ]
    spread = np.sum([each.std(axis=1) for each in moved], axis=0)
    tried = np.argsort(-spread, kind="stable")[:TRIALS_TRIED]
    pathways = space.catalogue.pathways
    return {("trial", pathways[trials[row]].pathway_code): [each[row][:, None] for each in moved] for row in tried}
