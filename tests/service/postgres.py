"""A PostgreSQL cluster of the tests' own: made in a temporary folder, gone when the tests end."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

USER = "orientir"


def find_binaries() -> Path | None:
    """Folder of initdb and pg_ctl; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def _run(*command: str | Path, folder: Path) -> None:
    """Run as `postgres` when we are root: initdb refuses root."""
    prefix = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    done = subprocess.run(
        [*prefix, *map(str, command)], capture_output=True, text=True, cwd=folder, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr or done.stdout


@contextmanager
def cluster() -> Iterator[str]:
    """URL of an empty cluster's `postgres` database, reached by a Unix socket."""
    binaries = find_binaries()
    assert binaries is not None
    with TemporaryDirectory(prefix="orientir-pg-") as name:  # short path: a socket's path has at most 107 bytes
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data, log = folder / "data", folder / "log"
        _run(
            binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N", folder=folder
        )
        careless = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' {careless}"
        _run(binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start", folder=folder)
        try:
            yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
        finally:
            _run(binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop", folder=folder)
