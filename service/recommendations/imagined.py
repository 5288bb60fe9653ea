"""A student's facts as they would be: read and refused as a file of ours would be, kept nowhere."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.instruments import Instrument
from recommender.region import term_end
from recommender.students import FactRow, FactRows, ReadingRow
from service.access import Actor
from service.clock import school_year_of
from service.errors import InvalidInputError
from service.imports.actions import Prepared, check_rows
from service.imports.formats import SCORES_MARK, get_format
from service.imports.reading import FileRow, read_table
from service.imports.tables_in import SURVEYS, Incoming
from service.imports.vocabularies import ImportTools, read_vocabularies
from service.installation import Today
from service.recommendations.what_if_schemas import ImaginedFacts, ImaginedTest
from service.recommendations.words import NOMINATIVE, day, inner, listed, mark
from service.students.facts import single_answers
from service.tables import Student, TermMark, Wish

MARKS, EXAMS = "marks", "exam_survey"
TERMS = (4, 3, 2, 1)
Term = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Imagining:
    """Whose facts would be otherwise, and when they are."""

    session: Session
    actor: Actor
    student: Student
    today: Today
    tools: ImportTools

    def terms(self) -> tuple[Term, ...]:
        """Ended terms of the last school year of which this student has marks; without any the last that ended."""
        stored = sa.select(TermMark.school_year, TermMark.term).where(TermMark.student_id == self.student.student_id)
        known = [(year, term) for year, term in self.session.execute(stored.distinct()) if self._has_ended(year, term)]
        if known:
            last = max(known)[0]
            return tuple(sorted(each for each in known if each[0] == last))
        first = int(self.today.school_year[:4])
        years = (f"{start}-{(start + 1) % 100:02d}" for start in (first, first - 1))
        return (next((year, term) for year in years for term in TERMS if self._has_ended(year, term)),)

    def _has_ended(self, school_year: str, term: int) -> bool:
        return term_end(school_year, str(term)) <= self.today.as_of

    def term_days(self) -> frozenset[date]:
        """When the marks of these terms were known."""
        return frozenset(term_end(year, str(term)) for year, term in self.terms())

    def surveyed_on(self) -> date:
        """Day of this school year's newest survey of exams; today where there was none."""
        stated = sa.select(sa.func.max(Wish.stated_on)).where(
            Wish.student_id == self.student.student_id, Wish.survey == EXAMS, Wish.stated_on <= self.today.as_of
        )
        found = self.session.scalar(stated)
        is_of_now = found is not None and school_year_of(found) == self.today.school_year
        return found if found is not None and is_of_now else self.today.as_of


@dataclass(frozen=True, slots=True)
class Imagined:
    """The facts as they would be, and how each of them was taken."""

    rows: FactRows
    understood: list[str]


def imagine_facts(imagining: Imagining, known: FactRows, wanted: ImaginedFacts) -> Imagined:
    """Change what is known of one student; InvalidInputError where an import would refuse it."""
    rows, understood = known, []
    if wanted.marks:
        rows, said = _with_marks(imagining, rows, wanted)
        understood += said
    if wanted.exams is not None:
        rows, told = _with_exams(imagining, rows, wanted.exams)
        understood.append(told)
    tests: dict[str, list[ImaginedTest]] = {}
    for test in wanted.tests:
        tests.setdefault(test.method_code, []).append(test)
    for code, taken in tests.items():
        rows, told = _with_test(imagining, rows, code, taken)
        understood.append(told)
    return Imagined(rows, understood)


def _with_marks(imagining: Imagining, known: FactRows, wanted: ImaginedFacts) -> tuple[FactRows, list[str]]:
    who, terms = imagining.student.student_id, imagining.terms()
    head = ["student_id", "school_year", "term", *(each.subject_code for each in wanted.marks)]
    marks = [repr(each.mark) for each in wanted.marks]
    read = _read(imagining, MARKS, [head, *([who, year, str(term), *marks] for year, term in terms)])
    new = [
        FactRow(who, subject, term_end(row.cells["school_year"], str(row.cells["term"])), value)
        for row in read
        for subject, value in row.wide.items()
    ]
    gone = {(fact.code, fact.known_on) for fact in new}
    said = [_mark_said(known.marks, code, new, terms) for code in dict.fromkeys(fact.code for fact in new)]
    return replace(known, marks=[*(fact for fact in known.marks if fact[1:3] not in gone), *new]), said


