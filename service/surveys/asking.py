"""What a class is asked in the browser: the surveys of its school, or the 48 interest markers in our own words."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from sqlalchemy.orm import Session

from recommender.reference import Reference
from recommender.reference_rows import read_rows
from service.errors import InvalidInputError
from service.imports.cells import is_personal_number
from service.imports.questionnaires import TITLES, VOLUNTARY, YES, Question, headings_of, questions_of
from service.settings import Settings
from service.surveys.schemas import ClassSurvey, QuestionKind, SurveyQuestion
from service.tables import SchoolClass

MARKERS, MARKERS_FILE = "RIASEC48", "riasec48_items.csv"
GRADES_OF_SCALE = ("1", "2", "3", "4", "5")
ROUND_TITLES: Mapping[ClassSurvey, str] = {
    "profile": TITLES["profile"],
    "exams": TITLES["exams"],
    "electives": TITLES["electives"],
    "interests": "Что тебе интересно: 48 занятий",
}
TABLES: Mapping[ClassSurvey, str] = {
    "profile": "profile_survey",
    "exams": "exam_survey",
    "electives": "elective_survey",
    "interests": f"answers_{MARKERS}",
}
LIKING = (
    "Понравилось бы тебе такое занятие? 1 — совсем нет, 3 — трудно сказать, 5 — очень. Не думай об образовании и "
    "заработке. Верных ответов нет, это не отметка; опросник новый, норм для него пока нет."
)
SURVEY_HINT = f"Отвечай за себя. {VOLUNTARY}"
NO_QUESTION = "Такого вопроса в анкете нет: обновите страницу."
NO_CHOICE = "Такого ответа в анкете нет: обновите страницу."
ONE_ANSWER = "На этот вопрос один ответ."
NO_NUMBERS = "Номер документа здесь не нужен: уберите его."


@lru_cache(maxsize=1)
def _markers(path: Path) -> tuple[SurveyQuestion, ...]:
    """The activities, one of each type in turn, so that nobody marks eight of a kind in a row."""
    rows = sorted(read_rows(path, ["item", "text_ru"]), key=lambda row: row["item"][1:])  # stable: types as in the file
    return tuple(
        SurveyQuestion(question_id=row["item"], text=row["text_ru"], kind="scale", choices=list(GRADES_OF_SCALE))
        for row in rows
    )


def may_answer(survey: str, *, may_be_tested: bool) -> bool:
    """Whether a student may be asked: measuring interests wants a consent to diagnostics, a survey wants none."""
    return may_be_tested or survey != "interests"


def hint_of(survey: ClassSurvey) -> str:
    """What a student reads first."""
    return LIKING if survey == "interests" else SURVEY_HINT


def ask(
    session: Session, settings: Settings, reference: Reference, school_class: SchoolClass, survey: ClassSurvey
) -> list[SurveyQuestion]:
    """The questions in their order; a question of a survey is known by its heading."""
    if survey == "interests":
        return list(_markers(settings.reference_dir / MARKERS_FILE))
    found = questions_of(session, reference, school_class, survey, school_class.school_year)
    return [_question(each) for each in found]


def _question(each: Question) -> SurveyQuestion:
    kind: QuestionKind = "many" if each.many else "one" if each.choices else "text"
    return SurveyQuestion(question_id=each.text, text=each.text, kind=kind, choices=list(each.choices))


def check_answers(questions: Sequence[SurveyQuestion], answers: Mapping[str, Sequence[str]]) -> None:
    """Refuse what nobody was asked; no answer is an answer too."""
    asked = {question.question_id: question for question in questions}
    for name, given in answers.items():
        question = asked.get(name)
        if question is None:
            raise InvalidInputError(NO_QUESTION)
        if question.kind != "many" and len(given) > 1:
            raise InvalidInputError(ONE_ANSWER, question=name)
        if question.kind != "text" and not set(given) <= set(question.choices):
            raise InvalidInputError(NO_CHOICE, question=name)
        if question.kind == "text" and any(map(is_personal_number, given)):
            raise InvalidInputError(NO_NUMBERS, question=name)


def columns_of(questions: Sequence[SurveyQuestion]) -> list[str]:
    """Headings as files have them: of several choices each has a column."""
    return [
        heading
        for each in questions
        for heading in headings_of(each.question_id, each.choices, many=each.kind == "many")
    ]


def cells_of(questions: Sequence[SurveyQuestion], answers: Mapping[str, Sequence[str]]) -> list[str]:
    """Answers of one student below those headings."""
    cells: list[str] = []
    for each in questions:
        given = answers.get(each.question_id, [])
        if each.kind == "many":
            cells += [YES[0] if choice in given else "" for choice in each.choices]
        else:
            cells.append(given[0] if given else "")
    return cells
