"""From past choices to a served ranker: one additive ranker a kind, pulled towards expert weights, calibrated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from recommender.catalogue import KINDS, PathwayKind, catalogue_of_year
from recommender.expert import KNOTS, ExpertWeights, expert_ranker
from recommender.features import SHAPED_TERMS, TERM_CODES
from recommender.interests import InterestModel, build_interest_model, with_local_norms
from recommender.judging import CHALLENGER, Judgement, judge, rivals
from recommender.metrics import ndcg
from recommender.outcomes import LIKED, OFFERED
from recommender.ranking import PathwayRanker
from recommender.scoring import ServedRanker
from recommender.splitting import COLUMNS, ChoiceSets, History, choice_sets, joined
from recommender.students import student_facts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PULLS = (3.0, 10.0, 30.0)
BIAS_PULLS = (1.0, 3.0, 10.0)
MIDDLE = (PULLS[1], BIAS_PULLS[1])
MIN_QUERIES = 20  # fewer choice sets than this: knowledge only
MIN_CALIBRATION = 60  # fewer outcomes than this: fit stays expert judgement
NONNEGATIVE_COLUMNS = tuple(TERM_CODES.index(term) for term in TERM_CODES if term not in SHAPED_TERMS)
SHAPED_COLUMNS = tuple(TERM_CODES.index(term) for term in SHAPED_TERMS)


@dataclass(frozen=True)
class Vocabulary:
    """Codes that have biases, sorted; ids are positions, -1 = not known."""

    programmes: tuple[str, ...]
    hosts: tuple[str, ...]
    pathways: tuple[str, ...]

    def ids(self, sets: ChoiceSets) -> Ints:
        """Ids of programme, host and pathway, (n_rows, 3)."""
        columns = (
            (self.programmes, sets.programmes),
            (self.hosts, sets.hosts),
            (self.pathways, sets.pathway_codes),
        )
        return np.column_stack([_positions(known, codes) for known, codes in columns])


def _positions(known: Sequence[str], codes: NDArray[np.str_]) -> Ints:
    """Position of each code in a sorted sequence; -1 where it does not stand there."""
    if not known:
        return np.full(len(codes), -1, dtype=np.int64)
    found = np.searchsorted(np.array(known), codes).clip(max=len(known) - 1)
    return np.where(np.array(known)[found] == codes, found, -1)


@dataclass(frozen=True)
class TrainedKind:
    """The training form of one kind: estimator (None = knowledge only), vocabulary and what was chosen for it."""

    kind: PathwayKind
    estimator: PathwayRanker | None
    vocabulary: Vocabulary
    pull: float
    bias_pull: float
    query_count: int
    calibration: tuple[float, float]
    is_calibrated: bool


@dataclass(frozen=True)
class Training:
    """Everything one training run made.

    Attributes
    ----------
    served : ServedRanker
        Fitted on all years.
    model : InterestModel
        With the installation's own norms where there were enough answer sheets.
    kinds : tuple of TrainedKind
    judgements : mapping of kind to tuple of Judgement
        On `held_back`, by rankers fitted on earlier years only; empty with fewer than two years.
    years : tuple of str
    held_back : str or None
    row_counts : mapping of str to int
    """

    served: ServedRanker
    model: InterestModel
    kinds: tuple[TrainedKind, ...]
    judgements: Mapping[PathwayKind, tuple[Judgement, ...]]
    years: tuple[str, ...]
    held_back: str | None
    row_counts: Mapping[str, int]


def local_interest_model(history: History) -> InterestModel:
    """Instruments with the installation's own norms, from every answer sheet of the history."""
    model = build_interest_model(history.reference)
    everybody = {row.student_id: row for year in sorted(history.students) for row in history.students[year]}
    students = [everybody[student_id] for student_id in sorted(everybody)]
    last = max((row.taken_on for row in history.rows.readings), default=None)
    if last is None:
        return model
    catalogue = catalogue_of_year((), history.places, "")
    return with_local_norms(
        model, student_facts(students, history.rows, as_of=last, catalogue=catalogue, model=model).sheets
    )


