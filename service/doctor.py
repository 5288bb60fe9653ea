"""What the doctor looks at: whether everything an installation needs is there, and is what it was."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.anchors import check_audit
from service.catalogue.actions import checksum_of
from service.catalogue.queries import get_reference
from service.clock import now
from service.db import Database
from service.demand.queries import HALF_YEAR_DAYS, age_in_force, find_code_in_force
from service.errors import ConflictError, NotReadyError
from service.events.queries import count_deliveries
from service.events.sentences import said_of_deliveries
from service.installation import find_installation, get_today
from service.jobs.actions import TRAINING
from service.jobs.queries import find_current
from service.jobs.sentences import said_of_training
from service.model_versions.actions import check_folder
from service.model_versions.queries import find_active_version, list_versions
from service.monitoring.queries import said_of_newest
from service.revision import NO_TABLES, check_tables, find_revision, head_revision
from service.settings import Settings, read_secret_key
from service.tables import PathwayOffer, School, Student


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report."""

    title: str
    fine: bool
    text: str


def check_installation(database: Database, settings: Settings) -> list[Check]:
    """All of it, in the order in which things are set up."""
    try:
        at, needed = find_revision(database), head_revision()
    except sa.exc.DBAPIError:
        return [Check("База", False, "не открывается: проверьте ORIENTIR_DATABASE_URL")]
    if at != needed:
        return [Check("База", False, NO_TABLES)]
    found = [Check("База", True, f"{database.url.get_backend_name()}, ревизия {at}")]
    with database.reading() as session:
        return [
            *found,
            _check_reference(session, settings),
            *_check_data(session, settings),
            _check_active(session, settings),
            _check_audit(session, settings),
        ]


def check_versions(database: Database, settings: Settings, version: str | None) -> list[Check]:
    """Whether folders of models are those that were trained; nothing of them is loaded."""
    check_tables(database)
    with database.reading() as session:
        removed = {row.version: row.folder_removed_at for row in list_versions(session).versions}
        checks = []
        for name in [version] if version else removed:
            if (day := removed.get(name)) is not None:
                checks.append(Check(name, True, f"старый кандидат, папка удалена {day:%d.%m.%Y}"))
            else:
                checks.append(_check_version(session, settings, name, title=name, fine="подпись и состав верны"))
        return checks


def _check_version(session: Session, settings: Settings, version: str, *, title: str, fine: str) -> Check:
    try:
        check_folder(session, version, settings)
    except (NotReadyError, ConflictError) as error:
        return Check(title, False, str(error))
    return Check(title, True, fine)


def _check_reference(session: Session, settings: Settings) -> Check:
    try:
        get_reference(settings)
    except NotReadyError as error:
        return Check("Справочники", False, str(error))
    row = find_installation(session)
    if row is None or row.reference_checksum != checksum_of(settings.reference_dir):
        return Check("Справочники", False, "изменились или не загружены: выполните orientir reference load")
    return Check("Справочники", True, "целы и загружены")


def _check_data(session: Session, settings: Settings) -> list[Check]:
    today = get_today(session, settings)
    schools, students, offers = (
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in (School, Student, PathwayOffer)
    )
    edition = find_code_in_force(session, settings, today.as_of)
    age = age_in_force(session, settings, today.as_of) or 0
    job = find_current(session, TRAINING)
    training = said_of_training(job, now()) if job is not None else (True, "ничего не ждёт")
    is_filled = min(schools, students, offers) > 0
    text = f"школ {schools}, учеников {students}, предложений {offers}"
    return [
        Check("День", True, f"{today.as_of:%d.%m.%Y}, учебный год {today.school_year}"),
        Check("Данные", is_filled, text if is_filled else "пусто: выполните orientir import ПАПКА"),
        Check("Перечень", edition is not None, _said_of_list(edition, age)),
        Check("Обучение", *training),
        Check("Наблюдение", *said_of_newest(session)),
        Check("События", *said_of_deliveries(count_deliveries(session))),
    ]


def _check_active(session: Session, settings: Settings) -> Check:
    version = find_active_version(session)
    if version is None:
        return Check("Модель", False, "нет действующей: выполните orientir train и orientir model promote ВЕРСИЯ")
    return _check_version(session, settings, version, title="Модель", fine=f"{version}, подпись верна")


def _check_audit(session: Session, settings: Settings) -> Check:
    try:
        chain = check_audit(session, settings.audit_anchor_file, read_secret_key(settings))
    except ConflictError as error:
        return Check("Журнал", False, str(error))
    return Check("Журнал", chain.first_broken is None, chain.text)


def _said_of_list(edition: str | None, age_days: int) -> str:
    if edition is None:
        return "нет: выполните orientir demand publish ФАЙЛ"
    return (
        f"{edition}, старше полугода ({age_days} дн.): пора опубликовать новый"
        if age_days > HALF_YEAR_DAYS
        else edition
    )
