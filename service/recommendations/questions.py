"""Questions about a list: why a pathway is not among the first, and two pathways side by side."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from recommender import contrast as found
from recommender.catalogue import Pathway
from recommender.eligibility import EligibilityRule
from recommender.pipeline import Recommendations
from recommender.students import StudentRow, student_facts
from service.access import Actor, rankable_students
from service.catalogue.queries import host_title
from service.errors import InvalidInputError, NotFoundError
from service.recommendations.actions import NO_CONSENT, NOT_THIS_YEAR
from service.recommendations.answers import saying_of, stamps, wire_facts
from service.recommendations.card import CONDITION_TITLES
from service.recommendations.comparing import absence, change_text, changes_text, preference, rule_text
from service.recommendations.schemas import (
    ComparedTerm,
    Contrast,
    PathwayList,
    PathwayName,
    PossibleChange,
    Refusal,
    RefusingRule,
    WhyNot,
)
from service.recommendations.sentences import sentence
from service.recommendations.shelf import Serving
from service.students.facts import read_fact_rows, read_student_rows
from service.students.queries import get_student, last_membership
from service.tables import Student

FIRST = 3  # places that "why not" asks about
MANY_COSTS = 4


def list_pathways(serving: Serving) -> PathwayList:
    """What there is to ask about."""
    pathways = [_name(serving, pathway) for pathway in serving.catalogue.pathways]
    return PathwayList(school_year=serving.today.school_year, pathways=pathways)


def explain_absence(
    session: Session, serving: Serving, *, actor: Actor, student_id: str, pathway_code: str, demand_strength: float
) -> WhyNot:
    """Why a pathway is not among the first three of this student's list."""
    get_student(session, actor, student_id)
    pathway = _get_pathway(serving, pathway_code)
    head = {**stamps(serving, FIRST, demand_strength), "student_id": student_id, "pathway": _name(serving, pathway)}
    ranked = _find_ranked(session, serving, actor=actor, student_id=student_id, demand_strength=demand_strength)
    if ranked is None:
        return WhyNot(
            **head, refusal=_refusal(session, serving, student_id), text="", rules=[], rank=None, offered_count=0,
            fit=None, fit_low=None, fit_high=None, against=None, costs=[], changes=[], changes_text="",
        )  # fmt: skip
    student, made = ranked
    answer = found.why_not(serving.recommender, made, 0, pathway_code)
    against, costs = None, []
    if answer.against is not None:
        against = _name(serving, answer.against.second)
        behind = [term for term in answer.against.terms if term.difference < 0][:MANY_COSTS]
        costs = _terms(serving, answer.against, behind, student.school_code)
    changes = [
        PossibleChange(
            table=each.change.table, code=each.change.code, before=each.change.before, after=each.change.after,
            rank=each.rank, text=change_text(each, serving.reference, serving.titles),
        )
        for each in answer.changes
    ]  # fmt: skip
    return WhyNot(
        **head, refusal=None, text=absence(answer), rules=_rules(serving, answer.refusals, pathway, student),
        rank=answer.rank, offered_count=answer.offered_count, fit=answer.fit, fit_low=answer.fit_low,
        fit_high=answer.fit_high, against=against, costs=costs, changes=changes, changes_text=changes_text(answer),
    )  # fmt: skip


def compare(
    session: Session,
    serving: Serving,
    *,
    actor: Actor,
    student_id: str,
    first: str,
    second: str,
    demand_strength: float,
) -> Contrast:
    """Two pathways of one kind for one student, term by term."""
    get_student(session, actor, student_id)
    pair = [_get_pathway(serving, code) for code in (first, second)]
    if pair[0].kind != pair[1].kind or first == second:
        raise InvalidInputError("Сравнить можно два разных предложения одного вида.")
    head: dict[str, Any] = {
        **stamps(serving, FIRST, demand_strength),
        "student_id": student_id,
        "first": _name(serving, pair[0]),
        "second": _name(serving, pair[1]),
    }
    ranked = _find_ranked(session, serving, actor=actor, student_id=student_id, demand_strength=demand_strength)
    if ranked is None:
        return Contrast(
            **head, refusal=_refusal(session, serving, student_id), first_fit=None, second_fit=None, difference=None,
            blocks={}, terms=[], text="",
        )  # fmt: skip
    student, made = ranked
    answer = found.contrast(serving.recommender, made, 0, first, second)
    return Contrast(
        **head, refusal=None, first_fit=answer.first_fit, second_fit=answer.second_fit, difference=answer.difference,
        blocks=dict(answer.blocks), terms=_terms(serving, answer, answer.terms, student.school_code),
        text=preference(answer),
    )  # fmt: skip


def _get_pathway(serving: Serving, code: str) -> Pathway:
    if code not in serving.catalogue.position:
        raise NotFoundError("В каталоге этого учебного года такого предложения нет.", pathway_code=code)
    return serving.catalogue.get_pathway(code)


def _name(serving: Serving, pathway: Pathway) -> PathwayName:
    return PathwayName(
        pathway_code=pathway.pathway_code,
        kind=pathway.kind.value,
        title_ru=pathway.title_ru,
        host_title=host_title(serving.catalogue.places, pathway.host_code),
    )


def _find_ranked(
    session: Session, serving: Serving, *, actor: Actor, student_id: str, demand_strength: float
) -> tuple[StudentRow, Recommendations] | None:
    """The student ranked as for a list; None where nothing may be ranked."""
    year = serving.today.school_year
    of = rankable_students(actor, year).with_only_columns(Student.student_id).where(Student.student_id == student_id)
    students = read_student_rows(session, of).get(year, [])
    if not students:
        return None
    facts = student_facts(
        students,
        read_fact_rows(session, of, serving.reference, year),
        as_of=serving.today.as_of,
        catalogue=serving.catalogue,
        model=serving.model.interest_model,
    )
    return students[0], serving.recommender.recommend(facts, k=FIRST, demand_strength=demand_strength)


def _refusal(session: Session, serving: Serving, student_id: str) -> Refusal:
    member, _ = last_membership(session, student_id, serving.today.school_year)
    return NOT_THIS_YEAR if member.consent_recommending else NO_CONSENT


def _rules(
    serving: Serving, refusals: tuple[EligibilityRule, ...], pathway: Pathway, student: StudentRow
) -> list[RefusingRule]:
    host = host_title(serving.catalogue.places, pathway.host_code)
    lacking = [CONDITION_TITLES[code] for code in student.conditions_needed if code not in pathway.conditions_met]
    return [
        RefusingRule(rule_id=rule.rule_id, text=rule_text(rule, pathway, host, lacking), legal_basis=rule.legal_basis)
        for rule in refusals
    ]


def _terms(
    serving: Serving, compared: found.Contrast, terms: Iterable[found.TermContrast], school_code: str
) -> list[ComparedTerm]:
    """Both sides of each term as sentences."""

    def said(told: found.TermContrast, pathway: Pathway, quoted: dict[str, object], *, is_for: bool) -> str:
        facts = wire_facts(told.term, quoted, serving, school_code, pathway)
        facts.pop("typical_km", None)  # it is the other pathway that this one is compared with
        return sentence(told.term, is_for=is_for, facts=facts, saying=saying_of(serving, pathway))

    return [
        ComparedTerm(
            term=told.term,
            block=told.block,
            first=told.first,
            second=told.second,
            difference=told.difference,
            first_text=said(told, compared.first, told.first_facts, is_for=told.difference > 0),
            second_text=said(told, compared.second, told.second_facts, is_for=told.difference < 0),
        )
        for told in terms
    ]
