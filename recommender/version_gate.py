"""Whether a candidate may serve: what it was compared with, each check with its figure and its limit.

A candidate is judged by its twin that learned without the last school year, on that year's choices. It must lead
chance, popularity and plain interest match, and lose neither to expert knowledge nor to the version that serves by more
than a margin: the lower end of a paired bootstrap by school decides (non-inferiority, e.g. Piaggio et al. 2012). The
version that serves is asked in the form that knew as little: else it would be praised for what it has seen.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.candidate_audit import CandidateAudit, drawn_students
from recommender.catalogue import PathwayKind
from recommender.choice_scores import ServedForm, scores_of_choices
from recommender.interests import InterestModel
from recommender.judging import TRAINED, Judgement
from recommender.metrics import bootstrap_interval, ndcg
from recommender.pipeline import SURE, Recommender
from recommender.splitting import History, choice_sets
from recommender.students import student_facts
from recommender.training import HeldBack, Training

Floats = NDArray[np.float64]

MUST_BEAT = ("random", "popularity", "interest_correlation")
MUST_HOLD = "expert_weights"
ONE_SIDED = 0.90  # of a two-sided interval whose lower end is passed by chance once in twenty
SERVED_STUDENTS = 200
TURNS = 5, 200  # at least and at most
TIMED = 1.0  # seconds in all: few students take their turns until then
FEW_SCHOOLS = 5  # fewer say nothing of how schools scatter: students are drawn instead


@dataclass(frozen=True)
class GateLimits:
    """Limits of the gate; each is a setting of the installation.

    Attributes
    ----------
    margin : float, >= 0
        NDCG@5 that a candidate may lose, at the lower end of the interval.
    calibration_error : float in [0, 1]
    latency_ratio : float
        Processor time of lists to that of the version that serves, or of expert weights.
    abstention_rise : float in [0, 1]
        By how much the share of lists that advise nothing may grow.
    """

    margin: float = 0.04
    calibration_error: float = 0.1
    latency_ratio: float = 1.5
    abstention_rise: float = 0.05


@dataclass(frozen=True)
class GateCheck:
    """One check.

    Attributes
    ----------
    code : str
        Such as "beats.random", "holds.active", "gap.sex.f.ndcg5".
    kind : str or None
        None = all kinds together.
    figure : float or None
        None = cannot be told.
    interval : (low, high) or None
        Its lower end decides where `bound` is "low", the figure itself elsewhere.
    limit : float
    bound : "low" | "at_least" | "at_most"
    is_met : bool or None
        None = cannot be told; it speaks neither for nor against the candidate.
    """

    code: str
    kind: str | None
    figure: float | None
    interval: tuple[float, float] | None
    limit: float
    bound: Literal["low", "at_least", "at_most"]
    is_met: bool | None

    def as_data(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"interval": None if self.interval is None else list(self.interval)}


class Standing(NamedTuple):
    """The version that serves.

    Attributes
    ----------
    version : str
    form : ServedForm or None
        The form that knew no more than the candidate's twin; None = it has no such form.
    interests : InterestModel
    learned : frozenset of PathwayKind
        Kinds that it ranks by what it has learned rather than by knowledge alone.
    """

    version: str
    form: ServedForm | None
    interests: InterestModel
    learned: frozenset[PathwayKind] = frozenset()


class Service(NamedTuple):
    """How lists of the newest year's students come out.

    Attributes
    ----------
    milliseconds : float
        Processor time of one student's lists, when many are made at once.
    abstentions : float in [0, 1]
        Share of lists that advise nothing, as too little is known; NaN without a list.
    """

    milliseconds: float
    abstentions: float


def service_of(history: History, *recommenders: Recommender) -> list[Service]:
    """Try rankers on students of the newest year; their times are taken in turns, the best of each counts.

    Parameters
    ----------
    history : History
    recommenders : Recommender
        As of `candidate_audit.laid_out`.

    Returns
    -------
    list of Service
    """
    students = drawn_students(history, SERVED_STUDENTS)
    rows = history.rows_of(student.student_id for student in students)
    facts = [
        student_facts(
            students, rows, as_of=history.as_of, catalogue=own.space.catalogue, model=own.space.interest_model
        )
        for own in recommenders
    ]
    made = [own.recommend(told) for own, told in zip(recommenders, facts, strict=True)]
    seconds = np.full(len(recommenders), np.inf)
    timed = 0.0
    for turn in range(1, TURNS[1] + 1):
        for place, (own, told) in enumerate(zip(recommenders, facts, strict=True)):
            start = time.process_time()
            own.recommend(told)
            taken = time.process_time() - start
            seconds[place] = min(seconds[place], taken)
            timed += taken
        if turn >= TURNS[0] and timed >= TIMED:
            break
    sure = [
        np.array([own.sureness(lists, student) for student in range(len(told))]).ravel()
        for own, told, lists in zip(recommenders, facts, made, strict=True)
    ]
    return [
        Service(1000.0 * float(best) / max(len(students), 1), _silent_share(told))
        for best, told in zip(seconds, sure, strict=True)
    ]


def _silent_share(sureness: Floats) -> float:
    """Share of lists that advise nothing; NaN without a list."""
    told = sureness[np.isfinite(sureness)]
    return float((told < SURE).mean()) if len(told) else float("nan")


def gate_checks(
    history: History,
    training: Training,
    audit: CandidateAudit,
    standing: Standing | None,
    service: tuple[Service, Service],
    limits: GateLimits,
) -> tuple[GateCheck, ...]:
    """All checks of a candidate.

    Parameters
    ----------
    history : History
        What it was trained on.
    training : Training
    audit : CandidateAudit
    standing : Standing or None
        The version that serves; None = expert weights do.
    service : (Service, Service)
        Of the candidate, and of what serves.
    limits : GateLimits

    Returns
    -------
    tuple of GateCheck
    """
    checks = [_split(training)]
    for kind, found in training.found.items():
        if not found.judgements:
            checks += _not_compared(training, kind, standing, limits)
            continue
        checks += kind_checks(kind, found, limits)
        if standing is not None:
            rival = _of_standing(history, training, kind, standing)
            checks.append(_lead("holds.active", kind, found.judgements[-1], rival, -limits.margin))
    checks += [
        _at_most(f"twins.{flip}", None, float(changed) if audit.twins.twin_counts[flip] else float("nan"), 0.0)
        for flip, changed in audit.twins.changed_counts.items()
    ]
    checks += [
        GateCheck(f"gap.{f.attribute}.{f.group}.{f.measure}", None, f.gap, f.gap_interval, f.limit, "at_most",
                  not f.is_too_wide)
        for f in audit.figures
    ]  # fmt: skip
    ours, theirs = service
    ratio = ours.milliseconds / theirs.milliseconds if theirs.milliseconds else float("nan")  # a coarse clock
    checks.append(_at_most("latency", None, ratio, limits.latency_ratio))
    checks.append(_at_most("abstentions", None, ours.abstentions - theirs.abstentions, limits.abstention_rise))
    return tuple(checks)


def _not_compared(
    training: Training, kind: PathwayKind, standing: Standing | None, limits: GateLimits
) -> list[GateCheck]:
    """That a kind without enough choices could not be compared, where candidate or active version learned it."""
    has_learned = any(trained.kind == kind and trained.estimator is not None for trained in training.kinds)
    if standing is None or not (has_learned or kind in standing.learned):
        return []  # knowledge alone before and after
    return [GateCheck("holds.active", kind, None, None, -limits.margin, "low", None)]


def kind_checks(kind: PathwayKind, found: HeldBack, limits: GateLimits) -> list[GateCheck]:
    """Checks of one kind that need no version to compare with."""
    judged = {judgement.name: judgement for judgement in found.judgements}
    ours = judged[TRAINED]
    return [
        *(_lead(f"beats.{name}", kind, ours, judged[name].per_query, 0.0) for name in MUST_BEAT),
        _lead(f"holds.{MUST_HOLD}", kind, ours, judged[MUST_HOLD].per_query, -limits.margin),
        _at_most("calibration", kind, found.calibration_error, limits.calibration_error),
    ]


def refusals_of(checks: Sequence[GateCheck]) -> list[str]:
    """Codes of the checks not met, with their kind: "holds.active elective"; empty = nothing speaks against it."""
    return [" ".join(filter(None, (check.code, check.kind))) for check in checks if check.is_met is False]


def lead_check(
    code: str, kind: PathwayKind | None, ours: Floats, theirs: Floats, groups: NDArray[np.int64], limit: float
) -> GateCheck:
    """Whether one ranker's NDCG@5 leads another's on the same choice sets by more than a limit.

    Parameters
    ----------
    code : str
    kind : PathwayKind or None
    ours, theirs : ndarray of shape (n_queries,)
        NaN where nothing was chosen.
    groups : int array (n_queries,)
        Schools.
    limit : float
        The lower end of the interval must not lie below; 0 or less.

    Returns
    -------
    GateCheck

    Examples
    --------
    Six schools with one student each, all of whom are served better by a tenth:

    >>> ours, theirs = np.full(6, 0.6), np.full(6, 0.5)
    >>> check = lead_check("beats.random", None, ours, theirs, np.arange(6), 0.0)
    >>> round(check.figure, 3), check.is_met
    (0.1, True)
    """
    gained = ours - theirs
    known = np.isfinite(gained)
    if not known.any():
        return GateCheck(code, kind, None, None, limit, "low", None)
    drawn_by = groups if len(np.unique(groups[known])) >= FEW_SCHOOLS else np.arange(len(groups))
    low, high = bootstrap_interval(gained, drawn_by, level=ONE_SIDED)
    is_met = low > limit if limit == 0.0 else low >= limit
    return GateCheck(code, kind, float(gained[known].mean()), (low, high), limit, "low", is_met)


def _lead(code: str, kind: PathwayKind, ours: Judgement, theirs: Floats | None, limit: float) -> GateCheck:
    if theirs is None:
        return GateCheck(code, kind, None, None, limit, "low", None)
    schools = np.unique(ours.schools, return_inverse=True)[1]
    return lead_check(code, kind, ours.per_query, theirs, schools, limit)


def _of_standing(history: History, training: Training, kind: PathwayKind, standing: Standing) -> Floats | None:
    """NDCG@5 of the version that serves on the held-back choice sets, seen with its own eyes."""
    if standing.form is None or training.held_back is None:
        return None
    sets = choice_sets(history, kind, training.held_back, standing.interests)
    return None if sets is None else ndcg(scores_of_choices(standing.form, sets), sets.relevance, sets.queries)


def _split(training: Training) -> GateCheck:
    """Whether all that the twins are judged on came after all they learned from."""
    shares = [found.came_after for found in training.found.values() if found.judgements]
    if not shares:
        return GateCheck("split", None, None, None, 1.0, "at_least", None)
    return GateCheck("split", None, min(shares), None, 1.0, "at_least", min(shares) >= 1.0)


def _at_most(code: str, kind: PathwayKind | None, figure: float, limit: float) -> GateCheck:
    if not np.isfinite(figure):
        return GateCheck(code, kind, None, None, limit, "at_most", None)
    return GateCheck(code, kind, figure, None, limit, "at_most", figure <= limit)


def form_without(
    held_back: str | None, manifest: Mapping[str, Any], served: ServedForm, earlier: ServedForm | None
) -> ServedForm | None:
    """The form of a version that has not learned from a held-back year; None where there is none.

    Parameters
    ----------
    held_back : str or None
        The candidate's.
    manifest : mapping
        Of the version.
    served, earlier : ServedForm
        Of the version.

    Returns
    -------
    ServedForm or None
    """
    if held_back is None:
        return None
    if all(year < held_back for year in manifest["years"]):
        return served
    return earlier if manifest["held_back"] == held_back else None
