"""Whom to talk to and why: parents who asked and steps that are due, wishes against marks and lists, accepted places in
danger, lists that a new edition changed.

A student stands in the queue for facts of their own only, never for being weak: marks speak against a wish, not against
the student. Whatever was settled in a talk leaves the queue: who has an accepted profile class needs no talk about the
wish, who has any decision none for want of data. Notes of talks count without consent to recommendations too: a family
that did not agree may still ask for a talk; everything else is read from lists and facts, and stays closed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import PathwayKind
from recommender.congestion import CROWDED
from recommender.demand_weights import demand_weights
from recommender.impact import FIRST
from recommender.pipeline import Recommendations
from recommender.reference import Profile
from recommender.region import term_end
from service.access import Actor, rankable_students, visible_students
from service.clock import school_year_of
from service.demand.queries import Lists
from service.recommendations.answers import Crowding
from service.recommendations.facts import read_facts
from service.recommendations.queries import decisions_in_force
from service.recommendations.schemas import Decision
from service.recommendations.shelf import Serving
from service.recommendations.words import DATIVE, day, inner, listed, mark, number
from service.students.facts import Ids
from service.students.queries import Evidence, names_of
from service.tables import ClassMember, SchoolClass, Student, TermMark, Wish
from service.talks.notes import reasons_to_talk
from service.talks.schemas import Talk, TalkReason

SOON = timedelta(days=14)
NEWS = timedelta(days=60)  # so long a new list is news
LOW_MARK = 3.5  # mean of the subjects that a profile class studies in depth
URGENCY = (
    "parents_asked", "place_gone", "apply_soon", "step_due", "more_than_seats", "to_discuss", "marks_against_wish",
    "wish_not_offered", "wish_not_first", "list_changed", "nothing_known",
)  # fmt: skip
PROFILE_CLASS = PathwayKind.PROFILE_CLASS
SILENT = ("diagnostics", "marks")
TERMS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Known:
    """What the reasons are read from, by student."""

    classes: Mapping[str, SchoolClass]
    notes: Mapping[str, Sequence[TalkReason]]
    agreed: frozenset[str]  # to recommendations: of others nothing but notes is looked at
    decisions: Mapping[str, Mapping[str, Decision]]
    wishes: Mapping[str, str]  # the profile named first in the newest survey
    marks: Mapping[str, Mapping[str, float]]  # mean of the last school year with marks, by subject
    silent: frozenset[str]  # neither diagnostics nor marks
    first: Mapping[str, frozenset[str]]  # pathway codes of the first places, of all kinds
    changed: frozenset[str]  # whose first places the list in force changed


def queue_of(
    session: Session,
    serving: Serving,
    *,
    actor: Actor,
    class_id: str | None,
    crowding: Crowding | None,
    before: Lists | None,
) -> list[Talk]:
    """Everybody whom the actor may see and of whom there is something to talk about.

    `before` are the lists that the edition in force followed, where it is news.
    """
    known = _look_up(session, serving, actor, class_id, before)
    reasons = {student: list(_reasons(student, serving, known, crowding)) for student in known.classes}
    waiting = {student: found for student, found in reasons.items() if found}
    names = names_of(session, actor, waiting)
    talks = [
        Talk(
            student_id=student,
            full_name=names.get(student),
            class_id=known.classes[student].class_id,
            class_title=known.classes[student].title,
            reasons=sorted(found, key=lambda reason: URGENCY.index(reason.code)),
        )
        for student, found in waiting.items()
    ]
    talks.sort(key=lambda talk: (URGENCY.index(talk.reasons[0].code), -len(talk.reasons), talk.class_id, _name(talk)))
    return talks


def _name(talk: Talk) -> str:
    return talk.full_name or talk.student_id


def _look_up(session: Session, serving: Serving, actor: Actor, class_id: str | None, before: Lists | None) -> Known:
    year = serving.today.school_year
    members = sa.select(ClassMember.student_id).where(ClassMember.school_year == year)
    if class_id is not None:
        members = members.where(ClassMember.class_id == class_id)
    seen, of = (
        students.with_only_columns(Student.student_id).where(Student.student_id.in_(members))
        for students in (visible_students(actor), rankable_students(actor, year))
    )
    in_class = (
        sa.select(ClassMember.student_id, SchoolClass)
        .join(SchoolClass)
        .where(ClassMember.student_id.in_(seen), ClassMember.school_year == year)
    )
    classes = {row.student_id: row.SchoolClass for row in session.execute(in_class)}
    evidence = Evidence(session, of, serving.today)
    first, changed = _ranked(session, serving, of, before)
    return Known(
        classes=classes,
        notes=reasons_to_talk(session, actor=actor, of=seen, as_of=serving.today.as_of),
        agreed=frozenset(session.scalars(of)),
        decisions=decisions_in_force(session, of),
        wishes=_wishes(session, serving, of),
        marks=_marks(session, serving, of),
        silent=frozenset(
            student for student in classes if all(student not in evidence.having[kind] for kind in SILENT)
        ),
        first=first,
        changed=changed,
    )


def _ranked(
    session: Session, serving: Serving, of: Ids, before: Lists | None
) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """First places of everybody, and whose were others by the lists of before."""
    made = serving.recommender.recommend(read_facts(session, serving, of), k=FIRST)
    first = _codes(serving, made)
    if before is None:
        return first, frozenset()
    by_before = serving.recommender.with_demand(demand_weights(serving.catalogue, serving.reference, *before))
    former = _codes(serving, by_before.recommend(made.facts, k=FIRST, vectors=made.vectors))
    return first, frozenset(student for student, codes in first.items() if codes != former[student])


def _codes(serving: Serving, made: Recommendations) -> dict[str, frozenset[str]]:
    pathways = serving.catalogue.pathways
    return {
        student: frozenset(pathways[row].pathway_code for row in made.places_of(place))
        for place, student in enumerate(made.facts.student_ids)
    }


def _wishes(session: Session, serving: Serving, of: Ids) -> dict[str, str]:
    rows = (
        sa.select(Wish.student_id, Wish.code)
        .where(Wish.student_id.in_(of), Wish.kind == "profile", Wish.rank == 1, Wish.stated_on <= serving.today.as_of)
        .order_by(Wish.student_id, Wish.stated_on)
    )
    return {student: code for student, code in session.execute(rows) if code in serving.reference.profiles}


def _marks(session: Session, serving: Serving, of: Ids) -> dict[str, dict[str, float]]:
    """As on the card: of terms that have ended, in the last school year that has any."""
    year = serving.today.school_year
    ended = [term for term in TERMS if term_end(year, str(term)) <= serving.today.as_of]
    is_over = sa.or_(TermMark.school_year < year, sa.and_(TermMark.school_year == year, TermMark.term.in_(ended)))
    rows = (
        sa.select(TermMark.student_id, TermMark.school_year, TermMark.subject_code, sa.func.avg(TermMark.mark))
        .where(TermMark.student_id.in_(of), is_over)
        .group_by(TermMark.student_id, TermMark.school_year, TermMark.subject_code)
    )
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for student, school_year, subject, mean in session.execute(rows):
        found[student][school_year][subject] = float(mean)
    return {student: by_year[max(by_year)] for student, by_year in found.items()}


def _reasons(student: str, serving: Serving, known: Known, crowding: Crowding | None) -> Iterator[TalkReason]:
    yield from known.notes.get(student, ())
    if student not in known.agreed:
        return
    decisions = [
        decision
        for decision in known.decisions.get(student, {}).values()
        if school_year_of(decision.decided_at.date()) >= serving.today.school_year  # earlier ones are history
    ]
    for decision in decisions:
        yield from _of_decision(decision, serving, crowding)
    kinds = {
        serving.catalogue.known[each.pathway_code].kind
        for each in decisions
        if each.decision == "accepted" and each.pathway_code in serving.catalogue.known
    }
    wish = known.wishes.get(student)
    if wish is not None and PROFILE_CLASS not in kinds:
        yield from _of_wish(student, serving.reference.profiles[wish], serving, known)
    if student in known.changed:
        yield TalkReason(
            code="list_changed", text="Новый перечень востребованных профессий изменил первые места списков"
        )
    if student in known.silent and not decisions:
        yield TalkReason(code="nothing_known", text="Нет ни диагностики, ни отметок: совет держится на словах ученика")


def _of_decision(decision: Decision, serving: Serving, crowding: Crowding | None) -> Iterator[TalkReason]:
    title = f"«{inner(decision.title_ru)}»"
    if decision.decision == "pinned":
        yield TalkReason(code="to_discuss", text=f"Отложено для разговора: {title}")
    if decision.decision != "accepted":
        return
    place = serving.catalogue.position.get(decision.pathway_code)
    if place is None:
        yield TalkReason(
            code="place_gone", text=f"Принято {title}, но в этом учебном году этого нет: нужен другой выбор"
        )
        return
    until = serving.catalogue.pathways[place].apply_until
    if until is not None and timedelta() <= until - serving.today.as_of <= SOON:
        yield TalkReason(code="apply_soon", text=f"Принято {title}: подать заявление до {day(until)}")
    if crowding is not None and crowding[place] >= CROWDED:
        many = number(crowding[place])
        yield TalkReason(
            code="more_than_seats", text=f"Принято {title}, а желающих ждут {many} на место: нужен запасной"
        )


def _of_wish(student: str, profile: Profile, serving: Serving, known: Known) -> Iterator[TalkReason]:
    offered = serving.catalogue.classes_of_profile.get(profile.code, frozenset())
    first = known.first.get(student, frozenset())
    if not any(serving.catalogue.known[code].kind is PROFILE_CLASS for code in first):
        return  # no class is chosen in this grade
    title = f"«{inner(profile.title_ru)}»"
    marks = known.marks.get(student, {})
    own = {subject: marks[subject] for subject in profile.advanced_subjects if subject in marks}
    mean = sum(own.values()) / len(own) if own else LOW_MARK
    if mean < LOW_MARK:
        subjects = listed([DATIVE.get(code, code) for code in own])
        said = f"Хочет профиль {title}, а средняя отметка по {subjects} — {mark(mean)}"
        yield TalkReason(code="marks_against_wish", text=said)
    if not offered:
        yield TalkReason(
            code="wish_not_offered", text=f"Хочет профиль {title}, а таких классов в этом году не набирают"
        )
    elif not offered & first:
        yield TalkReason(code="wish_not_first", text=f"Хочет профиль {title}, а по данным среди первых трёх его нет")
