"""The served scoring as one compiled loop over students; needs numba, and lets go of the interpreter's lock.

A student's vector is mostly zeros (seven of eight in the sample region), so adding up the rows of the non-zero entries
beats a dense product. `scoring_arrays` gives the same bits without numba.

Passes run from 0 over whole arrays, without branches where they can: so the compiler makes vector instructions of them.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from recommender.scoring_layout import FIT_SLACK, LOWEST, N_REASONS, VALUE_STEP, Asked, Layout, Listed, logistic

Function = TypeVar("Function", bound=Callable[..., Any])
IN_STEPS = 1.0 / VALUE_STEP
LOT, LANES = 64, 8  # candidates ranked at a time; floats in the widest vector
TERMS_AT_MOST = 64  # the last bits of a sorting key hold a term's number


def compiled(function: Function) -> Function:
    """Compile at the first call and keep the machine code; a division by zero gives infinity, as in numpy."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


_logistic = compiled(logistic)


@compiled
def list_students(layout: Layout, asked: Asked, listed: Listed, first: int, last: int) -> None:
    """Fill the lists of the students `first` to `last`."""
    n_kinds, k = listed.pathways.shape[1:]
    n_reasons = listed.reasons.terms.shape[3]
    width, n_terms = layout.rows.shape[1], len(layout.shape_of)
    terms, is_known = np.empty((n_terms, width)), np.empty(n_terms, np.bool_)
    totals, raw, known = np.empty(width), np.empty(width), np.empty(len(layout.rows) + 1, np.int64)
    scores, finals = np.empty(len(layout.content_of)), np.empty(len(layout.content_of))
    seen, seen_at = np.empty((k + LOT + LANES - 1) // LANES * LANES), np.empty(k + LOT, np.int64)
    candidates, groups = np.empty(len(scores) + 1, np.int64), np.empty((2 * k + 7) // 8 * 8)
    lanes = (n_kinds * k + LANES - 1) // LANES * LANES
    columns, codes = np.zeros((4, lanes), np.uint32), np.empty(len(layout.codes), np.int8)
    added, advantages = np.empty((len(codes), lanes)), np.empty((len(codes), lanes))
    keys = np.empty((N_REASONS, lanes))
    for student in range(first, last):
        school = asked.school_of[student]
        _score_contents(
            totals, terms, is_known, raw, known, asked.matrix[student], layout.ends, layout.rows, layout.is_dense,
            layout.starts, layout.places, layout.values, layout.shape_of, layout.slopes, layout.knots, layout.bends,
        )  # fmt: skip
        _score_pathways(
            scores, totals, layout.content_of, layout.by_school[school], asked.words[asked.word_of[student]]
        )
        for position in range(asked.taken_by[student], asked.taken_by[student + 1]):
            scores[asked.taken[position]] = -np.inf
        for kind in range(n_kinds):
            start, stop = layout.bounds[kind], layout.bounds[kind + 1]
            demand, line = asked.demand_weight[start:stop], layout.calibration[kind]
            _list_kind(
                listed.pathways[student, kind], listed.scores[student, kind], listed.fit[student, kind],
                listed.final[student, kind], listed.unmoved[student, kind], listed.unmoved_fit[student, kind],
                scores[start:stop], demand, asked.demand_strength, line, start, groups, candidates,
                finals, seen, seen_at,
            )  # fmt: skip
        if n_reasons > 0:
            _find_columns(columns, listed.pathways[student], layout.content_of, len(layout.shared_by))
            count = 0
            for term in range(n_terms):
                if is_known[term]:
                    if layout.shape_of[term] >= 0:
                        _mean_shape(terms[term], layout.shared_by, layout.content_bounds, layout.bounds)
                    _compare(added[count], advantages[count], terms[term], columns[0], columns[1])
                    codes[count] = layout.codes[term]
                    count += 1
            for table in range(len(layout.table_of)):
                row = layout.looked_up[layout.table_of[table, school]]
                _compare(added[count], advantages[count], row, columns[2], columns[3])
                codes[count] = layout.codes[n_terms + table]
                count += 1
            _rank_reasons(keys, advantages[:count])
            _list_reasons(
                listed.reasons.terms[student].reshape(n_kinds * k, N_REASONS),
                listed.reasons.contributions[student].reshape(n_kinds * k, N_REASONS),
                listed.reasons.advantages[student].reshape(n_kinds * k, N_REASONS), keys, added, advantages, codes,
            )  # fmt: skip


# --- scores ---


@compiled
def _add_products(
    row: Any, vector: Any, entries: Any, rows: Any, is_dense: Any, starts: Any, places: Any, values: Any
) -> None:
    """`row = vector[entries] @ rows[entries]`."""
    row[:] = 0.0
    for entry in entries:
        value = vector[entry]
        if is_dense[entry]:
            line = rows[entry]
            for content in range(len(row)):
                row[content] += value * line[content]
        else:
            for position in range(starts[entry], starts[entry + 1]):
                row[places[position]] += value * values[position]


@compiled
def _bend(row: Any, raw: Any, slopes: Any, knots: Any, bends: Any) -> None:
    """A shaped term: a straight line with a change of slope at every knot, in multiples of VALUE_STEP."""
    for content in range(len(row)):
        row[content] = slopes[content] * raw[content]
    for knot in range(len(knots)):
        at, bend = knots[knot], bends[knot]
        for content in range(len(row)):
            excess = raw[content] - at[content]
            row[content] += bend[content] * (excess if excess > 0.0 else 0.0)
    for content in range(len(row)):
        row[content] = np.rint(row[content] * IN_STEPS) * VALUE_STEP


@compiled
def _score_contents(
    totals: Any, terms: Any, is_known: Any, raw: Any, known: Any, vector: Any, ends: Any, rows: Any, is_dense: Any,
    starts: Any, places: Any, values: Any, shape_of: Any, slopes: Any, knots: Any, bends: Any,
) -> None:  # fmt: skip
    """Terms of one student for every content, and their sums; a straight term of which nothing is known stays out."""
    totals[:] = 0.0
    for term in range(len(shape_of)):
        shape, count = shape_of[term], 0
        for entry in range(ends[term], ends[term + 1]):
            known[count] = entry
            count += vector[entry] != 0.0
        is_known[term] = count > 0 or shape >= 0
        if is_known[term]:
            row = terms[term]
            _add_products(row if shape < 0 else raw, vector, known[:count], rows, is_dense, starts, places, values)
            if shape >= 0:
                _bend(row, raw, slopes[shape], knots[shape], bends[shape])
            for content in range(len(totals)):
                totals[content] += row[content]


@compiled
def _score_pathways(scores: Any, totals: Any, content_of: Any, by_school: Any, word: Any) -> None:
    """Minus infinity where a rule refuses."""
    for pathway in range(len(scores)):
        score = totals[content_of[pathway]] + by_school[pathway]
        scores[pathway] = -np.inf if word[pathway] != 0 else score


# --- lists ---


@compiled
def _bar(values: Any, k: int, groups: Any) -> float:
    """A value that at least k reach, near the k-th best: the k-th best of the best of groups."""
    rounds = len(values) // len(groups)
    if rounds < 2:
        return -np.inf
    groups[:] = -np.inf
    for turn in range(rounds):
        part = values[turn * len(groups) : (turn + 1) * len(groups)]
        for group in range(len(groups)):
            groups[group] = max(groups[group], part[group])
    bar = -np.inf
    for group in range(len(groups)):
        reached = 0
        for other in range(len(groups)):
            reached += groups[other] >= groups[group]
        if reached >= k:
            bar = max(bar, groups[group])
    return bar


@compiled
def _list_best(places: Any, best: Any, near: Any, values: Any, start: int, seen: Any, seen_at: Any) -> int:
    """The k best of some values, of equal ones the first; returns how many there are.

    A place is the number of values that go before. Lot by lot, beside the best so far, so that it stays linear.
    """
    k, length = len(best), 0
    for first in range(0, len(near), LOT):
        seen[:length], seen_at[:length] = best[:length], places[:length]
        count = length
        for position in range(first, min(first + LOT, len(near))):
            seen[count], seen_at[count] = values[position], start + near[position]
            count += 1
        seen[count:] = -np.inf
        whole = (count + LANES - 1) // LANES * LANES
        length = min(count, k)
        for position in range(count):
            value, place = seen[position], 0
            for other in range(whole):
                place += seen[other] > value
            for other in range(position):
                place += seen[other] == value
            if place < k:
                best[place], places[place] = value, seen_at[position]
    return length


@compiled
def _reaching(candidates: Any, values: Any, bar: float) -> Any:
    """Positions of what reaches a bar, found without a branch."""
    count = 0
    for position in range(len(values)):
        candidates[count] = position
        count += values[position] >= bar
    return candidates[:count]


@compiled
def _to_fit(fit: Any, scores: Any, line: Any) -> None:
    for place in range(len(fit)):
        fit[place] = _logistic(line[0] * scores[place] + line[1])


@compiled
def _list_kind(
    pathways: Any, best: Any, fit: Any, final: Any, unmoved: Any, unmoved_fit: Any, scores: Any, demand: Any,
    strength: float, line: Any, start: int, groups: Any, candidates: Any, finals: Any, seen: Any,
    seen_at: Any,
) -> None:  # fmt: skip
    """The list of one kind without demand and, where there is a nudge, with it; -1 and NaN at empty places."""
    near = _reaching(candidates, scores, max(_bar(scores, len(best), groups), LOWEST))
    for position in range(len(near)):
        finals[position] = scores[near[position]]
    length = _list_best(unmoved, best, near, finals, start, seen, seen_at)
    best[length:] = 0.0
    _to_fit(unmoved_fit, best, line)
    if strength > 0.0:
        bar = np.inf
        for place in range(length):
            bar = min(bar, unmoved_fit[place] + strength * demand[unmoved[place] - start])
        near = _reaching(candidates, scores, max(_least_score(bar, strength, line), LOWEST))
        _nudge(finals, near, scores, demand, strength, line)
        _list_best(pathways, final, near, finals, start, seen, seen_at)
        for place in range(length):
            best[place] = scores[pathways[place] - start]
        _to_fit(fit, best, line)
        pathways[length:], fit[length:], final[length:] = -1, np.nan, np.nan
    else:
        pathways[:], fit[:], final[:] = unmoved, unmoved_fit, unmoved_fit
        pathways[length:], fit[length:], final[length:] = -1, np.nan, np.nan
    unmoved[length:], unmoved_fit[length:], best[length:] = -1, np.nan, np.nan


@compiled
def _nudge(finals: Any, near: Any, scores: Any, demand: Any, strength: float, line: Any) -> None:
    for position in range(len(near)):
        finals[position] = scores[near[position]]
    for position in range(len(near)):
        finals[position] = _logistic(line[0] * finals[position] + line[1]) + strength * demand[near[position]]


@compiled
def _least_score(bar: float, strength: float, line: Any) -> float:
    """A pathway with a lower score cannot reach the final `bar`, whatever its demand; rather too low than too high."""
    lowest = bar - strength - FIT_SLACK
    return (np.log(lowest / (1.0 - lowest)) - line[1]) / line[0] if lowest > 0.0 else -np.inf


# --- reasons ---


@compiled
def _mean_shape(row: Any, shared_by: Any, content_bounds: Any, bounds: Any) -> None:
    """A shaped term of the typical contents: its mean over the pathways of a kind; the shape of a mean is no mean."""
    for kind in range(len(bounds) - 1):
        first, last = content_bounds[kind], content_bounds[kind + 1]
        total = _weighted_sum(row[first:last], shared_by[first:last])
        row[content_bounds[-1] + kind] = total / max(bounds[kind + 1] - bounds[kind], 1)


def _sum_of_products(left: Any, right: Any) -> float:
    total = 0.0
    for position in range(len(left)):
        total += left[position] * right[position]
    return total


_weighted_sum = numba.njit(cache=True, nogil=True, fastmath={"reassoc"})(_sum_of_products)  # exact in any order


@compiled
def _find_columns(columns: Any, listed: Any, content_of: Any, n_contents: int) -> None:
    """Where content and pathway of every place stand beside their typical ones, which are last in their rows.

    An empty place is compared with itself.
    """
    n_kinds, k = listed.shape
    for kind in range(n_kinds):
        for place in range(k):
            pathway, column = listed[kind, place], kind * k + place
            columns[1, column], columns[3, column] = n_contents + kind, len(content_of) + kind
            columns[0, column] = content_of[pathway] if pathway >= 0 else columns[1, column]
            columns[2, column] = pathway if pathway >= 0 else columns[3, column]


@compiled
def _compare(added: Any, advantages: Any, row: Any, columns: Any, typical: Any) -> None:
    """What a term adds at every place, and how much more than at the typical pathway of the kind."""
    for place in range(len(columns)):
        value = row[columns[place]]
        added[place] = value
        advantages[place] = value - row[typical[place]]


@compiled
def _rank_reasons(keys: Any, advantages: Any) -> None:
    """The three largest keys at every place: the size in steps, and of equal sizes the earlier term."""
    keys[:] = 0.0
    one, two, three = keys[0], keys[1], keys[2]
    for term in range(len(advantages)):
        row, mark = advantages[term], TERMS_AT_MOST - 1.0 - term
        for place in range(len(one)):
            steps = np.rint(abs(row[place]) * IN_STEPS)
            key = steps * TERMS_AT_MOST + (mark if steps > 0.0 else 0.0)
            first, second, third = one[place], two[place], three[place]
            one[place] = first if first > key else key
            key = key if first > key else first
            two[place] = second if second > key else key
            key = key if second > key else second
            three[place] = third if third > key else key


@compiled
def _list_reasons(
    listed: Any, contributions: Any, listed_advantages: Any, keys: Any, added: Any, advantages: Any, codes: Any
) -> None:
    """The terms behind the keys; -1 and NaN where there are fewer."""
    for place in range(len(listed)):
        for reason in range(len(keys)):
            key = keys[reason, place]
            term = np.uint32(TERMS_AT_MOST - 1 - (int(key) & (TERMS_AT_MOST - 1)))
            listed[place, reason] = codes[term] if key > 0.0 else -1
            contributions[place, reason] = added[term, place] if key > 0.0 else np.nan
            listed_advantages[place, reason] = advantages[term, place] if key > 0.0 else np.nan
