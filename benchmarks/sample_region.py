"""How well the ranker orders the held-back year of the sample region, and whether its promises hold on all of it.

Every ranker learns from the earlier years; each choice set holds what a student could choose from, with the facts as
they were the day before. The region is synthetic: the figures say how the software behaves, not how well it advises
real children.
"""

import time
from collections.abc import Mapping

import numpy as np

from benchmarks.made_work import Work
from benchmarks.records import Record
from benchmarks.sample import DEMAND_STRENGTH, REFERENCE_DIR, Current, K, current_year, read_sample, taken_pairs
from benchmarks.scoring_speed import compared
from recommender.catalogue import KINDS
from recommender.eligibility import refusal_words
from recommender.expert import read_expert_weights
from recommender.judging import Judgement
from recommender.metrics import bootstrap_interval
from recommender.region import Region
from recommender.splitting import choice_sets
from recommender.training import Training, train

BASELINES = ("random", "popularity", "interest_correlation", "wishes_only", "expert_weights")
CHALLENGER, TRAINED = "gradient_boosting", "trained_ranker"
EXACT = 1e-9
SPEED_ROUNDS = 100
SPEED_LIMIT = 1.3  # small lists: what is done once a student weighs more than in a large catalogue
STUDENT_LIMIT = 1.0  # milliseconds of processor time


def records() -> list[Record]:
    """Figures of the shipped region."""
    start = time.perf_counter()
    region = read_sample()
    read_seconds = time.perf_counter() - start
    training, seconds = trained_on(region)
    current = current_year(region, training)
    return [
        *quality("sample_region", region, training),
        *leads("sample_region", region, training),
        Record("sample_region.read_seconds", read_seconds, None, None, "lower", "synthetic"),
        Record("sample_region.train_seconds", seconds, None, None, "lower", "synthetic"),
        additivity(current),
        demand_bound(current),
        *alone_and_together(current),
        *speed(current),
    ]


def trained_on(region: Region) -> tuple[Training, float]:
    """Training on a region's ended years, and its seconds."""
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    start = time.perf_counter()
    training = train(region.history, expert)
    return training, time.perf_counter() - start


def quality(name: str, region: Region, training: Training) -> list[Record]:
    """NDCG@5, recall@5, MRR and coverage of every ranker and kind on the held-back year."""
    found = []
    for kind in KINDS:
        for judged in training.judgements[kind]:
            for measure, value, interval in (
                ("ndcg5", judged.ndcg5, judged.interval),
                ("recall5", judged.recall5, None),
                ("mrr", judged.mrr, None),
                ("coverage5", judged.coverage5, None),
            ):
                figure = f"{name}.{kind}.{measure}.{judged.name}"
                found.append(Record(figure, value, interval, None, "higher", "synthetic", runs=len(judged.per_query)))
    return found


def leads(name: str, region: Region, training: Training) -> list[Record]:
    """Paired differences of NDCG@5: to the best baseline (which must be beaten) and to the challenger (reported)."""
    found = []
    for kind in KINDS:
        judged = {judgement.name: judgement for judgement in training.judgements[kind]}
        best = max(BASELINES, key=lambda rival: judged[rival].ndcg5)
        last = choice_sets(region.history, kind, training.held_back, training.model)
        schools = np.unique(last.schools, return_inverse=True)[1]
        found.append(_lead(f"{name}.{kind}.best_baseline.lead", judged, best, schools, 0.0))
        found.append(_lead(f"{name}.{kind}.challenger.lead", judged, CHALLENGER, schools, None))
    return found


def _lead(figure: str, judged: Mapping[str, Judgement], rival: str, schools: np.ndarray, limit: float | None) -> Record:
    gained = judged[TRAINED].per_query - judged[rival].per_query
    interval = bootstrap_interval(gained, schools)
    return Record(figure, float(np.nanmean(gained)), interval, limit, "higher", "synthetic", rival, len(gained))


