"""Which tables a database has, and which this version of the program needs: asked at every start, without Alembic."""

from pathlib import Path

import sqlalchemy as sa

from service.db import Database
from service.errors import NotReadyError

MIGRATIONS = Path(__file__).parent / "migrations"
NO_TABLES = "База не готова: выполните orientir db upgrade."
KEPT_IN = sa.table("alembic_version", sa.column("version_num", sa.String))


def find_revision(database: Database) -> str | None:
    """Revision the database is at; None before the first migration."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table(KEPT_IN.name):
            return None
        return connection.scalar(sa.select(KEPT_IN.c.version_num))


def head_revision() -> str:
    """Revision this version of the program needs: the number that the name of the last migration begins with."""
    numbers = [path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")]
    if not numbers:  # the package was built without its migrations
        raise FileNotFoundError(MIGRATIONS / "versions")
    return max(numbers)


def check_tables(database: Database) -> None:
    """Refuse to go on with an old or an empty database."""
    if find_revision(database) != head_revision():
        raise NotReadyError(NO_TABLES)
