"""The students of the sample region: cohorts, names, latent interests and abilities. Nobody here exists."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from recommender.synthetic_spheres import (
    ABILITIES,
    SEX_DIFFERENCE,
    SPHERES,
    SUBJECT_ABILITIES,
    SUBJECT_EASE,
    SUBJECT_SPHERES,
    factor_loadings,
    sphere_values,
    sphere_vector,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SCHOOL_YEARS = ("2021-22", "2022-23", "2023-24", "2024-25")
CURRENT = len(SCHOOL_YEARS) - 1
AS_OF = date(2024, 10, 1)
GRADES = (8, 9, 10, 11)
STAY_AFTER_9 = 0.55
TAIL_FREEDOM = 5.0  # Student's t: a few students burn for one thing
ID_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
CONDITION_SHARES = {"mobility": 0.28, "vision": 0.16, "hearing": 0.16, "speech": 0.28, "intellectual": 0.12}
RESTRICTIONS = ("physical", "dust", "chem", "allergy", "noise", "vision", "height", "hot")

GIRLS = (
    "Анна Мария Дарья Полина Анастасия Виктория Екатерина Софья Алиса Ксения Валерия Елизавета Арина Милана Вероника "
    "Ульяна Кира Диана Карина Юлия Злата Маргарита Таисия Олеся Камила Амина Лилия Яна Алина Ольга"
)
BOYS = (
    "Александр Дмитрий Максим Артём Иван Михаил Даниил Кирилл Никита Матвей Егор Андрей Илья Алексей Тимофей Роман "
    "Владимир Ярослав Фёдор Георгий Константин Тимур Арсений Руслан Глеб Степан Давид Николай Захар Аслан"
)
SURNAMES = (
    "Абрамов Авдеев Агеев Акимов Алёшин Андреев Антипов Астахов Бабенко Баранов Беляев Бирюков Бондаренко Бочаров "
    "Быков Васильев Вдовин Власов Волошин Воронов Гаврилов Герасимов Глухов Голубев Гончаренко Горбунов Григорьев "
    "Гусев Давыдов Данилов Демченко Дорохов Дьяков Евсеев Ермаков Жданов Журавлёв Зайцев Захаров Зимин Зотов "
    "Ивашов Игнатов Ильин Калашников Карпенко Киселёв Климов Ковалёв Колесник Комаров Кондратьев Корнеев Костенко "
    "Кравцов Крылов Кузнецов Лавров Лазарев Левченко Логинов Лукин Лысенко Макаров Маслов Матвеев Медведев Мельник "
    "Мирошников Моисеев Морозов Назаров Нестеров Никитин Носов Овчаренко Орехов Осипов Павлов Панченко Петров "
    "Плотников Поляков Пономарёв Прохоров Рогов Родионов Рыбаков Савченко Самойлов Семенов Сидоров Скворцов Соболев "
    "Сорокин Степанов Суворов Тарасенко Терехов Титов Ткаченко Третьяков Уваров Фадеев Федоренко Филатов Фролов "
    "Харченко Цветков Черкасов Чернов Шапошников Шевченко Широков Щербаков Юдин Юрченко Яковлев"
)


@dataclass(frozen=True)
class RegionSize:
    """How large the sample region is; the defaults make about 1,200 students a year.

    Attributes
    ----------
    schools, classes : int
        Schools of the region; classes a grade in each.
    class_size : int
        Students of a class of grades 8 and 9.
    trials : int
        Career trials taken from the examples.
    """

    schools: int = 6
    classes: int = 2
    class_size: int = 32
    trials: int = 86


@dataclass
class People:
    """Every student who was ever there, one row each; columns of per-year arrays are SCHOOL_YEARS.

    Attributes
    ----------
    school, letter : int arrays (n_students, n_years)
        -1 = not in a school of the region that year.
    cohort : int array (n_students,)
        Index of the year in which the student is in grade 8; may be negative.
    ability, diligence : (n_students, n_abilities), (n_students,), standard deviations
    interests : float array (n_years, n_students, n_spheres), standard deviations
    parents_push : float array (n_students,), >= 0
        How much the parents push towards professions in demand.
    friends : int array (n_students, n_friends)
    marks_missing : bool array (n_students,)
        Whose journal was never exported.
    careless : float array (n_students,), in (0, 1)
        Share of thoughtless answers.
    consents : bool array (n_students, 3)
        To testing, to recommending, to learning from outcomes.
    """

    student_id: list[str]
    names: list[tuple[str, str]]
    is_girl: Bools
    cohort: Ints
    school: Ints
    letter: Ints
    ability: Floats
    diligence: Floats
    interests: Floats
    differentiation: Floats
    acquiescence: Floats
    careless: Floats
    parents_push: Floats
    consents: Bools
    conditions: list[tuple[str, ...]]
    restrictions: list[tuple[str, ...]]
    friends: Ints
    marks_missing: Bools

    def grade(self, year: int) -> Ints:
        """Grades in a year, shape (n_students,); outside 8-11 for those who are not in the region's grades."""
        return 8 + year - self.cohort

    @property
    def first_year(self) -> Ints:
        """Index of the first year on a roster, shape (n_students,)."""
        return np.asarray((self.school >= 0).argmax(axis=1), dtype=np.int64)

    def present(self, year: int) -> Bools:
        """Who is on a roster in a year."""
        result: Bools = self.school[:, year] >= 0
        return result


