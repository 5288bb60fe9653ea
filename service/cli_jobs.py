"""Commands about jobs and whoever does them."""

from typing import Annotated

import typer

job_app = typer.Typer(
    help="Задания: обучения, которые ждут, идут, закончены.", no_args_is_help=True, rich_markup_mode=None
)
SHOWN_JOBS = 20


def worker(
    once: Annotated[bool, typer.Option("--once", help="Сделать, что ждёт, и закончить")] = False,
    beside_service: Annotated[bool, typer.Option("--beside-service", hidden=True)] = False,
) -> None:
    """Делать задания, пока не остановят; второго обучения рядом не бывает."""
    from service.db import open_database
    from service.log import configure_logging
    from service.revision import check_tables
    from service.settings import get_settings
    from service.worker import run_worker

    settings = get_settings()
    configure_logging(settings.log_level)
    database = open_database(settings)  # and nothing of the ranking: an idle worker stays small
    try:
        check_tables(database)
        run_worker(database, settings, once=once, beside_service=beside_service)
    finally:
        database.close()


@job_app.command("list")
def list_jobs() -> None:
    """Последние обучения: что ждёт, идёт, закончено."""
    from service.installed import open_installed
    from service.jobs import queries
    from service.jobs.actions import TRAINING
    from service.terminal import print_jobs

    with open_installed() as here:
        here.check_tables()
        with here.database.reading() as session:
            print_jobs(queries.list_jobs(session, kind=TRAINING, limit=SHOWN_JOBS).jobs)


@job_app.command("cancel")
def cancel(job_id: Annotated[int, typer.Argument(help="Номер задания")]) -> None:
    """Отменить: ждущее — сразу, идущее — на ближайшем шаге."""
    from service.access import OPERATOR
    from service.installed import open_installed
    from service.jobs.actions import cancel_job

    with open_installed() as here:
        here.check_tables()
        with here.database.writing() as session:
            is_over = cancel_job(session, actor=OPERATOR, job_id=job_id).state == "cancelled"
        typer.echo(f"Задание № {job_id} {'отменено' if is_over else 'остановится на ближайшем шаге'}.")
