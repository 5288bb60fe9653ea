"""Commands about whom the service tells of events."""

from typing import Annotated

import typer

webhook_app = typer.Typer(help="Подписки школ на события.", no_args_is_help=True, rich_markup_mode=None)
STATES = {"active": "действует", "paused": "приостановлена", "disabled": "отключена"}


@webhook_app.command("list")
def list_webhooks() -> None:
    """Кому сообщают о событиях и доходит ли."""
    from service.access import OPERATOR
    from service.events import queries
    from service.installed import open_installed

    with open_installed() as here:
        here.check_tables()
        with here.database.reading() as session:
            for row in queries.list_webhooks(session, OPERATOR).webhooks:
                fails = f", не принимает с {row.failing_since:%d.%m.%Y %H:%M} UTC" if row.failing_since else ""
                state = f"{STATES[row.state]}{fails}"
                typer.echo(f"№ {row.webhook_id:<5} {row.school_code:10} {state}: {row.url}")


@webhook_app.command("retry")
def retry(webhook_id: Annotated[int, typer.Argument(help="Номер подписки")]) -> None:
    """Возобновить подписку и отправить заново то, что не дошло."""
    from service.access import OPERATOR
    from service.events.actions import replay_failed
    from service.installed import open_installed

    with open_installed() as here:
        here.check_tables()
        with here.database.writing() as session:
            count = replay_failed(session, actor=OPERATOR, webhook_id=webhook_id)
        typer.echo(f"Подписка № {webhook_id} действует; заново отправляется событий: {count}.")
