"""Whether reasons are the causes they claim to be: exact sums, deletion, small changes, counterfactuals.

Students before their choices of the held-back year of the sample region (synthetic), a ranker that learned from the
years before. Deletion: the facts behind the first reason of the first pathway are taken away and the student is ranked
again; beside it the facts of another kind by lot, and placebo facts, of a kind that the reasons hardly count. The
standing of a pathway is its score less the mean of its kind, as reasons compare; what reasons say of peers quotes
facts of other kinds and is left out. Counterfactuals are verified by another road than they were found: as rows of
files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.next_evidence import Asked, asked_before_choices, held_back_recommender
from benchmarks.records import Record
from benchmarks.sample import REFERENCE_DIR, read_sample
from recommender.contrast import contrast, why_not
from recommender.counterfactual import PLACES, Change
from recommender.expert import read_expert_weights
from recommender.explanation import Reason, reasons_of
from recommender.fact_shares import fact_shares
from recommender.metrics import bootstrap_interval
from recommender.pipeline import Recommendations, Recommender
from recommender.scoring import CONTRIBUTIONS
from recommender.students import FactRow, FactRows, ReadingRow, StudentFacts, student_facts
from recommender.training import train

STUDENTS, ASKED_ABOUT = 400, 150
LAST_PLACE = 10
PLACEBO = 0.05  # log-odds; kinds of facts that count less are a placebo
NAMED = 3
TERMS_OF = {
    "readings": ("interest_match",),
    "marks": ("subject_strength", "subject_level"),
    "exam_points": ("exam_margin",),
    "knowledge": ("knowledge",),
    "profile_wishes": ("profile_wish",),
    "exam_wishes": ("exam_wish",),
    "elective_wishes": ("elective_wish",),
    "profession_wishes": ("profession_wish",),
    "trials": ("trial_experience",),
    "enrolments": ("elective_experience",),
}
TABLE_OF = {term: table for table, terms in TERMS_OF.items() for term in terms}


@dataclass(frozen=True)
class Ranked:
    """A student ranked, and one pathway's standing."""

    facts: StudentFacts
    made: Recommendations
    standing: float
    place: int
    reasons: tuple[Reason, ...]
    advantages: dict[str, float]  # by kind of facts


