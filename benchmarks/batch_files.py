"""Batches of 100,000 students as files: three lists of ten, ranked and written as SQLite and as Parquet.

SQLite is compared with a bare `executemany` of the same rows, made beforehand, into the same table; the whole way to
Parquet with the ranking alone. Students and pathways are made in memory; no time of reading facts is in either.
"""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.made_work import Work, made_work
from benchmarks.records import Record
from service.batches.files import COLUMNS, ParquetFile, SqliteFile
from service.batches.ranking import CHUNK, Places, places_of

STUDENTS, PATHWAYS, STRENGTH, RUNS = 100_000, 500, 0.05, 3
SQLITE_LIMIT, PARQUET_LIMIT = 2.0, 1.5


def records() -> list[Record]:
    """Ratios, each the middle of a few runs on one thread."""
    with threadpool_limits(limits=1), tempfile.TemporaryDirectory() as folder:
        work = made_work(STUDENTS, PATHWAYS, np.random.default_rng(0))
        runs = [_run(work, Path(folder)) for _ in range(RUNS + 1)][1:]  # the first one compiles
    about = f"{STUDENTS:,} students x {PATHWAYS} pathways, three lists of 10"
    sqlite, parquet = ([run[name] for run in runs] for name in ("sqlite", "parquet"))
    return [
        Record(
            "batch_files.sqlite_ratio",
            *_middle(sqlite),
            SQLITE_LIMIT,
            "lower",
            "none",
            f"bare executemany; {about}",
            RUNS,
        ),
        Record(
            "batch_files.parquet_ratio",
            *_middle(parquet),
            PARQUET_LIMIT,
            "lower",
            "none",
            f"ranking alone; {about}",
            RUNS,
        ),
        Record(
            "batch_files.ranking_seconds",
            *_middle([run["ranking"] for run in runs]),
            None,
            "lower",
            "none",
            about,
            RUNS,
        ),
    ]


def _middle(values: list[float]) -> tuple[float, tuple[float, float]]:
    return float(np.median(values)), (min(values), max(values))


def _run(work: Work, folder: Path) -> dict[str, float]:
    """Ranking alone; ranking and Parquet; rows into SQLite, ours and bare."""
    chunks, catalogue = work.parts(STUDENTS // CHUNK), work.compiled.space.catalogue
    weights = [float(weight) for weight in work.demand]
    names = [f"s{number:07d}" for number in range(CHUNK)]
    ranking = _seconds(lambda: [chunk.served(STRENGTH) for chunk in chunks])
    parts: list[Places] = []

    def to_parquet() -> None:
        with ParquetFile(folder / "lists.parquet", catalogue, weights) as file:
            for chunk in chunks:
                parts.append(places_of(chunk.served(STRENGTH), names))
                file.add(parts[-1])

    parquet = _seconds(to_parquet)

    def to_sqlite() -> None:
        with SqliteFile(folder / "lists.sqlite", catalogue, weights) as file:
            for places in parts:
                file.add(places)

    sqlite = _seconds(to_sqlite)
    writer = SqliteFile(folder / "none", catalogue, weights)
    rows = [row for places in parts for row in writer.rows(places)]
    bare = _seconds(lambda: _bare(folder / "bare.sqlite", rows))
    for path in folder.iterdir():
        path.unlink()
    return {"ranking": ranking, "parquet": parquet / ranking, "sqlite": sqlite / bare}


def _bare(path: Path, rows: list[tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(f"CREATE TABLE lists ({', '.join(COLUMNS)})")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO lists VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")


def _seconds(call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
