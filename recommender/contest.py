"""One protocol for all rankers: learn from some choice sets, be judged on others, all with the same measures.

A rival is a function that learns from offers and returns a function that scores other offers. Every rival gets the
same offers; what it cannot use it leaves. Fit (the chance that a choice turns out well) is made for each rival in the
same way: from scores of a quarter of the known choice sets, given by a rival of that name that did not learn from it.
"""

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.calibration import balanced_calibration_error, calibrate
from recommender.errors import RecommenderError
from recommender.expert import ExpertWeights
from recommender.metrics import (
    bootstrap_interval,
    coverage,
    gini_of_exposure,
    ndcg,
    novelty,
    recall,
    reciprocal_rank,
    sign_flip_p,
    top_k_accuracy,
)
from recommender.outcomes import LIKED
from recommender.splitting import ChoiceSets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Scorer = Callable[["Offers"], Floats]
Rival = Callable[["Offers"], Scorer]

CALIBRATION_PART = 4  # every fourth choice set tells what a score is worth
UNCALIBRATED = ExpertWeights(np.empty(0), 1.0, 0.0)
PER_QUERY: Mapping[str, Callable[[Floats, Floats, Ints], Floats]] = {
    "ndcg3": lambda scores, relevance, queries: ndcg(scores, relevance, queries, k=3),
    "ndcg5": lambda scores, relevance, queries: ndcg(scores, relevance, queries, k=5),
    "top1": lambda scores, relevance, queries: top_k_accuracy(scores, relevance, queries, k=1),
    "top2": lambda scores, relevance, queries: top_k_accuracy(scores, relevance, queries, k=2),
    "mrr": reciprocal_rank,
    "recall5": lambda scores, relevance, queries: recall(scores, relevance, queries, k=5),
}
"""Measures that each choice set has of its own."""


@dataclass(frozen=True)
class Offers:
    """Choice sets as any ranker can read them. Ids of pathways and students mean the same in all offers of a contest.

    Attributes
    ----------
    terms : ndarray of shape (n_rows, n_terms)
    relevance : ndarray of shape (n_rows,), >= 0
    queries : int array (n_rows,), 0 ... n_queries - 1
    pathways, programmes : int array (n_rows,), >= 0
        What is offered, and the larger thing that it is one of.
    students : ndarray of shape (n_queries, width)
        What is known of each query's student, for neighbours and for multinomial regression.
    who : int array (n_queries,)
        Student; the same in several queries if the student chose several times.
    groups : int array (n_queries,)
        School or whatever intervals are to be drawn by.
    rules : mapping of str to ndarray of shape (n_rows,)
        Scores of rankers that learn nothing here.
    past : int array (n_past, 2)
        Student and pathway of choices that are known beside those of the choice sets.
    sets : ChoiceSets or None
        Where the rows came from, for a ranker that needs more than the above.
    """

    terms: Floats
    relevance: Floats
    queries: Ints
    pathways: Ints
    programmes: Ints
    students: Floats
    who: Ints
    groups: Ints
    rules: Mapping[str, Floats] = field(default_factory=dict)
    past: Ints = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    sets: ChoiceSets | None = None

    def __len__(self) -> int:
        return len(self.groups)

    def of_queries(self, wanted: Ints) -> Self:
        """Some of the choice sets, numbered anew; `wanted` ascending."""
        rows = np.isin(self.queries, wanted)
        own: dict[str, Any] = {
            name: getattr(self, name)[rows] for name in ("terms", "relevance", "pathways", "programmes")
        }
        own |= {name: getattr(self, name)[wanted] for name in ("students", "who", "groups")}
        return replace(
            self,
            **own,
            queries=np.searchsorted(wanted, self.queries[rows]),
            rules={name: scores[rows] for name, scores in self.rules.items()},
            sets=None if self.sets is None else self.sets.of_queries(wanted),
        )

    @property
    def choices(self) -> Ints:
        """Student and pathway of everything chosen here, (n_choices, 2)."""
        chosen = np.flatnonzero(self.relevance > 0)
        return np.column_stack([self.who[self.queries[chosen]], self.pathways[chosen]])


