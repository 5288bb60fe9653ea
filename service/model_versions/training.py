"""Training a version. Reaches scikit-learn: the command line and workers import it, a serving process never."""

import hashlib
import hmac
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.artifact import kept_of, manifest_of, save_artifact
from recommender.candidate_audit import audit_candidate
from recommender.congestion import usual_choices
from recommender.demand import edition_in_force
from recommender.expert import read_expert_weights
from recommender.outcomes import OutcomeRow
from recommender.student_inputs import reference_of
from recommender.training import train
from recommender.warm_restart import NOTHING_KEPT, Kept
from service.access import OPERATOR
from service.catalogue.queries import get_reference
from service.clock import now
from service.db import Database
from service.errors import ConflictError
from service.installation import find_installation
from service.jobs.actions import TRAINING
from service.jobs.doing import Held, do_job
from service.jobs.leases import Lease, claim_job, put_back, stop_job
from service.jobs.queries import find_current, find_waiting
from service.model_versions.actions import lock_pointer, promote_if_passed, register_version
from service.model_versions.gate import find_active, judge_candidate
from service.model_versions.history import read_history, read_sexes
from service.model_versions.keeping import keep_last
from service.model_versions.queries import find_active_version
from service.retraining import BY_HAND, OUTCOME_COUNT, enqueue_training
from service.settings import Settings, read_secret_key
from service.tables import ModelVersion

NO_EDITION = "no-edition"
ANNOUNCED = ".training-"  # with a version's name: its folder may be there although nothing is registered
DRAFTS = ".draft-*"
FITTED, AUDITED = 0.85, 0.97  # of a training's time
OUTCOMES = "outcomes_digest"  # in a manifest: which outcomes it learned from
OnProgress = Callable[[str, float], None]


def train_version(
    database: Database, *, settings: Settings, on_progress: OnProgress = lambda _stage, _share: None
) -> str:
    """Train at once, in this process; the training that waits is done with it, and never is there another beside it.

    Raises ConflictError while another process trains.
    """
    with database.writing() as session:
        lease, was_waiting = _claim_training(session, settings.job_lease_seconds)
    work = partial(train_held, database, settings=settings, on_progress=on_progress)
    if_stopped = put_back if was_waiting else stop_job
    return do_job(database, lease, work, seconds=settings.job_lease_seconds, if_stopped=if_stopped)


def train_held(
    database: Database, held: Held, *, settings: Settings, on_progress: OnProgress = lambda _stage, _share: None
) -> str:
    """Train on what the students who agreed to it left behind; the version stays a candidate until it is promoted."""

    def report(stage: str, share: float) -> None:
        held.report(share)
        on_progress(stage, share)

    reference, key = get_reference(settings), read_secret_key(settings)
    with database.reading() as session:
        history, today = read_history(session, reference, settings)
        sexes = read_sexes(session, today.school_year)
        in_force, _ = edition_in_force(history.editions, today.as_of)
        edition = in_force.code if in_force is not None else None
        installation = find_installation(session)
        is_synthetic = installation is not None and installation.synthetic
        pointer, active = find_active_version(session), find_active(session, settings, reference)
    expert = read_expert_weights(settings.reference_dir / "expert_weights.toml")
    digest = outcomes_digest(history.outcomes, key)
    kept = kept_for(active[0].manifest if active is not None else None, held.lease.cause, digest)
    training = train(
        history, expert, lambda stage, share: report(stage, FITTED * share), kept=kept, with_challenger=False
    )
    report("audit", FITTED)
    gap_limits = {"ndcg5": settings.gate_gap_ndcg5, "exposure": settings.gate_gap_exposure}
    audit = audit_candidate(history, training, sexes, gap_limits)
    gate = judge_candidate(history, training, audit, expert=expert, pointer=pointer, active=active, settings=settings)
    made = {
        "as_of": today.as_of.isoformat(),
        "usual_choices": usual_choices(history),
        "inputs": reference_of(history, training.model),
        "audits": audit.as_data(),
        "refusals": audit.refusals(),
        OUTCOME_COUNT: len(history.outcomes),
        OUTCOMES: digest,
    }
    report("save", AUDITED)  # whoever has lost the lease saves nothing
    with database.reading() as session:
        clear_abandoned(session, settings.models_dir)
        version = _next_version(session, settings.models_dir, edition)
    manifest = manifest_of(training, version=version, edition=edition, is_synthetic=is_synthetic, reference=reference)
    announcement = _announce(settings.models_dir, version)
    folder = save_artifact(settings.models_dir, training, manifest | made, key)
    with database.writing() as session:
        lock_pointer(session)
        row = register_version(session, actor=OPERATOR, folder=folder, key=key, gate=gate)
        session.flush()
        promote_if_passed(session, actor=OPERATOR, row=row, settings=settings)
        held.finish(session, result=version)
    announcement.unlink(missing_ok=True)  # the next training may have been quicker
    with suppress(sa.exc.SQLAlchemyError):  # the job is done: what stays now is cleared away after the next one
        keep_last(database, settings)
    on_progress("done", 1.0)
    return version


