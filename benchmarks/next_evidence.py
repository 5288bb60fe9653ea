"""Whether following "next best evidence" pays: held-out evidence is revealed by its advice, and by lot.

Before each choice of the held-back year of the sample region (synthetic) some of the evidence that is really there is
hidden. The ranker, which learned from earlier years, orders what is hidden by how much it would sharpen that list; the
first is revealed and the choice is ranked again. Beside it: one revealed by lot, from all that is hidden or from the
instruments alone; of a lot the mean over all its outcomes counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.records import Record
from benchmarks.sample import REFERENCE_DIR, K, read_sample
from recommender.catalogue import KINDS, catalogue_of_year
from recommender.demand_weights import demand_weights
from recommender.evidence import FACT_KINDS
from recommender.expert import read_expert_weights
from recommender.features import FeatureSpace
from recommender.metrics import bootstrap_interval
from recommender.pipeline import Recommendations, Recommender
from recommender.splitting import History, choice_days
from recommender.students import FactRows, StudentRow, student_facts
from recommender.training import Training, train

ALWAYS_KNOWN = ("trials", "enrolments", "exam_points")
MIN_HIDDEN = 2  # fewer pieces leave nothing to choose from
HIDDEN_SHARE = 0.6
RIVALS = {
    "any_by_lot": "any evidence by lot",
    "instrument_by_lot": "an instrument by lot",
    "instruments_only": "an instrument by lot; the advised one is an instrument too",
}


@dataclass(frozen=True)
class Piece:
    """One piece of evidence that is really there: "instrument" and its code, or one of FACT_KINDS."""

    kind: str
    code: str


@dataclass(frozen=True)
class Asked:
    """A student before a choice of one kind: the day, everything known by then, what was chosen in the end."""

    student: StudentRow
    kind: int
    day: date
    rows: FactRows
    chosen: Mapping[str, int]


def records() -> list[Record]:
    """Gain of NDCG@5 by advice and by lot, and the difference of the two."""
    history = read_sample().history
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    year = history.years()[-1]
    earlier = replace(history, outcomes=[row for row in history.outcomes if row.school_year != year])
    with threadpool_limits(limits=1):
        training = train(earlier, expert, with_challenger=False)
        recommender = held_back_recommender(history, year, training)
        asked = list(asked_before_choices(history, year))
        return [*_compared(recommender, asked), *_abstained(recommender, asked)]


def held_back_recommender(history: History, year: str, training: Training) -> Recommender:
    """A recommender for a year that its training did not see; no demand, and nothing is full or taken."""
    catalogue = catalogue_of_year(history.pathways, history.places, year)
    space = FeatureSpace(history.reference, catalogue, training.model, training.peers)
    demand = demand_weights(catalogue, history.reference, None, [])
    rules = tuple(rule for rule in history.rules if rule.check not in ("already_taken", "seats"))
    return Recommender(space, training.served, rules, demand, 0.0, training.doubts, training.usual)


def asked_before_choices(history: History, year: str) -> Iterator[Asked]:
    """Every choice of a year, with what was known of the student the day before."""
    by_student: dict[str, dict[str, list[object]]] = {}
    for table in fields(FactRows):
        for row in getattr(history.rows, table.name):
            by_student.setdefault(row.student_id, {}).setdefault(table.name, []).append(row)
    students = {row.student_id: row for row in history.students[year]}
    for number, kind in enumerate(KINDS):
        chosen: dict[str, dict[str, int]] = {}
        for outcome in history.outcomes:
            if outcome.kind == kind and outcome.school_year == year:
                chosen.setdefault(outcome.student_id, {})[outcome.pathway_code] = outcome.relevance
        for student_id, day in sorted(choice_days(history, kind, year).items()):
            if student_id in students:
                rows = FactRows(**by_student.get(student_id, {}))
                yield Asked(students[student_id], number, day, rows, chosen[student_id])


def _pieces(asked: Asked) -> list[Piece]:
    methods = {row.method_code for row in asked.rows.readings if row.taken_on <= asked.day}
    there = [Piece("instrument", code) for code in sorted(methods)]
    for kind, about in FACT_KINDS.items():
        days = [row.known_on for table in about.tables for row in getattr(asked.rows, table)]
        if asked.student.grade in about.grades and any(day <= asked.day for day in days):
            there.append(Piece(kind, ""))
    return there


def _with(rows: FactRows, pieces: Sequence[Piece]) -> FactRows:
    """The student's rows of some pieces; trials, enrolments and exams always stay."""
    methods = {piece.code for piece in pieces if piece.kind == "instrument"}
    tables = {table for piece in pieces if piece.kind in FACT_KINDS for table in FACT_KINDS[piece.kind].tables}
    kept = {table: getattr(rows, table) for table in (*sorted(tables), *ALWAYS_KNOWN)}
    return FactRows(readings=[row for row in rows.readings if row.method_code in methods], **kept)


