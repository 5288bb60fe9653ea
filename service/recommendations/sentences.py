"""Russian sentences from reasons: the one place where a contribution becomes words.

A sentence quotes the student's own facts and says no more than they show. A reason compares this offer with the typical
offer of the same kind to the same student, and a learned weight may have either sign, so that "for" does not always
mean "high": a sentence says "above" or "below" only where the quoted figures themselves show it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.recommendations import words
from service.recommendations.words import day, listed, mark, number, place, plural

MANY_SUBJECTS = 3
GOOD_MARK = 4.0
USUAL_RATING = 6.5  # what a trial usually gets, of 10
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Saying:
    """What a sentence is about: the kind and programme of the pathway, and titles of codes."""

    kind: str
    programme_code: str
    asks_subjects: bool
    titles: Mapping[str, Mapping[str, str]]  # vocabulary -> code -> title

    @property
    def this(self) -> str:
        """This class, this course, this trial; genitive."""
        return words.THIS_GENITIVE[self.kind]

    @property
    def to_this(self) -> str:
        """The same; dative."""
        return words.THIS_DATIVE[self.kind]

    @property
    def others(self) -> str:
        """Other offers of the kind; genitive."""
        return words.OTHERS_GENITIVE[self.kind]

    def title(self, vocabulary: str, code: str) -> str:
        """Title of a code, the code itself where there is none."""
        return self.titles.get(vocabulary, {}).get(code, code)


def sentence(term: str, *, is_for: bool, facts: Facts, saying: Saying) -> str:
    """The sentence of one reason."""
    return SENTENCES[term](facts, saying, is_for)


def _interests(facts: Facts, saying: Saying, is_for: bool) -> str:
    guess = "" if facts.get("is_measured") else " (предварительно: диагностики не было)"
    shared, lacking, unused = (_interest_names(facts, group) for group in ("shared", "lacking", "unused"))
    if is_for and shared:
        return f"Интересы: {shared} — сильные стороны {saying.this}{guess}"
    if not is_for and lacking:
        return f"{saying.to_this.capitalize()} нужнее другое — {lacking}: к этому интерес слабее{guess}"
    if not is_for and unused:
        return f"Интересы остаются в стороне: {unused}{guess}"
    how = "лучше" if is_for else "хуже"
    return f"Интересы совпадают с содержанием {saying.this} {how}, чем с остальными{guess}"


def _interest_names(facts: Facts, group: str) -> str:
    return listed([words.INTERESTS[code] for code in facts.get(group, [])])


def _subject_names(subjects: Sequence[Facts]) -> str:
    return listed([words.DATIVE[subject["subject_code"]] for subject in subjects[:MANY_SUBJECTS]])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _strength(facts: Facts, saying: Saying, is_for: bool) -> str:
    subjects = facts.get("subjects", [])
    if not subjects:
        return _no_marks(saying, is_for)
    mean, own = round(_mean([subject["mark"] for subject in subjects[:MANY_SUBJECTS]]), 1), facts["own_mean"]
    names, figures = _subject_names(subjects), f"{mark(mean)} при {mark(own)}"
    if mean > own and is_for:
        return f"По {names} отметки выше собственного среднего: {figures}"
    if mean < own and not is_for:
        return f"По {names} отметки ниже собственного среднего: {figures}"
    return f"По {names} отметки {figures} в среднем по всем предметам: {_speaks(mean, saying, is_for)}"


def _level(facts: Facts, saying: Saying, is_for: bool) -> str:
    subjects = facts.get("subjects", [])
    if not subjects:
        return _no_marks(saying, is_for)
    mean = _mean([subject["mark"] for subject in subjects[:MANY_SUBJECTS]])
    return f"Средняя отметка по {_subject_names(subjects)} — {mark(mean)}: {_speaks(mean, saying, is_for)}"


def _speaks(mean: float, saying: Saying, is_for: bool) -> str:
    if not is_for and mean >= GOOD_MARK:  # only what was learned from choices turns a good mark into a reason against
        return "при таких отметках в районе чаще выбирали другое"
    return f"это говорит {'в пользу' if is_for else 'против'} {saying.this}"


def _no_marks(saying: Saying, is_for: bool) -> str:
    if not saying.asks_subjects:
        return f"Особых предметов у {saying.this} нет: отметки {'не мешают' if is_for else 'не помогают'}"
    return f"Отметок по предметам {saying.this} пока нет"


def _exams(facts: Facts, saying: Saying, is_for: bool) -> str:
    subjects = facts.get("subjects", [])
    if not subjects:
        return f"Результатов ОГЭ по предметам {saying.this} нет"
    parts = []
    for subject in subjects[:MANY_SUBJECTS]:
        points, name = subject["points"], words.DATIVE[subject["subject_code"]]
        noun = plural(points, "балл", "балла", "баллов")
        parts.append(f"по {name} {number(points)} {noun} при рекомендуемых {number(subject['minimum'])}")
    margins = [subject["points"] - subject["minimum"] for subject in subjects[:MANY_SUBJECTS]]
    verdict = " с запасом" if min(margins) >= 0 else " ниже рекомендуемого" if max(margins) < 0 else ""
    return f"ОГЭ{verdict}: {'; '.join(parts)}"


def _knowledge(facts: Facts, saying: Saying, is_for: bool) -> str:
    subjects = facts.get("subjects", [])
    if not subjects:
        return f"Диагностики обученности по предметам {saying.this} нет"
    parts = [
        f"по {words.DATIVE[subject['subject_code']]} {number(100 * subject['share'], 0)} %"
        for subject in subjects[:MANY_SUBJECTS]
    ]
    verdict = "в пользу" if is_for else "против"
    return f"Диагностика обученности: {listed(parts)} баллов — это говорит {verdict} {saying.this}"


def _profile_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        what = "Этого профиля" if saying.kind == "profile_class" else f"Профилей {saying.this}"
        return f"{what} в анкете нет" if facts.get("is_surveyed") else "Анкеты выбора профиля нет"
    first = min(wishes, key=lambda wish: int(wish["rank"]))
    when = f"в анкете {day(facts['surveyed_on'])}"
    where = place(int(first["rank"]))
    if saying.kind == "profile_class" and first["code"] == saying.programme_code:
        return f"Этот профиль {_only(first, is_for)}назван {where} {when}"
    title = saying.title("profiles", first["code"])
    return f"Связь с профилем «{title}», который назван {where} {when}"


def _only(first: Facts, is_for: bool) -> str:
    return "только " if not is_for and int(first["rank"]) > 1 else ""


def _exam_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        known = facts.get("is_surveyed")
        return f"Экзаменов по предметам {saying.this} в анкете нет" if known else "Анкеты выбора экзаменов нет"
    named = listed([words.ACCUSATIVE[wish["code"]] for wish in wishes[:MANY_SUBJECTS]])
    only = "" if is_for else "только "
    return f"Собирается сдавать {only}{named} (анкета {day(facts['surveyed_on'])})"


def _elective_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        return "В анкете о курсах названы другие" if facts.get("is_surveyed") else "Анкеты о курсах нет"
    first = min(wishes, key=lambda wish: int(wish["rank"]))
    where = place(int(first["rank"]))
    return f"Этот курс {_only(first, is_for)}назван {where} в анкете {day(facts['surveyed_on'])}"


def _profession_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        return "К профессиям, названным в анкете, не ведёт" if facts.get("is_surveyed") else "Профессии не названы"
    titles = listed([f"«{saying.title('spo', wish['code'])}»" for wish in wishes[:MANY_SUBJECTS]])
    when = f"(анкета {day(facts['surveyed_on'])})"
    if is_for:
        return f"Та же группа профессий, что и {titles} {when}"
    return f"С названной профессией связано слабее, чем другие: {titles} {when}"


def _trials(facts: Facts, saying: Saying, is_for: bool) -> str:
    trials = facts.get("trials", [])
    if not trials:
        return "Близких проб с оценкой ещё не было"
    best = sorted(trials, key=lambda trial: trial["rating"], reverse=is_for)[0]
    what = f"проба «{best['title']}» {day(best['on'])} — {number(best['rating'])} из 10"
    liked_little = not is_for and best["rating"] < USUAL_RATING
    return f"Близкая {what}: понравилось меньше обычного" if liked_little else f"Близкая {what}"


def _electives(facts: Facts, saying: Saying, is_for: bool) -> str:
    titles = facts.get("titles", [])
    if not titles:
        return "Близких курсов ещё не было"
    named = listed([f"«{title}»" for title in titles[:2]])
    return f"Близкий по профилю курс уже в опыте: {named}" if is_for else f"Близкий курс уже был: {named}"


def _own_school(facts: Facts, saying: Saying, is_for: bool) -> str:
    return "Ваша школа" if facts.get("is_own") else f"Другое место: {facts['host_title']}"


def _distance(facts: Facts, saying: Saying, is_for: bool) -> str:
    distance = facts.get("distance_km")
    if facts.get("is_online"):
        return "Дистанционно: ехать никуда не нужно"
    if distance is None:
        return "Расстояние не известно"
    if distance < 0.05:
        return "В своей школе: ехать никуда не нужно"
    compared = facts.get("typical_km")
    if compared is None or abs(compared - distance) < 0.05:
        return f"Дорога {number(distance)} км"
    return f"Дорога {number(distance)} км — {'ближе' if distance < compared else 'дальше'} обычного"


def _programme(facts: Facts, saying: Saying, is_for: bool) -> str:
    often = "чаще" if is_for else "реже"
    return f"В прошлые годы такую программу {often} выбирали и доводили до конца"


def _host(facts: Facts, saying: Saying, is_for: bool) -> str:
    often = "чаще" if is_for else "реже"
    return f"{facts['host_title']}: в прошлые годы выбор этого места {often} оказывался удачным"


SENTENCES: dict[str, Callable[[Facts, Saying, bool], str]] = {
    "interest_match": _interests,
    "subject_strength": _strength,
    "subject_level": _level,
    "exam_margin": _exams,
    "knowledge": _knowledge,
    "profile_wish": _profile_wish,
    "exam_wish": _exam_wish,
    "elective_wish": _elective_wish,
    "profession_wish": _profession_wish,
    "trial_experience": _trials,
    "elective_experience": _electives,
    "own_school": _own_school,
    "proximity": _distance,
    "programme_bias": _programme,
    "host_bias": _host,
}
