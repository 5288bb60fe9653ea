"""A student's card: everything the counsellor needs for the talk, in one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.instruments import Instrument, level_of
from recommender.interests import DIMENSIONS, RIASEC, InterestModel, InterestProfile
from recommender.leading import FAMILIES, is_flat, leaders
from recommender.reference import Reference
from recommender.region import term_end
from recommender.students import FactRows, student_facts
from service.access import Actor
from service.catalogue.queries import get_reference, host_title, pathway_titles, read_places
from service.installation import Today, get_today
from service.recommendations.shelf import Serving, Shelf
from service.settings import Settings
from service.students import schemas
from service.students.facts import read_fact_rows, read_student_rows
from service.students.missing import missing_facts
from service.students.queries import Evidence, get_student, last_membership, names_of
from service.tables import (
    AnswerSheet,
    ClassMember,
    Enrolment,
    ExamResult,
    KnowledgeResult,
    ScaleScore,
    School,
    SchoolClass,
    Student,
    TermMark,
    TrialAttendance,
    Wish,
)

SCALE_TITLES = {
    "R": "Практика (R)", "I": "Исследование (I)", "A": "Творчество (A)", "S": "Люди и помощь (S)",
    "E": "Организация и лидерство (E)", "C": "Порядок и точность (C)",
    "nature": "Человек — природа", "technics": "Человек — техника", "human": "Человек — человек",
    "sign": "Человек — знак", "art": "Человек — художественный образ",
}  # fmt: skip
CONDITION_TITLES = {
    "mobility": "доступная среда: передвижение",
    "vision": "условия для слабовидящих и незрячих",
    "hearing": "условия для слабослышащих и глухих",
    "speech": "условия при нарушениях речи",
    "intellectual": "адаптированная программа",
}
PLAN_TITLES = {"grade10": "10 класс", "college": "колледж", "undecided": "ещё не решил(а)"}
MEASURED_SHARE = 0.9  # a scale counts as measured when its variance fell below this share of the prior's


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles that a card needs, by code."""

    reference: Reference
    pathways: Mapping[str, tuple[str, str, str]]  # kind, title, host

    def pathway(self, code: str) -> str:
        """Title of a pathway of any year."""
        return self.pathways[code][1] if code in self.pathways else code

    def subject(self, code: str) -> str:
        """Title of a subject."""
        return self.reference.subjects[code].title_ru if code in self.reference.subjects else code

    def wish(self, kind: str, code: str) -> str:
        """Title of what was wished."""
        if kind == "plan":
            return PLAN_TITLES.get(code, code)
        if kind == "exam":
            return self.subject(code)
        if kind == "profile":
            return self.reference.profiles[code].title_ru if code in self.reference.profiles else code
        if kind == "profession":
            known = self.reference.spo.get(code) or self.reference.former_spo.get(code)
            return known.title_ru if known is not None else code
        named = (title for pathway, (_, title, _) in self.pathways.items() if pathway.endswith(f"-{code}"))
        return next(named, code)


def make_card(
    session: Session, *, actor: Actor, student_id: str, shelf: Shelf, settings: Settings
) -> schemas.StudentCard:
    """The card of a student whom the actor may see."""
    student = get_student(session, actor, student_id)
    today, reference = get_today(session, settings), get_reference(settings)
    member, school_class = last_membership(session, student_id, today.school_year)
    titles = Titles(reference, pathway_titles(session))
    of = sa.select(Student.student_id).where(Student.student_id == student_id)
    by_year = marks_by_year(session, student_id, titles, today)
    marks, own_mean = by_year[max(by_year)] if by_year else ([], None)
    interests, note = _interests(session, member, school_class, shelf.take(session), reference, today)
    lacking = Evidence(session, of, today).lacks(student_id, school_class.grade)
    return schemas.StudentCard(
        student_id=student_id,
        full_name=names_of(session, actor, [student_id]).get(student_id),
        school_code=student.school_code,
        school_title=session.get_one(School, student.school_code).title_ru,
        class_id=school_class.class_id,
        class_title=school_class.title,
        grade=school_class.grade,
        school_year=school_class.school_year,
        as_of=today.as_of,
        consents=schemas.Consents(
            testing=member.consent_testing,
            recommending=member.consent_recommending,
            learning=member.consent_learning,
        ),
        conditions_needed=list(member.conditions_needed),
        conditions_needed_titles=[CONDITION_TITLES.get(code, code) for code in member.conditions_needed],
        restriction_tags=list(member.restriction_tags),
        interests=interests,
        interests_note=note,
        readings=_readings(session, student_id, reference, today) if member.consent_testing else [],
        marks=marks,
        own_mean_mark=own_mean,
        results=results_of(session, student_id, titles, today),
        wishes=_wishes(session, student_id, titles, today),
        trials=trials_of(session, student_id, titles, today),
        enrolments=enrolments_of(session, student_id, titles, today),
        missing=missing_facts(lacking, member),
    )


