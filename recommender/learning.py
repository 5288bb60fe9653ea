"""Fitting the ranker of one kind so that it never does worse than knowledge: how much to believe outcomes is measured.

The pull towards expert weights is chosen on years that the fit did not see. Outcomes are believed only where the best
pull leads knowledge by more than the standard error of that lead (after the one-standard-error rule of Breiman et al.
1984): with twenty outcomes that is seldom, with thousands nearly always.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.expert import KNOTS, ExpertWeights
from recommender.features import SHAPED_TERMS, TERM_CODES
from recommender.metrics import ndcg
from recommender.ranking import PathwayRanker
from recommender.splitting import COVARIATES, ChoiceSets, joined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PULLS = (300.0, 100.0, 30.0, 10.0, 3.0)
KNOWLEDGE_ONLY = np.inf
CAUTION = 2000.0  # with n choice sets no pull below CAUTION / n is tried: so few cannot tell which one is best
BIAS_SHARE = 1 / 3  # biases are pulled towards none a third as strongly: nobody has prior knowledge of them
FOLDS = 5  # of students, where there is only one year
NONNEGATIVE_COLUMNS = tuple(TERM_CODES.index(term) for term in TERM_CODES if term not in SHAPED_TERMS)
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
        columns = (sets.programmes, sets.hosts, sets.fields, sets.pathway_codes)
        programmes, hosts, fields, pathways = (tuple(np.unique(codes).tolist()) for codes in columns)
        field_of = sets.fields[np.unique(sets.programmes, return_index=True)[1]]
        return cls(programmes, hosts, fields, pathways, tuple(field_of.tolist()))

    def bias_ids(self, sets: ChoiceSets) -> Ints:
        """Ids of programme, host and field, (n_rows, 3): what the ranker has biases of.

        A programme seen often has its own; a new one is carried by its field and its host.
        """
        columns = ((self.programmes, sets.programmes), (self.hosts, sets.hosts), (self.fields, sets.fields))
        return np.column_stack([_positions(known, codes) for known, codes in columns])

    def ids(self, sets: ChoiceSets) -> Ints:
        """Ids of programme, host and pathway, (n_rows, 3): what baselines count."""
        return np.column_stack([self.bias_ids(sets)[:, :2], _positions(self.pathways, sets.pathway_codes)])


def _positions(known: Sequence[str], codes: NDArray[np.str_]) -> Ints:
    """Position of each code in a sorted sequence; -1 where it does not stand there."""
    if not known:
        return np.full(len(codes), -1, dtype=np.int64)
    found = np.searchsorted(np.array(known), codes).clip(max=len(known) - 1)
    return np.where(np.array(known)[found] == codes, found, -1)


def prior_weights(expert: ExpertWeights) -> Floats:
    """Expert weights of all COLUMNS; nothing is known beforehand of the covariates."""
    return np.array([*expert.weights, *(0.0 for _ in COVARIATES)])


def fit_ranker(sets: ChoiceSets, expert: ExpertWeights, vocabulary: Vocabulary, pull: float) -> PathwayRanker:
    """The ranker fitted with one strength of the pull, which must be finite."""
    ranker = PathwayRanker(
        prior_weights=prior_weights(expert),
        pull=pull,
        bias_pull=pull * BIAS_SHARE,
        nonnegative_columns=NONNEGATIVE_COLUMNS,
        shaped_columns=SHAPED_COLUMNS,
        knot_count=KNOTS,
    )
    return ranker.fit(sets.terms, sets.relevance, query_ids=sets.queries, bias_ids=vocabulary.bias_ids(sets))


def served_scores(ranker: PathwayRanker, vocabulary: Vocabulary, sets: ChoiceSets) -> Floats:
    """Scores as they are served: demand and showings of training's day are taken out."""
    terms = sets.terms.copy()
    terms[:, len(TERM_CODES) :] = 0.0
    return ranker.predict(terms, bias_ids=vocabulary.bias_ids(sets))


def learned_scores(known: ChoiceSets, asked: ChoiceSets, expert: ExpertWeights, pull: float) -> Floats:
    """Scores of choice sets by a ranker that learned from other ones, (n_rows of `asked`,)."""
    if pull == KNOWLEDGE_ONLY:
        scores: Floats = asked.terms @ prior_weights(expert)
        return scores
    vocabulary = Vocabulary.of(known)
    return served_scores(fit_ranker(known, expert, vocabulary, pull), vocabulary, asked)


def folds_of(parts: Sequence[ChoiceSets]) -> list[tuple[ChoiceSets, ChoiceSets]]:
    """Each year beside all others; the students of a single year in FOLDS parts.

    Parameters
    ----------
    parts : sequence of ChoiceSets, one a year

    Returns
    -------
    list of (known, asked)
    """
    if len(parts) > 1:
        others = [[part for part in parts if part is not asked] for asked in parts]
        return [(joined(known), asked) for known, asked in zip(others, parts, strict=True)]
    fold = np.arange(len(parts[0])) % FOLDS
    return [
        (parts[0].of_queries(np.flatnonzero(fold != number)), parts[0].of_queries(np.flatnonzero(fold == number)))
        for number in range(FOLDS)
        if (fold == number).any() and (fold != number).any()
    ]


def unseen_scores(parts: Sequence[ChoiceSets], expert: ExpertWeights, pull: float) -> list[Floats]:
    """Scores of the choice sets of each fold by a ranker that did not learn from it.

    A choice model leaves the level of all scores open; each ranker's is moved so that all offers ever made average 0.

    Returns
    -------
    list of ndarray (n_rows of the fold,), in the order of `folds_of`
    """
    every = joined(parts)
    found = []
    for known, asked in folds_of(parts):
        both = learned_scores(known, joined([asked, every]), expert, pull)
        found.append(both[: len(asked.relevance)] - both[len(asked.relevance) :].mean())
    return found


def choose_pull(parts: Sequence[ChoiceSets], expert: ExpertWeights) -> float:
    """How strongly to hold on to expert weights, measured on choice sets that the fit did not see.

    Parameters
    ----------
    parts : sequence of ChoiceSets, one a year, not empty
    expert : ExpertWeights

    Returns
    -------
    float
        The one of PULLS with the largest mean NDCG@5, or KNOWLEDGE_ONLY where its lead over knowledge is smaller than
        the standard error of that lead.
    """
    folds = folds_of(parts)
    if not folds:
        return KNOWLEDGE_ONLY
    tried = [pull for pull in PULLS if pull >= CAUTION / sum(len(part) for part in parts)] or [PULLS[0]]
    found = np.array([_found(folds, expert, pull) for pull in tried])
    best = int(found.mean(axis=1).argmax())
    lead = found[best] - _found(folds, expert, KNOWLEDGE_ONLY)
    return tried[best] if lead.mean() > lead.std() / np.sqrt(len(lead)) else KNOWLEDGE_ONLY


def _found(folds: Sequence[tuple[ChoiceSets, ChoiceSets]], expert: ExpertWeights, pull: float) -> Floats:
    """NDCG@5 of every choice set, by a ranker that did not learn from it; 0 where nothing was chosen."""
    found = [ndcg(learned_scores(known, asked, expert, pull), asked.relevance, asked.queries) for known, asked in folds]
    return np.nan_to_num(np.concatenate(found))
