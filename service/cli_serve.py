"""Commands that serve: an installation, or the sample region with everything set up for it."""

from typing import Annotated

import typer

from service.start import start_serving


def serve(
    api_only: Annotated[bool, typer.Option("--api-only", help="Без экранов")] = False,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Без исполнителя заданий")] = False,
) -> None:
    """Запустить API, экраны и исполнителя заданий; остановить — Ctrl+C."""
    start_serving(api_only=api_only, no_worker=no_worker)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Напечатать списки и остановиться")] = False,
) -> None:
    """Учебный район: всё настроить, показать три списка одного ученика, запустить API и экраны."""
    from service.demo import prepare_demo, show_demo
    from service.installed import open_installed

    with open_installed() as here:
        prepare_demo(here)
        show_demo(here)
        settings = here.settings
    if not once:
        from service.serving import serve_all

        serve_all(settings, with_dashboard=True, with_worker=settings.worker)
