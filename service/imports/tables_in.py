"""What a row of each file becomes in the tables."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.instruments import AnswerError, Instrument, score_table
from recommender.region import term_end
from service.imports.reading import FileRow, ReadTable
from service.imports.storing import Difference, Key, Row, RowsOnDemand, core_table, store_groups
from service.imports.vocabularies import students_of
from service.tables import (
    Admission,
    AnswerSheet,
    Enrolment,
    ExamResult,
    GuidanceHoursHeld,
    Host,
    KnowledgeResult,
    PathwayOffer,
    ScaleScore,
    School,
    Table,
    TermMark,
    TrialAttendance,
    Wish,
)


@dataclass(frozen=True, slots=True)
class Plain:
    """A file whose row is one row of a table, column by column."""

    table: type[Table]
    key: tuple[str, ...]
    columns: tuple[str, ...]
    by_student: bool = True


PLAIN: dict[str, Plain] = {
    "schools": Plain(School, ("school_code",), ("school_code", "title_ru", "x_km", "y_km"), by_student=False),
    "hosts": Plain(Host, ("host_code",), ("host_code", "title_ru", "host_kind", "x_km", "y_km"), by_student=False),
    "catalogue": Plain(
        PathwayOffer,
        ("school_year", "pathway_code"),
        (
            "school_year", "pathway_code", "kind", "programme_code", "title_ru", "host_code", "grades", "profiles",
            "subjects", "spo_codes", "seats", "hours", "dates", "apply_until", "conditions_met", "restriction_tags",
            "level",
        ),
        by_student=False,
    ),
    "knowledge": Plain(
        KnowledgeResult,
        ("student_id", "taken_on", "subject_code"),
        ("student_id", "taken_on", "subject_code", "points", "points_max"),
    ),
    "trial_attendance": Plain(
        TrialAttendance,
        ("student_id", "pathway_code", "signed_up_on"),
        ("student_id", "pathway_code", "signed_up_on", "attended_on", "rating_before", "rating_after"),
    ),
    "enrolments": Plain(
        Enrolment,
        ("student_id", "pathway_code", "school_year"),
        ("student_id", "pathway_code", "school_year", "enrolled_on", "left_on", "final_mark"),
    ),
    "admissions": Plain(
        Admission,
        ("student_id", "admitted_on"),
        ("student_id", "admitted_on", "destination", "spo_codes", "by_profile"),
    ),
    "exam_results": Plain(
        ExamResult,
        ("student_id", "exam", "passed_on", "subject_code"),
        ("student_id", "exam", "passed_on", "subject_code", "points"),
    ),
}  # fmt: skip


HOURS = ("planned_hours", "held_hours")


@dataclass(frozen=True, slots=True)
class StoredChange:
    """One group of rows that a file brought or changed, as it was before; nothing where it is new."""

    table: str
    group: tuple[str, ...]
    key: Key
    before: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file on its way in."""

    session: Session
    read: ReadTable
    school_code: str | None
    actor_id: str
    instrument: Instrument | None = None
    may_move_students: bool = False
    is_kept: bool = True  # else only compared: nothing is written, no lock is taken
    keeps_others: bool = False  # marks of which the file says nothing
    changes: list[StoredChange] | None = None  # what was before, where it may be undone

    def of_school(self, table: type[Table]) -> sa.ColumnElement[bool]:
        """Rows of students who are or were of this school."""
        return core_table(table).c.student_id.in_(students_of(self.school_code, former=True))

    def store(
        self,
        table: type[Table],
        *,
        group: Sequence[str],
        wanted: Mapping[Key, Sequence[Row]],
        where: sa.ColumnElement[bool] | None,
        removes: bool = True,
    ) -> Difference:
        """Bring groups of rows to what the file says; only compare them when the file is only checked."""
        stored = store_groups(
            self.session, table, group=group, wanted=wanted, where=where, keep=self.is_kept, removes=removes
        )
        if self.is_kept and self.changes is not None:
            name = core_table(table).name
            moved = (*sorted(stored.added, key=str), *sorted(stored.changed, key=str))
            self.changes.extend(StoredChange(name, tuple(group), key, stored.before.get(key, [])) for key in moved)
        return stored