def _fit(
    sets: ChoiceSets, expert: ExpertWeights, vocabulary: Vocabulary, pull: float, bias_pull: float
) -> PathwayRanker:
    ranker = PathwayRanker(
        prior_weights=[*expert.weights, 0.0],
        pull=pull,
        bias_pull=bias_pull,
        nonnegative_columns=NONNEGATIVE_COLUMNS,
        shaped_columns=SHAPED_COLUMNS,
        knot_count=KNOTS,
    )
    ids = vocabulary.ids(sets)[:, :2]
    return ranker.fit(sets.terms, sets.relevance, query_ids=sets.queries, bias_ids=ids)


def _served_scores(ranker: PathwayRanker, vocabulary: Vocabulary, sets: ChoiceSets) -> Floats:
    """Scores as they are served: the demand of training's day is taken out."""
    terms = sets.terms.copy()
    terms[:, COLUMNS.index("demand")] = 0.0
    return ranker.predict(terms, bias_ids=vocabulary.ids(sets)[:, :2])


def _vocabulary(sets: ChoiceSets) -> Vocabulary:
    return Vocabulary(
        *(tuple(np.unique(codes).tolist()) for codes in (sets.programmes, sets.hosts, sets.pathway_codes))
    )


def choose_pulls(parts: Sequence[ChoiceSets], expert: ExpertWeights) -> tuple[float, float]:
    """Strengths of the two ridges that did best on the last of the years given, learning from those before it.

    One after the other, the stronger pull where two do equally well.

    Parameters
    ----------
    parts : sequence of ChoiceSets, oldest first
    expert : ExpertWeights

    Returns
    -------
    (pull, bias_pull)
        The middle of the grid with a single year.
    """
    pull, bias_pull = MIDDLE
    if len(parts) < 2:
        return pull, bias_pull
    earlier, last = joined(parts[:-1]), parts[-1]
    vocabulary = _vocabulary(earlier)

    def found(pull: float, bias_pull: float) -> float:
        scores = _served_scores(_fit(earlier, expert, vocabulary, pull, bias_pull), vocabulary, last)
        return float(np.nanmean(ndcg(scores, last.relevance, last.queries)))

    _, pull = max((found(tried, bias_pull), tried) for tried in PULLS)
    _, bias_pull = max((found(pull, tried), tried) for tried in BIAS_PULLS)
    return pull, bias_pull


def calibrate(scores: Floats, relevance: Floats, expert: ExpertWeights) -> tuple[float, float, bool]:
    """Fit: of a choice that turned out well and an offer passed over, drawn with equal chance, how likely the first.

    The chance that a choice turns out well hardly depends on the score once the choice is made (people choose what
    suits them), and the chance of being chosen at all depends on how much is on offer. Weighing both sides equally
    gives a probability that is absolute: low everywhere for a student whom nothing on offer suits.

    Parameters
    ----------
    scores, relevance : ndarray of shape (n_rows,)
        Choice sets of a year that the ranker did not learn from.
    expert : ExpertWeights
        Kept when there are too few good outcomes or no rise with the score.

    Returns
    -------
    (slope, intercept, is_calibrated)
        Logistic function (Platt 1999); slope > 0.
    """
    good, passed = relevance >= LIKED, relevance == OFFERED
    if good.sum() >= MIN_CALIBRATION and passed.any():
        used = good | passed
        fitted = LogisticRegression(C=100.0, class_weight="balanced").fit(scores[used, None], good[used])
        slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
        if slope > 1e-3:
            return slope, intercept, True
    return expert.slope, expert.intercept, False


def _judge_all(
    earlier: Sequence[ChoiceSets], last: ChoiceSets, expert: ExpertWeights, with_challenger: bool
) -> tuple[tuple[Judgement, ...], tuple[float, float], tuple[float, float, bool]]:
    """Every rival and the trained ranker on the last year; the pulls it used; the calibration that this year allows."""
    known = joined(earlier)
    vocabulary = _vocabulary(known)
    ids, last_ids = vocabulary.ids(known), vocabulary.ids(last)
    judgements = []
    for name, make in rivals(expert).items():
        if name == CHALLENGER and not with_challenger:
            continue
        terms, last_terms = known.terms, last.terms
        if name == "interest_correlation":
            terms, last_terms = known.correlation[:, None], last.correlation[:, None]
        fitted = make().fit(terms, known.relevance, bias_ids=ids)
        judgements.append(judge(name, fitted.predict(last_terms, bias_ids=last_ids), last))
    pulls = choose_pulls(earlier, expert)
    ranker = _fit(known, expert, vocabulary, *pulls)
    scores = _served_scores(ranker, vocabulary, last)
    judgements.append(judge("trained_ranker", scores, last))
    return tuple(judgements), pulls, calibrate(scores, last.relevance, expert)