def records() -> list[Record]:
    """Exactness, deletion, stability and counterfactuals."""
    history = read_sample().history
    expert = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
    year = history.years()[-1]
    earlier = replace(history, outcomes=[row for row in history.outcomes if row.school_year != year])
    with threadpool_limits(limits=1):
        training = train(earlier, expert, with_challenger=False)
        recommender = held_back_recommender(history, year, training)
        everybody = list(asked_before_choices(history, year))
        random = np.random.default_rng(7)
        sample = [everybody[row] for row in sorted(random.permutation(len(everybody))[:STUDENTS])]
        return [
            *_exact(recommender, sample),
            *_deletion(recommender, sample),
            *_stability(recommender, sample, random),
            *_counterfactuals(recommender, sample[:: max(len(sample) // ASKED_ABOUT, 1)]),
        ]


def _facts(recommender: Recommender, asked: Asked, rows: FactRows) -> StudentFacts:
    space = recommender.space
    return student_facts((asked.student,), rows, as_of=asked.day, catalogue=space.catalogue, model=space.interest_model)


def _first(recommender: Recommender, asked: Asked) -> int:
    """The pathway in the first place; -1 = nothing may be offered."""
    made = recommender.recommend(_facts(recommender, asked, asked.rows), k=1)
    return int(made.listed.pathways[0, asked.kind, 0])


def _ranked(recommender: Recommender, asked: Asked, rows: FactRows, pathway: int) -> Ranked:
    facts = _facts(recommender, asked, rows)
    kind = recommender.compiled.kind_of == asked.kind
    made = recommender.recommend(facts, k=int(kind.sum()))
    zero = np.zeros(1, dtype=np.int64)
    added = recommender.compiled.contributions(made.vectors, zero, np.array([pathway]))[0]
    typical = recommender.compiled.typical(made.vectors, zero, np.array([asked.kind]))[0]
    place = int(np.flatnonzero(made.listed.pathways[0, asked.kind] == pathway)[0]) + 1
    reasons = reasons_of(recommender.space, facts, made.vectors, 0, pathway, added, typical)
    by_term = dict(zip(CONTRIBUTIONS, (added - typical).tolist(), strict=True))
    advantages = {table: sum(by_term[term] for term in terms) for table, terms in TERMS_OF.items()}
    return Ranked(facts, made, float((added - typical).sum()), place, reasons, advantages)


# --- exact sums ---


def _exact(recommender: Recommender, sample: Sequence[Asked]) -> list[Record]:
    worst, pairs = 0.0, 0
    for asked in sample:
        made = recommender.recommend(_facts(recommender, asked, asked.rows), k=5)
        listed = made.listed.pathways[0, asked.kind]
        listed = listed[listed >= 0]
        added = recommender.compiled.contributions(made.vectors, np.zeros(len(listed), dtype=np.int64), listed)
        scores = made.listed.scores[0, asked.kind, : len(listed)]
        worst = max(worst, float(np.abs(added.sum(axis=1) - scores).max(initial=0.0)))
        for row, shares in enumerate(fact_shares(recommender.compiled, made.facts, made.vectors, 0, listed)):
            sums = dict.fromkeys(CONTRIBUTIONS, 0.0)
            for share in shares:
                sums[share.term] += share.contribution
            worst = max(worst, float(np.abs(added[row] - np.array(list(sums.values()))).max()))
            pairs += 1
        if len(listed) > 1:
            codes = [recommender.space.catalogue.pathways[row].pathway_code for row in listed[[0, -1]]]
            found = contrast(recommender, made, 0, *codes)
            error = abs(sum(term.difference for term in found.terms) - (scores[0] - scores[-1]))
            worst = max(worst, float(error), abs(sum(found.blocks.values()) - found.difference))
    what = "terms to score, facts to term, differences to difference"
    return [Record("faithfulness.contributions_error", worst, None, 1e-9, "lower", "synthetic", what, pairs)]


# --- deletion ---


def _deletion(recommender: Recommender, sample: Sequence[Asked]) -> list[Record]:
    found: dict[str, list[tuple[str, Sequence[float], Sequence[float]]]] = {"random": [], "placebo": []}
    for asked in sample:
        pathway = _first(recommender, asked)
        if pathway < 0:
            continue
        before = _ranked(recommender, asked, asked.rows, pathway)
        there = [table for table in TERMS_OF if any(_is_known(row, asked) for row in getattr(asked.rows, table))]
        told = [TABLE_OF.get(reason.term, "") for reason in before.reasons if reason.advantage > 0]
        first = next((table for table in told if table in there), None)
        if first is None:
            continue
        fall = {table: _fall(recommender, asked, before, pathway, table) for table in there}
        others = [table for table in there if table != first]
        placebos = [table for table in others if abs(before.advantages[table]) < PLACEBO]
        for rival, tables in (("random", others), ("placebo", placebos)):
            if tables:
                by_lot = np.mean([fall[table] for table in tables], axis=0).tolist()
                found[rival].append((asked.student.school_code, fall[first], by_lot))
    return [record for rival, rows in found.items() for record in _deletion_records(rival, rows)]


def _deletion_records(rival: str, rows: Sequence[tuple[str, Sequence[float], Sequence[float]]]) -> list[Record]:
    schools = np.unique([row[0] for row in rows], return_inverse=True)[1]
    true, lot = (np.array([row[side] for row in rows]) for side in (1, 2))
    made = []
    for column, unit in enumerate(("standing", "places")):
        parts = {
            f"first_reason.{unit}": (true[:, column], None),
            f"{rival}.{unit}": (lot[:, column], None),
            f"{unit}.lead": (true[:, column] - lot[:, column], 0.0),
        }
        for name, (values, limit) in parts.items():
            made.append(
                Record(
                    f"faithfulness.deletion_{rival}.{name}", float(values.mean()), bootstrap_interval(values, schools),
                    limit, "higher", "synthetic", rival, len(rows),
                )
            )  # fmt: skip
    return made


def _fall(recommender: Recommender, asked: Asked, before: Ranked, pathway: int, table: str) -> tuple[float, float]:
    """How much standing, and how many places, a pathway loses without the facts of a kind that it looks at."""
    own = [row for row in getattr(asked.rows, table) if _is_known(row, asked)]
    quoted = [row for row in own if table == "readings" or _is_quoted(recommender, row.code, table, pathway)]
    gone = {id(row) for row in quoted or own}
    left = [row for row in getattr(asked.rows, table) if id(row) not in gone]
    after = _ranked(recommender, asked, replace(asked.rows, **{table: left}), pathway)
    return before.standing - after.standing, float(after.place - before.place)


def _is_known(row: FactRow | ReadingRow, asked: Asked) -> bool:
    return (row.taken_on if isinstance(row, ReadingRow) else row.known_on) <= asked.day


def _is_quoted(recommender: Recommender, code: str, table: str, pathway: int) -> bool:
    """Whether a pathway asks for what a fact is about."""
    space = recommender.space
    asked = space.pathway_blocks[TERMS_OF[table][0]][pathway]
    if table == "trials":
        return code in space.known_groups and bool(space.known_groups[code] @ asked > 0)
    if table == "enrolments":
        return code in space.known_profiles and bool(space.known_profiles[code] @ asked > 0)
    index = {
        "profile_wishes": space.profile_index,
        "elective_wishes": space.programme_index,
        "profession_wishes": space.group_index,
    }.get(table, space.subject_index)
    key = code[:2] if table == "profession_wishes" else code
    return key in index and bool(asked[index[key]] > 0)


# --- small changes ---


def _stability(recommender: Recommender, sample: Sequence[Asked], random: np.random.Generator) -> list[Record]:
    overlaps: dict[str, list[tuple[str, float]]] = {"mark": [], "scale": []}
    for asked in sample:
        pathway = _first(recommender, asked)
        if pathway < 0:
            continue
        before = _named(_ranked(recommender, asked, asked.rows, pathway))
        for change, rows in (("mark", _other_mark(asked, random)), ("scale", _other_scale(asked, random))):
            if rows is not None and before:
                after = _named(_ranked(recommender, asked, rows, pathway))
                overlaps[change].append((asked.student.school_code, len(before & after) / len(before)))
    made = []
    for change, rows in overlaps.items():
        schools = np.unique([school for school, _ in rows], return_inverse=True)[1]
        values = np.array([overlap for _, overlap in rows])
        interval = bootstrap_interval(values, schools)
        made.append(
            Record(f"faithfulness.stability.{change}", float(values.mean()), interval, None, "higher", "synthetic",
                   "", len(rows))
        )  # fmt: skip
    return made


def _named(ranked: Ranked) -> set[str]:
    return {reason.code for reason in ranked.reasons[:NAMED]}


def _other_mark(asked: Asked, random: np.random.Generator) -> FactRows | None:
    """One mark one better or one worse."""
    marks = sorted(asked.rows.marks)
    known = [row for row, mark in enumerate(marks) if mark.known_on <= asked.day]
    if not known:
        return None
    row = int(random.choice(known))
    mark = marks[row]
    step = 1.0 if mark.value <= 2.0 else -1.0 if mark.value >= 5.0 else float(random.choice([-1.0, 1.0]))
    marks[row] = mark._replace(value=mark.value + step)
    return replace(asked.rows, marks=marks)


def _other_scale(asked: Asked, random: np.random.Generator) -> FactRows | None:
    """One answer to a question of one sheet: a point more or less on one scale."""
    readings = sorted(asked.rows.readings, key=lambda sheet: sheet[:3])
    known = [row for row, sheet in enumerate(readings) if sheet.taken_on <= asked.day]
    if not known:
        return None
    row = int(random.choice(known))
    sheet = readings[row]
    scale = int(random.integers(len(sheet.scores)))
    step = 1.0 if sheet.scores[scale] <= 0 else float(random.choice([-1.0, 1.0]))
    scores = tuple(score + step * (place == scale) for place, score in enumerate(sheet.scores))
    readings[row] = sheet._replace(scores=scores)
    return replace(asked.rows, readings=readings)


# --- counterfactuals ---


def _counterfactuals(recommender: Recommender, sample: Sequence[Asked]) -> list[Record]:
    catalogue = recommender.space.catalogue
    found: list[tuple[str, float]] = []
    held: list[tuple[str, float]] = []
    for asked in sample:
        made = recommender.recommend(_facts(recommender, asked, asked.rows), k=LAST_PLACE)
        for row in made.listed.pathways[0, asked.kind, PLACES:]:
            if row < 0:
                continue
            changes = why_not(recommender, made, 0, catalogue.pathways[row].pathway_code).changes
            found.append((asked.student.school_code, float(bool(changes))))
            for change, rank in changes:
                again = recommender.recommend(_facts(recommender, asked, _with(asked, change)), k=PLACES)
                is_there = int(again.listed.pathways[0, asked.kind, rank - 1]) == int(row)
                held.append((asked.student.school_code, float(is_there)))
    return [_share("hold_share", held, 1.0), _share("found_share", found, None)]


def _share(name: str, rows: Sequence[tuple[str, float]], limit: float | None) -> Record:
    schools = np.unique([school for school, _ in rows], return_inverse=True)[1]
    values = np.array([value for _, value in rows])
    interval = None if limit is not None else bootstrap_interval(values, schools)
    figure = f"faithfulness.counterfactual.{name}"
    return Record(figure, float(values.mean()), interval, limit, "higher", "synthetic", "", len(rows))


def _with(asked: Asked, change: Change) -> FactRows:
    """The student's rows as files would hold them after a change."""
    rows: Sequence[FactRow] = getattr(asked.rows, change.table)
    if change.table == "marks":
        rows = [row for row in rows if row.code != change.code]
    new = FactRow(asked.student.student_id, change.code, asked.day, change.after)
    return replace(asked.rows, **{change.table: [*rows, new]})
