"""Anybody's table of choices as offers: students, options and who chose what, described by a small TOML file.

`docs/bench.md` describes the format. Errors are TableValueError; their facts name `fault` (a code), file, row, column
and what was found.
"""

import csv
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.contest import Offers
from recommender.errors import TableValueError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DESCRIPTION = "dataset.toml"
OFFERED = ("listed", "all")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
ISO_TIME = re.compile(r"\d{4}(-\d{2}){0,2}([T ]\d{2}:\d{2}(:\d{2})?)?")
EVERY = 5  # without a time, every fifth student is held back
KEYS = {"students": ("file", "id", "features"), "options": ("file", "id", "features"),
        "choices": ("file", "student", "option")}  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """A described table of choices, split.

    Attributes
    ----------
    title : str
    data : str, "real" or "synthetic"
    term_names : tuple of str
    known, asked : Offers
        What is learned from, and what is held back: the latest time, or every fifth student where there is no time.
    """

    title: str
    data: str
    term_names: tuple[str, ...]
    known: Offers
    asked: Offers


@dataclass(frozen=True)
class _Table:
    """A CSV file: its name, rows as text, and where each id stands."""

    file: str
    rows: Sequence[Mapping[str, str]]
    position: Mapping[str, int]

    def numbers(self, columns: Sequence[str]) -> Floats:
        """Columns as numbers, (n_rows, n_columns); an empty cell is 0 = not known."""
        found = np.zeros((len(self.rows), len(columns)))
        for number, row in enumerate(self.rows):
            for place, column in enumerate(columns):
                found[number, place] = _number(row[column], self.file, number, column)
        return found

    def codes(self, column: str | None) -> Ints:
        """Ids of the values of a column; of the rows themselves without one."""
        if column is None:
            return np.arange(len(self.rows))
        return np.unique([row[column] for row in self.rows], return_inverse=True)[1]


def _fault(fault: str, file: str, **facts: Any) -> TableValueError:
    where = ", ".join(f"{name} {found}" for name, found in facts.items())
    return TableValueError(
        f"{file}: {fault.replace('_', ' ')}: {where}; see docs/bench.md", fault=fault, file=file, **facts
    )


def _number(cell: str, file: str, number: int, column: str) -> float:
    try:
        found = float(cell or 0)
    except ValueError:
        found = float("nan")
    if not np.isfinite(found):
        raise _fault("not_a_number", file, row=number + 2, column=column, found=cell)
    return found


