"""What is missing about a student, in words that say what to do."""

from collections.abc import Iterable

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
WITHOUT_CONSENT_TESTING = frozenset({"diagnostics"})  # no use asking for what was not allowed


def missing_facts(lacking: Iterable[str], member: ClassMember | None) -> list[MissingFact]:
    """Facts for the kinds of evidence that lack, and for consents that were not given."""
    codes = []
    if member is not None and not member.consent_recommending:
        codes.append("no_consent_recommending")
    if member is not None and not member.consent_testing:
        codes.append("no_consent_testing")
        lacking = [kind for kind in lacking if kind not in WITHOUT_CONSENT_TESTING]
    codes += [f"no_{kind}" for kind in lacking]
    return [MissingFact(code=code, text=WORDS[code][0], remedy=WORDS[code][1]) for code in codes]
