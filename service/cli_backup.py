"""Commands about copies of the whole installation."""

from pathlib import Path
from typing import Annotated

import typer

KEY_APART = "Ключа в копии нет: храните его копию отдельно, без него копию не вернуть."


def backup(
    file: Annotated[Path, typer.Argument(help="Файл копии, например копии/2026-11-27.zip; в нём данные детей")],
) -> None:
    """Сделать копию всего, кроме ключа; сервис может работать."""
    from service.installed import open_installed

    with open_installed() as here:
        copied = here.back_up(file)
        typer.echo(f"Копия {file}: таблиц {len(copied.tables)}, строк {copied.row_count}, файлов {len(copied.files)}.")
        typer.echo(KEY_APART)


def restore(
    file: Annotated[Path, typer.Argument(help="Файл копии")],
    confirm: Annotated[bool, typer.Option("--yes", help="Не спрашивать")] = False,
) -> None:
    """Вернуть копию: в пустую базу или на место файла SQLite (прежний останется рядом). Сервис должен стоять."""
    from service.installed import open_installed

    with open_installed() as here:
        if not confirm:
            typer.confirm("Данные после этой копии пропадут. Вернуть копию", abort=True)
        copied, erased_count = here.restore(file)
        typer.echo(
            f"Возвращено на {copied.made_at:%d.%m.%Y %H:%M} UTC: строк {copied.row_count}. Проверьте: orientir doctor"
        )
        if erased_count:
            typer.echo(f"Стёрто снова учеников, стёртых после этой копии: {erased_count}.")


def move(
    to: Annotated[str, typer.Option(help="Адрес пустой базы: postgresql://… или sqlite:///…")],
) -> None:
    """Переехать в другую базу, например из SQLite в PostgreSQL. Сервис должен стоять."""
    from service.installed import open_installed

    with open_installed() as here:
        copied = here.move(to)
        typer.echo(f"Перенесено и сверено: таблиц {len(copied.tables)}, строк {copied.row_count}.")
        typer.echo("Теперь задайте ORIENTIR_DATABASE_URL и запустите сервис; прежняя база осталась как была.")
