"""Words that sentences are made of: cases of subjects, names of interests, plurals, dates, numbers."""

from collections.abc import Sequence
from datetime import date

DATIVE = {
    "rus": "русскому языку", "lit": "литературе", "math": "математике", "inf": "информатике", "phys": "физике",
    "chem": "химии", "bio": "биологии", "geo": "географии", "soc": "обществознанию", "hist": "истории",
    "eng": "иностранному языку", "tech": "труду (технологии)", "draw": "черчению", "art": "изобразительному искусству",
    "mus": "музыке", "pe": "физкультуре", "obzh": "ОБЗР", "natlang": "родному языку", "kuban": "кубановедению",
}  # fmt: skip
NOMINATIVE = {
    "rus": "русский язык", "lit": "литература", "math": "математика", "inf": "информатика", "phys": "физика",
    "chem": "химия", "bio": "биология", "geo": "география", "soc": "обществознание", "hist": "история",
    "eng": "иностранный язык", "tech": "труд (технология)", "draw": "черчение", "art": "изобразительное искусство",
    "mus": "музыка", "pe": "физкультура", "obzh": "ОБЗР", "natlang": "родной язык", "kuban": "кубановедение",
}  # fmt: skip
INTERESTS = {
    "R": "работа руками", "I": "исследование", "A": "творчество", "S": "помощь людям",
    "E": "организация дела", "C": "порядок и точность",
    "nature": "природа", "technics": "техника", "human": "общение с людьми", "sign": "знаковые системы",
    "art": "художественный образ",
}  # fmt: skip
ALIKE_BY_SUBJECT = {
    "subject_strength": "отметки по", "subject_level": "отметки по", "exam_margin": "баллы ОГЭ по",
    "knowledge": "диагностика обученности по", "exam_wish": "выбор экзамена по",
}  # fmt: skip
ALIKE_BY_FIELD = {
    "profile_wish": "желаемый профиль", "elective_experience": "занятия профиля",
    "profession_wish": "желаемые профессии группы", "trial_experience": "впечатления от проб группы",
}  # fmt: skip
FACT_SORTS = {
    "interest_match": "интерес", "subject_strength": "сильные предметы", "subject_level": "отметки",
    "exam_margin": "ОГЭ", "knowledge": "диагностика обученности", "profile_wish": "желаемый профиль",
    "exam_wish": "выбранные экзамены", "profession_wish": "желаемые профессии", "trial_experience": "пробы",
    "elective_experience": "опыт курсов",
}  # fmt: skip
THIS_COURSE = "этот курс назван в анкете"
KIND_TITLES = {"profile_class": "Профильный класс", "elective": "Элективный курс", "career_trial": "Проба"}
THIS_ACCUSATIVE = {"profile_class": "этот класс", "elective": "этот курс", "career_trial": "эту пробу"}
THIS_GENITIVE = {"profile_class": "этого класса", "elective": "этого курса", "career_trial": "этой пробы"}
PLACES = ("первым", "вторым", "третьим", "четвёртым", "пятым")


def listed(words: Sequence[str]) -> str:
    """Words joined as a person says them.

    >>> listed(["физика", "математика", "химия"])
    'физика, математика и химия'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} и {words[-1]}"


def plural(count: float, one: str, few: str, many: str) -> str:
    """The form of a noun after a number; after a fraction it is `few`.

    >>> [plural(n, "балл", "балла", "баллов") for n in (1, 3, 11, 22, 35, 2.5)]
    ['балл', 'балла', 'баллов', 'балла', 'баллов', 'балла']
    """
    if count != int(count):
        return few
    tail, tens = int(count) % 10, int(count) % 100
    if tail == 1 and tens != 11:
        return one
    return few if 2 <= tail <= 4 and not 12 <= tens <= 14 else many


def number(value: float, digits: int = 1) -> str:
    """A number with a comma, without a needless zero.

    >>> number(4.83), number(12.0)
    ('4,8', '12')
    """
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def mark(value: float) -> str:
    """A mark always with its tenth.

    >>> mark(4)
    '4,0'
    """
    return f"{value:.1f}".replace(".", ",")


def day(iso: str | date) -> str:
    """A day as it is written in Russia.

    >>> day("2024-09-18")
    '18.09.2024'
    """
    return (date.fromisoformat(iso) if isinstance(iso, str) else iso).strftime("%d.%m.%Y")


def place(rank: int) -> str:
    """The place in which something was named.

    >>> place(1), place(8)
    ('первым', 'на 8-м месте')
    """
    return PLACES[rank - 1] if 1 <= rank <= len(PLACES) else f"на {rank}-м месте"


def inner(title: str) -> str:
    """A title to stand in quotation marks: its own become the inner ones.

    >>> inner("Юрист: деловая игра «Суд»")
    'Юрист: деловая игра „Суд“'
    """
    return title.replace("«", "„").replace("»", "“")


def fit_points(fit: float) -> int:
    """Fit as points of 100; never 0 and never 100, because nothing here is certain.

    >>> [fit_points(fit) for fit in (0.999, 0.5, 0.001)]
    [99, 50, 1]
    """
    return min(max(round(100 * fit), 1), 99)
