"""How sure a list is: what is not known of the student's interests and of the weights, carried through to places.

Both errors are Gaussian and enter a score linearly, so the scores of one student have a joint covariance: what moves
all of them alike moves no place. From it come an interval of each fit, the chance of a pathway to belong to the first
three, and places that are a tie.

Source of the forms: Gaussian linear model, e.g. Bishop 2006, section 2.3; ranks under uncertainty by drawing from the
posterior: Goldstein & Spiegelhalter 1996.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recommender.features import SHAPED_TERMS, TERM_CODES, FeatureSpace, StudentVectors
from recommender.interests import DIMENSIONS
from recommender.peers import root
from recommender.scoring import CompiledRanker
from recommender.students import StudentFacts, answered_methods

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NINE_OF_TEN = 1.6449  # standard deviations on either side that hold nine of ten
DRAWS = 400
TOP = 3
TIE = 0.2  # places whose order is turned more often than this are told as a tie


@dataclass(frozen=True)
class Doubt:
    """What is not known of the weights of one kind.

    Attributes
    ----------
    factor : ndarray of shape (n_parameters, n_directions)
        `factor @ factor.T` is the posterior covariance of terms, bends and biases of programme, host and field.
    programmes, hosts, fields : tuple of str
        Codes of the biases, in this order.
    unseen_variances : (float, float, float), log-odds squared
        Of the bias of a programme, host or field that no outcome is known of.
    width : float, >= 1
        By which factor the posterior was widened; already within `factor`.
    """

    factor: Floats
    programmes: tuple[str, ...]
    hosts: tuple[str, ...]
    fields: tuple[str, ...]
    unseen_variances: tuple[float, float, float]
    width: float


@dataclass(frozen=True)
class Certainty:
    """How sure one list of one student is.

    Attributes
    ----------
    deviation : ndarray of shape (n_listed,), log-odds
        Standard deviation of each score.
    top_chance : ndarray of shape (n_listed,), in [0, 1]
        Chance to belong to the first TOP if everything were known.
    bands : tuple of (first, last), one a place
        Places that are a tie with it, itself included; 1 = first.
    sureness : float in [0, 1]
        Expected share of the true first TOP among the first TOP listed; 0 for an empty list.
    """

    deviation: Floats
    top_chance: Floats
    bands: tuple[tuple[int, int], ...]
    sureness: float


class ScoreDoubt:
    """Doubts of all kinds laid out for one catalogue.

    Parameters
    ----------
    compiled : CompiledRanker
    doubts : sequence of Doubt or None, one a kind
        None = the weights are knowledge, nothing was learned and nothing can be said of their error.
    """

    def __init__(self, compiled: CompiledRanker, doubts: Sequence[Doubt | None]) -> None:
        self.compiled = compiled
        self.doubts = tuple(doubts)
        pathways = compiled.space.catalogue.pathways
        self.unseen_variance = np.zeros(len(pathways))
        self.bias_rows: list[Floats] = []
        for kind, doubt in enumerate(self.doubts):
            own = np.flatnonzero(compiled.kind_of == kind)
            if doubt is None:
                self.bias_rows.append(np.zeros((len(own), 0)))
                continue
            first = len(doubt.factor) - len(doubt.programmes) - len(doubt.hosts) - len(doubt.fields)
            rows = np.zeros((len(own), doubt.factor.shape[1]))
            of_family = (
                (doubt.programmes, [pathways[row].programme_code for row in own]),
                (doubt.hosts, [pathways[row].host_code for row in own]),
                (doubt.fields, [pathways[row].field_code for row in own]),
            )
            for (codes, asked), variance in zip(of_family, doubt.unseen_variances, strict=True):
                at = {code: first + position for position, code in enumerate(codes)}
                known = np.array([code in at for code in asked], dtype=bool)
                rows[known] += doubt.factor[[at[code] for code in asked if code in at]]
                self.unseen_variance[own[~known]] += variance
                first += len(codes)
            self.bias_rows.append(rows)

    def deviations(
        self, facts: StudentFacts, vectors: StudentVectors, student: int, kind: int, pathways: Ints
    ) -> Floats:
        """Directions in which scores of one student may be off.

        Parameters
        ----------
        facts, vectors
            The student's group; `student` is a position.
        kind : int
        pathways : int array (n,)
            Positions of pathways of this kind.

        Returns
        -------
        ndarray of shape (n, n_directions), log-odds
            Times its transpose it is the covariance of the scores, but for what unseen programmes add to the diagonal.
        """
        covariance = vectors.profile.covariance[student]
        own = [interest_gradients(self.compiled, vectors, student, kind, pathways) @ root(covariance)]
        answered = answered_methods(facts, student)
        own += [
            answer_moves(self.compiled, method, kind, pathways)
            for position, (method, _) in enumerate(self.compiled.space.interest_model.methods)
            if position not in answered
        ]
        doubt = self.doubts[kind]
        if doubt is None:
            return np.hstack(own)
        raw = self.compiled.space.raw_terms(vectors, np.full(len(pathways), student), pathways)
        shaped = raw[:, [TERM_CODES.index(term) for term in SHAPED_TERMS]]
        knots = self.compiled.ranker.knots[kind]
        bends = np.maximum(shaped[:, :, None] - knots, 0.0).reshape(len(raw), knots.size)
        learned = np.hstack([raw, bends])
        place = pathways - self.compiled.space.catalogue.kind_bounds[kind]
        return np.hstack([*own, learned @ doubt.factor[: learned.shape[1]] + self.bias_rows[kind][place]])


def interest_gradients(
    compiled: CompiledRanker, vectors: StudentVectors, student: int, kind: int, pathways: Ints
) -> Floats:
    """Change of scores per unit of each interest, (n, 11): by the match, and by what like students chose."""
    space: FeatureSpace = compiled.space
    slope = compiled.interest_slopes(vectors, np.full(len(pathways), student), pathways)
    gradient: Floats = slope[:, None] * space.pathway_blocks["interest_match"][pathways]
    leaning = space.peers.fact_weights[: len(DIMENSIONS)]
    if leaning.size:
        weight = compiled.ranker.weights[kind, TERM_CODES.index("peer_facts")]
        gradient = gradient + weight * space.pathway_blocks["peer_facts"][pathways] @ leaning.T
    return gradient


def answer_moves(compiled: CompiledRanker, method: str, kind: int, pathways: Ints) -> Floats:
    """How single answers to an instrument not taken yet would move scores, (n, n_directions)."""
    scatter = compiled.space.peers.scatter.get(method)
    if scatter is None:
        return np.zeros((len(pathways), 0))
    weight = compiled.ranker.weights[kind, TERM_CODES.index("peer_answers")]
    moved: Floats = weight * (compiled.space.pathway_blocks["peer_answers"][pathways] @ scatter)
    return moved


@lru_cache(maxsize=256)
def normal_draws(count: int, directions: int, stream: int = 0) -> Floats:
    """The same standard normal draws for everybody, (count, directions), mirrored so that their mean is 0.

    Draws of different streams are independent.
    """
    half = np.random.default_rng([stream, 0]).standard_normal((count // 2, directions))
    return _shared(np.concatenate([half, -half]))


@lru_cache(maxsize=64)
def uniform_draws(count: int, columns: int, stream: int) -> Floats:
    """The same uniform draws for everybody, (count, columns)."""
    return _shared(np.random.default_rng([stream, 1]).random((count, columns)))


def _shared(draws: Floats) -> Floats:
    """Nobody may write into what everybody reads."""
    draws.setflags(write=False)
    return draws


def drawn_scores(scores: Floats, deviations: Floats, unseen_variance: Floats) -> Floats:
    """Scores as they might be, (DRAWS, n).

    Parameters
    ----------
    scores : ndarray of shape (n,), log-odds
    deviations : ndarray of shape (n, n_directions)
    unseen_variance : ndarray of shape (n,)
        On the diagonal.
    """
    own = normal_draws(DRAWS, deviations.shape[1] + len(scores))
    moved = own[:, : deviations.shape[1]] @ deviations.T + own[:, deviations.shape[1] :] * np.sqrt(unseen_variance)
    drawn: Floats = scores + moved
    return drawn


def certainty_of(drawn: Floats, listed: Ints, deviation: Floats) -> Certainty:
    """How sure a list is, from draws of what it is sorted by.

    Parameters
    ----------
    drawn : ndarray of shape (n_draws, n_candidates)
        What the list is sorted by, drawn jointly.
    listed : int array (n_listed,)
        Columns of the listed pathways, best first.
    deviation : ndarray of shape (n_listed,)

    Returns
    -------
    Certainty

    Examples
    --------
    Three candidates; the first two change places in every second draw, the third stays far behind.

    >>> drawn = np.array([[3.0, 2.0, -9.0], [2.0, 3.0, -9.0]])
    >>> found = certainty_of(drawn, np.array([0, 1, 2]), np.ones(3))
    >>> found.bands, found.sureness
    (((1, 2), (1, 2), (3, 3)), 1.0)
    """
    if not len(listed):
        return Certainty(deviation, np.empty(0), (), 0.0)
    top = min(TOP, drawn.shape[1])
    bar = np.partition(drawn, drawn.shape[1] - top, axis=1)[:, -top, None]
    above, level = drawn > bar, drawn == bar
    share = (top - above.sum(axis=1)) / level.sum(axis=1)  # equal ones share the places that are left
    chance = (above[:, listed] + level[:, listed] * share[:, None]).mean(axis=0)
    bands = tie_bands(drawn[:, listed])
    return Certainty(deviation, chance, bands, float(chance[:top].mean()))


def without_draws(deviation: Floats) -> Certainty:
    """What is known without drawing: deviations alone; chances and sureness are NaN, no ties are told."""
    places = range(1, len(deviation) + 1)
    bands = tuple((place, place) for place in places)
    return Certainty(deviation, np.full(len(deviation), np.nan), bands, float("nan"))


def tie_bands(drawn: Floats) -> tuple[tuple[int, int], ...]:
    """First and last place of the tie that each place belongs to.

    A tie goes on while the order of its first place and the next is turned in more than TIE of the draws; where the two
    are equal, in half of the cases.

    Examples
    --------
    >>> tie_bands(np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0]]))
    ((1, 1), (2, 3), (2, 3))
    """
    firsts = [0]
    for place in range(1, drawn.shape[1]):
        first = drawn[:, firsts[-1]]
        turned = float((drawn[:, place] > first).mean() + (drawn[:, place] == first).mean() / 2)
        firsts.append(firsts[-1] if turned > TIE else place)
    lasts = {first: place for place, first in enumerate(firsts)}
    return tuple((first + 1, lasts[first] + 1) for first in firsts)