def random_day(rng: np.random.Generator, first: date, last: date) -> date:
    """A day between two days, both included, that is not a Sunday (unless both are)."""
    day = first + timedelta(days=int(rng.integers(0, max((last - first).days, 0) + 1)))
    if day.weekday() == 6:
        day += timedelta(days=-1 if day > first else 1)
    return day


def year_day(year: int, month: int, day: int) -> date:
    """A calendar day of a school year given by index: months from September on belong to its first half.

    Examples
    --------
    >>> year_day(0, 9, 1), year_day(0, 5, 31)
    (datetime.date(2021, 9, 1), datetime.date(2022, 5, 31))
    """
    first = int(SCHOOL_YEARS[year][:4])
    return date(first if month >= 9 else first + 1, month, day)


def _student_ids(rng: np.random.Generator, count: int) -> list[str]:
    ids: dict[str, None] = {}
    while len(ids) < count:
        ids["s" + "".join(ID_LETTERS[i] for i in rng.integers(0, 32, 7))] = None
    return list(ids)


def _name(rng: np.random.Generator, is_girl: bool) -> tuple[str, str]:
    surname = str(rng.choice(SURNAMES.split()))
    if is_girl and surname.endswith(("ов", "ев", "ёв", "ин", "ын")):
        surname += "а"
    return surname, str(rng.choice((GIRLS if is_girl else BOYS).split()))


def _subset(rng: np.random.Generator, words: tuple[str, ...], weights: Floats) -> tuple[str, ...]:
    count = 1 + int(rng.random() < 0.2)
    chosen = rng.choice(len(words), size=count, replace=False, p=weights / weights.sum())
    return tuple(words[i] for i in sorted(chosen))


def first_interests(rng: np.random.Generator, is_girl: Bools, differentiation: Floats) -> Floats:
    """Interests at the start, fat-tailed, correlated through a few common factors; (n_students, n_spheres)."""
    loadings = factor_loadings()
    count = len(is_girl)
    scale = np.sqrt((TAIL_FREEDOM - 2) / TAIL_FREEDOM)
    factors = rng.standard_t(TAIL_FREEDOM, (count, loadings.shape[1])) * scale
    own_share = np.sqrt(np.maximum(1.0 - (loadings**2).sum(axis=1), 0.2))
    own = rng.standard_t(TAIL_FREEDOM, (count, len(SPHERES))) * scale * own_share
    shift = np.where(is_girl, 0.5, -0.5)[:, None] * sphere_values(SEX_DIFFERENCE) / 10
    elevation = rng.normal(0.0, 0.3, (count, 1))
    interests: Floats = elevation + differentiation[:, None] * (factors @ loadings.T + own) + shift
    return interests


def next_interests(rng: np.random.Generator, now: Floats, groups: Ints, differentiation: Floats) -> Floats:
    """One year later: drift, and a small pull towards the class; same shape as `now`."""
    fresh = first_interests(rng, rng.random(len(now)) < 0.5, differentiation)
    later: Floats = 0.93 * now + np.sqrt(1 - 0.93**2) * fresh
    for group in np.unique(groups[groups >= 0]):
        members = groups == group
        later[members] += 0.08 * (now[members].mean(axis=0) - now[members])
    return later


