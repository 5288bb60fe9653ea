"""The command line of the operator. Commands import what they need when they run, so that --help answers at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_accounts import audit_app, key_app, user_app
from service.cli_backup import backup, move, restore
from service.cli_batch import batch
from service.cli_import import import_files, undo_import
from service.cli_jobs import job_app, worker
from service.cli_privacy import retention_app, student_app
from service.cli_serve import demo, serve
from service.cli_webhooks import webhook_app
from service.errors import BusyError, InvalidInputError

if TYPE_CHECKING:
    from service.installed import Installed


app = typer.Typer(
    help="Ориентир: рекомендации профильных классов, курсов и проб. Совет, не решение.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: rich costs a third of the half second it may take
)
db_app = typer.Typer(help="База данных.", no_args_is_help=True, rich_markup_mode=None)
reference_app = typer.Typer(help="Справочники.", no_args_is_help=True, rich_markup_mode=None)
demand_app = typer.Typer(help="Перечни востребованных профессий.", no_args_is_help=True, rich_markup_mode=None)
model_app = typer.Typer(help="Версии модели.", no_args_is_help=True, rich_markup_mode=None)
bench_app = typer.Typer(help="Сравнение с соперниками на своих данных.", no_args_is_help=True, rich_markup_mode=None)
for name, group in {
    "db": db_app,
    "reference": reference_app,
    "demand": demand_app,
    "model": model_app,
    "user": user_app,
    "key": key_app,
    "audit": audit_app,
    "job": job_app,
    "student": student_app,
    "retention": retention_app,
    "bench": bench_app,
    "webhook": webhook_app,
}.items():
    app.add_typer(group, name=name)
app.command()(serve)
app.command()(demo)
app.command()(worker)
for command in (backup, restore, move, batch):
    app.command()(command)
app.command("import")(import_files)
app.command("undo-import")(undo_import)


@contextmanager
def _installed() -> Iterator["Installed"]:
    """Settings and database of this installation."""
    from service.installed import open_installed

    with open_installed() as installed:
        yield installed


@db_app.command("upgrade")
def upgrade() -> None:
    """Создать таблицы или привести их к этой версии программы."""
    with _installed() as here:
        from service.revision import find_revision
        from service.upgrade import upgrade_database

        upgrade_database(here.database)
        typer.echo(f"База готова, ревизия {find_revision(here.database)}.")


@db_app.command("scrub")
def scrub() -> None:
    """Убрать из файла базы остатки стёртых строк; нужно, если при стирании базу читали."""
    with _installed() as here:
        from service.privacy.erasure import scrub_erased

        here.check_tables()
        if not scrub_erased(here.database):
            raise BusyError("Базу сейчас читают: повторите, когда служба не занята.")
        typer.echo("Остатков стёртых строк в файле базы нет.")


@reference_app.command("load")
def load_reference() -> None:
    """Проверить справочники и записать их коды в базу."""
    with _installed() as here:
        counts = here.load_reference()
        typer.echo("Справочники проверены: " + ", ".join(f"{name} {count}" for name, count in counts.items()) + ".")


@demand_app.command("read")
def read_demand(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="XLSX, XLS, ODS, DOCX, PDF, CSV или текст")],
    as_json: Annotated[bool, typer.Option("--json", help="Один объект JSON на строку перечня")] = False,
) -> None:
    """Показать, что понято в документе; ничего не сохраняется."""
    with _installed() as here:
        understood, reference = here.understand(file), here.reference
    from service.terminal_demand import print_understood, read_lines

    if as_json:
        for line in read_lines(understood):
            typer.echo(line.model_dump_json())
        return
    print_understood(understood, reference)


@demand_app.command("diff")
def compare_demand(
    new: Annotated[str, typer.Argument(help="Код редакции: krasnodar-2024H1")],
    old: Annotated[str | None, typer.Argument(help="С какой сравнить; обычно — с предыдущей")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ответ как у API")] = False,
) -> None:
    """Чем одна редакция отличается от другой, текстом для приказа."""
    with _installed() as here:
        change = here.compare_editions(new, old)
        typer.echo(change.model_dump_json(indent=2) if as_json else change.order_text)


@demand_app.command("impact")
def impact_demand(
    target: Annotated[str, typer.Argument(help="Код редакции или файл с перечнем")],
    as_json: Annotated[bool, typer.Option("--json", help="Ответ как у API")] = False,
) -> None:
    """Что перечень изменит в списках учеников района, если его опубликовать."""
    with _installed() as here:
        found = here.impact(target)
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
            return
        from service.terminal_demand import print_impact

        print_impact(found)


@demand_app.command("publish")
def publish_demand(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Перечень: XLSX, DOCX, PDF, CSV, текст")],
    edition: Annotated[str | None, typer.Option(help="Код редакции: krasnodar-2024H1")] = None,
    published: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="День публикации")] = None,
    although: Annotated[str | None, typer.Option(help="Причина, если перечень выглядит необычно")] = None,
) -> None:
    """Опубликовать редакцию перечня; обучение модели ставится в очередь вместе с нею."""
    with _installed() as here:
        from service.demand.sentences import plural

        added = here.publish_edition(file, edition, published.date() if published else None, although)
        word = "уже была" if added.already_known else "опубликована"
        force = ", действует" if added.edition.in_force else ""
        count = plural(added.edition.entry_count, "строка", "строки", "строк")
        typer.echo(f"Редакция {added.edition.code} {word}: {count}{force}.")
        if added.unknown_spo_codes:
            typer.echo(f"Кодов СПО нет в справочнике: {', '.join(added.unknown_spo_codes)}.")
        if not added.already_known:
            typer.echo("Обучение на новом перечне ждёт: его делает orientir worker, сразу — orientir train.")


@app.command()
def train() -> None:
    """Обучить модель; она остаётся кандидатом до orientir model promote."""
    with _installed() as here:
        from service.model_versions.training import train_version
        from service.terminal import share_bar

        here.check_tables()
        with share_bar("Обучение") as report:
            version = train_version(here.database, settings=here.settings, on_progress=report)
        typer.echo(f"Обучена версия {version}. Сделать её действующей: orientir model promote {version}")


@model_app.command("list")
def list_models() -> None:
    """Обученные версии, новые первыми."""
    with _installed() as here:
        from service.terminal_models import print_versions

        print_versions(here.model_versions())


@model_app.command("show")
def show_model(version: Annotated[str, typer.Argument(help="Версия модели")]) -> None:
    """Карточка версии и таблица её проверок: на чём обучена, что нашли, чему верить."""
    with _installed() as here:
        from service.terminal_models import print_gate, removed_text

        row = here.model_version(version)
        typer.echo(here.model_card(version) if row.folder_removed_at is None else removed_text(row.folder_removed_at))
        print_gate(row)


@model_app.command("diff")
def compare_models(
    first: Annotated[str, typer.Argument(help="Версия модели")],
    second: Annotated[str, typer.Argument(help="Другая версия")],
) -> None:
    """Чем две версии отличаются: перечень, годы, показатели."""
    with _installed() as here:
        from service.terminal_models import print_difference

        print_difference(here.model_version(first), here.model_version(second))


@model_app.command("promote")
def promote(
    version: Annotated[str, typer.Argument(help="Версия модели")],
    although: Annotated[str | None, typer.Option(help="Причина, если версия не прошла проверку")] = None,
) -> None:
    """Сделать версию модели действующей."""
    with _installed() as here:
        here.promote(version, although)
        typer.echo(f"Действует версия {version}.")


@model_app.command("rollback")
def roll_back() -> None:
    """Вернуть версию, которая действовала до нынешней."""
    with _installed() as here:
        typer.echo(f"Действует версия {here.roll_back()}.")


@model_app.command("verify")
def verify_models(
    version: Annotated[str | None, typer.Argument(help="Версия модели; обычно — все")] = None,
) -> None:
    """Проверить подпись и целость папок моделей; ничего не загружается."""
    with _installed() as here:
        from service.doctor import check_versions
        from service.terminal import print_checks

        checks = check_versions(here.database, here.settings, version)
        print_checks(checks)
        if not all(check.fine for check in checks):
            raise typer.Exit(5)


@model_app.command("watch")
def watch_model(as_json: Annotated[bool, typer.Option("--json", help="Ответ как у API")] = False) -> None:
    """Посмотреть, похожи ли данные на те, на которых модель обучалась, и как живут её списки; сразу."""
    with _installed() as here:
        from service.monitoring.actions import watch_at_once

        here.check_tables()
        watch_at_once(here.database, settings=here.settings)
        found = here.observations()
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    from service.terminal_models import print_observation

    print_observation(found)


@app.command()
def rank(
    student: Annotated[str | None, typer.Option(help="Псевдоним ученика")] = None,
    class_id: Annotated[str | None, typer.Option("--class", help="Код класса: sch01-2024-25-9a")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ответ как у API")] = False,
    k: Annotated[int, typer.Option(min=1, max=50, help="Мест в списке")] = 5,
    demand_strength: Annotated[float | None, typer.Option(min=0.0, max=0.3, help="Сила учёта спроса")] = None,
) -> None:
    """Списки одного ученика или класса."""
    if (student is None) == (class_id is None):
        raise InvalidInputError("Укажите одно из двух: --student или --class.")
    with _installed() as here:
        if student is not None:
            answer = here.rank_student(student, k, demand_strength)
            if not as_json:
                from service.terminal import print_student

                print_student(answer)
                return
            typer.echo(answer.model_dump_json(indent=2))
            return
        lists = here.rank_class(class_id or "", k, demand_strength)
        if as_json:
            typer.echo(lists.model_dump_json(indent=2))
            return
        from service.terminal import print_class

        print_class(lists)


@app.command()
def doctor() -> None:
    """Проверить, что всё на месте: база, справочники, перечень, модель, журнал."""
    with _installed() as here:
        from service.doctor import check_installation
        from service.terminal import print_checks

        checks = check_installation(here.database, here.settings)
        print_checks(checks)
        if not all(check.fine for check in checks):
            raise typer.Exit(5)


@bench_app.command("rank")
def bench_rank(
    dataset: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Папка с dataset.toml и таблицами")],
    as_json: Annotated[bool, typer.Option("--json", help="Все измерения как JSON")] = False,
) -> None:
    """Судить ранжировщик и соперников по таблице выборов; как её описать — docs/bench.md."""
    import json

    from service.bench import as_data, judged, print_contest

    found, contest = judged(dataset, lambda name: typer.echo(f"Судим: {name}", err=True))
    if as_json:
        typer.echo(json.dumps(as_data(found, contest), ensure_ascii=False, indent=2))
        return
    print_contest(found, contest)
