"""Scoring 100,000 students x 500 pathways, and a million, against a bare matrix product + mask + argpartition.

Also without numba, on two threads, with reasons, and beside the batch recommendation of implicit and of RecTools.
"""

import resource
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.batch_rivals import INSTALLED, rival_runs
from benchmarks.made_work import K, Work, made_vectors, made_work, vectors_of
from benchmarks.records import Record
from recommender.catalogue import KINDS
from recommender.features import VECTOR_TERMS

DEMAND_STRENGTH = 0.05
LIMIT, BOTH_CORES_LIMIT, ARRAYS_LIMIT, REASONS_LIMIT = 1.0, 0.5, 2.5, 0.15
MEGABYTES_LIMIT, MILLION, MILLION_LIMIT = 64, 10, 11
ROUNDS, RIVAL_ROUNDS, MILLION_ROUNDS, DENSE_STUDENTS, NARROW, REASONS_PARTS = 5, 1, 2, 10_000, 380, 5
Runs = Mapping[str, Callable[[], object]]
Data = Literal["synthetic", "none"]


def timed(runs: Runs, rounds: int, clock: Callable[[], float] = time.thread_time) -> dict[str, np.ndarray]:
    """Seconds of every run and round; the runs alternate, so that a busy machine burdens all of them."""
    for name, call in runs.items():
        if name not in ("bare", *INSTALLED):
            call()  # compile, and touch the memory
    seconds = {name: np.empty(rounds) for name in runs}
    with threadpool_limits(limits=1):
        for turn in range(rounds):
            for name, call in runs.items():
                start = clock()
                call()
                seconds[name][turn] = clock() - start
    return seconds


def ratio(figure: str, spent: np.ndarray, bare: np.ndarray, limit: float | None, data: Data, size: str) -> Record:
    """Median of the rounds' ratios to the bare product."""
    ratios = spent / bare
    against = f"bare product + mask + argpartition, {size}"
    return Record(figure, float(np.median(ratios)), _span(ratios), limit, "lower", data, against, len(ratios))


def compared(name: str, work: Work, rounds: int, data: Data, limit: float = LIMIT) -> list[Record]:
    """Processor seconds of one thread, ratios to the bare product, and the memory that scoring adds.

    With demand every run gives the list without it too: the price of demand is the difference between the two.
    """
    runs = {"bare": work.bare, "plain": lambda: work.served(0.0), "nudged": lambda: work.served(DEMAND_STRENGTH)}
    seconds = timed(runs, rounds)
    found = []
    for run, spent in seconds.items():
        figure = f"{name}.{run}_seconds"
        found.append(Record(figure, float(np.median(spent)), _span(spent), None, "lower", data, work.size, rounds))
        if run != "bare":
            found.append(ratio(f"{name}.{run}_ratio", spent, seconds["bare"], limit, data, work.size))
    return [*found, added_memory(f"{name}.added_megabytes", work, data)]


