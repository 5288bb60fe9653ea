"""The command that takes files in: a region's folder, tables of our own format, files as schools have them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.errors import InvalidInputError

if TYPE_CHECKING:
    from service.imports.schemas import IntakeReport
    from service.installed import Installed

SHOWN = 20  # complaints printed of one file; the report has them all

Paths = Annotated[list[Path], typer.Argument(exists=True, help="Папка района или файлы: XLSX, XLS, ODS, CSV, TSV")]


def import_files(
    paths: Paths,
    school: Annotated[str | None, typer.Option(help="Код школы, если файл лежит не в папке schools/<код>")] = None,
    check: Annotated[bool, typer.Option("--check", help="Только проверить")] = False,
    good: Annotated[bool, typer.Option("--good", help="Взять строки без ошибок, остальные назвать")] = False,
    table: Annotated[str | None, typer.Option(help="Вид таблицы, если он не понятен по заголовкам")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Что в столбце: «Заголовок=last_name»; «Заголовок=» — не читать. Запоминается для школы"),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Куда записать отчёт JSON")] = None,
    marked: Annotated[Path | None, typer.Option(help="Папка для копий с отмеченными ячейками")] = None,
) -> None:
    """Проверить или загрузить файлы; повторная загрузка ничего не меняет."""
    from service.installed import open_installed

    with open_installed() as here:
        own = [path for path in paths if path.is_dir() or _is_own(here, path)]
        if own and len(paths) > 1 and len(own) != len(paths):
            raise InvalidInputError("Папку района и таблицы нашего формата загружайте отдельно от файлов школ.")
        for path in own:
            _take_own(here, path, school, keep=not check)
        if own:
            return
        here.check_tables()
        for path in paths if column else ():
            _settle_columns(here, path, school, table, column or [])
        reports = [
            _bring(here, path, school, mode="check" if check else "apply", taking="good" if good else "all",
                   table=table, marked=marked)
            for path in paths
        ]  # fmt: skip
        if report is not None:
            report.write_text("[" + ",\n".join(each.model_dump_json() for each in reports) + "]\n", encoding="utf-8")


def undo_import(
    school: Annotated[str | None, typer.Argument(help="Код школы; без него — таблицы района")] = None,
) -> None:
    """Отменить последнюю загрузку школы, если на ней ещё ничего не построено."""
    from service.access import OPERATOR
    from service.errors import NotFoundError
    from service.imports.undoing import find_undoable, undo_intake
    from service.installed import open_installed

    with open_installed() as here:
        here.check_tables()
        with here.database.writing() as session:
            last = find_undoable(session, school)
            if last is None:
                raise NotFoundError("Отменять нечего: последняя загрузка уже отменена или её не было.")
            name = last.file_name
            count = undo_intake(session, actor=OPERATOR, intake=last)
        typer.echo(f"Загрузка «{name}» отменена, прежними стали строк: {count}.")


def _is_own(here: "Installed", path: Path) -> bool:
    """Whether a file is a table of data/formats: named like one, its columns too."""
    from service.imports.formats import format_name, read_formats

    formats = read_formats(here.settings.formats_dir)
    shape = formats.get(format_name(path.stem))
    if path.suffix.lower() != ".csv" or shape is None:
        return False
    with path.open("rb") as file:
        header = file.readline(4096).removeprefix(b"\xef\xbb\xbf")
    return header.split(b",")[0].strip().decode("ascii", "replace") in {column.name for column in shape.columns}


def _take_own(here: "Installed", path: Path, school: str | None, *, keep: bool) -> None:
    from service.terminal import bar

    files = here.files(path, school)
    with bar("Загрузка", len(files)) as step:
        added, changed, unchanged = here.import_files(files, path, keep=keep, on_file=step)
    verdict = "Загружено" if keep else "Проверено"
    typer.echo(f"{verdict}: файлов {len(files)}, новых строк {added}, изменённых {changed}, прежних {unchanged}.")


def _bring(
    here: "Installed", path: Path, school: str | None, *, mode: Literal["check", "apply"],
    taking: Literal["all", "good"], table: str | None, marked: Path | None,
) -> "IntakeReport":  # fmt: skip
    from service.access import OPERATOR
    from service.imports.bringing import bring
    from service.imports.folders import one_file
    from service.imports.intake import Brought, mark_intake
    from service.imports.vocabularies import get_tools

    tools = get_tools(here.settings)
    code = one_file(path, school).school_code
    brought = Brought(path.name, path.read_bytes(), mode, taking, table, code)
    if marked is not None:
        marked.mkdir(parents=True, exist_ok=True)
        copy = mark_intake(here.database, actor=OPERATOR, tools=tools, brought=brought)
        (marked / f"{path.stem}-замечания.xlsx").write_bytes(copy)
    found = bring(here.database, actor=OPERATOR, tools=tools, brought=brought)
    _print(found)
    return found


def _settle_columns(here: "Installed", path: Path, school: str | None, table: str | None, said: list[str]) -> None:
    """Keep what the operator says about columns; the others are what they were taken for."""
    from service.access import OPERATOR
    from service.imports.folders import one_file
    from service.imports.intake import Brought, check_intake
    from service.imports.meanings import keep_meaning
    from service.imports.schemas import Meaning
    from service.imports.vocabularies import get_tools

    tools = get_tools(here.settings)
    code = one_file(path, school).school_code
    wanted = dict(each.rpartition("=")[::2] for each in said)
    brought = Brought(path.name, path.read_bytes(), table=table, school_code=code)
    sheets = check_intake(here.database, actor=OPERATOR, tools=tools, brought=brought).sheets
    fitting = [sheet for sheet in sheets if set(wanted) <= {heading.heading for heading in sheet.headings}]
    if not fitting or any(sheet.table is None for sheet in fitting):
        raise InvalidInputError("Таких заголовков в файле нет, или не понять, что это за таблица: задайте --table.")
    with here.database.writing() as session:
        for sheet in fitting:
            columns = {heading.heading: wanted.get(heading.heading, heading.column or "") for heading in sheet.headings}
            meaning = Meaning(table=sheet.table or "", columns=columns)
            keep_meaning(session, actor=OPERATOR, tools=tools, meaning=meaning, school_code=code)


def _print(report: "IntakeReport") -> None:
    verdict = "Загружено" if report.applied else "Проверено"
    typer.echo(
        f"{verdict}: {report.file}: новых строк {report.added_count}, изменённых {report.changed_count}, "
        f"прежних {report.unchanged_count}, ошибок {report.fault_count}, замечаний {report.warning_count}."
    )
    for part in report.parts:
        typer.echo(f"  {part.title_ru}: строк без ошибок {part.row_count}, с ошибками {part.bad_row_count}.")
        for fault in [*part.faults, *part.warnings][:SHOWN]:
            place = ", ".join(str(each) for each in (fault.sheet, fault.row, fault.letter) if each)
            typer.echo(
                f"    {place or 'файл'}: {fault.remedy}" + (f" — найдено «{fault.found}»" if fault.found else "")
            )
        if part.withdrawn_count:
            typer.echo(f"    В файле больше нет строк, которые есть в базе: {part.withdrawn_count}; они остались.")
    unknown = [sheet.sheet or report.file for sheet in report.sheets if sheet.table is None]
    if unknown:
        typer.echo(f"  Не узнаны и не прочитаны: {', '.join(unknown)}.")