def take_plain(incoming: Incoming, plain: Plain) -> Difference:
    """Rows of a file that is a table."""
    wanted = {
        tuple(row.cells[name] for name in plain.key): [{name: row.cells[name] for name in plain.columns}]
        for row in incoming.read.rows
    }
    where = incoming.of_school(plain.table) if plain.by_student else None
    return incoming.store(plain.table, group=plain.key, wanted=wanted, where=where)


def take_hours(incoming: Incoming) -> Difference:
    """Hours of classes: rows of the school, of no student."""
    group = ("school_code", "school_year", "class_title", "direction_code")
    wanted: dict[Key, list[Row]] = {}
    for row in incoming.read.rows:
        line = {"school_code": incoming.school_code, **{name: row.cells[name] for name in (*group[1:], *HOURS)}}
        wanted[tuple(line[name] for name in group)] = [line]
    mine = GuidanceHoursHeld.school_code == incoming.school_code
    return incoming.store(GuidanceHoursHeld, group=group, wanted=wanted, where=mine)


def check_points(incoming: Incoming) -> None:
    """Points above their maximum are a fault of two cells."""
    for row in incoming.read.rows:
        if row.cells["points"] > row.cells["points_max"]:
            found = f"{row.cells['points']:g}"
            incoming.read.blame(row, "points", found, "баллов не больше, чем points_max", "above_maximum")


def check_terms(incoming: Incoming, as_of: date) -> None:
    """Marks of a term are known when it has ended."""
    for row in incoming.read.rows:
        if row.wide and term_end(row.cells["school_year"], str(row.cells["term"])) > as_of:
            remedy = f"четверть ещё не окончена на {as_of:%d.%m.%Y}: уберите строку"
            incoming.read.blame(row, "term", None, remedy, "not_ended")


def take_marks(incoming: Incoming) -> Difference:
    """One row for each mark. Marks of subjects that a school's file has no mark of stay; our own format says it all."""
    heads = ("student_id", "school_year", "term")
    sources = {tuple(row.cells[name] for name in heads): row for row in incoming.read.rows}

    def marks_of(row: FileRow) -> list[Row]:
        head = {name: row.cells[name] for name in heads}
        return [{**head, "subject_code": code, "mark": mark} for code, mark in row.wide.items()]

    wanted = RowsOnDemand(sources, marks_of)
    return incoming.store(
        TermMark, group=heads, wanted=wanted, where=incoming.of_school(TermMark), removes=not incoming.keeps_others
    )


Lines = Callable[[Mapping[str, Any]], Iterable[tuple[str, int, str]]]


def _profile_lines(cells: Mapping[str, Any]) -> Iterable[tuple[str, int, str]]:
    for rank, name in enumerate(("first_profile", "second_profile"), start=1):
        if cells[name]:
            yield "profile", rank, cells[name]
    if cells["plan"]:
        yield "plan", 1, cells["plan"]
    yield from _ranked("profession", cells["profession_codes"])


def _ranked(kind: str, codes: Iterable[str]) -> Iterable[tuple[str, int, str]]:
    for rank, code in enumerate(dict.fromkeys(codes), start=1):
        yield kind, rank, code


SURVEYS: dict[str, Lines] = {
    "profile_survey": _profile_lines,
    "exam_survey": lambda cells: _ranked("exam", cells["subjects"]),
    "elective_survey": lambda cells: _ranked("elective", cells["programme_codes"]),
}


def take_survey(incoming: Incoming, survey: str) -> Difference:
    """One row for each thing named."""
    wanted: dict[Key, list[Row]] = {}
    for row in incoming.read.rows:
        head = {"student_id": row.cells["student_id"], "survey": survey, "stated_on": row.cells["surveyed_on"]}
        named = SURVEYS[survey](row.cells)
        lines: list[Row] = [{**head, "kind": kind, "rank": rank, "code": code} for kind, rank, code in named]
        wanted[tuple(head.values())] = lines
    where = sa.and_(incoming.of_school(Wish), Wish.survey == survey)
    return incoming.store(Wish, group=("student_id", "survey", "stated_on"), wanted=wanted, where=where)