@dataclass(frozen=True)
class Standing:
    """How one rival did.

    Attributes
    ----------
    per_query : mapping of str to ndarray of shape (n_queries,)
        The measures of PER_QUERY; NaN where nothing was chosen.
    coverage5, gini5 : float in [0, 1]
    novelty5 : float, bits
    calibration_error : float in [0, 1]; NaN where nothing could be calibrated
    fit_seconds, milliseconds : float
        Processor time: of learning, and of scoring 1,000 choice sets.
    megabytes : float
        What learning and scoring added to the memory of the process at the most; NaN where not measured.
    """

    name: str
    per_query: Mapping[str, Floats]
    coverage5: float
    gini5: float
    novelty5: float
    calibration_error: float
    fit_seconds: float
    milliseconds: float
    megabytes: float = float("nan")

    def mean(self, measure: str) -> float:
        """Mean over the choice sets in which something was chosen."""
        return float(np.nanmean(self.per_query[measure]))


@dataclass(frozen=True)
class Lead:
    """Paired difference of NDCG@5 to a rival: mean, 95 % interval (drawing groups), p of the sign-flip test."""

    over: str
    mean: float
    interval: tuple[float, float]
    p: float


def rule(name: str) -> Rival:
    """A ranker that has its scores already."""
    return lambda _known: lambda asked: asked.rules[name]


def choosing_share(known: Offers, asked: Offers) -> Floats:
    """Share of known choice sets in which each asked row's pathway was chosen; one more choice is added to each.

    Returns
    -------
    ndarray of shape (n_rows,), in (0, 1]
    """
    size = int(max(known.pathways.max(initial=0), asked.pathways.max(initial=0))) + 1
    chosen: Floats = np.bincount(known.pathways[known.relevance > 0], minlength=size).astype(np.float64)
    return (chosen[asked.pathways] + 1.0) / (len(known) + 1.0)


def judge_rival(name: str, rival: Rival, known: Offers, asked: Offers) -> Standing:
    """Learn from `known`, be judged on `asked`.

    Returns
    -------
    Standing
    """
    with threadpool_limits(limits=1):
        start = time.process_time()
        scorer = rival(known)
        fitted = time.process_time()
        scores = scorer(asked)
        scored = time.process_time()
        error = _calibration_error(rival, known, asked, scores)
    queries, relevance = asked.queries, asked.relevance
    return Standing(
        name,
        {measure: found(scores, relevance, queries) for measure, found in PER_QUERY.items()},
        coverage(scores, queries, asked.pathways),
        gini_of_exposure(scores, queries, asked.pathways),
        novelty(scores, queries, choosing_share(known, asked)),
        error,
        fitted - start,
        (scored - fitted) * 1e6 / len(asked),
    )


def _calibration_error(rival: Rival, known: Offers, asked: Offers, scores: Floats) -> float:
    """How far a fit made from the scores is off on what was asked; levels of scores are left to each learner."""
    numbers = np.arange(len(known))
    kept = numbers % CALIBRATION_PART != 0
    part = known.of_queries(numbers[~kept])
    told = rival(known.of_queries(numbers[kept]))(part)
    slope, intercept, is_calibrated = calibrate([told], [_graded(part.relevance)], UNCALIBRATED)
    if not is_calibrated:
        return float("nan")
    odds = np.clip(slope * scores + intercept, -500.0, 500.0)
    return balanced_calibration_error(1.0 / (1.0 + np.exp(-odds)), _graded(asked.relevance))


def _graded(relevance: Floats) -> Floats:
    """Where nobody said how a choice turned out, being chosen is all the good there is."""
    return relevance if relevance.max(initial=0.0) >= LIKED else np.where(relevance > 0, float(LIKED), 0.0)


def lead_over(ours: Standing, rival: Standing, groups: Ints) -> Lead:
    """By how much ours leads a rival on the same choice sets."""
    gained = ours.per_query["ndcg5"] - rival.per_query["ndcg5"]
    interval = bootstrap_interval(gained, groups)
    return Lead(rival.name, float(np.nanmean(gained)), interval, sign_flip_p(gained))


def judge_apart(name: str, rival: Rival, known: Offers, asked: Offers) -> Standing:
    """The same in a process of its own, so that its memory can be told.

    Raises
    ------
    RecommenderError
        The rival failed; facts: rival, cause.
    """
    here, there = get_context("fork").Pipe(duplex=False)

    def work() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            found = judge_rival(name, rival, known, asked)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            there.send(replace(found, megabytes=(peak - before) / 1024))
        except Exception as error:
            there.send(f"{type(error).__name__}: {error}")

    child = get_context("fork").Process(target=work)
    child.start()
    there.close()
    try:
        answer: Standing | str = here.recv()
    except EOFError:
        answer = "the process ended without an answer; there may be too little memory"
    child.join()
    here.close()
    if isinstance(answer, str):
        raise RecommenderError(f"{name} could not be judged: {answer}", rival=name, cause=answer)
    return answer
