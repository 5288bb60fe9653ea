"""Making a batch: chunk by chunk into parts that survive whoever makes them, then one file, whole or not at all."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import sqlalchemy as sa

from service import audit
from service.access import OPERATOR
from service.batches.actions import batch_file, batch_folder
from service.batches.files import WRITERS
from service.batches.ranking import CHUNK, Places, rank_places, students_of
from service.clock import now
from service.db import Database, open_database
from service.jobs.doing import Held
from service.recommendations.shelf import Serving, Shelf
from service.settings import Settings
from service.tables import AuditRecord, Batch

ARRAYS = ("student", "kind", "rank", "pathway", "fit", "final")


class Task(NamedTuple):
    """A chunk by its place: whoever does it reads the rest from the database."""

    batch_id: int
    number: int
    key: str  # of the layout it must be made from


def make_held(database: Database, held: Held, *, settings: Settings, batch_id: int) -> str:
    """Do the job of a batch; broken off, it goes on with the parts that are there."""
    with database.reading() as session:
        batch = session.get_one(Batch, batch_id)
        serving = Shelf(settings).take(session)
        revision = session.scalar(sa.select(sa.func.max(AuditRecord.audit_id))) or 0
        student_ids = students_of(session, batch, serving.today.school_year)
        session.expunge(batch)
    chunks = [student_ids[first : first + CHUNK] for first in range(0, len(student_ids), CHUNK)]
    key = _layout_key(serving, batch)
    parts = make_parts(database, settings, batch_id, key, chunks, lambda share: held.report(0.9 * share))
    row_count = write_file(serving, batch, parts, batch_file(settings, batch))
    with database.writing() as session:
        row = session.get_one(Batch, batch_id)
        if row.removed_at is not None:  # given up, or a child of it was erased meanwhile: its folder is swept away
            held.finish(session, result="removed")
            return "removed"
        row.as_of, row.model_version = serving.today.as_of, serving.model.version
        row.edition_code = serving.edition.code if serving.edition is not None else None
        row.revision, row.student_count, row.row_count = revision, len(student_ids), row_count
        row.checksum = hashlib.sha256(batch_file(settings, batch).read_bytes()).hexdigest()
        row.expires_at = now() + timedelta(days=settings.batch_days)
        facts = {"students": len(student_ids), "model_version": serving.model.version}
        audit.record(session, actor=OPERATOR, deed="batch.made", subject=f"batch:{batch_id}", **facts)
        held.finish(session, result=f"batch {batch_id}")
    shutil.rmtree(batch_folder(settings, batch_id) / "parts", ignore_errors=True)
    return f"batch {batch_id}"


def _layout_key(serving: Serving, batch: Batch) -> str:
    """Parts of another model, list or day are not to be mixed in."""
    edition = serving.edition.code if serving.edition is not None else None
    told = [serving.model.version, edition, serving.today.as_of.isoformat(), batch.k, batch.demand_strength]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def make_parts(
    database: Database,
    settings: Settings,
    batch_id: int,
    key: str,
    chunks: Sequence[Sequence[str]],
    on_progress: Callable[[float], None],
) -> list[Path]:
    """Parts in their order, each made unless it is there already from an attempt that was broken off."""
    folder = batch_folder(settings, batch_id) / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    parts = [folder / f"{number:05}-{_part_key(key, chunk)}.npz" for number, chunk in enumerate(chunks)]
    missing = [number for number, part in enumerate(parts) if not part.is_file()]
    made = _ranked(database, settings, batch_id, [chunks[number] for number in missing])
    for done, (number, places) in enumerate(zip(missing, made, strict=True), start=1):
        _save(places, parts[number])
        on_progress(done / len(missing))
    return parts


def _ranked(database: Database, settings: Settings, batch_id: int, chunks: Sequence[Sequence[str]]) -> Iterator[Places]:
    """Chunks in their order: by this process, by several here, or by the workers of a Dask scheduler."""
    if settings.dask is None and settings.batch_processes == 1:
        shelf = Shelf(settings)
        yield from (_rank(database, shelf, batch_id, chunk) for chunk in chunks)
        return
    calls = (joblib.delayed(rank_chunk)(settings, batch_id, list(chunk)) for chunk in chunks)
    with _backend(settings):
        yield from joblib.Parallel(return_as="generator")(calls)


@contextmanager
def _backend(settings: Settings) -> Iterator[None]:
    if settings.dask is None:
        with joblib.parallel_config("loky", n_jobs=settings.batch_processes, inner_max_num_threads=1):
            yield
        return
    from dask.distributed import Client  # noqa: PLC0415 -- optional

    with Client(settings.dask), joblib.parallel_config("dask"):
        yield


def rank_chunk(settings: Settings, batch_id: int, student_ids: list[str]) -> Places:
    """Rank a chunk in whatever process this is: pseudonyms come in, places go out, rows are read here."""
    return _rank(*_here(settings), batch_id, student_ids)


def _rank(database: Database, shelf: Shelf, batch_id: int, student_ids: Sequence[str]) -> Places:
    with database.reading() as session:
        batch = session.get_one(Batch, batch_id)
        return rank_places(session, shelf.take(session), student_ids, batch.k, batch.demand_strength)


@lru_cache(maxsize=1)
def _here(settings: Settings) -> tuple[Database, Shelf]:
    """Database and ranker of a process that ranks for others, opened once."""
    return open_database(settings), Shelf(settings)


def _part_key(key: str, chunk: Sequence[str]) -> str:
    return hashlib.sha256(f"{key} {' '.join(chunk)}".encode()).hexdigest()[:16]


def _save(places: Places, part: Path) -> None:
    """A part is there whole or not at all."""
    beside = part.with_suffix(".making")
    with beside.open("wb") as file:
        np.savez(file, student_ids=np.array(places.student_ids), **{name: getattr(places, name) for name in ARRAYS})
    beside.replace(part)


def read_part(part: Path) -> Places:
    """A part as it was made."""
    with np.load(part, allow_pickle=False) as stored:
        return Places(tuple(stored["student_ids"].tolist()), *(stored[name] for name in ARRAYS))


def write_file(serving: Serving, batch: Batch, parts: Sequence[Path], target: Path) -> int:
    """One file of all parts; number of its places."""
    beside = target.with_name(f".{target.name}")
    beside.unlink(missing_ok=True)
    weights = [None if np.isnan(weight) else float(weight) for weight in serving.recommender.demand.weights]
    count = 0
    with WRITERS[batch.file_format](beside, serving.catalogue, weights) as writer:
        for part in parts:
            places = read_part(part)
            writer.add(places)
            count += len(places)
    beside.chmod(0o600)
    beside.replace(target)
    return count
