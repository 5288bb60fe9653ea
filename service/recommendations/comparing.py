"""Russian sentences of "why not" and of two pathways side by side."""

from collections.abc import Iterable, Mapping

from recommender.catalogue import Pathway
from recommender.contrast import Contrast, WhyNot
from recommender.counterfactual import PLACES, Change, Counterfactual
from recommender.eligibility import EligibilityRule
from recommender.reference import Reference
from service.recommendations.words import DATIVE, NOMINATIVE, day, inner, mark, number, place

CHANGES_FOUND = "Каждое изменение проверено: список пересчитан заново. Пожелания меняет только сам ученик."
NO_CHANGE = "Ни одна отметка по предметам этого пути, ни один экзамен и ни одно пожелание в одиночку этого не изменит."
Titles = Mapping[str, Mapping[str, str]]


def rule_text(rule: EligibilityRule, pathway: Pathway, host_title: str, lacking: Iterable[str]) -> str:
    """A refusing rule with the fact that it refuses by."""
    details = {
        "grade": ", ".join(str(grade) for grade in sorted(pathway.grades)),
        "school": host_title,
        "conditions": ", ".join(lacking),
    }
    if rule.check == "apply_until" and pathway.apply_until is not None:
        return f"{rule.text_ru} {day(pathway.apply_until)}"
    detail = details.get(rule.check)
    return f"{rule.text_ru}: {detail}" if detail else rule.text_ru


def absence(found: WhyNot) -> str:
    """Why a pathway is not among the first, in one sentence."""
    if found.refusals:
        return "Предложить это сейчас нельзя: не позволяют правила."
    if found.against is None:
        return f"Это предложение и так в первой тройке: место {found.rank} из {found.offered_count}."
    fit, low, high, third = (points(f) for f in (found.fit, found.fit_low, found.fit_high, found.against.second_fit))
    title = inner(found.against.second.title_ru)
    said = f"Место {found.rank} из {found.offered_count}. Соответствие {fit} из 100, вероятно от {low} до {high}; "
    said += f"на третьем месте — «{title}», {third} из 100."
    if found.against.difference >= 0:
        said += " По соответствию оно не уступает: вперёд вышло то, что востребовано."
    return said


def preference(found: Contrast) -> str:
    """Which of two pathways fits better, in one sentence."""
    first, second = points(found.first_fit), points(found.second_fit)
    if first == second:
        return f"Подходят одинаково: {first} из 100."
    better = found.first if found.difference > 0 else found.second
    high, low = max(first, second), min(first, second)
    return f"Лучше подходит «{inner(better.title_ru)}»: {high} из 100 против {low}."


def points(fit: float) -> int:
    """Fit as points of 100; never 0 and never 100."""
    return min(max(round(100 * fit), 1), 99)


def change_text(found: Counterfactual, reference: Reference, titles: Titles) -> str:
    """One change and the place it brings."""
    return f"{_condition(found.change, reference, titles)} — станет {place(found.rank)} в списке"


def _condition(change: Change, reference: Reference, titles: Titles) -> str:
    code, after = change.code, change.after
    match change.table:
        case "marks":
            return f"Если средняя отметка по {DATIVE[code]} вырастет с {mark(change.before or 0.0)} до {mark(after)}"
        case "exam_points":
            top = number(reference.subjects[code].oge_max or after)
            return f"Если результат ОГЭ по {DATIVE[code]} будет {number(after)} из {top}"
        case "exam_wishes":
            return f"Если среди выбранных экзаменов появится {NOMINATIVE[code]}"
        case "profile_wishes":
            named = f"Если в анкете профиль «{inner(titles['profiles'].get(code, code))}» будет назван"
        case "elective_wishes":
            named = "Если в анкете о курсах этот курс будет назван"
        case _:
            group = titles["spo_groups"].get(code[:2], code)
            return f"Если в анкете будет названа профессия из группы «{inner(group)}»"
    earlier = f", а не {place(int(change.before))}" if change.before is not None else ""
    return f"{named} {place(int(after))}{earlier}"


def changes_text(found: WhyNot) -> str:
    """What to say about changes; nothing where none was looked for."""
    if found.rank is None or found.rank <= PLACES:
        return ""
    return CHANGES_FOUND if found.changes else NO_CHANGE