def create_people(rng: np.random.Generator, size: RegionSize) -> People:
    """All cohorts: those of the first year as they stand, a new grade 8 each year, and 3 % newcomers in grade 9."""
    rows: list[tuple[int, int, int, int]] = []  # cohort, school, letter, first year
    for cohort in range(-3, len(SCHOOL_YEARS)):
        stay = STAY_AFTER_9 if cohort <= -2 else 1.0
        for school in range(size.schools):
            for letter in range(size.classes):
                students = max(2, round(size.class_size * rng.uniform(0.85, 1.12) * stay))
                rows += [(cohort, school, letter, max(cohort, 0))] * students
                joining = cohort + 1  # in grade 9
                if 0 < joining < len(SCHOOL_YEARS):
                    rows += [(cohort, school, letter, joining)] * int(rng.binomial(size.class_size, 0.03))
    cohort, school, letter, first = np.array(rows, dtype=np.int64).T
    count = len(rows)
    is_girl = rng.random(count) < 0.51
    general = rng.normal(0.0, 0.65, count) + np.where(cohort <= -2, 0.35, 0.0)
    ability = general[:, None] + rng.normal(0.0, 0.75, (count, len(ABILITIES)))
    differentiation = np.clip(rng.lognormal(-0.2, 0.5, count), 0.2, 1.9)
    per_year = np.full((count, len(SCHOOL_YEARS)), -1, dtype=np.int64)
    people = People(
        student_id=_student_ids(rng, count),
        names=[_name(rng, bool(girl)) for girl in is_girl],
        is_girl=is_girl,
        cohort=cohort,
        school=per_year.copy(),
        letter=per_year.copy(),
        ability=ability,
        diligence=0.3 * general + rng.normal(0.0, 0.85, count) + np.where(is_girl, 0.2, -0.2),
        interests=np.zeros((len(SCHOOL_YEARS), count, len(SPHERES))),
        differentiation=differentiation,
        acquiescence=rng.normal(0.0, 0.35, count),
        careless=rng.beta(1.2, 11.0, count),
        parents_push=np.where(rng.random(count) < 0.35, rng.uniform(0.4, 1.6, count), 0.0),
        consents=rng.random((count, 3)) >= np.array([0.06, 0.04, 0.08]),
        conditions=[()] * count,
        restrictions=[()] * count,
        friends=np.zeros((count, 4), dtype=np.int64),
        marks_missing=rng.random(count) < 0.065,
    )
    shares = np.array(list(CONDITION_SHARES.values()))
    for student in range(count):
        if rng.random() < 0.04:
            people.conditions[student] = _subset(rng, tuple(CONDITION_SHARES), shares)
        if rng.random() < 0.07:
            people.restrictions[student] = _subset(rng, RESTRICTIONS, np.ones(len(RESTRICTIONS)))
    people.interests[0] = first_interests(rng, is_girl, differentiation)
    for year in range(len(SCHOOL_YEARS)):
        grade = people.grade(year)
        last_grade = 11 if year == 0 else 9  # later grades 10 and 11 come from choices made inside the sample
        there = (first <= year) & (grade >= 8) & (grade <= last_grade)
        people.school[there, year], people.letter[there, year] = school[there], letter[there]
    _befriend(rng, people)
    return people


def _befriend(rng: np.random.Generator, people: People) -> None:
    """Four friends in the class in which a student starts."""
    start = (people.school >= 0).argmax(axis=1)
    rows = np.arange(len(start))
    key = people.cohort * 1000 + people.school[rows, start] * 10 + people.letter[rows, start]
    for group in np.unique(key):
        members = np.flatnonzero(key == group)
        for member in members:
            others = members[members != member]
            people.friends[member] = rng.choice(others, size=people.friends.shape[1], replace=len(others) < 4)


def true_marks(people: People, year: int, subjects: tuple[str, ...], teachers: Floats) -> Floats:
    """What a student's work is worth in each subject, on the scale of marks before rounding.

    Parameters
    ----------
    teachers : float array (n_schools, n_subjects)
        How much a teacher of the school adds.

    Returns
    -------
    ndarray of shape (n_students, n_subjects)
    """
    talents = np.array([SUBJECT_ABILITIES[code] for code in subjects])
    ease = np.array([SUBJECT_EASE.get(code, 0.0) for code in subjects])
    spheres = np.array([sphere_vector(SUBJECT_SPHERES[code]) for code in subjects])
    liking = np.tanh(people.interests[year] @ spheres.T)
    home = np.maximum(people.school[:, year], 0)
    worth: Floats = (
        3.72
        + ease
        + 0.46 * people.ability @ talents.T
        + 0.24 * people.diligence[:, None]
        + 0.16 * liking
        + teachers[home]
    )
    return worth
