"""What if: a student's lists with some facts otherwise, by the same ranking; nothing of it is written anywhere."""

from collections.abc import Iterator
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import what_if as found
from recommender.lists import RankedPathway
from recommender.pipeline import Recommendations
from recommender.students import FactRows, StudentRow
from service.access import Actor, rankable_students
from service.catalogue.queries import host_title
from service.imports.vocabularies import ImportTools
from service.recommendations.actions import NO_CONSENT, NOT_THIS_YEAR, Ranked, rank
from service.recommendations.answers import Crowding, ranked_lists, stamps
from service.recommendations.imagined import Imagining, imagine_facts, terms_said
from service.recommendations.moving import DISCOVERY, list_text, why_it_moves
from service.recommendations.queries import decisions_in_force
from service.recommendations.schemas import Refusal
from service.recommendations.shelf import Serving
from service.recommendations.what_if_schemas import (
    Changeable,
    ChangeableExam,
    ChangeableMark,
    ChangeableTest,
    ImaginedFacts,
    ImaginedList,
    PathwayMove,
    TestScale,
    WhatIf,
)
from service.students.facts import read_fact_rows, read_student_rows
from service.students.queries import get_student, last_membership
from service.tables import ScaleScore, Student

EXAM_GRADES = (9, 11)


def imagine(
    session: Session,
    serving: Serving,
    *,
    actor: Actor,
    student_id: str,
    wanted: ImaginedFacts,
    tools: ImportTools,
    demand_strength: float,
    discovery: bool,
    crowding: Crowding | None = None,
) -> WhatIf:
    """The lists that the student would have if these facts were imported, and what moves in them."""
    student = get_student(session, actor, student_id)
    head = {**stamps(serving, wanted.k, demand_strength), "student_id": student_id}
    row = _find_rankable(session, serving, actor, student_id)
    if row is None:
        return WhatIf(**head, refusal=_refusal(session, serving, student_id), understood=[], lists=[])
    of = sa.select(Student.student_id).where(Student.student_id == student_id)
    known = read_fact_rows(session, of, serving.reference, serving.today.school_year)
    then = imagine_facts(Imagining(session, actor, student, serving.today, tools), known, wanted)
    asked: dict[str, Any] = {"k": wanted.k, "demand_strength": demand_strength, "discovery": discovery}
    now, ranked = rank(serving, [row], known, **asked, evidence=False), rank(serving, [row], then.rows, **asked)
    decisions = decisions_in_force(session, of).get(student_id, {})
    shown = ranked.shown[student_id]
    lists = ranked_lists(serving, shown, ranked.by_fit[student_id], row.school_code, decisions, crowding)
    moves = _moves(serving, student_id, now, ranked)
    imagined = [
        ImaginedList(kind=ranked.kind, ranked=ranked, moves=moved, text=list_text([each.move for each in moved]))
        for ranked, moved in zip(lists, moves, strict=True)
    ]
    return WhatIf(**head, refusal=None, understood=then.understood, lists=imagined)


def list_changeable(
    session: Session, serving: Serving, *, actor: Actor, student_id: str, tools: ImportTools
) -> Changeable:
    """What can be imagined of a student, beside what is known now."""
    student = get_student(session, actor, student_id)
    row = _find_rankable(session, serving, actor, student_id)
    if row is None:
        refusal = _refusal(session, serving, student_id)
        return Changeable(student_id=student_id, refusal=refusal, marks=[], marks_text="", exams=[], tests=[])
    imagining = Imagining(session, actor, student, serving.today, tools)
    of = sa.select(Student.student_id).where(Student.student_id == student_id)
    known = read_fact_rows(session, of, serving.reference, serving.today.school_year)
    member, _ = last_membership(session, student_id, serving.today.school_year)
    return Changeable(
        student_id=student_id,
        refusal=None,
        marks=_marks(serving, imagining, known),
        marks_text=terms_said(imagining.terms()),
        exams=_exams(serving, imagining, known, row.grade),
        tests=_tests(session, serving, student_id, row.grade) if member.consent_testing else [],
    )


def _find_rankable(session: Session, serving: Serving, actor: Actor, student_id: str) -> StudentRow | None:
    year = serving.today.school_year
    of = rankable_students(actor, year).with_only_columns(Student.student_id).where(Student.student_id == student_id)
    return next(iter(read_student_rows(session, of).get(year, [])), None)


