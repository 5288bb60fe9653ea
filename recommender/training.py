"""From past choices to a served ranker: one additive ranker a kind, pulled towards expert weights, calibrated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.answer_norms import answer_norms
from recommender.calibration import calibrate
from recommender.catalogue import KINDS, PathwayKind, catalogue_of_year
from recommender.doubt import doubt_of, measure_width
from recommender.evidence import UsualFacts, usual_facts
from recommender.expert import ExpertWeights, expert_ranker
from recommender.features import TERM_CODES, FeatureSpace
from recommender.instruments import every_question, question_places
from recommender.interests import InterestModel, build_interest_model, with_local_norms
from recommender.judging import CHALLENGER, TRAINED, Judgement, judge, rivals
from recommender.learning import (
    KNOWLEDGE_ONLY,
    Fold,
    KindPeers,
    Vocabulary,
    choose_pull,
    fit_ranker,
    folds_of,
    informed,
    learn_peers,
    learned_scores,
    prior_weights,
    served_scores,
    unseen_scores,
)
from recommender.peers import NO_PEERS, Peers, answer_scatter
from recommender.ranking import PathwayRanker
from recommender.scoring import ServedRanker
from recommender.splitting import ChoiceSets, History, choice_sets, joined
from recommender.students import StudentFacts, newest_answers, student_facts
from recommender.uncertainty import Doubt

Floats = NDArray[np.float64]

MIN_QUERIES = 20  # fewer choice sets than this: knowledge only


@dataclass(frozen=True)
class TrainedKind:
    """The training form of one kind: estimator (None = knowledge only), vocabulary and what was chosen for it."""

    kind: PathwayKind
    estimator: PathwayRanker | None
    vocabulary: Vocabulary
    peers: KindPeers | None
    pull: float
    query_count: int
    calibration: tuple[float, float]
    is_calibrated: bool
    doubt: Doubt | None = None


@dataclass(frozen=True)
class Training:
    """Everything one training run made.

    Attributes
    ----------
    served : ServedRanker
        Fitted on all years.
    peers : Peers
    usual : UsualFacts
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
    peers: Peers
    usual: UsualFacts
    model: InterestModel
    kinds: tuple[TrainedKind, ...]
    judgements: Mapping[PathwayKind, tuple[Judgement, ...]]
    years: tuple[str, ...]
    held_back: str | None
    row_counts: Mapping[str, int]

    @property
    def doubts(self) -> tuple[Doubt | None, ...]:
        """What is not known of the weights, by kind."""
        return tuple(trained.doubt for trained in self.kinds)


def local_interest_model(history: History) -> InterestModel:
    """Instruments with the installation's own norms, from every answer sheet of the history."""
    model = build_interest_model(history.reference)
    facts = _everybody(history, model)
    questions = every_question(history.reference.instruments)
    answers = newest_answers(facts, question_places(history.reference.instruments, questions))
    return replace(with_local_norms(model, facts.sheets), answer_norms=answer_norms(questions, answers))


def _everybody(history: History, model: InterestModel) -> StudentFacts:
    """Facts of all students of all years, as of now."""
    newest = {row.student_id: row for year in sorted(history.students) for row in history.students[year]}
    students = [newest[student_id] for student_id in sorted(newest)]
    catalogue = catalogue_of_year((), history.places, "")
    return student_facts(students, history.rows, as_of=history.as_of, catalogue=catalogue, model=model)


def usual_of(history: History, model: InterestModel) -> UsualFacts:
    """How facts of the newest year's students scatter."""
    year = max(history.students, default="")
    catalogue = catalogue_of_year(history.pathways, history.places, year)
    students = sorted(history.students.get(year, ()), key=lambda row: row.student_id)
    facts = student_facts(students, history.rows, as_of=history.as_of, catalogue=catalogue, model=model)
    space = FeatureSpace(history.reference, catalogue, model)
    return usual_facts(facts, space.student_vectors(facts))


def _judge_all(fold: Fold, expert: ExpertWeights, pull: float, with_challenger: bool) -> tuple[Judgement, ...]:
    """Every rival and the trained ranker on the last year; nothing of it was learned from."""
    known, last = fold.known, fold.asked
    vocabulary = Vocabulary.of(known)
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
    judgements.append(judge(TRAINED, learned_scores(fold, expert, pull)[0], last))
    return tuple(judgements)


