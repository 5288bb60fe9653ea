"""Ranking when asked, recording what was shown, and what people decided about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import lists, pipeline
from recommender.students import FactRows, StudentRow, student_facts
from service import audit
from service.access import Actor, rankable_students
from service.clock import now
from service.errors import ConflictError, InvalidInputError, NotFoundError
from service.recommendations.answers import Crowding, FitLists, brief_lists, measure_next, ranked_lists, stamps
from service.recommendations.facts import read_facts
from service.recommendations.leanings import at_a_glance
from service.recommendations.queries import decisions_in_force, decisions_of
from service.recommendations.schemas import (
    BriefStudent,
    ClassRecommendations,
    Decision,
    NewDecision,
    Refusal,
    StudentRecommendations,
)
from service.recommendations.shelf import Serving
from service.students.facts import Ids, read_fact_rows, read_student_rows
from service.students.missing import missing_facts
from service.students.queries import get_class, get_student, last_membership, members_of
from service.students.revisions import mark_changed
from service.tables import ClassMember, DecisionRecord, PathwayOffer, Student

NO_CONSENT = Refusal(
    code="consent_recommending_missing",
    text="Нет согласия законного представителя на рекомендации: список не составляется.",
)
NOT_THIS_YEAR = Refusal(
    code="not_in_this_year",
    text="В списках этого учебного года ученика нет: список не составляется.",
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Lists of several students by pseudonym, the same lists by fit alone, and what both were made of, in their order.

    Nobody was ranked: `made` is None.
    """

    shown: Mapping[str, lists.StudentRecommendations]
    by_fit: Mapping[str, FitLists]
    made: pipeline.Recommendations | None = None


def rank(
    serving: Serving,
    students: Sequence[StudentRow],
    rows: FactRows,
    *,
    k: int,
    demand_strength: float,
    evidence: bool = True,
    discovery: bool = False,
) -> Ranked:
    """Rank a group of students; a student's lists do not depend on who else is in the group."""
    if not students:
        return Ranked({}, {})
    facts = student_facts(
        students, rows, as_of=serving.today.as_of, catalogue=serving.catalogue, model=serving.model.interest_model
    )
    recommender = serving.recommender
    made = recommender.recommend(facts, k=k, demand_strength=demand_strength)
    return Ranked(
        {
            student: recommender.explain(made, place, evidence=evidence, discovery=discovery)
            for place, student in enumerate(facts.student_ids)
        },
        {student: _fit_lists(serving, made, place) for place, student in enumerate(facts.student_ids)},
        made,
    )


def _fit_lists(serving: Serving, made: pipeline.Recommendations, place: int) -> FitLists:
    pathways = serving.catalogue.pathways
    rows, fits = made.listed.unmoved[place], made.listed.unmoved_fit[place]
    return [
        {pathways[row].pathway_code: float(fit) for row, fit in zip(rows[kind], fits[kind], strict=True) if row >= 0}
        for kind in range(len(rows))
    ]


def rank_stored(
    session: Session,
    serving: Serving,
    *,
    actor: Actor,
    of: Ids,
    k: int,
    demand_strength: float,
    evidence: bool,
    discovery: bool = False,
) -> tuple[Ranked, dict[str, StudentRow]]:
    """Rank those of these students whom the actor may see and whose representative agreed to it."""
    allowed = (
        rankable_students(actor, serving.today.school_year)
        .with_only_columns(Student.student_id)
        .where(Student.student_id.in_(of))
    )
    students = read_student_rows(session, allowed).get(serving.today.school_year, [])
    rows = read_fact_rows(session, allowed, serving.reference, serving.today.school_year)
    ranked = rank(serving, students, rows, k=k, demand_strength=demand_strength, evidence=evidence, discovery=discovery)
    return ranked, {student.student_id: student for student in students}


def recommend_student(
    session: Session,
    serving: Serving,
    *,
    actor: Actor,
    student_id: str,
    k: int,
    demand_strength: float,
    discovery: bool = False,
    crowding: Crowding | None = None,
) -> StudentRecommendations:
    """Three lists of one student, with reasons."""
    get_student(session, actor, student_id)
    of = sa.select(Student.student_id).where(Student.student_id == student_id)
    ranked, students = rank_stored(
        session,
        serving,
        actor=actor,
        of=of,
        k=k,
        demand_strength=demand_strength,
        evidence=True,
        discovery=discovery,
    )
    member, _ = last_membership(session, student_id, serving.today.school_year)
    head = stamps(serving, k, demand_strength)
    if student_id not in students:
        refusal = NOT_THIS_YEAR if member.consent_recommending else NO_CONSENT
        missing = missing_facts((), member)
        return StudentRecommendations(
            **head, student_id=student_id, refusal=refusal, lists=[], missing=missing, measure_next=[]
        )
    shown, by_fit = ranked.shown[student_id], ranked.by_fit[student_id]
    decisions = decisions_in_force(session, of).get(student_id, {})
    return StudentRecommendations(
        **head,
        student_id=student_id,
        refusal=None,
        lists=ranked_lists(serving, shown, by_fit, students[student_id].school_code, decisions, crowding),
        missing=missing_facts(shown.missing, member),
        measure_next=measure_next(serving, shown.next_evidence) if member.consent_testing else [],
    )