def _every_score(current: Current) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n_students, n_pathways) as the served form gives them, and what may be offered."""
    recommender = current.recommender
    facts = current.facts(current.students, current.history.rows)
    vectors = recommender.space.student_vectors(facts)
    catalogue = recommender.space.catalogue
    count = len(catalogue.pathways)
    nothing_refused = np.zeros((1, count), dtype=np.uint16)
    listed = recommender.compiled.best(
        vectors, nothing_refused, np.zeros(len(vectors), dtype=np.int64), k=count, demand_weight=np.zeros(count)
    )
    scores = np.full((len(vectors), count), np.nan)
    rows, kinds, places = np.nonzero(listed.pathways >= 0)
    scores[rows, listed.pathways[rows, kinds, places]] = listed.scores[rows, kinds, places]
    words = refusal_words(recommender.rules, facts.patterns, catalogue, facts.as_of)[facts.pattern_of]
    return scores, words == 0


def additivity(current: Current) -> Record:
    """Largest distance between a score and the sum of its contributions, over every student and pathway."""
    scores, _ = _every_score(current)
    compiled = current.recommender.compiled
    facts = current.facts(current.students, current.history.rows)
    vectors = current.recommender.space.student_vectors(facts)
    pathways = np.arange(scores.shape[1])
    worst = 0.0
    for student in range(len(scores)):
        added = compiled.contributions(vectors, np.full(len(pathways), student), pathways).sum(axis=1)
        worst = max(worst, float(np.abs(added - scores[student]).max()))
    figure = "sample_region.contributions_error"
    return Record(figure, worst, None, EXACT, "lower", "synthetic", "score", runs=scores.size)


def demand_bound(current: Current) -> Record:
    """By how much demand put a pathway over one that fits better by more than its strength: nothing is allowed."""
    recommender = current.recommender
    scores, offered = _every_score(current)
    made = recommender.recommend(current.facts(current.students, current.history.rows), k=K)
    slope, intercept = recommender.ranker.calibration[recommender.compiled.kind_of].T
    fit = np.where(offered, 1.0 / (1.0 + np.exp(-(slope * scores + intercept))), -np.inf)
    fit[taken_pairs(made.facts, recommender)] = -np.inf
    excess = 0.0
    for kind in range(len(KINDS)):
        rest = np.where(recommender.compiled.kind_of == kind, fit, -np.inf)
        for place in range(K):
            rows = np.flatnonzero(made.listed.pathways[:, kind, place] >= 0)
            here = made.listed.pathways[rows, kind, place]
            own = rest[rows, here]
            rest[rows, here] = -np.inf
            excess = max(excess, float((rest[rows].max(axis=1) - own).max(initial=0.0)) - DEMAND_STRENGTH)
    figure = "sample_region.demand_excess"
    return Record(figure, max(excess, 0.0), None, EXACT, "lower", "synthetic", "δ = 0.05", runs=len(scores))


def alone_and_together(current: Current) -> list[Record]:
    """Share of students with the same bits alone and in the region's batch; processor time of one student."""
    recommender = current.recommender
    together = recommender.recommend(current.facts(current.students, current.history.rows), k=K)
    own_rows = current.rows_by_student()
    same, milliseconds = [], []
    for position, student in enumerate(current.students):
        start = time.process_time()
        facts = current.facts((student,), own_rows[student.student_id])
        asked = time.process_time()
        alone = recommender.recommend(facts, k=K)
        listed = time.process_time()
        recommender.explain(alone, 0)
        milliseconds.append(np.array([listed - asked, listed - start, time.process_time() - start]) * 1e3)
        pairs = (
            (getattr(alone.listed, name)[0], getattr(together.listed, name)[position])
            for name in ("pathways", "scores", "fit", "final")
        )
        same.append(all(left.tobytes() == right.tobytes() for left, right in pairs))
    spans = np.quantile(milliseconds[1:], [0.05, 0.5, 0.95], axis=0)
    figures = (
        ("rank_milliseconds", "three lists of five from facts", STUDENT_LIMIT),
        ("facts_rank_milliseconds", "facts and three lists of five", None),
        ("card_milliseconds", "facts, three lists of five, reasons, next evidence", None),
    )
    return [
        Record(
            "sample_region.alone_equals_batch", float(np.mean(same)), None, 1.0, "higher", "synthetic",
            "the region's batch", len(same),
        ),
        *(
            Record(
                f"sample_region.{name}", float(middle), (float(low), float(high)), limit, "lower", "synthetic", about,
                len(milliseconds) - 1,
            )
            for (name, about, limit), (low, middle, high) in zip(figures, spans.T, strict=True)
        ),
    ]  # fmt: skip


def speed(current: Current) -> list[Record]:
    """Scoring the running year with the trained ranker, everything that the service passes included."""
    recommender = current.recommender
    catalogue = recommender.space.catalogue
    facts = current.facts(current.students, current.history.rows)
    words = refusal_words(recommender.rules, facts.patterns, catalogue, facts.as_of)
    work = Work(
        recommender.compiled,
        recommender.space.student_vectors(facts),
        words,
        facts.pattern_of,
        np.nan_to_num(recommender.demand.weights),
        taken_pairs(facts, recommender),
    )
    return compared("sample_region", work, SPEED_ROUNDS, "synthetic", SPEED_LIMIT)
