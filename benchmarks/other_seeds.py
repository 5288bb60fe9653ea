"""The same comparison on regions that nobody looked at: other seeds of the generator, reported as they come out.

The shipped seed was looked at while the generator and the expert weights were being made, so its figures may flatter;
these come out as they come out.
"""

import tempfile
from pathlib import Path

from benchmarks.records import Record
from benchmarks.sample import DEMAND_DIR, REFERENCE_DIR, read_sample
from benchmarks.sample_region import leads, quality, trained_on
from recommender.synthetic import write_region

SEEDS = (1, 2, 3)


def records() -> list[Record]:
    """NDCG@5 and leads of every seed."""
    found = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            write_region(Path(folder), seed=seed, reference_folder=REFERENCE_DIR, demand_folder=DEMAND_DIR)
            region = read_sample(Path(folder))
        training, _ = trained_on(region)
        name = f"other_seeds.{seed}"
        found += [record for record in quality(name, region, training) if ".ndcg5." in record.figure]
        found += leads(name, region, training)
    return found
