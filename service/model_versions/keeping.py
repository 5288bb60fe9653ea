"""How long the folder of a version is kept: for ever once it has served, else while it is among the last candidates.

The row is marked before its folder goes: whoever is killed in between leaves a folder that is known to be gone, and
the next training finishes the work. The other way round a version without its folder could still be promoted.
"""

import shutil

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from service import audit
from service.access import OPERATOR
from service.clock import now
from service.db import Database
from service.settings import Settings
from service.tables import ActiveModel, ModelVersion, Showing

log = structlog.get_logger()

IS_CANDIDATE = ModelVersion.promoted_at.is_(None) & ModelVersion.folder_removed_at.is_(None)


def keep_last(database: Database, settings: Settings) -> None:
    """Remove folders of candidates beyond the newest `keep_candidates`; rows stay, with figures and reasons."""
    with database.reading() as session:
        superfluous = find_superfluous(session, settings.keep_candidates)
    if superfluous:
        with database.writing() as session:
            _mark_removed(session, superfluous)
    with database.reading() as session:
        marked = session.scalars(sa.select(ModelVersion.version).where(ModelVersion.folder_removed_at.is_not(None)))
        folders = [settings.models_dir / version for version in marked]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            log.warning("model folder cannot be removed", version=folder.name)


def find_superfluous(session: Session, keep: int) -> list[str]:
    """Candidates that are older than the newest `keep` and that no list was ever made with."""
    newest_first = (ModelVersion.trained_at.desc(), ModelVersion.version.desc())
    candidates = sa.select(ModelVersion.version).where(IS_CANDIDATE).order_by(*newest_first)
    older = session.scalars(candidates).all()[keep:]
    shown = sa.select(Showing.model_version).where(Showing.model_version.in_(older)).distinct()
    needed = {*session.scalars(shown), *session.scalars(sa.select(ActiveModel.version))} if older else set()
    return [version for version in older if version not in needed]


def _mark_removed(session: Session, versions: list[str]) -> None:
    """Those that nobody promoted meanwhile: a promotion locks the row first, so only one of the two has its way."""
    marking = sa.update(ModelVersion).where(ModelVersion.version.in_(versions), IS_CANDIDATE)
    marked = session.scalars(marking.values(folder_removed_at=now()).returning(ModelVersion.version)).all()
    for version in sorted(marked):
        audit.record(session, actor=OPERATOR, deed="model.folder_removed", subject=version)
