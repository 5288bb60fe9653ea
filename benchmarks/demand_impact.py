"""What the impact of a new edition costs beside one full ranking of the same students, and how lists really changed.

100,000 students: the sample region's own (synthetic), each repeated; 500 pathways: the sample's and copies of them.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.records import Record
from benchmarks.sample import DEMAND_DIR, DEMAND_STRENGTH, REFERENCE_DIR, current_year, read_sample
from recommender.catalogue import KINDS, Catalogue
from recommender.congestion import usual_choices
from recommender.demand import read_edition
from recommender.demand_weights import demand_weights
from recommender.expert import read_expert_weights
from recommender.features import FeatureSpace
from recommender.impact import LISTED, impact
from recommender.interests import Administrations
from recommender.pipeline import Recommender
from recommender.students import Facts, StudentFacts
from recommender.training import train

STUDENTS, PATHWAYS, ROUNDS, LIMIT = 100_000, 500, 5, 2.5


def repeated(facts: StudentFacts, count: int) -> StudentFacts:
    """The same students one after another until there are `count` of them."""
    times = count // len(facts)
    ids = tuple(f"{student}-{turn}" for turn in range(times) for student in facts.student_ids)
    shift = np.arange(times)[:, None] * len(facts)
    tables = {
        name: Facts(
            (table.student + shift).ravel(), table.codes * times, np.tile(table.values, times),
            table.known_on * times, np.tile(table.age_years, times),
        )
        for name, table in facts.tables.items()
    }  # fmt: skip
    sheets = facts.sheets
    return replace(
        facts,
        student_ids=ids,
        grades=np.tile(facts.grades, times),
        pattern_of=np.tile(facts.pattern_of, times),
        school_of=np.tile(facts.school_of, times),
        sheets=Administrations(
            (sheets.student + shift).ravel(), np.tile(sheets.method, times), np.tile(sheets.age_years, times),
            np.tile(sheets.scores, (times, 1)), np.tile(sheets.answers, (times, 1)),
        ),
        tables=tables,
    )  # fmt: skip


def widened(catalogue: Catalogue, count: int) -> Catalogue:
    """The catalogue and copies of its pathways, as if further hosts offered them too."""
    copies = [
        replace(pathway, pathway_code=f"{pathway.pathway_code}-copy{turn}")
        for turn in range(-(-count // len(catalogue.pathways)) - 1)
        for pathway in catalogue.pathways
    ]
    return replace(catalogue, pathways=(*catalogue.pathways, *copies[: count - len(catalogue.pathways)]))


def records() -> list[Record]:
    """Time of the impact as a ratio to one ranking, each time taken beside the other; and how many lists changed."""
    region = read_sample()
    training = train(region.history, read_expert_weights(REFERENCE_DIR / "expert_weights.toml"), with_challenger=False)
    current = current_year(region, training)
    facts = repeated(current.facts(current.students, current.history.rows), STUDENTS)
    catalogue = widened(current.recommender.space.catalogue, PATHWAYS)
    reference = region.history.reference
    before, after = (read_edition(DEMAND_DIR / f"krasnodar-{code}.csv") for code in ("2023H2", "2024H1"))
    old = demand_weights(catalogue, reference, before)
    new = demand_weights(catalogue, reference, after, [before])
    space = FeatureSpace(reference, catalogue, training.model, training.peers)
    recommender = Recommender(space, training.served, region.history.rules, old, DEMAND_STRENGTH)
    usual = usual_choices(region.history)
    recommender.recommend(facts, k=LISTED)  # laid out and compiled before the clock starts
    vectors = space.student_vectors(facts)
    size = f"{len(facts):,} students x {len(catalogue.pathways)} pathways, {LISTED} places"
    found = []
    for name, kept in (("from_facts", None), ("from_vectors", vectors)):
        ranking, impacts = [], []
        for _ in range(ROUNDS):
            ranking.append(_seconds(lambda kept=kept: recommender.recommend(facts, k=LISTED, vectors=kept)))
            impacts.append(_seconds(lambda kept=kept: impact(recommender, facts, new, usual, vectors=kept)))
        ratios = np.array(impacts) / np.array(ranking)
        value, span = float(np.median(ratios)), (float(ratios.min()), float(ratios.max()))
        found += [
            Record(f"demand_impact.{name}.ratio", value, span, LIMIT, "lower", "synthetic", size, ROUNDS),
            Record(f"demand_impact.{name}.seconds", float(np.median(impacts)), None, None, "lower", "synthetic", size),
        ]
    changed = impact(recommender, facts, new, usual)
    for row, kind in enumerate(KINDS):
        share = float(changed.changed_first[row] / changed.student_counts[row])
        against = "krasnodar-2023H2 → krasnodar-2024H1 (illustrative)"
        found.append(Record(f"demand_impact.changed.{kind}", share, None, None, "lower", "synthetic", against))
    return found


def _seconds(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start
