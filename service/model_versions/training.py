"""Training a version. Reaches scikit-learn: the command line and workers import it, a serving process never."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.artifact import manifest_of, save_artifact
from recommender.candidate_audit import audit_candidate
from recommender.congestion import usual_choices
from recommender.demand import edition_in_force
from recommender.expert import read_expert_weights
from recommender.training import train
from service.access import OPERATOR
from service.catalogue.queries import get_reference
from service.clock import now
from service.db import Database
from service.installation import find_installation
from service.jobs import TRAINING, finish_waiting
from service.model_versions.actions import register_version
from service.model_versions.history import read_history, read_sexes
from service.settings import Settings, read_secret_key
from service.tables import ModelVersion

NO_EDITION = "no-edition"


def train_version(
    database: Database, *, settings: Settings, on_progress: Callable[[str, float], None] = lambda _stage, _share: None
) -> str:
    """Train on what the students who agreed to it left behind; the version stays a candidate until it is promoted."""
    reference, began = get_reference(settings), now()
    with database.reading() as session:
        history, today = read_history(session, reference, settings)
        sexes = read_sexes(session, today.school_year)
        in_force, _ = edition_in_force(history.editions, today.as_of)
        edition = in_force.code if in_force is not None else None
        version = _next_version(session, settings.models_dir, edition)
        installation = find_installation(session)
        is_synthetic = installation is not None and installation.synthetic
    expert = read_expert_weights(settings.reference_dir / "expert_weights.toml")
    training = train(history, expert, on_progress, with_challenger=False)
    manifest = manifest_of(training, version=version, edition=edition, is_synthetic=is_synthetic, reference=reference)
    audit = audit_candidate(history, training, sexes)
    manifest |= {
        "as_of": today.as_of.isoformat(),
        "usual_choices": usual_choices(history),
        "audits": audit.as_data(),
        "refusals": audit.refusals(),
    }
    key = read_secret_key(settings)
    folder = save_artifact(settings.models_dir, training, manifest, key)
    with database.writing() as session:
        register_version(session, actor=OPERATOR, folder=folder, key=key)
        finish_waiting(session, kind=TRAINING, enqueued_until=began, result=version)
    return version


def _next_version(session: Session, models_dir: Path, edition: str | None) -> str:
    stem = edition or NO_EDITION
    taken = set(session.scalars(sa.select(ModelVersion.version)))
    number = 1
    while f"{stem}.{number}" in taken or (models_dir / f"{stem}.{number}").exists():
        number += 1
    return f"{stem}.{number}"
