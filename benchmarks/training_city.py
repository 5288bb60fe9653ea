"""What retraining costs on a city: 1.44 million pairs of a pathway that was chosen and one that was passed over.

Features and fit are compared with what scikit-learn's logistic regression takes for the differences of the same pairs,
with the same columns, biases and ridge, as exact as ours: the textbook way, without features, peers or posterior.
The whole training, which also measures strength, calibration and width and judges all baselines, stands beside it; a
warm restart is compared with it. Times are processor time on one thread; each part has a process of its own, so that
its peak memory is its own. The city is synthetic.
"""

import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmarks.records import Record
from benchmarks.sample import DEMAND_DIR, REFERENCE_DIR, choice_sets_by_kind, read_sample
from recommender.choice_likelihood import contests_of, in_order, rows_between
from recommender.expert import ExpertWeights, read_expert_weights
from recommender.learning import Vocabulary, fit_ranker, learn_peers
from recommender.splitting import ChoiceSets, History, joined
from recommender.synthetic import write_region
from recommender.synthetic_people import RegionSize
from recommender.training import local_interest_model, train
from recommender.warm_restart import Kept

CITY_SEED, SCHOOLS = 13, 30
PULL = 30.0  # as chosen for most kinds of the sample region
FIT_LIMIT, WARM_LIMIT, MEMORY_LIMIT = 2.5, 0.5, 1000.0
TOLERANCES = {"fit": 1e-6, "loose": 1e-4}  # ours is about as exact as the first: 1e-5 of the scores
BITS = ("weights", "bend_weights", "calibration")


def records() -> list[Record]:
    """Ratios of time, and the peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        size = RegionSize(schools=SCHOOLS)
        write_region(Path(folder), seed=CITY_SEED, size=size, reference_folder=REFERENCE_DIR, demand_folder=DEMAND_DIR)
        found = {part.__name__: _apart(part, Path(folder)) for part in (_plain, _peer, _whole)}
    plain, peer, whole = found["_plain"], found["_peer"], found["_whole"]
    own = plain["features"] + plain["fit"]
    alone = "scikit-learn's LogisticRegression on the differences of the same pairs, tol=1e-6"
    loose = "the same, tol=1e-4 (its default)"
    about = ("lower", "synthetic")
    return [
        Record("training_city.pairs", plain["pairs"], None, None, "higher", "synthetic"),
        Record("training_city.features_and_fit_ratio", own / peer["fit"], None, FIT_LIMIT, *about, alone),
        Record("training_city.features_and_fit_ratio_loose", own / peer["loose"], None, None, *about, loose),
        Record("training_city.loose_error", peer["error"], None, None, *about, loose),
        Record("training_city.features_share", plain["features"] / own, None, None, *about),
        Record("training_city.whole_ratio", whole["full"] / peer["fit"], None, None, *about, alone),
        Record(
            "training_city.warm_ratio", whole["warm"] / whole["full"], None, WARM_LIMIT, *about, "the whole training"
        ),
        Record("training_city.warm_same_bits", whole["same"], None, 1.0, "higher", "synthetic"),
        Record("training_city.peak_megabytes", whole["megabytes"], None, MEMORY_LIMIT, *about),
        Record("training_city.whole_seconds", whole["full"], None, None, *about),
    ]


def _apart(part: Callable[[History], dict[str, float]], folder: Path) -> dict[str, float]:
    """Figures of one part, in a process of its own; the peak of its memory among them."""
    here, there = get_context("spawn").Pipe(duplex=False)
    child = get_context("spawn").Process(target=_measure, args=(part, folder, there))
    child.start()
    there.close()
    found: dict[str, float] = here.recv()
    child.join()
    return found


def _measure(part, folder, answer) -> None:
    with threadpool_limits(limits=1):
        found = part(read_sample(folder).history)
    answer.send(found | {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})


def _plain(history: History) -> dict[str, float]:
    """Features and fit of all kinds."""
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    start = time.process_time()
    parts = choice_sets_by_kind(history, local_interest_model(history))
    made = time.process_time()
    pairs = 0
    for kind, own in parts.items():
        every = joined(own)
        _, told = learn_peers(every, expert[kind])
        fit_ranker(told, expert[kind], Vocabulary.of(every), PULL)
    fitted = time.process_time()
    for own in parts.values():
        every = joined(own)
        pairs += len(_pairs(every)[0])
    return {"features": made - start, "fit": fitted - made, "pairs": pairs}


def _peer(history: History) -> dict[str, float]:
    """The fit alone, as logistic regression on differences."""
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    seconds, errors = dict.fromkeys(TOLERANCES, 0.0), []
    for kind, own in choice_sets_by_kind(history, local_interest_model(history)).items():
        differences, signs = _differences(joined(own), expert[kind])
        scores = {}
        for name, tolerance in TOLERANCES.items():
            start = time.process_time()
            fitted = LogisticRegression(C=1.0 / PULL, fit_intercept=False, max_iter=1000, tol=tolerance)
            scores[name] = differences @ fitted.fit(differences, signs).coef_[0]
            seconds[name] += time.process_time() - start
        errors.append(np.linalg.norm(scores["loose"] - scores["fit"]) / np.linalg.norm(scores["fit"]))
    return {**seconds, "error": float(np.max(errors))}


def _differences(sets: ChoiceSets, expert: ExpertWeights) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Columns of every preferred row less those of every row it was preferred to; every second one turned round."""
    vocabulary = Vocabulary.of(sets)
    knots = fit_ranker(sets, expert, vocabulary, PULL, has_posterior=False)
    columns = sparse.csr_matrix(knots.parameter_rows(sets.terms, bias_ids=vocabulary.bias_ids(sets)))
    first, second = _pairs(sets)
    signs = np.where(np.arange(len(first)) % 2 == 0, 1.0, -1.0)
    return sparse.diags(signs).dot(columns[first] - columns[second]).tocsr(), signs


def _pairs(sets: ChoiceSets) -> tuple[np.ndarray, np.ndarray]:
    """Rows that were preferred, and the rows that each was preferred to."""
    order = in_order(sets.relevance, sets.queries)
    contests = contests_of(sets.relevance[order], sets.queries[order])
    start, end = contests.first[contests.contest_of], contests.end[contests.contest_of]
    return order[np.repeat(contests.preferred, end - start)], order[rows_between(start, end)]


def _whole(history: History) -> dict[str, float]:
    """The whole training, and a warm restart of it."""
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    start = time.process_time()
    full = train(history, expert, with_challenger=False)
    trained = time.process_time()
    kept = Kept(
        full.years,
        {kind.kind: kind.measured for kind in full.kinds},
        {kind.kind: kind.measured for kind in full.earlier_kinds},
    )
    again = time.process_time()
    warm = train(history, expert, kept=kept, with_challenger=False)
    restarted = time.process_time()
    same = all(getattr(warm.served, name).tobytes() == getattr(full.served, name).tobytes() for name in BITS)
    return {"full": trained - start, "warm": restarted - again, "same": float(same)}
