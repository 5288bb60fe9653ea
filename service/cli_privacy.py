"""Commands about one child's data, and about data whose term is over. Nothing they print names anybody."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.errors import ConflictError, InvalidInputError

if TYPE_CHECKING:
    from service.privacy.schemas import AskedGround, ErasureDone

student_app = typer.Typer(help="Данные одного ученика.", no_args_is_help=True, rich_markup_mode=None)
retention_app = typer.Typer(help="Срок хранения.", no_args_is_help=True, rich_markup_mode=None)
GROUNDS: "tuple[AskedGround, ...]" = ("request", "consent", "mistake")
Pseudonym = Annotated[str, typer.Argument(help="Псевдоним ученика")]


@student_app.command("export")
def export(student_id: Pseudonym) -> None:
    """Всё, что хранится об ученике, одним документом JSON; выгрузка записывается в журнал."""
    from service import audit
    from service.access import OPERATOR
    from service.installation import get_today
    from service.installed import open_installed
    from service.privacy.export import export_student

    with open_installed() as here:
        here.check_tables()
        with here.database.reading() as session:
            today = get_today(session, here.settings)
            found = export_student(session, actor=OPERATOR, student_id=student_id, today=today)
        with here.database.writing() as session:
            audit.record(session, actor=OPERATOR, deed="student.exported", subject=student_id)
        typer.echo(found.model_dump_json(indent=2))


@student_app.command("erase")
def erase(
    student_id: Pseudonym,
    reason: Annotated[str, typer.Option(help="request (требование), consent (отзыв согласия) или mistake (ошибка)")],
    document: Annotated[str | None, typer.Option(help="Номер и дата бумаги, без имени")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ответ как у API")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Не переспрашивать")] = False,
) -> None:
    """Стереть все данные ученика и напечатать акт; вернуть их нельзя."""
    from pydantic import ValidationError

    from service.access import OPERATOR
    from service.installed import open_installed
    from service.privacy.erasure import after_scrub, erase_student, scrub_erased
    from service.privacy.notes import note_erasures
    from service.privacy.schemas import ErasureAsked

    try:
        asked = ErasureAsked.model_validate({"ground": reason, "document": document})
    except ValidationError as error:
        raise InvalidInputError(
            f"Основание — одно из: {', '.join(GROUNDS)}; в номере документа — буквы, цифры, пробелы и № . / -."
        ) from error
    if not yes and not typer.confirm("Данные ученика будут стёрты навсегда. Стереть?"):
        raise ConflictError("Ничего не стёрто.")
    with open_installed() as here:
        here.check_tables()
        with here.database.writing() as session:
            act = erase_student(
                session, actor=OPERATOR, student_id=student_id, ground=asked.ground, document=asked.document
            )
        note_erasures(here.database, here.settings)
        act = after_scrub(act, is_scrubbed=scrub_erased(here.database))
    if as_json:
        typer.echo(act.model_dump_json(indent=2))
        return
    print_act(act)


def print_act(act: "ErasureDone") -> None:
    """The act as it is filed."""
    paper = f", документ {act.document}" if act.document else ""
    typer.echo(f"Акт о стирании № {act.erasure_id} от {act.erased_at:%d.%m.%Y %H:%M} (UTC), школа {act.school_code}")
    typer.echo(f"Кто стёр: {act.erased_by}. Основание: {act.ground_title}{paper}.")
    for removed in act.removed:
        typer.echo(f"  {removed.title_ru}: {removed.row_count}")
    for note in act.notes:
        typer.echo(note)
    typer.echo("Выписка из журнала:")
    for line in act.trail:
        typer.echo(f"  {line.at:%d.%m.%Y %H:%M} {line.deed}: {line.who}")


@retention_app.command("preview")
def preview(as_json: Annotated[bool, typer.Option("--json", help="Один объект JSON")] = False) -> None:
    """Чей срок хранения вышел: по школам и псевдонимам; ничего не стирается."""
    from service.access import OPERATOR
    from service.installation import get_today
    from service.installed import open_installed
    from service.privacy.retention import preview_retention

    with open_installed() as here:
        here.check_tables()
        with here.database.reading() as session:
            today = get_today(session, here.settings)
            found = preview_retention(session, actor=OPERATOR, today=today, years=here.settings.retention_years)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    typer.echo(
        f"Срок — {found.years} г. после последнего учебного года. "
        f"Вышел у тех, чей последний год — {found.left_before} или раньше:"
    )
    for school in found.schools:
        rows = sum(school.row_counts.values())
        typer.echo(f"  {school.school_title}: учеников {len(school.student_ids)}, строк {rows}")
        typer.echo(f"    {', '.join(school.student_ids)}")
    if not found.schools:
        typer.echo("  никого.")


@retention_app.command("apply")
def apply(yes: Annotated[bool, typer.Option("--yes", help="Не переспрашивать")] = False) -> None:
    """Стереть данные тех, чей срок вышел; прерванное продолжается повторной командой."""
    from service.access import OPERATOR
    from service.installation import get_today
    from service.installed import open_installed
    from service.privacy.erasure import scrub_erased
    from service.privacy.notes import note_erasures
    from service.privacy.retention import apply_retention

    if not yes and not typer.confirm("Данные тех, кого назвал orientir retention preview, будут стёрты. Стереть?"):
        raise ConflictError("Ничего не стёрто.")
    with open_installed() as here:
        here.check_tables()
        with here.database.reading() as session:
            today = get_today(session, here.settings)
        years = here.settings.retention_years
        count = sum(1 for _ in apply_retention(here.database, actor=OPERATOR, today=today, years=years))
        note_erasures(here.database, here.settings)
        is_scrubbed = scrub_erased(here.database) if count else True
    typer.echo(f"Стёрто учеников: {count}.")
    if not is_scrubbed:
        typer.echo("Базу читали, остатки строк ещё в её файле: повторите orientir db scrub.")
