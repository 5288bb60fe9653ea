"""How well the gate tells candidates apart: equal ones that should pass, and ones with a fault planted in them.

A synthetic region of twelve schools is drawn from, time and again: two rankers learn from two halves of its students
of the earlier years, so that neither is the better one by design; the first plays the version that serves, the second
the candidate. Six schools' choices of the held-back year judge them, as many as the sample region has. Then the
candidate is spoiled in ways that happen, and judged once more by the same checks and limits that the service uses.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.records import Record
from benchmarks.sample import DEMAND_DIR, REFERENCE_DIR, choice_sets_by_kind, read_sample
from recommender.catalogue import PathwayKind
from recommender.expert import ExpertWeights, read_expert_weights
from recommender.judging import WISH_TERMS
from recommender.kind_fit import TrainedKind, fit_kind
from recommender.learning import choose_pull, folds_of
from recommender.metrics import ndcg
from recommender.splitting import COLUMNS, ChoiceSets, joined
from recommender.synthetic import write_region
from recommender.synthetic_people import RegionSize
from recommender.training import HeldBack, judge_earlier, local_interest_model
from recommender.version_gate import GateCheck, GateLimits, kind_checks, lead_check
from recommender.warm_restart import Measured

REGION_SEED, SCHOOLS, JUDGED_SCHOOLS = 11, 12, 6
SEEDS, WORKERS = 200, 2
LEARNED_WRONGLY = PathwayKind.ELECTIVE  # faults of learning need further fits, so they are planted in one kind
WORSE = 0.06  # a fault counts as worse if it costs some kind this much NDCG@5 on the average
MARGINS = (0.03, 0.04, 0.05)
PASS_LIMIT, REFUSE_LIMIT = 0.90, 0.99

Spoil = Callable[[ChoiceSets, np.random.Generator], ChoiceSets]


def _shuffled(*terms: str) -> Spoil:
    """Values of other students and pathways in some columns: a join gone wrong."""

    def spoil(sets: ChoiceSets, random: np.random.Generator) -> ChoiceSets:
        columns, values = [COLUMNS.index(term) for term in terms], sets.terms.copy()
        values[:, columns] = values[random.permutation(len(values))][:, columns]
        return replace(sets, terms=values)

    return spoil


def _lost(*terms: str) -> Spoil:
    """Some columns do not arrive."""

    def spoil(sets: ChoiceSets, _random: np.random.Generator) -> ChoiceSets:
        values = sets.terms.copy()
        values[:, [COLUMNS.index(term) for term in terms]] = 0.0
        return replace(sets, terms=values)

    return spoil


def _mixed_codes(sets: ChoiceSets, random: np.random.Generator) -> ChoiceSets:
    """What was learned of one programme stands at another."""
    known, place = np.unique(sets.pathways.programmes, return_inverse=True)
    return replace(sets, pathways=sets.pathways._replace(programmes=known[random.permutation(len(known))][place]))


def _learned_from_noise(sets: ChoiceSets, random: np.random.Generator) -> ChoiceSets:
    """Outcomes of other pathways of the same set: rows of two tables matched by position."""
    order = np.lexsort((random.random(len(sets.relevance)), sets.queries))
    return replace(sets, relevance=sets.relevance[order])


def _told_the_future(sets: ChoiceSets, _random: np.random.Generator) -> ChoiceSets:
    """The outcome itself among the experiences it learns from, as when facts are read as of now."""
    values = sets.terms.copy()
    for term in ("trial_experience", "elective_experience"):
        values[:, COLUMNS.index(term)] += sets.relevance
    return replace(sets, terms=values)


SPOILED_WHEN_SERVED: Mapping[str, Spoil] = {
    "interests_of_others": _shuffled("interest_match"),
    "marks_of_others": _shuffled("subject_strength", "subject_level"),
    "wishes_lost": _lost(*WISH_TERMS),
    "experience_lost": _lost("trial_experience", "elective_experience"),
    "programmes_mixed": _mixed_codes,
}
SPOILED_WHEN_LEARNED: Mapping[str, Spoil] = {
    "learned_from_noise": _learned_from_noise,
    "told_the_future": _told_the_future,
}


def records() -> list[Record]:
    """Share of equal candidates that pass, and of each fault that is refused."""
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        size = RegionSize(schools=SCHOOLS)
        write_region(
            Path(folder), seed=REGION_SEED, size=size, reference_folder=REFERENCE_DIR, demand_folder=DEMAND_DIR
        )
        history = read_sample(Path(folder)).history
        parts = choice_sets_by_kind(history, local_interest_model(history))
        expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
        kinds = [_Kind(kind, own, expert[kind]) for kind, own in parts.items()]
        with get_context("fork").Pool(WORKERS) as pool:
            drawn = pool.map(partial(_judged, kinds), range(SEEDS))
    found, worse = [], []
    for fault in (*SPOILED_WHEN_SERVED, *SPOILED_WHEN_LEARNED):
        loss = max(-float(np.mean(kind)) for kind in zip(*(draw[fault].gained for draw in drawn), strict=True))
        found.append(Record(f"gate_power.{fault}.loss", loss, None, None, "lower", "synthetic", "", SEEDS))
        found.append(_share(f"gate_power.{fault}.refused", _refused(drawn, (fault,), GateLimits().margin), None))
        if loss >= WORSE:
            worse.append(fault)
    for margin in MARGINS:
        name = f"gate_power.at_{margin}"
        found.append(_share(f"{name}.equal_passed", ~_refused(drawn, ("equal",), margin), None))
        found.append(_share(f"{name}.worse_refused", _refused(drawn, worse, margin), None))
    passed, refused = ~_refused(drawn, ("equal",), GateLimits().margin), _refused(drawn, worse, GateLimits().margin)
    return [
        *found,
        _share("gate_power.equal.passed", passed, PASS_LIMIT),
        _share("gate_power.worse.refused", refused, REFUSE_LIMIT),
    ]


@dataclass
class _Found:
    """What the gate found of one candidate: NDCG@5 gained in each kind, checks not met but for those with a margin, and
    the lowest lower end of those.
    """

    gained: list[float]
    unmet: int = 0
    lowest: float = np.inf


def _refused(drawn: Sequence[Mapping[str, _Found]], candidates: Sequence[str], margin: float) -> np.ndarray:
    """Whether each of some candidates of all draws is refused at a margin."""
    found = [draw[candidate] for candidate in candidates for draw in drawn]
    return np.array([each.unmet > 0 or each.lowest < -margin for each in found])


class _Kind:
    """One kind's choice sets, and what a full fit of all earlier students chose for it."""

    def __init__(self, kind: PathwayKind, parts: list[ChoiceSets], expert: ExpertWeights) -> None:
        self.kind, self.earlier, self.last, self.expert = kind, parts[:-1], parts[-1], expert
        self.chosen = Measured(
            choose_pull(folds_of(joined(self.earlier), expert), expert), 1.0, 0.0, is_calibrated=False
        )

    def fitted(self, parts: list[ChoiceSets]) -> tuple[TrainedKind, ChoiceSets]:
        """A ranker of some of the earlier choices."""
        trained, told = fit_kind(joined(parts), self.kind, self.expert, kept=self.chosen, with_doubt=False)
        if told is None:
            raise ValueError(f"too few choices of {self.kind}")
        return trained, told

    def of_students(self, wanted: set[str]) -> list[ChoiceSets]:
        """Choice sets of the earlier years of some students."""
        return [part.of_queries(np.flatnonzero(np.isin(part.student_ids, list(wanted)))) for part in self.earlier]

    def of_schools(self, schools: list[str]) -> ChoiceSets:
        """Choice sets of the last year of some schools."""
        return self.last.of_queries(np.flatnonzero(np.isin(self.last.schools, schools)))


