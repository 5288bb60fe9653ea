"""How many would come for each seat if students chose as the ranker expects: crowding kept in view, never in a score.

A student's chance to choose a pathway is the softmax of the scores within its kind: the ranker learns from differences
of scores within a choice set, so this is its own model of choice (Luce 1959). Demand and seats do not enter: they are
what the figure is compared with.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS, catalogue_of_year
from recommender.eligibility import StudentPattern, refusal_words
from recommender.features import StudentVectors
from recommender.pipeline import Recommender
from recommender.splitting import PER_STUDENT_CHECKS, History
from recommender.students import StudentFacts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONSIDERED = 40  # pathways of a kind that a student's choice falls among; the rest is far behind
FEW_STUDENTS = 5  # an aggregate over fewer students is not told: docs of security, k >= 5
CROWDED = 1.5  # expected applicants per seat from which a card says so


@dataclass(frozen=True)
class Congestion:
    """Expected applicants of each pathway of a catalogue.

    Attributes
    ----------
    applicants : ndarray of shape (n_pathways,), >= 0
    per_seat : ndarray of shape (n_pathways,), >= 0
        NaN = no seats stated, or fewer than FEW_STUDENTS students may be offered it.
    offered_counts : int array (n_pathways,)
        Students who may be offered it.
    """

    applicants: Floats
    per_seat: Floats
    offered_counts: Ints


def choice_chances(scores: Floats) -> Floats:
    """Chance of each place of a list to be chosen.

    Parameters
    ----------
    scores : ndarray of shape (..., k), log-odds
        NaN = empty place.

    Returns
    -------
    ndarray of the same shape
        Sums to 1 over places, or to 0 where the list is empty.

    Examples
    --------
    One pathway is three times as likely as the other where its score is higher by log 3.

    >>> choice_chances(np.array([np.log(3.0), 0.0, np.nan])).round(2).tolist()
    [0.75, 0.25, 0.0]
    """
    known = np.isfinite(scores)
    highest = np.max(np.where(known, scores, -np.inf), axis=-1, keepdims=True)
    weight = np.where(known, np.exp(np.where(known, scores - np.where(np.isfinite(highest), highest, 0.0), 0.0)), 0.0)
    total = weight.sum(axis=-1, keepdims=True)
    chances: Floats = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    return chances


def expected_congestion(
    recommender: Recommender,
    facts: StudentFacts,
    usual_choices: Mapping[str, float],
    *,
    vectors: StudentVectors | None = None,
) -> Congestion:
    """Expected applicants per seat of every pathway.

    Parameters
    ----------
    recommender : Recommender
    facts : StudentFacts
        A district's students.
    usual_choices : mapping of kind to float
        How many pathways of a kind a student usually takes in a year: `usual_choices`; a kind not there counts 0.
    vectors : StudentVectors, optional
        Made of the same facts before, to be used again.

    Returns
    -------
    Congestion
    """
    pathways = recommender.space.catalogue.pathways
    made = recommender.recommend(facts, k=CONSIDERED, demand_strength=0.0, vectors=vectors)
    takes = np.array([usual_choices.get(kind, 0.0) for kind in KINDS])
    chances = choice_chances(made.listed.scores) * takes[:, None]
    listed = made.listed.pathways >= 0
    applicants = np.bincount(made.listed.pathways[listed], chances[listed], minlength=len(pathways)).astype(float)
    words = refusal_words(recommender.rules, facts.patterns, recommender.space.catalogue, facts.as_of)
    students = np.bincount(facts.pattern_of, minlength=len(words))
    offered = (students[:, None] * (words == 0)).sum(axis=0)
    seats = np.array([pathway.seats or np.nan for pathway in pathways], dtype=float)
    per_seat = np.where(offered >= FEW_STUDENTS, applicants / seats, np.nan)
    return Congestion(applicants, per_seat, offered)


def usual_choices(history: History) -> dict[str, float]:
    """How many pathways of each kind a student took in the last ended year, of those who could be offered any.

    Parameters
    ----------
    history : History

    Returns
    -------
    dict of kind to float, >= 0
        Empty before the first ended year with outcomes.
    """
    years = history.years()
    if not years:
        return {}
    year = years[-1]
    catalogue = catalogue_of_year(history.pathways, history.places, year)
    students = history.students.get(year, ())
    rules = tuple(rule for rule in history.rules if rule.check not in PER_STUDENT_CHECKS)
    grades_and_schools = sorted({(student.grade, student.school_code) for student in students})
    found = {}
    kind_of = np.array([pathway.kind for pathway in catalogue.pathways], dtype=np.str_)
    patterns = tuple(StudentPattern(grade, school, frozenset(), frozenset()) for grade, school in grades_and_schools)
    words = refusal_words(rules, patterns, catalogue, history.as_of)
    for kind in KINDS:
        can = {key for key, word in zip(grades_and_schools, words, strict=True) if (word[kind_of == kind] == 0).any()}
        could = sum((student.grade, student.school_code) in can for student in students)
        taken = sum(outcome.kind == kind and outcome.school_year == year for outcome in history.outcomes)
        found[kind.value] = taken / could if could else 0.0
    return found
