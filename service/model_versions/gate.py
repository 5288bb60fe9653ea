"""Judging a candidate beside what serves. Reaches scikit-learn: only trainings import it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from recommender.artifact import ServedModel, check_reference, load_earlier, load_served
from recommender.candidate_audit import CandidateAudit, laid_out
from recommender.catalogue import KINDS, PathwayKind
from recommender.choice_scores import ServedForm
from recommender.errors import ArtifactError
from recommender.evidence import NOTHING_USUAL
from recommender.expert import ExpertWeights, expert_ranker
from recommender.interests import build_interest_model
from recommender.peers import NO_PEERS
from recommender.pipeline import Recommender
from recommender.reference import Reference
from recommender.splitting import History
from recommender.training import Training
from recommender.version_gate import GateLimits, Standing, form_without, gate_checks, service_of
from service.model_versions.queries import find_active_version, get_version, promoted_before
from service.settings import Settings, read_secret_key

Active = tuple[ServedModel, ServedForm | None]


def find_active(session: Session, settings: Settings, reference: Reference) -> Active | None:
    """What makes the lists now and what it was without its last year; None where expert weights do.

    As on the shelf: where the active version cannot be used, the one that served before it.
    """
    active = find_active_version(session)
    for version in (active, *promoted_before(session, active)) if active is not None else ():
        folder, key = settings.models_dir / version, read_secret_key(settings)
        try:
            model = load_served(folder, key)
            check_reference(model.manifest, reference)
            earlier = load_earlier(folder, key)
        except ArtifactError:
            continue  # doctor and the answers themselves say so
        if model.manifest["signature"] == get_version(session, version).checksum:
            return model, earlier
    return None


def judge_candidate(
    history: History,
    training: Training,
    audit: CandidateAudit,
    *,
    expert: Mapping[PathwayKind, ExpertWeights],
    pointer: str | None,
    active: Active | None,
    settings: Settings,
) -> dict[str, Any]:
    """The gate's checks, JSON-ready; `pointer` is the active version, whether or not it could be used."""
    standing, served_now = None, _by_knowledge(history, expert)
    if active is not None:
        model, earlier = active
        form = form_without(training.held_back, model.manifest, ServedForm(model.ranker, model.peers), earlier)
        learned = frozenset(kind for kind, found in model.manifest["kinds"].items() if found["learned"])
        standing = Standing(model.version, form, model.interest_model, learned)
        served = model.ranker, model.interest_model, model.peers
        served_now = laid_out(history, *served, doubts=model.doubts, usual=model.usual)
    own = training.served, training.model, training.peers
    candidate = laid_out(history, *own, doubts=training.doubts, usual=training.usual)
    ours, theirs = service_of(history, candidate, served_now)
    limits = GateLimits(
        settings.gate_margin,
        settings.gate_calibration_error,
        settings.gate_latency_ratio,
        settings.gate_abstention_rise,
    )
    checks = gate_checks(history, training, audit, standing, (ours, theirs), limits)
    return {
        "active": pointer,
        "against": standing.version if standing is not None else None,
        "held_back": training.held_back,
        "checks": [check.as_data() for check in checks],
    }


def _by_knowledge(history: History, expert: Mapping[PathwayKind, ExpertWeights]) -> Recommender:
    """What serves before anything was trained."""
    unknown = (None,) * len(KINDS)
    interests = build_interest_model(history.reference)
    return laid_out(history, expert_ranker(expert), interests, NO_PEERS, doubts=unknown, usual=NOTHING_USUAL)
