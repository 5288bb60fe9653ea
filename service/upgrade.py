"""Brings a database to the tables of this version of the program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service import audit
from service.db import WRITES, Database
from service.errors import NotReadyError

MIGRATIONS = Path(__file__).parent / "migrations"
ENDS_ARE_SEALED = "0011"
NO_TABLES = "База не готова: выполните orientir db upgrade."


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade_database(database: Database, revision: str = "head") -> None:
    """Run the migrations that this database has not seen."""
    config, found = _config(), find_revision(database)
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    # only then: an end whose seal was lost later is not sealed again, or rows could be taken off unnoticed
    if revision == "head" and found is not None and found < ENDS_ARE_SEALED:
        with database.writing() as session:
            audit.seal_old_end(session)


def find_revision(database: Database) -> str | None:
    """Revision the database is at; None before the first migration."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """Revision this version of the program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:  # the package was built without its migrations
        raise FileNotFoundError(MIGRATIONS / "versions")
    return head


def check_tables(database: Database) -> None:
    """Refuse to go on with an old or an empty database."""
    if find_revision(database) != head_revision():
        raise NotReadyError(NO_TABLES)
