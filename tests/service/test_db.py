"""The unit of work and the migrations, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from service import upgrade
from service.db import WRITES, Database
from service.revision import find_revision, head_revision
from service.tables import AuditRecord, DecisionRecord, DemandEdition, School, Table, User

MOMENT = datetime(2024, 10, 1, 9, 30, tzinfo=UTC)


def _downgrade(database: Database, revision: str) -> None:
    config = upgrade._config()
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def _add_and_fail(database: Database) -> None:
    with database.writing() as session:
        session.add(School(school_code="sch02", title_ru="Школа № 2"))
        session.flush()
        raise ZeroDivisionError


def test_unit_of_work_commits_all_or_nothing(database: Database) -> None:
    with database.writing() as session:
        session.add(School(school_code="sch01", title_ru="Школа № 1"))
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(database)
    with database.reading() as session:
        assert session.scalars(sa.select(School.school_code)).all() == ["sch01"]


def test_reading_leaves_nothing_behind(database: Database) -> None:
    with database.reading() as session:
        session.add(School(school_code="sch01", title_ru="Школа № 1"))
        session.flush()
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(School)) == 0


def test_concurrent_writers_lose_no_update(database: Database) -> None:
    with database.writing() as session:
        user = User(login="ivanova", password_hash="x", display_name="Педагог", role="counsellor")
        session.add(user)

    def fail_once(_: int) -> None:
        with database.writing() as session:
            query = sa.select(User).where(User.login == "ivanova").with_for_update()
            session.scalars(query).one().failure_count += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fail_once, range(8 * 300)))
    with database.reading() as session:
        assert session.scalar(sa.select(User.failure_count)) == 8 * 300


def test_tables_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    assert find_revision(database) == head_revision()


def test_the_last_file_is_the_head_of_the_migrations() -> None:
    assert ScriptDirectory.from_config(upgrade._config()).get_heads() == [head_revision()]


def test_migrations_run_with_data_forwards_and_back(database_url: str) -> None:
    database = Database(database_url)
    upgrade.upgrade_database(database, "0001")
    with database.writing() as session:
        session.execute(sa.text("INSERT INTO schools (school_code, title_ru) VALUES ('sch01', 'Школа № 1')"))
        # server defaults of booleans are what differs between the two databases
        session.execute(
            sa.text("INSERT INTO installation (installation_id, region_code, region_title) VALUES (1, 'u', 'Район')")
        )
    upgrade.upgrade_database(database)
    with database.writing() as session:
        session.execute(sa.text("INSERT INTO students (student_id, school_code) VALUES ('s1', 'sch01')"))
        assert session.execute(sa.text("SELECT synthetic FROM installation")).scalar() in (False, 0)
    _downgrade(database, "0001")
    upgrade.upgrade_database(database)
    with database.reading() as session:
        assert session.scalars(sa.select(School.title_ru)).all() == ["Школа № 1"]
    database.close()


def test_two_decisions_in_force_become_one(database_url: str) -> None:
    database = Database(database_url)
    upgrade.upgrade_database(database, "0003")
    with database.writing() as session:
        session.execute(sa.text("INSERT INTO schools (school_code, title_ru) VALUES ('sch01', 'Школа № 1')"))
        session.execute(sa.text("INSERT INTO students (student_id, school_code) VALUES ('s1', 'sch01')"))
        for number, pathway, word in ((1, "p1", "accepted"), (2, "p1", "declined"), (3, "p2", "pinned")):
            row = DecisionRecord(
                decision_id=number, student_id="s1", pathway_code=pathway, decision=word, actor_id="user:1",
                decided_by="Педагог", decided_at=MOMENT,
            )  # fmt: skip
            session.add(row)
    upgrade.upgrade_database(database)
    with database.reading() as session:
        in_force = sa.select(DecisionRecord.decision_id).where(DecisionRecord.withdrawn_at.is_(None))
        assert session.scalars(in_force.order_by(DecisionRecord.decision_id)).all() == [2, 3]
        assert session.get_one(DecisionRecord, 1).withdrawn_at == MOMENT
    again = sa.update(DecisionRecord).where(DecisionRecord.decision_id == 1).values(withdrawn_at=None)
    with pytest.raises(sa.exc.IntegrityError):
        _try(database, again)
    _downgrade(database, "0003")
    _try(database, again)
    database.close()


def test_editions_of_before_learn_what_they_follow(database_url: str) -> None:
    database = Database(database_url)
    upgrade.upgrade_database(database, "0004")
    with database.writing() as session:
        for code, region, day in (
            ("b", "Край", "2024-01-31"),
            ("x", "Другой", "2023-01-31"),
            ("a", "Край", "2023-07-31"),
        ):
            row = "INSERT INTO demand_editions (edition_code, region, published_on, checksum, content, added_at) "
            values = {"code": code, "region": region, "day": day, "content": b"", "at": MOMENT.isoformat(" ")}
            session.execute(sa.text(row + "VALUES (:code, :region, :day, :code, :content, :at)"), values)
    upgrade.upgrade_database(database)
    with database.reading() as session:
        follows = dict(session.execute(sa.select(DemandEdition.edition_code, DemandEdition.follows)).all())
        assert follows == {"a": (), "b": ("a",), "x": ()}
    _downgrade(database, "0004")
    upgrade.upgrade_database(database)
    database.close()


def test_moments_keep_their_zone(database: Database) -> None:
    with database.writing() as session:
        session.add(User(login="a", password_hash="x", display_name="А", role="counsellor", locked_until=MOMENT))
    with database.reading() as session:
        assert session.scalar(sa.select(User.locked_until)) == MOMENT
    with pytest.raises(sa.exc.StatementError, match="a moment needs its zone"), database.writing() as session:
        session.execute(sa.update(User).values(locked_until=MOMENT.replace(tzinfo=None)))


def _try(database: Database, statement: sa.Executable) -> None:
    with database.writing() as session:
        session.execute(statement)


def test_checks_hold_in_the_database(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        _try(database, sa.insert(User).values(login="a", password_hash="x", display_name="А", role="director"))
    with pytest.raises(sa.exc.IntegrityError):  # foreign keys are on
        _try(
            database,
            sa.insert(User).values(
                login="a", password_hash="x", display_name="А", role="counsellor", school_code="sch99"
            ),
        )


def _audit_row(session: Session) -> None:
    session.add(
        AuditRecord(
            audit_id=1, recorded_at=MOMENT, actor_id="user:1", deed="x", subject="y", facts={},
            previous_hash="0", record_hash="1",
        )
    )  # fmt: skip


def test_the_database_refuses_to_change_audit_and_editions(database: Database) -> None:
    with database.writing() as session:
        _audit_row(session)
        session.add(
            DemandEdition(
                edition_code="e1", region="Край", published_on=MOMENT.date(), checksum="c", content=b"", added_at=MOMENT
            )
        )
    for statement in (
        sa.update(AuditRecord).values(deed="z"),
        sa.delete(AuditRecord),
        sa.update(DemandEdition).values(region="Другой"),
        sa.delete(DemandEdition),
    ):
        with pytest.raises(sa.exc.DBAPIError, match=r"only added to|never changed"):
            _try(database, statement)
