"""Students' rows as the recommender wants them: pseudonyms, codes, days and numbers; names are never read here."""

import math
from datetime import date
from operator import itemgetter

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from recommender.instruments import AnswerError, Instrument, answer_values
from recommender.reference import Reference
from recommender.region import term_end
from recommender.students import FactRow, FactRows, ReadingRow, Sharing, StudentRow
from service.access import tested_students
from service.tables import (
    AnswerSheet,
    ClassMember,
    Enrolment,
    ExamResult,
    KnowledgeResult,
    ScaleScore,
    SchoolClass,
    TermMark,
    TrialAttendance,
    Wish,
)

log = structlog.get_logger()
Ids = sa.Select[str]
WISH_TABLES = {
    "profile": "profile_wishes",
    "exam": "exam_wishes",
    "elective": "elective_wishes",
    "profession": "profession_wishes",
}
RANKED_WISHES = frozenset({"profile_wishes", "elective_wishes"})


def read_student_rows(session: Session, of: Ids) -> dict[str, list[StudentRow]]:
    """Roster rows by school year, as the eligibility rules see students; sorted by pseudonym."""
    query = (
        sa.select(ClassMember, SchoolClass.grade, SchoolClass.school_code)
        .join(SchoolClass, SchoolClass.class_id == ClassMember.class_id)
        .where(ClassMember.student_id.in_(of))
        .order_by(ClassMember.student_id)
    )
    by_year: dict[str, list[StudentRow]] = {}
    for member, grade, school_code in session.execute(query):
        row = StudentRow(member.student_id, grade, school_code, member.conditions_needed, member.restriction_tags)
        by_year.setdefault(member.school_year, []).append(row)
    return by_year


def read_fact_rows(session: Session, of: Ids, reference: Reference, school_year: str) -> FactRows:
    """Everything known of these students, whenever; the recommender cuts at the day of the question.

    Diagnostics only where the newest roster up to the school year agrees to them.
    """
    share = Sharing()
    wishes = _wishes(session, of, share)
    return FactRows(
        readings=_readings(session, of, reference, school_year, share),
        marks=_marks(session, of, share),
        knowledge=_knowledge(session, of, share),
        exam_points=_exam_points(session, of, share),
        profile_wishes=wishes["profile_wishes"],
        exam_wishes=wishes["exam_wishes"],
        elective_wishes=wishes["elective_wishes"],
        profession_wishes=wishes["profession_wishes"],
        trials=_trials(session, of, share),
        enrolments=_enrolments(session, of, share),
    )


def _readings(session: Session, of: Ids, reference: Reference, school_year: str, share: Sharing) -> list[ReadingRow]:
    scored: dict[tuple[str, str, date], dict[str, float]] = {}
    agreed = (ScaleScore.student_id.in_(of), ScaleScore.student_id.in_(tested_students(school_year)))
    columns = (ScaleScore.student_id, ScaleScore.method_code, ScaleScore.taken_on, ScaleScore.scale, ScaleScore.score)
    for student, method, day, scale, score in session.execute(sa.select(*columns).where(*agreed)):
        scored.setdefault((student, method, day), {})[scale] = math.nan if score is None else score
    answered = _answers(session, of, reference, school_year)
    readings = []
    for key, scores in sorted(scored.items(), key=itemgetter(0)):
        scales = reference.instruments[key[1]].scale_codes
        points = tuple(share(scores.get(scale, math.nan)) for scale in scales)
        student, method, day = key
        answers = tuple(map(share, answered.get(key, ())))
        readings.append(ReadingRow(share(student), method, share(day), points, answers))
    return readings


def _answers(
    session: Session, of: Ids, reference: Reference, school_year: str
) -> dict[tuple[str, str, date], tuple[float, ...]]:
    """Single answers of each sheet, as numbers."""
    columns = (AnswerSheet.student_id, AnswerSheet.method_code, AnswerSheet.taken_on, AnswerSheet.answers)
    agreed = (AnswerSheet.student_id.in_(of), AnswerSheet.student_id.in_(tested_students(school_year)))
    by_method: dict[str, list[tuple[str, date, dict[str, str]]]] = {}
    for student, method, day, answers in session.execute(sa.select(*columns).where(*agreed)):
        by_method.setdefault(method, []).append((student, day, answers))
    found = {}
    for method, sheets in by_method.items():
        values = single_answers(reference.instruments[method], [answers for _, _, answers in sheets])
        for (student, day, _), own in zip(sheets, values, strict=True):
            found[student, method, day] = own
    return found


def single_answers(instrument: Instrument, sheets: list[dict[str, str]]) -> list[tuple[float, ...]]:
    """Single answers as numbers; a sheet that today's key no longer knows keeps its scores and says nothing singly."""
    try:
        return [tuple(own) for own in answer_values(instrument, sheets).tolist()]
    except AnswerError:
        if len(sheets) == 1:
            log.warning("answers.not_in_key", method_code=instrument.code)
            return [()]
        return [value for sheet in sheets for value in single_answers(instrument, [sheet])]


def _marks(session: Session, of: Ids, share: Sharing) -> list[FactRow]:
    columns = (TermMark.student_id, TermMark.subject_code, TermMark.school_year, TermMark.term, TermMark.mark)
    ends: dict[tuple[str, int], date] = {}
    rows = []
    for student, subject, year, term, mark in session.execute(sa.select(*columns).where(TermMark.student_id.in_(of))):
        if (year, term) not in ends:
            ends[year, term] = term_end(year, str(term))
        rows.append(FactRow(share(student), share(subject), ends[year, term], share(mark)))
    return rows


def _knowledge(session: Session, of: Ids, share: Sharing) -> list[FactRow]:
    query = sa.select(KnowledgeResult).where(KnowledgeResult.student_id.in_(of))
    return [
        FactRow(share(row.student_id), share(row.subject_code), share(row.taken_on), share(row.points / row.points_max))
        for row in session.scalars(query)
    ]


def _exam_points(session: Session, of: Ids, share: Sharing) -> list[FactRow]:
    query = sa.select(ExamResult).where(ExamResult.exam == "oge", ExamResult.student_id.in_(of))
    return [
        FactRow(share(row.student_id), share(row.subject_code), share(row.passed_on), row.points)
        for row in session.scalars(query)
    ]


def _wishes(session: Session, of: Ids, share: Sharing) -> dict[str, list[FactRow]]:
    tables: dict[str, list[FactRow]] = {table: [] for table in WISH_TABLES.values()}
    query = sa.select(Wish).where(Wish.kind.in_(list(WISH_TABLES)), Wish.student_id.in_(of)).order_by(Wish.rank)
    for row in session.scalars(query):
        table = WISH_TABLES[row.kind]
        value = float(row.rank) if table in RANKED_WISHES else 1.0
        tables[table].append(FactRow(share(row.student_id), share(row.code), share(row.stated_on), value))
    return tables


def _trials(session: Session, of: Ids, share: Sharing) -> list[FactRow]:
    query = sa.select(TrialAttendance).where(TrialAttendance.student_id.in_(of))
    return [
        FactRow(
            share(row.student_id),
            share(row.pathway_code),
            share(row.attended_on),
            math.nan if row.rating_after is None else float(row.rating_after),
        )
        for row in session.scalars(query)
        if row.attended_on is not None
    ]


def _enrolments(session: Session, of: Ids, share: Sharing) -> list[FactRow]:
    query = sa.select(Enrolment).where(Enrolment.student_id.in_(of))
    return [
        FactRow(share(row.student_id), share(row.pathway_code), share(row.enrolled_on))
        for row in session.scalars(query)
    ]
