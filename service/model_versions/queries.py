"""Versions of the ranker, and the one that serves."""

import math
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.congestion import FEW_STUDENTS
from service.aggregates import in_fives
from service.errors import NotFoundError
from service.model_versions.schemas import (
    Audits,
    Gate,
    GateCheck,
    GroupFigure,
    ModelVersionList,
    ModelVersionRow,
    TwinCount,
)
from service.model_versions.sentences import check_title, figure_text, limit_text, refusal_text
from service.tables import ActiveModel, ModelVersion


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
    before = promoted_before(session, active) if active is not None else []
    return ModelVersionList(
        active_version=active,
        previous_version=before[0] if before else None,
        versions=[version_row(row, active) for row in session.scalars(query)],
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
        folder_removed_at=row.folder_removed_at,
        fit_is_calibrated=all(kind["is_calibrated"] for kind in manifest.get("kinds", {}).values()),
        is_warm=bool(manifest.get("is_warm", False)),
        passed_gate=passed_gate(row),
        gate=gate_of(row, active),
        metrics=metrics_of(manifest),
        checksum=row.checksum,
        audits=audits_of(manifest),
        refusals=refusals_of(row),
        refusal_texts=refusal_texts_of(row),
        trained_as_of=date.fromisoformat(as_of) if as_of else None,
    )


def gate_of(row: ModelVersion, active: str | None) -> Gate | None:
    """The checks as the row keeps them, with their words; None before gates were kept."""
    if row.gate is None:
        return None
    checks = [
        GateCheck(**check, title=check_title(check), figure_text=figure_text(check), limit_text=limit_text(check))
        for check in row.gate["checks"]
    ]
    is_outdated = was_compared_with_another(row, active)
    return Gate(against=row.gate["against"], held_back=row.gate["held_back"], checks=checks, is_outdated=is_outdated)


def was_compared_with_another(row: ModelVersion, active: str | None) -> bool:
    """Whether what a candidate's gate found is about a version that serves no more.

    Where the active version could not be used, `against` is what served in its place.
    """
    if row.gate is None or row.promoted_at is not None:
        return False
    return bool(row.gate.get("active", row.gate["against"]) != active)


def audits_of(manifest: dict[str, Any]) -> Audits | None:
    """Twins and gaps between groups as they were when the version was trained; None before audits were made."""
    if "audits" not in manifest:
        return None
    audits = Audits.model_validate(manifest["audits"])
    return Audits(
        twins={flip: _told_twins(twins) for flip, twins in audits.twins.items()},
        groups=[_told_group(group) for group in audits.groups],
    )


def _told_twins(twins: TwinCount) -> TwinCount:
    """Twins of so many students; any that changed are told as five at least."""
    changed = max(FEW_STUDENTS, in_fives(twins.changed)) if twins.changed else 0
    return TwinCount(count=in_fives(twins.count), changed=changed, limit=twins.limit)


def _told_group(group: GroupFigure) -> GroupFigure:
    """A group's figure; from exact sizes and means of all the others, those of a group too small would follow."""
    rounded = {
        "value": round(group.value, 2),
        "gap": round(group.gap, 2),
        "interval": tuple(round(end, 2) for end in group.interval),
        "gap_interval": tuple(round(end, 2) for end in group.gap_interval),
    }
    return group.model_copy(update={**rounded, "student_count": in_fives(group.student_count)})


def metrics_of(manifest: dict[str, Any]) -> dict[str, float]:
    """NDCG@5 by kind and ranker: "elective.trained_ranker" -> 0.41."""
    return {
        f"{kind}.{name}": judged["ndcg5"]
        for kind, rankers in manifest.get("figures", {}).items()
        for name, judged in rankers.items()
        if math.isfinite(judged["ndcg5"])
    }


def refusals_of(row: ModelVersion) -> list[str]:
    """Codes of the checks that were not met: "twins.sex", "holds.active elective"."""
    if row.gate is None:  # before gates were kept, audits alone could refuse
        return list(row.manifest.get("refusals", []))
    checks = (check for check in row.gate["checks"] if check["is_met"] is False)
    return [" ".join(filter(None, (check["code"], check["kind"]))) for check in checks]


def refusal_texts_of(row: ModelVersion) -> list[str]:
    """The same in words."""
    if row.gate is None:
        return [refusal_text({"code": code, "kind": None}) for code in refusals_of(row)]
    return [refusal_text(check) for check in row.gate["checks"] if check["is_met"] is False]


def passed_gate(row: ModelVersion) -> bool | None:
    """Whether nothing speaks against a version that was judged on a held-back year's choices; None where it was not."""
    if refusals_of(row):
        return False
    if row.gate is None or row.gate["held_back"] is None:
        return None
    is_judged = any(check["kind"] is not None and check["is_met"] is not None for check in row.gate["checks"])
    return True if is_judged else None
