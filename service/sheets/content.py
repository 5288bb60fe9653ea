"""What stands on the sheet: three pathways of each kind with reasons and dates, exams to aim at, who signs."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.catalogue import Catalogue
from recommender.reference import Reference, Subject
from service.recommendations.schemas import EditionStamp, MeasureNext, RankedList, RankedPathway, StudentRecommendations
from service.recommendations.words import day, fit_points, number
from service.students.schemas import StudentCard

PER_KIND = 3
ASKED = 5  # places asked for: those that the student declined leave their lines to the next
WHICH_REASONS, WHICH_EVIDENCE = 2, 2
EXAM_GRADE = 9  # up to it a profile class is chosen by the exams of grade 9
DECIDED = {"accepted": "выбрано", "pinned": "обсудить"}
SIGNED_BY = ("Ученик", "Родитель (законный представитель)", "Педагог-навигатор")
NOT_A_DECISION = (
    "Это совет, а не решение: решают ученик, родители и школа. Соответствие от 0 до 100 — не вероятность поступить."
)
EXAMS, MEASURE_NEXT = "К каким экзаменам готовиться", "Что ещё поможет выбрать"
OGE = "ОГЭ по выбору, обычно два предмета; в скобках — баллы, от которых советуют профильный класс"


@dataclass(frozen=True, slots=True)
class Line:
    """One pathway."""

    title: str
    decided: str  # "" = nothing was decided
    fit: str
    where: str
    demand: str  # "" = the list names no profession of it
    reasons: tuple[str, ...]
    against: str  # "" = nothing speaks against it


@dataclass(frozen=True, slots=True)
class Section:
    """Pathways of one kind."""

    heading: str
    lines: tuple[Line, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page, in the order of reading."""

    student: str
    where: str
    sections: tuple[Section, ...]
    exams: str  # "" = no exam follows from the classes
    measure_next: str
    advice: str
    stamp: str
    signed_by: tuple[str, ...] = SIGNED_BY


def make_sheet(card: StudentCard, made: StudentRecommendations, reference: Reference, catalogue: Catalogue) -> Sheet:
    """The sheet of one student."""
    chosen = {ranked.kind: _chosen(ranked) for ranked in made.lists}
    return Sheet(
        student=card.full_name or f"Ученик {card.student_id}",
        where=f"{card.class_title} · {card.school_title} · {card.school_year} · {day(made.as_of)}",
        sections=tuple(_section(ranked, chosen[ranked.kind]) for ranked in made.lists),
        exams=_exams(card, chosen.get("profile_class", ()), reference, catalogue),
        measure_next="; ".join(map(_evidence, made.measure_next[:WHICH_EVIDENCE])),
        advice=NOT_A_DECISION,
        stamp=_stamp(made),
    )


def _chosen(ranked: RankedList) -> tuple[RankedPathway, ...]:
    """Accepted ones first, then by place; none that was declined."""
    offered = [item for item in ranked.items if item.decision is None or item.decision.decision != "declined"]
    offered.sort(key=lambda item: (item.decision is None or item.decision.decision != "accepted", item.rank))
    return tuple(offered[:PER_KIND])


def _section(ranked: RankedList, chosen: Sequence[RankedPathway]) -> Section:
    return Section(ranked.title_ru, tuple(_line(item) for item in chosen), ranked.note or "")


def _line(item: RankedPathway) -> Line:
    reasons = [reason.text for reason in item.reasons if reason.advantage > 0]
    against = [reason.text for reason in item.reasons if reason.advantage <= 0]
    return Line(
        title=item.title_ru,
        decided=DECIDED.get(item.decision.decision, "") if item.decision is not None else "",
        fit=f"соответствие\u00a0{fit_points(item.fit)}",
        where=_where(item),
        demand=f"В перечне востребованных: {item.in_demand[0].title}" if item.in_demand else "",
        reasons=tuple(reasons[:WHICH_REASONS]),
        against=against[0] if against else "",
    )


def _where(item: RankedPathway) -> str:
    parts = [item.host_title]
    if item.hours is not None:
        parts.append(f"{number(item.hours)} ч")
    if item.dates:
        parts.append("когда: " + ", ".join(map(day, item.dates[:3])))
    if item.apply_until is not None:
        parts.append(f"подать заявление до {day(item.apply_until)}")
    return " · ".join(parts)


def _exams(card: StudentCard, classes: Sequence[RankedPathway], reference: Reference, catalogue: Catalogue) -> str:
    """Exams that the classes of the sheet ask for, in the order of these classes."""
    profiles = [
        reference.profiles[code]
        for item in classes
        if (offer := catalogue.known.get(item.pathway_code)) is not None
        for code in offer.profiles
        if code in reference.profiles
    ]
    if card.grade <= EXAM_GRADE:
        codes = dict.fromkeys(code for profile in profiles for code in profile.oge_subjects)
        said = [_oge(reference.subjects[code]) for code in codes if reference.subjects[code].oge != "none"]
        return f"{OGE}: {', '.join(said)}." if said else ""
    codes = dict.fromkeys(code for profile in profiles for code in profile.advanced_subjects)
    said = [reference.subjects[code].title_ru for code in codes if reference.subjects[code].ege != "none"]
    return f"ЕГЭ: {', '.join(said)}." if said else ""


def _oge(subject: Subject) -> str:
    lowest = subject.oge_profile_class_min
    return f"{subject.title_ru} ({lowest:g})" if lowest is not None else subject.title_ru


def _evidence(named: MeasureNext) -> str:
    return f"{named.title_ru} ({named.minutes} мин)" if named.minutes is not None else named.title_ru


def _stamp(made: StudentRecommendations) -> str:
    return f"Составлено по данным на {day(made.as_of)}; {_edition(made.demand_edition)}; модель {made.model_version}."


def _edition(edition: EditionStamp | None) -> str:
    if edition is None:
        return "перечень востребованных профессий не опубликован"
    illustrative = " (учебный пример)" if edition.illustrative else ""
    return f"перечень востребованных профессий {edition.code} от {day(edition.published_on)}{illustrative}"
