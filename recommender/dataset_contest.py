"""All rivals and the additive ranker on anybody's table of choices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.contest import Lead, Offers, Scorer, Standing, judge_apart, lead_over, rule
from recommender.dataset import Dataset
from recommender.errors import RecommenderError
from recommender.metrics import ndcg
from recommender.ranking import PathwayRanker
from recommender.rivals import NEED_A_PAST, has_past, missing_package, rivals

Floats = NDArray[np.float64]

OURS = "pathway_ranker"
PULLS = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
INNER_FOLDS = 3


class LeftOut(NamedTuple):
    """Why a rival was not judged: `package` (not installed), `no_past` (nobody chose before), `failed` (its words)."""

    why: Literal["package", "no_past", "failed"]
    what: str = ""


@dataclass(frozen=True)
class Contest:
    """What came out.

    Attributes
    ----------
    standings : mapping of rival to Standing
    leads : tuple of Lead
        Of the additive ranker over each rival.
    left_out : mapping of rival to LeftOut
    """

    standings: Mapping[str, Standing]
    leads: tuple[Lead, ...]
    left_out: Mapping[str, LeftOut]


def additive_ranker(known: Offers) -> Scorer:
    """PathwayRanker without expert weights; the pull is chosen on choice sets that the fit did not see."""
    fold = np.arange(len(known)) % INNER_FOLDS
    parts = [(known.of_queries(np.flatnonzero(fold != f)), known.of_queries(np.flatnonzero(fold == f)))
             for f in range(INNER_FOLDS)] if len(known) >= 2 * INNER_FOLDS else []  # fmt: skip
    found = [sum(_unseen(pull, *part) for part in parts) for pull in PULLS]
    return _fitted(PULLS[found.index(max(found))], known)


def _unseen(pull: float, known: Offers, asked: Offers) -> float:
    per_query = np.nan_to_num(ndcg(_fitted(pull, known)(asked), asked.relevance, asked.queries))
    return float(per_query.mean())


def _fitted(pull: float, known: Offers) -> Scorer:
    ranker = PathwayRanker(pull=pull, bias_pull=pull)
    ranker.fit(known.terms, known.relevance, query_ids=known.queries, bias_ids=_offered(known))
    return lambda asked: ranker.predict(asked.terms, bias_ids=_offered(asked))


def _offered(offers: Offers) -> NDArray[np.int64]:
    return np.column_stack([offers.programmes, offers.pathways])


def hold_contest(dataset: Dataset, on_rival: Callable[[str], None] = lambda _name: None) -> Contest:
    """Judge everybody.

    Parameters
    ----------
    dataset : Dataset
    on_rival : callable
        Told the name of each ranker before it is judged.

    Returns
    -------
    Contest
    """
    known, asked = dataset.known, dataset.asked
    every = {name: rule(name) for name in asked.rules} | dict(rivals()) | {OURS: additive_ranker}
    standings: dict[str, Standing] = {}
    left_out: dict[str, LeftOut] = {}
    has_a_past = has_past(known, asked)
    for name, rival in every.items():
        on_rival(name)
        if package := missing_package(name):
            left_out[name] = LeftOut("package", package)
            continue
        if name in NEED_A_PAST and not has_a_past:
            left_out[name] = LeftOut("no_past")
            continue
        try:
            standings[name] = judge_apart(name, rival, known, asked)
        except RecommenderError as error:
            if name == OURS:
                raise
            left_out[name] = LeftOut("failed", str(error.facts["cause"]))
    leads = tuple(
        lead_over(standings[OURS], standing, asked.groups) for name, standing in standings.items() if name != OURS
    )
    return Contest(standings, leads, left_out)
