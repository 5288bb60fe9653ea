"""Fitting the ranker of one kind so that it never does worse than knowledge: how much to believe outcomes is measured.

The pull towards expert weights is chosen on years that the fit did not see. Outcomes are believed only where the best
pull leads knowledge by more than the standard error of that lead (after the one-standard-error rule of Breiman et al.
1984): with twenty outcomes that is seldom, with thousands nearly always.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.expert import KNOTS, ExpertWeights
from recommender.features import SHAPED_TERMS, TERM_CODES, WEIGHT_STEP, leanings, on_grid
from recommender.metrics import ndcg
from recommender.peers import fit_leaning, surprises
from recommender.ranking import PathwayRanker
from recommender.splitting import COVARIATES, ChoiceSets, OfferedPathways
from recommender.warm_restart import KNOWLEDGE_ONLY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PULLS = (300.0, 100.0, 30.0, 10.0, 3.0)
CAUTION = 2000.0  # with n choice sets no pull below CAUTION / n is tried: so few cannot tell which one is best
BIAS_SHARE = 1 / 3  # biases are pulled towards none a third as strongly: nobody has prior knowledge of them
FORESIGHT_PULL = 100.0  # of the ranker whose surprises teach about peers: careful, so that it leaves them something
FIELD_CARE = 10.0  # a field has few programmes: their common bias is pulled so much harder than each one's own
TOLD_ROWS = 100_000  # at a time: telling peers copies the terms
FOLDS = 5  # of students, where there is only one year
NONNEGATIVE_COLUMNS = tuple(TERM_CODES.index(term) for term in TERM_CODES if term not in SHAPED_TERMS)
PEER_COLUMNS = tuple(TERM_CODES.index(term) for term in ("peer_facts", "peer_answers"))
SHAPED_COLUMNS = tuple(TERM_CODES.index(term) for term in SHAPED_TERMS)


@dataclass(frozen=True)
class Vocabulary:
    """Codes that have biases, sorted; ids are positions, -1 = not known."""

    programmes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    pathways: tuple[str, ...] = ()
    field_of: tuple[str, ...] = ()  # of each programme

    @classmethod
    def of(cls, sets: ChoiceSets) -> Self:
        """All codes of some choice sets."""
        used = np.unique(sets.offered)
        known = OfferedPathways(*(codes[used] for codes in sets.pathways))
        pathways, hosts, fields = (
            tuple(np.unique(codes).tolist()) for codes in (known.codes, known.hosts, known.fields)
        )
        programmes, first = np.unique(known.programmes, return_index=True)
        return cls(tuple(programmes.tolist()), hosts, fields, pathways, tuple(known.fields[first].tolist()))

    def bias_ids(self, sets: ChoiceSets) -> Ints:
        """Ids of programme, host and field, (n_rows, 3): what the ranker has biases of.

        A programme seen often has its own; a new one is carried by its field and its host.
        """
        offered = sets.pathways
        columns = ((self.programmes, offered.programmes), (self.hosts, offered.hosts), (self.fields, offered.fields))
        return np.column_stack([positions_of(known, codes) for known, codes in columns])[sets.offered]

    def ids(self, sets: ChoiceSets) -> Ints:
        """Ids of programme, host and pathway, (n_rows, 3): what baselines count."""
        return np.column_stack(
            [self.bias_ids(sets)[:, :2], positions_of(self.pathways, sets.pathways.codes)[sets.offered]]
        )


def positions_of(known: Sequence[str], codes: NDArray[np.str_]) -> Ints:
    """Position of each code in a sorted sequence; -1 where it does not stand there."""
    if not known:
        return np.full(len(codes), -1, dtype=np.int64)
    found = np.searchsorted(np.array(known), codes).clip(max=len(known) - 1)
    return np.where(np.array(known)[found] == codes, found, -1)


def prior_weights(expert: ExpertWeights) -> Floats:
    """Expert weights of all COLUMNS; nothing is known beforehand of the covariates."""
    return np.array([*expert.weights, *(0.0 for _ in COVARIATES)])


def fit_ranker(
    sets: ChoiceSets, expert: ExpertWeights, vocabulary: Vocabulary, pull: float, *, has_posterior: bool = True
) -> PathwayRanker:
    """The ranker fitted with one strength of the pull, which must be finite."""
    ranker = PathwayRanker(
        prior_weights=prior_weights(expert),
        pull=pull,
        bias_pull=(pull * BIAS_SHARE, pull * BIAS_SHARE, pull * BIAS_SHARE * FIELD_CARE),
        nonnegative_columns=NONNEGATIVE_COLUMNS,
        shaped_columns=SHAPED_COLUMNS,
        knot_count=KNOTS,
        bias_counts=(len(vocabulary.programmes), len(vocabulary.hosts), len(vocabulary.fields)),
        has_posterior=has_posterior,
    )
    return ranker.fit(sets.terms, sets.relevance, query_ids=sets.queries, bias_ids=vocabulary.bias_ids(sets))


def served_scores(ranker: PathwayRanker, vocabulary: Vocabulary, sets: ChoiceSets) -> Floats:
    """Scores as they are served: demand and showings of training's day count for nothing."""
    served = copy(ranker)
    served.weights_ = np.concatenate([ranker.weights_[: len(TERM_CODES)], np.zeros(len(COVARIATES))])
    return served.predict(sets.terms, bias_ids=vocabulary.bias_ids(sets))


