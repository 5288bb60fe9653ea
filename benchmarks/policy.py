"""What demand brings a district and what it costs, strength by strength; and where seats would not do.

Everybody of the running school year, the trained ranker, the edition in force. All data are synthetic.
"""

import numpy as np

from benchmarks.records import Record
from benchmarks.sample import REFERENCE_DIR, current_year, read_sample
from recommender.catalogue import KINDS
from recommender.congestion import CROWDED, expected_congestion, usual_choices
from recommender.expert import read_expert_weights
from recommender.frontier import frontier
from recommender.training import train

ROUNDING = 1e-12


def records() -> list[Record]:
    """Frontier and congestion by kind."""
    region = read_sample()
    training = train(region.history, read_expert_weights(REFERENCE_DIR / "expert_weights.toml"), with_challenger=False)
    current = current_year(region, training)
    facts = current.facts(current.students, current.history.rows)
    points = frontier(current.recommender, facts)
    found = []
    for row, kind in enumerate(KINDS):
        for point in points:
            name, count = f"policy.frontier.{kind}.{point.strength:.3f}", int(point.student_counts[row])
            share, price = float(point.demanded_share[row]), float(point.price[row])
            found.append(Record(f"{name}.share", share, None, None, "higher", "synthetic", "", count))
            found.append(Record(f"{name}.price", price, None, None, "lower", "synthetic", "", count))
    falls = [np.diff([getattr(p, name) for p in points], axis=0).min() for name in ("demanded_share", "price")]
    worst = max(0.0, -float(min(falls)))
    found.append(Record("policy.frontier.falls", worst, None, ROUNDING, "lower", "synthetic", "", len(points)))
    congestion = expected_congestion(current.recommender, facts, usual_choices(region.history))
    for row, kind in enumerate(KINDS):
        told = congestion.per_seat[current.recommender.compiled.kind_of == row]
        told = told[np.isfinite(told)]
        for name, value in (
            ("median", np.median(told)), ("largest", told.max()), ("full_count", (told > 1).sum()),
            ("crowded_count", (told >= CROWDED).sum()),
        ):  # fmt: skip
            figure = f"policy.congestion.{kind}.{name}"
            found.append(Record(figure, float(value), None, None, "lower", "synthetic", "", len(told)))
    return found
