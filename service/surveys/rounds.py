"""A survey of one class: opened with a code for the blackboard, ended by taking in what was submitted, as a file is."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.reference import Reference
from service import audit
from service.access import Actor, Permission, check_permission, visible_classes
from service.clock import now
from service.documents.sheet import Book, sheet_of_rows
from service.errors import ConflictError, ImportRefusedError, NotFoundError
from service.imports.bringing import apply_book
from service.imports.intake import Brought
from service.imports.schemas import IntakeReport
from service.imports.vocabularies import ImportTools
from service.installation import Today
from service.settings import Settings
from service.students.queries import get_class, members_of, names_of
from service.surveys.asking import ROUND_TITLES, TABLES, ask, cells_of, columns_of, may_answer
from service.surveys.schemas import ClassSurvey, RoundEnded, RoundOpening, SheetState, StudentSheet, SurveyRounds
from service.surveys.schemas import SurveyRound as RoundRow
from service.tables import ClassMember, SchoolClass, SurveyRound, SurveySheet

LETTERS = "ABCEHKMPTXY346789"  # none that looks like another, Latin and Cyrillic alike
CODE_LENGTH = 8
NO_ROUND = "Такого опроса нет."
UNDER_WAY = "Этот опрос в классе уже идёт: закончите его, прежде чем начать снова."
ENDED = "Этот опрос уже закончен."
LAST_YEARS = "Это класс прошлого года: опросы проводят в классах этого учебного года."


def open_round(
    session: Session,
    *,
    actor: Actor,
    settings: Settings,
    reference: Reference,
    class_id: str,
    opening: RoundOpening,
    today: Today,
) -> RoundRow:
    """Begin a survey; its code is shown until it ends."""
    check_permission(actor, Permission.SURVEY)
    school_class = get_class(session, actor, class_id)
    if school_class.school_year != today.school_year:
        raise ConflictError(LAST_YEARS)
    ask(session, settings, reference, school_class, opening.survey)  # there is something to ask
    same = sa.select(SurveyRound.round_id).where(
        SurveyRound.class_id == class_id, SurveyRound.survey == opening.survey, SurveyRound.ended_at.is_(None)
    )
    if session.scalars(same).first() is not None:
        raise ConflictError(UNDER_WAY)
    opened = SurveyRound(
        class_id=class_id,
        survey=opening.survey,
        code=_new_code(),
        surveyed_on=today.as_of,
        opened_at=now(),
        opened_by=actor.actor_id,
        ends_at=now() + timedelta(hours=opening.hours),
    )
    session.add(opened)
    session.flush()
    audit.record(session, actor=actor, deed="survey.opened", subject=class_id, survey=opening.survey)
    return row_of(session, actor, opened)


def _new_code() -> str:
    drawn = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    return f"{drawn[:4]}-{drawn[4:]}"


def get_round(session: Session, actor: Actor, round_id: int, *, writes: bool = False) -> SurveyRound:
    """A round of a class that the actor may see; while it is written, nobody submits."""
    check_permission(actor, Permission.SURVEY)
    classes = visible_classes(actor).with_only_columns(SchoolClass.class_id)
    query = sa.select(SurveyRound).where(SurveyRound.round_id == round_id, SurveyRound.class_id.in_(classes))
    found = session.scalars(query.with_for_update() if writes else query).one_or_none()
    if found is None:
        raise NotFoundError(NO_ROUND)
    return found


def show_round(session: Session, actor: Actor, round_id: int) -> RoundRow:
    """One round."""
    return row_of(session, actor, get_round(session, actor, round_id))


def list_rounds(session: Session, actor: Actor, class_id: str) -> SurveyRounds:
    """Surveys of a class, the newest first."""
    check_permission(actor, Permission.SURVEY)
    get_class(session, actor, class_id)
    query = sa.select(SurveyRound).where(SurveyRound.class_id == class_id).order_by(SurveyRound.round_id.desc())
    return SurveyRounds(rounds=[row_of(session, actor, each) for each in session.scalars(query.limit(20))])


def row_of(session: Session, actor: Actor, survey_round: SurveyRound) -> RoundRow:
    """A round as its counsellor sees it: who is how far."""
    return RoundRow(
        round_id=survey_round.round_id,
        class_id=survey_round.class_id,
        survey=survey_round.survey,  # type: ignore[arg-type] # the database knows the four words only
        title_ru=ROUND_TITLES[survey_round.survey],  # type: ignore[index]
        code=survey_round.code,
        surveyed_on=survey_round.surveyed_on,
        opened_at=survey_round.opened_at,
        ends_at=survey_round.ends_at,
        ended_at=survey_round.ended_at,
        taken_count=survey_round.taken_count,
        sheets=_sheets(session, actor, survey_round) if survey_round.ended_at is None else [],
    )


def _sheets(session: Session, actor: Actor, survey_round: SurveyRound) -> list[StudentSheet]:
    members = members_of(session, actor, survey_round.class_id)
    names = names_of(session, actor, [member.student_id for member in members])
    query = sa.select(SurveySheet.student_id, SurveySheet.submitted_at).where(
        SurveySheet.round_id == survey_round.round_id
    )
    begun = dict(session.execute(query).all())
    found = [
        StudentSheet(
            student_id=member.student_id,
            full_name=names.get(member.student_id),
            state=_state(survey_round.survey, member, begun),
        )
        for member in members
    ]
    return sorted(found, key=lambda sheet: (sheet.full_name or "", sheet.student_id))


def _state(survey: str, member: ClassMember, begun: Mapping[str, object]) -> SheetState:
    if not may_answer(survey, may_be_tested=member.consent_testing):
        return "no_consent"
    if member.student_id not in begun:
        return "not_begun"
    return "begun" if begun[member.student_id] is None else "submitted"


def drop_sheet(session: Session, *, actor: Actor, round_id: int, student_id: str) -> RoundRow:
    """Forget what stands in a student's sheet, so that it can be begun again."""
    survey_round = _open_round(session, actor, round_id)
    members = {member.student_id for member in members_of(session, actor, survey_round.class_id)}
    of_student = sa.and_(SurveySheet.round_id == round_id, SurveySheet.student_id == student_id)
    if student_id not in members or session.scalars(sa.select(SurveySheet.sheet_id).where(of_student)).first() is None:
        raise NotFoundError("Этот ученик анкету не начинал.")
    session.execute(sa.delete(SurveySheet).where(of_student))
    audit.record(session, actor=actor, deed="survey.sheet_dropped", subject=student_id, round=round_id)
    return row_of(session, actor, survey_round)


