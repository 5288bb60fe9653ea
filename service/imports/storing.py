"""Brings rows of a table to what a file says: adds, changes, leaves alone; the same file twice changes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.tables import Table

AT_ONCE = 20_000  # groups that are compared at a time
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


class RowsOnDemand(Mapping[Key, Sequence[Row]]):
    """Rows by group that are made when they are asked for: a file of many rows is never all of them at once."""

    def __init__(self, sources: Mapping[Key, Any], make: Callable[[Any], Sequence[Row]]) -> None:
        self._sources, self._make = sources, make

    def __getitem__(self, key: Key) -> Sequence[Row]:
        return self._make(self._sources[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def store_groups(
    session: Session,
    table: type[Table],
    *,
    group: Sequence[str],
    wanted: Mapping[Key, Sequence[Row]],
    where: sa.ColumnElement[bool] | None = None,
    keep: bool = True,
    removes: bool = True,
) -> Difference:
    """Make the rows of each wanted group what they should be; groups that the file does not name stay.

    `where` narrows the reading of what is there; it must cover every wanted group. Without `keep` the rows are compared
    and left as they are; without `removes` rows of a group that the file does not have stay.
    """
    core, difference = core_table(table), Difference()
    for keys in _in_turn(group, wanted):
        narrowed = where
        if group[0] == "student_id" and len(keys) < len(wanted):
            students = core.c.student_id.in_(sorted({key[0] for key in keys}))
            narrowed = students if where is None else sa.and_(where, students)
        present = _present(session, core, group, narrowed)
        change = _Change(core, removes=removes)
        for key in keys:
            before = present.get(key, [])
            if change.compare(before, wanted[key]):
                (difference.changed if before else difference.added).add(key)
                if before:
                    difference.before[key] = before
            else:
                difference.unchanged.add(key)
        if keep:
            change.execute(session)
    return difference


def _in_turn(group: Sequence[str], wanted: Mapping[Key, Sequence[Row]]) -> Iterator[list[Key]]:
    """Keys of many students in parts, all groups of one student in the same; else all at once."""
    if group[0] != "student_id" or len(wanted) <= AT_ONCE:
        yield list(wanted)
        return
    part: list[Key] = []
    for key in sorted(wanted, key=lambda each: str(each[0])):
        if len(part) >= AT_ONCE and key[0] != part[-1][0]:
            yield part
            part = []
        part.append(key)
    yield part


def _present(
    session: Session, core: sa.Table, group: Sequence[str], where: sa.ColumnElement[bool] | None
) -> dict[Key, list[Row]]:
    query = sa.select(core) if where is None else sa.select(core).where(where)
    present: dict[Key, list[Row]] = {}
    names = [column.name for column in core.columns]
    places = [names.index(name) for name in group]
    for row in session.execute(query):
        present.setdefault(tuple(row[place] for place in places), []).append(dict(zip(names, row, strict=True)))
    return present


class _Change:
    """Rows to delete, insert and update."""

    def __init__(self, core: sa.Table, *, removes: bool) -> None:
        self.core, self.removes = core, removes
        self.key = [column.name for column in core.primary_key]
        self.deleted: list[dict[str, Any]] = []
        self.inserted: list[Row] = []
        self.updated: list[dict[str, Any]] = []

    def compare(self, before: Sequence[Row], after: Sequence[Row]) -> bool:
        """Note what must be done to one group; False where nothing."""
        if not before:
            self.inserted += after
            return bool(after)
        old = {tuple(row[name] for name in self.key): row for row in before}
        new = {tuple(row[name] for name in self.key): row for row in after}
        if old == new:
            return False
        gone = [self._bound(row) for key, row in old.items() if key not in new] if self.removes else []
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
            insert_many(connection, self.core, self.inserted)
        if self.updated:
            names = [name for name in self.updated[0] if not name.startswith("key_")]
            values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
            connection.execute(sa.update(self.core).where(same).values(values), self.updated)


def insert_many(connection: sa.Connection, core: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows with the same columns; the driver is handed the values as they are, which is most of the time."""
    names = list(rows[0])
    dialect = connection.dialect
    statement = sa.insert(core).compile(dialect=dialect, column_keys=names)
    makers = {name: core.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names}
    columns = [
        (values if (make := makers[name]) is None else map(make, values))
        for name, values in ((name, [row[name] for row in rows]) for name in names)
    ]
    lines = zip(*columns, strict=True)
    if statement.positional:
        turn = [names.index(name) for name in statement.positiontup or names]
        values = list(lines) if turn == sorted(turn) else [tuple(line[place] for place in turn) for line in lines]
        connection.exec_driver_sql(str(statement), values)
        return
    connection.exec_driver_sql(str(statement), [dict(zip(names, line, strict=True)) for line in lines])
