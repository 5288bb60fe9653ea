"""Consents by purpose: what is in force stands in the roster rows, which every query asks; what was said, beside them.

A withdrawal that a person recorded stands over every file until a person records otherwise. A consent that a person
recorded stands over the roster of that school year; the next roster may take it away.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor, Permission, check_permission
from service.clock import now
from service.db import IMPORT_LOCK, lock_table
from service.errors import InvalidInputError
from service.installation import Today
from service.privacy.papers import check_paper
from service.privacy.readings import names_of_actors
from service.privacy.schemas import ConsentChange, ConsentState, SaidConsent, StudentConsents
from service.retraining import enqueue_training, is_learned_from
from service.seen import Seen, check_seen
from service.students.queries import get_student, last_membership
from service.students.revisions import mark_changed
from service.tables import ClassMember, ConsentRecord, StudentIdentity

PURPOSES = {
    "testing": "На диагностику",
    "recommending": "На рекомендации",
    "learning": "На обучение модели по результатам",
    "naming": "На передачу имени организатору пути",
}
Said = Mapping[tuple[str, str], ConsentRecord]
PERSON, ROSTER = "person", "roster"
IN_FUTURE = "Согласие не может быть дано или отозвано позже сегодняшнего дня."


def column_of(purpose: str) -> str:
    """Column of a roster row."""
    return f"consent_{purpose}"


def said_by_people(session: Session, of: sa.Select[str] | None = None) -> Said:
    """The last word a person recorded, by student and purpose; of everybody without `of`."""
    query = sa.select(ConsentRecord).where(ConsentRecord.origin == PERSON).order_by(ConsentRecord.consent_record_id)
    if of is not None:
        query = query.where(ConsentRecord.student_id.in_(of))
    return {(row.student_id, row.purpose): row for row in session.scalars(query)}


def consents_of_row(said: Said, student_id: str, school_year: str, roster: Mapping[str, Any]) -> dict[str, bool]:
    """Consents that come into force with a row of a roster."""
    return {
        column_of(purpose): _is_given(
            said.get((student_id, purpose)), school_year, says=bool(roster.get(column_of(purpose)))
        )
        for purpose in PURPOSES
    }


def _is_given(word: ConsentRecord | None, school_year: str, *, says: bool) -> bool:
    if word is None:
        return says
    if word.withdrawn_on is not None:
        return False
    return says or word.school_year == school_year


def note_roster(
    session: Session, *, actor_id: str, rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    """Keep what a roster changed of consents: rows before and after."""
    moment = now()
    for before, after in rows:
        for purpose in PURPOSES:
            column = column_of(purpose)
            if before[column] == after[column]:
                continue
            day = {"given_on" if after[column] else "withdrawn_on": moment.date()}
            session.add(
                ConsentRecord(
                    student_id=after["student_id"],
                    purpose=purpose,
                    origin=ROSTER,
                    school_year=after["school_year"],
                    recorded_at=moment,
                    recorded_by=actor_id,
                    **day,
                )
            )
    session.flush()


def read_consents(session: Session, *, actor: Actor, student_id: str, today: Today) -> StudentConsents:
    """What is in force for a student whom the actor may see, and how it came about."""
    student = get_student(session, actor, student_id)
    member, _ = last_membership(session, student_id, today.school_year)
    query = sa.select(ConsentRecord).where(ConsentRecord.student_id == student_id)
    rows = list(session.scalars(query.order_by(ConsentRecord.consent_record_id)))
    who = names_of_actors(session, {row.recorded_by for row in rows})
    last = {row.purpose: row for row in rows if row.school_year == member.school_year or row.origin == PERSON}
    return StudentConsents(
        student_id=student_id,
        revision=student.revision,
        school_year=member.school_year,
        consents=[_state(purpose, member, last.get(purpose), who) for purpose in PURPOSES],
        history=[_change(row, who) for row in reversed(rows)],
    )


def _state(purpose: str, member: ClassMember, row: ConsentRecord | None, who: Mapping[str, str]) -> ConsentState:
    is_given = bool(getattr(member, column_of(purpose)))
    if row is None or (row.withdrawn_on is None) != is_given:  # a newer roster had the last word
        return ConsentState(
            purpose=purpose,  # type: ignore[arg-type] # one of the four words
            title_ru=PURPOSES[purpose],
            is_given=is_given,
            source="roster",
            given_on=None,
            withdrawn_on=None,
            document=None,
            recorded_at=None,
            recorded_by=None,
        )
    return ConsentState(is_given=is_given, **_told(row, who))


def _change(row: ConsentRecord, who: Mapping[str, str]) -> ConsentChange:
    return ConsentChange(is_given=row.withdrawn_on is None, school_year=row.school_year, **_told(row, who))


def _told(row: ConsentRecord, who: Mapping[str, str]) -> dict[str, Any]:
    return {
        "purpose": row.purpose,
        "title_ru": PURPOSES[row.purpose],
        "source": row.origin,
        "given_on": row.given_on,
        "withdrawn_on": row.withdrawn_on,
        "document": row.document,
        "recorded_at": row.recorded_at,
        "recorded_by": who[row.recorded_by],
    }


def set_consents(
    session: Session, *, actor: Actor, student_id: str, said: Sequence[SaidConsent], today: Today, seen: Seen = None
) -> StudentConsents:
    """Record what the representative said; a withdrawal is in force with the next question anybody asks."""
    check_permission(actor, Permission.WRITE_CONSENTS)
    lock_table(session, IMPORT_LOCK)  # a roster that comes at the same time waits, and then knows of it
    check_seen(session, seen, get_student(session, actor, student_id).revision)
    member, _ = last_membership(session, student_id, today.school_year)
    identity = session.get(StudentIdentity, student_id)
    known = said_by_people(session, sa.select(ClassMember.student_id).where(ClassMember.student_id == student_id))
    facts: dict[str, Literal["given", "withdrawn"]] = {}
    for consent in said:
        _check(consent, identity, today.as_of)
        if _is_said(known.get((student_id, consent.purpose)), consent, member):
            continue
        session.add(
            ConsentRecord(
                student_id=student_id,
                origin=PERSON,
                school_year=member.school_year,
                recorded_at=now(),
                recorded_by=actor.actor_id,
                **consent.model_dump(),
            )
        )
        _bring_into_force(session, member, consent)
        facts[consent.purpose] = "given" if consent.withdrawn_on is None else "withdrawn"
    session.flush()
    session.expire_all()
    if facts:
        revision = audit.record(session, actor=actor, deed="consents.set", subject=student_id, **facts)
        mark_changed(session, [student_id], revision)  # kept lists fall
    if facts.get("learning") == "withdrawn" and is_learned_from(session, student_id):
        enqueue_training(session, actor=actor, cause="consent withdrawn")
    return read_consents(session, actor=actor, student_id=student_id, today=today)


def _check(consent: SaidConsent, identity: StudentIdentity | None, as_of: date) -> None:
    if any(day is not None and day > as_of for day in (consent.given_on, consent.withdrawn_on)):
        raise InvalidInputError(IN_FUTURE, purpose=consent.purpose)
    check_paper(consent.document, identity)


def _is_said(word: ConsentRecord | None, consent: SaidConsent, member: ClassMember) -> bool:
    """Whether the very same was recorded already and is in force."""
    if word is None or getattr(member, column_of(consent.purpose)) != (consent.withdrawn_on is None):
        return False
    return all(getattr(word, name) == value for name, value in consent.model_dump().items())


def _bring_into_force(session: Session, member: ClassMember, consent: SaidConsent) -> None:
    """A withdrawal covers every year, what comes included; a consent the year it was recorded in."""
    rows = sa.update(ClassMember).where(ClassMember.student_id == member.student_id)
    is_given = consent.withdrawn_on is None
    if is_given:
        rows = rows.where(ClassMember.school_year == member.school_year)
    session.execute(rows.values({column_of(consent.purpose): is_given}))
