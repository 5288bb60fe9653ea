"""What stands above the queue of talks: only what its reader may act on or must know, each with the page about it."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy.orm import Session

from service.access import SCHOOL_ROLES, Actor, Permission
from service.clock import now
from service.demand.queries import is_stale
from service.imports.bringing import list_intakes, show_intake
from service.imports.schemas import IntakeReport, IntakeRow
from service.model_versions.queries import find_active_version, get_version, promoted_before
from service.recommendations.shelf import Serving
from service.recommendations.words import day
from service.talks.schemas import Banner

NEW_MODEL = timedelta(days=7)  # so long a version that serves is news
FRESH_FILE = timedelta(days=14)  # so long somebody may still mend a file
OVERDUE = (
    "Перечню востребованных профессий больше полугода, он от {on}: отметки «Востребовано» могли устареть. "
    "Новый перечень публикует методист района."
)
CHANGED = "С {on} списки строит новая версия модели: порядок в них мог измениться. Принятые решения остались прежними."
NOT_READ = "Файл «{file}» не прочитан. {why}"
LEFT_OUT = "Файл «{file}» загружен не весь: строк с ошибками {count}, они не вошли. Исправьте их и загрузите снова."
NOT_TAKEN = "Файл «{file}» не загружен: ошибок {count}. Исправьте их и загрузите снова."
TRY_AGAIN = "Загрузите его снова; если не поможет — позовите администратора."


def banners_of(session: Session, serving: Serving, *, actor: Actor) -> list[Banner]:
    """Banners of the first page, the most pressing first."""
    return [*_of_import(session, actor), *_of_model(session), *_of_list(serving, serving.today.as_of)]


def _of_import(session: Session, actor: Actor) -> Iterator[Banner]:
    """The newest file of the school, where it needs a look; only for who may bring the next."""
    if actor.role not in SCHOOL_ROLES or not actor.may(Permission.IMPORT_SCHOOL):
        return
    for row in list_intakes(session, actor, 1).intakes:
        report = show_intake(session, actor, row.intake_id).report
        said = _said_of_file(row, report)
        if said is not None and now() - row.asked_at <= FRESH_FILE:
            yield Banner(code="import_problem", text=said)


def _said_of_file(row: IntakeRow, report: IntakeReport | None) -> str | None:
    if row.state == "failed":
        return NOT_READ.format(file=row.file, why=row.error or TRY_AGAIN)
    if report is None or report.fault_count == 0 or row.state == "undone":
        return None
    if row.state == "applied":
        return LEFT_OUT.format(file=row.file, count=sum(part.bad_row_count for part in report.parts))
    return NOT_TAKEN.format(file=row.file, count=report.fault_count) if row.mode == "apply" else None


def _of_model(session: Session) -> Iterator[Banner]:
    """A version that took the place of another; the first one is no news."""
    active = find_active_version(session)
    if active is None or not promoted_before(session, active):
        return
    promoted_at = get_version(session, active).promoted_at
    if promoted_at is not None and now() - promoted_at <= NEW_MODEL:
        yield Banner(code="model_changed", text=CHANGED.format(on=day(promoted_at.date())))


def _of_list(serving: Serving, as_of: date) -> Iterator[Banner]:
    edition = serving.edition
    if edition is not None and is_stale(edition.published_on, as_of):
        yield Banner(code="list_overdue", text=OVERDUE.format(on=day(edition.published_on)))