def _compared(recommender: Recommender, everybody: Sequence[Asked]) -> list[Record]:
    random = np.random.default_rng(11)
    found: dict[str, list[tuple[str, float, float]]] = {rival: [] for rival in RIVALS}
    for asked in everybody:
        there = _pieces(asked)
        hides = random.random(len(there)) < HIDDEN_SHARE
        hidden = [piece for piece, is_hidden in zip(there, hides, strict=True) if is_hidden]
        known = [piece for piece, is_hidden in zip(there, hides, strict=True) if not is_hidden]
        if len(hidden) < MIN_HIDDEN:
            continue
        gain, order = _gains(recommender, asked, known, hidden)
        advised, instruments = order[0], [piece for piece in order if piece.kind == "instrument"]
        lots = {
            "any_by_lot": (advised, order),
            "instrument_by_lot": (advised, instruments),
            "instruments_only": (instruments[:1] and instruments[0], instruments if len(instruments) > 1 else []),
        }
        for rival, (chosen, drawn_from) in lots.items():
            if drawn_from:
                by_lot = float(np.mean([gain[piece] for piece in drawn_from]))
                found[rival].append((asked.student.school_code, gain[chosen], by_lot))
    return [record for rival, rows in found.items() for record in _records_of(rival, rows)]


def _records_of(rival: str, rows: Sequence[tuple[str, float, float]]) -> list[Record]:
    schools = np.unique([row[0] for row in rows], return_inverse=True)[1]
    values = np.array([row[1:] for row in rows])
    lead = values[:, 0] - values[:, 1]
    limit = None if rival == "instruments_only" else 0.0
    columns = (("by_advice", values[:, 0], None), ("by_lot", values[:, 1], None), ("advice.lead", lead, limit))
    return [
        Record(
            f"next_evidence.{rival}.{what}", float(column.mean()), bootstrap_interval(column, schools), bound,
            "higher", "synthetic", RIVALS[rival], len(rows),
        )
        for what, column, bound in columns
    ]  # fmt: skip


def _abstained(recommender: Recommender, everybody: Sequence[Asked]) -> list[Record]:
    """NDCG@5 of lists that say they are no advice yet, and of the others, with six of ten pieces hidden."""
    random = np.random.default_rng(12)
    rows = []
    for asked in everybody:
        there = _pieces(asked)
        known = [piece for piece, lot in zip(there, random.random(len(there)), strict=True) if lot >= HIDDEN_SHARE]
        made = _made(recommender, asked, known)
        is_sure = recommender.explain(made, 0).lists[asked.kind].is_sure
        rows.append((asked.student.school_code, is_sure, _ndcg(recommender, asked, made)))
    schools = np.unique([row[0] for row in rows], return_inverse=True)[1]
    sure, gained = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    found = []
    for name, part in (("sure", sure), ("unsure", ~sure)):
        mean, interval = float(gained[part].mean()), bootstrap_interval(gained[part], schools[part])
        figure = f"next_evidence.lists.{name}"
        found.append(Record(figure, mean, interval, None, "higher", "synthetic", "", int(part.sum())))
    return [*found, Record("next_evidence.lists.abstained", float((~sure).mean()), None, None, "lower", "synthetic")]


def _gains(
    recommender: Recommender, asked: Asked, known: Sequence[Piece], hidden: Sequence[Piece]
) -> tuple[dict[Piece, float], list[Piece]]:
    """What revealing each piece gains, and the pieces as advised, best first."""
    made = _made(recommender, asked, known)
    before = _ndcg(recommender, asked, made)
    gain = {piece: _ndcg(recommender, asked, _made(recommender, asked, [*known, piece])) - before for piece in hidden}
    advice = recommender.next_evidence(made, 0, kinds=[asked.kind], count=100)
    worth = {(evidence.kind, evidence.code): evidence.expected_gain for evidence in advice}
    return gain, sorted(hidden, key=lambda piece: -worth.get((piece.kind, piece.code), 0.0))


def _made(recommender: Recommender, asked: Asked, known: Sequence[Piece]) -> Recommendations:
    space = recommender.space
    rows = _with(asked.rows, known)
    facts = student_facts(
        (asked.student,), rows, as_of=asked.day, catalogue=space.catalogue, model=space.interest_model
    )
    return recommender.recommend(facts, k=K)


def _ndcg(recommender: Recommender, asked: Asked, made: Recommendations) -> float:
    listed = made.listed.pathways[0, asked.kind]
    codes = [recommender.space.catalogue.pathways[row].pathway_code for row in listed[listed >= 0]]
    discount = 1.0 / np.log2(np.arange(2, K + 2))
    found = sum(asked.chosen.get(code, 0) * share for code, share in zip(codes, discount, strict=False))
    best = sorted(asked.chosen.values(), reverse=True)[:K]
    return float(found / sum(grade * share for grade, share in zip(best, discount, strict=False)))
