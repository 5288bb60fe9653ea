"""What observations mean, in Russian."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.monitoring.schemas import ObservedFigure, Reliance
from service.recommendations.words import day, number
from service.tables import Observation

KINDS = {
    "profile_class": "профильные классы", "elective": "элективные курсы", "career_trial": "пробы",
}  # fmt: skip
FAMILIES = {  # in the order in which they are told
    "grades": ("классы обучения", "состав учеников по классам"),
    "interests": ("интересы", "интересы учеников"),
    "marks": ("отметки", "отметки"),
    "knowledge": ("диагностика и ОГЭ", "результаты диагностики и ОГЭ"),
    "coverage": ("что заполнено", "набор того, что об учениках известно"),
}
TABLES = {
    "marks": "отметки", "knowledge": "диагностика обученности", "exam_points": "баллы ОГЭ",
    "profile_wishes": "анкета выбора профиля", "exam_wishes": "выбор экзаменов", "elective_wishes": "анкета курсов",
    "profession_wishes": "названа профессия", "trials": "посещённые пробы", "enrolments": "курсы и классы",
}  # fmt: skip
LIKE_TRAINING = "Сравниваем с учениками, на которых модель обучалась"
FIRST_SEEN = "Сравниваем с первым наблюдением этой версии"
FEW, QUIET, FIRST = "мало данных, чтобы судить", "в пределах обычного", "запомнено для сравнения"
LATE_DAYS = 2  # that an observation on schedule may be late before it is said


def titles_of(code: str, line: Mapping[str, Any]) -> tuple[str, str, str]:
    """Title, unit and what it is compared with."""
    group, _, of = code.partition(".")
    if group == "inputs":
        return f"Данные учеников: {FAMILIES[of][0]}", "psi", LIKE_TRAINING
    if group == "not_enough_data":
        return f"Доля «недостаточно данных»: {KINDS[of]}", "share", FIRST_SEEN
    if group == "first_place":
        leader = line.get("title_ru")
        title = f"Самое частое первое место: {KINDS[of]}" + (f" («{leader}»)" if leader else "")
        unequal = f"; неравенство первых мест (Джини) {number(line['gini'], 2)}" if line.get("gini") is not None else ""
        return title, "share", FIRST_SEEN + unequal
    if group == "overruled":
        return "Первые места, отклонённые педагогами, среди решённых", "share", "Предел — каждое второе"
    return "Сбывается ли обещанное соответствие (наклон)", "slope", "1 — подтверждается исходами полностью"


def input_title(code: str, codes: Mapping[str, Mapping[str, str]], scales: Mapping[str, str]) -> str:
    """Title of one input; `codes` are titles by vocabulary."""
    group, _, of = code.partition(".")
    if group == "interest":
        return f"интерес: {scales.get(of, of)}"
    if group == "mark":
        return f"отметка: {codes['subjects'].get(of, of)}"
    if group == "has":
        return f"есть: {TABLES.get(of, codes['instruments'].get(of, of))}"
    return {"grade": "класс обучения", "knowledge": "диагностика обученности", "exam_points": "баллы ОГЭ"}[group]


def meaning(code: str, line: Mapping[str, Any]) -> str:
    """What a line says, for a person who reads no statistics."""
    if line["is_alarm"] is None:
        is_first = line["limit"] is None and code.partition(".")[0] in ("not_enough_data", "first_place")
        return FIRST if is_first else FEW
    if not line["is_alarm"]:
        few = line.get("of", 0) - line.get("told", 0)
        return f"{QUIET}; о {few} из {line['of']} судить рано" if few else QUIET
    return f"сигнал: {_alarm(code, line)}"


def _alarm(code: str, line: Mapping[str, Any]) -> str:
    group, _, of = code.partition(".")
    if group == "inputs":
        return f"{FAMILIES[of][1]} уже не такие, как при обучении"
    if group == "not_enough_data":
        return f"чаще прежнего не хватает данных, чтобы советовать {KINDS[of]}"
    if group == "first_place":
        return f"{KINDS[of]}: одно и то же первым чаще прежнего"
    if group == "overruled":
        return "педагоги отклоняют больше половины первых мест"
    return "исходы не подтверждают разницу в соответствии"


def reliance_of(
    *,
    is_trained: bool,
    passed_gate: bool | None,
    degradation: str | None,
    newest: Observation | None,
    figures: Sequence[ObservedFigure],
    age_days: float,
    watch_days: int | None,
) -> Reliance:
    """One sentence from what ranks, the gate and the alarms."""
    if not is_trained:
        return _not_yet((degradation or "").rstrip("."))
    alarms = {figure.code: figure.text.removeprefix("сигнал: ") for figure in figures if figure.is_alarm}
    grave = [said for code, said in alarms.items() if code in ("overruled", "calibration")]
    if passed_gate is False:
        grave.insert(0, "модель не прошла проверку")
    if grave:
        return _not_yet("; ".join(grave))
    cares = [*([degradation.rstrip(".")] if degradation is not None else []), *alarms.values()]
    if passed_gate is None:
        cares.append("проверить модель было не на чем, мало исходов прошлых лет")
    if newest is None:
        cares.append("за этой версией ещё не наблюдали")
    elif watch_days is not None and age_days > watch_days + LATE_DAYS:
        cares.append(f"последнее наблюдение было {day(newest.observed_at.date())}")
    if cares:
        return Reliance(level="with_care", text=f"Спискам можно доверять с оговоркой: {'; '.join(cares)}.")
    told = "модель проверена, данные учеников похожи на те, на которых она обучалась"
    if any(figure.is_alarm is None for figure in figures if figure.code.startswith("inputs.")) or not figures:
        judged = sum(figure.is_alarm is not None for figure in figures)
        told = (
            f"модель проверена, сигналов нет; данных пока мало, из {len(figures)} показателей судить можно по {judged}"
        )
    return Reliance(level="yes", text=f"Спискам можно доверять: {told}.")


def _not_yet(why: str) -> Reliance:
    return Reliance(level="not_yet", text=f"Пока не полагайтесь на списки: {why[:1].lower()}{why[1:]}.")


def said_of_watching(alarms: Sequence[ObservedFigure], newest: Observation | None) -> tuple[bool, str]:
    """What the operator reads: whether all is well, and a sentence."""
    if newest is None:
        return True, "наблюдений ещё нет: их делает orientir worker, сразу — orientir model watch"
    when = f"{day(newest.observed_at.date())}, версия {newest.version}"
    if not alarms:
        return True, f"{when}: сигналов нет"
    return False, f"{when}: " + "; ".join(f"{alarm.title_ru} — {number(alarm.value or 0.0, 2)}" for alarm in alarms)
