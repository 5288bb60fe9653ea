"""Guards that the database itself keeps, in both dialects."""

from alembic import op


def refuse_change(table: str, deed: str, reason: str) -> None:
    """Make the database itself refuse to update or delete rows of a table."""
    name = f"refuse_{deed}_{table}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} BEFORE {deed} ON {table} BEGIN SELECT RAISE(ABORT, '{reason}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{reason}'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")


def allow_change(table: str, deed: str) -> None:
    """Undo `refuse_change`."""
    name = f"refuse_{deed}_{table}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
        return
    op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute(f"DROP FUNCTION {name}")
