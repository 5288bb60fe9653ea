"""Russian sentences from reasons: the one place where a contribution becomes words.

A sentence quotes the student's own facts and says no more than they show. A reason compares this offer with the typical
offer of the same kind to the same student, and a learned weight may have either sign, so that "for" does not always
mean "high": a sentence says "above" or "below" only where the quoted figures themselves show it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.recommendations import words
from service.recommendations.words import day, inner, listed, mark, number, place, plural

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
    def this_one(self) -> str:
        """The same; accusative."""
        return words.THIS_ACCUSATIVE[self.kind]

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
        return f"Интересы совпадают с содержанием {saying.this}: {shared}{guess}"
    if not is_for and lacking:
        return f"Здесь важнее другое: {lacking}. К этому интерес ниже среднего{guess}"
    if not is_for and unused:
        return f"Эти интересы здесь не пригодятся: {unused}{guess}"
    how = "лучше" if is_for else "хуже"
    return f"Интересы совпадают с содержанием {saying.this} {how}, чем с остальными{guess}"


def _interest_names(facts: Facts, group: str) -> str:
    return "; ".join(words.INTERESTS[code] for code in facts.get(group, []))


def _subject_names(subjects: Sequence[Facts]) -> str:
    return listed([words.DATIVE[subject["subject_code"]] for subject in subjects[:MANY_SUBJECTS]])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _strength(facts: Facts, saying: Saying, is_for: bool) -> str:
    subjects = facts.get("subjects", [])
    if not subjects:
        return _no_marks(saying, is_for)
    mean, own = round(_mean([subject["mark"] for subject in subjects]), 1), facts["own_mean"]
    figures = f"По {_subject_names(subjects)} средняя за все годы {mark(mean)}, по всем предметам {mark(own)}"
    if (mean > own and is_for) or (mean < own and not is_for):
        return figures
    return f"{figures}: у других предложений {'хуже' if is_for else 'лучше'}"


def _level(facts: Facts, saying: Saying, is_for: bool) -> str:
    subjects = facts.get("subjects", [])
    if not subjects:
        return _no_marks(saying, is_for)
    mean = _mean([subject["mark"] for subject in subjects])
    return f"Средняя отметка за все годы по {_subject_names(subjects)} — {mark(mean)}: {_speaks(mean, saying, is_for)}"


def _speaks(mean: float, saying: Saying, is_for: bool) -> str:
    if is_for == (mean >= GOOD_MARK):
        return f"это {'в пользу' if is_for else 'против'} {saying.this}"
    # what was learned from past choices may turn a good mark against, and a modest one for
    return f"с такими отметками в районе {'чаще' if is_for else 'реже'} выбирали {saying.this_one}"


def _no_marks(saying: Saying, is_for: bool) -> str:
    if not saying.asks_subjects:
        return f"Профильных предметов у {saying.this} нет: отметки здесь не влияют"
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
    if is_for and min(margins) >= 0:
        return f"ОГЭ с запасом: {'; '.join(parts)}"
    if not is_for and max(margins) < 0:
        return f"ОГЭ ниже рекомендуемого: {'; '.join(parts)}"
    return f"ОГЭ: {'; '.join(parts)}. У других предложений запас {'меньше' if is_for else 'больше'}"


def _knowledge(facts: Facts, saying: Saying, is_for: bool) -> str:
    subjects = facts.get("subjects", [])
    if not subjects:
        return f"Диагностики обученности по предметам {saying.this} нет"
    parts = [
        f"{number(100 * subject['share'], 0)} % баллов по {words.DATIVE[subject['subject_code']]}"
        for subject in subjects[:MANY_SUBJECTS]
    ]
    return f"Диагностика обученности: {listed(parts)} — это {'в пользу' if is_for else 'против'} {saying.this}"


def _profile_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        what = "Этого профиля" if saying.kind == "profile_class" else f"Профилей {saying.this}"
        return f"{what} в анкете нет" if facts.get("is_surveyed") else "Анкеты выбора профиля нет"
    first = min(wishes, key=lambda wish: int(wish["rank"]))
    when = f"в анкете от {day(facts['surveyed_on'])}"
    where = place(int(first["rank"]))
    if saying.kind == "profile_class" and first["code"] == saying.programme_code:
        return f"Этот профиль назван {_only(first, is_for)}{where} {when}"
    title = inner(saying.title("profiles", first["code"]))
    return f"Близко к профилю «{title}»: он назван {where} {when}"


def _only(first: Facts, is_for: bool) -> str:
    return "только " if not is_for and int(first["rank"]) > 1 else ""


def _exam_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        known = facts.get("is_surveyed")
        return f"Экзаменов по предметам {saying.this} в анкете нет" if known else "Анкеты выбора экзаменов нет"
    named = listed([words.NOMINATIVE[wish["code"]] for wish in wishes[:MANY_SUBJECTS]])
    return f"Из нужных здесь экзаменов в анкете от {day(facts['surveyed_on'])} названы: {named}"


def _elective_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        return "В анкете о курсах названы другие" if facts.get("is_surveyed") else "Анкеты о курсах нет"
    first = min(wishes, key=lambda wish: int(wish["rank"]))
    where = place(int(first["rank"]))
    return f"Этот курс назван {_only(first, is_for)}{where} в анкете от {day(facts['surveyed_on'])}"


def _profession_wish(facts: Facts, saying: Saying, is_for: bool) -> str:
    wishes = facts.get("wishes", [])
    if not wishes:
        return "К профессиям, названным в анкете, не ведёт" if facts.get("is_surveyed") else "Профессии не названы"
    titles = listed([f"«{inner(saying.title('spo', wish['code']))}»" for wish in wishes[:MANY_SUBJECTS]])
    when = f"в анкете от {day(facts['surveyed_on'])}"
    if is_for:
        return f"Та же группа профессий, что у названной {when}: {titles}"
    return f"С профессиями, названными {when}, связано слабее других: {titles}"


def _trials(facts: Facts, saying: Saying, is_for: bool) -> str:
    trials = facts.get("trials", [])
    if not trials:
        return "Близких проб с оценкой ещё не было"
    best = sorted(trials, key=lambda trial: trial["rating"], reverse=is_for)[0]
    what = f"Близкая проба «{inner(best['title'])}» {day(best['on'])}: оценка {number(best['rating'])} из 10"
    liked_little = not is_for and best["rating"] < USUAL_RATING
    return f"{what}, понравилась меньше обычного" if liked_little else what


def _electives(facts: Facts, saying: Saying, is_for: bool) -> str:
    titles = facts.get("titles", [])
    if not titles:
        return "Близких по профилю занятий ещё не было"
    named = listed([f"«{inner(title)}»" for title in titles[:MANY_SUBJECTS]])
    return f"Уже есть опыт занятий близкого профиля: {named}"


def _peer_facts(facts: Facts, saying: Saying, is_for: bool) -> str:
    often = "чаще" if is_for else "реже"
    known = dict.fromkeys(_alike(fact, saying) for fact in facts.get("facts", []))
    alike = f" ({'; '.join(known)})" if known else ""
    return f"Ученики с похожими данными{alike} {often} выбирали это направление"


def _alike(fact: Facts, saying: Saying) -> str:
    term, code = fact["term"], fact["code"]
    if term == "interest_match":
        return f"интерес «{words.INTERESTS[code]}»"
    if term in words.ALIKE_BY_SUBJECT:
        return f"{words.ALIKE_BY_SUBJECT[term]} {words.DATIVE[code]}"
    vocabulary = "profiles" if term in ("profile_wish", "elective_experience") else "spo_groups"
    return f"{words.ALIKE_BY_FIELD[term]} «{inner(saying.title(vocabulary, code))}»"


def _peer_answers(facts: Facts, saying: Saying, is_for: bool) -> str:
    often = "чаще" if is_for else "реже"
    methods = listed([f"«{inner(saying.title('instruments', code))}»" for code in facts.get("methods", [])])
    where = f" по методике {methods}" if methods else ""
    return f"Ученики с похожими ответами{where} {often} выбирали это направление"


def _own_school(facts: Facts, saying: Saying, is_for: bool) -> str:
    return "Своя школа" if facts.get("is_own") else f"Не своя школа: {facts['host_title']}"


def _distance(facts: Facts, saying: Saying, is_for: bool) -> str:
    distance = facts.get("distance_km")
    if facts.get("is_online"):
        return "Дистанционно: ехать никуда не нужно"
    if distance is None:
        return "Расстояние неизвестно"
    if distance < 0.05:
        return "В своей школе: ехать никуда не нужно"
    compared = facts.get("typical_km")
    if compared is None or abs(compared - distance) < 0.05:
        return f"До места {number(distance)} км"
    return f"До места {number(distance)} км — {'ближе' if distance < compared else 'дальше'} обычного"


def _programme(facts: Facts, saying: Saying, is_for: bool) -> str:
    often = "чаще" if is_for else "реже"
    if saying.kind == "career_trial":
        return f"В прошлые годы такую пробу {often} выбирали и хорошо оценивали"
    return f"В прошлые годы такую программу {often} выбирали и заканчивали"


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
    "peer_facts": _peer_facts,
    "peer_answers": _peer_answers,
    "own_school": _own_school,
    "proximity": _distance,
    "programme_bias": _programme,
    "host_bias": _host,
}