def train_kind(
    parts: Sequence[ChoiceSets], kind: PathwayKind, expert: ExpertWeights, *, with_challenger: bool = True
) -> tuple[TrainedKind, tuple[Judgement, ...]]:
    """Judge on the last year, then fit on all years with the pull that was judged.

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
    if sum(len(part) for part in parts) < MIN_QUERIES:
        calibration = (expert.slope, expert.intercept)
        return TrainedKind(kind, None, Vocabulary(), None, KNOWLEDGE_ONLY, 0, calibration, is_calibrated=False), ()
    judgements: tuple[Judgement, ...] = ()
    every, pull = joined(parts), None
    if len(parts) > 1 and sum(len(part) for part in parts[:-1]) >= MIN_QUERIES:
        earlier = joined(parts[:-1])
        pull = choose_pull(folds_of(parts[:-1], expert), expert)
        judgements = _judge_all(informed(earlier, parts[-1], earlier, expert), expert, pull, with_challenger)
    pull = choose_pull(folds_of(parts, expert), expert) if pull is None else pull
    unseen = unseen_scores(parts, expert, pull)
    slope, intercept, is_calibrated = calibrate(unseen, [part.relevance for part in parts], expert)
    vocabulary, (peers, informed_every) = Vocabulary.of(every), learn_peers(every, expert)
    estimator, doubt = None, None
    if pull != KNOWLEDGE_ONLY:
        estimator = fit_ranker(informed_every, expert, vocabulary, pull)
        width = measure_width(estimator, every, informed_every, expert, vocabulary, pull)
        doubt = doubt_of(estimator, vocabulary, pull, width)
    if is_calibrated:
        intercept -= slope * float(_own_scores(estimator, vocabulary, informed_every, expert).mean())
    trained = TrainedKind(
        kind, estimator, vocabulary, peers, pull, len(every), (slope, intercept), is_calibrated, doubt
    )
    return trained, judgements


def _own_scores(
    estimator: PathwayRanker | None, vocabulary: Vocabulary, sets: ChoiceSets, expert: ExpertWeights
) -> Floats:
    if estimator is None:
        scores: Floats = sets.terms @ prior_weights(expert)
        return scores
    return served_scores(estimator, vocabulary, sets)


def joined_peers(kinds: Sequence[TrainedKind], questions: Sequence[str], answers: Floats) -> Peers:
    """What like students chose, of all kinds side by side; a kind that follows knowledge alone has no fields.

    Parameters
    ----------
    kinds : sequence of TrainedKind, in the order of KINDS
    questions : sequence of str
    answers : ndarray of shape (n_students, n_questions), in spreads from the mean
        Of everybody, to see how leanings scatter.

    Returns
    -------
    Peers
    """
    taught = [trained.peers if trained.estimator is not None else None for trained in kinds]
    known = [peers for peers in taught if peers is not None]
    if not known:
        return NO_PEERS
    weights = np.hstack([peers.answer_weights for peers in known])
    return Peers(
        tuple(peers.fields if peers is not None else () for peers in taught),
        np.hstack([peers.fact_weights for peers in known]),
        weights,
        answer_scatter(questions, answers, weights),
    )


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
            words = trained.vocabulary
            own, of_host, of_field = (
                dict(zip(codes, biases.tolist(), strict=True))
                for codes, biases in zip(
                    (words.programmes, words.hosts, words.fields), trained.estimator.biases_, strict=True
                )
            )
            host_bias[row] = of_host
            programme_bias[row] = {
                code: own[code] + of_field[field] for code, field in zip(words.programmes, words.field_of, strict=True)
            }
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
        usual = usual_of(history, model)
        everybody = _everybody(history, model)
        places = question_places(history.reference.instruments, model.answer_norms.questions)
        answers = model.answer_norms.standardised(newest_answers(everybody, places))
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
        peers = joined_peers(kinds, model.answer_norms.questions, answers)
        on_progress("done", 1.0)
    held_back = years[-1] if len(years) > 1 else None
    return Training(
        served_form(kinds, expert),
        peers,
        usual,
        model,
        tuple(kinds),
        judgements,
        years,
        held_back,
        counts,
    )
