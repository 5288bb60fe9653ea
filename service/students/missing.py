"""What is missing about a student, in words that say what to do."""

from collections.abc import Iterable
from datetime import date

from service.tables import ClassMember
from service.wire import MissingFact

WORDS = {
    "no_consent_recommending": (
        "Нет согласия законного представителя на рекомендации",
        "Рекомендации не составляются. Возьмите письменное согласие и отметьте его в списке класса.",
    ),
    "no_consent_testing": (
        "Нет согласия законного представителя на диагностику",
        "Диагностика не проводится; опирайтесь на отметки, анкеты и пробы.",
    ),
    "no_diagnostics": (
        "Нет ни одной диагностики интересов",
        "Проведите одну из методик: ДДО займёт около 15 минут.",
    ),
    "no_marks": ("Нет отметок", "Загрузите отметки из журнала или из прежней школы."),
    "no_profile_survey": ("Нет анкеты выбора профиля", "Проведите анкету: желание ученика — самый весомый довод."),
    "no_exam_survey": ("Нет анкеты выбора экзаменов", "Анкету проводят в ноябре — январе."),
    "no_elective_survey": ("Нет анкеты о курсах по выбору", "Спросите, какие курсы ученик хотел бы посещать."),
    "no_trials": ("Профессиональных проб ещё не было", "Предложите пробу из списка ниже: она покажет дело."),
}
BEFORE_EXAM_SURVEY = (9, 10)  # months; it is held from November on: item 6.9 of the roadmap
SHORT = {  # in a line of a list
    "no_consent_recommending": "согласия на рекомендации",
    "no_consent_testing": "согласия на диагностику",
    "no_diagnostics": "диагностики",
    "no_marks": "отметок",
    "no_profile_survey": "анкеты профиля",
    "no_exam_survey": "анкеты экзаменов",
}
WITHOUT_CONSENT_TESTING = frozenset({"diagnostics"})  # no use asking for what was not allowed


def missing_facts(lacking: Iterable[str], member: ClassMember | None) -> list[MissingFact]:
    """Facts for the kinds of evidence that lack, and for consents that were not given."""
    return [MissingFact(code=code, text=WORDS[code][0], remedy=WORDS[code][1]) for code in _codes(lacking, member)]


def missing_words(lacking: Iterable[str], member: ClassMember, today: date) -> list[str]:
    """The same in a word or two each, as after «нет»; nothing whose time has not come."""
    early = {"exam_survey"} if today.month in BEFORE_EXAM_SURVEY else set()
    return [SHORT[code] for code in _codes((kind for kind in lacking if kind not in early), member)]


def _codes(lacking: Iterable[str], member: ClassMember | None) -> list[str]:
    codes = []
    if member is not None and not member.consent_recommending:
        codes.append("no_consent_recommending")
    if member is not None and not member.consent_testing:
        codes.append("no_consent_testing")
        lacking = [kind for kind in lacking if kind not in WITHOUT_CONSENT_TESTING]
    return [*codes, *(f"no_{kind}" for kind in lacking)]
