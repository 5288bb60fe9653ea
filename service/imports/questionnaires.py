"""What a class is asked in the surveys of the roadmap: from its school's catalogue, as headings that imports know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.reference import Reference
from service.errors import NotFoundError
from service.imports.schemas import Survey
from service.tables import PathwayOffer, SchoolClass

TITLES: Mapping[Survey, str] = {
    "profile": "Анкета выбора профиля",
    "exams": "Анкета выбора экзаменов",
    "electives": "Анкета спроса на элективные курсы",
}
GRADES: Mapping[Survey, tuple[int, ...]] = {"profile": (9,), "exams": (9, 11), "electives": (6, 7, 8, 9, 10, 11)}
PLANS = ("10 класс", "колледж", "не решил")
YES = ("да",)
NOT_FOR = "Эту анкету проводят в других классах: {grades}."
NOTHING_OFFERED = "В каталоге этого учебного года выбирать не из чего: сначала загрузите каталог."
VOLUNTARY = "Отвечать не обязательно: пустая строка — тоже ответ. Это не отметка и не обещание."


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a heading. Of several choices each is a column of its own."""

    text: str
    choices: tuple[str, ...] = ()
    many: bool = False

    @property
    def headings(self) -> list[str]:
        """Of its columns."""
        return headings_of(self.text, self.choices, many=self.many)


def questions_of(
    session: Session, reference: Reference, school_class: SchoolClass, survey: Survey, school_year: str
) -> list[Question]:
    """What a class is asked: from its school's own catalogue."""
    if school_class.grade not in GRADES[survey]:
        raise NotFoundError(NOT_FOR.format(grades=", ".join(map(str, GRADES[survey]))))
    if survey == "exams":
        subjects = [each.title_ru for each in reference.subjects.values() if each.is_of_choice(school_class.grade)]
        return [Question("Какие экзамены вы будете сдавать?", tuple(subjects), many=True)]
    if survey == "profile":
        offered = _offers(session, school_class, school_year, "profile_class", school_class.grade + 1)
        codes = {code for offer in offered for code in offer.profiles} or set(reference.profiles)
        profiles = tuple(each.title_ru for code, each in reference.profiles.items() if code in codes)
        return [
            Question("Желаемый профиль", profiles),
            Question("Второй профиль", profiles),
            Question("План после 9 класса", PLANS),
            Question("Желаемые профессии"),
        ]
    offered = _offers(session, school_class, school_year, "elective", school_class.grade)
    if not offered:
        raise NotFoundError(NOTHING_OFFERED)
    titles = tuple(sorted({offer.title_ru for offer in offered}))
    return [Question("Какие элективные курсы вы хотите посещать?", titles, many=True)]


def _offers(session: Session, school_class: SchoolClass, school_year: str, kind: str, grade: int) -> list[PathwayOffer]:
    query = sa.select(PathwayOffer).where(
        PathwayOffer.school_year == school_year,
        PathwayOffer.kind == kind,
        PathwayOffer.host_code == school_class.school_code,
    )
    return [offer for offer in session.scalars(query) if str(grade) in offer.grades]


def headings_of(text: str, choices: Sequence[str], *, many: bool) -> list[str]:
    """Headings of a question: one, or one a choice where several may be taken."""
    return [f"{text} [{choice}]" for choice in choices] if many else [text]
