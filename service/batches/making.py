"""Making a batch: chunk by chunk into parts that survive whoever makes them, then one file, whole or not at all."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import joblib
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import OPERATOR, Actor
from service.batches.actions import ask_for_batch, batch_file, batch_folder, batch_row
from service.batches.files import WRITERS
from service.batches.ranking import CHUNK, Changed, Places, rank_places, students_of
from service.batches.schemas import BatchRow, NewBatch
from service.clock import now
from service.db import Database, open_database
from service.errors import ConflictError
from service.events.announcing import BATCH_FINISHED, announce
from service.jobs.actions import BATCH
from service.jobs.doing import Held, do_job
from service.jobs.leases import claim_job
from service.recommendations.shelf import Serving, Shelf
from service.settings import Settings, get_settings
from service.tables import AuditRecord, Batch

ARRAYS = ("student", "kind", "rank", "pathway", "fit", "final")


def make_held(database: Database, held: Held, *, settings: Settings, batch_id: int) -> str:
    """Do the job of a batch; broken off, it goes on with the parts that are there."""
    with database.reading() as session:
        batch = session.get_one(Batch, batch_id)
        serving = Shelf(settings).take(session)
        revision = session.scalar(sa.select(sa.func.max(AuditRecord.audit_id))) or 0
        students = students_of(session, batch, serving.today.school_year)
        session.expunge(batch)
    chunks = [students[first : first + CHUNK] for first in range(0, len(students), CHUNK)]
    parts = make_parts(database, settings, serving, batch, chunks, lambda share: held.report(0.9 * share))
    target = batch_file(settings, batch)
    row_count = write_file(serving, batch, parts, target)
    with target.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    with database.writing() as session:
        row = session.get_one(Batch, batch_id)
        if row.removed_at is not None:  # given up, or a child of it was erased meanwhile: its folder is swept away
            held.finish(session, result="removed")
            return "removed"
        row.as_of, row.model_version = serving.today.as_of, serving.model.version
        row.edition_code = serving.edition.code if serving.edition is not None else None
        row.revision, row.student_count, row.row_count = revision, len(students), row_count
        row.checksum, row.expires_at = checksum, now() + timedelta(days=settings.batch_days)
        facts = {"students": len(students), "model_version": serving.model.version}
        number = audit.record(session, actor=OPERATOR, deed="batch.made", subject=f"batch:{batch_id}", **facts)
        _announce(session, row, number)
        held.finish(session, result=f"batch {batch_id}")
    shutil.rmtree(batch_folder(settings, batch_id) / "parts", ignore_errors=True)
    return f"batch {batch_id}"


def _announce(session: Session, batch: Batch, number: int) -> None:
    """Tell the school that its file is there; a batch of the region is the operator's own business."""
    if batch.school_code is None:
        return
    data = {
        "batch_id": batch.batch_id,
        "student_count": batch.student_count,
        "row_count": batch.row_count,
        "model_version": batch.model_version,
        "demand_edition": batch.edition_code,
        "revision": batch.revision,
        "checksum": batch.checksum,
    }
    subject = f"batch:{batch.batch_id}"
    announce(
        session, number=number, event_type=BATCH_FINISHED, subject=subject, data=data, school_code=batch.school_code
    )


def make_now(database: Database, settings: Settings, *, actor: Actor, wanted: NewBatch, target: Path) -> BatchRow:
    """Ask for a batch and do its job at once, in this process; the file is copied to where it is wanted."""
    seconds = settings.job_lease_seconds
    with database.writing() as session:
        batch = ask_for_batch(session, actor=actor, wanted=wanted, settings=settings)
        number = batch.batch_id
        lease = claim_job(session, kinds=(BATCH,), seconds=seconds, job_id=batch.job_id)
    if lease is None:
        raise ConflictError("Выгрузку уже взял работник: её файл — в orientir job.", batch_id=number)
    do_job(database, lease, lambda held: make_held(database, held, settings=settings, batch_id=number), seconds=seconds)
    with database.reading() as session:
        made = session.get_one(Batch, number)
        shutil.copy(batch_file(settings, made), target)  # its owner's alone, as the original
        return batch_row(session, made)


def make_parts(
    database: Database,
    settings: Settings,
    serving: Serving,
    batch: Batch,
    chunks: Sequence[Sequence[Changed]],
    on_progress: Callable[[float], None],
) -> list[Path]:
    """Parts in their order, each made unless it is there already from an attempt that was broken off."""
    folder = batch_folder(settings, batch.batch_id) / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    parts = [folder / f"{number:05}-{_part_key(serving, batch, chunk)}.npz" for number, chunk in enumerate(chunks)]
    missing = [number for number, part in enumerate(parts) if not part.is_file()]
    wanted = [[student_id for student_id, _ in chunks[number]] for number in missing]
    made = _ranked(database, settings, serving, batch, wanted)
    for done, (number, places) in enumerate(zip(missing, made, strict=True), start=1):
        _save(places, parts[number])
        on_progress(done / len(missing))
    return parts


def _part_key(serving: Serving, batch: Batch, chunk: Sequence[Changed]) -> str:
    """Parts of another model, list, catalogue or day, or of facts of before, are not to be mixed in."""
    told = json.dumps([serving.layout, batch.k, batch.demand_strength, *chunk])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _ranked(
    database: Database, settings: Settings, serving: Serving, batch: Batch, chunks: Sequence[Sequence[str]]
) -> Iterator[Places]:
    """Chunks in their order: by this process, by several here, or by the workers of a Dask scheduler."""
    if settings.dask is None and settings.batch_processes == 1:
        for chunk in chunks:
            with database.reading() as session:
                places = rank_places(session, serving, chunk, batch.k, batch.demand_strength)
            yield places  # what is done with them reads nothing
        return
    own = settings if settings.dask is None else None  # keys do not travel to other machines
    asked = (own, serving.layout, batch.k, batch.demand_strength)
    calls = (joblib.delayed(rank_chunk)(*asked, chunk) for chunk in chunks)
    with _backend(settings):
        yield from joblib.Parallel(return_as="generator")(calls)


@contextmanager
def _backend(settings: Settings) -> Iterator[None]:
    if settings.dask is None:
        with joblib.parallel_config("loky", n_jobs=settings.batch_processes, inner_max_num_threads=1):
            yield
        return
    from dask.distributed import Client  # noqa: PLC0415 -- optional

    with Client(settings.dask), joblib.parallel_config("dask"):  # type: ignore[no-untyped-call]  # Dask has none
        yield


def rank_chunk(
    settings: Settings | None, layout: str, k: int, demand_strength: float, student_ids: list[str]
) -> Places:
    """Rank a chunk in another process: pseudonyms come in, places go out, rows and the ranker are read here."""
    database, shelf = _here(settings or get_settings())
    with database.reading() as session:
        serving = shelf.take(session)
        if serving.layout != layout:
            raise ConflictError("Модель или перечень сменились, пока готовилась выгрузка: она начнётся заново.")
        return rank_places(session, serving, student_ids, k, demand_strength)


@lru_cache(maxsize=1)
def _here(settings: Settings) -> tuple[Database, Shelf]:
    """Database and ranker of a process that ranks for others, opened once."""
    return open_database(settings), Shelf(settings)


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
