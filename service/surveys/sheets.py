"""A student's own sheet: begun with the class code and a name, filled page by page, kept with every answer.

The token of a sheet opens that sheet alone. Whatever is amiss with a name, the answer is the same. Whoever has a code
may still try names until one opens a sheet: wrong names are few a minute, and the counsellor sees who has begun.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.reference import Reference
from service.clock import now
from service.db import UnitsOfWork
from service.errors import NotFoundError, SignInError
from service.imports.people import plain_name
from service.settings import Settings
from service.surveys.asking import ROUND_TITLES, ask, check_answers, hint_of, may_answer
from service.surveys.schemas import SheetAnswers, SheetBeginning, SheetForm
from service.tables import ClassMember, SchoolClass, StudentIdentity, SurveyRound, SurveySheet
from service.throttle import Throttle

NO_CODE = "Такого кода нет, или опрос уже закончен. Проверьте код на доске."
NOT_TO_BEGIN = (
    "На это имя анкету открыть нельзя. Проверьте, как записаны фамилия и имя; если всё верно, подойдите к педагогу."
)
CLOSED = "Эта анкета закрыта. Если опрос ещё идёт, введите код класса снова."
CODES = "codes"
GUESSES_A_MINUTE = 30
TOKEN = re.compile(r"([0-9]{1,9})\.([0-9a-f]{64})\Z")
LOOKALIKES = str.maketrans("АВСЕНКМРТХУ", "ABCEHKMPTXY")  # Cyrillic letters on a Russian keyboard


@dataclass(frozen=True, slots=True)
class Filling:
    """A sheet with its round and class, while something may be written into it."""

    sheet: SurveySheet
    survey_round: SurveyRound
    school_class: SchoolClass


def plain_code(written: str) -> str:
    """A class code as it is kept, whatever keyboard and spaces it was written with.

    >>> plain_code(" ктмр 4867 ")
    'KTMP-4867'
    """
    signs = "".join(sign for sign in written.upper().translate(LOOKALIKES) if sign.isalnum())
    return f"{signs[:4]}-{signs[4:]}"


def begin_sheet(units: UnitsOfWork, *, beginning: SheetBeginning, secret_key: bytes, guesses: Throttle) -> str:
    """The token of a new sheet; a sheet that was begun is not opened by a name again.

    A code is looked up before anything is written: whoever guesses codes keeps no writer waiting. Guesses that failed
    are counted, of codes together and of names by round; what is right costs nothing.
    """
    opened = sa.select(SurveyRound).where(
        SurveyRound.code == plain_code(beginning.class_code),
        SurveyRound.ended_at.is_(None),
        SurveyRound.ends_at > now(),
    )
    with units.reading() as session:
        survey_round = session.scalars(opened).one_or_none()
        round_id = survey_round.round_id if survey_round is not None else None
        known = survey_round is not None and _find_student(session, survey_round, beginning) is not None
    if not known:
        guesses.take(CODES if round_id is None else f"round:{round_id}")
        raise NotFoundError(NO_CODE if round_id is None else NOT_TO_BEGIN)
    with units.writing() as session:
        survey_round = session.scalars(opened.with_for_update()).one_or_none()
        if survey_round is None:
            raise NotFoundError(NO_CODE)
        student_id = _find_student(session, survey_round, beginning)
        if student_id is None:
            raise NotFoundError(NOT_TO_BEGIN)
        sheet = SurveySheet(round_id=survey_round.round_id, student_id=student_id, begun_at=now(), answers={})
        session.add(sheet)
        session.flush()
        return _token_of(sheet, secret_key)


def _find_student(session: Session, survey_round: SurveyRound, beginning: SheetBeginning) -> str | None:
    """The one student of the class who has this name, may answer and has not begun."""
    wanted = plain_name(beginning.last_name), plain_name(beginning.first_name)
    members = (
        sa.select(ClassMember.student_id, ClassMember.consent_testing, StudentIdentity)
        .join(StudentIdentity, StudentIdentity.student_id == ClassMember.student_id)
        .where(ClassMember.class_id == survey_round.class_id)
    )
    found = [
        student
        for student, may_be_tested, identity in session.execute(members)
        if (plain_name(identity.last_name), plain_name(identity.first_name)) == wanted
        and may_answer(survey_round.survey, may_be_tested=may_be_tested)
    ]
    begun = sa.select(SurveySheet.student_id).where(SurveySheet.round_id == survey_round.round_id)
    return found[0] if len(found) == 1 and found[0] not in set(session.scalars(begun)) else None


def _token_of(sheet: SurveySheet, secret_key: bytes) -> str:
    said = f"survey sheet {sheet.sheet_id} {sheet.begun_at.isoformat()}"
    return f"{sheet.sheet_id}.{hmac.new(secret_key, said.encode(), hashlib.sha256).hexdigest()}"


def find_filling(session: Session, token: str, secret_key: bytes, *, writes: bool = False) -> Filling:
    """The sheet of a token, as long as its round has not ended; whoever writes keeps it from ending meanwhile."""
    written = TOKEN.match(token)
    sheet = session.get(SurveySheet, int(written[1])) if written is not None else None
    if sheet is None or not hmac.compare_digest(_token_of(sheet, secret_key), token):
        raise SignInError(CLOSED)
    query = sa.select(SurveyRound).where(SurveyRound.round_id == sheet.round_id)
    survey_round = session.scalars(query.with_for_update(read=True) if writes else query).one()
    if survey_round.ended_at is not None:
        raise SignInError(CLOSED)
    return Filling(sheet, survey_round, session.get_one(SchoolClass, survey_round.class_id))


def form_of(session: Session, settings: Settings, reference: Reference, filling: Filling) -> SheetForm:
    """Questions and the answers so far."""
    survey = filling.survey_round.survey
    return SheetForm(
        title_ru=ROUND_TITLES[survey],  # type: ignore[index] # the database knows the four words only
        hint_ru=hint_of(survey),  # type: ignore[arg-type]
        questions=ask(session, settings, reference, filling.school_class, survey),  # type: ignore[arg-type]
        answers=filling.sheet.answers,
        is_submitted=filling.sheet.submitted_at is not None,
    )


def keep_answers(
    session: Session, settings: Settings, reference: Reference, filling: Filling, given: SheetAnswers
) -> SheetForm:
    """Keep answers beside those given before; a submitted sheet may be changed until the round ends."""
    form = form_of(session, settings, reference, filling)
    check_answers(form.questions, given.answers)
    written = {name: [text.strip() for text in texts if text.strip()] for name, texts in given.answers.items()}
    sheet = filling.sheet
    sheet.answers = {**sheet.answers, **written}
    if given.submitted:
        sheet.submitted_at = now()
    session.flush()
    return form.model_copy(update={"answers": sheet.answers, "is_submitted": sheet.submitted_at is not None})