def _refusal(session: Session, serving: Serving, student_id: str) -> Refusal:
    member, _ = last_membership(session, student_id, serving.today.school_year)
    return NOT_THIS_YEAR if member.consent_recommending else NO_CONSENT


def _moves(serving: Serving, student_id: str, now: Ranked, then: Ranked) -> Iterator[list[PathwayMove]]:
    """By kind, of everything that stands on either list."""
    before, after = (_whole(serving, each) for each in (now, then))
    for old, new in zip(now.shown[student_id].lists, then.shown[student_id].lists, strict=True):
        places = {line.pathway.pathway_code: line for line in old.items}
        places_then = {line.pathway.pathway_code: line for line in new.items}
        codes = [*places_then, *(code for code in places if code not in places_then)]
        yield [
            _told(serving, move, places.get(code), places_then.get(code))
            for code, move in zip(codes, found.moves(serving.recommender, before, after, codes), strict=True)
        ]


def _whole(serving: Serving, ranked: Ranked) -> Recommendations:
    """The same lists to their very end."""
    made = ranked.made
    if made is None:
        raise TypeError("somebody was ranked")
    count, strength = len(serving.catalogue.pathways), made.demand_strength
    return serving.recommender.recommend(made.facts, k=count, demand_strength=strength, vectors=made.vectors)


def _told(serving: Serving, move: found.Move, now: RankedPathway | None, then: RankedPathway | None) -> PathwayMove:
    """`now` and `then` are the lines of the lists, where it stands on them."""
    pathway = move.pathway
    is_discovery = any(line is not None and line.discovery is not None for line in (now, then))
    return PathwayMove(
        pathway_code=pathway.pathway_code,
        title_ru=pathway.title_ru,
        host_title=host_title(serving.catalogue.places, pathway.host_code),
        move=_word(now, then),
        rank_before=now.rank if now is not None else move.rank_before,
        rank_after=then.rank if then is not None else move.rank_after,
        fit_before=move.fit_before,
        fit_after=move.fit_after,
        text=DISCOVERY if is_discovery else why_it_moves(move, pathway.kind.value),
    )


def _word(
    now: RankedPathway | None, then: RankedPathway | None
) -> Literal["entered", "left", "rose", "fell", "stayed"]:
    if now is None:
        return "entered"
    if then is None:
        return "left"
    if then.rank == now.rank:
        return "stayed"
    return "rose" if then.rank < now.rank else "fell"


def _marks(serving: Serving, imagining: Imagining, known: FactRows) -> list[ChangeableMark]:
    days = imagining.term_days()
    means: dict[str, list[float]] = {}
    for fact in known.marks:
        if fact.known_on in days:
            means.setdefault(fact.code, []).append(fact.value)
    return [
        ChangeableMark(
            subject_code=code,
            title_ru=subject.title_ru,
            mean_mark=round(sum(own) / len(own), 2) if (own := means.get(code)) else None,
        )
        for code, subject in serving.reference.subjects.items()
    ]


def _exams(serving: Serving, imagining: Imagining, known: FactRows, grade: int) -> list[ChangeableExam]:
    if grade not in EXAM_GRADES:
        return []
    on = imagining.surveyed_on()
    named = {fact.code for fact in known.exam_wishes if fact.known_on == on}
    return [
        ChangeableExam(subject_code=code, title_ru=subject.title_ru, is_named=code in named)
        for code, subject in serving.reference.subjects.items()
        if subject.is_of_choice(grade) or code in named
    ]


def _tests(session: Session, serving: Serving, student_id: str, grade: int) -> list[ChangeableTest]:
    stored = sa.select(ScaleScore).where(
        ScaleScore.student_id == student_id, ScaleScore.taken_on <= serving.today.as_of
    )
    newest = {(row.method_code, row.scale): row.score for row in session.scalars(stored.order_by(ScaleScore.taken_on))}
    return [
        ChangeableTest(
            method_code=code,
            title_ru=instrument.title_ru,
            scales=[
                TestScale(
                    scale=scale.code,
                    title_ru=scale.title_ru,
                    minimum=scale.minimum,
                    maximum=scale.maximum,
                    score=newest.get((code, scale.code)),
                )
                for scale in instrument.scales
            ],
        )
        for code, instrument in serving.reference.instruments.items()
        if grade in instrument.grades
    ]