def added_memory(figure: str, work: Work, data: Data) -> Record:
    """Peak of what one scoring with demand and reasons allocates beside its inputs and outputs, megabytes."""
    tracemalloc.start()
    listed = work.served(DEMAND_STRENGTH, reasons=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    outputs = sum(array.nbytes for array in (*listed[:-1], *listed.reasons))
    against = f"students' matrix of {work.vectors.matrix.nbytes / 2**20:.0f} MB, lists of {outputs / 2**20:.0f} MB"
    return Record(figure, (peak - outputs) / 2**20, None, MEGABYTES_LIMIT, "lower", data, against)


def _in_turn(parts: list[Work], strength: float, reasons: bool) -> None:
    for part in parts:
        part.served(strength, reasons=reasons)


def reasons_cost(work: Work) -> list[Record]:
    """What naming three terms for every listed pathway adds, as a share: of the lists as served, and without demand.

    Part by part, as a batch that writes its lists out: memory that is new to the process costs more than the reasons.
    """
    parts = work.parts(REASONS_PARTS)
    runs = {
        f"{name}{why}": lambda strength=strength, why=why: _in_turn(parts, strength, bool(why))
        for name, strength in (("nudged", DEMAND_STRENGTH), ("plain", 0.0))
        for why in ("", "_reasons")
    }
    seconds = timed({**runs, "bare": work.bare}, ROUNDS)
    found, against = [], f"three terms of each of {len(KINDS) * K} listed, {work.size}"
    for name, limit in (("nudged", REASONS_LIMIT), ("plain", None)):
        added = seconds[f"{name}_reasons"] - seconds[name]
        for figure, shares, bound in (
            ("share", added / seconds[name], limit),  # of our own lists
            ("ratio", added / seconds["bare"], REASONS_LIMIT),  # of the bare product, as everything here
        ):
            value = float(np.median(shares))
            record = Record(
                f"scoring_speed.{name}_reasons_{figure}", value, _span(shares), bound, "lower", "none", against, ROUNDS
            )
            found.append(record)
    return found


def without_numba(work: Work) -> list[Record]:
    """The form in numpy alone: its time, its memory, and whether its lists and reasons are the same bits."""
    arrays = work.without_numba()
    runs = {"bare": work.bare, "plain": lambda: arrays.served(0.0), "nudged": lambda: arrays.served(DEMAND_STRENGTH)}
    seconds = timed(runs, ROUNDS)
    one, other = (each.served(DEMAND_STRENGTH, reasons=True) for each in (work, arrays))
    same = np.ones(len(work.vectors), dtype=bool)
    for left, right in zip((*one[:-1], *one.reasons), (*other[:-1], *other.reasons), strict=True):
        rows = [array.reshape(len(same), -1).view(np.uint8) for array in (left, right)]
        same &= (rows[0] == rows[1]).all(axis=1)
    return [
        *(
            ratio(f"scoring_speed.arrays_{run}_ratio", seconds[run], seconds["bare"], ARRAYS_LIMIT, "none", work.size)
            for run in ("plain", "nudged")
        ),
        Record("scoring_speed.arrays_same", float(same.mean()), None, 1.0, "higher", "none", "numba", len(same)),
        added_memory("scoring_speed.arrays_added_megabytes", arrays, "none"),
    ]


def both_cores(work: Work) -> list[Record]:
    """Two threads by the clock on the wall, against the bare product on one; the quietest round of each counts.

    Beside it what a machine's other work does not touch: half of the processor time of the two threads.
    """
    runs = {
        "bare": work.bare,
        "plain": lambda: work.served(0.0, threads=2),
        "nudged": lambda: work.served(DEMAND_STRENGTH, threads=2),
    }
    clock, spent = (timed(runs, ROUNDS, clock) for clock in (time.perf_counter, time.process_time))
    bare, against = clock["bare"].min(), f"bare product on one thread, {work.size}"
    found = []
    for run in ("plain", "nudged"):
        figure, value, span = (
            f"scoring_speed.{run}_both_cores",
            float(clock[run].min() / bare),
            _span(clock[run] / bare),
        )
        limit = BOTH_CORES_LIMIT
        found.append(Record(f"{figure}_ratio", value, span, limit, "lower", "none", against, ROUNDS))
        halved = ratio(f"{figure}_processor_ratio", spent[run] / 2, spent["bare"], None, "none", work.size)
        found.append(halved)
    return found


def rivals(work: Work) -> list[Record]:
    """Batch recommendation of others beside ours; reported, and which of them were installed."""
    refused = work.words[work.word_of] != 0
    bounds = work.compiled.space.catalogue.kind_bounds
    runs = {
        "bare": work.bare,
        "plain": lambda: work.served(0.0),
        **rival_runs(work.vectors.matrix, work.dense, refused, bounds, K),
    }
    seconds = timed(runs, RIVAL_ROUNDS)
    missing = ", ".join(name for name, is_there in INSTALLED.items() if not is_there)
    about = f"not installed: {missing}" if missing else ", ".join(INSTALLED)
    found = [Record("scoring_speed.rivals", float(len(runs) - 2), None, None, "higher", "none", about)]
    for name in runs:
        if name in INSTALLED:
            spent, figure = seconds[name], f"scoring_speed.{name}_seconds"
            value = float(np.median(spent))
            found.append(Record(figure, value, _span(spent), None, "lower", "none", work.size, RIVAL_ROUNDS))
            found.append(ratio(f"scoring_speed.{name}_ratio", spent, seconds["bare"], None, "none", work.size))
            ours = spent / seconds["plain"]
            against = "full additive score, one thread, the same run"
            figure = f"scoring_speed.{name}_times_ours"
            found.append(
                Record(figure, float(np.median(ours)), _span(ours), None, "lower", "none", against, RIVAL_ROUNDS)
            )
    return found


def narrower(work: Work) -> Record:
    """Against a bare product of fewer columns, as the matrix was before programmes and peers had theirs."""
    seconds = timed({"bare": lambda: work.bare(NARROW), "plain": lambda: work.served(0.0)}, ROUNDS)
    size = f"the bare one with {NARROW} of {work.vectors.matrix.shape[1]} columns only"
    return ratio("scoring_speed.narrow_ratio", seconds["plain"], seconds["bare"], None, "none", size)


def million(work: Work) -> list[Record]:
    """Ten times the students (the same ones again and again, each in memory of its own) in one call: time and memory.

    Both calls write over lists that are there: 1.4 GB of lists that nothing has touched before cost what the machine
    takes to hand the memory out, which is reported beside it.
    """
    matrix = np.tile(work.vectors.matrix, (MILLION, 1))
    ends = np.cumsum([0, *(work.vectors.blocks[term].shape[1] for term in VECTOR_TERMS)])
    vectors = vectors_of(matrix, np.tile(work.vectors.school_of, MILLION), ends)
    large = replace(work, vectors=vectors, word_of=np.tile(work.word_of, MILLION))
    few, many = work.served(DEMAND_STRENGTH), large.served(DEMAND_STRENGTH)
    small, whole = [], []
    for _ in range(MILLION_ROUNDS):
        small += [_seconds(lambda: work.served(DEMAND_STRENGTH, into=few)) for _ in range(ROUNDS)]
        whole.append(_seconds(lambda: large.served(DEMAND_STRENGTH, into=many)))
    fresh_small = min(_seconds(lambda: work.served(DEMAND_STRENGTH)) for _ in range(ROUNDS))
    at_once = _seconds(lambda: large.served(DEMAND_STRENGTH)) / fresh_small
    spent = min(whole)
    return [
        Record("scoring_speed.million_times", spent / min(small), None, MILLION_LIMIT, "lower", "none", work.size),
        Record("scoring_speed.million_seconds", spent, None, None, "lower", "none", large.size),
        Record("scoring_speed.million_at_once_times", at_once, None, None, "lower", "none", work.size),
        added_memory("scoring_speed.million_added_megabytes", large, "none"),
    ]


def _seconds(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def densest(work: Work, random: np.random.Generator) -> Record:
    """The worst case: students without a single zero, as no school has them."""
    vectors = made_vectors(work.compiled.space, DENSE_STUDENTS, random, everything_known=True)
    full = replace(work, vectors=vectors, word_of=work.word_of[:DENSE_STUDENTS])
    seconds = timed({"bare": full.bare, "plain": lambda: full.served(0.0)}, ROUNDS)
    return ratio("scoring_speed.dense_ratio", seconds["plain"], seconds["bare"], None, "none", full.size)


def _span(values: np.ndarray) -> tuple[float, float]:
    """Where nine of ten runs lay."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)


def records(students: int = 100_000, pathways: int = 500) -> list[Record]:
    """All figures, and the peak of the process."""
    random = np.random.default_rng(0)
    work = made_work(students, pathways, random)
    found = [
        *compared("scoring_speed", work, ROUNDS, "none"),
        *reasons_cost(work),
        *without_numba(work),
        *both_cores(work),
        densest(work, random),
        narrower(work),
        *rivals(work),
        *million(work),
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    about = f"inputs, lists and libraries of {MILLION * students:,} students"
    return [*found, Record("scoring_speed.process_megabytes", peak, None, None, "lower", "none", about)]