def train_kind(
    parts: Sequence[ChoiceSets], kind: PathwayKind, expert: ExpertWeights, *, with_challenger: bool = True
) -> tuple[TrainedKind, tuple[Judgement, ...]]:
    """Judge on the last year, then fit on all years with the pulls that were judged.

    Parameters
    ----------
    parts : sequence of ChoiceSets, oldest first; may be empty
    kind : PathwayKind
    expert : ExpertWeights
    with_challenger : bool

    Returns
    -------
    TrainedKind, tuple of Judgement
    """
    judgements: tuple[Judgement, ...] = ()
    (pull, bias_pull), (slope, intercept, is_calibrated) = MIDDLE, (expert.slope, expert.intercept, False)
    if sum(len(part) for part in parts) < MIN_QUERIES:
        nothing = Vocabulary((), (), ())
        return TrainedKind(kind, None, nothing, 0.0, 0.0, 0, (slope, intercept), False), judgements
    if len(parts) > 1 and sum(len(part) for part in parts[:-1]) >= MIN_QUERIES:
        judgements, (pull, bias_pull), (slope, intercept, is_calibrated) = _judge_all(
            parts[:-1], parts[-1], expert, with_challenger
        )
    every = joined(parts)
    vocabulary = _vocabulary(every)
    estimator = _fit(every, expert, vocabulary, pull, bias_pull)
    trained = TrainedKind(kind, estimator, vocabulary, pull, bias_pull, len(every), (slope, intercept), is_calibrated)
    return trained, judgements


def served_form(kinds: Sequence[TrainedKind], expert: Mapping[PathwayKind, ExpertWeights]) -> ServedRanker:
    """Plain arrays of the training form; a test holds the two equal."""
    served = expert_ranker(expert)
    programme_bias, host_bias = list(served.programme_bias), list(served.host_bias)
    for row, trained in enumerate(kinds):
        served.calibration[row] = trained.calibration
        served.is_calibrated[row] = trained.is_calibrated
        if trained.estimator is not None:
            served.weights[row] = trained.estimator.weights_[: len(TERM_CODES)]
            served.knots[row] = trained.estimator.knots_
            served.bend_weights[row] = trained.estimator.bend_weights_
            for biases, codes, family in (
                (programme_bias, trained.vocabulary.programmes, 0),
                (host_bias, trained.vocabulary.hosts, 1),
            ):
                biases[row] = dict(zip(codes, trained.estimator.biases_[family].tolist(), strict=True))
    return ServedRanker(
        served.weights, served.knots, served.bend_weights, tuple(programme_bias), tuple(host_bias),
        served.calibration, served.is_calibrated,
    )  # fmt: skip


def train(
    history: History,
    expert: Mapping[PathwayKind, ExpertWeights],
    on_progress: Callable[[str, float], None] = lambda _stage, _share: None,
    *,
    with_challenger: bool = True,
) -> Training:
    """Train all kinds on a region's history.

    Parameters
    ----------
    history : History
        Only students who consented to learning from their outcomes.
    expert : mapping of PathwayKind to ExpertWeights
    on_progress : callable (stage, share done in [0, 1])
    with_challenger : bool
        Whether gradient boosting is judged too; it is a matter of the bench, not of a school's training.

    Returns
    -------
    Training
        The same history gives the same numbers: rows are sorted, seeds fixed, one thread.
    """
    with threadpool_limits(limits=1):
        years = history.years()
        on_progress("interests", 0.0)
        model = local_interest_model(history)
        kinds, judgements, counts = [], {}, {}
        for row, kind in enumerate(KINDS):
            on_progress(kind, (row + 0.2) / len(KINDS))
            found = (choice_sets(history, kind, year, model) for year in years)
            parts = [part for part in found if part is not None]
            trained, judged = train_kind(parts, kind, expert[kind], with_challenger=with_challenger)
            kinds.append(trained)
            judgements[kind] = judged
            counts[f"{kind}_queries"] = sum(len(part) for part in parts)
            counts[f"{kind}_rows"] = sum(len(part.relevance) for part in parts)
        on_progress("done", 1.0)
    held_back = years[-1] if len(years) > 1 else None
    return Training(served_form(kinds, expert), model, tuple(kinds), judgements, years, held_back, counts)
