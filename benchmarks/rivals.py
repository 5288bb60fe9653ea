"""All rivals on the held-back year of the sample region (synthetic), by one protocol, each in a process of its own."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.records import Record
from benchmarks.sample import REFERENCE_DIR, read_sample
from recommender.catalogue import KINDS
from recommender.contest import Lead, Offers, Rival, Scorer, Standing, judge_apart, lead_over, rule
from recommender.expert import ExpertWeights, read_expert_weights
from recommender.judging import WISH_TERMS
from recommender.learning import (
    Vocabulary,
    choose_pull,
    fit_ranker,
    folds_of,
    learn_peers,
    prior_weights,
    served_scores,
)
from recommender.metrics import bootstrap_interval
from recommender.outcomes import OutcomeRow
from recommender.rivals import rivals
from recommender.splitting import COLUMNS, ChoiceSets, choice_sets, joined
from recommender.training import local_interest_model
from recommender.warm_restart import KNOWLEDGE_ONLY

OURS = "trained_ranker"
RULES = ("interest_correlation", "wishes_only", "expert_weights")
MUST_BE_CLEAR_OF = ("random", "popularity", "interest_correlation")
MEASURES = ("ndcg3", "ndcg5", "top1", "top2", "mrr", "recall5")


def offers_of(
    known: ChoiceSets, last: ChoiceSets, expert: ExpertWeights, others: Sequence[OutcomeRow]
) -> tuple[Offers, Offers]:
    """Earlier years and the held-back year with common ids; `others` = earlier choices of the other kinds.

    Terms of peers are told to every rival as to ours, which learns them itself from `sets`.
    """
    peers, told = learn_peers(known, expert)
    both, informed = joined([known, last]), joined([told, peers.told_to(last)])
    _, who = np.unique([*both.student_ids, *(row.student_id for row in others)], return_inverse=True)
    codes = np.unique([*both.pathway_codes, *(row.pathway_code for row in others)])
    programmes = np.unique(both.programmes)
    wanted = prior_weights(expert)
    wishes = np.array([w if c in WISH_TERMS else 0.0 for c, w in zip(COLUMNS, wanted, strict=True)])
    past_codes = np.searchsorted(codes, [row.pathway_code for row in others])
    whole = Offers(
        terms=informed.terms,
        relevance=both.relevance,
        queries=both.queries,
        pathways=np.searchsorted(codes, both.pathway_codes),
        programmes=np.searchsorted(programmes, both.programmes),
        students=both.students,
        who=who[: len(both)],
        groups=np.unique(both.schools, return_inverse=True)[1],
        rules={
            "interest_correlation": both.correlation,
            "wishes_only": informed.terms @ wishes,
            "expert_weights": informed.terms @ wanted,
        },
        past=np.column_stack([who[len(both) :], past_codes]).astype(np.int64),
        sets=both,
    )
    asked = whole.of_queries(np.arange(len(known), len(both)))
    return whole.of_queries(np.arange(len(known))), replace(asked, past=np.empty((0, 2), dtype=np.int64))


def trained_ranker(parts: Sequence[ChoiceSets], expert: ExpertWeights) -> Rival:
    """Ours as the product trains it: the pull is chosen on years, or on students where only some are known."""

    def learn(known: Offers) -> Scorer:
        sets = known.sets
        whole = len(sets) == sum(len(part) for part in parts)
        pull = choose_pull(folds_of(joined(parts) if whole else sets, expert), expert)
        vocabulary, (peers, told) = Vocabulary.of(sets), learn_peers(sets, expert)
        if pull == KNOWLEDGE_ONLY:
            return lambda asked: peers.told_to(asked.sets).terms @ prior_weights(expert)
        ranker = fit_ranker(told, expert, vocabulary, pull)
        return lambda asked: served_scores(ranker, vocabulary, peers.told_to(asked.sets))

    return learn


def records() -> list[Record]:
    """Every measure of every ranker and kind, and the paired lead of ours over each."""
    region = read_sample()
    history = region.history
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    with threadpool_limits(limits=1):
        model = local_interest_model(history)
        years = history.years()
        found = []
        for kind in KINDS:
            sets = (choice_sets(history, kind, year, model) for year in years)
            *parts, last = [part for part in sets if part is not None]
            others = [row for row in history.outcomes if row.kind != kind and row.school_year in years[:-1]]
            known, asked = offers_of(joined(parts), last, expert[kind], others)
            every = {name: rule(name) for name in RULES} | dict(rivals())
            every[OURS] = trained_ranker(parts, expert[kind])
            standings = {name: judge_apart(name, rival, known, asked) for name, rival in every.items()}
            found += contest_records(f"rivals.{kind}", standings, OURS, asked.groups, "synthetic")
    return found


def contest_records(
    name: str, standings: dict[str, Standing], ours: str, groups: np.ndarray, data: str
) -> list[Record]:
    """Figures of one contest."""
    found = []
    for rival, standing in standings.items():
        runs = len(standing.per_query["ndcg5"])
        for measure in MEASURES:
            interval = bootstrap_interval(standing.per_query[measure], groups)
            figure = f"{name}.{measure}.{rival}"
            found.append(Record(figure, standing.mean(measure), interval, None, "higher", data, runs=runs))
        for measure, value, better in (
            ("coverage5", standing.coverage5, "higher"),
            ("gini5", standing.gini5, "lower"),
            ("novelty5", standing.novelty5, "higher"),
            ("calibration_error", standing.calibration_error, "lower"),
            ("fit_seconds", standing.fit_seconds, "lower"),
            ("milliseconds", standing.milliseconds, "lower"),
            ("megabytes", standing.megabytes, "lower"),
        ):
            if np.isfinite(value):
                found.append(Record(f"{name}.{measure}.{rival}", value, None, None, better, data, runs=runs))
    leads = [lead_over(standings[ours], standing, groups) for rival, standing in standings.items() if rival != ours]
    return [*found, *lead_records(name, leads, data)]


def lead_records(name: str, leads: Sequence[Lead], data: str) -> list[Record]:
    """Paired differences of NDCG@5: to the best rival, and to each."""
    found = []
    for lead in leads:
        limit = 0.0 if lead.over in MUST_BE_CLEAR_OF else None
        found.append(Record(f"{name}.{lead.over}.lead", lead.mean, lead.interval, limit, "higher", data, lead.over))
        found.append(Record(f"{name}.{lead.over}.p", lead.p, None, None, "lower", data, "sign flips"))
    best = min(leads, key=lambda lead: lead.mean)
    return [*found, Record(f"{name}.best_rival.reach", best.interval[1], best.interval, 0.0, "higher", data, best.over)]