def _interests(
    session: Session,
    member: ClassMember,
    school_class: SchoolClass,
    serving: Serving,
    reference: Reference,
    today: Today,
) -> tuple[list[schemas.InterestScale], str | None]:
    """Posterior of the 11 interests, by the model that ranks."""
    if not member.consent_recommending:
        return [], "Без согласия на рекомендации профиль интересов не рассчитывается."
    of = sa.select(ClassMember.student_id).where(ClassMember.student_id == member.student_id)
    students = read_student_rows(session, of)[school_class.school_year]
    rows: FactRows = read_fact_rows(session, of, reference, today.school_year)
    model = serving.model.interest_model
    facts = student_facts(students, rows, as_of=today.as_of, catalogue=serving.catalogue, model=model)
    profile = serving.recommender.space.student_vectors(facts).profile
    return scales_of(profile, model), _interests_note(profile)


def scales_of(profile: InterestProfile, model: InterestModel) -> list[schemas.InterestScale]:
    """The interests of the only student of a profile."""
    spread = profile.standard_deviation[0]
    return [
        schemas.InterestScale(
            code=code,
            title_ru=SCALE_TITLES[code],
            family="riasec" if code in RIASEC else "klimov",
            mean=float(profile.mean[0][place]),
            sd=float(spread[place]),
            measured=_is_measured(profile, model, place),
        )
        for place, code in enumerate(DIMENSIONS)
    ]


def _is_measured(profile: InterestProfile, model: InterestModel, place: int) -> bool:
    prior = model.prior_covariance[place, place]
    return bool(profile.covariance[0, place, place] < MEASURED_SHARE * prior)


def _interests_note(profile: InterestProfile) -> str | None:
    """What to keep in mind while reading the chart: nothing measured, a flat profile, a tie at the top."""
    if not int(profile.reading_count[0]):
        return "Интересы не измерены: показано среднее по классам, погрешность наибольшая."
    types = FAMILIES[0]
    if is_flat(profile, 0, types):
        return "Профиль почти ровный: ведущего типа нет, опирайтесь на пробы и желания."
    first, *tied = leaders(profile, 0, types)
    if tied:
        names = f"{SCALE_TITLES[DIMENSIONS[first]]} и {SCALE_TITLES[DIMENSIONS[tied[0]]]}"
        return f"Два ведущих типа неразличимы в пределах погрешности: {names}."
    return None


def _readings(session: Session, student_id: str, reference: Reference, today: Today) -> list[schemas.Reading]:
    sheets = session.scalars(
        sa.select(AnswerSheet)
        .where(AnswerSheet.student_id == student_id, AnswerSheet.taken_on <= today.as_of)
        .order_by(AnswerSheet.taken_on.desc(), AnswerSheet.method_code)
    )
    scores: dict[tuple[str, object], dict[str, float | None]] = {}
    for row in session.scalars(sa.select(ScaleScore).where(ScaleScore.student_id == student_id)):
        scores.setdefault((row.method_code, row.taken_on), {})[row.scale] = row.score
    return [
        schemas.Reading(
            method_code=sheet.method_code,
            title_ru=reference.instruments[sheet.method_code].title_ru,
            ipsative=reference.instruments[sheet.method_code].ipsative,
            taken_on=sheet.taken_on,
            age_days=(today.as_of - sheet.taken_on).days,
            answered_share=sheet.answered_share,
            scales=_scale_scores(
                reference.instruments[sheet.method_code], scores.get((sheet.method_code, sheet.taken_on), {})
            ),
        )
        for sheet in sheets
    ]


def _scale_scores(instrument: Instrument, scores: Mapping[str, float | None]) -> list[schemas.ScaleScore]:
    found = []
    for scale in instrument.scales:
        score = scores.get(scale.code)
        level = level_of(scale, score) if score is not None else None
        found.append(
            schemas.ScaleScore(
                scale=scale.code,
                title_ru=scale.title_ru,
                score=score,
                minimum=scale.minimum,
                maximum=scale.maximum,
                level=level.title_ru if level is not None else None,
            )
        )
    return found


