"""What the checks of a gate are called, and their figures and limits in words."""

from collections.abc import Mapping
from typing import Any

CHECKS = {
    "split": "Проверено на выборе, которого модель не видела",
    "beats.random": "Лучше случайного порядка",
    "beats.popularity": "Лучше порядка по популярности",
    "beats.interest_correlation": "Лучше простого сравнения интересов",
    "holds.expert_weights": "Не хуже экспертных весов",
    "holds.active": "Не хуже версии, которая действовала",
    "calibration": "Соответствие сбывается так часто, как обещано (расхождение)",
    "latency": "Списки составляются не дольше, чем прежде",
    "abstentions": "Списков, где советовать рано, не больше, чем прежде",
}
TWINS = {"sex": "пола", "name": "имени", "school": "школы", "village": "места", "needs": "особых условий"}
GROUPS = {
    "sex.f": "девочки",
    "sex.m": "мальчики",
    "place.town": "школы города",
    "place.village": "сельские школы",
    "needs.none": "без особых условий",
    "needs.some": "с особыми условиями",
}
MEASURES = {"ndcg5": "качество списка", "exposure": "востребованное в первой тройке"}
OF_HUNDRED = {"split": 0, "abstentions": 1, "calibration": 1}  # told as so many of a hundred, with so many digits
KINDS = {"profile_class": "профильные классы", "elective": "элективы", "career_trial": "пробы"}

Check = Mapping[str, Any]  # as it stands in a version's row


def check_title(check: Check) -> str:
    """What was checked.

    >>> check_title({"code": "gap.sex.f.ndcg5"}), check_title({"code": "twins.name"})
    ('Разрыв: девочки, качество списка', 'Список не зависит от имени')
    """
    code: str = check["code"]
    family, _, rest = code.partition(".")
    if family == "twins":
        return f"Список не зависит от {TWINS.get(rest, rest)}"
    if family == "gap":
        group, _, measure = rest.rpartition(".")
        named = GROUPS.get(group, group.replace("school.", "школа "))
        return f"Разрыв: {named}, {MEASURES.get(measure, measure)}"
    return CHECKS.get(code, code)


def refusal_text(check: Check) -> str:
    """A check that was not met, with its kind.

    >>> refusal_text({"code": "holds.active", "kind": "elective"})
    'не хуже версии, которая действовала (элективы)'
    """
    title, kind = check_title(check), check["kind"]
    return f"{title[0].lower()}{title[1:]}" + (f" ({KINDS[kind]})" if kind is not None else "")


def figure_text(check: Check) -> str:
    """What was found; a dash where nothing could be told.

    >>> figure_text({"code": "beats.random", "figure": 0.0312, "interval": [0.012, 0.05], "bound": "low"})
    '+0,031 (+0,012 … +0,050)'
    """
    figure, code = check["figure"], check["code"]
    if figure is None:
        return "—"
    if code.startswith("twins."):
        return f"изменилось списков: {figure:.0f}"
    if code in OF_HUNDRED:
        return f"{_signed(100 * figure, 1) if code == 'abstentions' else _plain(100 * figure, OF_HUNDRED[code])} из 100"
    if code == "latency":
        return f"{_plain(figure, 2)} прежнего времени"
    if check["interval"] is None:
        return _plain(figure, 3)
    low, high = check["interval"]
    return f"{_signed(figure, 3)} ({_signed(low, 3)} … {_signed(high, 3)})"


def limit_text(check: Check) -> str:
    """What had to be.

    >>> limit_text({"code": "holds.active", "limit": -0.03, "bound": "low"})
    'даже в худшем случае не ниже −0,03'
    """
    limit, code = check["limit"], check["code"]
    if check["bound"] == "low":
        return "даже в худшем случае больше 0" if limit == 0 else f"даже в худшем случае не ниже {_signed(limit, 2)}"
    if code.startswith("gap."):
        return f"с учётом случайности не больше ±{_plain(limit, 2)}"
    if code in OF_HUNDRED:
        at_least = "не меньше" if check["bound"] == "at_least" else "не больше"
        return f"{at_least} {_plain(100 * limit, 0)} из 100"
    if code == "latency":
        return f"не больше {_plain(limit, 2)}"
    return f"не больше {_plain(limit, 0 if code.startswith('twins.') else 2)}"


def _signed(value: float, digits: int) -> str:
    return f"{value:+z.{digits}f}".replace(".", ",").replace("-", "−")


def _plain(value: float, digits: int) -> str:
    return f"{value:z.{digits}f}".replace(".", ",").replace("-", "−")