def kept_for(active: Mapping[str, Any] | None, cause: str, digest: str) -> Kept:
    """What a training takes over from the version that serves, where both learn from the very same outcomes.

    A new list changes none of them. A withdrawn consent does: what was measured with it is measured again.
    """
    if active is None or cause == BY_HAND or active.get(OUTCOMES) != digest:
        return NOTHING_KEPT
    return kept_of(active)


def outcomes_digest(outcomes: Sequence[OutcomeRow], key: bytes) -> str:
    """Tells whether two trainings learned from the same outcomes; without the key it tells nothing of anybody."""
    rows = sorted(repr(tuple(row)) for row in outcomes)
    return hmac.new(key, "\n".join(rows).encode(), hashlib.sha256).hexdigest()


def clear_abandoned(session: Session, models_dir: Path) -> None:
    """Remove what trainings left that were killed before they were registered: only what they announced themselves."""
    for announcement in sorted(models_dir.glob(f"{ANNOUNCED}*")):
        version = announcement.name.removeprefix(ANNOUNCED)
        if session.get(ModelVersion, version) is None:
            shutil.rmtree(models_dir / version, ignore_errors=True)
        announcement.unlink(missing_ok=True)
    for draft in models_dir.glob(DRAFTS):
        shutil.rmtree(draft, ignore_errors=True)


def _claim_training(session: Session, seconds: float) -> tuple[Lease, bool]:
    """The right to train, and whether a training was asked for before this command."""
    kinds = (TRAINING,)
    lease = claim_job(session, kinds=kinds, seconds=seconds)
    if lease is not None:
        return lease, True
    waiting = find_waiting(session, TRAINING)
    if waiting is None:
        enqueue_training(session, actor=OPERATOR, cause=BY_HAND)
    else:
        waiting.due_at = now()  # a person does not wait for the pause after a failure
        session.flush()
    lease = claim_job(session, kinds=kinds, seconds=seconds)
    if lease is None:
        current = find_current(session, TRAINING)
        share = f" ({current.progress:.0%})" if current is not None else ""
        raise ConflictError(f"Обучение уже идёт{share}: дождитесь его или отмените — orientir job list.")
    return lease, waiting is not None


def _announce(models_dir: Path, version: str) -> Path:
    models_dir.mkdir(parents=True, exist_ok=True)
    announcement = models_dir / f"{ANNOUNCED}{version}"
    announcement.touch()
    return announcement


def _next_version(session: Session, models_dir: Path, edition: str | None) -> str:
    stem = edition or NO_EDITION
    taken = set(session.scalars(sa.select(ModelVersion.version)))
    number = 1
    while f"{stem}.{number}" in taken or (models_dir / f"{stem}.{number}").exists():
        number += 1
    return f"{stem}.{number}"
