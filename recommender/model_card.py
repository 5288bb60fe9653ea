"""The card of a version in Russian, made from its manifest, never typed."""

from collections.abc import Mapping
from typing import Any

KIND_TITLES = {"profile_class": "Профильные классы", "elective": "Элективы", "career_trial": "Профессиональные пробы"}
PEER_TITLES = {"facts": "данные", "answers": "отдельные ответы"}
RANKER_TITLES = {
    "random": "случайный порядок",
    "popularity": "популярность",
    "interest_correlation": "совпадение интересов (правило O*NET)",
    "wishes_only": "только пожелания",
    "expert_weights": "экспертные веса",
    "gradient_boosting": "градиентный бустинг (для сравнения)",
    "trained_ranker": "обученная модель",
}


FULL = "Обучение полное: силу доверия исходам, соответствие и погрешность измерили заново."
WARM = (
    "Обучение повторное на тех же исходах: силу доверия исходам, соответствие и погрешность взяли у прежней версии, "
    "веса подобрали заново; порядок списков тот же, что после полного."
)


def model_card(manifest: Mapping[str, Any]) -> str:
    """The version's card in Russian, made from the manifest.

    Parameters
    ----------
    manifest : mapping

    Returns
    -------
    str
        Markdown.
    """
    synthetic = " (данные синтетические)" if manifest["data"] == "synthetic" else ""
    lines = [
        f"# Модель {manifest['version']}",
        "",
        f"Перечень профессий: {manifest['edition'] or 'нет'}.",
        f"Учебные годы: {', '.join(manifest['years']) or 'нет'}{synthetic}.",
        WARM if manifest.get("is_warm") else FULL,
        "",
        "Модель советует, решает человек. Пол, имя, национальность и достаток в ней не участвуют.",
    ]
    for kind, title in KIND_TITLES.items():
        about = manifest["kinds"][kind]
        learned = f"обучена на {about['choice_sets']} выборах" if about["learned"] else "экспертные веса, без обучения"
        calibrated = "измеренная вероятность" if about["is_calibrated"] else "экспертная оценка, не измерена"
        lines += ["", f"## {title}", "", f"{learned.capitalize()}; соответствие: {calibrated}."]
        if about["learned"]:
            told = [word for part, word in PEER_TITLES.items() if about["peers"].get(part)]
            peers = f"учтены {' и '.join(told)}" if told else "не помогли и не учтены"
            width = f"{about['width']:.2f}".replace(".", ",")
            lines += [f"Похожие ученики: {peers}. Во сколько раз расширена погрешность весов: {width}."]
        figures = manifest["figures"].get(kind, {})
        if figures:
            lines += [
                "",
                f"Проверка на {manifest['held_back']} учебном годе, который в обучение не входил{synthetic}:",
                "",
            ]
            lines += ["| порядок | NDCG@5 | 95 % интервал по школам |", "|---|---|---|"]
            for name, found in figures.items():
                low, high = found["interval"]
                lines.append(f"| {RANKER_TITLES[name]} | {found['ndcg5']:.3f} | {low:.3f}–{high:.3f} |")
    return "\n".join([*lines, *_audit_lines(manifest, synthetic)]) + "\n"


ATTRIBUTE_TITLES = {"sex": "пол", "place": "место", "school": "школа", "needs": "особые условия"}
GROUP_TITLES = {
    "f": "девочки", "m": "мальчики", "town": "город", "village": "село", "none": "не нужны", "some": "нужны",
}  # fmt: skip
MEASURE_TITLES = {"ndcg5": "NDCG@5", "exposure": "востребованных сверх выбранного"}


def _audit_lines(manifest: Mapping[str, Any], synthetic: str) -> list[str]:
    """The card's part on fairness; nothing where no audit was made."""
    if "audits" not in manifest:
        return []
    twins, groups = manifest["audits"]["twins"].values(), manifest["audits"]["groups"]
    count, changed = (sum(twin[name] for twin in twins) for name in ("count", "changed"))
    lines = ["", "## Справедливость", ""]
    lines.append(
        f"Двойники (другой пол, имя, школа, место, особые условия): изменилось {changed} из {count}{synthetic}."
    )
    if groups:
        lines += ["", f"Группы на проверочном году{synthetic}:", ""]
        lines += [
            "| признак | группа | учеников | мера | значение | отличие от остальных |",
            "|---|---|---|---|---|---|",
        ]
    for found in groups:
        low, high = found["gap_interval"]
        cells = (
            ATTRIBUTE_TITLES[found["attribute"]],
            GROUP_TITLES.get(found["group"], found["group"]),
            str(found["student_count"]),
            MEASURE_TITLES[found["measure"]],
            f"{found['value']:.3f}",
            f"{found['gap']:+.3f} ({low:+.3f} … {high:+.3f})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    if manifest["refusals"]:
        lines += ["", f"Не прошла: {', '.join(manifest['refusals'])}."]
    return lines
