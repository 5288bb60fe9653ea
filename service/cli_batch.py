"""The command that writes lists of many students into a file."""

from pathlib import Path
from typing import Annotated

import typer

from service.errors import InvalidInputError


def batch(
    file: Annotated[Path, typer.Argument(help="Куда записать: .ndjson, .csv, .xlsx, .parquet или .sqlite")],
    class_id: Annotated[str | None, typer.Option("--class", help="Код класса; без него — весь район")] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=50, help="Мест в каждом списке")] = 10,
    since: Annotated[int, typer.Option(min=0, help="Только ученики, изменившиеся после этой ревизии")] = 0,
    reason: Annotated[str, typer.Option(help="Зачем: останется в журнале")] = "выгрузка оператора",
) -> None:
    """Записать списки многих учеников одним файлом."""
    from service.batches.schemas import MEDIA_TYPES
    from service.installed import open_installed

    file_format = file.suffix.removeprefix(".")
    if file_format not in MEDIA_TYPES:
        raise InvalidInputError(f"Окончание имени файла — одно из: {', '.join(MEDIA_TYPES)}.")

    with open_installed() as here:
        row = here.make_batch(file, file_format=file_format, class_id=class_id, k=k, since=since, reason=reason)
        typer.echo(f"Записано: {file}, учеников {row.student_count}, строк {row.row_count}.")
        typer.echo(
            f"Модель {row.model_version}, ревизия {row.revision}: следующая выгрузка — с --since {row.revision}."
        )
