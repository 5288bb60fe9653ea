"""Brings a database to the tables of this version of the program."""

from alembic import command
from alembic.config import Config

from service import audit
from service.db import WRITES, Database
from service.revision import MIGRATIONS, find_revision

ENDS_ARE_SEALED = "0011"


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
