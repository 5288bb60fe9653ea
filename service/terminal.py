"""What the command line prints: bars, tables, lists with reasons."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from service.recommendations.words import day, number

if TYPE_CHECKING:
    from service.doctor import Check
    from service.jobs.schemas import JobRow
    from service.recommendations.schemas import ClassRecommendations, RankedPathway, Stamps, StudentRecommendations

SHOWN_REASONS = 3
JOB_STATES = {
    "queued": "ждёт", "running": "идёт", "done": "сделано", "failed": "не удалось", "cancelled": "отменено",
}  # fmt: skip
STUCK = "прервалось, продолжит orientir worker"


def console() -> Console:
    """Standard output."""
    return Console(highlight=False)


@contextmanager
def bar(title: str, count: int) -> Iterator[Callable[[str], None]]:
    """Progress over things that can be counted; the step names the thing it begins."""
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[at]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=count, at="")
        yield lambda at: progress.update(task, advance=1, at=escape(at))


@contextmanager
def share_bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """Progress by share."""
    columns = (TextColumn(title), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda _stage, share: progress.update(task, completed=share)


def print_student(answer: "StudentRecommendations") -> None:
    """Three lists with reasons."""
    out = console()
    _print_stamps(out, answer)
    if answer.refusal is not None:
        out.print(answer.refusal.text)
    for ranked in answer.lists:
        table = Table(title=ranked.title_ru, title_justify="left", title_style="bold", expand=True, show_lines=True)
        table.add_column("№", justify="right", no_wrap=True)
        table.add_column("Предложение", ratio=3, overflow="fold")
        table.add_column("Подходит\nиз 100", justify="right", no_wrap=True)
        table.add_column("Спрос", justify="right", no_wrap=True)
        table.add_column("Почему", ratio=5)
        for line in ranked.items:
            table.add_row(*_row(line))
        out.print(table)
        if ranked.note:
            out.print(ranked.note)
        if ranked.price_of_demand is not None and ranked.price_of_demand.price > 0:
            price = number(100 * ranked.price_of_demand.price)
            out.print(f"Цена учёта спроса: {price} пункта соответствия в среднем по списку.")
    for missing in answer.missing:
        out.print(f"Не хватает: {missing.text}. {missing.remedy}")
    for measure in answer.measure_next[:1]:
        out.print(f"Что уточнит список: {measure.text}.")
    out.print(answer.advice_note)


def _row(line: "RankedPathway") -> tuple[str, str, str, str, str]:
    where = escape(line.host_title)
    until = f"\nзапись до {day(line.apply_until)}" if line.apply_until is not None else ""
    fit = f"{_points(line.fit)}\n{_points(line.fit_low)}–{_points(line.fit_high)}"
    demand = number(line.demand_weight, 2) if line.demand_weight is not None else "—"
    told = [f"{'+' if reason.advantage > 0 else '−'} {escape(reason.text)}" for reason in line.reasons[:SHOWN_REASONS]]
    return str(line.rank), f"{escape(line.title_ru)}\n{where}{until}", fit, demand, "\n".join(told)


def _points(fit: float) -> int:
    """Points of 100, never 0 and never 100: nothing here is certain."""
    return min(max(round(100 * fit), 1), 99)


def _print_stamps(out: Console, answer: "Stamps") -> None:
    edition = answer.demand_edition
    listed = "перечня нет"
    if edition is not None:
        note = ", показательный" if edition.illustrative else ""
        listed = f"перечень {edition.code} от {day(edition.published_on)}{note}"
    out.print(
        f"Модель {answer.model_version}, {listed}, на {day(answer.as_of)}, "
        f"сила учёта спроса {number(answer.demand_strength, 2)}"
    )


def print_class(answer: "ClassRecommendations") -> None:
    """First places of a class."""
    out = console()
    _print_stamps(out, answer)
    table = Table(expand=True, show_lines=True)
    for title in ("Ученик", "Профильный класс", "Элективный курс", "Проба"):
        table.add_column(title)
    for student in answer.students:
        if student.refusal is not None:
            table.add_row(student.student_id, student.refusal.text, "", "")
            continue
        firsts = [
            "\n".join(f"{item.rank}. {escape(item.title_ru)}" for item in ranked.items) or "—"
            for ranked in student.lists
        ]
        table.add_row(student.student_id, *firsts)
    out.print(table)


def print_jobs(jobs: Sequence["JobRow"]) -> None:
    """Jobs, newest first."""
    table = Table()
    for title in ("№", "Что", "Состояние", "Сделано", "Причина", "Итог"):
        table.add_column(title, overflow="fold")
    for job in jobs:
        state = STUCK if job.is_stuck else JOB_STATES[job.state]
        told = (job.result or job.error or "", job.cause)
        table.add_row(str(job.job_id), job.kind, state, f"{job.progress:.0%}", escape(told[1]), escape(told[0]))
    console().print(table)


def print_checks(checks: Sequence["Check"]) -> None:
    """The doctor's report."""
    out = console()
    for check in checks:
        sign = "[green]в порядке[/green]" if check.fine else "[red]нужно внимание[/red]"
        out.print(f"{check.title:12} {sign}: {escape(check.text)}")
