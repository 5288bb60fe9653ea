"""`orientir bench rank`: anybody's table of choices, judged by the same protocol, printed as a table or as JSON."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from recommender.contest import PER_QUERY
from recommender.dataset import Dataset, read_dataset
from recommender.dataset_contest import OURS, Contest, hold_contest
from recommender.errors import TableValueError
from recommender.metrics import bootstrap_interval
from service.errors import InvalidInputError
from service.recommendations.words import number
from service.terminal import console

REMEDIES = {
    "missing_file": "файла нет; положите его рядом с dataset.toml или исправьте имя",
    "not_toml": "файл не читается как TOML; исправьте запись",
    "not_csv": "файл не читается как CSV в кодировке UTF-8; сохраните его заново",
    "not_a_list": "нужен непустой список имён столбцов",
    "unknown_word": "здесь возможно только listed или all",
    "below_zero": "меньше нуля быть не может; 0 — предложено и не выбрано",
    "missing_key": "в описании нет ключа; добавьте его",
    "missing_column": "столбца нет; добавьте его или исправьте описание",
    "wrong_length": "в строке не столько ячеек, сколько в заголовке; исправьте строку",
    "not_a_number": "нужно число; дробная часть через точку, неизвестное оставьте пустым",
    "not_a_time": "время пишут числом или как 2024, 2023-24, 2024-03-01",
    "twice": "значение повторяется; оставьте одну строку",
    "unknown_id": "такого кода нет в таблице учеников или вариантов; добавьте его или уберите строку",
    "unknown_feature": "такого признака нет в списках features; исправьте имя",
    "uneven_correlation": "нужны одинаково длинные списки students и options, не меньше двух признаков",
    "nothing_to_judge": "не из чего учиться или нечего проверять: нужны выборы из нескольких вариантов в двух частях",
}
LEFT_OUT = {
    "package": "не установлен пакет {0} (pip install {0})",
    "no_past": "никто из проверяемых раньше не выбирал",
    "failed": "{0}",
}
RANKERS = {
    "random": "случайный порядок",
    "popularity": "популярность",
    "interest_correlation": "корреляция интересов",
    "user_knn": "соседи по ученикам",
    "item_knn": "соседи по вариантам",
    "factorisation": "разложение матрицы (implicit)",
    "multinomial_logistic": "логистическая регрессия",
    "gradient_boosting": "градиентный бустинг",
    "lambda_mart": "LambdaMART (LightGBM)",
    OURS: "наш ранжировщик",
}


def read_for_bench(folder: Path) -> Dataset:
    """The dataset, or one Russian sentence about what is wrong with it."""
    try:
        return read_dataset(folder)
    except TableValueError as error:
        facts = error.facts
        words = (("row", "строка"), ("column", "столбец"), ("found", "найдено"))
        place = ", ".join(f"{word} {facts[key]}" for key, word in words if facts.get(key) not in (None, ""))
        remedy = REMEDIES[str(facts["fault"])]
        raise InvalidInputError(f"{facts['file']}: {place + ': ' if place else ''}{remedy}.", **facts) from error


def judged(folder: Path, on_rival: Callable[[str], None]) -> tuple[Dataset, Contest]:
    """Read and judge."""
    dataset = read_for_bench(folder)
    return dataset, hold_contest(dataset, on_rival)


def as_data(dataset: Dataset, contest: Contest) -> dict[str, Any]:
    """Everything measured, for --json."""
    groups = dataset.asked.groups
    return {
        "title": dataset.title,
        "data": dataset.data,
        "choice_sets": {"known": len(dataset.known), "asked": len(dataset.asked)},
        "terms": list(dataset.term_names),
        "rankers": {
            name: {
                **{measure: standing.mean(measure) for measure in PER_QUERY},
                "ndcg5_interval": bootstrap_interval(standing.per_query["ndcg5"], groups),
                "coverage5": standing.coverage5,
                "gini5": standing.gini5,
                "novelty5": standing.novelty5,
                "calibration_error": _known(standing.calibration_error),
                "fit_seconds": standing.fit_seconds,
                "milliseconds_per_1000": standing.milliseconds,
                "megabytes": standing.megabytes,
            }
            for name, standing in contest.standings.items()
        },
        "leads": [
            {"over": lead.over, "ndcg5": lead.mean, "interval": lead.interval, "p": lead.p} for lead in contest.leads
        ],
        "left_out": {name: reason._asdict() for name, reason in contest.left_out.items()},
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def print_contest(dataset: Dataset, contest: Contest) -> None:
    """One line a ranker, best first; then who was left out."""
    out = console()
    kind = " (синтетические данные)" if dataset.data == "synthetic" else ""
    out.print(f"{dataset.title}{kind}: обучение на {len(dataset.known)} выборах, проверка на {len(dataset.asked)}.")
    table = Table()
    for title in ("", "NDCG@5", "первое место", "MRR", "мы впереди на", "мс на 1000"):
        table.add_column(title, justify="right" if title else "left", overflow="fold")
    leads = {lead.over: lead for lead in contest.leads}
    for name, standing in sorted(contest.standings.items(), key=lambda pair: -pair[1].mean("ndcg5")):
        lead = leads.get(name)
        interval = bootstrap_interval(standing.per_query["ndcg5"], dataset.asked.groups)
        table.add_row(
            RANKERS.get(name, name),
            _between(standing.mean("ndcg5"), interval),
            _places(standing.mean("top1")),
            _places(standing.mean("mrr")),
            _between(lead.mean, lead.interval) if lead else "—",
            f"{standing.milliseconds:.0f}",
        )
    out.print(table)
    for name, reason in contest.left_out.items():
        out.print(f"Не участвует: {RANKERS.get(name, name)} — {LEFT_OUT[reason.why].format(reason.what)}.")


def _between(value: float, interval: tuple[float, float]) -> str:
    return f"{_places(value)}\n{_places(interval[0])} … {_places(interval[1])}"


def _places(value: float) -> str:
    return number(value, 3)