def check_scores(incoming: Incoming) -> None:
    """A score beyond its scale is a fault of its cell."""
    instrument = incoming.instrument
    scales = {} if instrument is None else {scale.code: scale for scale in instrument.scales}
    for row in incoming.read.rows:
        for code, score in row.wide.items():
            scale = scales[code]
            if not scale.minimum <= score <= scale.maximum:
                remedy = f"балл шкалы — от {scale.minimum:g} до {scale.maximum:g}"
                incoming.read.blame(row, code, None, remedy, "out_of_range")


def take_scores(incoming: Incoming) -> Difference:
    """Scores that somebody else counted: a sheet without answers, and its scales."""
    instrument = incoming.instrument
    if instrument is None:
        raise TypeError("scores need their instrument")
    sheets: dict[Key, list[Row]] = {}
    scores: dict[Key, list[Row]] = {}
    for row in incoming.read.rows:
        head = {
            "student_id": row.cells["student_id"],
            "method_code": instrument.code,
            "taken_on": row.cells["taken_on"],
        }
        key = tuple(head.values())
        sheets[key] = [{**head, "answers": {}, "answered_share": 1.0}]
        scores[key] = [{**head, "scale": scale.code, "score": row.wide.get(scale.code)} for scale in instrument.scales]
    return _store_sheets(incoming, instrument, sheets, scores)


def check_answers(incoming: Incoming) -> None:
    """An answer that the key does not know is a fault of its cell."""
    instrument = incoming.instrument
    if instrument is None:
        raise TypeError("answers need their instrument")
    remedies: dict[tuple[str, str], str | None] = {}
    for row in incoming.read.rows:
        for item, answer in row.wide.items():
            if (item, answer) not in remedies:
                remedies[item, answer] = _remedy(instrument, item, answer)
            remedy = remedies[item, answer]
            if remedy is not None:
                incoming.read.blame(row, item, None, remedy, "unknown_answer")


def _remedy(instrument: Instrument, item: str, answer: str) -> str | None:
    try:
        score_table(instrument, [{item: answer}])
    except AnswerError as error:
        allowed = error.facts.get("allowed")
        words = ", ".join(map(str, allowed)) if isinstance(allowed, list | tuple) else "см. ключ методики"
        return f"допускаются ответы: {words}"
    return None


def take_answers(incoming: Incoming) -> Difference:
    """Raw answers, and the scale scores that the instrument's key makes of them."""
    instrument = incoming.instrument
    if instrument is None:
        raise TypeError("answers need their instrument")
    rows = [row for row in incoming.read.rows if row.wide]
    blank: list[Key] = [
        (row.cells["student_id"], instrument.code, row.cells["taken_on"]) for row in incoming.read.rows if not row.wide
    ]
    sheets: dict[Key, list[Row]] = {key: [] for key in blank}
    scores: dict[Key, list[Row]] = {key: [] for key in blank}
    scored = score_table(instrument, [row.wide for row in rows])
    for row, points, share in zip(rows, scored.scores.tolist(), scored.answered_share.tolist(), strict=True):
        head = {
            "student_id": row.cells["student_id"],
            "method_code": instrument.code,
            "taken_on": row.cells["taken_on"],
        }
        key = tuple(head.values())
        sheets[key] = [{**head, "answers": dict(row.wide), "answered_share": share}]
        scores[key] = [
            {**head, "scale": scale.code, "score": None if math.isnan(point) else point}
            for scale, point in zip(instrument.scales, points, strict=True)
        ]
    return _store_sheets(incoming, instrument, sheets, scores)


def _store_sheets(
    incoming: Incoming, instrument: Instrument, sheets: Mapping[Key, Sequence[Row]], scores: Mapping[Key, Sequence[Row]]
) -> Difference:
    group = ("student_id", "method_code", "taken_on")
    difference = Difference()
    for table, wanted in ((AnswerSheet, sheets), (ScaleScore, scores)):
        where = sa.and_(incoming.of_school(table), core_table(table).c.method_code == instrument.code)
        stored = incoming.store(table, group=group, wanted=wanted, where=where)
        difference = stored if table is AnswerSheet else difference.merged(stored)
    return difference
