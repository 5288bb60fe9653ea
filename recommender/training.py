"""From past choices to a served ranker: one additive ranker a kind, pulled towards expert weights, calibrated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.answer_norms import answer_norms
from recommender.calibration import MIN_CALIBRATION, balanced_calibration_error
from recommender.catalogue import KINDS, PathwayKind, catalogue_of_year
from recommender.choice_scores import ServedForm
from recommender.evidence import UsualFacts, usual_facts
from recommender.expert import ExpertWeights, expert_ranker
from recommender.features import TERM_CODES, FeatureSpace
from recommender.instruments import every_question, question_places
from recommender.interests import InterestModel, build_interest_model, with_local_norms
from recommender.judging import CHALLENGER, TRAINED, Judgement, judge, rivals
from recommender.kind_fit import TrainedKind, by_knowledge, fit_kind
from recommender.learning import Vocabulary
from recommender.outcomes import LIKED
from recommender.peers import NO_PEERS, Peers, answer_scatter
from recommender.scoring import ServedRanker
from recommender.splitting import ChoiceSets, History, choice_sets, joined
from recommender.students import FactRows, StudentFacts, newest_answers, student_facts
from recommender.uncertainty import Doubt
from recommender.warm_restart import NOTHING_KEPT, Kept, Measured

Floats = NDArray[np.float64]


class HeldBack(NamedTuple):
    """How the ranker that learned from earlier years only did on the last one.

    Attributes
    ----------
    judgements : tuple of Judgement
        Baselines, the challenger where asked for, ours; all learned from the same years.
    calibration_error : float in [0, 1]
        `balanced_calibration_error` of its fit; NaN where its fit is not calibrated or too few choices were liked.
    came_after : float in [0, 1]
        Share of the choice sets that came after everything it learned of; less than 1 = it knew the answers.
    """

    judgements: tuple[Judgement, ...]
    calibration_error: float
    came_after: float


NOT_HELD_BACK = HeldBack((), float("nan"), float("nan"))


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
    earlier_kinds : tuple of TrainedKind
        The same learned without the last year; by knowledge where nothing was held back.
    earlier : ServedForm or None
        Of `earlier_kinds`: a later candidate is compared with it, as `served` knows the last year's choices.
    found : mapping of kind to HeldBack
    years : tuple of str
    held_back : str or None
    row_counts : mapping of str to int
    is_warm : bool
        Whether strength, calibration and width were taken over from an earlier training of the same years.
    """

    served: ServedRanker
    peers: Peers
    usual: UsualFacts
    model: InterestModel
    kinds: tuple[TrainedKind, ...]
    earlier_kinds: tuple[TrainedKind, ...]
    earlier: ServedForm | None
    found: Mapping[PathwayKind, HeldBack]
    years: tuple[str, ...]
    held_back: str | None
    row_counts: Mapping[str, int]
    is_warm: bool = False

    @property
    def doubts(self) -> tuple[Doubt | None, ...]:
        """What is not known of the weights, by kind."""
        return tuple(trained.doubt for trained in self.kinds)

    @property
    def judgements(self) -> dict[PathwayKind, tuple[Judgement, ...]]:
        """Of the last year by kind; empty where nothing was held back."""
        return {kind: found.judgements for kind, found in self.found.items()}


def local_interest_model(history: History) -> InterestModel:
    """Instruments with the installation's own norms, from every answer sheet of the history."""
    model = build_interest_model(history.reference)
    facts = _all_sheets(history, model)
    questions = every_question(history.reference.instruments)
    answers = newest_answers(facts, question_places(history.reference.instruments, questions))
    return replace(with_local_norms(model, facts.sheets), answer_norms=answer_norms(questions, answers))


def _all_sheets(history: History, model: InterestModel) -> StudentFacts:
    """Answer sheets of all who filled in one in any year, as of now."""
    tested = {sheet.student_id for sheet in history.rows.readings}
    newest = {row.student_id: row for year in sorted(history.students) for row in history.students[year]}
    students = [newest[student_id] for student_id in sorted(newest.keys() & tested)]
    catalogue = catalogue_of_year((), history.places, "")
    sheets = FactRows(readings=history.rows.readings)
    return student_facts(students, sheets, as_of=history.as_of, catalogue=catalogue, model=model)


def usual_of(history: History, model: InterestModel) -> UsualFacts:
    """How facts of the newest year's students scatter."""
    year = max(history.students, default="")
    catalogue = catalogue_of_year(history.pathways, history.places, year)
    students = sorted(history.students.get(year, ()), key=lambda row: row.student_id)
    rows = history.rows_of(student.student_id for student in students)
    facts = student_facts(students, rows, as_of=history.as_of, catalogue=catalogue, model=model)
    space = FeatureSpace(history.reference, catalogue, model)
    return usual_facts(facts, space.student_vectors(facts))


