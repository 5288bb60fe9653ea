"""What is missing of a student, and which of it would sharpen the lists most.

Evidence is worth what it is expected to change: told beforehand what it might say, how much likelier would the first
places hold what the student will choose? It is the expected value of sample information of decision theory, with the
expected DCG as the value: a choice model's scores give the chance of each pathway to be chosen. An instrument or a
trial narrows the interests by a known amount; marks not seen yet scatter as they usually do among students, and in a
survey each code is named as often as it usually is.

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
from recommender.uncertainty import answer_moves, interest_gradients, normal_draws, uniform_draws

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING_CODES = ("diagnostics", "marks", "profile_survey", "exam_survey", "elective_survey", "trials")
"""What may be missing in a card, in the order it is told."""


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of evidence that is facts: the terms it fills, its tables, whether it asks for codes, in which grades."""

    terms: tuple[str, ...]
    tables: tuple[str, ...]
    asks: bool = False
    grades: tuple[int, ...] = (6, 7, 8, 9, 10, 11)


FACT_KINDS: Mapping[str, FactKind] = {
    "marks": FactKind(("subject_strength", "subject_level"), ("marks",)),
    "knowledge": FactKind(("knowledge",), ("knowledge",)),
    "profile_survey": FactKind(
        ("profile_wish", "profession_wish"), ("profile_wishes", "profession_wishes"), asks=True, grades=(9,)
    ),
    "exam_survey": FactKind(("exam_wish",), ("exam_wishes",), asks=True, grades=(9, 11)),
    "elective_survey": FactKind(("elective_wish",), ("elective_wishes",), asks=True),
}
VALUE_DRAWS = 128
PLACES = 5
TRIALS_TRIED = 5
NAMED_STRENGTH = 0.8  # between a first and a third choice
FIRST_TRIAL = 0.5  # the term of a first rated trial is drawn half-way towards zero
MIN_NAMED = 5  # a code that fewer named counts as never named: a model file tells nothing of single students
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
    expected_gain : float, >= 0
        Expected rise of the DCG of the student's choice over the first PLACES, mean of the lists.
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
        Of the kinds of FACT_KINDS that measure; columns of the terms side by side; times its transpose it is their
        covariance.
    rates : mapping of str to ndarray (n_columns,), in [0, 1]
        Of the kinds that ask: how often each code is named. Of electives, whose codes change with the catalogue, one
        rate for all, (1,).
    rating_deviation : float
        Standard deviation of the ratings of trials, in units of `interests.TRIAL_SPREAD`; 0 = none are known.
    """

    roots: Mapping[str, Floats]
    rates: Mapping[str, Floats]
    rating_deviation: float


NOTHING_USUAL = UsualFacts({}, {}, 0.0)


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
    roots, rates = {}, {}
    for kind, about in FACT_KINDS.items():
        rows = np.hstack([vectors.blocks[term] for term in about.terms])
        rows = rows[rows.any(axis=1)]
        if len(rows) < MIN_KNOWN:
            continue
        if not about.asks:
            common = (rows != 0.0).sum(axis=0) >= MIN_NAMED
            roots[kind] = root(np.cov((rows * common).T))
        elif kind == "elective_survey":
            rates[kind] = np.array([(rows > 0).mean()])
        else:
            named = (rows > 0).sum(axis=0)
            rates[kind] = np.where(named >= MIN_NAMED, named, 0) / len(rows)
    ratings = facts.tables["trials"].values
    ratings = ratings[np.isfinite(ratings)]
    deviation = float(ratings.std()) / TRIAL_SPREAD if len(ratings) >= MIN_KNOWN else 0.0
    return UsualFacts(roots, rates, deviation)


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
        At most one a kind; the value of evidence is its mean over them.
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
    moves = _by_instruments(compiled, facts, vectors, student, told, slopes)
    for kind in _askable(usual, facts, student):
        moves[kind, ""] = [_by_facts(compiled, usual, kind, one, VALUE_DRAWS) for one in told]
    moves |= _by_trials(compiled, usual, vectors, student, trials, told, slopes)
    found = [
        NextEvidence(*name, sum(value_of(one.scores, move) for one, move in zip(told, each, strict=True)) / len(told))
        for name, each in moves.items()
    ]
    found.sort(key=lambda evidence: (-evidence.expected_gain, evidence.kind, evidence.code))
    best_trial = next((evidence for evidence in found if evidence.kind == "trial"), None)
    worth = [e for e in found if e.expected_gain > 0 and (e.kind != "trial" or e is best_trial)]
    return tuple(worth[:count])


def value_of(scores: Floats, moves: Floats) -> float:
    """How much likelier the first places would hold the choice, were it known how scores will move.

    Parameters
    ----------
    scores : ndarray of shape (n,), log-odds
    moves : ndarray of shape (n_draws, n)
        What might be added to them, drawn.

    Returns
    -------
    float, >= 0
        Expected DCG of the choice over PLACES places with the evidence, less without.

    Examples
    --------
    What moves two scores alike changes no list; what moves them apart does.

    >>> value_of(np.zeros(2), np.array([[1.0, 1.0], [-1.0, -1.0]]))
    0.0
    >>> round(value_of(np.zeros(2), np.array([[1.0, -1.0], [-1.0, 1.0]])), 3)
    0.141
    """
    places = min(PLACES, len(scores))
    discount = 1.0 / np.log2(np.arange(2, places + 2))
    moved = scores + moves
    chance = np.exp(moved - moved.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    after = -np.sort(-chance, axis=1)[:, :places]
    now = -np.sort(-chance.mean(axis=0))[:places]
    return max(float((after @ discount).mean() - now @ discount), 0.0)


def drawn_moves(directions: Floats) -> Floats:
    """Gaussian moves of scores, (VALUE_DRAWS, n), from directions (n, n_directions)."""
    drawn: Floats = normal_draws(VALUE_DRAWS, directions.shape[1]) @ directions.T
    return drawn


Moves = dict[tuple[str, str], list[Floats]]  # by kind and code; of each list, (VALUE_DRAWS, n)


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
                drawn_moves(
                    slope @ narrowed
                    if position in answered
                    else np.hstack([slope @ narrowed, answer_moves(compiled, code, one.kind, one.pathways)])
                )
                for one, slope in zip(lists, slopes, strict=True)
            ]
    return moves


def _askable(usual: UsualFacts, facts: StudentFacts, student: int) -> list[str]:
    known = {*usual.roots, *usual.rates}
    return [kind for kind in FACT_KINDS if kind in known and _is_missing(facts, student, kind)]


def missing_moves(
    compiled: CompiledRanker, usual: UsualFacts, facts: StudentFacts, student: int, one: Candidates, count: int
) -> Floats:
    """How all facts that could still be asked for might move scores, drawn.

    Parameters
    ----------
    compiled : CompiledRanker
    usual : UsualFacts
    facts : StudentFacts
    student : int
        Position.
    one : Candidates
    count : int, even
        Draws.

    Returns
    -------
    ndarray of shape (count, n), log-odds
    """
    moved = np.zeros((count, len(one.pathways)))
    for kind in _askable(usual, facts, student):
        moved += _by_facts(compiled, usual, kind, one, count)
    return moved


def _by_facts(compiled: CompiledRanker, usual: UsualFacts, kind: str, one: Candidates, count: int) -> Floats:
    """What facts not seen yet might add, beyond what they add on the average, (count, n)."""
    stream = 1 + list(FACT_KINDS).index(kind)
    slopes = np.hstack([fact_gradients(compiled, term, one.kind, one.pathways) for term in FACT_KINDS[kind].terms])
    if kind in usual.roots:
        directions = slopes @ usual.roots[kind]
        measured: Floats = normal_draws(count, directions.shape[1], stream) @ directions.T
        return measured
    slopes = slopes[:, slopes.any(axis=0)] if kind == "elective_survey" else slopes
    rates = np.broadcast_to(usual.rates[kind], slopes.shape[1:])
    named = (uniform_draws(count, len(rates), stream) < rates).astype(float)
    asked: Floats = NAMED_STRENGTH * (named - named.mean(axis=0)) @ slopes.T
    return asked


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
    return {
        ("trial", pathways[trials[row]].pathway_code): [drawn_moves(each[row][:, None]) for each in moved]
        for row in tried
    }
