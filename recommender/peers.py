"""What like students came to choose: how a student's facts and single answers lean to each field.

Six sums of eight answers forget what the single answers were about, and a pathway's vectors forget what its students
had in common. Both are read here from past choices. What the ranker without this module did not foresee of a choice,
the surprise, is regressed on what was known of the student, by ridge, field by field; the prediction is one more term
of the score, the product of a student vector and a pathway vector as all are.

A regression that would not have foreseen the surprises of students it did not see, by more than the standard error
of that gain, is left out: its weights are zero.
Ridge with its strength by cross-validation: Hoerl & Kennard 1970, Stone 1974; a term fitted to the surprise of the
others: Friedman 2001, with one step of the descent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RIDGES = (100.0, 300.0, 1000.0, 3000.0, 10000.0)  # students' worth of belief that nothing leans anywhere
FOLDS = 5
RANK_TOLERANCE = 1e-12
MIN_STUDENTS = 10  # a fact that fewer have teaches nothing


@dataclass(frozen=True)
class Peers:
    """How facts and answers lean to fields, learned from past choices.

    Attributes
    ----------
    fields : tuple of tuple of str
        Field codes by kind, in the order of KINDS; side by side they are the columns of the weights.
    fact_weights : ndarray of shape (n_facts, n_fields)
        Per unit of each column of the student's facts (`features.COMPARABLE_TERMS` side by side).
    answer_weights : ndarray of shape (n_questions, n_fields)
        Per spread of each question of `InterestModel.answer_norms`.
    scatter : mapping of instrument code to ndarray of shape (n_fields, n_directions)
        How leanings scatter among those who answered the instrument, `answer_scatter`: what is not known yet of
        those who did not.
    """

    fields: tuple[tuple[str, ...], ...]
    fact_weights: Floats
    answer_weights: Floats
    scatter: Mapping[str, Floats]


NO_PEERS = Peers((), np.empty((0, 0)), np.empty((0, 0)), {})
"""Before the first outcome: nothing leans anywhere."""


def answer_scatter(questions: Sequence[str], answers: Floats, weights: Floats) -> dict[str, Floats]:
    """How much the answers of each instrument move leanings, one student against another.

    Parameters
    ----------
    questions : sequence of str
        "METHOD:question".
    answers : ndarray of shape (n_students, n_questions), in spreads from the mean; 0 = not answered
    weights : ndarray of shape (n_questions, n_fields)

    Returns
    -------
    dict of instrument code to ndarray of shape (n_fields, n_directions)
        Times its transpose it is the covariance of the leanings among those who answered; instruments whose answers
        say nothing are left out.
    """
    method_of = np.array([question.partition(":")[0] for question in questions], dtype=np.str_)
    found = {}
    for method in np.unique(method_of):
        own = method_of == method
        rows = answers[:, own]
        moved = rows[rows.any(axis=1)] @ weights[own]
        if moved.any():
            found[str(method)] = root(np.atleast_2d(np.cov(moved.T)))
    return found


def root(covariance: Floats) -> Floats:
    """A matrix whose product with its transpose is a covariance (n, n); only directions that vary are kept.

    Examples
    --------
    >>> root(np.array([[4.0, 0.0], [0.0, 0.0]])).tolist()
    [[2.0], [0.0]]
    """
    values, vectors = np.linalg.eigh(covariance)
    kept = values > RANK_TOLERANCE * max(float(values[-1]), 0.0)
    result: Floats = vectors[:, kept] * np.sqrt(values[kept])
    return result


@dataclass(frozen=True)
class Leaning:
    """One regression: weights (n_columns, n_fields), and what it says of each student without having seen him or her.

    Attributes
    ----------
    weights : ndarray of shape (n_columns, n_fields)
    unseen : ndarray of shape (n_students, n_fields)
    ridge : float or None
        None = it did not pay, all is zero.
    """

    weights: Floats
    unseen: Floats
    ridge: float | None


def surprises(scores: Floats, relevance: Floats, queries: Ints, fields: Ints, n_fields: int) -> Floats:
    """How much more of a choice fell to each field than the scores foresaw.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,), log-odds
    relevance : ndarray of shape (n_rows,), >= 0
    queries : int array (n_rows,), 0 to n_queries - 1
    fields : int array (n_rows,)
        Field of each row; -1 = of none.
    n_fields : int

    Returns
    -------
    ndarray of shape (n_queries, n_fields), in [-1, 1]
        Share of relevance less share foreseen; what falls to no field is left out.

    Examples
    --------
    Two pathways of equal score, the first was chosen: half of it was foreseen.

    >>> surprises(np.zeros(2), np.array([1.0, 0.0]), np.zeros(2, dtype=int), np.array([0, 1]), 2).tolist()
    [[0.5, -0.5]]
    """
    count = int(queries.max(initial=-1)) + 1
    highest = np.full(count, -np.inf)
    np.maximum.at(highest, queries, scores)
    chance = np.exp(scores - highest[queries])
    chance /= np.bincount(queries, chance, count)[queries]
    taken = relevance / np.maximum(np.bincount(queries, relevance, count), 1e-12)[queries]
    known = fields >= 0
    cell = queries[known] * n_fields + fields[known]
    found: Floats = np.bincount(cell, (taken - chance)[known], count * n_fields).astype(float)
    return found.reshape(count, n_fields)


def fit_leaning(columns: Floats, surprise: Floats, student_ids: Sequence[str] | NDArray[np.str_]) -> Leaning:
    """Regress surprises on what was known of students.

    Parameters
    ----------
    columns : ndarray of shape (n, n_columns)
    surprise : ndarray of shape (n, n_fields)
    student_ids : sequence of str (n,)
        A student met in several years is left out of a fold in all of them.

    Returns
    -------
    Leaning
    """
    nothing = Leaning(np.zeros((columns.shape[1], surprise.shape[1])), np.zeros(surprise.shape), None)
    fold = np.unique(student_ids, return_inverse=True)[1] % FOLDS
    if len(np.unique(fold)) < FOLDS or not columns.any():
        return nothing
    used = _known_of_many(columns, np.unique(student_ids, return_inverse=True)[1])
    if not used.any():
        return nothing
    rows = columns[:, used]
    unseen = np.zeros((len(RIDGES), *surprise.shape))
    for number in range(FOLDS):
        seen = fold != number
        for place, tried in enumerate(_ridges(rows[seen], surprise[seen])):
            unseen[place, ~seen] = rows[~seen] @ tried
    missed: Floats = ((unseen - surprise) ** 2).sum(axis=(1, 2))
    best = int(missed.argmin())
    gained = (surprise**2 - (unseen[best] - surprise) ** 2).sum(axis=1)
    if gained.mean() <= gained.std() / np.sqrt(len(gained)):
        return nothing
    weights = np.zeros((columns.shape[1], surprise.shape[1]))
    weights[used] = _ridges(rows, surprise)[best]
    return Leaning(weights, unseen[best], RIDGES[best])


def _known_of_many(columns: Floats, student_of: Ints) -> NDArray[np.bool_]:
    """Columns that at least MIN_STUDENTS students have: a weight must not tell of a single one."""
    has = np.zeros((int(student_of.max(initial=-1)) + 1, columns.shape[1]), dtype=bool)
    np.logical_or.at(has, student_of, columns != 0.0)
    known: NDArray[np.bool_] = has.sum(axis=0) >= MIN_STUDENTS
    return known


def _ridges(rows: Floats, surprise: Floats) -> list[Floats]:
    """Weights for every one of RIDGES, from one decomposition."""
    values, vectors = np.linalg.eigh(rows.T @ rows)
    turned = vectors.T @ (rows.T @ surprise)
    return [vectors @ (turned / (np.maximum(values, 0.0) + ridge)[:, None]) for ridge in RIDGES]