@dataclass(frozen=True)
class KindPeers:
    """What like students chose in one kind, learned from some choice sets; nothing of a single student is in it.

    Attributes
    ----------
    fields : tuple of str
        Columns of the weights.
    fact_weights : ndarray of shape (n_facts, n_fields)
    answer_weights : ndarray of shape (n_questions, n_fields)
    ridges : tuple of float or None
        Of facts and of answers; None = it did not pay, all weights are zero.
    """

    fields: tuple[str, ...]
    fact_weights: Floats
    answer_weights: Floats
    ridges: tuple[float | None, float | None]

    def told_to(self, sets: ChoiceSets) -> ChoiceSets:
        """Choice sets of students not learned from, with the terms of peers filled in."""
        by_facts = leanings(sets.students, self.fact_weights)
        by_answers = leanings(sets.answers, self.answer_weights)
        return _told(sets, self.fields, by_facts, by_answers)


def learn_peers(known: ChoiceSets, expert: ExpertWeights) -> tuple[KindPeers, ChoiceSets]:
    """Regress what a ranker without peers did not foresee on facts, and what is then left on single answers.

    Parameters
    ----------
    known : ChoiceSets
        Terms of peers are zero.
    expert : ExpertWeights

    Returns
    -------
    (KindPeers, ChoiceSets)
        The choice sets with the terms of peers filled in, each student's by regressions on the others (the ranker whose
        surprises they explain has seen everybody).
    """
    vocabulary = Vocabulary.of(known)
    foreseen = served_scores(
        fit_ranker(known, expert, vocabulary, FORESIGHT_PULL, has_posterior=False), vocabulary, known
    )
    fields = tuple(field for field in vocabulary.fields if field)
    column = positions_of(fields, known.pathways.fields)[known.offered]
    surprise = surprises(foreseen, known.relevance, known.queries, column, len(fields))
    facts = fit_leaning(known.students, surprise, known.student_ids)
    answers = fit_leaning(known.answers, surprise - facts.unseen, known.student_ids)
    by_facts, by_answers = (on_grid(found.weights, WEIGHT_STEP) for found in (facts, answers))  # as they will be served
    peers = KindPeers(fields, by_facts, by_answers, (facts.ridge, answers.ridge))
    return peers, _told(known, fields, facts.unseen, answers.unseen)


def _told(sets: ChoiceSets, fields: tuple[str, ...], *leanings: Floats) -> ChoiceSets:
    column = positions_of(fields, sets.pathways.fields)[sets.offered]
    terms = sets.terms.copy()
    for term, leaning in zip(PEER_COLUMNS if fields else (), leanings, strict=False):
        terms[:, term] = np.where(column >= 0, leaning[sets.queries, column], 0.0)
    return replace(sets, terms=terms)


