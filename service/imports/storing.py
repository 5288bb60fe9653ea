"""Brings rows of a table to what a file says: adds, changes, leaves alone; the same file twice changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.tables import Table

Row = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass
class Difference:
    """Keys of groups by what happened to them."""

    added: set[Key] = field(default_factory=set)
    changed: set[Key] = field(default_factory=set)
    unchanged: set[Key] = field(default_factory=set)
    before: dict[Key, list[Row]] = field(default_factory=dict)  # rows of the changed groups as they were

    def merged(self, other: "Difference") -> "Difference":
        """Of two tables that hold one row of a file: new where both are new, unchanged where neither changed."""
        changed = self.changed | other.changed | (self.added & other.unchanged) | (self.unchanged & other.added)
        added = (self.added | other.added) - changed
        unchanged = (self.unchanged | other.unchanged) - added - changed
        return Difference(added, changed, unchanged, {**self.before, **other.before})


def core_table(table: type[Table]) -> sa.Table:
    """The table behind a class."""
    found = table.__table__
    if not isinstance(found, sa.Table):
        raise TypeError(f"{table.__name__} is not a plain table")
    return found


def store_groups(
    session: Session,
    table: type[Table],
    *,
    group: Sequence[str],
    wanted: Mapping[Key, Sequence[Row]],
    where: sa.ColumnElement[bool] | None = None,
    keep: bool = True,
) -> Difference:
    """Make the rows of each wanted group what they should be; groups that the file does not name stay.

    `where` narrows the reading of what is there; it must cover every wanted group.
    Without `keep` the rows are compared and left as they are.
    """
    core = core_table(table)
    query = sa.select(core) if where is None else sa.select(core).where(where)
    present: dict[Key, list[Row]] = {}
    names = [column.name for column in core.columns]
    places = [names.index(name) for name in group]
    for row in session.execute(query):
        key = tuple(row[place] for place in places)
        if key in wanted:
            present.setdefault(key, []).append(dict(zip(names, row, strict=True)))
    difference, change = Difference(), _Change(core)
    for key, rows in wanted.items():
        before = present.get(key, [])
        if change.compare(before, rows):
            (difference.changed if before else difference.added).add(key)
            if before:
                difference.before[key] = before
        else:
            difference.unchanged.add(key)
    if keep:
        change.execute(session)
    return difference


class _Change:
    """Rows to delete, insert and update."""

    def __init__(self, core: sa.Table) -> None:
        self.core = core
        self.key = [column.name for column in core.primary_key]
        self.deleted: list[dict[str, Any]] = []
        self.inserted: list[Row] = []
        self.updated: list[dict[str, Any]] = []

    def compare(self, before: Iterable[Row], after: Iterable[Row]) -> bool:
        """Note what must be done to one group; False where nothing."""
        old = {tuple(row[name] for name in self.key): row for row in before}
        new = {tuple(row[name] for name in self.key): row for row in after}
        if old == new:
            return False
        gone = [self._bound(row) for key, row in old.items() if key not in new]
        come = [row for key, row in new.items() if key not in old]
        moved = [
            {**self._bound(row), **row}
            for key, row in new.items()
            if key in old and any(old[key][name] != value for name, value in row.items())
        ]
        self.deleted += gone
        self.inserted += come
        self.updated += moved
        return bool(gone or come or moved)

    def _bound(self, row: Row) -> dict[str, Any]:
        return {f"key_{name}": row[name] for name in self.key}

    def execute(self, session: Session) -> None:
        """Do it, each kind in one statement for many rows."""
        connection = session.connection()
        same = sa.and_(*(self.core.c[name] == sa.bindparam(f"key_{name}") for name in self.key))
        if self.deleted:
            connection.execute(sa.delete(self.core).where(same), self.deleted)
        if self.inserted:
            connection.execute(sa.insert(self.core), list(self.inserted))
        if self.updated:
            names = [name for name in self.updated[0] if not name.startswith("key_")]
            values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
            connection.execute(sa.update(self.core).where(same).values(values), self.updated)