def train_kind(
    sets: ChoiceSets | None,
    kind: PathwayKind,
    expert: ExpertWeights,
    *,
    kept: tuple[Measured | None, Measured | None] = (None, None),
    with_challenger: bool = True,
) -> tuple[TrainedKind, TrainedKind, HeldBack]:
    """Judge on the last year, then fit on all years with the pull that was judged.

    Parameters
    ----------
    sets : ChoiceSets of all years, or None
    kind : PathwayKind
    expert : ExpertWeights
    kept : (of all years, of the earlier ones)
        A warm restart: what an earlier training of the same years measured.
    with_challenger : bool

    Returns
    -------
    TrainedKind, TrainedKind, HeldBack
        Of all years, of the earlier ones, and how the latter did on the last.
    """
    of_all, of_earlier = kept
    earlier, found, pull = by_knowledge(kind, expert), NOT_HELD_BACK, None
    if sets is not None:
        newest = sets.years.max()
        before = sets.of_years(lambda years: years < newest)
        earlier, told = fit_kind(before, kind, expert, kept=of_earlier, with_doubt=False)
        if told is not None:
            last = sets.of_years(lambda years: years == newest)
            found = judge_earlier(earlier, told, last, expert, with_challenger=with_challenger)
            pull = earlier.measured.pull
        del before, told
    trained, _ = fit_kind(sets, kind, expert, pull=pull, kept=of_all)
    return trained, earlier, found


def judge_earlier(
    earlier: TrainedKind, known: ChoiceSets, last: ChoiceSets, expert: ExpertWeights, *, with_challenger: bool = False
) -> HeldBack:
    """Judge a ranker, and every rival that learned from the same choices, on the last year.

    Parameters
    ----------
    earlier : TrainedKind
    known : ChoiceSets
        What it learned from, told what others' choices say.
    last : ChoiceSets
    expert : ExpertWeights
    with_challenger : bool

    Returns
    -------
    HeldBack
    """
    scores = earlier.scores(last, expert)
    judgements = _judge_rivals(earlier, known, last, expert, with_challenger)
    is_told = earlier.measured.is_calibrated and int((last.relevance >= LIKED).sum()) >= MIN_CALIBRATION
    error = balanced_calibration_error(earlier.fit(scores), last.relevance) if is_told else float("nan")
    came_after = float((last.days > earlier.learned_until).mean())
    return HeldBack((*judgements, judge(TRAINED, scores, last)), error, came_after)


def _judge_rivals(
    earlier: TrainedKind, known: ChoiceSets, last: ChoiceSets, expert: ExpertWeights, with_challenger: bool
) -> list[Judgement]:
    vocabulary, told = Vocabulary.of(known), last if earlier.peers is None else earlier.peers.told_to(last)
    ids, last_ids = vocabulary.ids(known), vocabulary.ids(last)
    judgements = []
    for name, make in rivals(expert).items():
        if name == CHALLENGER and not with_challenger:
            continue
        terms, last_terms = known.terms, told.terms
        if name == "interest_correlation":
            terms, last_terms = known.correlation[:, None], last.correlation[:, None]
        fitted = make().fit(terms, known.relevance, bias_ids=ids)
        judgements.append(judge(name, fitted.predict(last_terms, bias_ids=last_ids), last))
    return judgements


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
        served.is_calibrated[row] = trained.measured.is_calibrated
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


def sets_of_years(history: History, kind: PathwayKind, years: Sequence[str], model: InterestModel) -> ChoiceSets | None:
    """Choice sets of one kind in all years, one table; None where nobody chose."""
    found = (choice_sets(history, kind, year, model) for year in years)
    parts = [part for part in found if part is not None]
    return joined(parts) if parts else None


def train(
    history: History,
    expert: Mapping[PathwayKind, ExpertWeights],
    on_progress: Callable[[str, float], None] = lambda _stage, _share: None,
    *,
    kept: Kept = NOTHING_KEPT,
    with_challenger: bool = True,
) -> Training:
    """Train all kinds on a region's history.

    Parameters
    ----------
    history : History
        Only students who consented to learning from their outcomes.
    expert : mapping of PathwayKind to ExpertWeights
    on_progress : callable (stage, share done in [0, 1])
    kept : Kept
        A warm restart, where the school years are still the same; else everything is measured anew.
    with_challenger : bool
        Whether gradient boosting is judged too; it is a matter of the bench, not of a school's training.

    Returns
    -------
    Training
        The same history gives the same numbers: rows are sorted, seeds fixed, one thread.
    """
    with threadpool_limits(limits=1):
        years = history.years()
        is_warm = kept.years == years != ()
        on_progress("interests", 0.0)
        model = local_interest_model(history)
        usual = usual_of(history, model)
        everybody = _all_sheets(history, model)
        places = question_places(history.reference.instruments, model.answer_norms.questions)
        answers = model.answer_norms.standardised(newest_answers(everybody, places))
        kinds, earlier_kinds, found, counts = [], [], {}, {}
        for row, kind in enumerate(KINDS):
            on_progress(kind, (row + 0.2) / len(KINDS))
            sets = sets_of_years(history, kind, years, model)
            counts[f"{kind}_queries"] = 0 if sets is None else len(sets)
            counts[f"{kind}_rows"] = 0 if sets is None else len(sets.relevance)
            own = (kept.of_all.get(kind), kept.of_earlier.get(kind)) if is_warm else (None, None)
            trained, earlier, found[kind] = train_kind(
                sets, kind, expert[kind], kept=own, with_challenger=with_challenger
            )
            del sets  # before the next kind's are made
            kinds.append(trained)
            earlier_kinds.append(earlier)
        peers, earlier_peers = (
            joined_peers(every, model.answer_norms.questions, answers) for every in (kinds, earlier_kinds)
        )
        on_progress("done", 1.0)
    held_back = years[-1] if len(years) > 1 else None
    return Training(
        served_form(kinds, expert),
        peers,
        usual,
        model,
        tuple(kinds),
        tuple(earlier_kinds),
        ServedForm(served_form(earlier_kinds, expert), earlier_peers) if held_back is not None else None,
        found,
        years,
        held_back,
        counts,
        is_warm,
    )