@dataclass(frozen=True)
class Fold:
    """Choice sets to learn from and others to be asked of, what peers say told to both.

    `every` is every offer ever made, not told yet; None where the level of scores does not matter.
    """

    known: ChoiceSets
    asked: ChoiceSets
    every: ChoiceSets | None = None
    peers: KindPeers | None = None

    def level(self, scores_of: Callable[[ChoiceSets], Floats]) -> float:
        """Mean score of every offer ever made; a part of them is told at a time."""
        if self.every is None:
            return 0.0
        total, numbers = 0.0, np.arange(len(self.every))
        for part in np.array_split(numbers, -(-len(self.every.relevance) // TOLD_ROWS)):
            sets = self.every.of_queries(part)
            total += float(scores_of(sets if self.peers is None else self.peers.told_to(sets)).sum())
        return total / len(self.every.relevance)


def learned_scores(fold: Fold, expert: ExpertWeights, pull: float) -> Floats:
    """Scores of the choice sets asked, by a ranker that learned from the known ones, less the level of all offers."""

    def by_knowledge(sets: ChoiceSets) -> Floats:
        scores: Floats = sets.terms @ prior_weights(expert)
        return scores

    if pull == KNOWLEDGE_ONLY:
        return by_knowledge(fold.asked) - fold.level(by_knowledge)
    vocabulary = Vocabulary.of(fold.known)
    ranker = fit_ranker(fold.known, expert, vocabulary, pull, has_posterior=False)
    own = served_scores(ranker, vocabulary, fold.asked)
    return own - fold.level(lambda sets: served_scores(ranker, vocabulary, sets))


def informed(known: ChoiceSets, asked: ChoiceSets, every: ChoiceSets | None, expert: ExpertWeights) -> Fold:
    """A fold whose peers were learned from the known choice sets alone."""
    peers, told = learn_peers(known, expert)
    return Fold(told, peers.told_to(asked), every, peers)


def folds_of(sets: ChoiceSets, expert: ExpertWeights) -> list[Fold]:
    """Each year beside all others; the students of a single year in FOLDS parts.

    Parameters
    ----------
    sets : ChoiceSets of one or more years
    expert : ExpertWeights

    Returns
    -------
    list of Fold
    """
    years = np.unique(sets.years)
    split = [(np.flatnonzero(sets.years != year), np.flatnonzero(sets.years == year)) for year in years]
    split = split if len(years) > 1 else split_students(sets)
    return [informed(sets.of_queries(known), sets.of_queries(asked), None, expert) for known, asked in split]


def split_students(sets: ChoiceSets) -> list[tuple[Ints, Ints]]:
    """Choice sets to learn from and to be asked of, FOLDS times; a student stands on one side in all years."""
    fold = np.unique(sets.student_ids, return_inverse=True)[1] % FOLDS
    split = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(FOLDS)]
    return [(known, asked) for known, asked in split if len(known) and len(asked)]


def unseen_scores(every: ChoiceSets, expert: ExpertWeights, pull: float) -> Floats:
    """Scores of all choice sets, each by a ranker that learned from other students of all years.

    A choice model leaves the level of all scores open; each ranker's is moved so that all offers ever made average 0.
    Students are left out rather than years, so that the rankers know nearly as much as the one that will serve.

    Parameters
    ----------
    every : ChoiceSets of all years
    expert : ExpertWeights
    pull : float

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    scores = np.zeros(len(every.relevance))
    for known, asked in split_students(every):
        fold = informed(every.of_queries(known), every.of_queries(asked), every, expert)
        scores[np.isin(every.queries, asked)] = learned_scores(fold, expert, pull)
        del fold  # before the next one is told
    return scores


def by_year(sets: ChoiceSets, values: Floats) -> list[Floats]:
    """Values of all rows (n_rows,) cut into those of each year, oldest first."""
    year_of = sets.years[sets.queries]
    return [values[year_of == year] for year in np.unique(sets.years)]


def choose_pull(folds: Sequence[Fold], expert: ExpertWeights) -> float:
    """How strongly to hold on to expert weights, measured on choice sets that the fit did not see.

    Parameters
    ----------
    folds : sequence of Fold
    expert : ExpertWeights

    Returns
    -------
    float
        The one of PULLS with the largest mean NDCG@5, or KNOWLEDGE_ONLY where its lead over knowledge is smaller than
        the standard error of that lead.
    """
    if not folds:
        return KNOWLEDGE_ONLY
    count = sum(len(fold.asked) for fold in folds)
    tried = [pull for pull in PULLS if pull >= CAUTION / count] or [PULLS[0]]
    found = np.array([_found(folds, expert, pull) for pull in tried])
    best = int(found.mean(axis=1).argmax())
    lead = found[best] - _found(folds, expert, KNOWLEDGE_ONLY)
    return tried[best] if lead.mean() > lead.std() / np.sqrt(len(lead)) else KNOWLEDGE_ONLY


def _found(folds: Sequence[Fold], expert: ExpertWeights, pull: float) -> Floats:
    """NDCG@5 of every choice set, by a ranker that did not learn from it; 0 where nothing was chosen."""
    found = [ndcg(learned_scores(f, expert, pull), f.asked.relevance, f.asked.queries) for f in folds]
    return np.nan_to_num(np.concatenate(found))
