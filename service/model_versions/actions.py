"""Entering a version into the registry, and moving the pointer to the one that serves."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.artifact import check_reference, feature_schema, read_manifest
from recommender.errors import ArtifactError
from service import audit
from service.access import Actor, Permission, check_permission
from service.catalogue.queries import get_reference
from service.clock import now
from service.db import lock_table
from service.errors import ConflictError, NotReadyError
from service.events.announcing import VERSION_PROMOTED, announce
from service.model_versions.queries import (
    find_active_version,
    get_version,
    passed_gate,
    promoted_before,
    refusal_texts_of,
    refusals_of,
    was_compared_with_another,
)
from service.settings import Settings, read_secret_key
from service.tables import ActiveModel, ModelVersion

POINTER = 1
POINTER_LOCK = 0x0A0D1B  # one promotion at a time, so that none forgets another; taken before the audit's lock


def lock_pointer(session: Session) -> None:
    """Keep the pointer where it is until the end of the transaction: what is decided by it stays true."""
    lock_table(session, POINTER_LOCK)


def register_version(
    session: Session, *, actor: Actor, folder: Path, key: bytes, gate: dict[str, Any] | None = None
) -> ModelVersion:
    """Enter a version's folder into the registry, once its signature and checksums hold, with what its gate found."""
    manifest = checked_manifest(folder, key)
    row = ModelVersion(
        version=str(manifest["version"]),
        trained_at=now(),
        edition_code=manifest["edition"],
        checksum=manifest["signature"],
        manifest=manifest,
        gate=gate,
    )
    session.add(row)
    facts = {"passed_gate": passed_gate(row), "years": manifest["years"], "row_counts": manifest["row_counts"]}
    audit.record(session, actor=actor, deed="model.trained", subject=row.version, gate=gate, **facts)
    return row


def checked_manifest(folder: Path, key: bytes) -> dict[str, Any]:
    """Manifest of a folder that may be used."""
    try:
        return read_manifest(folder, key)
    except ArtifactError as error:
        raise NotReadyError(
            f"Модель «{folder.name}» использовать нельзя: подпись, состав или формат не сходятся. Обучите её заново.",
            version=folder.name,
        ) from error


def check_folder(session: Session, version: str, settings: Settings) -> ModelVersion:
    """Row of a version whose folder is still the one that was trained."""
    row = get_version(session, version)
    if row.folder_removed_at is not None:
        raise ConflictError(
            f"Папка кандидата «{version}» удалена {row.folder_removed_at:%d.%m.%Y}: хранятся последние "
            f"{settings.keep_candidates}. Обучите модель заново: orientir train.",
            version=version,
        )
    manifest = checked_manifest(settings.models_dir / version, read_secret_key(settings))
    if manifest["signature"] != row.checksum:
        raise ConflictError(f"Папка модели «{version}» не та, что была обучена.", version=version)
    return row


def promote_if_passed(session: Session, *, actor: Actor, row: ModelVersion, settings: Settings) -> bool:
    """Make a candidate serve without a person, where the installation wants it and every comparison could be made.

    In a training's transaction: what waits for a person is left alone, never an error that would undo the training.
    """
    is_wanted = settings.promotion == "automatic" and passed_gate(row) is True
    if not is_wanted or not _is_compared(row.gate, find_active_version(session)):
        return False
    promote_version(session, actor=actor, version=row.version, settings=settings)
    return True


def _is_compared(gate: dict[str, Any] | None, active: str | None) -> bool:
    """Whether the version that serves is the one a candidate was compared with, in every kind."""
    if gate is None or gate["against"] != active:
        return False
    return all(check["is_met"] is not None for check in gate["checks"] if check["code"] == "holds.active")


def _check_usable(row: ModelVersion, settings: Settings) -> None:
    """That this program can rank with a version, beside the reference data it has."""
    try:
        check_reference(row.manifest, get_reference(settings))
        is_known = row.manifest["feature_schema"] == feature_schema()
    except ArtifactError:
        is_known = False
    if not is_known:
        raise NotReadyError(
            f"Версия «{row.version}» обучена с другими справочниками или другой версией программы и составлять списки "
            "не может. Обучите модель заново: orientir train.",
            version=row.version,
        )


def promote_version(
    session: Session, *, actor: Actor, version: str, settings: Settings, although: str | None = None
) -> ModelVersion:
    """Make a version serve; an older one is a rollback. One that an audit or baseline speaks against needs a reason."""
    check_permission(actor, Permission.PROMOTE_MODELS)
    although = (although or "").strip() or None
    lock_pointer(session)
    # whoever clears old candidates away waits, and then finds that this one is none any more
    session.execute(sa.select(ModelVersion.version).where(ModelVersion.version == version).with_for_update())
    row = check_folder(session, version, settings)
    _check_usable(row, settings)
    refusals = refusals_of(row)
    if refusals and not although:
        raise ConflictError(
            f"Версия «{version}» не прошла проверку и остаётся кандидатом. Не выполнено: "
            f"{'; '.join(refusal_texts_of(row))}.",
            version=version,
            refusals=refusals,
        )
    pointer = session.get(ActiveModel, POINTER)
    before = pointer.version if pointer is not None else None
    if not although and was_compared_with_another(row, before):
        raise ConflictError(
            f"Версию «{version}» сравнивали не с той, что действует сейчас («{before}»): обучите модель заново.",
            version=version,
            active=before,
        )
    has_served = row.promoted_at is not None
    row.promoted_at = now()
    if pointer is None:
        session.add(ActiveModel(pointer_id=POINTER, version=version, promoted_at=row.promoted_at))
    else:
        pointer.version, pointer.promoted_at = version, row.promoted_at
    facts = {"before": before, "although": although, "refusals": refusals}
    number = audit.record(session, actor=actor, deed="model.promoted", subject=version, **facts)
    if before != version:
        data = {"model_version": version, "previous_version": before, "is_rollback": has_served}
        announce(session, number=number, event_type=VERSION_PROMOTED, subject=version, data=data)
    return row


def roll_back(session: Session, *, actor: Actor, settings: Settings, wanted: str | None = None) -> str:
    """Make the version that served before the active one serve again; it has served, so no gate is asked.

    `wanted` is the version a person was told would serve: pressed twice, or by two at once, it is taken back once.
    """
    lock_pointer(session)
    active = find_active_version(session)
    before = promoted_before(session, active) if active is not None else []
    if not before:
        raise ConflictError("Возвращать нечего: до нынешней версии другая не действовала.")
    if wanted is not None and wanted != before[0]:
        raise ConflictError(
            f"Пока страница была открыта, модель сменилась: сейчас действует «{active}». Обновите страницу.",
            active=active,
            previous=before[0],
        )
    return promote_version(session, actor=actor, version=before[0], settings=settings, although="откат").version
