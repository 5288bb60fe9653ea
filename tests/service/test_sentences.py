"""Every reason in Russian, worked by hand; both signs; nothing said that the facts do not show."""

import pytest

from recommender.scoring import CONTRIBUTIONS
from service.recommendations import words
from service.recommendations.sentences import SENTENCES, Saying, sentence

TITLES = {
    "instruments": {"HOL43": "Опросник Голланда"},
    "profiles": {"tech-eng": "Технологический"},
    "spo": {"09.02.06": "Сетевое администрирование"},
}
CLASS = Saying("profile_class", "tech-eng", asks_subjects=True, titles=TITLES)
COURSE = Saying("elective", "el003", asks_subjects=True, titles=TITLES)
TRIAL = Saying("career_trial", "tr001", asks_subjects=True, titles=TITLES)
NO_SUBJECTS = Saying("profile_class", "univ", asks_subjects=False, titles=TITLES)

MARKS = {
    "subjects": [{"subject_code": "phys", "mark": 5.0}, {"subject_code": "math", "mark": 4.6}],
    "own_mean": 4.1,
}
LOW = {"subjects": [{"subject_code": "chem", "mark": 3.2}], "own_mean": 4.1}
NOT_NAMED = {"wishes": [], "is_surveyed": True}
SURVEY = {"surveyed_on": "2024-09-18", "is_surveyed": True}


def wish(code: str, rank: int) -> dict[str, object]:
    """A wish of the survey of 18 September."""
    return {"wishes": [{"code": code, "rank": rank}], **SURVEY}


