"""The ranker that serves, laid out once and swapped when the version, the edition, the catalogue or the day changes."""

import hashlib
import json
import threading
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from recommender.artifact import MANIFEST, ServedModel, check_reference, load_served
from recommender.catalogue import KINDS, Catalogue
from recommender.demand import DemandEdition as ReadEdition
from recommender.demand_weights import demand_weights
from recommender.eligibility import read_rules
from recommender.errors import ArtifactError
from recommender.evidence import NOTHING_USUAL
from recommender.expert import expert_ranker, read_expert_weights
from recommender.features import FeatureSpace
from recommender.interests import build_interest_model
from recommender.peers import NO_PEERS
from recommender.pipeline import Recommender
from recommender.reference import Reference
from service.catalogue.actions import vocabularies_of
from service.catalogue.queries import get_reference, read_catalogue
from service.clock import now
from service.demand.queries import find_code_in_force, read_lists
from service.errors import NotReadyError
from service.installation import Today, on_day
from service.model_versions.queries import get_version, promoted_before
from service.settings import Settings, read_secret_key
from service.tables import ActiveModel, DemandEdition, Erasure, ImportRun, Installation, ModelVersion

REGION_TABLES = ("schools", "hosts", "catalogue")
EXPERT_WEIGHTS = "expert-weights"
UNTRAINED = "Модель ещё не обучена: списки составлены по экспертным весам, без опыта прошлых лет."
FALLEN_BACK = "Модель «{active}» использовать нельзя: списки составляет предыдущая, «{version}»."
FALLEN_TO_EXPERT = (
    "Модель «{active}» использовать нельзя: списки составлены по экспертным весам. Оператору: orientir doctor."
)

log = structlog.get_logger()

# everything that a layout of the ranker depends on, in one question: it is asked with every request
_STATE = sa.select(
    sa.select(ActiveModel.version).scalar_subquery(),
    sa.select(ModelVersion.checksum)
    .where(ModelVersion.version == sa.select(ActiveModel.version).scalar_subquery())
    .scalar_subquery(),
    sa.select(Installation.as_of).scalar_subquery(),
    sa.select(sa.func.max(ImportRun.import_run_id)).where(ImportRun.table_name.in_(REGION_TABLES)).scalar_subquery(),
    sa.select(sa.func.max(Erasure.erasure_id)).scalar_subquery(),  # of the erased no process keeps anything
    sa.select(sa.func.count()).select_from(DemandEdition).scalar_subquery(),  # never changed, only added
)


@dataclass(frozen=True)
class Serving:
    """Everything an answer about recommendations is made with."""

    reference: Reference
    catalogue: Catalogue
    model: ServedModel
    edition: ReadEdition | None
    today: Today
    recommender: Recommender
    degradation: str | None = None  # what is not as it should be, in words

    @cached_property
    def layout(self) -> str:
        """Names what a ranking depends on, students aside: equal for a version that was taken back."""
        edition = self.edition.code if self.edition is not None else None
        told = [self.model.version, edition, self.today.as_of.isoformat(), *self.catalogue.position]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @cached_property
    def titles(self) -> dict[str, dict[str, str]]:
        """Titles of codes, for sentences."""
        return vocabularies_of(self.reference)


class Shelf:
    """Holds the one `Serving` that is current."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._key: tuple[object, ...] | None = None
        self._state: tuple[Any, ...] | None = None
        self._serving: Serving | None = None

    def take(self, session: Session) -> Serving:
        """The current ranker; if its version cannot be used, the one before it, then expert weights; it says so."""
        version, checksum, day, region_import, erasure, edition_count = session.execute(_STATE).one()
        today = on_day(self._settings.as_of or day or now().date())
        written = written_at(self._settings.models_dir / version) if version is not None else None
        layout = (version, checksum, today, written, region_import, erasure)
        with self._lock:
            if self._serving is None or self._state != (*layout, edition_count):
                edition = find_code_in_force(session, self._settings, today.as_of)
                if self._serving is None or self._key != (*layout, edition):  # else a list came that is not in force
                    self._serving = self._usable(session, version, today, edition)
                self._key, self._state = (*layout, edition), (*layout, edition_count)
            return self._serving

    def outside(self) -> tuple[date, int | None]:
        """What a layout depends on beside the database: the calendar, and the folder of the version that serves."""
        version = self._state[0] if self._state is not None else None
        return now().date(), written_at(self._settings.models_dir / version) if version is not None else None

    def _usable(self, session: Session, active: str | None, today: Today, edition_code: str | None) -> Serving:
        if active is None:
            return replace(self.lay_out(session, EXPERT_WEIGHTS, today, edition_code), degradation=UNTRAINED)
        for version in (active, *promoted_before(session, active)):
            try:
                serving = self.lay_out(session, version, today, edition_code)
            except NotReadyError as error:
                log.error("model cannot be used", version=version, reason=str(error))
                continue
            said = None if version == active else FALLEN_BACK.format(active=active, version=version)
            return replace(serving, degradation=said)
        serving = self.lay_out(session, EXPERT_WEIGHTS, today, edition_code)
        return replace(serving, degradation=FALLEN_TO_EXPERT.format(active=active))

    def lay_out(self, session: Session, version: str, today: Today, edition_code: str | None) -> Serving:
        """A ranker of any version, day and edition: what a list of the past was made with."""
        reference = get_reference(self._settings)
        model = self._expert(reference) if version == EXPERT_WEIGHTS else self._load(session, version, reference)
        catalogue = read_catalogue(session, today.school_year)
        edition, follows = read_lists(session, edition_code)
        recommender = Recommender(
            space=FeatureSpace(reference, catalogue, model.interest_model, model.peers),
            ranker=model.ranker,
            rules=read_rules(self._settings.reference_dir / "eligibility.toml"),
            demand=demand_weights(catalogue, reference, edition, follows),
            demand_strength=self._settings.demand_strength,
            doubts=model.doubts,
            usual=model.usual,
        )
        return Serving(reference, catalogue, model, edition, today, recommender)

    def _load(self, session: Session, version: str, reference: Reference) -> ServedModel:
        try:
            model = load_served(self._settings.models_dir / version, read_secret_key(self._settings))
            check_reference(model.manifest, reference)
        except ArtifactError as error:
            raise NotReadyError(f"Модель «{version}» не загружается: {error}") from error
        if model.manifest["signature"] != get_version(session, version).checksum:
            raise NotReadyError(
                f"Папка модели «{version}» не та, что была обучена: верните её или обучите модель заново."
            )
        return model

    def _expert(self, reference: Reference) -> ServedModel:
        """Knowledge before any outcome: ranks on the first day, and when nothing trained can be used."""
        ranker = expert_ranker(read_expert_weights(self._settings.reference_dir / "expert_weights.toml"))
        interests = build_interest_model(reference)
        unknown = (None,) * len(KINDS)
        return ServedModel({"version": EXPERT_WEIGHTS}, ranker, interests, NO_PEERS, unknown, NOTHING_USUAL)


def written_at(folder: Path) -> int | None:
    """When a version's manifest was written; None where it is gone. A folder put back is looked at again."""
    manifest = folder / MANIFEST
    return manifest.stat().st_mtime_ns if manifest.is_file() else None


def with_edition(session: Session, serving: Serving, code: str) -> Serving:
    """The same ranker with another edition's demand: how lists look by it."""
    edition, follows = read_lists(session, code)
    demand = demand_weights(serving.catalogue, serving.reference, edition, follows)
    return replace(serving, edition=edition, recommender=serving.recommender.with_demand(demand))
