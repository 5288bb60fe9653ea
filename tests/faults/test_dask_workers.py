"""A batch that two Dask workers make, one of which is killed meanwhile: the same bytes as made here alone."""

import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from distributed import Client

from service.access import OPERATOR
from service.batches.actions import ask_for_batch
from service.batches.making import make_parts, write_file
from service.batches.ranking import students_of
from service.batches.schemas import NewBatch
from service.db import open_database
from service.recommendations.shelf import Shelf
from service.settings import Settings
from service.tables import Batch
from tests.conftest import ROOT, Made, copy_installation, environment_of, free_port

CHUNK = 40  # students: many chunks, so that there is much left to do when a worker dies
AT = 0.2  # of the work done
PARQUET = NewBatch(file_format="parquet", reason="сверка двух способов")


@pytest.fixture(scope="module")
def folder(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample district, and nobody else in it."""
    folder = tmp_path_factory.mktemp("dask")
    copy_installation(made.folder, folder)
    return folder


@contextmanager
def dask(folder: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """A scheduler and two workers without a nanny, as on other machines: they know this installation by themselves."""
    environment = environment_of(folder)
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = ["distributed.cli.dask_scheduler", "--port", str(port), *local]
    worker = ["distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", *local]
    place = folder / "workers"
    place.mkdir(exist_ok=True)
    commands = [scheduler, [*worker, "--local-directory", str(place)], [*worker, "--local-directory", str(place)]]
    children = []
    try:
        for command in commands:
            children.append(
                subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
            )
            _wait_for(port)
        yield address, children[1:]
    finally:
        for child in reversed(children):  # nothing of theirs is kept: a worker that is told to end may take its time
            child.kill()
        for child in children:
            child.wait(30)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


def parquet(folder: Path, address: str | None, victims: list["subprocess.Popen[bytes]"]) -> bytes:
    """The file of a batch of everybody, by workers of whom the first is killed on the way, or by this process."""
    settings = Settings(
        database_url=f"sqlite:///{folder}/orientir.sqlite",
        models_dir=folder / "models",
        secret_key_file=folder / "secret.key",
        dask=address,
    )

    def strike(share: float) -> None:
        if share >= AT and victims and victims[0].poll() is None:
            victims[0].send_signal(signal.SIGKILL)
            victims[0].wait()

    with closing(open_database(settings)) as database:
        with database.writing() as session:
            number = ask_for_batch(session, actor=OPERATOR, wanted=PARQUET, settings=settings).batch_id
        with database.reading() as session:
            batch, serving = session.get_one(Batch, number), Shelf(settings).take(session)
            students = students_of(session, batch, serving.today.school_year)
            session.expunge(batch)
        chunks = [students[first : first + CHUNK] for first in range(0, len(students), CHUNK)]
        assert len(chunks) > 10
        parts = make_parts(database, settings, serving, batch, chunks, strike)
        target = folder / f"{number}.parquet"
        assert write_file(serving, batch, parts, target) > len(students)
        return target.read_bytes()


def test_a_killed_dask_worker_changes_no_byte(folder: Path) -> None:
    alone = parquet(folder, None, [])
    with dask(folder) as (address, workers):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Dask about itself
            with Client(address) as client:
                client.wait_for_workers(2, timeout=60)
            together = parquet(folder, address, workers)
        assert workers[0].returncode == -signal.SIGKILL
        assert workers[1].poll() is None
    assert together == alone