def _read(folder: Path, description: Mapping[str, Any], part: str, columns: Sequence[str], key: str | None) -> _Table:
    file = str(description[part]["file"])
    path = folder / file
    if not path.is_file():
        raise _fault("missing_file", file, column=f"{part}.file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise _fault("not_csv", file, found=str(error)) from error
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise _fault("missing_column", file, column=missing[0])
    for number, row in enumerate(rows):
        if None in row or None in row.values():
            raise _fault("wrong_length", file, row=number + 2)
    position: dict[str, int] = {}
    for number, row in enumerate(rows if key else ()):
        if row[str(key)] in position:
            raise _fault("twice", file, row=number + 2, column=key, found=row[str(key)])
        position[row[str(key)]] = number
    return _Table(file, rows, position)


def read_description(folder: Path) -> dict[str, Any]:
    """The TOML file of a dataset, its required keys checked.

    Raises
    ------
    TableValueError
        Missing, unreadable, or without a key.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise _fault("missing_file", DESCRIPTION, column="")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _fault("not_toml", DESCRIPTION, found=str(error)) from error
    for part, keys in KEYS.items():
        for key in keys:
            if key not in found.get(part, {}):
                raise _fault("missing_key", DESCRIPTION, column=f"{part}.{key}")
        features = found[part].get("features", ["-"])
        if not isinstance(features, list) or not features or not all(isinstance(name, str) for name in features):
            raise _fault("not_a_list", DESCRIPTION, column=f"{part}.features", found=features)
    if (offered := found["choices"].get("offered", "listed")) not in OFFERED:
        raise _fault("unknown_word", DESCRIPTION, column="choices.offered", found=offered)
    return found


def read_dataset(folder: Path) -> Dataset:
    """Read a described table of choices and hold a part of it back.

    Parameters
    ----------
    folder : Path
        With `dataset.toml` and the tables it names.

    Returns
    -------
    Dataset

    Raises
    ------
    TableValueError
    """
    about = read_description(folder)
    students, options = about["students"], about["options"]
    people = _read(
        folder, about, "students", [students["id"], *students["features"], *_given(students, "group")], students["id"]
    )
    things = _read(
        folder, about, "options", [options["id"], *options["features"], *_given(options, "programme")], options["id"]
    )
    made = _choices(folder, about, people, things)
    own, theirs = people.numbers(students["features"]), things.numbers(options["features"])
    rows = made.student_of[made.queries]
    names, terms = _terms(about, own[rows], theirs[made.what])
    whole = Offers(
        terms=terms,
        relevance=made.relevance,
        queries=made.queries,
        pathways=made.what,
        programmes=things.codes(options.get("programme"))[made.what],
        students=own[made.student_of],
        who=made.student_of,
        groups=people.codes(students.get("group"))[made.student_of],
        rules=_rules(about, own[rows], theirs[made.what]),
    )
    for word, part in (("learned_from", ~made.is_held), ("held_back", made.is_held)):
        if not (made.relevance[part[made.queries]] > 0).any() or not _has_a_choice(whole, part):
            raise _fault("nothing_to_judge", about["choices"]["file"], found=word)
    known, asked = (whole.of_queries(np.flatnonzero(part)) for part in (~made.is_held, made.is_held))
    return Dataset(str(about.get("title", folder.name)), str(about.get("data", "real")), names, known, asked)


@dataclass(frozen=True)
class _Choices:
    """Rows of choice sets, and of each set its student and whether it is held back."""

    queries: Ints
    what: Ints
    relevance: Floats
    student_of: Ints
    is_held: NDArray[np.bool_]


def _choices(folder: Path, about: Mapping[str, Any], people: _Table, things: _Table) -> _Choices:
    """One choice set for each student and time."""
    choices = about["choices"]
    columns = [choices["student"], choices["option"], *_given(choices, "relevance", "time")]
    rows = _read(folder, about, "choices", columns, None)
    who, what = (_positions(rows, choices[word], table) for word, table in (("student", people), ("option", things)))
    times = [row[choices["time"]] if "time" in choices else "" for row in rows.rows]
    _check_once(rows, choices["option"], list(zip(who.tolist(), times, what.tolist(), strict=True)))
    sets = sorted(set(zip(who.tolist(), times, strict=True)))
    place = {key: number for number, key in enumerate(sets)}
    queries = np.array([place[key] for key in zip(who.tolist(), times, strict=True)], dtype=np.int64)
    relevance = rows.numbers([choices["relevance"]])[:, 0] if "relevance" in choices else np.ones(len(who))
    if (relevance < 0).any():
        row = int(np.flatnonzero(relevance < 0)[0])
        raise _fault("below_zero", rows.file, row=row + 2, column=choices["relevance"], found=float(relevance[row]))
    if choices.get("offered", "listed") == "all":
        queries, what, relevance = _everything(queries, what, relevance, len(things.rows))
    student_of = np.array([student for student, _ in sets], dtype=np.int64)
    is_held = student_of % EVERY == 0
    if "time" in choices:
        order = _in_order(times, rows.file, choices["time"])
        last = max(order.values(), default=0)
        is_held = np.array([order[time] == last for _, time in sets], dtype=bool)
    return _Choices(queries, what, relevance, student_of, is_held)


def _in_order(times: Sequence[str], file: str, column: str) -> dict[str, int]:
    """Place of each time: numbers by size, dates and years as ISO 8601 writes them; nothing else is guessed at."""
    known = dict.fromkeys(times)
    if all(NUMBER.fullmatch(time) for time in known):
        return {time: place for place, time in enumerate(sorted(known, key=float))}
    if odd := next((time for time in times if not ISO_TIME.fullmatch(time)), None):
        raise _fault("not_a_time", file, row=times.index(odd) + 2, column=column, found=odd)
    return {time: place for place, time in enumerate(sorted(known))}


def _check_once(rows: _Table, column: str, keys: Sequence[tuple[int, str, int]]) -> None:
    """Nobody is offered the same thing twice at the same time."""
    seen: set[tuple[int, str, int]] = set()
    for number, key in enumerate(keys):
        if key in seen:
            raise _fault("twice", rows.file, row=number + 2, column=column, found=rows.rows[number][column])
        seen.add(key)


def _given(description: Mapping[str, Any], *keys: str) -> list[str]:
    return [description[key] for key in keys if key in description]


def _has_a_choice(offers: Offers, part: NDArray[np.bool_]) -> bool:
    """Whether anybody of a part had more than one thing to choose from."""
    return bool((np.bincount(offers.queries, minlength=len(part))[part] > 1).any())


def _positions(rows: _Table, column: str, table: _Table) -> Ints:
    for number, row in enumerate(rows.rows):
        if row[column] not in table.position:
            raise _fault("unknown_id", rows.file, row=number + 2, column=column, found=row[column])
    return np.array([table.position[row[column]] for row in rows.rows], dtype=np.int64)


def _everything(queries: Ints, what: Ints, relevance: Floats, count: int) -> tuple[Ints, Ints, Floats]:
    """Choices among all options: what is not listed was passed over."""
    table = np.zeros((int(queries.max(initial=-1)) + 1, count))
    np.maximum.at(table, (queries, what), relevance)
    rows, columns = np.indices(table.shape)
    return rows.ravel(), columns.ravel(), table.ravel()


def _terms(about: Mapping[str, Any], own: Floats, theirs: Floats) -> tuple[tuple[str, ...], Floats]:
    """Products that the description names; all products and the options' features themselves where it names none."""
    left, right = list(about["students"]["features"]), list(about["options"]["features"])
    named: Mapping[str, Sequence[str]] = about.get("terms") or {
        **{f"{s} x {o}": (s, o) for s in left for o in right},
        **{o: (o,) for o in right},
    }
    columns = []
    for name, factors in named.items():
        column = np.ones(len(own))
        for factor in factors:
            if factor not in left and factor not in right:
                raise _fault("unknown_feature", DESCRIPTION, column=f"terms.{name}", found=factor)
            column = column * (own[:, left.index(factor)] if factor in left else theirs[:, right.index(factor)])
        columns.append(column)
    return tuple(named), np.column_stack(columns)


def _rules(about: Mapping[str, Any], own: Floats, theirs: Floats) -> dict[str, Floats]:
    """Interest correlation where the description says which features are the same interests on both sides."""
    if "correlation" not in about:
        return {}
    wanted = {side: list(about["correlation"].get(side, ())) for side in ("students", "options")}
    if len(wanted["students"]) != len(wanted["options"]) or len(wanted["students"]) < 2:
        raise _fault("uneven_correlation", DESCRIPTION, column="correlation")
    sides = []
    for side, values in (("students", own), ("options", theirs)):
        features = list(about[side]["features"])
        if odd := [feature for feature in wanted[side] if feature not in features]:
            raise _fault("unknown_feature", DESCRIPTION, column=f"correlation.{side}", found=odd[0])
        around = values[:, [features.index(feature) for feature in wanted[side]]]
        sides.append(around - around.mean(axis=1, keepdims=True))
    left, right = sides
    length = np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
    return {"interest_correlation": (left * right).sum(axis=1) / np.maximum(length, 1e-9)}
