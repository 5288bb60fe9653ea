"""A student's years: where the student was, what was advised and decided, what came of it, what was measured."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import KINDS
from recommender.students import student_facts
from service.access import Actor
from service.catalogue.queries import pathway_titles
from service.clock import school_year_of, start_of
from service.installation import Today
from service.recommendations.card import (
    Titles,
    enrolments_of,
    marks_by_year,
    results_of,
    scales_of,
    trials_of,
)
from service.recommendations.history_schemas import PastAdvice, StudentHistory, StudentYear
from service.recommendations.shelf import Serving
from service.recommendations.words import KIND_TITLES, day, inner, listed, number
from service.students import schemas
from service.students.facts import read_fact_rows, read_student_rows
from service.students.queries import get_student, last_membership
from service.tables import (
    Admission,
    AnswerSheet,
    ClassMember,
    DecisionRecord,
    School,
    SchoolClass,
    Showing,
    Student,
)

FIRST_PLACE = 1
DECIDED_FIRST = ("accepted", "pinned", "declined")
DESTINATIONS = {"college": "колледж", "university": "вуз", "other": "другое"}
KIND_ORDER = [kind.value for kind in KINDS]
LAST_DAY = (8, 31)


@dataclass(frozen=True, slots=True)
class Told:
    """Whose years are told, and with what."""

    session: Session
    student_id: str
    titles: Titles
    today: Today


def read_history(session: Session, serving: Serving, *, actor: Actor, student_id: str) -> StudentHistory:
    """The years of a student whom the actor may see; of what consent closes nothing is told."""
    get_student(session, actor, student_id)
    today = serving.today
    member, _ = last_membership(session, student_id, today.school_year)
    told = Told(session, student_id, Titles(serving.reference, pathway_titles(session)), today)
    rosters = _rosters(told)
    marks = marks_by_year(session, student_id, told.titles, today)
    results = _by_year(results_of(session, student_id, told.titles, today))
    advice, outcomes = _advice(told, may_show=member.consent_recommending), _outcomes(told)
    measured = _measured(told, serving) if member.consent_testing else {}
    interests = _interests(told, serving, measured) if member.consent_recommending else {}
    years = {*rosters, *marks, *results, *advice, *outcomes, *measured}
    return StudentHistory(
        student_id=student_id,
        as_of=today.as_of,
        years=[
            StudentYear(
                school_year=year,
                class_title=rosters.get(year, (None, None))[0],
                school_title=rosters.get(year, (None, None))[1],
                advice=advice.get(year, []),
                outcomes=outcomes.get(year, []),
                marks=marks[year][0] if year in marks else [],
                own_mean_mark=marks[year][1] if year in marks else None,
                measured=measured.get(year, []),
                interests=interests.get(year, []),
                results=results.get(year, []),
            )
            for year in sorted(years, reverse=True)
        ],
    )


def _rosters(told: Told) -> dict[str, tuple[str, str]]:
    query = (
        sa.select(ClassMember.school_year, SchoolClass.title, School.title_ru)
        .join(SchoolClass, SchoolClass.class_id == ClassMember.class_id)
        .join(School, School.school_code == SchoolClass.school_code)
        .where(ClassMember.student_id == told.student_id, ClassMember.school_year <= told.today.school_year)
    )
    return {year: (title, school) for year, title, school in told.session.execute(query)}


def _advice(told: Told, *, may_show: bool) -> dict[str, list[PastAdvice]]:
    """What was decided in a year; of a kind about which nothing was, the first of the list shown last."""
    found: dict[str, list[PastAdvice]] = defaultdict(list)
    decided = sa.select(DecisionRecord).where(
        DecisionRecord.student_id == told.student_id, DecisionRecord.withdrawn_at.is_(None)
    )
    for row in told.session.scalars(decided.order_by(DecisionRecord.decision_id.desc())):
        if row.pathway_code in told.titles.pathways:
            on = row.decided_at.date()
            found[school_year_of(on)].append(_advised(told, row.pathway_code, row.decision, on))
    for year, (on, codes) in (_shown_first(told) if may_show else {}).items():
        kinds = {each.kind for each in found[year]}
        shown = [_advised(told, code, None, on) for code in codes]
        found[year] += [each for each in shown if each.kind not in kinds]
    for advised in found.values():
        advised.sort(key=lambda each: (KIND_ORDER.index(each.kind), DECIDED_FIRST.index(each.decision or "declined")))
    return {year: advised for year, advised in found.items() if advised}


def _advised(told: Told, pathway_code: str, decision: str | None, on: date) -> PastAdvice:
    kind, title, _ = told.titles.pathways[pathway_code]
    return PastAdvice.model_validate({"kind": kind, "title_ru": title, "decision": decision, "on": on})


def _shown_first(told: Told) -> dict[str, tuple[date, list[str]]]:
    """Day and first places of the list that was shown last in each year."""
    days = sa.select(Showing.showing_id, Showing.as_of).where(Showing.student_id == told.student_id)
    last = {school_year_of(on): number for number, on in told.session.execute(days.order_by(Showing.showing_id))}
    rows = told.session.scalars(sa.select(Showing).where(Showing.showing_id.in_(last.values())))
    return {
        school_year_of(row.as_of): (
            row.as_of,
            [
                item["pathway_code"]
                for item in row.items
                if item["rank"] == FIRST_PLACE and item["pathway_code"] in told.titles.pathways
            ],
        )
        for row in rows
    }


def _outcomes(told: Told) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for enrolled in enrolments_of(told.session, told.student_id, told.titles, told.today):
        found[enrolled.school_year].append(_enrolled(enrolled, told.today))
    for trial in trials_of(told.session, told.student_id, told.titles, told.today):
        if trial.signed_up_on is not None:
            found[school_year_of(trial.signed_up_on)].append(_tried(trial))
    query = sa.select(Admission).where(
        Admission.student_id == told.student_id, Admission.admitted_on <= told.today.as_of
    )
    for admission in told.session.scalars(query.order_by(Admission.admitted_on)):
        found[school_year_of(admission.admitted_on)].append(_admitted(admission, told.titles))
    return found


def _enrolled(enrolled: schemas.Enrolment, today: Today) -> str:
    what = f"{KIND_TITLES.get(enrolled.kind, 'Зачисление')} «{inner(enrolled.title_ru)}»"
    if enrolled.left_on is not None:
        return f"{what}: выбыл(а) {day(enrolled.left_on)}"
    if enrolled.final_mark is not None:
        return f"{what}: итоговая отметка {number(enrolled.final_mark)}"
    return f"{what}: занимается" if enrolled.school_year == today.school_year else what


def _tried(trial: schemas.Trial) -> str:
    what = f"{KIND_TITLES['career_trial']} «{inner(trial.title_ru)}»"
    if trial.attended_on is None:
        return f"{what}: не было на пробе"
    if trial.rating_after is None:
        return f"{what} {day(trial.attended_on)}"
    before = f"{trial.rating_before} → " if trial.rating_before is not None else ""
    return f"{what} {day(trial.attended_on)}: оценка {before}{trial.rating_after} из 10"


def _admitted(admission: Admission, titles: Titles) -> str:
    named = listed([f"«{inner(titles.wish('profession', code))}»" for code in admission.spo_codes])
    what = f"Поступление {day(admission.admitted_on)}: {DESTINATIONS[admission.destination]}"
    return f"{what}, {named}" if named else what


def _measured(told: Told, serving: Serving) -> dict[str, list[str]]:
    taken = sa.select(AnswerSheet.taken_on, AnswerSheet.method_code).where(
        AnswerSheet.student_id == told.student_id, AnswerSheet.taken_on <= told.today.as_of
    )
    found: dict[str, list[str]] = defaultdict(list)
    for on, method in told.session.execute(taken.order_by(AnswerSheet.taken_on, AnswerSheet.method_code)):
        found[school_year_of(on)].append(f"{serving.reference.instruments[method].title_ru}, {day(on)}")
    return found


def _interests(told: Told, serving: Serving, measured: Iterable[str]) -> dict[str, list[schemas.InterestScale]]:
    """Interests as they were known when a year ended, by the model of today."""
    of = sa.select(Student.student_id).where(Student.student_id == told.student_id)
    students = read_student_rows(told.session, of)
    rows = read_fact_rows(told.session, of, serving.reference, told.today.school_year)
    model, found = serving.model.interest_model, {}
    for year in measured:
        if year in students:
            end = min(date(start_of(year).year + 1, *LAST_DAY), told.today.as_of)
            facts = student_facts(students[year], rows, as_of=end, catalogue=serving.catalogue, model=model)
            found[year] = scales_of(serving.recommender.space.student_vectors(facts).profile, model)
    return found


def _by_year(results: Iterable[schemas.KnowledgeResult]) -> dict[str, list[schemas.KnowledgeResult]]:
    found: dict[str, list[schemas.KnowledgeResult]] = defaultdict(list)
    for result in results:
        found[school_year_of(result.on)].append(result)
    return found
