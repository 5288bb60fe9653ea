"""Versions of the ranker, and the one that serves."""

import math
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import NotFoundError
from service.model_versions.schemas import Audits, ModelVersionList, ModelVersionRow
from service.tables import ActiveModel, ModelVersion

TRAINED = "trained_ranker"


def find_active_version(session: Session) -> str | None:
    """The version that serves; None before the first promotion."""
    return session.scalar(sa.select(ActiveModel.version))


def promoted_before(session: Session, version: str) -> list[str]:
    """Other versions that have served, the last one first."""
    served = sa.select(ModelVersion.version).where(
        ModelVersion.promoted_at.is_not(None), ModelVersion.version != version
    )
    return list(session.scalars(served.order_by(ModelVersion.promoted_at.desc(), ModelVersion.version.desc())))


def get_version(session: Session, version: str) -> ModelVersion:
    """A version's row."""
    row = session.get(ModelVersion, version)
    if row is None:
        raise NotFoundError(f"Версии модели «{version}» нет.", version=version)
    return row


def list_versions(session: Session) -> ModelVersionList:
    """All versions, newest first."""
    active = find_active_version(session)
    query = sa.select(ModelVersion).order_by(ModelVersion.trained_at.desc(), ModelVersion.version.desc())
    return ModelVersionList(
        active_version=active, versions=[version_row(row, active) for row in session.scalars(query)]
    )


def version_row(row: ModelVersion, active: str | None) -> ModelVersionRow:
    """One line of the list of versions, from its manifest."""
    manifest = row.manifest
    as_of = manifest.get("as_of")
    return ModelVersionRow(
        version=row.version,
        trained_at=row.trained_at,
        edition_code=row.edition_code,
        window=list(manifest.get("years", [])),
        active=row.version == active,
        promoted_at=row.promoted_at,
        fit_is_calibrated=all(kind["is_calibrated"] for kind in manifest.get("kinds", {}).values()),
        passed_gate=passed_gate(manifest),
        metrics=metrics_of(manifest),
        checksum=row.checksum,
        audits=audits_of(manifest),
        refusals=list(manifest.get("refusals", [])),
        trained_as_of=date.fromisoformat(as_of) if as_of else None,
    )


def audits_of(manifest: dict[str, Any]) -> Audits | None:
    """Twins and gaps between groups as they were when the version was trained; None before audits were made."""
    return Audits.model_validate(manifest["audits"]) if "audits" in manifest else None


def metrics_of(manifest: dict[str, Any]) -> dict[str, float]:
    """NDCG@5 by kind and ranker: "elective.trained_ranker" -> 0.41."""
    return {
        f"{kind}.{name}": judged["ndcg5"]
        for kind, rankers in manifest.get("figures", {}).items()
        for name, judged in rankers.items()
        if math.isfinite(judged["ndcg5"])
    }


def passed_gate(manifest: dict[str, Any]) -> bool | None:
    """Whether the ranker beat every plain baseline on the held-back year and no audit refused it.

    None where nothing was held back.
    """
    if manifest.get("refusals"):
        return False
    baselines = ("random", "popularity", "expert_weights")
    verdicts = [
        rankers[TRAINED]["ndcg5"] > max(rankers[name]["ndcg5"] for name in baselines if name in rankers)
        for rankers in manifest.get("figures", {}).values()
        if TRAINED in rankers
    ]
    return all(verdicts) if verdicts else None