def _open_round(session: Session, actor: Actor, round_id: int) -> SurveyRound:
    survey_round = get_round(session, actor, round_id, writes=True)
    if survey_round.ended_at is not None:
        raise ConflictError(ENDED)
    return survey_round


def end_round(session: Session, *, actor: Actor, settings: Settings, tools: ImportTools, round_id: int) -> RoundEnded:
    """Take in what was submitted and end the round, in one transaction; what was only begun goes."""
    survey_round = _open_round(session, actor, round_id)
    school_class = session.get_one(SchoolClass, survey_round.class_id)
    report, taken = _take_in(session, actor, settings, tools, survey_round, school_class)
    survey_round = session.get_one(SurveyRound, round_id)  # taking in forgets the session's own copies
    survey_round.ended_at, survey_round.code, survey_round.taken_count = now(), None, taken
    session.execute(sa.delete(SurveySheet).where(SurveySheet.round_id == round_id))
    audit.record(session, actor=actor, deed="survey.ended", subject=survey_round.class_id, sheets=taken)
    return RoundEnded(round=row_of(session, actor, survey_round), report=report)


def _take_in(
    session: Session,
    actor: Actor,
    settings: Settings,
    tools: ImportTools,
    survey_round: SurveyRound,
    school_class: SchoolClass,
) -> tuple[IntakeReport | None, int]:
    """The sheets as one file of the school, which can be undone like any other; rows with a fault are named."""
    query = sa.select(SurveySheet).where(
        SurveySheet.round_id == survey_round.round_id, SurveySheet.submitted_at.is_not(None)
    )
    sheets = list(session.scalars(query.order_by(SurveySheet.student_id)))
    if not sheets:
        return None, 0
    survey: ClassSurvey = survey_round.survey  # type: ignore[assignment]
    questions = ask(session, settings, tools.reference, school_class, survey)
    day = f"{survey_round.surveyed_on:%d.%m.%Y}"
    rows = [
        ["Псевдоним ученика", "Дата", *columns_of(questions)],
        *([sheet.student_id, day, *cells_of(questions, sheet.answers)] for sheet in sheets),
    ]
    name = f"{ROUND_TITLES[survey]}, {school_class.title}"
    as_sent = repr(rows).encode()  # for the checksum: the rows are at hand
    brought = Brought(name, as_sent, "apply", "good", TABLES[survey], school_class.school_code)
    # who holds a survey brings no other file: the right to bring files is lent for this one
    lent = frozenset({*actor.permissions, Permission.IMPORT_SCHOOL})
    try:
        report = apply_book(
            session,
            actor=replace(actor, permissions=lent),
            tools=tools,
            brought=brought,
            book=Book("csv", (sheet_of_rows("", rows),)),
        )
    except ImportRefusedError as refusal:  # not one row could be taken in: the report says why
        return IntakeReport.model_validate(refusal.facts["report"]), 0
    return report, report.parts[0].row_count
