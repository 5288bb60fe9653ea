"""What the command line prints about versions of the model."""

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from service.recommendations.answers import KIND_TITLES
from service.recommendations.words import day, number
from service.terminal import console

if TYPE_CHECKING:
    from datetime import datetime

    from service.model_versions.schemas import ModelVersionList, ModelVersionRow
    from service.monitoring.schemas import ObservationList

MET = {True: "выполнено", False: "не выполнено", None: "сказать нельзя"}
GATE = {True: "пройдена", False: "не пройдена", None: "не на чем"}


def print_versions(found: "ModelVersionList") -> None:
    """One line a version."""
    table = Table(expand=True)
    for title in ("Версия", "Обучена", "Годы", "Перечень", "Проверка", "Состояние"):
        table.add_column(title, overflow="fold")
    for row in found.versions:
        state = "действует" if row.active else "действовала" if row.promoted_at else "кандидат"
        if row.folder_removed_at is not None:
            state = removed_text(row.folder_removed_at)
        years, gate = ", ".join(row.window) or "—", GATE[row.passed_gate]
        table.add_row(row.version, day(row.trained_at.date()), years, row.edition_code or "—", gate, state)
    console().print(table)


def removed_text(moment: "datetime") -> str:
    """Of an old candidate."""
    return f"старый кандидат, папка удалена {day(moment.date())}"


def print_gate(row: "ModelVersionRow") -> None:
    """Every check with its figure and limit."""
    if row.gate is None:
        console().print("Проверок этой версии нет: она обучена до того, как они появились.")
        return
    against = row.gate.against or "экспертные веса"
    console().print(f"Проверка на {row.gate.held_back or '—'} годе, рядом с: {against}.")
    table = Table(expand=True)
    for title in ("Проверка", "Списки", "Значение", "Предел", "Итог"):
        table.add_column(title, overflow="fold")
    for check in row.gate.checks:
        kind = KIND_TITLES[check.kind] if check.kind is not None else "все"
        table.add_row(check.title, kind, check.figure_text, check.limit_text, MET[check.is_met])
    console().print(table)


def print_difference(first: "ModelVersionRow", second: "ModelVersionRow") -> None:
    """What stands beside what, figures last."""
    table = Table(expand=True)
    for title in ("", first.version, second.version):
        table.add_column(title, overflow="fold")
    for title, values in (
        ("Перечень", (first.edition_code or "—", second.edition_code or "—")),
        ("Годы", (", ".join(first.window) or "—", ", ".join(second.window) or "—")),
        ("Обучение", tuple("повторное" if row.is_warm else "полное" for row in (first, second))),
        ("Проверка", (GATE[first.passed_gate], GATE[second.passed_gate])),
        ("Возражения", (", ".join(first.refusals) or "нет", ", ".join(second.refusals) or "нет")),
    ):
        table.add_row(title, *values)
    for name in sorted({*first.metrics, *second.metrics}):
        shown = (number(row.metrics[name], 3) if name in row.metrics else "—" for row in (first, second))
        table.add_row(f"NDCG@5 {name}", *shown)
    console().print(table)


def print_observation(found: "ObservationList") -> None:
    """The sentence, and the lines of the newest observation."""
    console().print(found.reliance.text, style="bold")
    if not found.observations:
        return
    table = Table(expand=True)
    for title in ("Что", "Сейчас", "Предел", "Вывод"):
        table.add_column(title, overflow="fold")
    for figure in found.observations[0].figures:
        limit = figure.limit if figure.is_alarm is not None else None  # nothing is held to it
        shown = (number(each, 2) if each is not None else "—" for each in (figure.value, limit))
        table.add_row(escape(figure.title_ru), *shown, escape(figure.text))
    console().print(table)