def _judged(kinds: list[_Kind], seed: int) -> dict[str, _Found]:
    """What the gate finds of each candidate of one draw."""
    random = np.random.default_rng([17, seed])
    students = np.unique(np.concatenate([part.student_ids for own in kinds for part in own.earlier]))
    in_first = random.random(len(students)) < 0.5
    schools = random.permutation(np.unique(np.concatenate([own.last.schools for own in kinds])))[:JUDGED_SCHOOLS]
    found: dict[str, _Found] = {}
    for own in kinds:
        last = own.of_schools(schools.tolist())
        serving, _ = own.fitted(own.of_students(set(students[~in_first].tolist())))
        known = own.of_students(set(students[in_first].tolist()))
        trained, told = own.fitted(known)
        beside = judge_earlier(trained, told, last, own.expert)
        standing = ndcg(serving.scores(last, own.expert), last.relevance, last.queries)
        scores = {"equal": trained.scores(last, own.expert)}
        for fault, spoil in SPOILED_WHEN_SERVED.items():
            scores[fault] = trained.scores(spoil(last, random), own.expert)
        for fault, spoil in SPOILED_WHEN_LEARNED.items() if own.kind == LEARNED_WRONGLY else ():
            scores[fault] = own.fitted([spoil(part, random) for part in known])[0].scores(last, own.expert)
        for candidate, told_scores in scores.items():
            per_query = ndcg(told_scores, last.relevance, last.queries)
            of_candidate = found.setdefault(candidate, _Found([]))
            of_candidate.gained.append(float(np.nanmean(per_query - standing)))
            for check in _checks(own, beside, per_query, standing, last):
                if check.code.startswith("holds.") and check.interval is not None:
                    of_candidate.lowest = min(of_candidate.lowest, check.interval[0])
                else:
                    of_candidate.unmet += check.is_met is False
    return found


def _checks(
    own: _Kind, beside: HeldBack, per_query: np.ndarray, standing: np.ndarray, last: ChoiceSets
) -> list[GateCheck]:
    """Checks of one kind of a candidate with these figures."""
    *rivals, ours = beside.judgements
    found = beside._replace(judgements=(*rivals, replace(ours, per_query=per_query)))
    limits = GateLimits()
    schools = np.unique(last.schools, return_inverse=True)[1]
    holds = lead_check("holds.active", own.kind, per_query, standing, schools, -limits.margin)
    return [*kind_checks(own.kind, found, limits), holds]


def _share(figure: str, happened: np.ndarray, limit: float | None) -> Record:
    """A share with its 95 % interval (Wilson 1927)."""
    count, share = len(happened), float(happened.mean())
    middle = (share + 1.96**2 / (2 * count)) / (1 + 1.96**2 / count)
    reach = 1.96 * np.sqrt(share * (1 - share) / count + 1.96**2 / (4 * count**2)) / (1 + 1.96**2 / count)
    return Record(figure, share, (middle - reach, middle + reach), limit, "higher", "synthetic", "", count)