def _mark_said(known: Iterable[FactRow], code: str, new: Sequence[FactRow], terms: Sequence[Term]) -> str:
    days = {fact.known_on for fact in new}
    before = [fact.value for fact in known if fact.code == code and fact.known_on in days]
    after = next(fact.value for fact in new if fact.code == code)
    now = f"сейчас в среднем {mark(sum(before) / len(before))}" if before else "сейчас отметок нет"
    subject = NOMINATIVE.get(code, code)
    return f"{subject[0].upper()}{subject[1:]}: отметка {mark(after)} {terms_said(terms)}; {now}"


def terms_said(terms: Sequence[Term]) -> str:
    """Where a mark would stand."""
    year = terms[0][0]
    if len(terms) == 1:
        return f"за {terms[0][1]} четверть {year} учебного года"
    return f"во всех четвертях {year} учебного года"


def _with_exams(imagining: Imagining, known: FactRows, exams: Sequence[str]) -> tuple[FactRows, str]:
    who, on = imagining.student.student_id, imagining.surveyed_on()
    table = [["student_id", "surveyed_on", "subjects"], [who, on.isoformat(), ";".join(exams)]]
    (row,) = _read(imagining, EXAMS, table)
    new = [FactRow(who, code, on) for _, _, code in SURVEYS[EXAMS](row.cells)]
    before = [fact.code for fact in known.exam_wishes if fact.known_on == on]
    kept = [fact for fact in known.exam_wishes if fact.known_on != on]
    said = f"Экзамены: {_named(fact.code for fact in new)}; "
    said += f"сейчас в анкете от {day(on)}: {_named(before)}" if before else "сейчас анкеты этого года нет"
    return replace(known, exam_wishes=[*kept, *new]), said


def _named(codes: Iterable[str]) -> str:
    return listed([NOMINATIVE.get(code, code) for code in codes]) or "ни одного"


def _with_test(imagining: Imagining, known: FactRows, code: str, taken: Sequence[ImaginedTest]) -> tuple[FactRows, str]:
    who, on = imagining.student.student_id, imagining.today.as_of
    instrument = imagining.tools.find_instrument(f"{SCORES_MARK}{code}")
    if instrument is None:
        raise TypeError("scores are of an instrument")
    scales = list(dict.fromkeys(scale for test in taken for scale in test.scores))
    lines = [[who, on.isoformat(), *(_cell(test.scores.get(scale)) for scale in scales)] for test in taken]
    read = _read(imagining, f"{SCORES_MARK}{code}", [["student_id", "taken_on", *scales], *lines], instrument)
    answers = tuple(single_answers(instrument, [{}])[0])
    new = [
        ReadingRow(who, code, on, tuple(row.wide.get(scale, math.nan) for scale in instrument.scale_codes), answers)
        for row in read
    ]
    kept = [sheet for sheet in known.readings if (sheet.method_code, sheet.taken_on) != (code, on)]
    said = f"Новый тест «{inner(instrument.title_ru)}», пройден сегодня"
    return replace(known, readings=[*kept, *new]), said


def _cell(score: float | None) -> str:
    return "" if score is None else repr(score)


def _read(
    imagining: Imagining, table: str, lines: Iterable[Sequence[str]], instrument: Instrument | None = None
) -> Sequence[FileRow]:
    """Rows of a table of ours; what an import would say of it is the refusal."""
    session, tools, student, today = imagining.session, imagining.tools, imagining.student, imagining.today
    shape, of = get_format(tools.formats, table), sa.select(Student.student_id)
    vocabularies = read_vocabularies(session, tools, instrument, of.where(Student.student_id == student.student_id))
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    read = read_table(text.getvalue().encode(), shape, vocabularies, table, today.as_of)
    prepared = Prepared(imagining.actor, table, shape, student.school_code, instrument, read, today, checksum="")
    if not read.is_broken:
        check_rows(Incoming(session, read, student.school_code, imagining.actor.actor_id, instrument), prepared)
    if read.faults:
        faults = [fault.model_dump(include={"column", "code", "found", "remedy"}) for fault in read.faults]
        raise InvalidInputError(_refusal(shape.title_ru, faults), report={"table": table, "faults": faults})
    return read.rows


def _refusal(title: str, faults: Sequence[Mapping[str, str | None]]) -> str:
    def parts() -> Iterator[str]:
        first = faults[0]
        yield title.partition(";")[0]
        if first["column"]:
            yield f", {first['column']}"
        yield f": {first['remedy']}"
        if first["found"]:
            yield f", найдено «{first['found']}»"

    return f"{''.join(parts())}."
