"""Who looked at what is kept about a child, and when: from the audit trail, and from the lists that were shown."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access import Actor
from service.privacy.schemas import Reading, ReadingList
from service.pseudonyms import find_alias
from service.students.queries import get_student
from service.students.schemas import WORKBOOK_REASONS
from service.tables import ApiKey, AuditRecord, ClassMember, Showing, User

SHOWN, CLASS_EXPORTED = "lists.shown", "class.exported"
DEEDS = {
    "card.read": "Карточка",
    "consents.read": "Согласия",
    "contrast.read": "Сравнение двух предложений",
    "decisions.read": "Решения",
    "history.read": "История по годам",
    "notes.read": "Заметки о разговорах",
    "readings.read": "Кто читал карточку",
    "sheet.made": "Лист для ученика и родителей",
    "showing.read": "Прежний список",
    "showings.read": "Перечень показов",
    "student.exported": "Выгрузка всех данных",
    "what_if.read": "Что, если…",
    "why_not.read": "Почему не это предложение",
    SHOWN: "Списки с рекомендациями",
    CLASS_EXPORTED: "Таблица класса файлом",  # its subject is the class: told to each of its children
}
OPERATOR_NAME, GONE = "Оператор", "Удалённая учётная запись"


def read_readings(session: Session, *, actor: Actor, student_id: str) -> ReadingList:
    """Readings of a student's card and of lists made for the student, newest first."""
    get_student(session, actor, student_id)
    return ReadingList(student_id=student_id, readings=readings_of(session, student_id))


def readings_of(session: Session, student_id: str) -> list[Reading]:
    """The same, of a student whom somebody was already allowed to see."""
    classes = sa.select(ClassMember.class_id).where(ClassMember.student_id == student_id)
    looked = sa.select(AuditRecord.recorded_at, AuditRecord.actor_id, AuditRecord.deed, AuditRecord.facts).where(
        AuditRecord.subject.in_(subjects_of(session, student_id)) & AuditRecord.deed.in_(list(DEEDS))
        | AuditRecord.subject.in_(classes) & (AuditRecord.deed == CLASS_EXPORTED)
    )
    shown = sa.select(Showing.shown_at, Showing.actor_id).where(Showing.student_id == student_id)
    found = [
        *((at, actor_id, deed, _told(deed, facts)) for at, actor_id, deed, facts in session.execute(looked)),
        *((at, actor_id, SHOWN, DEEDS[SHOWN]) for at, actor_id in session.execute(shown)),
    ]
    who = names_of_actors(session, {actor_id for _, actor_id, _, _ in found})
    return [
        Reading(at=at, actor_id=actor_id, who=who[actor_id], deed=deed, title_ru=title)
        for at, actor_id, deed, title in sorted(found, reverse=True)
    ]


def _told(deed: str, facts: Mapping[str, Any]) -> str:
    reason = WORKBOOK_REASONS.get(facts.get("reason", ""))
    return DEEDS[deed] if reason is None else f"{DEEDS[deed]}: {reason}"


def subjects_of(session: Session, student_id: str) -> list[str]:
    """What the trail calls a student: the alias, and the pseudonym in records of before there were aliases."""
    alias = find_alias(session, student_id)
    return [student_id] if alias is None else [alias, student_id]


def names_of_actors(session: Session, actor_ids: Iterable[str]) -> dict[str, str]:
    """Display names of people and titles of systems, by what the trail calls them."""
    wanted = set(actor_ids)
    users = {int(each.partition(":")[2]) for each in wanted if each.startswith("user:")}
    keys = {int(each.partition(":")[2]) for each in wanted if each.startswith("key:")}
    people = sa.select(User.user_id, User.display_name).where(User.user_id.in_(users))
    systems = sa.select(ApiKey.key_id, ApiKey.title).where(ApiKey.key_id.in_(keys))
    known = {f"user:{number}": name for number, name in session.execute(people)}
    known |= {f"key:{number}": title for number, title in session.execute(systems)}
    known["operator"] = OPERATOR_NAME
    return {each: known.get(each, GONE) for each in wanted}