CASES = [
    (
        "interest_match", True, CLASS, {"shared": ["technics", "sign"], "is_measured": True},
        "Интересы совпадают с содержанием этого класса: техника; знаковые системы",
    ),
    (
        "interest_match", False, TRIAL, {"shared": ["I"], "lacking": ["human", "S"], "is_measured": True},
        "Здесь важнее другое: общение с людьми; помощь людям. К этому интерес ниже среднего",
    ),
    (
        "interest_match", False, COURSE, {"unused": ["art"], "is_measured": True},
        "Эти интересы здесь не пригодятся: художественный образ",
    ),
    (
        "interest_match", True, COURSE, {"shared": [], "is_measured": False},
        "Интересы совпадают с содержанием этого курса лучше, чем с остальными (предварительно: диагностики не было)",
    ),
    (
        "subject_strength", True, CLASS, MARKS,
        "По физике и математике средняя за все годы 4,8, по всем предметам 4,1",
    ),
    ("subject_strength", False, CLASS, LOW, "По химии средняя за все годы 3,2, по всем предметам 4,1"),
    (
        "subject_strength", True, COURSE, {"subjects": [{"subject_code": "rus", "mark": 4.0}], "own_mean": 4.1},
        "По русскому языку средняя за все годы 4,0, по всем предметам 4,1: у других предложений хуже",
    ),
    (
        "subject_level", False, TRIAL, MARKS,
        "Средняя отметка за все годы по физике и математике — 4,8: с такими отметками в районе реже выбирали эту пробу",
    ),
    ("subject_level", False, CLASS, LOW, "Средняя отметка за все годы по химии — 3,2: это против этого класса"),
    ("subject_level", False, CLASS, {"subjects": [], "own_mean": 4.1}, "Отметок по предметам этого класса пока нет"),
    (
        "subject_level", False, NO_SUBJECTS, {"subjects": []},
        "Профильных предметов у этого класса нет: отметки здесь не влияют",
    ),
    (
        "exam_margin", True, CLASS, {"subjects": [{"subject_code": "math", "points": 22.0, "minimum": 18.0}]},
        "ОГЭ с запасом: по математике 22 балла при рекомендуемых 18",
    ),
    (
        "exam_margin", False, CLASS, {"subjects": [{"subject_code": "phys", "points": 21.0, "minimum": 30.0}]},
        "ОГЭ ниже рекомендуемого: по физике 21 балл при рекомендуемых 30",
    ),
    (
        "exam_margin", True, CLASS, {"subjects": [{"subject_code": "rus", "points": 19.0, "minimum": 26.0}]},
        "ОГЭ: по русскому языку 19 баллов при рекомендуемых 26. У других предложений запас меньше",
    ),
    (
        "knowledge", True, CLASS, {"subjects": [{"subject_code": "math", "share": 0.75}]},
        "Диагностика обученности: 75 % баллов по математике — это в пользу этого класса",
    ),
    ("profile_wish", True, CLASS, wish("tech-eng", 1), "Этот профиль назван первым в анкете от 18.09.2024"),
    ("profile_wish", False, CLASS, wish("tech-eng", 2), "Этот профиль назван только вторым в анкете от 18.09.2024"),
    (
        "profile_wish", True, TRIAL, wish("tech-eng", 2),
        "Близко к профилю «Технологический»: он назван вторым в анкете от 18.09.2024",
    ),
    ("profile_wish", False, CLASS, {"wishes": [], "is_surveyed": True}, "Этого профиля в анкете нет"),
    ("profile_wish", False, COURSE, {"wishes": [], "is_surveyed": False}, "Анкеты выбора профиля нет"),
    ("exam_wish", True, CLASS, wish("phys", 1), "Из нужных здесь экзаменов в анкете от 18.09.2024 названы: физика"),
    ("exam_wish", False, CLASS, NOT_NAMED, "Экзаменов по предметам этого класса в анкете нет"),
    ("elective_wish", True, COURSE, wish("el003", 1), "Этот курс назван первым в анкете от 18.09.2024"),
    ("elective_wish", False, COURSE, {"wishes": [], "is_surveyed": True}, "В анкете о курсах названы другие"),
    (
        "profession_wish", True, TRIAL, wish("09.02.06", 1),
        "Та же группа профессий, что у названной в анкете от 18.09.2024: «Сетевое администрирование»",
    ),
    ("profession_wish", False, TRIAL, NOT_NAMED, "К профессиям, названным в анкете, не ведёт"),
    (
        "trial_experience", True, TRIAL, {"trials": [{"title": "Сеть", "rating": 9.0, "on": "2024-04-10"}]},
        "Близкая проба «Сеть» 10.04.2024: оценка 9 из 10",
    ),
    (
        "trial_experience", False, TRIAL, {"trials": [{"title": "Сеть", "rating": 4.0, "on": "2024-04-10"}]},
        "Близкая проба «Сеть» 10.04.2024: оценка 4 из 10, понравилась меньше обычного",
    ),
    ("elective_experience", True, CLASS, {"titles": ["Графика"]}, "Уже есть опыт занятий близкого профиля: «Графика»"),
    ("elective_experience", False, CLASS, {"titles": []}, "Близких по профилю занятий ещё не было"),
    (
        "peer_facts", True, CLASS,
        {"facts": [{"term": "subject_level", "code": "math"}, {"term": "subject_strength", "code": "math"},
                   {"term": "profile_wish", "code": "tech-eng"}]},
        "Ученики с похожими данными (отметки по математике; желаемый профиль «Технологический») чаще выбирали"
        " это направление",
    ),
    (
        "peer_facts", False, TRIAL, {"facts": [{"term": "interest_match", "code": "I"}]},
        "Ученики с похожими данными (интерес «исследование») реже выбирали это направление",
    ),
    (
        "peer_answers", True, TRIAL, {"methods": ["HOL43"]},
        "Ученики с похожими ответами по методике «Опросник Голланда» чаще выбирали это направление",
    ),
    ("own_school", True, CLASS, {"host_title": "Школа № 1", "is_own": True}, "Своя школа"),
    ("own_school", False, CLASS, {"host_title": "Школа № 2", "is_own": False}, "Не своя школа: Школа № 2"),
    ("proximity", False, TRIAL, {"distance_km": 12.0, "typical_km": 5.0}, "До места 12 км — дальше обычного"),
    ("proximity", True, TRIAL, {"distance_km": 2.3, "typical_km": 5.0}, "До места 2,3 км — ближе обычного"),
    ("proximity", True, TRIAL, {"distance_km": None, "is_online": True}, "Дистанционно: ехать никуда не нужно"),
    ("proximity", False, TRIAL, {"distance_km": None}, "Расстояние неизвестно"),
    ("programme_bias", True, TRIAL, {}, "В прошлые годы такую пробу чаще выбирали и хорошо оценивали"),
    (
        "host_bias", False, TRIAL, {"host_title": "Колледж"},
        "Колледж: в прошлые годы выбор этого места реже оказывался удачным",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("term", "is_for", "saying", "facts", "expected"), CASES)
def test_sentence(term: str, is_for: bool, saying: Saying, facts: dict[str, object], expected: str) -> None:
    assert sentence(term, is_for=is_for, facts=facts, saying=saying) == expected


def test_every_contribution_has_its_sentence() -> None:
    assert set(SENTENCES) == set(CONTRIBUTIONS)
    assert {case[0] for case in CASES} == set(SENTENCES)


def test_every_subject_and_interest_has_its_words() -> None:
    from pathlib import Path

    from recommender.interests import DIMENSIONS
    from recommender.reference import read_reference

    subjects = set(read_reference(Path("data/reference")).subjects)
    assert subjects == set(words.DATIVE) == set(words.NOMINATIVE)
    assert set(DIMENSIONS) == set(words.INTERESTS)


@pytest.mark.parametrize(
    ("count", "form"),
    [(1, "балл"), (2, "балла"), (5, "баллов"), (11, "баллов"), (21, "балл"), (112, "баллов"), (1.5, "балла")],
)
def test_plural(count: float, form: str) -> None:
    assert words.plural(count, "балл", "балла", "баллов") == form


def test_lists_numbers_days_and_places() -> None:
    assert [words.listed(["а", "б", "в"][:n]) for n in range(4)] == ["", "а", "а и б", "а, б и в"]
    assert [words.number(4.83), words.number(12.0), words.number(0.5, 2), words.number(100, 0)] == [
        "4,8",
        "12",
        "0,5",
        "100",
    ]
    assert (words.mark(4), words.day("2024-09-18")) == ("4,0", "18.09.2024")
    assert (words.place(3), words.place(7)) == ("третьим", "на 7-м месте")