def marks_by_year(
    session: Session, student_id: str, titles: Titles, today: Today
) -> dict[str, tuple[list[schemas.SubjectMark], float]]:
    """Mean marks of the terms that have ended, and the student's own mean, by school year."""
    by_year: dict[str, dict[str, list[float]]] = {}
    for row in session.scalars(sa.select(TermMark).where(TermMark.student_id == student_id)):
        if term_end(row.school_year, str(row.term)) <= today.as_of:
            by_year.setdefault(row.school_year, {}).setdefault(row.subject_code, []).append(row.mark)
    order = {code: place for place, code in enumerate(titles.reference.subjects)}
    found = {}
    for year, by_subject in by_year.items():
        marks = [
            schemas.SubjectMark(
                subject_code=code,
                title_ru=titles.subject(code),
                school_year=year,
                mean_mark=round(_mean(own), 2),
                mark_count=len(own),
            )
            for code, own in sorted(by_subject.items(), key=lambda item: order.get(item[0], len(order)))
        ]
        found[year] = marks, round(_mean([_mean(own) for own in by_subject.values()]), 2)
    return found


def _until(day: date | None, today: Today) -> date | None:
    return day if day is not None and day <= today.as_of else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def results_of(session: Session, student_id: str, titles: Titles, today: Today) -> list[schemas.KnowledgeResult]:
    """Diagnostics of learning and exams, newest first."""
    known = sa.select(KnowledgeResult).where(
        KnowledgeResult.student_id == student_id, KnowledgeResult.taken_on <= today.as_of
    )
    passed = sa.select(ExamResult).where(ExamResult.student_id == student_id, ExamResult.passed_on <= today.as_of)
    found = [
        schemas.KnowledgeResult(
            kind="knowledge",
            subject_code=row.subject_code,
            title_ru=titles.subject(row.subject_code),
            on=row.taken_on,
            points=row.points,
            points_max=row.points_max,
        )
        for row in session.scalars(known)
    ]
    for exam in session.scalars(passed):
        subject = titles.reference.subjects.get(exam.subject_code)
        maximum = 100.0 if exam.exam == "ege" else subject.oge_max if subject is not None else None
        found.append(
            schemas.KnowledgeResult(
                kind=exam.exam,
                subject_code=exam.subject_code,
                title_ru=titles.subject(exam.subject_code),
                on=exam.passed_on,
                points=exam.points,
                points_max=maximum,
            )
        )
    return sorted(found, key=lambda result: (-result.on.toordinal(), result.kind, result.subject_code))


def _wishes(session: Session, student_id: str, titles: Titles, today: Today) -> list[schemas.Wish]:
    query = sa.select(Wish).where(Wish.student_id == student_id, Wish.stated_on <= today.as_of)
    rows = session.scalars(query.order_by(Wish.stated_on.desc(), Wish.survey, Wish.kind.desc(), Wish.rank))
    return [
        schemas.Wish(
            survey=row.survey,
            kind=row.kind,
            code=row.code,
            title_ru=titles.wish(row.kind, row.code),
            rank=row.rank,
            stated_on=row.stated_on,
        )
        for row in rows
    ]


def trials_of(session: Session, student_id: str, titles: Titles, today: Today) -> list[schemas.Trial]:
    """Career trials, newest first."""
    places = read_places(session)
    query = sa.select(TrialAttendance).where(
        TrialAttendance.student_id == student_id, TrialAttendance.signed_up_on <= today.as_of
    )
    return [
        schemas.Trial(
            pathway_code=row.pathway_code,
            title_ru=titles.pathway(row.pathway_code),
            host_title=host_title(places, titles.pathways.get(row.pathway_code, ("", "", ""))[2]),
            signed_up_on=row.signed_up_on,
            attended_on=_until(row.attended_on, today),
            rating_before=row.rating_before,
            rating_after=row.rating_after if _until(row.attended_on, today) else None,
        )
        for row in session.scalars(query.order_by(TrialAttendance.signed_up_on.desc()))
    ]


def enrolments_of(session: Session, student_id: str, titles: Titles, today: Today) -> list[schemas.Enrolment]:
    """Profile classes and electives, newest first."""
    query = sa.select(Enrolment).where(Enrolment.student_id == student_id, Enrolment.enrolled_on <= today.as_of)
    return [
        schemas.Enrolment(
            pathway_code=row.pathway_code,
            kind=titles.pathways.get(row.pathway_code, ("", "", ""))[0],
            title_ru=titles.pathway(row.pathway_code),
            school_year=row.school_year,
            enrolled_on=row.enrolled_on,
            left_on=_until(row.left_on, today),
            final_mark=row.final_mark if row.school_year < today.school_year else None,
        )
        for row in session.scalars(query.order_by(Enrolment.enrolled_on.desc(), Enrolment.pathway_code))
    ]
