"""Entering a version into the registry, and moving the pointer to the one that serves."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.artifact import read_manifest
from recommender.errors import ArtifactError
from service import audit
from service.access import Actor, Permission, check_permission
from service.clock import now
from service.errors import ConflictError, NotReadyError
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
    """Make a candidate serve without a person, where the installation wants it and every comparison could be made."""
    active = find_active_version(session)
    is_told = row.gate is not None and (active is None or _is_compared(row.gate))
    if settings.promotion != "automatic" or passed_gate(row) is not True or not is_told:
        return False
    promote_version(session, actor=actor, version=row.version, settings=settings)
    return True


def _is_compared(gate: dict[str, Any]) -> bool:
    return all(check["is_met"] is not None for check in gate["checks"] if check["code"] == "holds.active")


def promote_version(
    session: Session, *, actor: Actor, version: str, settings: Settings, although: str | None = None
) -> ModelVersion:
    """Make a version serve; an older one is a rollback. One that an audit or baseline speaks against needs a reason."""
    check_permission(actor, Permission.PROMOTE_MODELS)
    # whoever clears old candidates away waits, and then finds that this one is none any more
    session.execute(sa.select(ModelVersion.version).where(ModelVersion.version == version).with_for_update())
    row = check_folder(session, version, settings)
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
    row.promoted_at = now()
    if pointer is None:
        session.add(ActiveModel(pointer_id=POINTER, version=version, promoted_at=row.promoted_at))
    else:
        pointer.version, pointer.promoted_at = version, row.promoted_at
    audit.record(
        session,
        actor=actor,
        deed="model.promoted",
        subject=version,
        before=before,
        although=although,
        refusals=refusals,
    )
    return row


def roll_back(session: Session, *, actor: Actor, settings: Settings) -> str:
    """Make the version that served before the active one serve again; it has served, so no gate is asked."""
    active = find_active_version(session)
    before = promoted_before(session, active) if active is not None else []
    if not before:
        raise ConflictError("Возвращать нечего: до нынешней версии другая не действовала.")
    return promote_version(session, actor=actor, version=before[0], settings=settings, although="откат").version