def recommend_class(
    session: Session, serving: Serving, *, actor: Actor, class_id: str, k: int, demand_strength: float
) -> ClassRecommendations:
    """Lists of a class without reasons."""
    get_class(session, actor, class_id)
    members = members_of(session, actor, class_id)
    of = sa.select(ClassMember.student_id).where(ClassMember.class_id == class_id)
    ranked, _ = rank_stored(session, serving, actor=actor, of=of, k=k, demand_strength=demand_strength, evidence=False)
    decisions = decisions_in_force(session, of)
    leanings = _leanings(ranked)
    students = [
        _brief(member, ranked, decisions.get(member.student_id, {}), leanings.get(member.student_id))
        for member in members
    ]
    return ClassRecommendations(**stamps(serving, k, demand_strength), class_id=class_id, students=students)


def _leanings(ranked: Ranked) -> dict[str, str]:
    if ranked.made is None:
        return {}
    profile = ranked.made.vectors.profile
    return {student: at_a_glance(profile, place) for place, student in enumerate(ranked.shown)}


def _brief(
    member: ClassMember, ranked: Ranked, decisions: Mapping[str, Decision], interests: str | None
) -> BriefStudent:
    found = ranked.shown.get(member.student_id)
    if found is None:
        refusal = NOT_THIS_YEAR if member.consent_recommending else NO_CONSENT
        return BriefStudent(
            student_id=member.student_id, refusal=refusal, lists=[], interests=None, missing=missing_facts((), member)
        )
    return BriefStudent(
        student_id=member.student_id,
        refusal=None,
        lists=brief_lists(found, decisions),
        interests=interests,
        missing=missing_facts(found.missing, member),
    )


def check_choice(session: Session, serving: Serving, *, actor: Actor, student_id: str, pathway_code: str) -> None:
    """Refuse a decision about what may not be recommended to this student today."""
    get_student(session, actor, student_id)
    if session.scalars(sa.select(PathwayOffer).where(PathwayOffer.pathway_code == pathway_code)).first() is None:
        raise NotFoundError("Такого предложения в каталоге нет.", pathway_code=pathway_code)
    year = serving.today.school_year
    of = rankable_students(actor, year).with_only_columns(Student.student_id).where(Student.student_id == student_id)
    if session.scalar(of) is None:
        raise ConflictError("Нет согласия законного представителя на рекомендации: решение не записывается.")
    facts = read_facts(session, serving, of)
    if not len(facts):
        raise ConflictError("В списках этого учебного года ученика нет: решение не записывается.")
    if pathway_code not in serving.catalogue.position:
        raise ConflictError("В каталоге этого учебного года такого предложения нет.", pathway_code=pathway_code)
    refusals = serving.recommender.refusals(facts, 0, pathway_code)
    if refusals:
        rules = "; ".join(rule.text_ru for rule in refusals)
        raise ConflictError(f"Это предложение ученику не подходит по правилам: {rules}.", pathway_code=pathway_code)


def decide(session: Session, *, actor: Actor, student_id: str, wanted: NewDecision) -> Decision:
    """Accept, decline or pin a pathway; an earlier decision about the same pathway is withdrawn."""
    get_student(session, actor, student_id)
    # two people deciding at once: the second waits and withdraws the first one's decision
    session.execute(sa.select(Student.student_id).where(Student.student_id == student_id).with_for_update())
    reason = (wanted.reason or "").strip() or None
    if wanted.decision == "declined" and reason is None:
        raise InvalidInputError("Отклоняя, назовите причину: она поможет улучшить список.")
    moment = now()
    earlier = sa.update(DecisionRecord).where(
        DecisionRecord.student_id == student_id,
        DecisionRecord.pathway_code == wanted.pathway_code,
        DecisionRecord.withdrawn_at.is_(None),
    )
    session.execute(earlier.values(withdrawn_at=moment))
    row = DecisionRecord(
        student_id=student_id,
        pathway_code=wanted.pathway_code,
        decision=wanted.decision,
        reason=reason,
        actor_id=actor.actor_id,
        decided_by=actor.display_name,
        decided_at=moment,
    )
    session.add(row)
    facts: dict[str, Any] = {"pathway_code": wanted.pathway_code, "decision": wanted.decision}
    revision = audit.record(session, actor=actor, deed="decision.made", subject=student_id, **facts)
    mark_changed(session, [student_id], revision)
    return decisions_of(session, [row])[0]


def withdraw_decision(session: Session, *, actor: Actor, student_id: str, decision_id: int) -> None:
    """Take a decision back; it stays readable in the records."""
    get_student(session, actor, student_id)
    row = session.get(DecisionRecord, decision_id)
    if row is None or row.student_id != student_id or row.withdrawn_at is not None:
        raise NotFoundError("Такого решения нет.")
    row.withdrawn_at = now()
    facts: dict[str, Any] = {"pathway_code": row.pathway_code, "decision": row.decision}
    revision = audit.record(session, actor=actor, deed="decision.withdrawn", subject=student_id, **facts)
    mark_changed(session, [student_id], revision)
